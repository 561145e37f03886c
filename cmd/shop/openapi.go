package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"shop/platform/config"
)

// openapiCommand prints the document of the REST API.
type openapiCommand struct{}

// Help is printed below the usage.
func (openapiCommand) Help() string {
	return `The document is the one that the shop serves at /openapi.json.

Example:
  shop openapi > openapi.json`
}

// Run prints the document as JSON. The modules are put together in a directory
// that is removed again, so that the document depends on no setting or data.
func (openapiCommand) Run(ctx context.Context, c *console) error {
	cfg, err := config.Default()
	if err != nil {
		return err //nolint:wrapcheck // names the setting
	}
	cfg.DataDir, err = os.MkdirTemp("", "shop-openapi-")
	if err != nil {
		return fmt.Errorf("make a directory to work in: %w", err)
	}
	defer os.RemoveAll(cfg.DataDir)
	return c.withApp(ctx, cfg, slog.New(slog.DiscardHandler), func(app *App) error {
		encoder := json.NewEncoder(c.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(app.API.OpenAPI()); err != nil {
			return fmt.Errorf("print document: %w", err)
		}
		return nil
	})
}
