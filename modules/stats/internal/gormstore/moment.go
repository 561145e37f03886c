package gormstore

import (
	"database/sql/driver"
	"fmt"
	"time"

	"shop/platform/database"
)

// parameter is a time as log_entries keep it: on SQLite as microseconds since
// 1970.
func (s *Store) parameter(t time.Time) any {
	if s.db.Dialect() == database.SQLite {
		return t.UnixMicro()
	}
	return t
}

// moment reads a time that was written as a parameter.
type moment struct{ time.Time }

// Scan implements sql.Scanner.
func (m *moment) Scan(src any) error {
	switch v := src.(type) {
	case int64:
		m.Time = time.UnixMicro(v).UTC()
	case time.Time:
		m.Time = v.UTC()
	default:
		return fmt.Errorf("scan a time: %T is none", src)
	}
	return nil
}

// Value implements driver.Valuer, by which GORM knows a column from a relation.
func (m moment) Value() (driver.Value, error) { return m.Time, nil }
