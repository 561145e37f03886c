package emailtest

import (
	"context"
	"slices"
	"strings"
	"time"

	"shop/modules/email"
	"shop/platform/event"
	"shop/platform/id"
)

// MoveUser implements app.Store.
func (m *memory) MoveUser(_ context.Context, from, to id.User) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mail := range m.mails {
		if mail.UserID == from {
			mail.UserID = to
		}
	}
	return nil
}

// Occasions implements app.Store.
func (m *memory) Occasions(_ context.Context, occasions []string) (found []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mail := range m.mails {
		if slices.Contains(occasions, mail.Occasion) {
			found = append(found, mail.Occasion)
		}
	}
	return found, nil
}

// Mentioned implements app.Store.
func (m *memory) Mentioned(_ context.Context, user id.User, template email.Template, text string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mail := range m.mails {
		if mail.UserID == user && mail.Template == template && mail.Occasion == "" && strings.Contains(mail.Text, text) {
			return true, nil
		}
	}
	return false, nil
}

// Overdue implements app.Store.
func (m *memory) Overdue(_ context.Context, before time.Time) (found []id.Email, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for named, mail := range m.mails {
		if mail.Status == email.StatusQueued && mail.NextAttemptAt.Before(before) {
			found = append(found, named)
		}
	}
	return found, nil
}

// published are the events so far, oldest first.
func (m *memory) published() []event.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}
