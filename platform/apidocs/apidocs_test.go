package apidocs_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/apidocs"
)

const specURL = "/openapi.json"

// request calls the handler without a transport, which would unpack gzip on its own.
func request(t *testing.T, method, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	apidocs.Handler(specURL).ServeHTTP(w, r)
	res := w.Result()
	t.Cleanup(func() { require.NoError(t, res.Body.Close()) })
	return res
}

func read(t *testing.T, from io.Reader) string {
	t.Helper()
	content, err := io.ReadAll(from)
	require.NoError(t, err)
	return string(content)
}

func TestPage(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/docs", "/docs/"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			res := request(t, http.MethodGet, path)
			require.Equal(t, http.StatusOK, res.StatusCode)
			require.Equal(t, "text/html; charset=utf-8", res.Header.Get("Content-Type"))
			require.Equal(t, "no-cache", res.Header.Get("Cache-Control"))
			body := read(t, res.Body)
			require.Contains(t, body, "<title>Shop API</title>")
			require.Contains(t, body, `data-spec-url="/openapi.json"`)
			require.NotContains(t, body, "{spec-url}")
		})
	}
}

// The page runs nothing and fetches nothing that the shop did not serve itself.
func TestPage_SelfContained(t *testing.T) {
	t.Parallel()
	res := request(t, http.MethodGet, "/docs")
	policy := res.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.Contains(t, policy, "script-src 'self';")
	require.NotContains(t, policy, "unsafe")
	body := read(t, res.Body)
	require.NotRegexp(t, `https?://`, body)
	require.NotRegexp(t, `<script>|\son[a-z]+=|<style|style=`, body)

	start := read(t, request(t, http.MethodGet, "/docs/start.js").Body)
	require.Contains(t, start, "validatorUrl: null")
	require.NotRegexp(t, `https?://`, start)
}

func TestPage_AssetsItNamesAreCachedForGood(t *testing.T) {
	t.Parallel()
	body := read(t, request(t, http.MethodGet, "/docs").Body)
	urls := regexp.MustCompile(`(?:src|href)="(/docs/[^"]+)"`).FindAllStringSubmatch(body, -1)
	require.Len(t, urls, 3)
	for _, url := range urls {
		res := request(t, http.MethodGet, url[1], "Accept-Encoding", "gzip")
		require.Equal(t, http.StatusOK, res.StatusCode, url[1])
		require.Equal(t, "public, max-age=31536000, immutable", res.Header.Get("Cache-Control"), url[1])
	}
}

func TestPage_EscapesSpecURL(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/docs", http.NoBody)
	apidocs.Handler(`/spec"><script>`).ServeHTTP(w, r)
	require.NotContains(t, w.Body.String(), `"><script>`)
}

func TestAsset_Encoding(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		accept  string
		gzipped bool
	}{
		"no header":          {"", false},
		"gzip":               {"gzip", true},
		"among others":       {"br, gzip;q=0.8, deflate", true},
		"upper case":         {"GZIP", true},
		"refused":            {"gzip;q=0, identity", false},
		"refused beside any": {"gzip;q=0.000, *", false},
		"any":                {"*", true},
		"any refused":        {"*;q=0", false},
		"other only":         {"br", false},
		"bad weight":         {"gzip;q=x", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := request(t, http.MethodGet, "/docs/swagger-ui.css", "Accept-Encoding", tc.accept)
			require.Equal(t, http.StatusOK, res.StatusCode)
			require.Equal(t, "Accept-Encoding", res.Header.Get("Vary"))
			require.Equal(t, "text/css; charset=utf-8", res.Header.Get("Content-Type"))
			var body io.Reader = res.Body
			if tc.gzipped {
				require.Equal(t, "gzip", res.Header.Get("Content-Encoding"))
				zr, err := gzip.NewReader(res.Body)
				require.NoError(t, err)
				body = zr
			} else {
				require.Empty(t, res.Header.Get("Content-Encoding"))
			}
			require.True(t, strings.HasPrefix(read(t, body), ".swagger-ui"))
		})
	}
}

func TestAsset_Revalidation(t *testing.T) {
	t.Parallel()
	const url = "/docs/swagger-ui-bundle.js"
	plain := request(t, http.MethodHead, url)
	packed := request(t, http.MethodHead, url, "Accept-Encoding", "gzip")
	require.Equal(t, "no-cache", plain.Header.Get("Cache-Control"))
	require.Equal(t, "text/javascript; charset=utf-8", plain.Header.Get("Content-Type"))
	require.NotEqual(t, plain.Header.Get("ETag"), packed.Header.Get("ETag"), "two encodings, two entities")

	again := request(t, http.MethodGet, url, "Accept-Encoding", "gzip", "If-None-Match", packed.Header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.StatusCode)
	require.Empty(t, read(t, again.Body))
}

func TestOtherRequests(t *testing.T) {
	t.Parallel()
	require.Equal(t, http.StatusNotFound, request(t, http.MethodGet, "/docs/nothing.js").StatusCode)
	require.Equal(t, http.StatusMethodNotAllowed, request(t, http.MethodPost, "/docs").StatusCode)
	require.Equal(t, http.StatusOK, request(t, http.MethodGet, "/docs/LICENSE").StatusCode)
}

// What is embedded is what the package's publisher released.
func TestAssets_AreAsRecorded(t *testing.T) {
	t.Parallel()
	sums, err := os.ReadFile("swagger-ui/SHA256SUMS")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(sums)), "\n")
	require.Len(t, lines, 2)
	for _, line := range lines {
		want, name, found := strings.Cut(line, "  ")
		require.True(t, found, line)
		got := sha256.Sum256([]byte(read(t, request(t, http.MethodGet, "/docs/"+name).Body)))
		require.Equal(t, want, hex.EncodeToString(got[:]), name)
	}
}
