package serviceauth_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/identity"
	"shop/platform/serviceauth"
)

func TestParseKeys(t *testing.T) {
	t.Parallel()
	keys, err := serviceauth.ParseKeys("k2:" + encodedKey("b") + ", k1:" + encodedKey("a"))
	require.NoError(t, err)
	require.False(t, keys.IsZero())
	require.Equal(t, "k2:***,k1:***", fmt.Sprint(keys))

	for name, text := range map[string]string{
		"Empty":     "",
		"NoName":    encodedKey("a"),
		"NoSecret":  "k1:",
		"Short":     "k1:c2hvcnQ=",
		"NotBase64": "k1:" + "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!",
		"Twice":     "k1:" + encodedKey("a") + ",k1:" + encodedKey("b"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys, err := serviceauth.ParseKeys(text)
			require.Error(t, err)
			require.True(t, keys.IsZero())
			require.NotContains(t, err.Error(), encodedKey("a"))
		})
	}
}

func TestLoadOrCreate(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "data")

	// Processes that start at once must end up with one key.
	tokens := make([]string, 8)
	var all sync.WaitGroup
	for i := range tokens {
		all.Go(func() {
			keys, err := serviceauth.LoadOrCreate(directory)
			if err != nil {
				t.Error(err)
				return
			}
			a, err := serviceauth.New(serviceauth.Options{Keys: keys})
			if err == nil {
				tokens[i], err = a.Mint(as(t, identity.Actor{Service: "cart"}), "stats")
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	keys, err := serviceauth.LoadOrCreate(directory)
	require.NoError(t, err)
	a, err := serviceauth.New(serviceauth.Options{Keys: keys})
	require.NoError(t, err)
	for _, token := range tokens {
		_, err = a.Verify(token, "stats")
		require.NoError(t, err)
	}

	files, err := os.ReadDir(directory)
	require.NoError(t, err)
	require.Len(t, files, 1)
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, "service.key", info.Name())
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestLoadOrCreateSaysWhatToDoWithADamagedFile(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "service.key")
	require.NoError(t, os.WriteFile(path, []byte("half a ke"), 0o600))
	_, err := serviceauth.LoadOrCreate(directory)
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "remove the file")
}
