// Package gingorm is the yardstick with the usual framework and ORM: Gin and
// GORM as a developer who has read their manuals writes it.
package gingorm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	postgresdriver "gorm.io/driver/postgres"
	sqlitedriver "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // the driver

	"shop/cmd/shopbench/internal/dataset"
	"shop/cmd/shopbench/internal/yardstick"
)

const insertBatch = 500

// database is GORM over one database: a handle for reads and one for writes,
// the same one on PostgreSQL.
type database struct {
	reads, writes *gorm.DB
	onPostgres    bool
}

func open(options yardstick.Options) (*database, error) {
	if options.OnPostgres() {
		db, err := openPool(postgresdriver.Open(options.Database), options.Pool)
		return &database{reads: db, writes: db, onPostgres: true}, err
	}
	dialector := func() gorm.Dialector {
		return sqlitedriver.New(sqlitedriver.Config{DriverName: "sqlite", DSN: options.SQLiteDSN()})
	}
	writes, err := openPool(dialector(), 1)
	if err != nil {
		return nil, err
	}
	reads, err := openPool(dialector(), options.Pool)
	return &database{reads: reads, writes: writes}, err
}

// openPool sets what GORM's page on performance advises: no transaction around
// single statements, and prepared statements where the driver has none.
func openPool(dialector gorm.Dialector, size int) (*gorm.DB, error) {
	db, err := gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            dialector.Name() == "sqlite",
		Logger:                 logger.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("reach the pool: %w", err)
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return db, nil
}

func (d *database) close() error {
	pools := []*gorm.DB{d.writes}
	if d.reads != d.writes {
		pools = append(pools, d.reads)
	}
	var all error
	for _, db := range pools {
		pool, err := db.DB()
		if err == nil {
			err = pool.Close()
		}
		all = errors.Join(all, err)
	}
	return all
}

func (d *database) load(ctx context.Context, products []dataset.Product) error {
	schema := yardstick.SQLiteSchema
	if d.onPostgres {
		schema = yardstick.PostgresSchema
	}
	if err := d.writes.WithContext(ctx).Exec(schema).Error; err != nil {
		return fmt.Errorf("create the tables: %w", err)
	}
	rows := make([]Product, len(products))
	now := time.Now().UTC()
	for i, p := range products {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("make an id: %w", err)
		}
		rows[i] = Product{
			ID: id, SKU: p.SKU, Name: p.Name, Description: p.Description,
			PriceAmount: p.Amount, PriceCurrency: dataset.Currency, Stock: dataset.Stock, Category: p.Category,
			Attributes: json.RawMessage("{}"), Images: json.RawMessage("[]"), Version: 1, CreatedAt: now, UpdatedAt: now,
		}
	}
	if err := d.writes.WithContext(ctx).CreateInBatches(rows, insertBatch).Error; err != nil {
		return fmt.Errorf("load the products: %w", err)
	}
	return nil
}
