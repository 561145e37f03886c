package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"

	"github.com/google/uuid"
)

// column is one of the servers that are compared.
type column int

const (
	columnShop column = iota
	columnGinGORM
	columnByHand
	columns
)

func (c column) String() string { return [...]string{"shop", "gin+gorm", "by hand"}[c] }

// subject is a server that can be measured. All answer the same requests.
type subject interface {
	// fill prepares the empty database; the server does not run yet.
	fill(ctx context.Context, products int) error
	start(ctx context.Context) (*process, error)
	// signUp makes the client a customer of its own.
	signUp(ctx context.Context, c *client, number int) error
}

// yardstickServer is this binary in another process.
type yardstickServer struct {
	kind    string
	dir     string
	place   string
	address string
	options options
}

var _ subject = yardstickServer{}

func (y yardstickServer) fill(ctx context.Context, products int) error {
	p, args, err := y.program()
	if err != nil {
		return err
	}
	return p.run(ctx, append(args, "-fill", strconv.Itoa(products))...)
}

func (y yardstickServer) start(ctx context.Context) (*process, error) {
	p, args, err := y.program()
	if err != nil {
		return nil, err
	}
	return p.start(ctx, y.address, args...)
}

func (y yardstickServer) program() (program, []string, error) {
	self, err := os.Executable()
	if err != nil {
		return program{}, nil, err
	}
	database := y.place
	if info, err := os.Stat(database); err == nil && info.IsDir() {
		database = filepath.Join(database, "rows.db")
	}
	return program{path: self, logPath: filepath.Join(y.dir, y.kind+".log")}, []string{
		yardstickCommand, "-kind", y.kind, "-address", y.address, "-database", database,
		"-pool", strconv.Itoa(y.options.pool), "-synchronous", y.options.synchronous,
	}, nil
}

// signUp only makes up an id: a yardstick knows no accounts.
func (y yardstickServer) signUp(_ context.Context, c *client, _ int) error {
	id, err := uuid.NewV7()
	c.userID = id.String()
	return err
}

// target is a running server with its clients.
type target struct {
	column  column
	subject subject
	process *process
	clients []*client
}
