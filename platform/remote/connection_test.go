package remote_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/fault"
	"shop/platform/remote"
	"shop/platform/request"
)

const chair = `{"id":"1","name":"Chair"}`

// raw answers with text as it is, piece by piece, and keeps the connection open
// unless ends.
func raw(t testing.TB, ends bool, pieces ...string) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		for _, piece := range pieces {
			_, _ = io.WriteString(conn, piece)
		}
		if ends {
			_ = conn.Close()
			return
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
}

// Whatever HTTP/1.1 allows a far side to answer is understood, and the connection
// is used again only where that is safe: after an answer that ended it, or that
// was followed by something else, a plain write finds a new one.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, test := range map[string]struct {
		ends   bool
		pieces []string
	}{
		"Closes":         {true, []string{ok + "Connection: close\r\nContent-Length: 25\r\n\r\n" + chair}},
		"SaysItCloses":   {false, []string{ok + "Connection: close\r\nContent-Length: 25\r\n\r\n" + chair}},
		"ClosesSilently": {true, []string{ok + "Content-Length: 25\r\n\r\n" + chair}},
		"HTTP10":         {false, []string{"HTTP/1.0 200 OK\r\nContent-Length: 25\r\n\r\n" + chair}},
		"NoLength":       {true, []string{ok + "\r\n" + chair}},
		"Chunked":        {true, []string{ok + "Transfer-Encoding: chunked\r\n\r\n19\r\n" + chair + "\r\n0\r\n\r\n"}},
		"Slow":           {true, strings.SplitAfter(ok+"Content-Length: 25\r\n\r\n"+chair, "")},
		"Interim":        {true, []string{"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" + ok + "Content-Length: 25\r\n\r\n" + chair}},
		"Unsolicited":    {false, []string{ok + "Content-Length: 25\r\n\r\n" + chair + ok + "Content-Length: 14\r\n\r\n" + `{"id":"stolen"}`}},
		"UnsolicitedLater": {false, []string{
			ok + "Content-Length: 25\r\n\r\n" + chair, ok + "Content-Length: 14\r\n\r\n" + `{"id":"stolen"}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for kind, f := range map[string]*far{"TCP": newFar(t, nil), "UnixSocket": newFarAtSocket(t, nil), "TLS": newTrusted(t)} {
				answered := make(chan struct{}, 3)
				answer := raw(t, test.ends, test.pieces...)
				f.answers(func(w http.ResponseWriter, r *http.Request) {
					answer(w, r)
					answered <- struct{}{}
				})
				client := newClient(t, remote.Options{TLS: &tls.Config{InsecureSkipVerify: true}}, f.address)
				for range 3 {
					call, result := writeCall, product{}
					call.Result = &result
					require.NoError(t, do(t, client, call), kind)
					require.Equal(t, product{ID: "1", Name: "Chair"}, result, kind)
					<-answered // what comes unsolicited has come
				}
				require.EqualValues(t, 3, f.arrivals.Load(), kind)
			}
		})
	}
}

// newTrusted starts a far side over TLS.
func newTrusted(t testing.TB) *far {
	t.Helper()
	certFile, keyFile := newPair(t, newAuthority(t, "ours"))
	config, err := remote.ServerTLSConfig(certFile, keyFile, "")
	require.NoError(t, err)
	return newSecureFar(t, config)
}

// What is no answer is told as that, and costs no more memory than the limits.
func TestAnswers_Wrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"NoHTTP":      {raw(t, true, "SSH-2.0-OpenSSH_9.9\r\n"), "read the answer"},
		"Nothing":     {raw(t, true), "read the answer"},
		"HalfAHead":   {raw(t, true, "HTTP/1.1 200 OK\r\nContent-Ty"), "read the answer"},
		"EndlessHead": {raw(t, false, "HTTP/1.1 200 OK\r\nA: "+strings.Repeat("x", 1<<20)), "the head of the answer has more than"},
		"EndlessLine": {raw(t, false, strings.Repeat("x", 1<<20)), "the head of the answer has more than"},
		"OnlyInterim": {raw(t, false, strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 9)), "too many interim answers"},
		"TwoLengths":  {raw(t, false, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12"), "read the answer"},
		"OtherWay":    {raw(t, false, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"), "status 101"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t, test.answer)
			err := do(t, newClient(t, remote.Options{}, f.address), writeCall)
			requireUnavailable(t, err, true)
			require.ErrorContains(t, err, test.says)
			require.EqualValues(t, 1, f.arrivals.Load())
		})
	}
}

// A far side may refuse a long request before it has all of it.
func TestAnswers_BeforeTheEnd(t *testing.T) {
	t.Parallel()
	f := newFar(t, answerProblem(http.StatusRequestEntityTooLarge, "body_too_large"))
	client := newClient(t, remote.Options{}, f.address)
	call := writeCall
	call.Body = strings.Repeat("x", 16<<20)
	require.Equal(t, fault.TooLarge, fault.KindOf(do(t, client, call)))
	f.answers(nil)
	require.NoError(t, do(t, client, writeCall))
}

// Long bodies travel whole, both ways.
func TestAnswers_Long(t *testing.T) {
	t.Parallel()
	f := newFar(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		_, _ = w.Write(text)
	})
	client := newClient(t, remote.Options{}, f.address)
	for _, size := range []int{1 << 10, 16 << 10, 1 << 20, 16 << 20, 10} {
		var result string
		call := writeCall
		call.Body, call.Result = strings.Repeat("x", size), &result
		require.NoError(t, do(t, client, call))
		require.Len(t, result, size)
	}
}

// Nothing that a caller says becomes a header or a request of its own.
func TestRequest_Control(t *testing.T) {
	t.Parallel()
	f := newFar(t, nil)
	client := newClient(t, remote.Options{}, f.address)
	header, path, query := readCall, readCall, readCall
	header.Header = http.Header{"If-Match": {"\"1\"\r\nX-Evil: 1"}}
	path.Path = "/product/1 HTTP/1.1\r\nX-Evil: 1"
	query.Path = "/product/1 2"
	for _, call := range []remote.Call{header, path, query} {
		err := do(t, client, call)
		require.Equal(t, fault.Internal, fault.KindOf(err), "%v", err)
	}
	_, err := client.Do(request.WithID(t.Context(), "a\nb"), readCall)
	require.Error(t, err)
	require.Zero(t, f.arrivals.Load())
	require.NoError(t, do(t, client, readCall))
}

// Whoever gives up leaves nothing behind, neither here nor there; others are not
// disturbed.
func TestConnections_GivenUp(t *testing.T) {
	t.Parallel()
	const callers = 20
	f := newFar(t, nil)
	client := newClient(t, remote.Options{}, f.address)
	var arrived, gone sync.WaitGroup
	arrived.Add(callers)
	gone.Add(callers)
	f.answers(func(w http.ResponseWriter, r *http.Request) {
		arrived.Done()
		hang(w, r)
		gone.Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	results := make(chan error, callers)
	for range callers {
		go func() {
			_, err := client.Do(ctx, readCall)
			results <- err
		}()
	}
	arrived.Wait()
	f.answers(nil)
	require.NoError(t, do(t, client, writeCall))
	cancel()
	for range callers {
		require.ErrorIs(t, <-results, context.Canceled)
	}
	gone.Wait() // the far side has seen each connection end
	require.EqualValues(t, callers+1, f.arrivals.Load())
	require.NoError(t, do(t, client, writeCall))
}
