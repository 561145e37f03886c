package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"shop/cmd/internal/traffic"
	"shop/modules/email/emailtest"
	"shop/platform/dbtest"
	"shop/platform/placement"
)

// flipRequests is how many requests customers make in each step of a test of
// flips; make flip-test has more of them.
var flipRequests = flag.Int64("flip-requests", 40, "how many requests customers make in each step of a flip")

// pair is a shop of two processes that host all modules and read the same
// databases: customers reach the front, and its calls may go to the other one
// through a network that a test disturbs.
type pair struct {
	front, remote *process
	network       *toxiproxy.Proxy
	post          *emailtest.Server
	// restart starts the remote again after it was killed.
	restart func(t *testing.T) *process
	product string
	// answered counts the customers' requests.
	answered atomic.Int64
}

func startPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{post: emailtest.NewServer(t, emailtest.ServerOptions{Encryption: emailtest.Plain})}
	address, between := freeAddress(t), freeAddress(t)
	p.network = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "network", between, address)
	require.NoError(t, p.network.Start())
	t.Cleanup(p.network.Stop)
	environ := []string{
		serviceKeys, "SHOP_ADMIN_EMAIL=" + adminEmail, "SHOP_ADMIN_PASSWORD=" + adminPassword, "SHOP_DATABASE_CONNECTIONS=3",
		"SHOP_DATABASE_URL=" + dbtest.Postgres(t), "SHOP_SMTP_URL=" + p.post.URL(),
	}
	p.restart = func(t *testing.T) *process {
		t.Helper()
		p.remote = launch(t, t.TempDir(), append([]string{"SHOP_INTERNAL_ADDR=" + address}, environ...))
		return p.remote
	}
	p.restart(t)
	front := environ
	for _, module := range moduleNames() {
		front = append(front, "SHOP_"+strings.ToUpper(module)+"_URL=http://"+between, "SHOP_"+strings.ToUpper(module)+"_REMOTE=0")
	}
	p.front = launch(t, t.TempDir(), front)
	p.remote.awaitReady(t)
	p.front.awaitReady(t)
	p.front.admin = p.front.signIn(t, adminEmail, adminPassword)
	p.product = p.front.product(t, "MUG", 1250, initialStock)
	return p
}

// flip changes a module's policy at the front.
func (p *pair) flip(t *testing.T, module string, change map[string]any) {
	t.Helper()
	got := call(t, p.front.internal, http.MethodPatch, "/internal/modules/"+module, p.front.admin, change)
	require.Equal(t, http.StatusOK, got.status, got.text)
}

// flipAll changes all modules' policies.
func (p *pair) flipAll(t *testing.T, change map[string]any) {
	t.Helper()
	for _, module := range moduleNames() {
		p.flip(t, module, change)
	}
}

// during lets customers use the shop while something happens to it, and returns
// what they lived through.
func (p *pair) during(t *testing.T, happen func()) *traffic.Report {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	type outcome struct {
		report *traffic.Report
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		report, err := traffic.Run(ctx, traffic.Options{
			URL: "http://" + p.front.publicAddr, Customers: 4, Pause: 5 * time.Millisecond, Patience: patience, Answered: &p.answered,
		})
		ended <- outcome{report, err}
	}()
	happen()
	stop()
	done := <-ended
	require.NoError(t, done.err)
	t.Log(done.report)
	return done.report
}

// longestStep is how long a step lasts at most: where nobody answers, a request
// may take as long as its caller waits.
const longestStep = 20 * time.Second

// step waits until customers have made some requests more.
func (p *pair) step(t *testing.T) {
	t.Helper()
	enough, over := p.answered.Load()+*flipRequests, time.Now().Add(longestStep)
	require.Eventually(t, func() bool { return p.answered.Load() >= enough || time.Now().After(over) }, 2*longestStep, 5*time.Millisecond)
}

// requireBooks checks that everything the customers were promised is there, once.
func (p *pair) requireBooks(t *testing.T, reports ...*traffic.Report) {
	t.Helper()
	var sold int64
	wanted := map[string]int{}
	for _, r := range reports {
		differences, err := r.Check(t.Context(), traffic.Shop{
			Public: "http://" + p.front.publicAddr, Stats: "http://" + p.front.internalAddr, Admin: p.front.admin,
		})
		require.NoError(t, err)
		require.Empty(t, differences)
		sold += r.Sold()[p.product]
		for _, c := range r.Customers {
			wanted[c.Address+": Welcome to Shop: please confirm your address"] = 1
			for invoice := range c.Invoices {
				wanted[c.Address+": Shop: your invoice "+invoice] = 1
			}
			if len(c.Invoices) > 0 {
				wanted[c.Address+": receipts"] = len(c.Invoices) // several have one subject
			}
		}
	}
	stock, _ := p.front.want(t, http.StatusOK, http.MethodGet, "/product/"+p.product, "", nil).json(t)["stock"].(float64)
	require.Equal(t, initialStock-sold, int64(stock), "what was sold is missing, and nothing else")
	var queued map[string]int
	require.Eventually(t, func() bool {
		queued = p.queued(t, reports)
		return maps.Equal(wanted, queued)
	}, patience, 100*time.Millisecond, "each e-mail is there, once: wanted %v, got %v", wanted, &queued)
	for what, times := range tally(p.post) {
		if !strings.Contains(what, "receipt") {
			require.Equal(t, 1, times, what)
		}
	}
	t.Logf("books: %d pieces sold, %d kinds of e-mail queued and none sent twice, every invoice paid once, every log entry once", sold, len(wanted))
}

