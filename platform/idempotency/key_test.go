package idempotency_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/fault"
	"shop/platform/idempotency"
)

func TestParseKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text  string
		valid bool
	}{
		"a UUID":                {"4f0b8f6e-3e0a-4ad3-9d4c-3e3a3b1a9d10", true},
		"one character":         {"k", true},
		"spaces and signs":      {"order 17 / retry ~", true},
		"the longest":           {strings.Repeat("k", 255), true},
		"empty":                 {"", false},
		"one too long":          {strings.Repeat("k", 256), false},
		"a control character":   {"a\tb", false},
		"DEL":                   {"a\x7fb", false},
		"beyond ASCII":          {"schlüssel", false},
		"bytes that are no UTF": {"\xff\xfe", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := idempotency.ParseKey(test.text)
			if test.valid {
				require.NoError(t, err)
				require.Equal(t, test.text, key.Text())
				return
			}
			refused := fault.From(err)
			require.Equal(t, fault.Invalid, refused.Kind)
			require.Len(t, refused.Fields, 1)
			require.Equal(t, "header.Idempotency-Key", refused.Fields[0].Location)
		})
	}
}

func TestKey_Absent(t *testing.T) {
	t.Parallel()
	var key *idempotency.Key
	key.MarkReplayed()
	require.False(t, key.Replayed())
	require.Empty(t, key.Text())
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	type input struct {
		Key    *idempotency.Key
		Name   string
		Labels map[string]int
	}
	fingerprint := func(in any) string {
		text, err := idempotency.Fingerprint(in)
		require.NoError(t, err)
		return text
	}
	one := input{Key: idempotency.NewKey("1"), Name: "chair", Labels: map[string]int{"a": 1, "b": 2}}
	same := input{Key: idempotency.NewKey("2"), Name: "chair", Labels: map[string]int{"b": 2, "a": 1}}
	require.Equal(t, fingerprint(one), fingerprint(same), "neither the key nor the order of a map counts")
	require.Equal(t, fingerprint(one), fingerprint(json.RawMessage(`{"Key":null,"Name":"chair","Labels":{"a":1,"b":2}}`)))
	same.Name = "table"
	require.NotEqual(t, fingerprint(one), fingerprint(same))

	_, err := idempotency.Fingerprint(make(chan int))
	require.Error(t, err)
}
