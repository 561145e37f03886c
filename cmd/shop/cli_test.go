package main

import (
	"errors"
	"os/exec"
	"strconv"
	"testing"

	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run this program as "shop".
func TestMain(m *testing.M) {
	toxics.Register("garbage", new(garbage))
	testscript.Main(m, map[string]func(){"shop": main})
}

// TestCommands runs the command lines of testdata/script.
func TestCommands(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true, Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits}})
}

// exits runs a program and demands an exit code: exits 2 shop serve --dmo.
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits code program [argument...]")
	}
	code := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("run %s: %v", args[1], err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}
