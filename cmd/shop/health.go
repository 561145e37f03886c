package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"shop/platform/config"
)

// healthCommand asks a shop on this machine for its health; the container's
// health check is made of it.
type healthCommand struct {
	Timeout time.Duration `default:"2s" help:"How long to wait for the answer."`
}

// Help is printed below the usage.
func (healthCommand) Help() string {
	return "Asks /readyz of the internal listener (SHOP_INTERNAL_ADDR). Exits 0 when the shop is ready, else 1."
}

// Run prints "ready", or fails with what is not.
func (cmd healthCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, cmd.Timeout)
	defer cancel()
	var internal internalClient
	if err := internal.connect(cfg); err != nil {
		return err
	}
	url := internal.base + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	response, err := internal.client.Do(request)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is not ready: %s", internal.shown, strings.Join(strings.Fields(string(body)), " "))
	}
	_, err = fmt.Fprintln(c.out, "ready")
	return err //nolint:wrapcheck // nobody is left to explain to
}
