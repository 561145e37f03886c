package sqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"shop/platform/database"
	"shop/platform/idempotency"
)

// errAnswered ends a transaction whose request turned out to have been answered
// by another one that committed meanwhile.
var errAnswered = errors.New("another request with the key committed first")

// Do runs fn in a transaction of the store's database. A nil key costs nothing
// more. With a key the same transaction records the result, at the cost of one
// statement before fn and one after it; a repeat of the request (same actor,
// operation, key and input) is given that result and marks key as replayed.
//
// Errors of fn roll back and are not recorded. Errors of its own:
// idempotency.ErrMismatch for a key used with another input,
// idempotency.ErrInProgress while the first request is still running. It does
// not wait for that one.
//
// The result is stored as JSON: T must survive that, and must hold no secret.
// Leave passwords out of in; see idempotency.Fingerprint. fn may run more than
// once, since the transaction may; only one run is committed.
func Do[T any](
	ctx context.Context, s *Store, key *idempotency.Key, operation string, in any,
	fn func(context.Context) (T, error),
) (result T, err error) {
	if key == nil {
		err = s.db.InTx(ctx, func(ctx context.Context) (err error) {
			result, err = fn(ctx)
			return err
		})
		return result, err
	}
	r, err := newRequest(ctx, key, operation, in)
	if err != nil {
		return result, err
	}
	for {
		var stored []byte
		stored, err = s.answer(ctx, r, func(ctx context.Context) (text []byte, err error) {
			if result, err = fn(ctx); err != nil {
				return nil, err
			}
			if text, err = json.Marshal(result); err != nil {
				return nil, fmt.Errorf("encode the answer: %w", err)
			}
			return text, nil
		})
		// Inside a caller's transaction there is nothing to begin anew: the caller
		// rolls back.
		if errors.Is(err, errAnswered) && !database.InTransaction(ctx) {
			continue
		}
		if err != nil && s.answeredMeanwhile(ctx, r, err) {
			continue
		}
		if err != nil {
			var none T
			return none, err
		}
		if stored == nil {
			return result, nil
		}
		var replayed T
		if err := json.Unmarshal(stored, &replayed); err != nil {
			return replayed, fmt.Errorf("decode the recorded answer: %w", err)
		}
		key.MarkReplayed()
		return replayed, nil
	}
}

// answeredMeanwhile tells whether a request failed because an equal one had
// been answered between the look for its record and its turn: then fn met what
// that one had done, and the answer is the recorded one.
func (s *Store) answeredMeanwhile(ctx context.Context, r request, err error) bool {
	if errors.Is(err, idempotency.ErrMismatch) || errors.Is(err, idempotency.ErrInProgress) || database.InTransaction(ctx) {
		return false
	}
	found, lookErr := s.find(ctx, r)
	return lookErr == nil && found.Fingerprint != nil
}

// find reads the record of r; one without a fingerprint when there is none.
func (s *Store) find(ctx context.Context, r request) (found record, err error) {
	err = s.db.Read(ctx).Raw(
		`SELECT fingerprint, result FROM idempotency_keys WHERE scope = ? AND key = ? AND created_at > ?`,
		r.scope, r.key, s.oldest()).Find(&found).Error
	if err != nil {
		return found, fmt.Errorf("read idempotency record: %w", err)
	}
	return found, nil
}

// request is one keyed request.
type request struct{ scope, key, fingerprint string }

func newRequest(ctx context.Context, key *idempotency.Key, operation string, in any) (request, error) {
	fingerprint, err := idempotency.Fingerprint(in)
	if err != nil {
		return request{}, err
	}
	return request{scope: idempotency.Scope(ctx, operation), key: key.Text(), fingerprint: fingerprint}, nil
}

// record is a row of idempotency_keys, and whether the lock on it was had.
type record struct {
	Locked      bool
	Fingerprint *string
	Result      []byte
}

