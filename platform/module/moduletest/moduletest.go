// Package moduletest puts a module into another process, as far as a test can
// tell: behind a real listener, with real service tokens.
package moduletest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/flip"
	"shop/platform/httpapi"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/remote"
	"shop/platform/serviceauth"
)

// Placement is how the near side of a test reaches a module.
type Placement int

// The placements.
const (
	HTTP Placement = iota // in another process, over TCP
	Unix                  // in another process, over a unix socket
	Half                  // on both sides of one database, each for half of the actors
)

// Placements are all of them.
func Placements() []Placement { return []Placement{HTTP, Unix, Half} }

// String names the placement for a test.
func (p Placement) String() string {
	return [...]string{HTTP: "remote over HTTP", Unix: "remote over a unix socket", Half: "switch at 50 %"}[p]
}

// Dialect is the kind of database that the far side has in a test: the one that
// several processes share best where both sides read it.
func (p Placement) Dialect() database.Dialect {
	if p == Half {
		return database.Postgres
	}
	return database.SQLite
}

// Near is what the near side of a module is built from, whose far side is
// hosted: it is served until the test ends. Logger and Observer are set too.
func (p Placement) Near(t testing.TB, hosted module.Module) module.Deps {
	t.Helper()
	near := module.Deps{Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)}
	near.Remote = Remote(t, hosted, p == Unix)
	if p == Half {
		near.DB, near.Policy = hosted.DB, flip.Policy{Remote: 50}
	}
	return near
}

// Remote serves the internal listener of a process that hosts a module, and
// returns a client of it.
func Remote(t testing.TB, hosted module.Module, overUnix bool) *remote.Client {
	t.Helper()
	keys, err := serviceauth.ParseKeys("test:" + testKey)
	require.NoError(t, err)
	authority, err := serviceauth.New(serviceauth.Options{Keys: keys})
	require.NoError(t, err)
	api, err := httpapi.New(httpapi.Options{
		Name: "Shop", Version: "1", Logger: slog.New(slog.DiscardHandler),
		AuthenticateService: func(token, module string) (identity.Actor, error) { return authority.Verify(token, module) },
	})
	require.NoError(t, err)
	hosted.Register(api)
	module.RegisterHello(api, hosted, "test")
	client, err := remote.New(remote.Options{
		Module: hosted.Name, Contract: hosted.Contract.Newest, OldestContract: hosted.Contract.Oldest,
		Targets: []string{serve(t, api.Internal(), overUnix)}, Mint: authority.Mint,
		Timeout: time.Minute, // what is slow on a busy machine is not away
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// testKey is no secret: 32 bytes in base64.
const testKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// serve serves h until the test ends and returns its address.
func serve(t testing.TB, h http.Handler, overUnix bool) string {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	address := ""
	if overUnix {
		// The path of a socket may have about 100 characters, which t.TempDir() of a
		// test with a long name exceeds.
		dir, err := os.MkdirTemp("", "shop") //nolint:usetesting // see above
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
		var listen net.ListenConfig
		socket, err := listen.Listen(context.WithoutCancel(t.Context()), "unix", filepath.Join(dir, "s"))
		require.NoError(t, err)
		require.NoError(t, server.Listener.Close())
		server.Listener = socket
		address = "unix://" + filepath.Join(dir, "s")
	}
	server.Start()
	t.Cleanup(server.Close)
	if address == "" {
		address = server.URL
	}
	return address
}
