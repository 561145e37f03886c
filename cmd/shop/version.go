package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"shop/platform/telemetry"
)

// version is the release; the linker sets it (-X main.version=…).
var version = "dev"

// build says which build this is.
func build() telemetry.Build {
	b := telemetry.Build{Version: version, Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				b.Commit = setting.Value
			}
		}
	}
	return b
}

// versionCommand prints which build this is.
type versionCommand struct{}

// Run prints one line: "shop v1.2.3 (go1.26, linux/amd64)".
func (versionCommand) Run(c *console) error {
	b := build()
	commit := ""
	if b.Commit != "" {
		commit = "commit " + b.Commit + ", "
	}
	_, err := fmt.Fprintf(c.out, "shop %s (%s%s, %s/%s)\n", b.Version, commit, b.Go, runtime.GOOS, runtime.GOARCH)
	return err //nolint:wrapcheck // nobody is left to explain to
}
