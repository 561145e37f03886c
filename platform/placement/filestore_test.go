package placement_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/config"
	"shop/platform/flip"
	"shop/platform/placement"
)

// file writes a settings file and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o640))
	return path
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// What is written changes nothing else of the file.
func TestFile_Edit(t *testing.T) {
	t.Parallel()
	all := placement.Change{Remote: new(25), Shadow: new(5), Fallback: new(flip.FallbackReads)}
	share := placement.Change{Remote: new(25)}
	for name, test := range map[string]struct {
		change        placement.Change
		before, after string
	}{
		"NoSettings":      {share, "# nothing yet\n", "# nothing yet\ncatalog:\n  remote: 25\n"},
		"NoNewline":       {share, "log_level: warn", "log_level: warn\ncatalog:\n  remote: 25\n"},
		"AllNew":          {all, "log_level: warn\n", "log_level: warn\ncatalog:\n  fallback: reads\n  shadow: 5\n  remote: 25\n"},
		"InPlace":         {share, "catalog:\n  # carefully\n  remote: 0 # percent\n\n  shadow: 0\n\nlog_level: warn\n", "catalog:\n  # carefully\n  remote: 25 # percent\n\n  shadow: 0\n\nlog_level: warn\n"},
		"BesideOthers":    {share, "catalog:\n\n    # the other team's\n    url: http://a\n\nlog_level: warn\n", "catalog:\n\n    # the other team's\n    remote: 25\n    url: http://a\n\nlog_level: warn\n"},
		"EmptyModule":     {share, "catalog:\nlog_level: warn\n", "catalog:\n  remote: 25\nlog_level: warn\n"},
		"EmptyModuleLast": {share, "catalog:", "catalog:\n  remote: 25\n"},
		"Quoted":          {share, "catalog: {remote: \"0\", fallback: 'none'}\n", "catalog: {remote: 25, fallback: 'none'}\n"},
		"Flow":            {all, "{catalog: {url: http://a}, log_level: warn}\n", "{catalog: {fallback: reads, shadow: 5, remote: 25, url: http://a}, log_level: warn}\n"},
		"Dotted":          {share, "catalog.url: http://a\nlog_level: warn\n", "catalog.url: http://a\nlog_level: warn\ncatalog.remote: 25\n"},
		"DottedInPlace":   {share, "catalog.remote: 7\n", "catalog.remote: 25\n"},
		"Foreign":         {share, "mail_from: \"Läden <ü@example.com>\"\ncatalog: {url: http://a, remote: 1} # für später\n", "mail_from: \"Läden <ü@example.com>\"\ncatalog: {url: http://a, remote: 25} # für später\n"},
		"WindowsLines":    {share, "catalog:\r\n  remote: 0\r\nlog_level: warn\r\n", "catalog:\r\n  remote: 25\r\nlog_level: warn\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := file(t, test.before)
			r := newRig(t, options{settings: settings(t, path)})
			s := r.change(t, test.change)
			require.Equal(t, "file", s.StoredIn)
			require.Equal(t, test.after, content(t, path))
			require.Equal(t, 25, settingsOf(t, path), "it reads back")
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o640), info.Mode().Perm())

			r.change(t, placement.Change{Remote: new(30)})
			require.Equal(t, 30, settingsOf(t, path))
		})
	}
}

func settingsOf(t *testing.T, path string) int {
	t.Helper()
	c := settings(t, path)
	return c.PlacementOf("catalog").Remote
}

// What the file cannot hold stays in memory, and the state says so.
func TestFile_NotHere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text      string
		variables []string
		why       string
	}{
		"Pinned":    {"catalog: {url: http://a}\n", []string{"SHOP_CATALOG_REMOTE=5"}, "SHOP_CATALOG_REMOTE is set in the environment"},
		"EmptyFlow": {"catalog: {}\n", nil, "cannot be edited in place"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := file(t, "log_level: warn\n")
			c := settings(t, path, test.variables...)
			require.NoError(t, os.WriteFile(path, []byte(test.text), 0o600))
			r := newRig(t, options{settings: c})
			s := r.change(t, placement.Change{Remote: new(25)})
			require.Equal(t, "memory", s.StoredIn)
			require.Equal(t, 25, s.Remote)
			require.Equal(t, test.text, content(t, path))
			require.Contains(t, r.logs.String(), test.why)
		})
	}
}

// A link, as a mounted file often is, stays one.
func TestFile_Link(t *testing.T) {
	t.Parallel()
	path := file(t, "log_level: warn\n")
	link := filepath.Join(t.TempDir(), "shop.yaml")
	require.NoError(t, os.Symlink(path, link))
	newRig(t, options{settings: settings(t, link)}).change(t, placement.Change{Remote: new(25)})
	require.Contains(t, content(t, path), "remote: 25")
	target, err := os.Readlink(link)
	require.NoError(t, err)
	require.Equal(t, path, target)
}

