package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// documentURL names the document to the schema compiler, so that a schema in
// it is documentURL + "#" + JSON pointer and `$ref: "#/…"` resolves.
const documentURL = "document:openapi"

// Keywords of JSON Schema 2020-12 that hold further schemas.
var (
	oneSchema = []string{
		"additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then",
		"unevaluatedItems", "unevaluatedProperties",
	}
	schemaByName = []string{"$defs", "dependentSchemas", "patternProperties", "properties"}
	schemaList   = []string{"allOf", "anyOf", "oneOf", "prefixItems"}
)

// exampleCheck walks a document and collects the examples and defaults that
// their own schema refuses.
type exampleCheck struct {
	compiler *jsonschema.Compiler
	findings []string
}

// wrongExamples returns a finding for every example and default in an OpenAPI 3.1
// document (JSON) that is not valid under the schema that it illustrates.
func wrongExamples(document []byte) ([]string, error) {
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	check := exampleCheck{compiler: jsonschema.NewCompiler()}
	check.compiler.DefaultDraft(jsonschema.Draft2020)
	check.compiler.AssertFormat()
	if err := check.compiler.AddResource(documentURL, root); err != nil {
		return nil, err
	}
	if err := check.node(root, ""); err != nil {
		return nil, err
	}
	return check.findings, nil
}

// node looks at anything that is no schema. What has a schema beside it (a
// parameter, header or media type) may have examples of it.
func (c *exampleCheck) node(node any, at string) error {
	switch node := node.(type) {
	case []any:
		for i, item := range node {
			if err := c.node(item, at+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
	case map[string]any:
		if _, found := node["schema"]; found {
			if err := c.beside(node, at); err != nil {
				return err
			}
		}
		for _, key := range slices.Sorted(maps.Keys(node)) {
			var err error
			switch {
			case key == "schema":
				err = c.schema(node[key], at+"/schema")
			case key == "schemas" && at == "/components":
				err = c.named(node[key], at+"/schemas")
			case key == "example", key == "examples", strings.HasPrefix(key, "x-"):
				// Free-form values, not part of the description.
			default:
				err = c.node(node[key], at+"/"+escape(key))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *exampleCheck) beside(node map[string]any, at string) error {
	if example, found := node["example"]; found {
		if err := c.value(example, at+"/example", at+"/schema"); err != nil {
			return err
		}
	}
	examples, _ := node["examples"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		example, _ := examples[name].(map[string]any)
		value, found := example["value"]
		if !found { // a reference, or a value kept elsewhere
			continue
		}
		if err := c.value(value, at+"/examples/"+escape(name), at+"/schema"); err != nil {
			return err
		}
	}
	return nil
}

// schema checks the examples that a schema itself carries, and goes deeper.
func (c *exampleCheck) schema(node any, at string) error {
	schema, ok := node.(map[string]any)
	if !ok { // true or false
		return nil
	}
	examples, _ := schema["examples"].([]any)
	for i, example := range examples {
		if err := c.value(example, at+"/examples/"+strconv.Itoa(i), at); err != nil {
			return err
		}
	}
	for _, key := range []string{"default", "example"} {
		if value, found := schema[key]; found {
			if err := c.value(value, at+"/"+key, at); err != nil {
				return err
			}
		}
	}
	for _, key := range oneSchema {
		if err := c.schema(schema[key], at+"/"+key); err != nil {
			return err
		}
	}
	for _, key := range schemaByName {
		if err := c.named(schema[key], at+"/"+key); err != nil {
			return err
		}
	}
	for _, key := range schemaList {
		list, _ := schema[key].([]any)
		for i, item := range list {
			if err := c.schema(item, at+"/"+key+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *exampleCheck) named(node any, at string) error {
	schemas, _ := node.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		if err := c.schema(schemas[name], at+"/"+escape(name)); err != nil {
			return err
		}
	}
	return nil
}

func (c *exampleCheck) value(value any, at, schemaAt string) error {
	schema, err := c.compiler.Compile(documentURL + "#" + schemaAt)
	if err != nil {
		return fmt.Errorf("compile the schema at #%s: %w", schemaAt, err)
	}
	var invalid *jsonschema.ValidationError
	switch err := schema.Validate(value); {
	case errors.As(err, &invalid):
		_, violations, _ := strings.Cut(invalid.Error(), "\n") // the first line names the schema
		c.findings = append(c.findings, "#"+at+"\n"+violations)
	case err != nil:
		return fmt.Errorf("validate #%s: %w", at, err)
	}
	return nil
}

// escape makes a key a step of a JSON pointer (RFC 6901). The compiler reads
// the pointer as a URL fragment, hence the percent sign.
func escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "%", "%25", " ", "%20", "{", "%7B", "}", "%7D").Replace(key)
}
