package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// badRequest is a request that should not have been sent.
type badRequest struct {
	name, method, path string
	header             []string
	// body is the JSON text.
	body    string
	hasBody bool
	// certain is true when no operation may accept it, and place is then what
	// the answer has to name.
	certain bool
	place   string
	// secrets are the texts in it that no answer may repeat.
	secrets []string
}

const (
	sqlText  = `'; DROP TABLE users; --`
	htmlText = `<script>alert(1)</script>`
	// nulText and brokenText are written as they stand in JSON and in a URL.
	nulText, brokenText = `\u0000`, "\xff"
	// huge stands for a text of ten megabytes.
	huge = "ten-megabytes"
)

// badCases makes bad requests out of the document of the API.
type badCases struct {
	document *huma.OpenAPI
	// known are identifiers that exist, by prefix.
	known map[string]string
	found []badRequest
	// reads is true when the operation at hand reads bodies of ten megabytes, which
	// takes so long that one of them is enough.
	reads bool
}

// of returns what can be wrong with a request for an operation.
func (b *badCases) of(op *huma.Operation) []badRequest {
	b.found, b.reads = nil, declared(op).MaxBodyBytes > 10<<20
	good := badRequest{method: op.Method, path: op.Path}
	if op.RequestBody != nil {
		good.hasBody, good.body = true, b.text(op.RequestBody.Content["application/json"].Schema)
	}
	for _, p := range op.Parameters {
		if p.In == "path" {
			good.path = strings.ReplaceAll(good.path, "{"+p.Name+"}", fmt.Sprint(b.example(p.Schema, "")))
		}
	}
	b.query(good, op)
	b.path(good, op)
	b.headers(good, op)
	if op.RequestBody != nil {
		b.bodies(good, op.RequestBody)
	}
	if isSigned(op) { // the signature does not fit a body that is spoiled
		for i := range b.found {
			b.found[i].place = ""
		}
	}
	return b.found
}

// isSigned reports whether the caller of an operation proves himself with a
// signature over the body.
func isSigned(op *huma.Operation) bool {
	return slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return strings.HasSuffix(p.Name, "-Signature") })
}

func (b *badCases) add(r badRequest, name, place string, certain bool) {
	r.name, r.place, r.certain = name, place, certain
	b.found = append(b.found, r)
}

// query spoils each parameter of the query.
func (b *badCases) query(good badRequest, op *huma.Operation) {
	with := func(name, value, what string, certain bool) {
		r := good
		r.path += "?" + name + "=" + value
		b.add(r, what, "query."+name, certain)
	}
	with("surprise", "1", "unknown query parameter", true)
	for _, p := range op.Parameters {
		if p.In != "query" {
			continue
		}
		with(p.Name, "%00", "NUL in query", true)
		with(p.Name, "%ff", "invalid UTF-8 in query", true)
		with(p.Name, strings.Repeat("x", 10_000), "long query", p.Schema.Type == "string")
		values := []string{sqlText, htmlText, "", "-1", "0", "1e300", "9223372036854775808", "{}", "💥"}
		if p.Name == "cursor" {
			values = append(values, "e30", "bnVsbA", "eyJpIjoiJzsgRFJPUCBUQUJMRSB1c2VyczsgLS0ifQ", "eyJrIjoiYSIsImkiOiJiIn0")
		}
		for _, value := range values {
			// What is no value of the parameter by its schema; no value at all is
			// as good as none. A text that is no cursor is none of any list.
			certain := value != "" && (p.Name == "cursor" || b.violates(p.Schema, value))
			with(p.Name, url.QueryEscape(value), "query "+value, certain)
		}
	}
	if slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == "from" }) {
		r := good
		r.path += "?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z"
		b.add(r, "from after to", "query.from", true)
	}
	r := good
	r.path += "?a=%zz"
	b.add(r, "percent-encoding", "query", true)
}

// path spoils each parameter of the path.
func (b *badCases) path(good badRequest, op *huma.Operation) {
	for _, p := range op.Parameters {
		if p.In != "path" {
			continue
		}
		r := good
		for _, value := range []string{"\x00", brokenText, sqlText, htmlText, "0", "-1", "nobody", "user_", "prod_zzzzzzzzzzzzzzzzzzzzzzzzzz", strings.Repeat("x", 5000), "%"} {
			r.path = strings.ReplaceAll(op.Path, "{"+p.Name+"}", url.PathEscape(value))
			for _, other := range op.Parameters {
				if other.In == "path" {
					r.path = strings.ReplaceAll(r.path, "{"+other.Name+"}", fmt.Sprint(b.example(other.Schema, "")))
				}
			}
			place := "path." + p.Name
			if p.Schema.MaxLength != nil && len(value) <= *p.Schema.MaxLength && storable(value) {
				place = "" // a token that might have been one: there is no such thing, and no more to say
			}
			b.add(r, fmt.Sprintf("path %s %.40q", p.Name, value), place, true)
		}
	}
}

