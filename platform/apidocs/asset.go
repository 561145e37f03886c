package apidocs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The large files are embedded as gzip: the binary is 1.4 MB smaller for it, and most requests
// are answered with the stored bytes as they are.
var (
	//go:embed swagger-ui/swagger-ui.css.gz
	swaggerCSS []byte
	//go:embed swagger-ui/swagger-ui-bundle.js.gz
	swaggerJS []byte
	//go:embed swagger-ui/swagger-ui-bundle.js.LICENSE.txt
	swaggerJSLicense []byte
	//go:embed swagger-ui/LICENSE
	swaggerLicense []byte
	//go:embed swagger-ui/NOTICE
	swaggerNotice []byte
	//go:embed start.js
	startJS []byte
)

// asset is one embedded file below Path.
type asset struct {
	name        string
	contentType string
	stored      []byte
	gzipped     bool   // stored is the gzip form of the file
	version     string // changes with the content
}

// newAssets lists what the page loads, and the licences of what is handed out with it.
func newAssets() []asset {
	assets := []asset{
		{name: "swagger-ui.css", contentType: "text/css; charset=utf-8", stored: swaggerCSS, gzipped: true},
		{name: "swagger-ui-bundle.js", contentType: "text/javascript; charset=utf-8", stored: swaggerJS, gzipped: true},
		{name: "start.js", contentType: "text/javascript; charset=utf-8", stored: startJS},
		{name: "swagger-ui-bundle.js.LICENSE.txt", contentType: "text/plain; charset=utf-8", stored: swaggerJSLicense},
		{name: "LICENSE", contentType: "text/plain; charset=utf-8", stored: swaggerLicense},
		{name: "NOTICE", contentType: "text/plain; charset=utf-8", stored: swaggerNotice},
	}
	for i := range assets {
		assets[i].version = fingerprint(assets[i].stored)
	}
	return assets
}

// url is the asset's address with its version, which makes it safe to keep for ever.
func (a asset) url() string { return Path + "/" + a.name + "?v=" + a.version }

// ServeHTTP answers with the file, in gzip form where it is stored so and the client takes it.
// A request that names the current version may be cached for good, any other is to be asked again.
func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	body, etag := a.stored, a.version
	if a.gzipped {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			etag += "-gzip"
		} else {
			plain, err := gunzip(a.stored)
			if err != nil {
				http.Error(w, "the embedded file is damaged", http.StatusInternalServerError)
				return
			}
			body = plain
		}
	}
	h.Set("Content-Type", a.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", `"`+etag+`"`)
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads an Accept-Encoding header: gzip, or failing that *, named with a weight
// above zero.
func acceptsGzip(header string) bool {
	wildcard := false
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(part, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(params)), "q="); ok {
			parsed, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			if err != nil {
				continue
			}
			weight = parsed
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return weight > 0
		case "*":
			wildcard = weight > 0
		}
	}
	return wildcard
}

func gunzip(stored []byte) ([]byte, error) {
	zr, err := gzip.NewReader(bytes.NewReader(stored))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(zr)
}

// fingerprint is short, since it only tells versions of one file apart.
func fingerprint(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}
