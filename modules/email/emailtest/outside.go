package emailtest

import (
	"context"
	"strings"
	"sync"
	"time"

	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/page"
)

// Users stands for the users module: as much of it as the e-mail module calls.
type Users struct {
	users.Service // any other method panics

	mu      sync.Mutex
	known   map[id.User]users.User
	issued  map[id.User][]users.Token
	failure error
}

// NewUsers makes a users module without users.
func NewUsers() *Users {
	return &Users{known: map[id.User]users.User{}, issued: map[id.User][]users.Token{}}
}

// Add makes an account.
func (u *Users) Add(email, name string) users.User {
	user := users.User{ID: id.NewUser(), Email: email, Name: name, Role: users.RoleCustomer, Version: 1}
	u.Put(user)
	return user
}

// Put stores an account as it is.
func (u *Users) Put(user users.User) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.known[user.ID] = user
}

// Remove removes an account.
func (u *Users) Remove(user id.User) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.known, user)
}

// Fail makes every call fail with err; nil ends that.
func (u *Users) Fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.failure = err
}

// Issued are the tokens that were issued for a user, oldest first.
func (u *Users) Issued(user id.User) []users.Token {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]users.Token(nil), u.issued[user]...)
}

// User implements users.Service.
func (u *Users) User(ctx context.Context, in users.UserInput) (users.User, error) {
	if err := identity.RequireSelf(ctx, in.ID); err != nil {
		return users.User{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.find(in.ID)
}

// FindUser implements users.Service.
func (u *Users) FindUser(ctx context.Context, in users.FindUserInput) (users.User, error) {
	if err := identity.RequireService(ctx); err != nil {
		return users.User{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.failure != nil {
		return users.User{}, u.failure
	}
	for _, user := range u.known {
		if strings.EqualFold(user.Email, in.Email) {
			return user, nil
		}
	}
	return users.User{}, users.ErrUserNotFound
}

// IssueToken implements users.Service.
func (u *Users) IssueToken(ctx context.Context, in users.IssueTokenInput) (users.Token, error) {
	if err := identity.RequireService(ctx); err != nil {
		return users.Token{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, err := u.find(in.UserID); err != nil {
		return users.Token{}, err
	}
	token := users.Token{
		Text:      string(in.Purpose) + "-" + id.NewSession().String(),
		ExpiresAt: time.Date(2030, 1, 2, 3, 4, 0, 0, time.UTC),
	}
	u.issued[in.UserID] = append(u.issued[in.UserID], token)
	return token, nil
}

// find is called with the lock held.
func (u *Users) find(user id.User) (users.User, error) {
	if u.failure != nil {
		return users.User{}, u.failure
	}
	found, ok := u.known[user]
	if !ok {
		return users.User{}, users.ErrUserNotFound
	}
	return found, nil
}

// Payments stands for the payments module: as much of it as the e-mail module
// calls.
type Payments struct {
	payments.Service // any other method panics

	mu    sync.Mutex
	known map[id.Invoice]payments.Invoice
	notes []payments.CreditNote
}

// NewPayments makes a payments module without invoices.
func NewPayments() *Payments { return &Payments{known: map[id.Invoice]payments.Invoice{}} }

// Put stores an invoice.
func (p *Payments) Put(invoice payments.Invoice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[invoice.ID] = invoice
}

// Invoice implements payments.Service.
func (p *Payments) Invoice(ctx context.Context, in payments.InvoiceInput) (payments.Invoice, error) {
	if err := identity.RequireService(ctx); err != nil {
		return payments.Invoice{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	invoice, ok := p.known[in.ID]
	if !ok {
		return payments.Invoice{}, payments.ErrInvoiceNotFound
	}
	return invoice, nil
}

// PutCreditNote stores a credit note.
func (p *Payments) PutCreditNote(note payments.CreditNote) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notes = append(p.notes, note)
}

// ListInvoices implements payments.Service, with all on one page.
func (p *Payments) ListInvoices(
	ctx context.Context, in payments.ListInvoicesInput,
) (found page.Page[payments.Invoice], err error) {
	if err := identity.RequireService(ctx); err != nil {
		return found, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, invoice := range p.known {
		if invoice.Status == in.Status {
			invoice.Lines = nil
			found.Items = append(found.Items, invoice)
		}
	}
	return found, nil
}

// CreditNotes implements payments.Service.
func (p *Payments) CreditNotes(ctx context.Context, in payments.CreditNotesInput) (found []payments.CreditNote, err error) {
	if err := identity.RequireService(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, note := range p.notes {
		if note.InvoiceID == in.InvoiceID {
			found = append(found, note)
		}
	}
	return found, nil
}
