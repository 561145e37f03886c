package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// violates reports whether a text is certainly no value of a schema.
func (b *badCases) violates(schema *huma.Schema, text string) bool {
	switch {
	case schema.Type == "integer":
		var n int64
		_, err := fmt.Sscan(text, &n)
		return err != nil || fmt.Sprint(n) != text ||
			schema.Minimum != nil && float64(n) < *schema.Minimum || schema.Maximum != nil && float64(n) > *schema.Maximum
	case schema.Type == "boolean":
		return text != "true" && text != "false" && text != "0"
	case len(schema.Enum) > 0:
		return !slices.Contains(schema.Enum, any(text))
	case schema.Format != "":
		return true // none of the bad texts is an address or a time
	case schema.Pattern != "" && !regexp.MustCompile(schema.Pattern).MatchString(text):
		return true
	}
	return schema.MinLength != nil && len(text) < *schema.MinLength && text != "💥"
}

// example is a good value of a schema; name is the property's.
func (b *badCases) example(schema *huma.Schema, name string) any {
	schema = b.resolve(schema)
	switch {
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case len(schema.Examples) > 0:
		if text, ok := schema.Examples[0].(string); ok {
			prefix, _, _ := strings.Cut(text, "_")
			if identifier, found := b.known[prefix]; found {
				return identifier
			}
		}
		return schema.Examples[0]
	case schema.Type == "array":
		return []any{b.example(schema.Items, name)}
	}
	object := map[string]any{}
	for name, property := range schema.Properties {
		required := slices.Contains(schema.Required, name)
		if p := b.resolve(property); required || len(p.Examples) > 0 || len(p.Properties) > 0 {
			object[name] = b.example(property, name)
		}
	}
	return object
}

func (b *badCases) text(schema *huma.Schema) string { return quoted(b.example(schema, "")) }

func (b *badCases) resolve(schema *huma.Schema) *huma.Schema {
	if len(schema.OneOf) > 0 {
		schema = schema.OneOf[0]
	}
	if schema.Ref != "" {
		return b.document.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}

// quoted is a value as JSON; a json.RawMessage in it stays as it is.
func quoted(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(text.String())
}

// storable reports whether a text is one that the API takes at all.
func storable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }
