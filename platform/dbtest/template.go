package dbtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
)

// files are migrated SQLite files without an identity, by the name of their
// template: migrating a file takes ten times as long as copying it.
var files sync.Map

// migratedFile is the content of such a file.
func migratedFile(tb testing.TB, module string, fsys fs.FS) []byte {
	tb.Helper()
	made, _ := files.LoadOrStore(
		templateName(tb, database.SQLite, module, fsys),
		sync.OnceValues(func() ([]byte, error) { return makeFile(context.WithoutCancel(tb.Context()), module, fsys) }),
	)
	content, err := made.(func() ([]byte, error))() //nolint:forcetypeassert // nothing else is stored
	require.NoError(tb, err)
	return content
}

func makeFile(ctx context.Context, module string, fsys fs.FS) (content []byte, err error) {
	dir, err := os.MkdirTemp("", "shop-template-")
	if err != nil {
		return nil, fmt.Errorf("make a template: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := database.Open(ctx, database.Options{Module: module, DataDir: dir})
	if err != nil {
		return nil, fmt.Errorf("make a template: %w", err)
	}
	if err := errors.Join(fill(ctx, db, fsys), db.Close()); err != nil {
		return nil, fmt.Errorf("make a template: %w", err)
	}
	content, err = os.ReadFile(filepath.Join(dir, module+".db"))
	if err != nil {
		return nil, fmt.Errorf("make a template: %w", err)
	}
	return content, nil
}

// fill migrates a database that others are copied from. Its identity is removed,
// so that each copy gets its own.
func fill(ctx context.Context, db *database.DB, fsys fs.FS) error {
	if err := database.Migrate(ctx, db, fsys); err != nil {
		return err //nolint:wrapcheck // says which migration
	}
	return db.Write(ctx).Exec("DELETE FROM database_identity").Error
}
