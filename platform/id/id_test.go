package id_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"shop/platform/id"
)

// The UUIDs and suffixes are the valid vectors of the TypeID specification,
// with a prefix of ours.
func TestTextForm(t *testing.T) {
	for _, c := range []struct{ name, uuid, suffix string }{
		{"one", "00000000-0000-0000-0000-000000000001", "00000000000000000000000001"},
		{"ten", "00000000-0000-0000-0000-00000000000a", "0000000000000000000000000a"},
		{"sixteen", "00000000-0000-0000-0000-000000000010", "0000000000000000000000000g"},
		{"thirty-two", "00000000-0000-0000-0000-000000000020", "00000000000000000000000010"},
		{"alphabet", "0110c853-1d09-52d8-d73e-1194e95b5f19", "0123456789abcdefghjkmnpqrs"},
		{"version 7", "01890a5d-ac96-774b-bcce-b302099a8057", "01h455vb4pex5vsknk084sn02q"},
		{"highest", "ffffffff-ffff-ffff-ffff-ffffffffffff", "7zzzzzzzzzzzzzzzzzzzzzzzzz"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := id.Product(uuid.MustParse(c.uuid))
			require.Equal(t, "prod_"+c.suffix, want.String())
			var got id.Product
			require.NoError(t, got.UnmarshalText([]byte("prod_"+c.suffix)))
			require.Equal(t, want, got)
		})
	}
}

func TestParse(t *testing.T) {
	good := id.NewUser().String()
	for name, text := range map[string]string{
		"other kind":   id.NewProduct().String(),
		"no prefix":    strings.TrimPrefix(good, "user_"),
		"short":        good[:len(good)-1],
		"long":         good + "0",
		"upper case":   "user_" + strings.ToUpper(good[5:]),
		"overflow":     "user_8zzzzzzzzzzzzzzzzzzzzzzzzz",
		"outside":      "user_0000000000000000000000000u",
		"not a letter": "user_000000000000000000000000\x00é",
	} {
		t.Run(name, func(t *testing.T) {
			var u id.User
			require.ErrorIs(t, u.UnmarshalText([]byte(text)), id.ErrMalformed)
			require.True(t, u.IsZero())
		})
	}
}

func TestScanReadsWhatValueAndDatabasesWrite(t *testing.T) {
	want := id.NewInvoice()
	value, err := want.Value()
	require.NoError(t, err)
	for _, src := range []any{value, uuid.UUID(want).String(), []byte(uuid.UUID(want).String())} {
		var got id.Invoice
		require.NoError(t, got.Scan(src))
		require.Equal(t, want, got)
	}
	var got id.Invoice
	require.NoError(t, got.Scan(nil))
	require.True(t, got.IsZero())
	for _, src := range []any{"", "x", []byte("123"), 7, strings.Repeat("-", 36), strings.Repeat("z", 36)} {
		require.ErrorIs(t, got.Scan(src), id.ErrMalformed)
	}
}

func TestJSON(t *testing.T) {
	type wire struct {
		ID id.Email `json:"id"`
	}
	for _, want := range []wire{{id.NewEmail()}, {}} {
		b, err := json.Marshal(want)
		require.NoError(t, err)
		got := wire{id.NewEmail()}
		require.NoError(t, json.Unmarshal(b, &got))
		require.Equal(t, want, got)
	}
}

// A path keeps its shape with an identifier in it, be it no identifier at all.
func TestPathSegment(t *testing.T) {
	product := id.NewProduct()
	require.Equal(t, product.String(), product.PathSegment())
	var none, read id.Product
	require.Equal(t, "prod_00000000000000000000000000", none.PathSegment())
	require.NoError(t, read.UnmarshalText([]byte(none.PathSegment())))
	require.True(t, read.IsZero())
}

func TestNewAscends(t *testing.T) {
	last := id.NewEvent()
	for range 1000 {
		next := id.NewEvent()
		require.Less(t, last.String(), next.String())
		last = next
	}
}

func FuzzParse(f *testing.F) {
	f.Add("user_01h455vb4pex5vsknk084sn02q")
	f.Add("user_")
	f.Fuzz(func(t *testing.T, text string) {
		var u id.User
		if u.UnmarshalText([]byte(text)) == nil && u.String() != text && !u.IsZero() {
			t.Fatalf("%q came back as %q", text, u)
		}
	})
}
