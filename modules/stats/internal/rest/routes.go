// Package rest is statistics over HTTP.
package rest

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"shop/modules/stats"
	"shop/platform/httpapi"
)

// Register declares the operations of statistics.
func Register(api *httpapi.API, s stats.Service) {
	h := handlers{s}
	schemas := api.OpenAPI().Components.Schemas
	httpapi.Handle(api, httpapi.Operation{
		ID: "record-actions", Method: http.MethodPost, Path: "/log", Module: "stats", Access: httpapi.SignedIn,
		Summary: "Record actions",
		Description: "Records one action, or an array of 1 to 1,000 of them: all or none. " +
			"Customers record their own actions only; administrators and services record anybody's.",
		Status: http.StatusCreated, Errors: []int{http.StatusConflict, http.StatusTooManyRequests},
		Responses: map[string]*huma.Response{"201": recordedResponse(schemas)},
	}, h.record)
	describeActions(api.OpenAPI().Paths["/log"].Post, schemas)
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-log", Method: http.MethodGet, Path: "/log", Module: "stats", Access: httpapi.Internal,
		Summary: "What was recorded in a period",
		Description: "Lists the entries of the period [from, to), by time, oldest first. " +
			"With `Accept: application/x-ndjson` the answer is all of them from the cursor on, one JSON object a line, " +
			"read from the database as they are sent; limit and count do not apply. " +
			"A connection that breaks off means that there was more: " +
			"a request takes at most 30 seconds, so cut a long period into several.",
		Responses: map[string]*huma.Response{"200": entriesResponse(schemas)},
	}, h.entries)
	httpapi.Handle(api, httpapi.Operation{
		ID: "summarize-log", Method: http.MethodGet, Path: "/log/summary", Module: "stats", Access: httpapi.Internal,
		Summary: "Counts of what was recorded in a period",
		Description: "Counts the entries of the period [from, to) per bucket of time, by time. Buckets begin at whole UTC " +
			"minutes, hours or days; those without entries are left out, and the first and last count what lies in the " +
			"period. A summary of more than 10,000 buckets or counts is refused.",
	}, h.summary)
	registerInternal(api, h)
}

type handlers struct{ service stats.Service }
