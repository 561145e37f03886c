package placement

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// bucket holds the records by the module's name.
	bucket = "shop_modules"
	// history is how many changes of a module are kept for who wants to look.
	history = 10
	// natsTimeout bounds one request to the server.
	natsTimeout = 5 * time.Second
	// natsRetry is how long to wait before the next attempt to watch.
	natsRetry = time.Second
)

// natsStore keeps records in a key-value bucket of NATS JetStream.
type natsStore struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	logger *slog.Logger
	// again says that the connection was lost and is there again. The client
	// library finds out by missing heartbeats only that a restarted server knows
	// nothing of the watch.
	again chan struct{}
}

// newNATSStore makes a store on the server at url. The server need not be there
// yet: the connection is made in the background, again and again.
func newNATSStore(url string, logger *slog.Logger) (*natsStore, error) {
	again := make(chan struct{}, 1)
	conn, err := nats.Connect(
		url, nats.Name("shop modules"), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(natsRetry), nats.Timeout(natsTimeout),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // else it was closed here
				logger.Warn("the connection to NATS is lost: the placement of modules stays as it is, and can be changed to fewer remote calls only", slog.Any("error", err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			logger.Info("the connection to NATS is back")
			poke(again)
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("use JetStream of NATS: %w", err)
	}
	return &natsStore{conn: conn, js: js, logger: logger, again: again}, nil
}

// Name implements Store.
func (*natsStore) Name() string { return inNATS }

// Save implements Store.
func (s *natsStore) Save(ctx context.Context, module string, r Record, _ Fields, after uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, natsTimeout)
	defer cancel()
	if !s.conn.IsConnected() {
		return 0, errors.New("there is no connection to NATS")
	}
	value, err := json.Marshal(r)
	if err != nil {
		return 0, fmt.Errorf("write the record of %s: %w", module, err)
	}
	kv, err := s.bucket(ctx)
	if err != nil {
		return 0, err
	}
	var revision uint64
	if after > 0 {
		revision, err = kv.Update(ctx, module, value, after)
	} else {
		revision, err = kv.Put(ctx, module, value)
	}
	if errors.Is(err, jetstream.ErrKeyExists) {
		return 0, ErrSuperseded
	}
	if err != nil {
		return 0, fmt.Errorf("save the record of %s in NATS: %w", module, err)
	}
	return revision, nil
}

// bucket finds the bucket, or makes it. An operator may have made it with other
// settings, such as more replicas.
func (s *natsStore) bucket(ctx context.Context) (jetstream.KeyValue, error) {
	kv, err := s.js.KeyValue(ctx, bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = s.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: bucket, Description: "Placement of the shop's modules", History: history,
		})
		if errors.Is(err, jetstream.ErrBucketExists) { // another replica was first
			kv, err = s.js.KeyValue(ctx, bucket)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the bucket %s of NATS: %w", bucket, err)
	}
	return kv, nil
}

// Watch implements Store. It closes the connection when ctx ends.
func (s *natsStore) Watch(ctx context.Context, changed func(string, Record, uint64)) {
	defer s.conn.Close()
	told := false
	for ctx.Err() == nil {
		if err := s.watch(ctx, changed); err != nil && ctx.Err() == nil && !told {
			s.logger.WarnContext(ctx, "changes of other replicas are not seen until NATS answers", slog.Any("error", err))
			told = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(natsRetry):
		}
	}
}

// watch passes on records until the watch breaks or has to begin anew: then it
// tells all that there is again, of which the controller takes what is newer.
func (s *natsStore) watch(ctx context.Context, changed func(string, Record, uint64)) error {
	opening, cancel := context.WithTimeout(ctx, natsTimeout)
	defer cancel()
	kv, err := s.bucket(opening)
	if err != nil {
		return err
	}
	watcher, err := kv.WatchAll(ctx)
	if err != nil {
		return fmt.Errorf("watch the bucket %s of NATS: %w", bucket, err)
	}
	defer func() { _ = watcher.Stop() }() // it may have ended by itself
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.again:
			return nil
		case entry, open := <-watcher.Updates():
			if !open {
				return errors.New("the watch has ended")
			}
			if entry == nil || entry.Operation() != jetstream.KeyValuePut {
				continue // all that there was has been told, or a record was removed
			}
			var r Record
			if err := json.Unmarshal(entry.Value(), &r); err != nil {
				s.logger.ErrorContext(ctx, "cannot read a record in NATS", slog.String("module", entry.Key()), slog.Any("error", err))
				continue
			}
			changed(entry.Key(), r, entry.Revision())
		}
	}
}