// headers spoils each header that the operation reads, and the credentials.
func (b *badCases) headers(good badRequest, op *huma.Operation) {
	for _, p := range op.Parameters {
		if p.In != "header" {
			continue
		}
		for _, value := range []string{"x", sqlText, htmlText, brokenText, `"1`, `"9223372036854775808"`, strings.Repeat("x", 5000)} {
			r := good
			r.header = []string{p.Name, value}
			b.add(r, fmt.Sprintf("header %s %.40q", p.Name, value), "header."+p.Name, p.Schema.MaxLength != nil && len(value) > *p.Schema.MaxLength)
		}
	}
	if good.hasBody {
		r := good
		r.header = []string{"Content-Type", "text/plain"}
		b.add(r, "not declared as JSON", "header.Content-Type", true)
		r.header = []string{"Content-Encoding", "gzip"}
		b.add(r, "compressed", "header.Content-Encoding", true)
	}
}

// bodies spoils the body as a whole, and each value in it.
func (b *badCases) bodies(good badRequest, body *huma.RequestBody) {
	schema := body.Content["application/json"].Schema
	for name, text := range map[string]string{
		"not JSON": "surprise", "half of JSON": `{"a":`, "two values": good.body + good.body, "a string": `"text"`,
		"a number": "1e300", "an array of numbers": "[1]", "true": "true", "only NUL": "\x00", "invalid UTF-8": brokenText,
		"deeply nested": strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
	} {
		r := good
		r.body = text
		b.add(r, name, "body", true)
	}
	if body.Required {
		r := good
		r.body = ""
		b.add(r, "no body", "body", true)
	}
	for _, alternative := range append([]*huma.Schema{schema}, schema.OneOf...) {
		if len(alternative.OneOf) == 0 {
			b.values(good, alternative, "body", func(text string) string { return text })
		}
	}
}

// values spoils the value of a schema, and all that are in it. within is the
// whole body with a text in the value's place.
func (b *badCases) values(good badRequest, schema *huma.Schema, place string, within func(text string) string) {
	schema = b.resolve(schema)
	put := func(what, text string, certain bool) {
		r := good
		r.body = within(text)
		if schema.WriteOnly && len(text) > 6 {
			r.secrets = append(slices.Clone(r.secrets), strings.Trim(text, `"`))
		}
		b.add(r, place+": "+what, place, certain)
	}
	for what, value := range map[string]any{
		"string": "surprise", "number": 4711.5, "boolean": true, "array": []any{}, "object": map[string]any{},
	} {
		text := quoted(value)
		put("wrong type: "+what, text, schema.Type != "" && what != schema.Type)
	}
	switch schema.Type {
	case "string":
		for what, text := range map[string]string{"empty": "", "SQL": sqlText, "HTML": htmlText, "one": "x", "emoji": "💥"} {
			put(what, quoted(text), b.violates(schema, text))
		}
		put("NUL", `"`+nulText+`"`, true)
		put("invalid UTF-8", `"`+brokenText+`"`, true)
		if schema.MaxLength != nil {
			put("too long", quoted(strings.Repeat("x", *schema.MaxLength+1)), true)
		}
		if b.reads && slices.ContainsFunc(b.found, func(r badRequest) bool { return strings.Contains(r.body, huge) }) {
			return
		}
		r := good
		r.body = within(`"` + huge + `"`)
		b.add(r, place+": 10 MB", "body", true)
	case "integer", "number":
		for _, number := range []string{"-1", "0", "-9223372036854775809", "9223372036854775808", "1e300", "-1e300", "1e400"} {
			value := math.Inf(1)
			_, _ = fmt.Sscan(number, &value)
			outside := math.Abs(value) >= math.MaxInt64 || schema.Minimum != nil && value < *schema.Minimum
			put(number, number, outside)
		}
	case "array":
		item, plain := b.resolve(schema.Items), b.text(schema.Items)
		if schema.MaxItems != nil {
			put("too many", "["+strings.Repeat(plain+",", *schema.MaxItems)+plain+"]", true)
		}
		b.values(good, item, place+"[0]", func(text string) string { return within("[" + text + "]") })
	case "object":
		b.properties(good, schema, place, within)
	}
}

// properties spoils the value of an object.
func (b *badCases) properties(good badRequest, schema *huma.Schema, place string, within func(text string) string) {
	whole, _ := b.example(schema, "").(map[string]any)
	put := func(what, place, name, text string) {
		r := good
		object := maps.Clone(whole)
		object[name] = json.RawMessage(text)
		r.body = within(quoted(object))
		b.add(r, place+": "+what, place, true)
	}
	if closed, isBool := schema.AdditionalProperties.(bool); isBool && !closed {
		put("unknown", place+".surprise", "surprise", `1`)
		for name := range schema.Properties {
			put("other case", place+"."+strings.ToUpper(name), strings.ToUpper(name), `1`)
		}
	} else if len(schema.Properties) == 0 { // a map
		put("NUL", place+".a", "a", `"`+nulText+`"`)
		put("invalid UTF-8", place+".a", "a", `"`+brokenText+`"`)
		put("out of range", place+".a", "a", `1e400`)
	}
	for name, property := range schema.Properties {
		if slices.Contains(schema.Required, name) {
			object := maps.Clone(whole)
			delete(object, name)
			r := good
			r.body = within(quoted(object))
			b.add(r, place+"."+name+": missing", place+"."+name, true)
			put("null", place+"."+name, name, `null`)
		}
		b.values(good, property, place+"."+name, func(text string) string {
			object := maps.Clone(whole)
			object[name] = json.RawMessage(text)
			return within(quoted(object))
		})
	}
}
