package remote_test

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"shop/platform/fault"
	"shop/platform/remote"
)

// disturbed is a far side behind a network that can be disturbed.
type disturbed struct {
	*far
	proxy *toxiproxy.Proxy
}

func newDisturbed(t testing.TB, answer http.HandlerFunc) disturbed {
	t.Helper()
	f := newFar(t, answer)
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", strings.TrimPrefix(f.address, "http://"))
	require.NoError(t, proxy.Start())
	t.Cleanup(proxy.Stop)
	f.address = "http://" + proxy.Listen
	return disturbed{f, proxy}
}

// disturb begins a disturbance of one direction, until the returned function is
// called.
func (d disturbed) disturb(t testing.TB, kind, stream string, attributes toxics.Toxic) (end func()) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"name": "disturbance", "type": kind, "stream": stream, "attributes": attributes})
	require.NoError(t, err)
	_, err = d.proxy.Toxics.AddToxicJson(strings.NewReader(string(text)))
	require.NoError(t, err)
	return func() { require.NoError(t, d.proxy.Toxics.RemoveToxic(t.Context(), "disturbance")) }
}

// However the network fails, the caller gets a clean error in time, a plain
// write arrives once at most, and the client recovers by itself.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(t *testing.T, d disturbed) func(){
		"AnswersHang": func(t *testing.T, d disturbed) func() {
			return d.disturb(t, "timeout", "downstream", &toxics.TimeoutToxic{})
		},
		"RequestsHang": func(t *testing.T, d disturbed) func() {
			return d.disturb(t, "timeout", "upstream", &toxics.TimeoutToxic{})
		},
		"AnswerCutShort": func(t *testing.T, d disturbed) func() {
			return d.disturb(t, "limit_data", "downstream", &toxics.LimitDataToxic{Bytes: 60})
		},
		"Reset": func(t *testing.T, d disturbed) func() {
			return d.disturb(t, "reset_peer", "downstream", &toxics.ResetToxic{})
		},
		"RequestReset": func(t *testing.T, d disturbed) func() {
			return d.disturb(t, "reset_peer", "upstream", &toxics.ResetToxic{})
		},
		"TooSlow": func(t *testing.T, d disturbed) func() {
			return d.disturb(t, "latency", "downstream", &toxics.LatencyToxic{Latency: 60_000})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDisturbed(t, nil)
			client := newClient(t, remote.Options{Timeout: 300 * time.Millisecond}, d.address)
			eventually(t, func() bool { return do(t, client, writeCall) == nil }, "it does not answer, disturbed or not")
			end := begin(t, d)
			// On the connection that is there, and on new ones.
			for range 3 {
				before := d.arrivals.Load()
				began := time.Now()
				require.Equal(t, fault.Unavailable, fault.KindOf(do(t, client, writeCall)))
				require.Less(t, time.Since(began), patience)
				require.LessOrEqual(t, d.arrivals.Load(), before+1)
			}
			end()
			eventually(t, func() bool { return do(t, client, writeCall) == nil }, "it does not recover")
		})
	}
}

// A network that is merely slow changes nothing.
func TestFaults_Slow(t *testing.T) {
	t.Parallel()
	d := newDisturbed(t, nil)
	client := newClient(t, remote.Options{}, d.address)
	for _, end := range []func(){
		d.disturb(t, "latency", "downstream", &toxics.LatencyToxic{Latency: 20, Jitter: 10}),
	} {
		for range 5 {
			require.NoError(t, do(t, client, writeCall))
		}
		end()
	}
	end := d.disturb(t, "slicer", "downstream", &toxics.SlicerToxic{AverageSize: 7, SizeVariation: 3, Delay: 50})
	defer end()
	call := readCall
	result := product{}
	call.Result = &result
	require.NoError(t, do(t, client, call))
	require.Equal(t, "Chair", result.Name)
	require.EqualValues(t, 6, d.arrivals.Load())
}

// While one target hangs, its callers hold up nobody who can be served by
// another; a read that has time left is answered by that.
func TestFaults_OneHangs(t *testing.T) {
	t.Parallel()
	hung, sound := newDisturbed(t, nil), newFar(t, nil)
	client := newClient(t, remote.Options{Timeout: 300 * time.Millisecond}, hung.address, sound.address)
	client.Greet(t.Context())
	end := hung.disturb(t, "timeout", "downstream", &toxics.TimeoutToxic{})
	defer end()
	failures := 0
	for range 100 {
		if do(t, client, writeCall) != nil {
			failures++
		}
	}
	require.LessOrEqual(t, failures, 15, "of 100 calls one by one: those before the breaker opens, and its trials")
	require.LessOrEqual(t, hung.arrivals.Load(), int64(15))
}

// When the breaker has opened on a target that hangs altogether, greetings find out
// when it is well again: callers do not pay for that, not even single ones.
func TestFaults_HangsAfterBreaker(t *testing.T) {
	t.Parallel()
	f := newFar(t, nil)
	client := newClient(t, remote.Options{Timeout: 300 * time.Millisecond}, f.address)
	require.NoError(t, do(t, client, writeCall))
	greeting := *f.hello.Load()
	var handler http.HandlerFunc = hang
	f.hello.Store(&handler)
	f.answers(hang)
	const callers = 5 // open the breaker together
	results := make(chan error, callers)
	for range callers {
		go func() { results <- do(t, client, writeCall) }()
	}
	for range callers {
		requireUnavailable(t, <-results, true)
	}
	require.NoError(t, client.Status()[0].Err)
	require.Equal(t, "open", client.Status()[0].Breaker)
	before := f.arrivals.Load()
	require.ErrorContains(t, do(t, client, writeCall), "left alone for a moment") // and not what a greeting came to
	// Through several greetings, each with the pause in which a trial would be due.
	greetings := f.greetings.Load() + 3
	eventually(t, func() bool {
		requireUnavailable(t, do(t, client, writeCall), false)
		return f.greetings.Load() == greetings
	}, "it is not greeted")
	require.Equal(t, before, f.arrivals.Load())

	f.hello.Store(&greeting)
	f.answers(nil)
	eventually(t, func() bool { return do(t, client, writeCall) == nil }, "it is not used again")
}

// An address that nobody listens at is told at once, as one where nothing was
// sent; so is one whose name does not exist.
func TestFaults_NobodyListens(t *testing.T) {
	t.Parallel()
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	for _, address := range []string{"http://" + listener.Addr().String(), "http://no-such-host.invalid:1", "unix:///nowhere/shop.sock"} {
		client := newClient(t, remote.Options{}, address)
		for range 20 {
			for _, call := range []remote.Call{readCall, writeCall, idempotentCall} {
				requireUnavailable(t, do(t, client, call), false)
			}
		}
		status := client.Status()[0]
		require.Equal(t, "open", status.Breaker)
		require.ErrorContains(t, status.Err, address)
	}
}

// Errors name the target once, and what happened in a few words.
func TestFaults_Texts(t *testing.T) {
	t.Parallel()
	refused, gone, hung := newFar(t, nil), newFarAtSocket(t, nil), newFar(t, nil)
	refused.server.Close()
	gone.kill()
	var handler http.HandlerFunc = hang
	hung.hello.Store(&handler)
	for name, test := range map[string]struct{ address, text string }{
		"Refused": {refused.address, "at " + refused.address + ": connect: connection refused"},
		"Gone":    {gone.address, "at " + gone.address + ": connect: no such file or directory"},
		"Hangs":   {hung.address, "no answer within the client's time limit: at " + hung.address + ": read the answer: i/o timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, remote.Options{Timeout: 100 * time.Millisecond}, test.address)
			require.EqualError(t, client.Greet(t.Context())[0].Err, test.text)
			require.EqualError(t, do(t, client, readCall), "catalog_unavailable: the catalog module cannot be reached at the moment: "+test.text)
		})
	}
}
