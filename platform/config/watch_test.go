package config_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/config"
)

// watched is a settings file that is watched until the test ends.
type watched struct {
	path    string
	changes chan config.Config
	errors  chan error
	reload  chan struct{}
}

func newWatched(path string) *watched {
	return &watched{path: path, changes: make(chan config.Config, 10), errors: make(chan error, 10), reload: make(chan struct{}, 1)}
}

func watch(t *testing.T, path string) *watched {
	t.Helper()
	before, err := config.Load(config.Options{File: path, Environ: []string{"SHOP_CATALOG_URL=http://a"}})
	require.NoError(t, err)
	return watchFrom(t, newWatched(path), before)
}

func watchFrom(t *testing.T, w *watched, before config.Config) *watched {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		before.Watch(ctx, config.WatchOptions{
			Reload:   w.reload,
			OnChange: func(c config.Config) { w.changes <- c }, OnError: func(err error) { w.errors <- err },
		})
	}()
	t.Cleanup(func() { stop(); <-ended })
	// What was there when it began is not told; a reload shows that it has begun.
	w.reload <- struct{}{}
	select {
	case <-w.changes:
	case err := <-w.errors:
		require.Error(t, err)
	case <-time.After(10 * time.Second):
		require.Fail(t, "a reload tells nothing")
	}
	return w
}

func (w *watched) write(t *testing.T, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(w.path, []byte(text), 0o600))
}

// share waits for the next change and returns the catalog's remote share.
func (w *watched) share(t *testing.T) int {
	t.Helper()
	select {
	case c := <-w.changes:
		return c.PlacementOf("catalog").Remote
	case err := <-w.errors:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		require.Fail(t, "no change was told")
	}
	return -1
}

func (w *watched) failure(t *testing.T) string {
	t.Helper()
	select {
	case c := <-w.changes:
		require.Fail(t, "a change instead of an error", c.PlacementOf("catalog"))
	case err := <-w.errors:
		return err.Error()
	case <-time.After(10 * time.Second):
		require.Fail(t, "no error was told")
	}
	return ""
}

func TestWatch(t *testing.T) {
	t.Parallel()
	t.Run("InPlace", func(t *testing.T) {
		t.Parallel()
		w := watch(t, yamlFile(t, "catalog: {remote: 1}\n"))
		w.write(t, "catalog: {remote: 5}\n")
		require.Equal(t, 5, w.share(t))
		w.write(t, "catalog: {remote: 25}\n")
		require.Equal(t, 25, w.share(t))
	})
	t.Run("ByRename", func(t *testing.T) {
		t.Parallel()
		w := watch(t, yamlFile(t, "catalog: {remote: 1}\n"))
		for _, share := range []string{"5", "25"} {
			require.NoError(t, os.WriteFile(w.path+".new", []byte("catalog: {remote: "+share+"}\n"), 0o600))
			require.NoError(t, os.Rename(w.path+".new", w.path))
			require.Equal(t, share, map[int]string{5: "5", 25: "25"}[w.share(t)])
		}
	})
	t.Run("ByLink", func(t *testing.T) {
		t.Parallel()
		// As Kubernetes mounts a ConfigMap: shop.yaml -> ..data/shop.yaml, ..data -> ..1
		mount := t.TempDir()
		for version, share := range map[string]string{"..1": "1", "..2": "5"} {
			require.NoError(t, os.Mkdir(filepath.Join(mount, version), 0o750))
			require.NoError(t, os.WriteFile(filepath.Join(mount, version, "shop.yaml"), []byte("catalog: {remote: "+share+"}\n"), 0o600))
		}
		require.NoError(t, os.Symlink("..1", filepath.Join(mount, "..data")))
		require.NoError(t, os.Symlink(filepath.Join("..data", "shop.yaml"), filepath.Join(mount, "shop.yaml")))
		w := watch(t, filepath.Join(mount, "shop.yaml"))
		require.NoError(t, os.Symlink("..2", filepath.Join(mount, "..tmp")))
		require.NoError(t, os.Rename(filepath.Join(mount, "..tmp"), filepath.Join(mount, "..data")))
		require.Equal(t, 5, w.share(t))
	})
}

// A file that is still being written is not believed, however often the system
// tells of it.
func TestWatch_Settles(t *testing.T) {
	t.Parallel()
	w := watch(t, yamlFile(t, "catalog: {remote: 1}\n"))
	for judged := 0; judged < 3; {
		began := time.Now()
		w.write(t, "catalog: {remote: 2}\n")
		for range 20 {
			require.NoError(t, os.WriteFile(w.path+".beside", []byte("something else"), 0o600))
			runtime.Gosched()
		}
		w.write(t, "catalog: {remote: 25}\n")
		paused := time.Since(began) >= config.SettleAfter
		share := w.share(t)
		if paused && share == 2 {
			share = w.share(t) // the machine paused between the halves, and the first one rightly settled
		} else {
			judged++
		}
		require.Equal(t, 25, share, "the first half is told of")
		w.write(t, "catalog: {remote: 1}\n")
		require.Equal(t, 1, w.share(t))
	}
}

// The default file need not be there at first, nor its directory be named.
func TestWatch_AppearsLater(t *testing.T) {
	t.Chdir(t.TempDir())
	before, err := config.Load(config.Options{Environ: []string{"SHOP_CATALOG_URL=http://a"}})
	require.NoError(t, err)
	w := watchFrom(t, newWatched(config.DefaultFile), before)
	w.write(t, "catalog: {remote: 5}\n")
	require.Equal(t, 5, w.share(t))
}

func TestWatch_Mistakes(t *testing.T) {
	t.Parallel()
	w := watch(t, yamlFile(t, "catalog: {remote: 1}\n"))
	w.write(t, "catalog: {remote: 500}\n")
	require.Contains(t, w.failure(t), "use a whole number from 0 to 100")
	w.write(t, "catalog: {")
	require.Contains(t, w.failure(t), "cannot be read as YAML")
	w.write(t, "\n")
	require.Contains(t, w.failure(t), "is empty")
	require.NoError(t, os.Remove(w.path))
	require.Contains(t, w.failure(t), "has gone")
	w.write(t, "catalog: {remote: 5}\n")
	require.Equal(t, 5, w.share(t))
	require.Empty(t, w.errors, "each mistake is told once")
}

// Where there is no file, a reload reads what there is.
func TestWatch_NoFile(t *testing.T) {
	t.Parallel()
	before, err := config.Default()
	require.NoError(t, err)
	w := watchFrom(t, newWatched(os.DevNull), before)
	w.reload <- struct{}{}
	require.Equal(t, 0, w.share(t))
}

// A signal has the file read again, even if it is the same.
func TestWatch_Reload(t *testing.T) {
	t.Parallel()
	w := watch(t, yamlFile(t, "catalog: {remote: 5}\n"))
	w.reload <- struct{}{}
	require.Equal(t, 5, w.share(t))
}
