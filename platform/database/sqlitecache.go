package database

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"
)

const (
	// cachedStatements bounds how many statements a connection keeps prepared.
	cachedStatements = 128
	// cachedLength bounds the text of a statement worth keeping, in bytes:
	// longer ones are batches whose text rarely comes twice.
	cachedLength = 4096
)

// cachingConnector makes SQLite connections that keep their statements
// prepared. It sits beneath database/sql, where a connection is used by one
// caller at a time: no statement is shared, and none needs a connection of its
// own to be prepared on, which would hang a pool of one inside a transaction.
type cachingConnector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c cachingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(sqliteConn)
	if !ok {
		return nil, fmt.Errorf("the SQLite driver's connection %T lacks a method of database/sql", conn)
	}
	return &cachingConn{sqliteConn: whole, idle: make(map[string]sqliteStmt)}, nil
}

// sqliteConn is all that a connection of the driver can do for database/sql.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// sqliteRows is all that the driver's rows can do for database/sql.
type sqliteRows interface {
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
}

type cachingConn struct {
	sqliteConn
	// idle holds the statements that nobody runs. A statement in use is taken
	// out, so that the same text run again meanwhile (inside a loop over rows)
	// gets one of its own.
	idle map[string]sqliteStmt
}

// ExecContext implements driver.ExecerContext.
func (c *cachingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	stmt, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := stmt.ExecContext(ctx, args)
	if err != nil {
		_ = stmt.Close() // its error repeats err
		return nil, err
	}
	return result, c.give(query, stmt)
}

// QueryContext implements driver.QueryerContext.
func (c *cachingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	stmt, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args)
	if err != nil {
		_ = stmt.Close() // its error repeats err
		return nil, err
	}
	whole, ok := rows.(sqliteRows)
	if !ok {
		_, _ = rows.Close(), stmt.Close()
		return nil, fmt.Errorf("the SQLite driver's rows %T lack a method of database/sql", rows)
	}
	return &cachingRows{sqliteRows: whole, conn: c, query: query, stmt: stmt}, nil
}

// CheckNamedValue implements driver.NamedValueChecker: times are bound in UTC
// at microseconds, since SQLite compares them as text and PostgreSQL keeps no
// more digits.
func (c *cachingConn) CheckNamedValue(arg *driver.NamedValue) (err error) {
	if arg.Value, err = driver.DefaultParameterConverter.ConvertValue(arg.Value); err != nil {
		return err
	}
	if t, ok := arg.Value.(time.Time); ok {
		arg.Value = Timestamp(t)
	}
	return nil
}

// Close implements driver.Conn.
func (c *cachingConn) Close() error {
	for _, stmt := range c.idle {
		_ = stmt.Close() // reports again what its last run reported
	}
	clear(c.idle)
	return c.sqliteConn.Close()
}

// Unwrap returns the driver's own connection, as the driver asks of wrappers.
func (c *cachingConn) Unwrap() driver.Conn { return c.sqliteConn }

func (c *cachingConn) take(ctx context.Context, query string) (sqliteStmt, error) {
	if stmt, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return stmt, nil
	}
	stmt, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	whole, ok := stmt.(sqliteStmt)
	if !ok {
		_ = stmt.Close()
		return nil, fmt.Errorf("the SQLite driver's statement %T lacks a method of database/sql", stmt)
	}
	return whole, nil
}

// give puts a statement back; when the cache is full any other one goes.
func (c *cachingConn) give(query string, stmt sqliteStmt) error {
	if _, known := c.idle[query]; known || len(query) > cachedLength {
		return stmt.Close()
	}
	if len(c.idle) >= cachedStatements {
		for text, other := range c.idle {
			delete(c.idle, text)
			_ = other.Close() // reports again what its last run reported
			break
		}
	}
	c.idle[query] = stmt
	return nil
}

// cachingRows gives the statement back when it has been read.
type cachingRows struct {
	sqliteRows
	conn  *cachingConn
	query string
	stmt  sqliteStmt
}

// Close implements driver.Rows. The second call does nothing.
func (r *cachingRows) Close() error {
	if r.stmt == nil {
		return nil
	}
	stmt := r.stmt
	r.stmt = nil
	if err := r.sqliteRows.Close(); err != nil {
		_ = stmt.Close() // its error repeats err
		return err
	}
	return r.conn.give(r.query, stmt)
}
