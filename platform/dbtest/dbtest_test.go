package dbtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
)

func files() fstest.MapFS {
	return fstest.MapFS{
		"postgres/shed/0001_initial.up.sql": {Data: []byte(`
			CREATE TABLE database_identity (singleton boolean PRIMARY KEY DEFAULT true, id uuid NOT NULL, epoch bigint NOT NULL);
			CREATE TABLE tools (name text PRIMARY KEY);`)},
		"postgres/shed/0001_initial.down.sql": {Data: []byte(`DROP TABLE tools; DROP TABLE database_identity;`)},
		"sqlite/shed/0001_initial.up.sql": {Data: []byte(`
			CREATE TABLE database_identity (singleton boolean PRIMARY KEY DEFAULT true, id blob NOT NULL, epoch integer NOT NULL);
			CREATE TABLE tools (name text PRIMARY KEY);`)},
		"sqlite/shed/0001_initial.down.sql": {Data: []byte(`DROP TABLE tools; DROP TABLE database_identity;`)},
	}
}

func TestEachDatabaseIsItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 2 {
		dbtest.EachFS(t, "shed", files(), func(t *testing.T, db *database.DB) {
			require.Contains(t, t.Name(), "/"+db.Dialect().String())
			require.NoError(t, db.Write(t.Context()).Exec("INSERT INTO tools VALUES ('saw')").Error)
			identity, err := db.Identity(t.Context())
			require.NoError(t, err)
			require.False(t, seen[identity.ID], "identities are not copied with the template")
			seen[identity.ID] = true
		})
	}
}

func TestPostgresIsDropped(t *testing.T) {
	var url string
	t.Run("Uses", func(t *testing.T) {
		url = dbtest.Postgres(t)
		conn, err := pgx.Connect(t.Context(), url)
		require.NoError(t, err)
		var tables int
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables))
		require.Zero(t, tables)
		// The connection stays open: what a test forgets is dropped all the same.
	})
	_, err := pgx.Connect(t.Context(), url)
	require.ErrorContains(t, err, "does not exist")
}

// The server that a test process starts ends with it, even when the process is
// killed, and its folder goes too. The process runs TestChild.
func TestServerEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	for name, kill := range map[string]bool{"Exits": false, "Killed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := shortTempDir(t)
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
			child.Env = append(os.Environ(), "TEST_CHILD=1", "SHOP_TEST_POSTGRES_URL=", "TMPDIR="+folder)
			if kill {
				child.Env = append(child.Env, "TEST_CHILD_STAYS=1")
			}
			stdout, err := child.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, child.Start())
			line := make([]byte, len("running\n"))
			_, err = stdout.Read(line)
			require.NoError(t, err)
			require.Equal(t, "running\n", string(line))
			require.NotEmpty(t, servers(t, folder))
			if kill {
				require.NoError(t, child.Process.Kill())
			}
			err = child.Wait()
			require.Equal(t, kill, err != nil, "%v", err)
			require.Eventually(t, func() bool { return len(servers(t, folder)) == 0 }, 30*time.Second, 10*time.Millisecond)
		})
	}
}

func TestChild(t *testing.T) {
	if os.Getenv("TEST_CHILD") == "" {
		return // it is the other process's part of TestServerEndsWithItsProcess
	}
	dbtest.Postgres(t)
	_, err := os.Stdout.WriteString("running\n")
	require.NoError(t, err)
	if os.Getenv("TEST_CHILD_STAYS") != "" {
		select {} // until it is killed
	}
}

func servers(t *testing.T, folder string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "shop-postgres-*"))
	require.NoError(t, err)
	return found
}

// shortTempDir is a folder that every user may enter, with a name short enough
// for a socket in it.
func shortTempDir(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "dbtest-") //nolint:usetesting // its folders are too deep, and closed to others
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o777))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	return folder
}
