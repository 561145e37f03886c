package remote

import (
	"fmt"
	"log/slog"
	"sync"
)

// database names the database that a module reads, and its epoch.
type database struct {
	ID    string
	Epoch int64
}

// String is enough of the name to tell it from another.
func (d database) String() string {
	const digits = 8
	if d.ID == "" {
		return "without a name"
	}
	return fmt.Sprintf("%s (epoch %d)", d.ID[:min(digits, len(d.ID))], d.Epoch)
}

// databaseError says that a target reads another database than it has to.
type databaseError struct{ reads, wanted database }

// Error implements error.
func (e *databaseError) Error() string {
	return fmt.Sprintf("it reads the database %s, not %s", e.reads, e.wanted)
}

// agreement sees to it that all targets that are called read one database: what
// is written at one of them would otherwise be missing at the next.
type agreement struct {
	mu sync.Mutex
	// required says that wanted was set by RequireDatabase. Otherwise it is what
	// the readers read.
	required bool
	wanted   database
	// known says that wanted has been set at all.
	known bool
	// readers are the targets, as bits, that were accepted by their last greeting.
	// One that has to be greeted anew is among them until that is done.
	readers uint64
}

// accept notes what a target reads, or says why it is refused. before is the
// database that the targets have read so far when it is given up for this one.
func (a *agreement) accept(t *target, reads database) (before *database, err error) {
	a.leave(t)
	if reads != a.wanted && (a.required || a.readers != 0) {
		return nil, &databaseError{reads: reads, wanted: a.wanted}
	}
	if a.known && reads != a.wanted {
		before = new(a.wanted)
	}
	a.known, a.wanted = true, reads
	a.readers |= 1 << t.number
	return before, nil
}

// leave notes that a target cannot be called.
func (a *agreement) leave(t *target) { a.readers &^= 1 << t.number }

// RequireDatabase has only those targets called that read the database id at this
// epoch; id "" requires none. Targets that have been greeted are judged anew at
// once, and no call begins any more at one that reads another; calls under way go
// on. Without a requirement all targets have to read the same database as the
// first that was accepted, until none of those can be called any more.
func (c *Client) RequireDatabase(id string, epoch int64) {
	a := &c.agreement
	a.mu.Lock()
	defer a.mu.Unlock()
	required := database{id, epoch}
	switch {
	case id == "":
		a.required = false
		return
	case a.required && a.wanted == required:
		return
	}
	a.required, a.known, a.wanted, a.readers = true, true, required, 0
	for _, t := range c.targets {
		if t.gate.require(t, required) {
			a.readers |= 1 << t.number
		}
	}
	c.settled.send()
}

// settle keeps what came of greeting a target, and returns why it cannot be called;
// own is the greeting that pass began.
func (c *Client) settle(t *target, hello Hello, err error, own bool) error {
	a := &c.agreement
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.leave(t)
	} else {
		var before *database
		before, err = a.accept(t, database(hello.Database))
		if err != nil {
			err = errorAt(t, err)
		}
		if before != nil {
			t.gate.logger.Warn("another database is used, as no target reads the former one",
				slog.String("former", before.String()), slog.String("database", a.wanted.String()))
		}
	}
	t.gate.settle(hello, err, own)
	return err
}
