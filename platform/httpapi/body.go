package httpapi

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"shop/platform/fault"
)

// DefaultMaxBodyBytes is the largest body that an operation accepts unless it
// declares otherwise.
const DefaultMaxBodyBytes = 1 << 20

// maxGuess is up to how many announced bytes are reserved before they arrive:
// an announcement costs its sender nothing.
const maxGuess = 64 << 10

// Errors of requests that cannot be read.
var (
	errTooLarge  = fault.New(fault.TooLarge, "body_too_large", "the body is too large")
	errMalformed = fault.New(fault.Malformed, "malformed_request", "the request cannot be read")
	errMediaType = fault.New(fault.Unsupported, "unsupported_media_type", "send the body as application/json, not compressed")
	errSlow      = fault.New(fault.Malformed, "request_timeout", "the body took too long to arrive")
)

// guard decodes the query and reads the whole body, within its limit, and
// refuses what no operation understands and no database would store.
func guard(c *gin.Context, r *route, state *exchange) error {
	for _, p := range c.Params {
		if !storable(p.Value) {
			return fault.InvalidField("path."+p.Key, notStorable)
		}
	}
	var err error
	known := r.query
	if state.vouched {
		known = nil // a newer release may ask for more than this one knows
	}
	if state.query, err = guardQuery(state.url.RawQuery, known); err != nil {
		return err
	}
	if c.Request.Body == nil || c.Request.Body == http.NoBody {
		return nil
	}
	body, err := readBody(c, r.operation.MaxBodyBytes)
	if err != nil {
		return err
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		return nil
	}
	if err := guardMedia(c.Request.Header); err != nil {
		return err
	}
	return guardJSON(body)
}

const notStorable = "must be valid UTF-8 without NUL characters"

func storable(text string) bool {
	return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0
}

// guardQuery decodes a query that may have the known parameters; nil lets all
// pass.
func guardQuery(raw string, known map[string]bool) (url.Values, error) {
	if raw == "" {
		return nil, nil //nolint:nilnil // a nil map reads like an empty one
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errMalformed.WithField("query", "cannot be decoded: check the percent-encoding")
	}
	var refused *fault.Error
	for name, values := range query {
		message := ""
		if known != nil && !known[name] {
			message = "unknown query parameter"
		}
		for _, value := range values {
			if !storable(name) || !storable(value) {
				message = notStorable
			}
		}
		if message == "" {
			continue
		}
		location := "query." + strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", "?"), "?")
		if refused == nil {
			refused = fault.InvalidField(location, message)
		} else {
			refused.Fields = append(refused.Fields, fault.Field{Location: location, Message: message})
		}
	}
	if refused != nil {
		return nil, refused
	}
	return query, nil
}

// readBody reads a body of at most limit bytes that arrives in time.
func readBody(c *gin.Context, limit int64) ([]byte, error) {
	if limit == 0 {
		limit = DefaultMaxBodyBytes
	}
	size := c.Request.ContentLength
	if size > limit {
		return nil, tooLarge(limit)
	}
	// Without a connection beneath, as in a test, there is no deadline to set.
	_ = huma.SetReadDeadline(c.Writer, time.Now().Add(bodyTimeout))
	var body bytes.Buffer
	body.Grow(int(max(0, min(size, maxGuess))) + bytes.MinRead)
	if _, err := body.ReadFrom(http.MaxBytesReader(c.Writer, c.Request.Body, limit)); err != nil {
		c.Writer.Header().Set("Connection", "close") // what is left of the body is no request
		var tooMuch *http.MaxBytesError
		var network net.Error
		switch {
		case errors.As(err, &tooMuch):
			return nil, tooLarge(limit)
		case errors.As(err, &network) && network.Timeout():
			return nil, errSlow.WithField("body", "must arrive within "+bodyTimeout.String())
		default:
			return nil, errMalformed.WithField("body", "could not be read to its end")
		}
	}
	// While the operation runs, net/http watches the connection by reading on; a
	// deadline in the middle of that would look as if the client had gone.
	_ = huma.SetReadDeadline(c.Writer, time.Time{})
	return body.Bytes(), nil
}

func tooLarge(limit int64) error {
	return errTooLarge.With("the body is larger than %d bytes", limit).
		WithField("body", "must be at most "+strconv.FormatInt(limit, 10)+" bytes")
}

// guardMedia refuses a body that does not say that it is plain JSON; one that
// says nothing is taken as JSON.
func guardMedia(h http.Header) error {
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return errMediaType.WithField("header.Content-Encoding", "must be left out")
	}
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	if media = strings.TrimSpace(media); media != "" && !strings.EqualFold(media, jsonType) {
		return errMediaType.WithField("header.Content-Type", "must be application/json")
	}
	return nil
}
