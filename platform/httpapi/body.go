package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"shop/platform/fault"
)

// DefaultMaxBodyBytes is the largest body that an operation accepts unless it
// declares otherwise.
const DefaultMaxBodyBytes = 1 << 20

// Errors of requests that cannot be read.
var (
	errTooLarge  = fault.New(fault.TooLarge, "body_too_large", "the body is too large")
	errMalformed = fault.New(fault.Malformed, "malformed_request", "the request cannot be read")
	errMediaType = fault.New(fault.Unsupported, "unsupported_media_type", "send the body as application/json")
)

// guardBody reads the whole body, within its limit, and refuses text that no
// database would store: invalid UTF-8 and NUL characters, in the body and in
// the URL.
func guardBody(c *gin.Context, limit int64) error {
	if err := guardURL(c.Request.URL, c.Params); err != nil {
		return err
	}
	if c.Request.Body == nil || c.Request.Body == http.NoBody {
		return nil
	}
	if limit == 0 {
		limit = DefaultMaxBodyBytes
	}
	if c.Request.ContentLength > limit {
		return tooLarge(limit)
	}
	var body bytes.Buffer
	if n := c.Request.ContentLength; n > 0 {
		body.Grow(int(n) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(http.MaxBytesReader(c.Writer, c.Request.Body, limit)); err != nil {
		var tooMuch *http.MaxBytesError
		if errors.As(err, &tooMuch) {
			return tooLarge(limit)
		}
		return errMalformed.With("the body ended early").WithField("body", "could not be read to its end")
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body.Bytes()))
	return guardText(c.Request.Header.Get("Content-Type"), body.Bytes())
}

func tooLarge(limit int64) error {
	return errTooLarge.With("the body is larger than %d bytes", limit).
		WithField("body", "must be at most "+strconv.FormatInt(limit, 10)+" bytes")
}

func guardText(contentType string, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	media, _, _ := strings.Cut(contentType, ";")
	if media = strings.TrimSpace(media); media != "" && !strings.EqualFold(media, "application/json") {
		return errMediaType.WithField("header.Content-Type", "must be application/json")
	}
	broken := !utf8.Valid(body)
	if !broken && !bytes.Contains(body, []byte(`\u0000`)) {
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		if broken {
			return fault.InvalidField("body", "must be valid UTF-8")
		}
		return nil // huma names what is wrong with it
	}
	if path, found := findText(value, "body", "\x00"); found {
		return fault.InvalidField(path, "must not contain NUL characters")
	}
	if !broken {
		return nil
	}
	// encoding/json has put U+FFFD in the place of what is not UTF-8.
	if path, found := findText(value, "body", "\uFFFD"); found {
		return fault.InvalidField(path, "must be valid UTF-8")
	}
	return fault.InvalidField("body", "must be valid UTF-8")
}

// findText finds the first string in a decoded JSON value that contains part.
func findText(value any, path, part string) (string, bool) {
	switch v := value.(type) {
	case string:
		return path, strings.Contains(v, part)
	case []any:
		for i, item := range v {
			if p, found := findText(item, path+"["+strconv.Itoa(i)+"]", part); found {
				return p, true
			}
		}
	case map[string]any:
		for name, item := range v {
			if strings.Contains(name, part) {
				return path, true
			}
			if p, found := findText(item, path+"."+name, part); found {
				return p, true
			}
		}
	}
	return "", false
}

// guardURL refuses what cannot be decoded or stored in path and query.
func guardURL(u *url.URL, params gin.Params) error {
	for _, p := range params {
		if !storable(p.Value) {
			return fault.InvalidField("path."+p.Key, "must be valid UTF-8 without NUL characters")
		}
	}
	if u.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errMalformed.WithField("query", "cannot be decoded: check the percent-encoding")
	}
	for name, values := range query {
		for _, value := range values {
			if !storable(name) || !storable(value) {
				return fault.InvalidField("query."+strings.ToValidUTF8(name, "?"), "must be valid UTF-8 without NUL characters")
			}
		}
	}
	return nil
}

func storable(text string) bool {
	return utf8.ValidString(text) && !strings.Contains(text, "\x00")
}
