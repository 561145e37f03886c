package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sound is the smallest document that keeps to every rule of ../../apilint.yaml.
const sound = `{
  "openapi": "3.1.0",
  "info": {
    "title": "t", "version": "1", "description": "d",
    "contact": {"name": "n", "url": "https://example.org", "email": "a@example.org"},
    "license": {"name": "l", "identifier": "MIT"}
  },
  "servers": [{"url": "/", "description": "here"}],
  "tags": [{"name": "things", "description": "d"}],
  "paths": {
    "/things/{id}": {
      "get": {
        "operationId": "get-thing", "summary": "s", "tags": ["things"],
        "security": [{"session": []}],
        "parameters": [
          {"name": "id", "in": "path", "required": true, "description": "d", "example": "a", "schema": {"type": "string"}}
        ],
        "responses": {
          "200": {
            "description": "d",
            "content": {
              "application/json": {
                "schema": {"$ref": "#/components/schemas/Thing"},
                "examples": {"one": {"value": {"count": 1}}}
              }
            }
          },
          "422": {"description": "d", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
          "500": {"description": "d", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
        }
      }
    }
  },
  "components": {
    "schemas": {
      "Thing": {
        "type": "object",
        "properties": {"count": {"type": "integer", "format": "int64", "examples": [2]}}
      }
    },
    "securitySchemes": {"session": {"type": "http", "scheme": "bearer", "description": "d"}}
  }
}`

func lint(t *testing.T, document string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "openapi.json")
	require.NoError(t, os.WriteFile(path, []byte(document), 0o600))
	var out strings.Builder
	err := run(t.Context(), &out, "../../apilint.yaml", path)
	return out.String(), err
}

func TestSoundDocumentPasses(t *testing.T) {
	t.Parallel()
	out, err := lint(t, sound)
	require.NoError(t, err, out)
	require.Empty(t, out)
}

func TestErrorsAreFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ replace, with, finding string }{
		"broken reference":          {"#/components/schemas/Thing", "#/components/schemas/Thin", "reference not found"},
		"no operation id":           {`"operationId": "get-thing", `, ``, "semantic-operation-operation-id"},
		"duplicate operation id":    {`"get": {`, `"delete": {"operationId": "get-thing"}, "get": {`, "validation-operation-id-unique"},
		"no summary":                {`"summary": "s", `, ``, "style-operation-description"},
		"unknown tag":               {`"tags": ["things"],`, `"tags": ["other"],`, "style-operation-tag-defined"},
		"no client error":           {`"422"`, `"204"`, "style-operation-error-response"},
		"no success":                {`"200"`, `"404"`, "style-operation-success-response"},
		"no security":               {`"security": [{"session": []}],`, ``, "owasp-protection-global-safe"},
		"missing path parameter":    {`/things/{id}`, `/things/{key}`, "semantic-path-params"},
		"ambiguous paths":           {`"paths": {`, `"paths": {"/things/{key}": {},`, "semantic-no-ambiguous-paths"},
		"wrong type":                {`"type": "integer"`, `"type": "int"`, "oas-schema-check"},
		"misspelt field":            {`"summary"`, `"summary2"`, "validation-unknown-properties"},
		"response not described":    {`"422": {"description": "d", `, `"422": {`, "validation-required-field"},
		"invalid schema example":    {`"examples": [2]`, `"examples": ["two"]`, "#/components/schemas/Thing/properties/count/examples/0"},
		"invalid default":           {`"examples": [2]`, `"default": "two"`, "#/components/schemas/Thing/properties/count/default"},
		"invalid media example":     {`{"count": 1}`, `{"count": "one"}`, "content/application~1json/examples/one"},
		"invalid parameter example": {`"example": "a"`, `"example": 7`, "#/paths/~1things~1%7Bid%7D/get/parameters/0/example"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, sound, tt.replace)
			out, err := lint(t, strings.ReplaceAll(sound, tt.replace, tt.with))
			require.ErrorIs(t, err, errFindings, out)
			require.Contains(t, out, tt.finding)
		})
	}
}

func TestMisspeltRuleIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "apilint.yaml")
	require.NoError(t, os.WriteFile(path, []byte("extends: [all]\nrules: [{id: sematic-path-params}]\n"), 0o600))
	_, err := loadRules(path)
	require.ErrorContains(t, err, "sematic-path-params")
}
