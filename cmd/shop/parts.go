package main

import (
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
}

// parts are the modules in the order in which people meet them.
func parts() []part {
	return []part{
		{"users", users.Contract, "accounts, sessions, verification, password reset", nil},
		{"email", email.Contract, "queue and delivery of e-mail", []string{"users", "payments"}},
		{"catalog", catalog.Contract, "products, categories, search, stock", nil},
		{"cart", cart.Contract, "carts and checkout", []string{"catalog", "payments"}},
		{"payments", payments.Contract, "invoices and their payment", []string{"users"}},
		{"stats", stats.Contract, "recorded actions and their summary", nil},
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
