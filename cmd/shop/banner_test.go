package main

import (
	"bytes"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBanner(t *testing.T) {
	t.Parallel()
	full := banner{
		version: "1.0", public: &net.TCPAddr{Port: 8080}, internal: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8081},
		data: "SQLite in ./data", products: 62, admin: &credentials{"admin@localhost", "secret-secret"},
	}
	t.Run("Plain", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		full.write(&out, style{})
		require.Equal(t, `
  ● shop 1.0

  API       http://localhost:8080
  Docs      http://localhost:8080/docs
  Internal  http://127.0.0.1:8081  metrics, health, GET /log
  Data      SQLite in ./data
  Catalog   62 demo products added
  Admin     admin@localhost
  Password  secret-secret  shown this once; stored hashed

  README.md walks through a purchase in ten curl lines. Ctrl-C stops.

`, out.String())
	})
	t.Run("Colour", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		full.write(&out, style{on: true})
		require.Contains(t, out.String(), "\x1b[36mhttp://localhost:8080\x1b[0m")
	})
	t.Run("SecondStart", func(t *testing.T) {
		t.Parallel()
		again := full
		again.products, again.admin = 0, nil
		var out bytes.Buffer
		again.write(&out, style{})
		require.NotContains(t, out.String(), "Password")
		require.NotContains(t, out.String(), "Catalog")
	})
}

func TestNewPassword(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `^[a-z2-7]{5}(-[a-z2-7]{5}){3}$`, newPassword())
	first, second := newPassword(), newPassword()
	require.NotEqual(t, first, second)
}
