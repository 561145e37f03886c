package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"shop/modules/users"
	"shop/modules/users/usersmod"
	"shop/platform/apidocs"
	"shop/platform/config"
	"shop/platform/event/operate"
	"shop/platform/httpapi"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/placement"
	"shop/platform/ratelimit"
	"shop/platform/serviceauth"
	"shop/platform/telemetry"
)

// apiVersion is the version of the REST API, which the OpenAPI document bears.
// It is not the build's: two builds may offer the same API.
const apiVersion = "1.0.0"

// openAPIPath is where the OpenAPI document is served.
const openAPIPath = "/openapi.json"

// newAPI puts the operations of all modules on one API.
func newAPI(
	cfg config.Config, logger *slog.Logger, registry *prometheus.Registry, tracing *telemetry.Tracing,
	authority *serviceauth.Authority, sessions users.Service, modules []module.Module, controller *placement.Controller,
) (*httpapi.API, error) {
	options := httpapi.Options{
		Name: "Shop", Version: apiVersion, Logger: logger, Metrics: registry,
		AuthenticateSession: usersmod.Authenticator(sessions),
		AuthenticateService: func(token, module string) (identity.Actor, error) { return authority.Verify(token, module) },
		CORSOrigins:         cfg.CORSOrigins,
		TrustedProxies:      cfg.TrustedProxies,
		Placement:           placements(modules),
		Limits: map[httpapi.LimitName]ratelimit.Limit{
			httpapi.LimitRequests:       limit(cfg.RateLimitRequests),
			httpapi.LimitRegistration:   limit(cfg.RateLimitRegistration),
			httpapi.LimitGuests:         limit(cfg.RateLimitGuests),
			httpapi.LimitSignInFailures: limit(cfg.RateLimitSignInFailures),
			httpapi.LimitPasswordReset:  limit(cfg.RateLimitPasswordReset),
		},
	}
	if tracing.Enabled() {
		options.Tracing, options.Propagator = tracing.Provider(), tracing.Propagator()
	}
	api, err := httpapi.New(options)
	if err != nil {
		return nil, err //nolint:wrapcheck // says which setting is wrong
	}
	registerRoot(api)
	for _, m := range modules {
		m.Register(api)
		module.RegisterHello(api, m, version)
		module.RegisterHandled(api, m)
	}
	placement.Register(api, controller)
	operate.Register(api, operate.New(publishersOf(modules)))
	docs := apidocs.Handler(openAPIPath)
	api.Raw(openAPIPath, document(api))
	api.Raw(apidocs.Path, docs)
	api.Raw(apidocs.Path+"/*file", docs)
	return api, nil
}

// publishersOf are the modules hosted here that publish.
func publishersOf(modules []module.Module) []operate.Publisher {
	var publishers []operate.Publisher
	for _, m := range modules {
		if m.Outbox != nil {
			publishers = append(publishers, operate.Publisher{Name: m.Name, Outbox: m.Outbox})
		}
	}
	return publishers
}

func limit(r config.Rate) ratelimit.Limit { return ratelimit.Limit{Requests: r.Limit, Window: r.Per} }

// rootBody says what this is and where to go on.
type rootBody struct {
	Name    string    `json:"name" example:"Shop"`
	Version string    `json:"version" doc:"The build." example:"v1.0.0"`
	Links   rootLinks `json:"links"`
}

type rootLinks struct {
	Documentation string `json:"documentation" example:"/docs"`
	OpenAPI       string `json:"openapi" example:"/openapi.json"`
	Products      string `json:"products" example:"/products/"`
	Categories    string `json:"categories" example:"/categories/"`
	Registration  string `json:"registration" example:"/user/"`
	Session       string `json:"session" example:"/session"`
}

type rootOutput struct{ Body rootBody }

func registerRoot(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-root", Method: http.MethodGet, Path: "/", Module: "shop", Summary: "Say what this is",
	}, func(context.Context, *struct{}) (*rootOutput, error) {
		return &rootOutput{Body: rootBody{
			Name: "Shop", Version: version,
			Links: rootLinks{
				Documentation: apidocs.Path, OpenAPI: openAPIPath, Products: "/products/",
				Categories: "/categories/", Registration: "/user/", Session: "/session",
			},
		}}, nil
	})
}

// document serves the OpenAPI document, which is made when it is first asked
// for: it costs more than a start may take.
func document(api *httpapi.API) http.Handler {
	once := sync.OnceValues(func() ([]byte, error) { return json.Marshal(api.OpenAPI()) })
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body, err := once()
		if err != nil {
			http.Error(w, "the document could not be made", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/openapi+json;version=3.1")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(body) // who asked is gone if this fails
	})
}

// eventsOf are the names that begin with the publisher's.
func eventsOf(publisher string, names []string) []string {
	var own []string
	for _, name := range names {
		if strings.HasPrefix(name, publisher+".") {
			own = append(own, name)
		}
	}
	return own
}
