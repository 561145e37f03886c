package placement_test

import (
	"net"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"shop/platform/config"
	"shop/platform/flip"
	"shop/platform/placement"
)

// natsServer starts a server with JetStream and returns it. Port -1 is any free
// one.
func natsServer(t *testing.T, directory string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: directory, NoSigs: true, NoLog: true,
	})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(20*time.Second))
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s
}

// onNATS is a process that keeps changes in NATS.
func onNATS(t *testing.T, url string, variables ...string) *rig {
	t.Helper()
	r := newRig(t, options{settings: settings(t, "", append(variables, "SHOP_NATS_URL="+url)...)}).run(t)
	eventually(t, func() bool { return r.state(t).Targets[0].Healthy }, "greeted")
	return r
}

// keep makes a change, as soon as the store can be reached.
func (r *rig) keep(t *testing.T, c placement.Change) placement.ModuleState {
	t.Helper()
	var s placement.ModuleState
	eventually(t, func() bool {
		var err error
		s, err = r.Change(t.Context(), "catalog", c)
		return err == nil
	}, "the change is kept")
	return s
}

func TestNATS(t *testing.T) {
	t.Parallel()
	url := natsServer(t, t.TempDir(), -1).ClientURL()
	one, two := onNATS(t, url), onNATS(t, url)
	s := one.keep(t, placement.Change{Remote: new(25), Shadow: new(5), Fallback: new(flip.FallbackReads), AbortOn: guards(t, "errors>1%")})
	require.Equal(t, "nats", s.StoredIn)
	eventually(t, func() bool {
		return two.route.Policy() == flip.Policy{Remote: 25, Shadow: 5, Fallback: flip.FallbackReads}
	}, "the other replica follows")
	require.Equal(t, "errors>1%", two.state(t).Guards)
	require.Equal(t, s.Change, two.state(t).Change)

	two.keep(t, placement.Change{Remote: new(50)})
	eventually(t, one.remoteIs(50), "in both directions")

	// What was kept is more recent than what a process finds in its settings.
	three := onNATS(t, url, "SHOP_CATALOG_REMOTE=10")
	eventually(t, three.remoteIs(50), "a new replica finds it")
	require.Equal(t, "nats", three.state(t).StoredIn)
}

// Whichever replica's guard is exceeded takes the change back in all of them,
// and ends the ramp that another one walks.
func TestNATS_Guards(t *testing.T) {
	t.Parallel()
	url := natsServer(t, t.TempDir(), -1).ClientURL()
	walker, other := onNATS(t, url), onNATS(t, url)
	walker.keep(t, placement.Change{Remote: new(5)})
	walker.keep(t, placement.Change{Ramp: []int{50, 99, 100}, Every: 2 * time.Second, AbortOn: guards(t, "errors>1%")})
	eventually(t, other.remoteIs(99), "the steps reach the other replica")
	require.NotNil(t, other.state(t).Ramp)
	other.remote.set(func(s *side) { s.err = errDown })
	other.read(t, 100)
	for _, r := range []*rig{walker, other} {
		eventually(t, func() bool { return r.state(t).Aborted != nil }, "it is taken back everywhere")
		require.Equal(t, 5, r.route.Policy().Remote)
		require.Nil(t, r.state(t).Ramp)
	}
	require.Equal(t, walker.state(t).Aborted, other.state(t).Aborted)
}

// Without the server a process starts and serves; changes are refused, and work
// when the server is there.
func TestNATS_Away(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	s := natsServer(t, directory, -1)
	url, port := s.ClientURL(), s.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // a test may panic
	r := onNATS(t, url)
	r.keep(t, placement.Change{Remote: new(100), AbortOn: guards(t, "errors>1%")})
	s.Shutdown()
	s.WaitForShutdown()

	eventually(t, func() bool { return contains(r.logs, "the connection to NATS is lost") }, "it is told")

	late := onNATS(t, url)
	_, err := late.Change(t.Context(), "catalog", placement.Change{Remote: new(25)})
	require.ErrorIs(t, err, placement.ErrStore)
	require.Equal(t, 0, late.route.Policy().Remote)
	require.Equal(t, "settings", late.state(t).StoredIn)

	// A guard works all the same, and what it did is kept later.
	r.remote.set(func(s *side) { s.err = errDown })
	r.read(t, 100)
	eventually(t, r.remoteIs(0), "the change is taken back")
	require.Equal(t, "memory", r.state(t).StoredIn)

	natsServer(t, directory, port)
	eventually(t, func() bool { return r.state(t).StoredIn == "nats" }, "it is kept")
	require.Contains(t, r.logs.String(), "the connection to NATS is back")
	eventually(t, func() bool { return late.state(t).Aborted != nil }, "it reaches the other replica")
	late.keep(t, placement.Change{Remote: new(10)})
	eventually(t, r.remoteIs(10), "everything works again")
}

// What somebody types into the settings file reaches the replicas that have
// another file.
func TestNATS_SettingsFile(t *testing.T) {
	t.Parallel()
	url := natsServer(t, t.TempDir(), -1).ClientURL()
	path := file(t, "log_level: warn\n")
	r := newRig(t, options{settings: settings(t, path, "SHOP_NATS_URL="+url)}).run(t)
	other := onNATS(t, url)
	other.keep(t, placement.Change{Remote: new(100)})
	eventually(t, r.remoteIs(100), "it follows")
	require.NoError(t, os.WriteFile(path, []byte("catalog: {shadow: 5}\n"), 0o600))
	eventually(t, func() bool { return r.route.Policy() == flip.Policy{Remote: 100, Shadow: 5} }, "what is not typed stays")
	eventually(t, func() bool { return other.route.Policy() == flip.Policy{Remote: 100, Shadow: 5} }, "there, too")
	r.far.say(answering("http://a", theirs))
	require.NoError(t, os.WriteFile(path, []byte("catalog: {shadow: 6}\n"), 0o600))
	eventually(t, func() bool { return contains(r.logs, "a change in the settings is refused") }, "it is checked")
	require.Equal(t, 5, other.route.Policy().Shadow)
	r.far.say(answering("http://a", ours))
	require.NoError(t, os.WriteFile(path, []byte("catalog: {remote: 50}\n"), 0o600))
	eventually(t, r.remoteIs(50), "what is typed counts")
	eventually(t, other.remoteIs(50), "it reaches the other replica")
	require.Equal(t, "catalog: {remote: 50}\n", content(t, path))
}

func TestNew_BadNATS(t *testing.T) {
	t.Parallel()
	c := settings(t, "")
	c.NATSURL = config.URL("nats://[::1")
	_, err := placement.New(t.Context(), placement.Options{Settings: c})
	require.Error(t, err)
}
