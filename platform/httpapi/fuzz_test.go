package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"shop/platform/httpapi"
)

// FuzzBody sends bodies to an operation that takes any JSON. What it accepts
// must be what a simple reading of the rules accepts.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"any":{"a":[1,2.5e3,true,null,"x"]}}`, `{"any":1e400}`, `{"any":{"a":1,"\u0061":2}}`, `{"any":"\u0000"}`,
		"{\"any\":\"\xff\"}", `{"any":"\ud800"}`, `{"any":"\\u0000"}`, `{"any":` + strings.Repeat("[", 70), `{"any":[1,]}`, `{"any":1}{}`,
		`{"any":{"":1,"":2}}`, `{"any":-}`, `{"any":"\`, ` {"any" : nul } `,
	} {
		f.Add([]byte(seed))
	}
	api, err := httpapi.New(httpapi.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(f, err)
	type input struct {
		Body struct {
			Any any `json:"any"`
		}
	}
	httpapi.Handle(api, httpapi.Operation{ID: "any", Method: http.MethodPost, Path: "/any", Module: "shop"},
		func(context.Context, *input) (*struct{}, error) { return &struct{}{}, nil })
	h := api.Public()
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) == 0 {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/any", bytes.NewReader(body)))
		require.Less(t, w.Code, 500, "%q: %s", body, w.Body)
		if w.Code != http.StatusNoContent {
			var p httpapi.Problem
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
			require.NotEmpty(t, p.Errors)
			if json.Valid(body) && w.Code == http.StatusBadRequest {
				require.Fail(t, "is JSON", "%q: %s", body, w.Body)
			}
			return
		}
		require.True(t, utf8.Valid(body))
		require.True(t, json.Valid(body))
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		requirePlain(t, d, 0)
	})
}

// requirePlain reads a value that must obey all rules.
func requirePlain(t *testing.T, d *json.Decoder, depth int) {
	t.Helper()
	require.LessOrEqual(t, depth, 64)
	token, err := d.Token()
	if err == io.EOF {
		return
	}
	require.NoError(t, err)
	switch v := token.(type) {
	case string:
		require.NotContains(t, v, "\x00")
	case json.Number:
		_, err := strconv.ParseFloat(v.String(), 64)
		require.NoError(t, err)
	case json.Delim:
		seen := map[string]bool{}
		for d.More() {
			if v == '{' {
				name, err := d.Token()
				require.NoError(t, err)
				text, ok := name.(string)
				require.True(t, ok)
				require.False(t, seen[text], "%q twice", text)
				require.NotContains(t, text, "\x00")
				seen[text] = true
			}
			requirePlain(t, d, depth+1)
		}
		_, err := d.Token()
		require.NoError(t, err)
	}
}

// FuzzEntityTags holds that what ETag made is understood again in any list, and
// that nothing else is taken for a version.
func FuzzEntityTags(f *testing.F) {
	for _, seed := range []string{`"7"`, `W/"7-3"`, `*`, `"1", "2"`, `"7-gzip"`, `"`, ``, `W/`, `"+1"`} {
		f.Add(seed, int64(7), int64(3))
	}
	f.Fuzz(func(t *testing.T, header string, version, extra int64) {
		got, err := httpapi.Precondition{IfMatch: header}.Version()
		if err != nil {
			require.Zero(t, got)
		} else if got != 0 {
			require.True(t, strings.HasPrefix(strings.TrimSpace(header), `"`+strconv.FormatInt(got, 10)), header)
		}
		if version < 1 || extra < 0 {
			return
		}
		etag := httpapi.ETag(version, extra)
		back, err := httpapi.Precondition{IfMatch: etag}.Version()
		require.NoError(t, err)
		require.Equal(t, version, back)
		require.Error(t, httpapi.Conditional{IfNoneMatch: header + "," + etag}.Check(etag))
		if err := (httpapi.Conditional{IfNoneMatch: header}).Check(etag); err != nil {
			require.True(t, strings.TrimSpace(header) == "*" || strings.Contains(strings.ReplaceAll(header, "-gzip", ""), etag), header)
		}
	})
}

func FuzzOptionalInt64(f *testing.F) {
	for _, seed := range []string{"0", "1000000000000", "1000000000001", "-1", "+1", "", "1_0", "0x1", "٣", "007"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var o httpapi.OptionalInt64
		if err := o.UnmarshalText([]byte(text)); err != nil {
			require.Nil(t, o.Pointer())
			if text != "" {
				require.NotContains(t, strings.TrimSuffix(err.Error(), "0 to 1000000000000"), "\x00")
			}
			return
		}
		require.NotNil(t, o.Pointer())
		require.GreaterOrEqual(t, *o.Pointer(), int64(0))
		require.LessOrEqual(t, *o.Pointer(), int64(1_000_000_000_000))
		require.Equal(t, strings.TrimLeft(text, "0"), strings.TrimLeft(strconv.FormatInt(*o.Pointer(), 10), "0"))
	})
}

func FuzzUserRef(f *testing.F) {
	for _, seed := range []string{"me", customer.String(), "user_", "", "user_00000000000000000000000000", "prod_01h455vb4pex5vsknk084sn02q", strings.ToUpper(customer.String())} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r httpapi.UserRef
		if r.UnmarshalText([]byte(text)) != nil {
			return
		}
		user, err := r.In(t.Context())
		if text == "me" {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, text, user.String())
	})
}

// FuzzQuery sends queries, which are refused in words or understood.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"limit=5&cursor=x", "limit=%zz", "a;b", "limit=5&limit=6", "%00=%ff", "&&=&", "least=3"} {
		f.Add(seed, "application/json;q=1,;")
	}
	h := newAPI(f, options(), hooks{}).Public()
	f.Fuzz(func(t *testing.T, query, accept string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/things", nil)
		r.URL.RawQuery = query
		r.Header["Accept"] = []string{accept}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Less(t, w.Code, 500, w.Body)
		if w.Code == http.StatusOK {
			_, err := url.ParseQuery(query)
			require.NoError(t, err)
		}
	})
}
