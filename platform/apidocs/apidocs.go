// Package apidocs serves the documentation page of the HTTP API: Swagger UI over the shop's own
// OpenAPI document. Everything that the page needs is embedded, so it works without any other
// host, and its Content-Security-Policy keeps it so.
package apidocs

import (
	"bytes"
	_ "embed"
	"html"
	"net/http"
	"strings"
	"time"
)

// Path is where the page is found; its assets lie below it.
const Path = "/docs"

// policy lets the page load its own files and call its own origin, nothing else. Images may come
// from data: URLs because Swagger UI's icons do.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed page.html
var pageSource string

// Handler serves the page at /docs (with and without a trailing slash) and its assets below.
// specURL is where the page fetches the OpenAPI document: a path on the same origin, since the
// policy refuses any other. GET and HEAD only; anyone may call.
func Handler(specURL string) http.Handler {
	assets := newAssets()
	p := newPage(specURL, assets)
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, p)
	mux.Handle("GET "+Path+"/{$}", p)
	for _, a := range assets {
		mux.Handle("GET "+Path+"/"+a.name, a)
	}
	return mux
}

// page is the documentation page, filled once and only copied by a request.
type page struct {
	body []byte
	etag string
}

func newPage(specURL string, assets []asset) page {
	fill := []string{"{spec-url}", html.EscapeString(specURL)}
	for _, a := range assets {
		fill = append(fill, `"`+Path+"/"+a.name+`"`, `"`+a.url()+`"`)
	}
	body := []byte(strings.NewReplacer(fill...).Replace(pageSource))
	return page{body: body, etag: `"` + fingerprint(body) + `"`}
}

// ServeHTTP answers with the page; a browser asks again each time and is told 304 while it has
// the current one.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", p.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.body))
}
