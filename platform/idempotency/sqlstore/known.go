package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"shop/platform/database"
	"shop/platform/idempotency"
)

// Guard does for one statement what Do does around a transaction: the
// statement holds Turn, acts only where that says so, and holds Record. It is
// for PostgreSQL, where data-modifying parts of a statement commit together.
type Guard struct {
	store  *Store
	r      request
	result string
}

// Turn is a query of one row with the column "free": whether nobody else is
// running the request, and none has a record. It takes the lock that Do takes.
func (g *Guard) Turn() database.Part {
	return database.SQL(
		`SELECT pg_try_advisory_xact_lock(?)
		   AND NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE scope = ? AND key = ?) AS free`,
		g.r.lock(g.store.db.Module()), g.r.scope, g.r.key)
}

// Record inserts the record once for a row of the named part of the statement.
// A record that another request committed since the statement began fails the
// statement.
func (g *Guard) Record(from string) database.Part {
	return database.SQL(
		`INSERT INTO idempotency_keys (scope, key, fingerprint, result, created_at)
		 SELECT ?, ?, ?, ?::json, ?::timestamptz FROM `+from,
		g.r.scope, g.r.key, g.r.fingerprint, g.result, g.store.now().UTC().Truncate(time.Microsecond))
}

// DoKnown is Do for a request whose result is known before it is run, which
// makes it possible to run it in one statement. It calls fn with a Guard and
// outside of a transaction first, where that can be; and when fn fails for
// whatever reason, such as a repeat, as Do would and without a Guard.
//
// fn is all or nothing either way.
func DoKnown[T any](
	ctx context.Context, s *Store, key *idempotency.Key, operation string, in any, result T,
	fn func(context.Context, *Guard) error,
) (T, error) {
	if key != nil && s.db.Dialect() == database.Postgres && !database.InTransaction(ctx) {
		guard, err := s.guard(ctx, key, operation, in, result)
		if err != nil {
			var none T
			return none, err
		}
		if fn(ctx, guard) == nil {
			return result, nil
		}
	}
	return Do(ctx, s, key, operation, in, func(ctx context.Context) (T, error) { return result, fn(ctx, nil) })
}

func (s *Store) guard(ctx context.Context, key *idempotency.Key, operation string, in, result any) (*Guard, error) {
	r, err := newRequest(ctx, key, operation, in)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(result)
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return &Guard{store: s, r: r, result: string(text)}, nil
}
