package sqlstore

import (
	"context"
	"fmt"
	"time"
)

// Claim takes the turns of many requests at once, in the transaction of ctx on
// PostgreSQL, and says which of them may run: nobody else is running them, none
// has a record, and none is another's repeat among them. RecordAll then records
// those that ran, in the same transaction.
func (s *Store) Claim(ctx context.Context, guards []*Guard) ([]bool, error) {
	n := len(guards)
	locks, scopes, keys := make([]int64, n), make([]string, n), make([]string, n)
	for i, g := range guards {
		locks[i], scopes[i], keys[i] = g.r.lock(s.db.Module()), g.r.scope, g.r.key
	}
	free := make([]bool, 0, n)
	// GORM writes a slice as a list of parameters, but passes a pointer on.
	err := s.db.Write(ctx).Raw(
		`SELECT pg_try_advisory_xact_lock(r.lock)
		        AND NOT EXISTS (SELECT 1 FROM idempotency_keys k WHERE k.scope = r.scope AND k.key = r.key) AS free
		   FROM unnest(?::bigint[], ?::text[], ?::text[]) WITH ORDINALITY AS r (lock, scope, key, n)
		  ORDER BY r.n`, &locks, &scopes, &keys).Scan(&free).Error
	if err != nil {
		return nil, fmt.Errorf("claim idempotency keys: %w", err)
	}
	// A transaction gets a lock that it has: the server does not tell twins.
	seen := make(map[request]bool, n)
	for i, g := range guards {
		key := request{scope: g.r.scope, key: g.r.key}
		free[i] = free[i] && !seen[key]
		seen[key] = true
	}
	return free, nil
}

// RecordAll inserts the records of requests that Claim gave free. A record that
// another request committed meanwhile fails it, and the transaction.
func (s *Store) RecordAll(ctx context.Context, guards []*Guard) error {
	if len(guards) == 0 {
		return nil
	}
	n := len(guards)
	scopes, keys := make([]string, n), make([]string, n)
	fingerprints, results := make([]string, n), make([]string, n)
	for i, g := range guards {
		scopes[i], keys[i], fingerprints[i], results[i] = g.r.scope, g.r.key, g.r.fingerprint, g.result
	}
	err := s.db.Write(ctx).Exec(
		`INSERT INTO idempotency_keys (scope, key, fingerprint, result, created_at)
		 SELECT r.scope, r.key, r.fingerprint, r.result, ?::timestamptz
		   FROM unnest(?::text[], ?::text[], ?::text[], ?::json[]) AS r (scope, key, fingerprint, result)`,
		s.now().UTC().Truncate(time.Microsecond), &scopes, &keys, &fingerprints, &results).Error
	if err != nil {
		return fmt.Errorf("record idempotency keys: %w", err)
	}
	return nil
}
