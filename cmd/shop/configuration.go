package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"shop/platform/config"
)

// configCommand shows the settings in force.
type configCommand struct {
	Format string `enum:"text,json,markdown" default:"text" help:"How to print them: text, json, or markdown for the table of all settings with their defaults."`
}

// Help is printed below the usage.
func (configCommand) Help() string {
	return `Secrets and passwords are masked. The variable of a setting is SHOP_ and its name in upper case, with _ for dots: catalog.database_url is SHOP_CATALOG_DATABASE_URL. The environment wins over the settings file.

Examples:
  shop config
  SHOP_LOG_LEVEL=debug shop config --format json
  shop config --config /etc/shop/shop.yaml`
}

// Run prints the settings.
func (cmd configCommand) Run(c *console, cfg config.Config) error {
	settings := cfg.Describe()
	switch cmd.Format {
	case "json":
		encoder := json.NewEncoder(c.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(settings)
	case "markdown":
		_, err := fmt.Fprint(c.out, markdown(settings))
		return err
	}
	rows := table{{"SETTING", "VALUE", "SOURCE"}}
	for _, s := range settings {
		rows = append(rows, []string{s.Key, orDash(s.Value), s.Source})
	}
	return rows.write(c.out, c.styleFor(c.out))
}

// markdown is the table of the README.
func markdown(settings []config.Setting) string {
	var text strings.Builder
	text.WriteString("| variable | default | what it is |\n|---|---|---|\n")
	text.WriteString("| `SHOP_CONFIG` | `./shop.yaml` if it exists | settings file, where `catalog.database_url` stands for `SHOP_CATALOG_DATABASE_URL` |\n")
	for _, s := range settings {
		fallback := ""
		if s.Default != "" {
			fallback = "`" + s.Default + "`"
		}
		doc := s.Doc
		if s.Allowed != "" {
			doc += " (" + s.Allowed + ")"
		}
		fmt.Fprintf(&text, "| `%s` | %s | %s |\n", s.Env, fallback, strings.ReplaceAll(doc, "|", `\|`))
	}
	return text.String()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