// queued counts the customers' e-mails, sent or not, as tally does. One that a
// process was about to send when it was killed is left to it for two minutes.
func (p *pair) queued(t *testing.T, reports []*traffic.Report) map[string]int {
	t.Helper()
	times := map[string]int{}
	for _, r := range reports {
		for _, c := range r.Customers {
			query := url.Values{"to": {c.Address}, "limit": {"100"}}
			for {
				page := p.front.want(t, http.StatusOK, http.MethodGet, "/emails/?"+query.Encode(), p.front.admin, nil).json(t)
				items, _ := page["items"].([]any)
				for _, item := range items {
					email, _ := item.(map[string]any)
					subject, _ := email["subject"].(string)
					switch {
					case strings.Contains(subject, "receipt"):
						subject = "receipts"
					case strings.Contains(subject, "your invoice"):
						subject = fmt.Sprint("Shop: your invoice ", email["reference"]) // which customers know it by
					}
					times[c.Address+": "+subject]++
				}
				next, _ := page["next_cursor"].(string)
				if next == "" {
					break
				}
				query.Set("cursor", next)
			}
		}
	}
	return times
}

// Customers notice nothing while every module is moved out of the process, by
// and by, and back.
func TestFlips(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	report := p.during(t, func() {
		for _, module := range moduleNames() {
			for _, share := range []int{1, 25, 50, 100, 0} {
				p.flip(t, module, map[string]any{"remote": share, "shadow": 20})
				p.step(t)
			}
		}
	})
	require.Empty(t, report.Failures)
	p.requireBooks(t, report)
	var compared int64
	for _, module := range moduleNames() {
		state := p.state(t, module)
		require.Zero(t, state.Comparisons.Mismatches, "%s: %v", module, state.Comparisons.Differences)
		compared += state.Comparisons.Matches
	}
	require.Positive(t, compared)
}

// state is what the front says of a module.
func (p *pair) state(t *testing.T, module string) placement.ModuleState {
	t.Helper()
	got := call(t, p.front.internal, http.MethodGet, "/internal/modules/"+module, p.front.admin, nil)
	require.Equal(t, http.StatusOK, got.status, got.text)
	var state placement.ModuleState
	require.NoError(t, json.Unmarshal([]byte(got.text), &state))
	return state
}

// When the process dies that answers for all modules, reads fall back, the
// others are refused cleanly, and what was promised is kept.
func TestFlips_Killed(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	p.flipAll(t, map[string]any{"remote": 100, "fallback": "reads"})
	report := p.during(t, func() {
		p.step(t)
		p.remote.kill()
		p.step(t)
		p.restart(t).awaitReady(t)
		p.step(t)
	})
	requireCleanFailures(t, report)
	p.requireBooks(t, report)
}

// A ramp walks up under its guards, and a guard takes the change back by itself
// when the process that was moved to is killed.
func TestFlips_Guarded(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	report := p.during(t, func() {
		p.flip(t, "catalog", map[string]any{
			"ramp": []int{50, 100}, "every": "1s", "fallback": "reads", "abort_on": "errors>1%,mismatch>0",
		})
		require.Eventually(t, func() bool {
			state := p.state(t, "catalog")
			return state.Remote == 100 && state.Ramp == nil
		}, patience, 20*time.Millisecond, "the ramp ends")
		p.step(t)
		p.remote.kill()
		require.Eventually(t, func() bool {
			state := p.state(t, "catalog")
			return state.Remote == 0 && state.Aborted != nil
		}, patience, 20*time.Millisecond, "the guard takes it back")
		p.step(t)
	})
	require.Contains(t, p.state(t, "catalog").Aborted.Reason, "errors")
	// Reads fell back; what was written while the process died is refused cleanly,
	// a checkout that had begun among it, which is carried on.
	for kind := range report.Failures {
		require.Regexp(t, `^503 (catalog_unavailable|checkout_interrupted) to POST `, kind)
	}
	p.requireBooks(t, report)
}

// A network that hangs, breaks off, garbles and delays leads to clean refusals
// and to nothing twice.
func TestFlips_Disturbed(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	p.flipAll(t, map[string]any{"remote": 100, "fallback": "reads"})
	var reports []*traffic.Report
	for _, toxic := range []string{
		`{"name":"toxic","type":"latency","attributes":{"latency":100,"jitter":50}}`,
		`{"name":"toxic","type":"limit_data","attributes":{"bytes":700}}`,
		`{"name":"toxic","type":"reset_peer","attributes":{"timeout":20}}`,
		`{"name":"toxic","type":"garbage","toxicity":0.5}`,
		`{"name":"toxic","type":"timeout","attributes":{"timeout":0}}`,
	} {
		t.Log(toxic)
		reports = append(reports, p.during(t, func() {
			_, err := p.network.Toxics.AddToxicJson(strings.NewReader(toxic))
			require.NoError(t, err)
			p.step(t)
			require.NoError(t, p.network.Toxics.RemoveToxic(t.Context(), "toxic"))
		}))
		requireCleanFailures(t, reports[len(reports)-1])
	}
	p.requireBooks(t, reports...)
}

// requireCleanFailures requires that nothing failed but what may: plain writes
// and reads that cannot fall back, each with an answer that names the module.
func requireCleanFailures(t *testing.T, r *traffic.Report) {
	t.Helper()
	for kind := range r.Failures {
		clean := slices.ContainsFunc(moduleNames(), func(module string) bool {
			return strings.HasPrefix(kind, fmt.Sprintf("503 %s_unavailable to ", module))
		})
		require.True(t, clean, kind)
		require.NotContains(t, kind, " to GET ", "reads fall back")
	}
}

// garbage answers with what is no HTTP.
type garbage struct{}

// Pipe implements toxics.Toxic.
func (garbage) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case c := <-stub.Input:
			if c == nil {
				stub.Close()
				return
			}
			for i := range c.Data {
				c.Data[i] ^= 0x5a
			}
			stub.Output <- c
		}
	}
}
