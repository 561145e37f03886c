package rest

import (
	"shop/platform/audit"
	"shop/platform/httpapi"
	"shop/platform/module"
)

// registerInternal declares what only services call.
func registerInternal(api *httpapi.API, h handlers) {
	module.RegisterEvents(api, "cart", h.service.Receive)
	audit.Register(api, "cart", h.service.Verify)
}
