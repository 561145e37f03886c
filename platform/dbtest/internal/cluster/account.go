package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is the user that the server runs as; nil is the user of this process.
type account struct{ uid, gid int }

// serverAccount picks an unprivileged user when this process is root's.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // nil is this process's own account
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(found.Uid)
		gid, gidErr := strconv.Atoi(found.Gid)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("read the user %s: %w", name, err)
		}
		return &account{uid, gid}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody to run it as")
}

// own hands a folder to the account.
func (a *account) own(folder string) error {
	if a == nil {
		return nil
	}
	if err := os.Chown(folder, a.uid, a.gid); err != nil {
		return fmt.Errorf("hand over PostgreSQL's folder: %w", err)
	}
	return nil
}

// attributes make a process run as the account, in a session of its own: an
// interrupt from the terminal reaches the test, which then ends the server.
func (a *account) attributes() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setsid: true}
	if a != nil {
		attributes.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attributes
}
