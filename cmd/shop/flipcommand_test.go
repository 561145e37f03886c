package main

import (
	"bytes"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// operate runs a command line about the process and returns its exit code and
// what it printed.
func (p *process) operate(t *testing.T, args ...string) (code int, text string) {
	t.Helper()
	output, err := p.operation(t, args...).CombinedOutput()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return failed.ExitCode(), string(output)
	}
	require.NoError(t, err)
	return 0, string(output)
}

// operation is a command line about the process, not yet run.
func (p *process) operation(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return shopCommand(t, []string{"SHOP_INTERNAL_ADDR=" + p.internalAddr, "SHOP_DATA_DIR=" + p.Config.DataDir}, args...)
}

// The commands of an operator who moves the catalog out of a running shop.
//
//nolint:tparallel // each step goes on from the one before
func TestModulesCommands(t *testing.T) {
	t.Parallel()
	dataDir, address := t.TempDir(), freeAddress(t)
	front := start(t, dataDir, []string{"SHOP_CATALOG_URL=http://" + address}, "--demo")
	out := []string{"SHOP_MODULES=catalog", "SHOP_INTERNAL_ADDR=" + address}

	code, text := front.operate(t, "modules", "flip", "cart", "--remote", "5")
	require.Equal(t, exitFailure, code)
	require.Contains(t, text, "set SHOP_CART_URL")
	require.Contains(t, text, "(no_remote_address)")
	code, text = front.operate(t, "modules", "flip", "catalog", "--remote", "25")
	require.Equal(t, exitFailure, code)
	require.Contains(t, text, "http://"+address+" does not answer for catalog")
	require.Contains(t, text, "(remote_not_reachable)")

	remote := start(t, dataDir, out)
	code, text = front.operate(t, "modules", "flip", "catalog", "--shadow", "5", "--fallback", "reads")
	require.Equal(t, exitOK, code, text)
	require.Equal(t, "catalog: remote 0%, shadow 5%, fallback reads, kept in the memory of that process alone\n", text)

	t.Run("Ramp", func(t *testing.T) {
		code, text := front.operate(t, "modules", "flip", "catalog", "--ramp", "1,100", "--every", "1s", "--abort-on", "errors>1%")
		require.Equal(t, exitOK, code, text)
		require.Regexp(t, `(?s)step 1 of 2.*step 2 of 2.*catalog: remote 100%, the ramp is done`, text)
	})
	t.Run("List", func(t *testing.T) {
		code, text := front.operate(t, "modules")
		require.Equal(t, exitOK, code, text)
		require.Contains(t, text, "Live from the shop at http://127.0.0.1:")
		require.Regexp(t, `(?m)^catalog +yes +100% +5% +reads +memory +[0-9]+ +[0-9a-f]{8}/1 `, text)
		require.Regexp(t, `(?m)^  http://`+address+`  healthy  breaker closed  .* database [0-9a-f]{8}/1`, text)
		require.Contains(t, text, "guards: errors>1% takes it back")
	})
	t.Run("Watch", func(t *testing.T) {
		watching := front.operation(t, "modules", "watch")
		var seen output
		watching.Stdout = &seen
		require.NoError(t, watching.Start())
		require.Eventually(t, func() bool { return strings.Contains(seen.String(), "catalog remote 100%") }, patience, 10*time.Millisecond)
		before := strings.Count(seen.String(), "catalog remote 100%")
		front.want(t, http.StatusOK, http.MethodGet, "/products/", "", nil)
		require.Eventually(t, func() bool { return strings.Count(seen.String(), "catalog remote 100%") > before }, patience, 10*time.Millisecond)
		require.NotContains(t, seen.String(), "\x1b", "no terminal, no drawing")
		require.NoError(t, watching.Process.Signal(syscall.SIGINT))
		require.NoError(t, watching.Wait())
	})
	t.Run("Aborted", func(t *testing.T) {
		code, text := front.operate(t, "modules", "flip", "catalog", "--remote", "5", "--fallback", "none")
		require.Equal(t, exitOK, code, text)
		flipping := front.operation(t, "modules", "flip", "catalog", "--ramp", "100", "--every", "1m", "--abort-on", "errors>1%")
		var said bytes.Buffer
		flipping.Stderr = &said
		require.NoError(t, flipping.Start())
		require.Eventually(t, func() bool {
			return front.internalState(t)["ramp"] != nil
		}, patience, 10*time.Millisecond)
		remote.kill()
		ended := make(chan error, 1)
		go func() { ended <- flipping.Wait() }()
		var failed *exec.ExitError
		require.Eventually(t, func() bool {
			call(t, front.public, http.MethodGet, "/products/", "", nil)
			select {
			case err := <-ended:
				require.ErrorAs(t, err, &failed)
				return true
			default:
				return false
			}
		}, patience, 10*time.Millisecond)
		require.Equal(t, exitFailure, failed.ExitCode())
		require.Regexp(t, `^shop: catalog was taken back to remote 5%, shadow 5%: errors [0-9.]+% > 1% \([0-9]+ of [0-9]+ calls in [0-9]+s\)\n$`, said.String())
	})
	t.Run("Settings", func(t *testing.T) {
		front.stop(t, syscall.SIGTERM)
		code, text := front.operate(t, "modules")
		require.Equal(t, exitOK, code, text)
		require.Regexp(t, `^From the settings: .*connection refused`, text)
		code, text = front.operate(t, "modules", "watch")
		require.Equal(t, exitFailure, code, text)
	})
}

// internalState is the catalog's, as the internal listener has it.
func (p *process) internalState(t *testing.T) map[string]any {
	t.Helper()
	if p.admin == "" {
		p.admin = p.signIn(t, defaultAdminEmail, p.password())
	}
	return call(t, p.internal, http.MethodGet, "/internal/modules/catalog", p.admin, nil).json(t)
}
