package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	modernc "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// postgresDialector is GORM's own with our translation of errors.
type postgresDialector struct{ *postgres.Dialector }

// Translate implements gorm.ErrorTranslator.
func (postgresDialector) Translate(err error) error { return translatePostgres(err) }

// Explain implements gorm.Dialector as that of sqliteDialector does.
func (postgresDialector) Explain(text string, _ ...any) string { return text }

// sqliteDialector is GORM's own with our translation of errors; its own one
// knows the errors of another driver only.
type sqliteDialector struct{ *sqlite.Dialector }

// Translate implements gorm.ErrorTranslator.
func (sqliteDialector) Translate(err error) error { return translateSQLite(err) }

// Explain implements gorm.Dialector: the statement as it is logged, without its
// parameters. GORM asks for it at every Scan, logged or not, and past the
// logger's filter.
func (sqliteDialector) Explain(text string, _ ...any) string { return text }

func (db *DB) translate(err error) error {
	switch {
	case err == nil:
		return nil
	case db.dialect == Postgres:
		return translatePostgres(err)
	default:
		return translateSQLite(err)
	}
}

func translatePostgres(err error) error {
	if done, translated := common(err); done {
		return translated
	}
	answer, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		if lostConnection(err) {
			return unavailable(err)
		}
		return err
	}
	switch code := answer.Code; {
	case code == "23505": // unique_violation
		return &DuplicateError{Constraint: answer.ConstraintName, cause: err}
	case strings.HasPrefix(code, "23"), code == "P0001": // integrity constraints; raised by a trigger
		return fmt.Errorf("%w: %w", ErrConstraint, err)
	case strings.HasPrefix(code, "08"), // connection exception
		strings.HasPrefix(code, "53"), // out of connections, memory, disk
		strings.HasPrefix(code, "57"), // shutting down, starting, statement_timeout
		code == "25006",               // read-only: a standby after a failover
		code == "25P03",               // idle_in_transaction_session_timeout
		code == "55P03",               // lock_timeout
		code == "40001", code == "40P01":
		return unavailable(err)
	default:
		return err
	}
}

// lostConnection tells the failures of a connection from those of a statement.
// The caller's own deadline is neither.
func lostConnection(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

func translateSQLite(err error) error {
	if done, translated := common(err); done {
		return translated
	}
	answer, ok := errors.AsType[*modernc.Error](err)
	if !ok {
		return err
	}
	switch code := answer.Code(); code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return &DuplicateError{Constraint: sqliteConstraint(answer.Error(), false), cause: err}
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return &DuplicateError{Constraint: sqliteConstraint(answer.Error(), true), cause: err}
	default:
		switch code & 0xff {
		case sqlite3.SQLITE_CONSTRAINT:
			return fmt.Errorf("%w: %w", ErrConstraint, err)
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return unavailable(err)
		default:
			return err
		}
	}
}

// sqliteConstraint makes the name that PostgreSQL would tell out of what SQLite
// tells: "… UNIQUE constraint failed: users.email, users.tenant (2067)", or
// "… failed: index 'name' (2067)" for an index over expressions.
func sqliteConstraint(message string, primary bool) string {
	_, list, found := strings.Cut(message, "UNIQUE constraint failed: ")
	if !found {
		return ""
	}
	list, _, _ = strings.Cut(list, " (")
	if name, ok := strings.CutPrefix(list, "index "); ok {
		return strings.Trim(name, "'")
	}
	table, _, _ := strings.Cut(list, ".")
	if primary {
		return table + "_pkey"
	}
	columns := strings.ReplaceAll(strings.ReplaceAll(list, table+".", ""), ", ", "_")
	return table + "_" + columns + "_key"
}

// retryable says whether the whole transaction may simply be run again: the
// database chose it as the victim of a conflict and has rolled it back.
func retryable(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Code == "40001" || answer.Code == "40P01"
	}
	answer, ok := errors.AsType[*modernc.Error](err)
	return ok && answer.Code()&0xff == sqlite3.SQLITE_BUSY
}
