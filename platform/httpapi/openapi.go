package httpapi

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// metadataKey is where an operation's declaration travels through huma.
const metadataKey = "declaration"

// Names of the ways to authenticate in the OpenAPI document.
const (
	sessionScheme = "session"
	serviceScheme = "service"
)

func humaConfig(name, version string) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: name + " API", Version: version,
				Description: "Users, e-mail, catalog, cart, payments and statistics of a shop. Errors are application/problem+json (RFC 9457) with a stable `code`; lists are paged by cursor; `Idempotency-Key` makes every POST that creates or pays safe to repeat.",
				License:     &huma.License{Name: "Proprietary", Identifier: "LicenseRef-Proprietary"},
				Contact:     &huma.Contact{Name: "The shop's engineers"},
			},
			Servers: []*huma.Server{{URL: "/", Description: "The listener that serves this document."}},
			Tags:    tags(),
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					sessionScheme: {Type: "http", Scheme: "bearer", Description: "The token of POST /session."},
					serviceScheme: {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "A service's token; internal listener only."},
				},
			},
		},
		// jsonAPI brings the format, and the edge refuses unknown parameters.
	}
}

func tags() []*huma.Tag {
	return []*huma.Tag{
		{Name: "users", Description: "Accounts, sessions, verification and password reset."},
		{Name: "email", Description: "The queue of outgoing e-mail."},
		{Name: "catalog", Description: "Products and categories."},
		{Name: "cart", Description: "Carts and checkout."},
		{Name: "payments", Description: "Invoices and their payment."},
		{Name: "stats", Description: "Recorded actions and their summary."},
		{Name: "shop", Description: "The service itself."},
	}
}

// schemaName puts the module before a schema's name, because two modules may
// use the same word.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	module := moduleOf(t.PkgPath())
	if module == "" {
		// A generic type of this package: its argument says the module.
		_, argument, _ := strings.Cut(t.Name(), "[")
		module = moduleOf(argument)
	}
	return module + name
}

func moduleOf(path string) string {
	_, rest, found := strings.Cut(path, "shop/modules/")
	if !found {
		return ""
	}
	module, _, _ := strings.Cut(rest, "/")
	return strings.ToUpper(module[:1]) + module[1:]
}

// document turns a declaration into huma's operation.
func (a *API) document(op Operation) huma.Operation {
	statuses := append([]int{http.StatusInternalServerError}, op.Errors...)
	var security []map[string][]string
	description := op.Description
	switch op.Access {
	case Public:
		security = []map[string][]string{}
	case SignedIn:
		security = []map[string][]string{{sessionScheme: {}}, {serviceScheme: {}}}
		statuses = append(statuses, http.StatusUnauthorized, http.StatusForbidden)
	case Administrator:
		security = []map[string][]string{{sessionScheme: {}}, {serviceScheme: {}}}
		statuses = append(statuses, http.StatusUnauthorized, http.StatusForbidden)
		description += "\n\nFor administrators."
	case Internal:
		security = []map[string][]string{{serviceScheme: {}}, {sessionScheme: {}}}
		statuses = append(statuses, http.StatusUnauthorized, http.StatusForbidden)
		description += "\n\nOn the internal listener only, for services and administrators."
	}
	if op.Limit != "" {
		statuses = append(statuses, http.StatusTooManyRequests)
	}
	if strings.Contains(op.Path, "{") {
		statuses = append(statuses, http.StatusNotFound)
	}
	if op.Method == http.MethodPost || op.Method == http.MethodPut {
		statuses = append(statuses, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	statuses = append(statuses, http.StatusUnprocessableEntity)
	slices.Sort(statuses)
	return huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Summary: op.Summary,
		Description: strings.TrimSpace(description), Tags: []string{op.Module},
		DefaultStatus: op.Status, Security: security, Responses: responses(op, slices.Compact(statuses)),
		// The edge has read the body within its limit already.
		MaxBodyBytes: -1, BodyReadTimeout: -1,
		Metadata: map[string]any{metadataKey: op},
	}
}

func responses(op Operation, statuses []int) map[string]*huma.Response {
	all := map[string]*huma.Response{}
	for _, status := range statuses {
		all[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content: map[string]*huma.MediaType{
				problemType: {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}},
			},
		}
	}
	if limited := all[strconv.Itoa(http.StatusTooManyRequests)]; limited != nil {
		limited.Headers = map[string]*huma.Header{"Retry-After": {
			Description: "Seconds until it makes sense to try again.",
			Schema:      &huma.Schema{Type: huma.TypeInteger, Format: "int32"},
		}}
	}
	maps.Copy(all, op.Responses)
	return all
}
