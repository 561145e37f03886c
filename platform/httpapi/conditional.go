package httpapi

import (
	"net/http"
	"strconv"
	"strings"

	"shop/platform/fault"
)

// Conditional is embedded in the input of an operation that reads one resource.
type Conditional struct {
	IfNoneMatch string `header:"If-None-Match" doc:"The ETag of a copy that the client has; answered with 304 when it is still the current one (RFC 9110)." example:"\"7\""`
}

// Check returns an answer 304 when the client's copy is the one with etag.
func (c Conditional) Check(etag string) error {
	if c.IfNoneMatch == "" || !matches(c.IfNoneMatch, etag) {
		return nil
	}
	p := &Problem{Status: http.StatusNotModified, Code: "not_modified"}
	p.setHeader("Etag", etag)
	return p
}

// Precondition is embedded in the input of an operation that changes one
// resource.
type Precondition struct {
	IfMatch string `header:"If-Match" doc:"The ETag that the change is based on; answered with 412 when the resource has changed since (RFC 9110)." example:"\"7\""`
}

// Version is the version that the change is based on; 0 when the client did
// not say or does not mind ("*"). Errors: fault.ErrPrecondition for a tag that
// no resource of ours ever had, a weak one among them (RFC 9110, section
// 13.1.1); a fault that names the header for what is not one entity tag.
func (p Precondition) Version() (int64, error) {
	text := strings.TrimSpace(p.IfMatch)
	if text == "" || text == "*" {
		return 0, nil
	}
	opaque, weak := strings.CutPrefix(text, "W/")
	if len(opaque) < 2 || opaque[0] != '"' || strings.IndexByte(opaque[1:], '"') != len(opaque)-2 {
		return 0, fault.InvalidField("header.If-Match", `must be one entity tag in quotes, or *`)
	}
	number, _, _ := strings.Cut(opaque[1:len(opaque)-1], "-")
	version, err := strconv.ParseInt(number, 10, 64)
	if weak || err != nil || version < 1 || number[0] < '1' {
		return 0, fault.ErrPrecondition
	}
	return version, nil
}

// IfVersion is the header with which a remote client changes a resource only
// while it is at a version; nil for 0, which is whatever its version.
func IfVersion(version int64) http.Header {
	if version == 0 {
		return nil
	}
	return http.Header{"If-Match": {ETag(version)}}
}

// ETag is the entity tag of a resource at a version. What else changes the
// representation, without being a change that If-Match guards against (the
// stock of a product while customers buy), goes into extra.
func ETag(version int64, extra ...int64) string {
	tag := append(make([]byte, 0, 32), '"')
	tag = strconv.AppendInt(tag, version, 10)
	for _, n := range extra {
		tag = strconv.AppendInt(append(tag, '-'), n, 10)
	}
	return string(append(tag, '"'))
}

// matches compares a list of entity tags with one, weakly (RFC 9110, section
// 8.8.3.2), the compressed form of a resource being as good as the plain one.
func matches(list, etag string) bool {
	if strings.TrimSpace(list) == "*" {
		return true
	}
	for candidate := range strings.SplitSeq(list, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if plain, found := strings.CutSuffix(candidate, gzipSuffix+`"`); found {
			candidate = plain + `"`
		}
		if candidate == etag {
			return true
		}
	}
	return false
}
