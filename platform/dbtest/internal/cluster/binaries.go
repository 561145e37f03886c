package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// NotInstalledError means that the machine has no PostgreSQL server.
type NotInstalledError struct{}

// Error tells the command that changes it.
func (*NotInstalledError) Error() string {
	return "no PostgreSQL server is installed on this machine (looked for initdb and postgres on PATH and in the usual folders); " +
		"type `" + InstallCommand() + "`, or set SHOP_TEST_POSTGRES_URL to a server that tests may use"
}

// InstallCommand is what a person types to install a server here.
func InstallCommand() string {
	for _, way := range []struct{ tool, command string }{
		{"apt-get", "apt-get update && apt-get install -y postgresql"},
		{"dnf", "dnf install -y postgresql-server"},
		{"apk", "apk add postgresql"},
		{"pacman", "pacman -S postgresql"},
		{"brew", "brew install postgresql"},
	} {
		if _, err := exec.LookPath(way.tool); err == nil {
			if os.Geteuid() != 0 && runtime.GOOS != "darwin" {
				return "sudo sh -c '" + way.command + "'"
			}
			return way.command
		}
	}
	return "install PostgreSQL 14 or newer"
}

// findBinaries is the folder with the newest server: the one on PATH, else
// where distributions put theirs.
func findBinaries() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		// PATH may hold links; the server finds its files from where it lies.
		if file, err := filepath.EvalSymlinks(initdb); err == nil && complete(filepath.Dir(file)) {
			return filepath.Dir(file), nil
		}
	}
	var found []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                   // PostgreSQL's packages for Fedora and Red Hat
		"/usr/libexec/postgresql*",                           // Alpine
		"/opt/homebrew/opt/postgresql*/bin",                  // Homebrew
		"/usr/local/opt/postgresql*/bin",                     // Homebrew on Intel
		"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
		"/usr/local/pgsql/bin", "/usr/bin", "/usr/local/bin", // by hand
	} {
		folders, _ := filepath.Glob(pattern) // fails for a malformed pattern only
		for _, folder := range folders {
			if complete(folder) {
				found = append(found, folder)
			}
		}
	}
	if len(found) == 0 {
		return "", &NotInstalledError{}
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

func complete(folder string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

// version is the major version in a folder's path, 0 when it names none.
func version(folder string) int {
	digits := strings.FieldsFunc(folder, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	number, err := strconv.Atoi(digits[0])
	if err != nil {
		return 0
	}
	return number
}
