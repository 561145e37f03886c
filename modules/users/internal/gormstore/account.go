package gormstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"shop/modules/users"
	"shop/modules/users/internal/app"
	"shop/platform/database"
	"shop/platform/id"
)

// userRow is a row of users.
type userRow struct {
	ID              id.User `gorm:"primaryKey"`
	Email           string
	EmailKey        string
	Name            string
	SearchText      string
	Role            users.Role
	Verified        bool
	PasswordHash    string
	PasswordVersion int64
	Version         int64
	CreatedAt       time.Time
	UpdatedAt       time.Time `gorm:"autoUpdateTime:false"`
	// Guest takes the place of a role, which says customer.
	Guest      bool
	MergedInto id.User
}

// TableName implements schema.Tabler.
func (userRow) TableName() string { return "users" }

func rowOf(a app.Account) userRow {
	key := users.EmailKey(a.Email)
	row := userRow{
		ID: a.ID, Email: a.Email, EmailKey: key, Name: a.Name,
		SearchText: strings.ToLower(a.Name) + "\n" + key,
		Role:       a.Role, Verified: a.Verified, PasswordHash: a.PasswordHash, PasswordVersion: a.PasswordVersion,
		Version: a.Version, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt, MergedInto: a.MergedInto,
	}
	if a.Role == users.RoleGuest {
		row.Guest, row.Role, row.SearchText = true, users.RoleCustomer, ""
		row.EmailKey = "guest " + a.ID.String() // of its own, and no address
	}
	return row
}

func (r userRow) account() app.Account {
	return app.Account{
		User: r.user(), PasswordHash: r.PasswordHash, PasswordVersion: r.PasswordVersion, MergedInto: r.MergedInto,
	}
}

func (r userRow) user() users.User {
	if r.Guest {
		r.Role = users.RoleGuest
	}
	return users.User{
		ID: r.ID, Email: r.Email, Name: r.Name, Role: r.Role, Verified: r.Verified,
		Version: r.Version, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}

// InsertAccount implements app.Store.
func (s *Store) InsertAccount(ctx context.Context, a app.Account) error {
	row := rowOf(a)
	return emailTaken("insert user", s.db.Write(ctx).Create(&row).Error)
}

// SaveAccount implements app.Store.
func (s *Store) SaveAccount(ctx context.Context, a app.Account) error {
	row := rowOf(a)
	err := s.db.Write(ctx).Model(&row).Select("*").Omit("ID", "CreatedAt").Updates(&row).Error
	return emailTaken("update user", err)
}

// emailTaken tells the one constraint that a caller can break from a failure.
func emailTaken(action string, err error) error {
	var duplicate *database.DuplicateError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &duplicate) && duplicate.Constraint == "users_email_key_key":
		return users.ErrEmailTaken
	default:
		return fmt.Errorf("%s: %w", action, err)
	}
}

// Account implements app.Store.
func (s *Store) Account(ctx context.Context, user id.User) (app.Account, error) {
	return found(s.db.Read(ctx).Where("id = ?", user))
}

// AccountByEmail implements app.Store.
func (s *Store) AccountByEmail(ctx context.Context, emailKey string) (app.Account, error) {
	return found(s.db.Read(ctx).Where("email_key = ? AND NOT guest", emailKey))
}

// LockAccount implements app.Store. On SQLite a transaction is the only writer
// from its beginning.
func (s *Store) LockAccount(ctx context.Context, user id.User) (app.Account, error) {
	return found(s.db.Write(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", user))
}

func found(query *gorm.DB) (app.Account, error) {
	var row userRow
	err := query.Take(&row).Error
	switch {
	case err == nil:
		return row.account(), nil
	case errors.Is(err, database.ErrNotFound):
		return app.Account{}, users.ErrUserNotFound
	default:
		return app.Account{}, fmt.Errorf("read user: %w", err)
	}
}

// ReplacePasswordHash implements app.Store.
func (s *Store) ReplacePasswordHash(ctx context.Context, user id.User, old, replacement string) error {
	err := s.db.Write(ctx).Exec(
		`UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?`, replacement, user, old).Error
	if err != nil {
		return fmt.Errorf("replace password hash: %w", err)
	}
	return nil
}

// DeleteAccount implements app.Store; sessions and tokens go with the row.
func (s *Store) DeleteAccount(ctx context.Context, user id.User) error {
	if err := s.db.Write(ctx).Exec(`DELETE FROM users WHERE id = ?`, user).Error; err != nil {
		return fmt.Errorf("delete user: %w", err)
	}
	return nil
}

// ListAccounts implements app.Store: keyset paging over the identifiers, which
// ascend with age.
func (s *Store) ListAccounts(ctx context.Context, q app.AccountQuery) ([]users.User, error) {
	query := matching(s.db.Read(ctx), q)
	if !q.Before.IsZero() {
		query = query.Where("id < ?", q.Before)
	}
	var rows []userRow
	if err := query.Order("id DESC").Limit(q.Limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	list := make([]users.User, len(rows))
	for i, row := range rows {
		list[i] = row.user()
	}
	return list, nil
}

// CountAccounts implements app.Store.
func (s *Store) CountAccounts(ctx context.Context, q app.AccountQuery) (int64, error) {
	var total int64
	if err := matching(s.db.Read(ctx).Model(&userRow{}), q).Count(&total).Error; err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return total, nil
}

func matching(query *gorm.DB, q app.AccountQuery) *gorm.DB {
	if q.Text != "" {
		literal := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q.Text)
		query = query.Where(`search_text LIKE ? ESCAPE '\'`, "%"+literal+"%")
	}
	if q.Role == users.RoleGuest {
		return query.Where("guest")
	}
	query = query.Where("NOT guest")
	if q.Role != "" {
		query = query.Where("role = ?", q.Role)
	}
	return query
}
