package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/httpapi"
)

// specified are the routes that the shop was ordered with.
func specified() []string {
	return []string{
		"POST /user/", "GET /user/{id}", "PUT /user/{id}", "DELETE /user/{id}", "GET /users/",
		"POST /session", "GET /session", "DELETE /session", "DELETE /user/{id}/sessions",
		"POST /user/{id}/verification", "POST /verification", "POST /password-reset", "PUT /password-reset/{token}",
		"POST /send_email/", "GET /email/{id}", "GET /emails/", "POST /email/{id}/retry",
		"POST /product/", "GET /product/{id}", "PUT /product/{id}", "DELETE /product/{id}", "GET /products/", "GET /categories/",
		"POST /user/{uid}/cart/", "GET /user/{uid}/cart/{id}", "PUT /user/{uid}/cart/{id}", "DELETE /user/{uid}/cart/{id}",
		"GET /user/{uid}/cart/", "DELETE /user/{uid}/cart/", "POST /user/{uid}/checkout",
		"POST /invoices", "GET /invoices/{id}", "GET /user/{uid}/invoices", "POST /invoices/{id}/pay",
		"POST /log", "GET /log", "GET /log/summary", "GET /",
	}
}

// declared is how an operation of the document was declared.
func declared(op *huma.Operation) httpapi.Operation {
	declaration, _ := op.Metadata["declaration"].(httpapi.Operation)
	return declaration
}

// operations are those of a document, in order.
func operations(document *huma.OpenAPI) []*huma.Operation {
	var all []*huma.Operation
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		item := document.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete, item.Patch, item.Head, item.Options} {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	return all
}

// The document has what was ordered, and describes the routes that there are.
func TestDocument(t *testing.T) {
	t.Parallel()
	s := stillShop(t, settings(t, database.SQLite))
	document := s.API.OpenAPI()
	var documented []string
	for _, op := range operations(document) {
		documented = append(documented, op.Method+" "+op.Path)
	}
	for _, route := range specified() {
		require.Contains(t, documented, route)
	}

	parameter := regexp.MustCompile(`\{\w+\}|:\w+`)
	shape := func(routes []string) []string {
		shapes := make([]string, len(routes))
		for i, route := range routes {
			shapes[i] = parameter.ReplaceAllString(route, "{}")
			if !strings.HasSuffix(shapes[i], " /") {
				shapes[i] = strings.TrimSuffix(shapes[i], "/")
			}
		}
		slices.Sort(shapes)
		return shapes
	}
	undocumented := func(route string) bool { // pages, which are no part of the API
		return slices.Contains([]string{"GET /openapi.json", "GET /docs"}, route) || strings.HasPrefix(route, "GET /docs/")
	}
	require.Empty(t, cmp.Diff(shape(documented), slices.DeleteFunc(shape(s.API.Routes()), undocumented)))
}

// Every route answers with and without a trailing slash, on the listener that it
// is for and on no other.
func TestDocumentedRoutesAnswer(t *testing.T) {
	t.Parallel()
	s := stillShop(t, settings(t, database.SQLite))
	parameter := regexp.MustCompile(`\{\w+\}`)
	for _, op := range operations(s.API.OpenAPI()) {
		path := strings.TrimSuffix(parameter.ReplaceAllString(op.Path, "x"), "/")
		for _, path := range []string{path, path + "/"} {
			if path == "" {
				continue
			}
			// An operation that is there refuses the token before anything else.
			inside := call(t, s.internal, op.Method, path, "no-such-token", nil)
			require.Equal(t, http.StatusUnauthorized, inside.status, "%s %s", op.Method, path)
			outside := call(t, s.public, op.Method, path, "no-such-token", nil)
			if declared(op).Access == httpapi.Internal {
				require.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, outside.status, "%s %s", op.Method, path)
			} else {
				require.Equal(t, http.StatusUnauthorized, outside.status, "%s %s", op.Method, path)
			}
		}
	}
}

// Whoever reads the document finds for each operation what it is, an example of
// what to send and of what comes back, and how it fails.
func TestOperationsAreDescribed(t *testing.T) {
	t.Parallel()
	s := stillShop(t, settings(t, database.SQLite))
	document := s.API.OpenAPI()
	identifiers := map[string]bool{}
	for _, op := range operations(document) {
		require.False(t, identifiers[op.OperationID], "two operations are named %s", op.OperationID)
		identifiers[op.OperationID] = true
		t.Run(op.OperationID, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, op.Summary)
			require.NotEmpty(t, op.Tags)
			if op.RequestBody != nil {
				requireExample(t, document, "request", op.RequestBody.Content["application/json"].Schema)
			}
			successes, refusals := 0, 0
			for status, response := range op.Responses {
				code, err := strconv.Atoi(status)
				require.NoError(t, err)
				require.NotEmpty(t, response.Description, status)
				switch code / 100 {
				case 2:
					successes++
					if media := response.Content["application/json"]; media != nil {
						requireExample(t, document, status, media.Schema)
					}
				case 4:
					refusals++
					require.NotNil(t, response.Content["application/problem+json"], status)
				}
			}
			require.Positive(t, successes)
			require.Positive(t, refusals)
			for _, p := range op.Parameters {
				require.NotNil(t, p.Schema, p.Name)
			}
		})
	}
}

// requireExample requires that a schema is one of which an example can be made:
// every value in it has one, or may have only few values.
func requireExample(t *testing.T, document *huma.OpenAPI, place string, schema *huma.Schema) {
	t.Helper()
	if schema.Ref != "" {
		schema = document.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	switch {
	case len(schema.Examples) > 0, len(schema.Enum) > 0, schema.Default != nil:
	case len(schema.OneOf) > 0:
		for _, alternative := range schema.OneOf {
			if alternative.Type != "null" {
				requireExample(t, document, place, alternative)
			}
		}
	case schema.Type == "array":
		requireExample(t, document, place+"[]", schema.Items)
	case schema.Type == "object":
		for name, property := range schema.Properties {
			if slices.Contains(schema.Required, name) {
				requireExample(t, document, place+"."+name, property)
			}
		}
	default:
		require.Fail(t, "has no example", "%s", place)
	}
}

// The checked-in document is what the code makes, and what the shop serves.
func TestDocumentIsCheckedIn(t *testing.T) {
	t.Parallel()
	s := stillShop(t, settings(t, database.SQLite))
	made, err := json.Marshal(s.API.OpenAPI())
	require.NoError(t, err)
	require.JSONEq(t, string(made), s.want(t, http.StatusOK, http.MethodGet, "/openapi.json", "", nil).text)
	checkedIn, err := os.ReadFile("../../docs/openapi.json")
	if os.IsNotExist(err) {
		return
	}
	require.NoError(t, err)
	require.True(t, json.Valid(bytes.TrimSpace(checkedIn)))
	require.JSONEq(t, string(made), string(checkedIn), "make generate writes docs/openapi.json")
}
