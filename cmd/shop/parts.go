package main

import (
	"time"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/email"
	"shop/modules/payments"
	"shop/modules/stats"
	"shop/modules/users"
	"shop/platform/contract"
)

// part is a module as the program knows it before it is built.
type part struct {
	name     string
	contract contract.Versions
	does     string
	// calls are the modules whose faces it holds.
	calls []string
	// timeout bounds a call of it in another process; 0 is the usual.
	timeout time.Duration
}

// patient is how long a call may take that waits for a payment provider, which
// has its own time: a little less than a request.
const patient = 25 * time.Second

// parts are the modules in the order in which people meet them.
func parts() []part {
	return []part{
		{"users", users.Contract, "accounts, sessions, verification, password reset", nil, 0},
		{"email", email.Contract, "queue and delivery of e-mail", []string{"users", "payments"}, 0},
		{"catalog", catalog.Contract, "products, categories, search, stock", nil, 0},
		{"cart", cart.Contract, "carts and checkout", []string{"catalog", "payments"}, patient},
		{"payments", payments.Contract, "invoices and their payment", []string{"users"}, patient},
		{"stats", stats.Contract, "recorded actions and their summary", nil, 0},
	}
}

// moduleNames are the names of all modules.
func moduleNames() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}
