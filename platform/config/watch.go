package config

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settleAfter is how long the file must stay the same before it is believed:
	// an editor may empty it first and write it in pieces.
	settleAfter = 100 * time.Millisecond
	// pollEvery finds what the system does not tell of: changes on network file
	// systems and of files that are mounted alone.
	pollEvery = 2 * time.Second
)

// WatchOptions configure Watch. All but Reload are required.
type WatchOptions struct {
	// Reload has the settings read again even if the file is the same, as SIGHUP
	// asks for. May be nil.
	Reload <-chan struct{}
	// OnChange is called with each new configuration, one call at a time. It is
	// complete and checked.
	OnChange func(Config)
	// OnError is called once for each content of the file that cannot be used,
	// and when the file has gone. The configuration before stays the one to go by.
	OnError func(error)
}

// Watch reads the settings again, from where Load read c, each time that the
// settings file changes, until ctx ends: however the file is written, in place,
// by a rename, or as Kubernetes does, by turning a link. A file that was not
// there is watched for, too. c itself is not told.
func (c *Config) Watch(ctx context.Context, o WatchOptions) {
	path, _ := c.options.locate()
	w := &watcher{WatchOptions: o, from: c.options, path: path}
	w.accepted, w.missing = w.read()
	if !w.missing {
		w.from.File = path // from now on it must exist
	}
	changes, stop := directoryChanges(path)
	defer stop()
	look := time.NewTimer(pollEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.Reload:
			w.forced = true
			look.Reset(w.look())
		case <-changes:
			look.Reset(w.look())
		case <-look.C:
			look.Reset(w.look())
		}
	}
}

// directoryChanges tells when something in the file's directory changes. Where
// the system cannot do that, it never tells.
func directoryChanges(path string) (changes <-chan fsnotify.Event, stop func()) {
	if path == os.DevNull {
		return nil, func() {}
	}
	system, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, func() {}
	}
	stop = func() { _ = system.Close() } // nothing is lost with it
	if err := system.Add(filepath.Dir(path)); err != nil {
		stop()
		return nil, func() {}
	}
	return system.Events, stop
}

// watcher knows what the file held.
type watcher struct {
	WatchOptions
	from Options
	path string
	// accepted was told of last, or is what there was at first; missing says that
	// there was no file.
	accepted []byte
	missing  bool
	// pending is being waited for to stay the same; nil when nothing is.
	pending *reading
	forced  bool
}

// reading is what the file has held since a time.
type reading struct {
	content []byte
	missing bool
	since   time.Time
}

func (w *watcher) read() (content []byte, missing bool) {
	content, err := os.ReadFile(w.path)
	return content, errors.Is(err, fs.ErrNotExist)
}

// look compares the file with what is known of it, and returns when to look
// again.
func (w *watcher) look() time.Duration {
	content, missing := w.read()
	if !w.forced && missing == w.missing && bytes.Equal(content, w.accepted) {
		w.pending = nil
		return pollEvery
	}
	if w.pending == nil || w.pending.missing != missing || !bytes.Equal(w.pending.content, content) {
		w.pending = &reading{content, missing, time.Now()}
		return settleAfter
	}
	if same := time.Since(w.pending.since); same < settleAfter {
		return settleAfter - same // one way of writing tells of several changes
	}
	w.accepted, w.missing, w.pending, w.forced = content, missing, nil, false
	w.tell()
	return pollEvery
}

// tell passes on what the file holds now.
func (w *watcher) tell() {
	path, problem := w.path, (*Problem)(nil)
	switch {
	case w.missing && w.from.File == "":
		path = "" // there was none from the start
	case path == os.DevNull:
		path = ""
	case w.missing:
		problem = &Problem{Name: path, Message: "has gone"}
	case len(bytes.TrimSpace(w.accepted)) == 0:
		problem = &Problem{Name: path, Message: "is empty"}
	default:
		w.from.File = path
	}
	c, err := load(w.from, path, w.accepted, problem)
	if err != nil {
		w.OnError(err)
		return
	}
	w.OnChange(c)
}
