// Package traffic is customers who use a shop as people do: they look around,
// fill a cart, check out, pay and leave a trace in the statistics. They repeat
// what may be repeated when it fails, and they remember what they were promised,
// so that the books can be checked afterwards.
package traffic

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say who uses which shop. URL is required.
type Options struct {
	// URL is that of the public listener: http://localhost:8080.
	URL string
	// Customers is how many there are at once; 0: 8.
	Customers int
	// Pause is how long a customer thinks between two requests; 0: not at all.
	Pause time.Duration
	// Patience is how long a customer repeats a request that fails; 0: 30 s.
	Patience time.Duration
	// Clerk is the token of an administrator who ships some orders and cancels
	// others; empty: nobody does.
	Clerk string
	// Answered counts requests while they happen; nil does not.
	Answered *atomic.Int64
	// Failed hears of the first failure of each kind; nil does not.
	Failed func(kind string)
}

// Report is what the customers lived through.
type Report struct {
	// Run marks what belongs to these customers: the action of their log entries
	// and the beginning of their addresses.
	Run string
	// Requests counts all, Failures those that were not answered as they should,
	// by what came instead. A request that is repeated counts each time.
	Requests int64
	Failures map[string]int64
	// Slowest and Typical are the 99th percentile and the median of the time that
	// an answer took.
	Slowest, Typical time.Duration
	Customers        []*Customer
	// Clerk is who worked on the orders; nil when nobody did.
	Clerk *Clerk
}

// Run lets customers use the shop until ctx ends; each then completes what it has
// begun. An error means that the shop has nothing to buy.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Customers == 0 {
		o.Customers = 8
	}
	if o.Patience == 0 {
		o.Patience = 30 * time.Second
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	transport := &http.Transport{MaxIdleConnsPerHost: o.Customers, DisableCompression: true}
	defer transport.CloseIdleConnections()
	r := &Report{Run: "traffic." + strings.ToLower(rand.Text()[:10]), Failures: map[string]int64{}}
	t := &tally{report: r, answeredSoFar: o.Answered, failed: o.Failed}
	if t.answeredSoFar == nil {
		t.answeredSoFar = &atomic.Int64{}
	}
	var customers sync.WaitGroup
	errs := make(chan error, o.Customers+1)
	somebody := hand{options: o, tally: t, client: &http.Client{Transport: transport, Timeout: o.Patience}}
	for i := range o.Customers {
		c := &Customer{
			Address: fmt.Sprintf("%s.%d@example.com", r.Run, i), Sold: map[string]int64{}, Invoices: map[string]int64{},
			hand: somebody, run: r.Run,
		}
		r.Customers = append(r.Customers, c)
		customers.Go(func() {
			if err := c.live(ctx); err != nil {
				errs <- fmt.Errorf("%s: %w", c.Address, err)
			}
		})
	}
	if o.Clerk != "" {
		r.Clerk = &Clerk{Cancelled: map[string]bool{}, hand: somebody}
		r.Clerk.token = o.Clerk
		customers.Go(func() {
			if err := r.Clerk.work(ctx); err != nil {
				errs <- fmt.Errorf("the clerk: %w", err)
			}
		})
	}
	customers.Wait()
	close(errs)
	t.settle()
	return r, <-errs
}

// Failed is the number of failures of all kinds.
func (r *Report) Failed() int64 {
	var failed int64
	for _, n := range r.Failures {
		failed += n
	}
	return failed
}

// Sold is how many pieces of each product all customers have bought.
func (r *Report) Sold() map[string]int64 {
	sold := map[string]int64{}
	for _, c := range r.Customers {
		for product, n := range c.Sold {
			sold[product] += n
		}
	}
	return sold
}

// String is the report in a few lines.
func (r *Report) String() string {
	var text strings.Builder
	purchases := 0
	for _, c := range r.Customers {
		purchases += len(c.Invoices)
	}
	fmt.Fprintf(&text, "%d requests, %d purchases by %d customers, p50 %s, p99 %s, %d failures",
		r.Requests, purchases, len(r.Customers), r.Typical.Round(100*time.Microsecond), r.Slowest.Round(100*time.Microsecond), r.Failed())
	for _, kind := range slices.Sorted(maps.Keys(r.Failures)) {
		fmt.Fprintf(&text, "\n  %6d  %s", r.Failures[kind], kind)
	}
	return text.String()
}

// tally counts for all customers.
type tally struct {
	answeredSoFar *atomic.Int64
	failed        func(kind string)

	mu     sync.Mutex
	report *Report
	took   []time.Duration
}

// answered notes one request; failure is empty when all was well.
func (t *tally) answered(took time.Duration, failure string) {
	t.answeredSoFar.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Requests++
	t.took = append(t.took, took)
	if failure == "" {
		return
	}
	if t.report.Failures[failure]++; t.report.Failures[failure] == 1 && t.failed != nil {
		t.failed(failure)
	}
}

func (t *tally) settle() {
	slices.Sort(t.took)
	if n := len(t.took); n > 0 {
		t.report.Typical, t.report.Slowest = t.took[n/2], t.took[n*99/100]
	}
}
