package rest

import (
	"net/http"

	"shop/modules/users"
	"shop/platform/httpapi"
)

// Register declares the operations of accounts.
func Register(api *httpapi.API, s users.Service) {
	registerAccounts(api, accounts{s})
	registerSessions(api, sessions{s})
	registerTokens(api, tokens{s})
	registerInternal(api, internal{s})
}

func registerAccounts(api *httpapi.API, h accounts) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "register-user", Method: http.MethodPost, Path: "/user/", Module: "users",
		Summary: "Register", Status: http.StatusCreated, Limit: httpapi.LimitRegistration,
		Description: "Makes a customer's account. An e-mail with a link that verifies the address follows. With a guest's token in `Authorization` the guest becomes the customer: the same identifier, cart, invoices and orders, and the token stays good.",
		Errors:      []int{http.StatusConflict, http.StatusServiceUnavailable},
	}, h.register)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-user", Method: http.MethodGet, Path: "/user/{id}", Module: "users",
		Summary: "Read a user", Access: httpapi.SignedIn, Errors: []int{http.StatusNotModified},
	}, h.get)
	httpapi.Handle(api, httpapi.Operation{
		ID: "update-user", Method: http.MethodPut, Path: "/user/{id}", Module: "users",
		Summary: "Change a user", Access: httpapi.SignedIn,
		Description: "Fields left out keep their value. A new password needs `current_password` and ends the user's other sessions; a new address must be verified again; only administrators change `role`.",
		Errors: []int{
			http.StatusConflict, http.StatusPreconditionFailed, http.StatusTooManyRequests, http.StatusServiceUnavailable,
		},
	}, h.update)
	httpapi.Handle(api, httpapi.Operation{
		ID: "remove-user", Method: http.MethodDelete, Path: "/user/{id}", Module: "users",
		Summary: "Remove a user", Access: httpapi.SignedIn,
		Description: "The user's personal data is gone, the sessions are ended, and the identifier is never given again.",
		Errors:      []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, h.remove)
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-users", Method: http.MethodGet, Path: "/users/", Module: "users",
		Summary: "List and search users", Access: httpapi.Administrator, Description: "Newest first.",
	}, h.list)
}

func registerSessions(api *httpapi.API, h sessions) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "sign-in", Method: http.MethodPost, Path: "/session", Module: "users",
		Summary: "Sign in", Status: http.StatusCreated, Limit: httpapi.LimitSignInFailures,
		Description: "A wrong password and an unknown account get the same answer. Failures are limited per account and address. With a guest's token in `Authorization` the guest is merged into the account: what is in his cart comes into the account's, quantities added, within moments; his sessions end.",
		Errors:      []int{http.StatusUnauthorized, http.StatusServiceUnavailable},
	}, h.start)
	httpapi.Handle(api, httpapi.Operation{
		ID: "sign-in-guest", Method: http.MethodPost, Path: "/session/guest", Module: "users",
		Summary: "Come in as a guest", Status: http.StatusCreated, Limit: httpapi.LimitGuests,
		Description: "A guest has a cart at `/user/me/cart/`, may check out, and sees his invoices and orders. Registering with his token in `Authorization` makes him a customer; signing in merges him into the account.",
	}, h.startGuest)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-session", Method: http.MethodGet, Path: "/session", Module: "users",
		Summary: "Who am I", Access: httpapi.SignedIn,
	}, h.get)
	httpapi.Handle(api, httpapi.Operation{
		ID: "sign-out", Method: http.MethodDelete, Path: "/session", Module: "users",
		Summary: "Sign out", Access: httpapi.SignedIn,
	}, h.end)
	httpapi.Handle(api, httpapi.Operation{
		ID: "end-sessions", Method: http.MethodDelete, Path: "/user/{id}/sessions", Module: "users",
		Summary: "Sign out everywhere", Access: httpapi.SignedIn,
	}, h.endAll)
}

func registerTokens(api *httpapi.API, h tokens) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "request-verification", Method: http.MethodPost, Path: "/user/{id}/verification", Module: "users",
		Summary: "Send the verification e-mail", Access: httpapi.SignedIn, Status: http.StatusAccepted,
		Description: "The link in it works once, for 48 hours; earlier ones become void.",
		Errors:      []int{http.StatusConflict},
	}, h.requestVerification)
	httpapi.Handle(api, httpapi.Operation{
		ID: "verify-email", Method: http.MethodPost, Path: "/verification", Module: "users",
		Summary: "Verify an e-mail address", Errors: []int{http.StatusNotFound},
		Description: "With the token of the verification e-mail, which proves who is asking.",
	}, h.verify)
	httpapi.Handle(api, httpapi.Operation{
		ID: "request-password-reset", Method: http.MethodPost, Path: "/password-reset", Module: "users",
		Summary: "Send the password reset e-mail", Status: http.StatusAccepted, Limit: httpapi.LimitPasswordReset,
		Description: "The answer is the same whether there is such an account or not. The link works once, for an hour; earlier ones become void.",
	}, h.requestReset)
	httpapi.Handle(api, httpapi.Operation{
		ID: "reset-password", Method: http.MethodPut, Path: "/password-reset/{token}", Module: "users",
		Summary: "Set a password by reset token", Errors: []int{http.StatusServiceUnavailable},
		Description: "Ends all sessions of the user, and verifies the address that the token was sent to.",
	}, h.reset)
}
