package main

import (
	"path/filepath"
	"strconv"

	"shop/platform/config"
)

// modulesCommand lists the modules.
type modulesCommand struct{}

// Run prints a line for each module.
func (modulesCommand) Run(c *console, cfg config.Config) error {
	rows := table{{"MODULE", "CONTRACT", "DATABASE", "DOES"}}
	for _, p := range parts() {
		rows = append(rows, []string{p.name, strconv.Itoa(p.contract.Newest), databaseOf(cfg, p.name), p.does})
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
