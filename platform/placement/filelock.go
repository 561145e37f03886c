package placement

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	// lockTimeout bounds how long another process may take to write the file.
	lockTimeout = 5 * time.Second
	// lockAgain is how long to wait before the next attempt.
	lockAgain = 5 * time.Millisecond
)

// lockFile waits until no other process changes the file by its path, and keeps
// them away until the result is closed. Readers need no lock. It locks the file
// itself, which leaves nothing behind and works through a mount of the file
// alone. Who waited for a file that was replaced meanwhile waits for the new one.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	for {
		file, err := os.OpenFile(path, os.O_RDWR, 0) // network file systems lock no other
		if err != nil {
			file, err = os.Open(path)
		}
		if err != nil {
			return nil, err //nolint:wrapcheck // names the file
		}
		locked, err := tryLock(file)
		if locked {
			return file, nil
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another process: %w", ctx.Err())
		case <-time.After(lockAgain): // a wait in the kernel would not end with ctx
		}
	}
}

// tryLock locks a file, unless another process has it or has put another file
// in its place.
func tryLock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EINTR):
		return false, nil
	case err != nil:
		return false, os.NewSyscallError("flock", err)
	}
	locked, err := file.Stat()
	if err != nil {
		return false, err //nolint:wrapcheck // names the file
	}
	present, err := os.Stat(file.Name())
	if err != nil {
		return false, err //nolint:wrapcheck // names the file
	}
	return os.SameFile(locked, present), nil
}
