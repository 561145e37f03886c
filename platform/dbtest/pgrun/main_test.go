package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// build makes the command once for the tests that run it.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "pgrun")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(output))
	return binary
}

func TestPgrun(t *testing.T) {
	t.Parallel()
	binary := build(t)
	for name, test := range map[string]struct {
		args           []string
		environment    []string
		code           int
		stdout, stderr string
	}{
		"NoCommand":     {args: []string{"--fsync"}, code: 2, stderr: "usage: pgrun"},
		"NoDashes":      {args: []string{"true"}, code: 2, stderr: "usage: pgrun"},
		"GivesAnURL":    {args: []string{"--", "sh", "-c", "echo $SHOP_TEST_POSTGRES_URL"}, stdout: "postgres://shop@/postgres?host="},
		"PassesTheCode": {args: []string{"--", "sh", "-c", "exit 7"}, code: 7},
		"NoSuchCommand": {args: []string{"--", "no-such-command"}, code: 1, stderr: "no-such-command"},
		"UsesAnother": {
			args: []string{"--", "sh", "-c", "echo $SHOP_TEST_POSTGRES_URL"}, stdout: "postgres://other/\n",
			environment: []string{"SHOP_TEST_POSTGRES_URL=postgres://other/"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), binary, test.args...)
			command.Env = append(append(os.Environ(), "SHOP_TEST_POSTGRES_URL="), test.environment...)
			var stdout, stderr bytes.Buffer
			command.Stdout, command.Stderr = &stdout, &stderr
			err := command.Run()
			if err != nil {
				var exit *exec.ExitError
				require.ErrorAs(t, err, &exit)
			}
			require.Equal(t, test.code, command.ProcessState.ExitCode(), stderr.String())
			require.Contains(t, stdout.String(), test.stdout)
			require.Contains(t, stderr.String(), test.stderr)
		})
	}
}
