package broker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// blocks are the keys of one subscriber of which an event went home unhandled:
// those that come after it have to go there too. They are kept in the stream,
// since whichever process takes the next event has to know.
//
// A block that is there without need costs its key's next event a detour, whose
// end removes it; one that is missing is made up for by the publisher, which
// knows its failures (outbox.Handing.Waits).
type blocks struct {
	connection *Connection
	stream     jetstream.Stream
	// publisher and subscriber are the modules.
	publisher, subscriber string
	// clear is the number of the last delivery at which no key was blocked. Who
	// also takes the next one knows the same without asking.
	clear uint64
}

// last is the number in the outbox of the last event of a key that went home; 0
// when the key is not blocked. It is called for every delivery m.
func (b *blocks) last(ctx context.Context, m jetstream.Msg, key string) (int64, error) {
	known, err := m.Metadata()
	if err != nil {
		return 0, fmt.Errorf("read the number of a delivery: %w", err)
	}
	if b.clear > 0 && known.Sequence.Consumer == b.clear+1 {
		b.clear++
		return 0, nil
	}
	b.clear = 0
	anyone, err := b.read(ctx, subjectOfBlocked(b.publisher, b.subscriber)+".>")
	if err != nil || anyone == 0 {
		if err == nil {
			b.clear = known.Sequence.Consumer
		}
		return 0, err
	}
	return b.read(ctx, b.subject(key))
}

// block notes that an event of a key goes home.
func (b *blocks) block(ctx context.Context, key string, sequence int64) error {
	ctx, cancel := b.connection.request(ctx)
	defer cancel()
	b.clear = 0
	m := nats.NewMsg(b.subject(key))
	m.Header.Set(headerSequence, strconv.FormatInt(sequence, 10))
	ack, err := b.connection.js.PublishMsg(ctx, m, jetstream.WithExpectStream(streamOf(b.publisher)))
	if err == nil { // only the last one counts
		err = b.stream.Purge(ctx, jetstream.WithPurgeSubject(m.Subject), jetstream.WithPurgeSequence(ack.Sequence))
	}
	if err != nil {
		return fmt.Errorf("block the key of an event: %w", err)
	}
	return nil
}

// free ends a block.
func (b *blocks) free(ctx context.Context, key string) error {
	ctx, cancel := b.connection.request(ctx)
	defer cancel()
	if err := b.stream.Purge(ctx, jetstream.WithPurgeSubject(b.subject(key))); err != nil {
		return fmt.Errorf("free the key of an event: %w", err)
	}
	return nil
}

func (b *blocks) read(ctx context.Context, subject string) (int64, error) {
	ctx, cancel := b.connection.request(ctx)
	defer cancel()
	m, err := b.stream.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for blocked keys: %w", err)
	}
	return sequenceOf(m.Header, subject)
}

// subject is where the block of a key is: keys may contain anything.
func (b *blocks) subject(key string) string {
	sum := sha256.Sum256([]byte(key))
	return subjectOfBlocked(b.publisher, b.subscriber) + "." + hex.EncodeToString(sum[:16])
}
