package emailtest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"shop/modules/email"
	"shop/modules/email/internal/app"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
)

// memory keeps e-mails in memory. Its transactions are not undone: what fails in
// one has written nothing yet.
type memory struct {
	answers *idempotency.Memory

	mu      sync.Mutex
	mails   map[id.Email]*kept
	handled map[id.Event]bool
	events  []event.Event
}

// kept is an e-mail and who holds it.
type kept struct {
	app.Mail
	holder string
	until  time.Time
}

var (
	_ app.Store = (*memory)(nil)
	_ app.Once  = (*memory)(nil)
	_ app.Queue = (*memory)(nil)
)

func newMemory(now func() time.Time) *memory {
	return &memory{answers: idempotency.NewMemory(now), mails: map[id.Email]*kept{}, handled: map[id.Event]bool{}}
}

// Request implements app.Once.
func (m *memory) Request(
	ctx context.Context, key *idempotency.Key, operation string, in any, fn func(context.Context) (app.Queued, error),
) (app.Queued, error) {
	return idempotency.DoMemory(ctx, m.answers, key, operation, in, fn)
}

// Event implements app.Once.
func (m *memory) Event(ctx context.Context, e event.Envelope, fn func(context.Context) error) error {
	m.mu.Lock()
	repeated := m.handled[e.ID]
	m.handled[e.ID] = true
	m.mu.Unlock()
	if repeated {
		return nil
	}
	err := fn(ctx)
	if err != nil {
		m.mu.Lock()
		delete(m.handled, e.ID)
		m.mu.Unlock()
	}
	return err
}

// AfterCommit implements app.Store.
func (m *memory) AfterCommit(_ context.Context, fn func()) { fn() }

// Add implements app.Store.
func (m *memory) Add(_ context.Context, mail app.Mail) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range m.mails {
		if mail.Occasion != "" && mail.Occasion == other.Occasion {
			return false, nil
		}
	}
	m.mails[mail.ID] = &kept{Mail: mail}
	return true, nil
}

// Find implements app.Store.
func (m *memory) Find(_ context.Context, mail id.Email) (app.Mail, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.mails[mail]
	if !ok {
		return app.Mail{}, email.ErrEmailNotFound
	}
	copied := found.Mail
	copied.Attempts = slices.Clone(found.Attempts)
	return copied, nil
}

// List implements app.Store.
func (m *memory) List(_ context.Context, q app.Query) ([]email.Email, error) {
	var page []email.Email
	for _, mail := range m.matching(q) {
		if q.After != nil && !newer(email.Email{CreatedAt: q.After.At, ID: q.After.ID}, mail) {
			continue
		}
		if len(page) == q.Limit {
			break
		}
		mail.Text, mail.HTML, mail.Attempts = "", "", nil
		page = append(page, mail)
	}
	return page, nil
}

// Count implements app.Store.
func (m *memory) Count(_ context.Context, q app.Query) (int64, error) {
	return int64(len(m.matching(q))), nil
}

// matching returns what a query matches, newest first.
func (m *memory) matching(q app.Query) []email.Email {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []email.Email
	for _, mail := range m.mails {
		if (q.Status == "" || q.Status == mail.Status) && (q.Recipient == "" || strings.EqualFold(q.Recipient, mail.To)) &&
			(q.Reference == "" || q.Reference == mail.Reference) {
			all = append(all, mail.Email)
		}
	}
	slices.SortFunc(all, func(a, b email.Email) int {
		if newer(a, b) {
			return -1
		}
		return 1
	})
	return all
}

// newer says whether a comes before b in a list.
func newer(a, b email.Email) bool {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), slices.Compare(b.ID[:], a.ID[:])) < 0
}

// Newest implements app.Store.
func (m *memory) Newest(_ context.Context, recipient string, since time.Time, n int) (time.Time, bool, error) {
	all := m.matching(app.Query{Recipient: recipient})
	if len(all) < n || !all[n-1].CreatedAt.After(since) {
		return time.Time{}, false, nil
	}
	return all[n-1].CreatedAt, true, nil
}

// Requeue implements app.Store.
func (m *memory) Requeue(_ context.Context, mail id.Email, at time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.mails[mail]
	if !ok || found.Status != email.StatusDead {
		return false, nil
	}
	found.Status, found.Tries, found.NextAttemptAt, found.UpdatedAt = email.StatusQueued, 0, at, at
	found.Version++
	return true, nil
}

// RemoveUser implements app.Store.
func (m *memory) RemoveUser(_ context.Context, user id.User) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for named, mail := range m.mails {
		if mail.UserID == user {
			delete(m.mails, named)
		}
	}
	return nil
}

// Due implements app.Queue.
func (m *memory) Due(context.Context) (earliest time.Time, found bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mail := range m.mails {
		if mail.free() && (!found || mail.NextAttemptAt.Before(earliest)) {
			earliest, found = mail.NextAttemptAt, true
		}
	}
	return earliest, found, nil
}

func (k *kept) free() bool { return k.Status == email.StatusQueued && !k.until.After(time.Now()) }

// Claim implements app.Queue.
func (m *memory) Claim(_ context.Context, holder string, now time.Time, lease time.Duration, n int) ([]app.Mail, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []*kept
	for _, mail := range m.mails {
		if mail.free() && !mail.NextAttemptAt.After(now) {
			due = append(due, mail)
		}
	}
	slices.SortFunc(due, func(a, b *kept) int { return a.NextAttemptAt.Compare(b.NextAttemptAt) })
	var claimed []app.Mail
	for _, mail := range due[:min(n, len(due))] {
		mail.holder, mail.until = holder, time.Now().Add(lease)
		claimed = append(claimed, mail.Mail)
	}
	return claimed, nil
}

// held is the e-mail if holder has it. It is called with the lock held.
func (m *memory) held(holder string, mail id.Email) (*kept, bool) {
	found, ok := m.mails[mail]
	return found, ok && found.holder == holder && found.Status == email.StatusQueued
}

// Keep implements app.Queue.
func (m *memory) Keep(_ context.Context, holder string, mail id.Email, lease time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.held(holder, mail)
	if ok {
		found.until = time.Now().Add(lease)
	}
	return ok, nil
}

// Settle implements app.Queue.
func (m *memory) Settle(_ context.Context, holder string, outcomes []app.Outcome) (settled []id.Email, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range outcomes {
		if found, ok := m.held(holder, o.ID); ok {
			m.settle(found, o)
			settled = append(settled, o.ID)
		}
	}
	return settled, nil
}

func (m *memory) settle(found *kept, o app.Outcome) {
	found.Status, found.NextAttemptAt, found.UpdatedAt = o.Status, o.NextAttemptAt, o.At
	if o.Status == email.StatusSent {
		found.SentAt = o.At
	}
	if o.Event != nil {
		m.events = append(m.events, o.Event)
	}
	found.Tries++
	found.Version++
	found.holder, found.until = "", time.Time{}
	found.Attempts = append(found.Attempts, email.Attempt{At: o.At, Error: o.Error})
}

// Discard implements app.Queue.
func (m *memory) Discard(_ context.Context, holder string, mail id.Email) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.held(holder, mail); ok {
		delete(m.mails, mail)
	}
	return nil
}

// Release implements app.Queue.
func (m *memory) Release(_ context.Context, holder string, mails []id.Email) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mail := range mails {
		if found, ok := m.held(holder, mail); ok {
			found.holder, found.until = "", time.Time{}
		}
	}
	return nil
}
