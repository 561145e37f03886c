package migrations_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/migrations"
	"shop/platform/database"
	"shop/platform/dbtest"
)

var dialects = []database.Dialect{database.SQLite, database.Postgres}

// modules are the modules that have migrations for a dialect.
func modules(t *testing.T, dialect database.Dialect) (names []string) {
	t.Helper()
	entries, err := fs.ReadDir(migrations.FS, dialect.String())
	require.NoError(t, err)
	for _, entry := range entries {
		require.True(t, entry.IsDir(), entry.Name())
		names = append(names, entry.Name())
	}
	require.NotEmpty(t, names)
	return names
}

func files(t *testing.T, dialect database.Dialect, module string) (names []string) {
	t.Helper()
	entries, err := fs.ReadDir(migrations.FS, path.Join(dialect.String(), module))
	require.NoError(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// read is a file's SQL in lower case, without comments and with single spaces.
func read(t *testing.T, dialect database.Dialect, module, name string) string {
	t.Helper()
	text, err := fs.ReadFile(migrations.FS, path.Join(dialect.String(), module, name))
	require.NoError(t, err)
	return normal(string(text))
}

var comment = regexp.MustCompile(`--[^\n]*`)

func normal(sql string) string {
	return strings.ToLower(strings.Join(strings.Fields(comment.ReplaceAllString(sql, "")), " "))
}

func TestDialectsMirrorEachOther(t *testing.T) {
	t.Parallel()
	require.Equal(t, modules(t, database.Postgres), modules(t, database.SQLite))
	for _, module := range modules(t, database.Postgres) {
		require.Equal(t, files(t, database.Postgres, module), files(t, database.SQLite, module), module)
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	for _, dialect := range dialects {
		for _, module := range modules(t, dialect) {
			names := files(t, dialect, module)
			for n := 0; n < len(names); n += 2 {
				up := regexp.MustCompile(fmt.Sprintf(`^%04d_[a-z0-9_]+\.up\.sql$`, n/2+1))
				require.Less(t, n+1, len(names), "%s %s: %s stands alone", dialect, module, names[n])
				require.Regexp(t, up, names[n+1], "%s %s", dialect, module)
				require.Equal(t, strings.Replace(names[n+1], ".up.", ".down.", 1), names[n], "%s %s", dialect, module)
			}
		}
	}
}

// Up, all the way down and up again works, and down leaves nothing behind.
func TestUpDownUp(t *testing.T) {
	t.Parallel()
	for _, dialect := range dialects {
		for _, module := range modules(t, dialect) {
			t.Run(dialect.String()+"/"+module, func(t *testing.T) {
				t.Parallel()
				db := dbtest.Open(t, dialect, module)
				up := schema(t, db)
				require.NotEmpty(t, up)
				require.NoError(t, database.Down(t.Context(), db, migrations.FS, len(files(t, dialect, module))))
				require.Empty(t, schema(t, db))
				require.NoError(t, database.Migrate(t.Context(), db, migrations.FS))
				require.Equal(t, up, schema(t, db))
			})
		}
	}
}

// schema lists what migrations made: tables, indexes, sequences, triggers,
// functions and types.
func schema(t *testing.T, db *database.DB) (names []string) {
	t.Helper()
	query := `SELECT type || ' ' || name FROM sqlite_schema
		WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> 'schema_migrations' ORDER BY 1`
	if db.Dialect() == database.Postgres {
		query = `
			SELECT c.relkind::text || ' ' || c.relname FROM pg_class c
			WHERE c.relnamespace = current_schema()::regnamespace AND c.relname NOT LIKE 'schema_migrations%'
			UNION ALL SELECT 'function ' || p.proname FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
			UNION ALL SELECT 'trigger ' || g.tgname FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
			WHERE c.relnamespace = current_schema()::regnamespace AND NOT g.tgisinternal
			UNION ALL SELECT 'type ' || y.typname FROM pg_type y
			WHERE y.typnamespace = current_schema()::regnamespace AND y.typrelid = 0 AND y.typelem = 0
			ORDER BY 1`
	}
	require.NoError(t, db.Read(t.Context()).Raw(query).Scan(&names).Error)
	return names
}

var (
	created    = regexp.MustCompile(`create (?:virtual )?table (?:if not exists )?([a-z0-9_."]+)`)
	referenced = regexp.MustCompile(`\b(?:references|join|alter table|insert into|update|delete from) (?:if exists |only )?([a-z0-9_."]+)`)
)

// No foreign key, join or other statement reaches into another module.
func TestModulesKeepApart(t *testing.T) {
	t.Parallel()
	for _, dialect := range dialects {
		all := modules(t, dialect)
		foreign := regexp.MustCompile(`(?:references|from|join|into|update|table|on) "?(?:` + strings.Join(all, "|") + `|public)"?\."?[a-z]`)
		for _, module := range all {
			own := map[string]bool{}
			for _, name := range files(t, dialect, module) {
				for _, match := range created.FindAllStringSubmatch(read(t, dialect, module, name), -1) {
					own[match[1]] = true
				}
			}
			for _, name := range files(t, dialect, module) {
				text := read(t, dialect, module, name)
				require.NotRegexp(t, foreign, text, "%s/%s/%s names a schema", dialect, module, name)
				for _, match := range referenced.FindAllStringSubmatch(text, -1) {
					if keyword := match[1]; keyword == "set" || keyword == "on" || keyword == "or" || keyword == "of" {
						continue // as in ON UPDATE SET NULL, BEFORE UPDATE ON t
					}
					require.True(t, own[match[1]], "%s/%s/%s: %s is no table of the module", dialect, module, name, match[1])
				}
			}
		}
	}
}

// Each file is one transaction: nothing in it begins, ends or forbids one.
func TestOneTransactionAFile(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`\bconcurrently\b|(?:^|; ?)(?:begin|commit|rollback|vacuum|start transaction)\b ?;?(?: transaction)?(?:;|$)|\bpragma\b`)
	for _, dialect := range dialects {
		for _, module := range modules(t, dialect) {
			for _, name := range files(t, dialect, module) {
				require.NotRegexp(t, forbidden, read(t, dialect, module, name), "%s/%s/%s", dialect, module, name)
			}
		}
	}
}

// Tables that several modules have are as the README says: a block of it holds
// the statements of one purpose, which a module has in full or not at all. The
// first one, the identity, every module has.
func TestSharedTables(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, dialect := range dialects {
		fence := regexp.MustCompile("(?s)```sql " + dialect.String() + "\n(.*?)```")
		blocks := fence.FindAllStringSubmatch(string(readme), -1)
		require.Len(t, blocks, 4)
		for _, module := range modules(t, dialect) {
			var text string
			for _, name := range files(t, dialect, module) {
				if strings.HasSuffix(name, ".up.sql") {
					text += read(t, dialect, module, name)
				}
			}
			for n, block := range blocks {
				statements := normal(block[1])
				table := created.FindStringSubmatch(statements)[1]
				if n > 0 && !strings.Contains(text, "create table "+table+" ") {
					continue
				}
				for statement := range strings.SplitSeq(statements, ";") {
					require.Contains(t, text, strings.TrimSpace(statement), "%s/%s", dialect, module)
				}
			}
		}
	}
}
