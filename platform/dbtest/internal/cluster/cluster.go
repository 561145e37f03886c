// Package cluster runs a throwaway PostgreSQL server from the machine's own
// binaries, for tests and benchmarks. The server ends with the process that
// started it, however that ends, and leaves nothing behind.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// startLimit is how long a server may take until it answers.
const startLimit = time.Minute

// Options say how the server runs; the zero value is for tests.
type Options struct {
	// FSync makes the server wait for the disk, as one in production does:
	// for benchmarks. Without it nothing survives a crash of the machine.
	FSync bool
}

// Cluster is a running server.
type Cluster struct {
	folder string
	guard  *exec.Cmd
	alive  io.Closer // the guard stops the server when this is closed
}

// guardScript runs the server and stops it when its standard input ends, which
// happens when Stop closes it or when this process is gone, killed or not.
const guardScript = `
"$1/postgres" -D "$2/data" >"$2/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$2"
`

// Start makes a cluster in a temporary folder and waits until it answers. As
// root it runs as another user, since the server refuses to run as root. A
// *NotInstalledError means that the machine has no server.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	binaries, err := findBinaries()
	if err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "shop-postgres-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	c, err := start(ctx, o, binaries, folder, account)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	if err := c.wait(ctx); err != nil {
		log, _ := os.ReadFile(filepath.Join(folder, "log")) // the better half of the error, if there is one
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w\n%s", err, log), c.Stop())
	}
	return c, nil
}

func start(ctx context.Context, o Options, binaries, folder string, account *account) (*Cluster, error) {
	if err := account.own(folder); err != nil {
		return nil, err
	}
	initdb := exec.CommandContext(ctx, filepath.Join(binaries, "initdb"),
		"--pgdata="+filepath.Join(folder, "data"), "--username=shop", "--auth=trust",
		"--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir = folder
	initdb.SysProcAttr = account.attributes()
	if output, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("run initdb: %w\n%s", err, output)
	}
	settings := "listen_addresses = ''\nunix_socket_directories = '" + folder + "'\n" + strings.Join(o.settings(), "\n") + "\n"
	if err := appendFile(filepath.Join(folder, "data", "postgresql.conf"), settings); err != nil {
		return nil, fmt.Errorf("configure PostgreSQL: %w", err)
	}
	// The guard outlives ctx on purpose: Stop ends it, or the end of this process.
	guard := exec.Command("/bin/sh", "-c", guardScript, "postgres-guard", binaries, folder)
	guard.Dir = "/"
	guard.SysProcAttr = account.attributes()
	alive, err := guard.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("make the guard's pipe: %w", err)
	}
	if err := guard.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return &Cluster{folder: folder, guard: guard, alive: alive}, nil
}

func (o Options) settings() []string {
	all := []string{"max_connections = 300", "shared_buffers = 128MB", "timezone = 'UTC'"}
	if o.FSync {
		return append(all, "fsync = on", "synchronous_commit = on", "full_page_writes = on")
	}
	return append(all,
		"fsync = off", "synchronous_commit = off", "full_page_writes = off",
		"wal_level = minimal", "max_wal_senders = 0", "max_wal_size = 2GB")
}

// URL is the address of the database that every cluster has. The server listens
// on a socket in its folder only, so that two of them never want one port.
func (c *Cluster) URL() string {
	address := url.URL{
		Scheme: "postgres", User: url.User("shop"), Path: "/postgres",
		RawQuery: url.Values{"host": {c.folder}}.Encode(),
	}
	return address.String()
}

// Stop stops the server and waits until its folder is gone.
func (c *Cluster) Stop() error {
	if err := errors.Join(c.alive.Close(), c.guard.Wait()); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

func (c *Cluster) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.URL())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
}

func appendFile(name, text string) error {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
