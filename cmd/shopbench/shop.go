package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shop/cmd/shopbench/internal/dataset"
)

// shop is one installation of the real binary with a database of its own.
type shop struct {
	binary  string
	env     []string // of the command line
	dir     string   // data folder and log
	place   string   // postgres:// URL or a folder
	address string
}

var _ subject = shop{}

// buildShop builds the binary as a release is built.
func buildShop(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "shop")
	build := program{path: "go", env: []string{"CGO_ENABLED=0"}, logPath: filepath.Join(dir, "build.log")}
	err := build.run(ctx, "build", "-tags", "nomsgpack", "-trimpath", "-ldflags", "-s -w", "-o", path, "shop/cmd/shop")
	return path, err
}

func (s shop) fill(ctx context.Context, products int) error {
	p, err := s.program(ctx)
	if err != nil {
		return err
	}
	file := filepath.Join(s.dir, "products.ndjson")
	if err := writeProducts(file, dataset.Products(products)); err != nil {
		return err
	}
	return errors.Join(p.run(ctx, "migrate", "up"), p.run(ctx, "catalog", "import", file))
}

func (s shop) start(ctx context.Context) (*process, error) {
	p, err := s.program(ctx)
	if err != nil {
		return nil, err
	}
	return p.start(ctx, s.address, "serve")
}

// program sets what must be set to run beside others and nothing that would
// make the shop do less.
func (s shop) program(ctx context.Context) (program, error) {
	internal, err := freeAddress(ctx)
	if err != nil {
		return program{}, err
	}
	env := append([]string{
		"SHOP_HTTP_ADDR=" + s.address,
		"SHOP_INTERNAL_ADDR=" + internal,
		"SHOP_DATA_DIR=" + filepath.Join(s.dir, "data"),
		"SHOP_ADMIN_EMAIL=admin@shop.example",
		"SHOP_ADMIN_PASSWORD=correct horse battery staple",
	}, s.env...)
	if strings.Contains(s.place, "://") {
		env = append(env, "SHOP_DATABASE_URL="+s.place)
	}
	return program{path: s.binary, env: env, logPath: filepath.Join(s.dir, "shop.log")}, nil
}

// signUp registers a customer and signs in.
func (s shop) signUp(ctx context.Context, c *client, number int) error {
	account := map[string]string{
		"email":    fmt.Sprintf("customer-%d@shop.example", number),
		"password": "correct horse battery staple",
		"name":     fmt.Sprintf("Customer %d", number),
	}
	if err := c.post(ctx, "/user/", account, nil); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	delete(account, "name")
	var session struct {
		Token  string `json:"token"`
		UserID string `json:"user_id"`
	}
	if err := c.post(ctx, "/session", account, &session); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	c.userID, c.token = session.UserID, session.Token
	return nil
}

func writeProducts(path string, products []dataset.Product) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create the import file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	lines := json.NewEncoder(file)
	for _, p := range products {
		line := map[string]any{
			"sku": p.SKU, "name": p.Name, "description": p.Description, "category": p.Category, "stock": dataset.Stock,
			"price": map[string]any{"amount": p.Amount, "currency": dataset.Currency},
		}
		if err := lines.Encode(line); err != nil {
			return fmt.Errorf("write the import file: %w", err)
		}
	}
	return nil
}
