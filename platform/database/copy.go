package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// errNoCopy is a defect of the caller.
var errNoCopy = errors.New("copy: PostgreSQL alone has it, and outside of transactions alone")

// Copy adds rows to a table of the module by PostgreSQL's COPY, all or none,
// which for some hundred rows and more is cheaper than an INSERT. It commits by
// itself, so ctx must carry no transaction of this database. row returns the
// values of the columns of row n, from 0.
func (db *DB) Copy(ctx context.Context, table string, columns []string, rows int, row func(n int) ([]any, error)) (err error) {
	if db.dialect != Postgres || db.transaction(ctx) != nil {
		return errNoCopy
	}
	begin := time.Now()
	defer func() {
		if db.options.Metrics != nil {
			db.options.Metrics.duration.WithLabelValues(db.options.Module, "copy").Observe(time.Since(begin).Seconds())
		}
		db.writer.Logger.Trace(ctx, begin, func() (string, int64) { return "COPY " + table, int64(rows) }, err)
	}()
	countStatement(ctx)
	conn, err := db.pools[0].sql.Conn(ctx)
	if err != nil {
		return fmt.Errorf("copy: %w", translatePostgres(err))
	}
	err = conn.Raw(func(driver any) error {
		raw, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver's connection is a %T", driver)
		}
		_, err := raw.Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(rows, row))
		return err
	})
	if closed := conn.Close(); closed != nil && !errors.Is(closed, sql.ErrConnDone) {
		err = errors.Join(err, closed)
	}
	if err != nil {
		return fmt.Errorf("copy: %w", translatePostgres(err))
	}
	return nil
}
