package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// noCluster tells Debian's packages to install the server without making and
// starting a cluster: a file of ours beside the administrator's own settings,
// there while the packages are installed.
const noCluster = "/etc/postgresql-common/createcluster.d/shop-tests.conf"

// installable says whether install may be tried: by root, with apt.
func installable() bool {
	_, err := exec.LookPath("apt-get")
	return err == nil && os.Geteuid() == 0
}

func install(ctx context.Context) (err error) {
	if err = os.MkdirAll(filepath.Dir(noCluster), 0o755); err != nil {
		return fmt.Errorf("install PostgreSQL: %w", err)
	}
	if err = os.WriteFile(noCluster, []byte("create_main_cluster = false\n"), 0o644); err != nil {
		return fmt.Errorf("install PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(noCluster)) }()
	for _, arguments := range [][]string{
		{"update", "-q"},
		{"install", "-q", "-y", "--no-install-recommends", "postgresql"},
	} {
		command := exec.CommandContext(ctx, "apt-get", arguments...)
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		command.Stdout, command.Stderr = os.Stderr, os.Stderr
		if err := command.Run(); err != nil {
			return fmt.Errorf("install PostgreSQL: apt-get %s: %w", arguments[0], err)
		}
	}
	return nil
}
