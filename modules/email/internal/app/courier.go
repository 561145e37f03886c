package app

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"time"

	"shop/modules/users"
	"shop/platform/database"
)

// Message is an e-mail as it goes out, with nothing left to fill in.
type Message struct {
	// ID is the same at every attempt, so that a recipient's server can tell a
	// repetition.
	ID                      string
	To, Subject, Text, HTML string
	// At is when the message was queued.
	At time.Time
}

// Mailer carries messages away. It belongs to one courier.
type Mailer interface {
	// Send returns when the message was taken. A failure that no repetition
	// changes is an ErrRejected; any other one is tried again.
	Send(ctx context.Context, m Message) error
	// Rest is called after a batch: what was kept open for the next message may
	// be closed.
	Rest()
}

// ErrRejected is what Mailer.Send returns, wrapped, for a recipient or message
// that was refused for good.
var ErrRejected = errors.New("refused for good")

// CourierDeps are what a Courier is made of. Queue, Mailer, Users, Queued and
// Logger are needed; the zero value of everything else is a good default.
type CourierDeps struct {
	Queue  Queue
	Mailer Mailer
	Users  users.Service
	// Queued is the bell that wakes couriers.
	Queued *Bell
	Logger *slog.Logger
	// Poll is how often to look for messages that nobody announced, such as
	// those of another process that died. Default 2 s.
	Poll time.Duration
	// Lease is how long a message that a courier died with is left to it. Three
	// quarters of it have to exceed the time of one attempt. Default 2 min.
	Lease time.Duration
	// MaxTries is the number of failed attempts after which a message is dead.
	// Default 8.
	MaxTries int
	// Backoff is the pause after the given number of failed attempts (from 1).
	// Default: 30 s, four times as long each time up to 3 h, minus up to a
	// quarter at random.
	Backoff func(tries int) time.Duration
	// Now is the clock of the attempts. Default time.Now.
	Now func() time.Time
}

// Courier delivers what is queued. Any number of them, in any number of
// processes, share a queue.
type Courier struct {
	CourierDeps
	holder   string
	troubles int // rounds in a row that failed as a whole
}

const (
	// batchSize is how many messages a courier holds at most.
	batchSize = 10
	// gathering is how long a courier that was rung for lets messages come
	// together: one by one they cost the database several times as much.
	gathering = 100 * time.Millisecond
)

// NewCourier makes a courier.
func NewCourier(d CourierDeps) (*Courier, error) {
	if d.Queue == nil || d.Mailer == nil || d.Users == nil || d.Queued == nil || d.Logger == nil {
		return nil, errors.New("email: a courier needs Queue, Mailer, Users, Queued and Logger")
	}
	if d.Poll <= 0 {
		d.Poll = 2 * time.Second
	}
	if d.Lease <= 0 {
		d.Lease = 2 * time.Minute
	}
	if d.MaxTries <= 0 {
		d.MaxTries = 8
	}
	if d.Backoff == nil {
		d.Backoff = backoff
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Courier{CourierDeps: d, holder: rand.Text()}, nil
}

// Run delivers until ctx is done; the message in hand is brought to its end
// first.
func (c *Courier) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		pause, err := c.Round(ctx)
		if err != nil && ctx.Err() == nil {
			c.troubles++
			pause = min(c.Poll<<min(c.troubles-1, 5), 30*time.Second)
			c.Logger.ErrorContext(ctx, "cannot deliver e-mail", slog.Any("error", err), slog.Duration("pause", pause))
		}
		if err == nil {
			c.troubles = 0
		}
		if pause <= 0 {
			continue
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
		case <-c.Queued.rung:
			gather(ctx)
		case <-timer.C:
		}
	}
	return nil
}

// gather waits for messages that come together.
func gather(ctx context.Context) {
	timer := time.NewTimer(gathering)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Round delivers one batch of what is due, and returns how long to wait before
// the next round, unless rung for. An idle round reads and never writes.
func (c *Courier) Round(ctx context.Context) (time.Duration, error) {
	due, found, err := c.Queue.Due(ctx)
	if err != nil {
		return 0, err
	}
	now := database.Timestamp(c.Now())
	if !found || due.After(now) {
		if found {
			return min(max(due.Sub(now), time.Millisecond), c.Poll), nil
		}
		return c.Poll, nil
	}
	// What has begun is brought to its end also while the courier is stopping.
	lasting := context.WithoutCancel(ctx)
	claimed := time.Now()
	batch, err := c.Queue.Claim(lasting, c.holder, now, c.Lease, batchSize)
	if err != nil || len(batch) == 0 {
		return c.Poll, err
	}
	if len(batch) == batchSize {
		c.Queued.Ring() // there may be more, for another courier
	}
	defer c.Mailer.Rest()
	return 0, c.carry(ctx, batch, claimed)
}

// carry delivers a batch. What attempts came to is recorded while the next ones
// are made: one by one where a mail server takes its time, several together
// where they are quicker than the database.
func (c *Courier) carry(ctx context.Context, batch []Mail, claimed time.Time) error {
	lasting := context.WithoutCancel(ctx)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	outcomes, recorded := make(chan Outcome, len(batch)), make(chan error, 1)
	go func() { recorded <- c.record(lasting, outcomes, stop) }()

	var err error
	tried := 0
	for tried < len(batch) && err == nil && ctx.Err() == nil {
		err = c.deliver(lasting, batch[tried], claimed, outcomes)
		tried++
	}
	close(outcomes)
	// What was not recorded may have been sent: it stays held until its lease ends.
	return errors.Join(err, <-recorded, c.release(lasting, batch[tried:]))
}

// record settles outcomes until there are no more, and calls stop when it can't.
func (c *Courier) record(ctx context.Context, outcomes <-chan Outcome, stop func()) (failure error) {
	for first := range outcomes {
		together := []Outcome{first}
		for range len(outcomes) {
			together = append(together, <-outcomes)
		}
		if err := c.settle(ctx, together); err != nil {
			stop()
			failure = errors.Join(failure, err)
		}
	}
	return failure
}

// backoff spreads eight attempts over half a day: a greylisting server is
// passed at the third one, an outage overnight outlasted.
func backoff(tries int) time.Duration {
	const first, longest = 30 * time.Second, 3 * time.Hour
	pause := longest
	if tries < 6 {
		pause = min(first<<(2*(tries-1)), longest)
	}
	return pause - mathrand.N(pause/4+1) //nolint:gosec // no secret
}
