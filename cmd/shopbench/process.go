package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"shop/cmd/shopbench/internal/load"
)

const (
	readyTimeout = 30 * time.Second
	readyPoll    = 500 * time.Microsecond
	stopTimeout  = 15 * time.Second
)

// program is how a command is run: the same for commands that end and for
// servers.
type program struct {
	path    string
	env     []string // beside this process's own
	logPath string   // output is appended to it
}

// run waits for the command to end. On failure the error ends with what the
// command said last.
func (p program) run(ctx context.Context, args ...string) error {
	cmd, log, err := p.command(ctx, args)
	if err != nil {
		return err
	}
	err = errors.Join(cmd.Run(), log.Close())
	if err != nil {
		return p.explain(fmt.Errorf("%s %s: %w", filepath.Base(p.path), strings.Join(args, " "), err))
	}
	return nil
}

// start starts a server that will answer on address, and waits until GET / is
// answered with 2xx.
func (p program) start(ctx context.Context, address string, args ...string) (*process, error) {
	cmd, log, err := p.command(ctx, args)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start: %w", err), log.Close())
	}
	running := &process{program: p, address: address, pid: cmd.Process.Pid, cmd: cmd, ended: make(chan struct{})}
	go func() {
		running.exit = errors.Join(cmd.Wait(), log.Close())
		close(running.ended)
	}()
	if err := running.awaitReady(ctx); err != nil {
		return nil, errors.Join(p.explain(err), running.stop())
	}
	running.readyAfter = time.Since(begin)
	return running, nil
}

func (p program) command(ctx context.Context, args []string) (*exec.Cmd, *os.File, error) {
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the log: %w", err)
	}
	cmd := exec.CommandContext(ctx, p.path, args...) //nolint:gosec // the shop of the command line, or this binary
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	return cmd, log, nil
}

// explain adds the last lines of the log.
func (p program) explain(err error) error {
	const tail = 2000
	text, readErr := os.ReadFile(p.logPath)
	if readErr != nil {
		return err
	}
	return fmt.Errorf("%w; its log ends:\n%s", err, text[max(0, len(text)-tail):])
}

// process is a server that runs.
type process struct {
	program    program
	address    string
	pid        int
	readyAfter time.Duration // from its start to the first 2xx
	cmd        *exec.Cmd
	ended      chan struct{}
	exit       error // once ended
}

func (p *process) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	poll := time.NewTicker(readyPoll)
	defer poll.Stop()
	conn := load.NewConn(p.address)
	defer func() { _ = conn.Close() }() // nothing was left unsaid on it
	for {
		_, err := conn.Do(ctx, load.Request{Method: "GET", Path: "/"})
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("the server ended before it answered: %w", errors.Join(p.exit, err))
		case <-ctx.Done():
			return fmt.Errorf("the server did not get ready: %w", err)
		case <-poll.C:
		}
	}
}

// stop asks the process to end as an operator would and reports when it does
// not do so, or not with status 0. Stopping again changes nothing.
func (p *process) stop() error {
	select {
	case <-p.ended:
		return p.exit
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	select {
	case <-p.ended:
		if p.exit != nil {
			return p.program.explain(fmt.Errorf("the server did not end well: %w", p.exit))
		}
		return nil
	case <-time.After(stopTimeout):
		return errors.Join(errors.New("the server had to be killed"), p.cmd.Process.Kill())
	}
}

// memory reads the resident memory, now and at its peak, in bytes. Only Linux
// tells it.
func (p *process) memory() (resident, peak int64, err error) {
	file, err := os.Open("/proc/" + strconv.Itoa(p.pid) + "/status")
	if err != nil {
		return 0, 0, fmt.Errorf("read the memory: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		switch name {
		case "VmRSS":
			resident = parseKiB(value)
		case "VmHWM":
			peak = parseKiB(value)
		}
	}
	return resident, peak, nil
}

func parseKiB(value string) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// freeAddress returns a loopback address that nothing listens on.
func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return "", fmt.Errorf("free the port: %w", err)
	}
	return address, nil
}
