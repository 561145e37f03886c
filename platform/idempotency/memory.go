package idempotency

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Memory keeps answers in memory, for in-memory implementations of a module.
// The zero value is ready to use. It is safe for concurrent use.
type Memory struct {
	mu      sync.Mutex
	answers map[request]answer
	now     func() time.Time
}

type request struct{ scope, key string }

type answer struct {
	fingerprint string
	result      json.RawMessage // nil while the first request is running
	at          time.Time
}

// NewMemory makes a Memory that reads the time from now; nil means time.Now.
func NewMemory(now func() time.Time) *Memory { return &Memory{now: now} }

// DoMemory runs fn, once for a key: a repeat with an equal input is given the
// stored result and marks key. A nil key runs fn. Errors of fn are returned and
// not recorded. Errors of its own: ErrMismatch, ErrInProgress.
func DoMemory[T any](
	ctx context.Context, m *Memory, key *Key, operation string, in any, fn func(context.Context) (T, error),
) (result T, err error) {
	if key == nil {
		return fn(ctx)
	}
	fingerprint, err := Fingerprint(in)
	if err != nil {
		return result, err
	}
	r := request{scope: Scope(ctx, operation), key: key.Text()}
	stored, err := m.begin(r, fingerprint)
	if err != nil {
		return result, err
	}
	if stored != nil {
		if err = json.Unmarshal(stored, &result); err != nil {
			return result, fmt.Errorf("decode the recorded answer: %w", err)
		}
		key.MarkReplayed()
		return result, nil
	}
	var text json.RawMessage
	defer func() { m.end(r, fingerprint, text) }()
	if result, err = fn(ctx); err != nil {
		return result, err
	}
	if text, err = json.Marshal(result); err != nil {
		return result, fmt.Errorf("encode the answer: %w", err)
	}
	return result, nil
}

// Forget removes the answers that were given to actor, the text of an
// identity.Actor.
func (m *Memory) Forget(actor string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for r := range m.answers {
		if strings.HasPrefix(r.scope, actor+" ") {
			delete(m.answers, r)
		}
	}
}

// begin returns the recorded result, or nil after noting that r is running.
func (m *Memory) begin(r request, fingerprint string) (json.RawMessage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, found := m.answers[r]
	switch {
	case found && a.result == nil:
		return nil, ErrInProgress
	case found && m.time().Before(a.at.Add(Lifetime)):
		if a.fingerprint != fingerprint {
			return nil, ErrMismatch
		}
		return a.result, nil
	}
	if m.answers == nil {
		m.answers = make(map[request]answer)
	}
	m.answers[r] = answer{fingerprint: fingerprint}
	return nil, nil //nolint:nilnil // no answer yet is the usual case, not a failure
}

// end records result, or forgets that r was running when there is none.
func (m *Memory) end(r request, fingerprint string, result json.RawMessage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if result == nil {
		delete(m.answers, r)
		return
	}
	m.answers[r] = answer{fingerprint: fingerprint, result: result, at: m.time()}
}

func (m *Memory) time() time.Time {
	if m.now == nil {
		return time.Now()
	}
	return m.now()
}
