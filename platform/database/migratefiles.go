package database

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/golang-migrate/migrate/v4/database"
	"github.com/golang-migrate/migrate/v4/source"
)

// migrationFiles are a module's migrations for one dialect, in order.
type migrationFiles struct {
	fsys     fs.FS
	folder   string
	versions []uint
	names    []string // "0001_initial", beside versions
}

func readFiles(fsys fs.FS, db *DB) (migrationFiles, error) {
	files := migrationFiles{fsys: fsys, folder: path.Join(db.dialect.String(), db.Module())}
	entries, err := fs.ReadDir(fsys, files.folder) // sorted by name, and so by version
	if err != nil {
		return files, fmt.Errorf("read the migrations of %s: %w", db.Module(), err)
	}
	for _, entry := range entries {
		name, up := strings.CutSuffix(entry.Name(), ".up.sql")
		if !up {
			continue
		}
		parsed, err := source.DefaultParse(entry.Name())
		if err != nil {
			return files, fmt.Errorf("read the migrations of %s: %s: %w", db.Module(), entry.Name(), err)
		}
		files.versions = append(files.versions, parsed.Version)
		files.names = append(files.names, name)
	}
	if len(files.versions) == 0 || !slices.IsSorted(files.versions) {
		return files, fmt.Errorf("read the migrations of %s: %s holds no 0001_name.up.sql and so on", db.Module(), files.folder)
	}
	return files, nil
}

func (f migrationFiles) latest() uint { return f.versions[len(f.versions)-1] }

// applied is how many migrations a database at a version has.
func (f migrationFiles) applied(version uint) int {
	n, found := slices.BinarySearch(f.versions, version)
	if found {
		n++
	}
	return n
}

// after are the names of the migrations that a database at a version lacks.
func (f migrationFiles) after(version uint) []string {
	return append([]string(nil), f.names[f.applied(version):]...)
}

// before is the version in the history before the migration to version was
// applied.
func (f migrationFiles) before(version int) int {
	if version < 0 {
		return database.NilVersion
	}
	n := f.applied(uint(version)) - 2
	if n < 0 {
		return database.NilVersion
	}
	return int(f.versions[n])
}

// following is the version in the history before the migration after version
// was taken back.
func (f migrationFiles) following(version int) int {
	n := 0
	if version >= 0 {
		n = f.applied(uint(version))
	}
	return int(f.versions[min(n, len(f.versions)-1)])
}