// A change through one replica reaches the others that read the same file, and
// so does what somebody types into it.
func TestFile_Replicas(t *testing.T) {
	t.Parallel()
	path := file(t, "catalog: {url: http://a}\n")
	one := newRig(t, options{settings: settings(t, path)}).run(t)
	two := newRig(t, options{settings: settings(t, path)}).run(t)
	eventually(t, func() bool { return one.state(t).Targets[0].Healthy && two.state(t).Targets[0].Healthy }, "greeted")
	one.change(t, placement.Change{Remote: new(25), Fallback: new(flip.FallbackReads)})
	require.Equal(t, 25, one.route.Policy().Remote)
	eventually(t, func() bool { return two.route.Policy() == flip.Policy{Remote: 25, Fallback: flip.FallbackReads} }, "the other replica follows")
	require.Equal(t, "file", two.state(t).StoredIn)
	require.Contains(t, two.logs.String(), "source=file")

	require.NoError(t, os.WriteFile(path, []byte("catalog: {url: http://a, remote: 50}\n"), 0o600))
	for _, r := range []*rig{one, two} {
		eventually(t, func() bool { return r.route.Policy() == flip.Policy{Remote: 50} }, "what is typed counts")
	}
	require.NoError(t, os.WriteFile(path, []byte("catalog: {url: http://a, remote: 500}\n"), 0o600))
	eventually(t, func() bool { return contains(one.logs, "use a whole number from 0 to 100") }, "the mistake is told")
	require.Equal(t, 50, one.route.Policy().Remote)
	require.NoError(t, os.WriteFile(path, []byte("log_level: warn\ncatalog: {url: http://a, remote: 60}\n"), 0o600))
	eventually(t, one.remoteIs(60), "the mistake is over")
	eventually(t, func() bool { return contains(one.logs, "come into force at the next start") }, "what is not read again is told")
}

// A ramp writes each step into the file, and is not disturbed by seeing it
// there. Somebody who types another share ends it.
func TestFile_Ramp(t *testing.T) {
	t.Parallel()
	path := file(t, "catalog: {url: http://a}\n")
	r := newRig(t, options{settings: settings(t, path)}).run(t)
	follower := newRig(t, options{settings: settings(t, path)}).run(t)
	eventually(t, func() bool { return r.state(t).Targets[0].Healthy && follower.state(t).Targets[0].Healthy }, "greeted")
	r.change(t, placement.Change{Ramp: []int{1, 2, 3, 50, 100}, Every: time.Second, AbortOn: guards(t, "errors>1%")})
	eventually(t, follower.remoteIs(3), "the steps reach the follower")
	require.Equal(t, "errors>1%", r.state(t).Guards)
	eventually(t, func() bool { return r.state(t).Ramp == nil }, "the ramp ends")
	require.Equal(t, 100, r.route.Policy().Remote)
	require.Equal(t, 100, settingsOf(t, path))
	eventually(t, follower.remoteIs(100), "the last step reaches the follower")

	r.change(t, placement.Change{Ramp: []int{1, 2, 100}, Every: time.Minute})
	eventually(t, follower.remoteIs(1), "the first step reaches the follower")
	require.NoError(t, os.WriteFile(path, []byte("catalog: {url: http://a, remote: 10}\n"), 0o600))
	eventually(t, r.remoteIs(10), "what is typed counts")
	require.Nil(t, r.state(t).Ramp)
}

// Processes that change the file at the same moment lose nothing of one another,
// also when they have not seen yet what the other wrote.
func TestFile_AtTheSameMoment(t *testing.T) {
	t.Parallel()
	const times = 99
	path := file(t, "catalog:\n  url: http://a\n")
	ended := make(chan error, 2)
	for _, field := range []struct {
		change func(int) placement.Change
		of     func(config.Placement) int
	}{
		{func(share int) placement.Change { return placement.Change{Remote: &share} }, func(p config.Placement) int { return p.Remote }},
		{func(share int) placement.Change { return placement.Change{Shadow: &share} }, func(p config.Placement) int { return p.Shadow }},
	} {
		r := newRig(t, options{settings: settings(t, path)})
		go func() {
			for share := 1; share <= times; share++ {
				if _, err := r.Change(t.Context(), "catalog", field.change(share)); err != nil {
					ended <- err
					return
				}
				written, err := config.Load(config.Options{File: path, Environ: []string{"SHOP_CATALOG_URL=http://a"}})
				if is := field.of(written.PlacementOf("catalog")); err != nil || is != share {
					ended <- fmt.Errorf("it is %d instead of %d: %w", is, share, err)
					return
				}
			}
			ended <- nil
		}()
	}
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
}

// The last change counts in all processes, also one back to what the file held
// before the others have seen it at all.
func TestFile_LastCounts(t *testing.T) {
	t.Parallel()
	path := file(t, "catalog: {url: http://a, remote: 0}\n")
	one := newRig(t, options{settings: settings(t, path)}).run(t)
	two := newRig(t, options{settings: settings(t, path)}).run(t)
	eventually(t, func() bool { return one.state(t).Targets[0].Healthy && two.state(t).Targets[0].Healthy }, "greeted")
	for range 5 {
		one.change(t, placement.Change{Remote: new(25)})
		two.change(t, placement.Change{Remote: new(0)})
		require.Equal(t, 0, settingsOf(t, path))
		eventually(t, one.remoteIs(0), "it reaches the other")
		require.Equal(t, 0, two.route.Policy().Remote)
	}
}

// What is typed between the start and the watch is not missed.
func TestFile_ChangedBeforeRun(t *testing.T) {
	t.Parallel()
	path := file(t, "catalog: {url: http://a}\n")
	r := newRig(t, options{settings: settings(t, path)})
	require.NoError(t, os.WriteFile(path, []byte("catalog: {url: http://a, remote: 25}\n"), 0o600))
	r.run(t)
	eventually(t, r.remoteIs(25), "it is seen")
}

func TestReload(t *testing.T) {
	t.Parallel()
	path := file(t, "catalog: {url: http://a}\n")
	r := newRig(t, options{settings: settings(t, path)}).run(t)
	require.NoError(t, os.WriteFile(path, []byte("catalog: {url: http://a, remote: 100}\n"), 0o600))
	r.Reload()
	eventually(t, r.remoteIs(100), "it is read again")
}
