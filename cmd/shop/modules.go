package main

import (
	"path/filepath"
	"strconv"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/email"
	"shop/modules/payments"
	"shop/modules/stats"
	"shop/modules/users"
	"shop/platform/config"
)

// part is a module as the command line knows it.
type part struct {
	name     string
	contract int
	does     string
}

// parts are the modules in the order in which people meet them.
func parts() []part {
	return []part{
		{"users", users.ContractVersion, "accounts, sessions, verification, password reset"},
		{"email", email.ContractVersion, "queue and delivery of e-mail"},
		{"catalog", catalog.ContractVersion, "products, categories, search, stock"},
		{"cart", cart.ContractVersion, "carts and checkout"},
		{"payments", payments.ContractVersion, "invoices and their payment"},
		{"stats", stats.ContractVersion, "recorded actions and their summary"},
	}
}

// modulesCommand lists the modules.
type modulesCommand struct{}

// Run prints a line for each module.
func (modulesCommand) Run(c *console, cfg config.Config) error {
	rows := table{{"MODULE", "CONTRACT", "DATABASE", "DOES"}}
	for _, p := range parts() {
		rows = append(rows, []string{p.name, strconv.Itoa(p.contract), databaseOf(cfg, p.name), p.does})
	}
	return rows.write(c.out, c.styleFor(c.out))
}

// databaseOf says where a module's data is, passwords masked.
func databaseOf(cfg config.Config, module string) string {
	if url := cfg.DatabaseURLOf(module); url != "" {
		return config.URL(url).String()
	}
	return filepath.Join(cfg.DataDir, module+".db")
}

// moduleNames are the names of all modules.
func moduleNames() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}