// answer returns the recorded answer of r, or nil after running fn and recording
// what it returned.
func (s *Store) answer(ctx context.Context, r request, fn func(context.Context) ([]byte, error)) ([]byte, error) {
	if s.db.Dialect() == database.SQLite {
		return s.answerSQLite(ctx, r, fn)
	}
	return s.answerPostgres(ctx, r, fn)
}

// answerPostgres reads the record and takes a lock that ends with the
// transaction in one statement. Without the lock another process is running the
// request. With it, that one may have committed between the statement's
// snapshot and the lock; then the insert at the end finds its record.
func (s *Store) answerPostgres(
	ctx context.Context, r request, fn func(context.Context) ([]byte, error),
) (stored []byte, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) (err error) {
		stored = nil
		var found record
		err = s.db.Write(ctx).Raw(
			`SELECT pg_try_advisory_xact_lock(?) AS locked, k.fingerprint, k.result
			   FROM (SELECT 1) AS one
			   LEFT JOIN idempotency_keys k ON k.scope = ? AND k.key = ? AND k.created_at > ?`,
			r.lock(s.db.Module()), r.scope, r.key, s.oldest()).Find(&found).Error
		if err != nil {
			return fmt.Errorf("read idempotency record: %w", err)
		}
		if found.Fingerprint != nil {
			stored, err = found.check(r)
			return err
		}
		if !found.Locked {
			return idempotency.ErrInProgress
		}
		return s.runAndRecord(ctx, r, fn)
	})
	return stored, err
}

// answerSQLite looks for the record without taking the one writer, so that
// replays do not queue behind writes. The file belongs to one process, whose
// own memory knows what is running.
func (s *Store) answerSQLite(ctx context.Context, r request, fn func(context.Context) ([]byte, error)) ([]byte, error) {
	found, err := s.find(ctx, r)
	if err != nil {
		return nil, err
	}
	if found.Fingerprint != nil {
		return found.check(r)
	}
	slot := request{scope: r.scope, key: r.key}
	if _, busy := s.running.LoadOrStore(slot, struct{}{}); busy {
		return nil, idempotency.ErrInProgress
	}
	defer s.running.Delete(slot)
	return nil, s.db.InTx(ctx, func(ctx context.Context) error { return s.runAndRecord(ctx, r, fn) })
}

// runAndRecord runs fn and records its result in the transaction of ctx. A
// record that is there already means that another request committed first; one
// past its lifetime is replaced.
func (s *Store) runAndRecord(ctx context.Context, r request, fn func(context.Context) ([]byte, error)) error {
	text, err := fn(ctx)
	if err != nil {
		return err
	}
	done := s.db.Write(ctx).Exec(
		`INSERT INTO idempotency_keys (scope, key, fingerprint, result, created_at) VALUES (?, ?, ?, ?, ?)
		 ON CONFLICT (scope, key) DO UPDATE
		   SET fingerprint = excluded.fingerprint, result = excluded.result, created_at = excluded.created_at
		 WHERE idempotency_keys.created_at <= ?`,
		r.scope, r.key, r.fingerprint, string(text), s.now().UTC().Truncate(time.Microsecond), s.oldest())
	if done.Error != nil {
		return fmt.Errorf("record idempotency key: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return errAnswered
	}
	return nil
}

// oldest is the time at which an answer recorded then has just expired.
func (s *Store) oldest() time.Time {
	return s.now().UTC().Truncate(time.Microsecond).Add(-idempotency.Lifetime)
}

func (f record) check(r request) ([]byte, error) {
	if *f.Fingerprint != r.fingerprint {
		return nil, idempotency.ErrMismatch
	}
	return f.Result, nil
}

// lock is the number of the advisory lock of r. Advisory locks are shared by
// all schemas of a database, hence the module.
func (r request) lock(module string) int64 {
	sum := sha256.Sum256([]byte(module + "\x00" + r.scope + "\x00" + r.key))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}
