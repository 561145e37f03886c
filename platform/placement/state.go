package placement

import (
	"context"
	"slices"
	"time"

	"shop/platform/flip"
	"shop/platform/remote"
)

// ModuleState is what an operator sees of a module in this process.
type ModuleState struct {
	Module string `json:"module" example:"catalog"`
	Hosted bool   `json:"hosted" doc:"The module is part of this process." example:"true"`

	Remote   int             `json:"remote" doc:"Share of users, in percent, whose calls go to other processes. In force now." example:"25"`
	Shadow   int             `json:"shadow" doc:"Share of reads, in percent, that the other side answers too, to compare. In force now." example:"5"`
	Fallback string          `json:"fallback" enum:"none,reads" doc:"What is answered here when the other processes cannot. In force now."`
	Waiting  *ModuleWaiting  `json:"waiting,omitempty" doc:"What is wanted and not in force yet, and why."`
	StoredIn string          `json:"stored_in" enum:"settings,file,nats,memory" doc:"Where the placement is kept; settings: nobody has changed it since the start."`
	Guards   string          `json:"guards,omitempty" doc:"The limits that take the change back by themselves." example:"errors>1%,p99>250ms"`
	Ramp     *ModuleRamp     `json:"ramp,omitempty" doc:"A share that rises by itself; missing when there is none, or when it is done."`
	Aborted  *ModuleAbort    `json:"aborted,omitempty" doc:"Why the last change was taken back; missing when it was not."`
	Change   string          `json:"change" doc:"Identifies the last change." example:"K3VJ2W6QXZ"`
	Contract int             `json:"contract" doc:"The contract that this process speaks." example:"1"`
	Build    string          `json:"build" doc:"The build of this process." example:"v1.0.0"`
	Database *ModuleDatabase `json:"database,omitempty" doc:"The database that is read here; missing when the module is not hosted here."`

	Targets     []ModuleTarget    `json:"targets" nullable:"false" doc:"The other processes that host the module."`
	Sides       ModuleSides       `json:"sides" doc:"What the two sides have answered since this process began."`
	Fallbacks   int64             `json:"fallbacks" doc:"Reads that were answered here because the other processes could not." example:"0"`
	Comparisons ModuleComparisons `json:"comparisons" doc:"Reads that both sides have answered."`
}

// ModuleWaiting is a policy that is wanted and not in force.
type ModuleWaiting struct {
	Remote   int    `json:"remote" example:"25"`
	Shadow   int    `json:"shadow" example:"5"`
	Fallback string `json:"fallback" enum:"none,reads"`
	Reason   string `json:"reason" example:"errors 4.2% > 1% (21 of 500 calls in 10s)"`
}

// ModuleRamp is how far a ramp has come.
type ModuleRamp struct {
	Steps  []int     `json:"steps" nullable:"false" doc:"The shares in percent." example:"[1,5,25,50,100]"`
	Step   int       `json:"step" doc:"The number of the step in force, from 1." example:"2"`
	Every  string    `json:"every" doc:"How long each step stays." example:"30s"`
	NextAt time.Time `json:"next_at" doc:"When the step in force ends." example:"2026-11-02T09:30:30Z"`
}

// ModuleAbort is why a change was taken back.
type ModuleAbort struct {
	At     time.Time `json:"at" example:"2026-11-02T09:30:00Z"`
	Reason string    `json:"reason" example:"errors 4.2% > 1% (21 of 500 calls in 10s)"`
	Change string    `json:"change" doc:"The change that was taken back." example:"K3VJ2W6QXZ"`
}

// ModuleDatabase tells one database from another.
type ModuleDatabase struct {
	ID    string `json:"id" doc:"32 hexadecimal digits." example:"0193b5e4a8c17d2f9b6a4c3e2d1f0a5b"`
	Epoch int64  `json:"epoch" doc:"Goes up when the data is replaced." example:"1"`
}

// ModuleTarget is another process that hosts the module.
type ModuleTarget struct {
	Address  string          `json:"address" example:"http://catalog:8081"`
	Healthy  bool            `json:"healthy" doc:"It answered the last greeting and its breaker is not open." example:"true"`
	Problem  string          `json:"problem,omitempty" doc:"Why it did not answer the last greeting, or cannot be used." example:"connection refused"`
	Breaker  string          `json:"breaker" doc:"closed: calls go there; open: they do not, for a while; half-open: one is tried." example:"closed"`
	Underway int64           `json:"underway" doc:"Calls that have not ended yet." example:"3"`
	Calls    int64           `json:"calls" doc:"Calls since this process began." example:"12034"`
	Failures int64           `json:"failures" doc:"How many of them had no answer, or one that no module gives." example:"2"`
	Contract int             `json:"contract,omitempty" doc:"The newest contract that it speaks; missing before its first answer." example:"1"`
	Build    string          `json:"build,omitempty" example:"v1.0.0"`
	Database *ModuleDatabase `json:"database,omitempty" doc:"The database that it reads."`
}

// ModuleSides are the two sides of a module.
type ModuleSides struct {
	Local  ModuleSide `json:"local" doc:"The implementation in this process."`
	Remote ModuleSide `json:"remote" doc:"The implementation in other processes."`
}

// ModuleSide is what one side has answered. The percentiles are those of about
// the last minute, since the last change at most; without calls then, and where
// there is no other side, of all calls since the process began.
type ModuleSide struct {
	Calls  int64   `json:"calls" example:"12034"`
	Errors int64   `json:"errors" doc:"Calls that failed; a refusal is no failure." example:"2"`
	P50    float64 `json:"p50_ms" doc:"Median latency in milliseconds." example:"0.4"`
	P99    float64 `json:"p99_ms" doc:"99th percentile of the latency in milliseconds." example:"3.1"`
}

// ModuleComparisons counts reads that both sides have answered.
type ModuleComparisons struct {
	Matches     int64              `json:"matches" example:"840"`
	Mismatches  int64              `json:"mismatches" example:"0"`
	Undecided   int64              `json:"undecided" doc:"The data changed meanwhile, or one side gave no answer." example:"4"`
	Dropped     int64              `json:"dropped" doc:"There was no room to compare them." example:"0"`
	Differences []ModuleDifference `json:"differences" nullable:"false" doc:"The last few mismatches, the newest first. Texts are not repeated."`
}

// ModuleDifference is what two sides answered differently.
type ModuleDifference struct {
	At        time.Time `json:"at" example:"2026-11-02T09:30:00Z"`
	Method    string    `json:"method" example:"Product"`
	RequestID string    `json:"request_id,omitempty" example:"8b6d3c1f0a9e4d2b7c5f1a3e"`
	Field     string    `json:"field" example:"Items[0].Stock"`
	Local     string    `json:"local" example:"3"`
	Remote    string    `json:"remote" example:"4"`
}

// state is what an operator sees.
func (p *placed) state(ctx context.Context) ModuleState {
	stats, policy := p.Control.Stats(), p.Control.Policy()
	p.mu.Lock()
	unknown := p.own.ID == "" && p.Database != nil
	p.mu.Unlock()
	if unknown {
		if own, err := p.Database(ctx); err == nil { // else it is shown as soon as it can be read
			p.mu.Lock()
			p.own = own
			p.mu.Unlock()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := ModuleState{
		Module: p.name, Hosted: p.Control.Hosted(), Remote: policy.Remote, Shadow: policy.Shadow,
		Fallback: policy.Fallback.String(), StoredIn: p.origin, Guards: p.record.Guards.String(), Change: p.record.Change,
		Contract: p.Contract.Newest, Build: p.controller.build, Targets: p.targets(),
		Fallbacks: stats.Fallbacks, Comparisons: comparisonsOf(stats),
	}
	here, there := stats.Local.Latency, stats.Remote.Latency
	if p.Control.Reachable() {
		here, there = p.window.recent(stats)
	}
	s.Sides = ModuleSides{Local: sideOf(stats.Local, here), Remote: sideOf(stats.Remote, there)}
	if p.own.ID != "" {
		s.Database = &ModuleDatabase{p.own.ID, p.own.Epoch}
	}
	if p.waiting != nil {
		s.Waiting = &ModuleWaiting{p.record.Remote, p.record.Shadow, p.record.Fallback.String(), messageOf(p.waiting)}
	}
	if r := p.record.Ramp; r != nil {
		s.Ramp = &ModuleRamp{Steps: slices.Clone(r.Steps), Step: r.Step + 1, Every: r.Every.String(), NextAt: r.NextAt}
	}
	if a := p.record.Aborted; a != nil {
		s.Aborted = &ModuleAbort{a.At, a.Reason, a.Change}
	}
	return s
}

// targets are the other processes; the caller holds mu.
func (p *placed) targets() []ModuleTarget {
	targets := []ModuleTarget{}
	if !p.Control.Reachable() {
		return targets
	}
	for _, t := range p.Remote.Status() {
		failure, greeted := p.failures[t.Address]
		hello, known := p.hellos[t.Address]
		shown := ModuleTarget{
			Address: t.Address, Breaker: t.Breaker, Underway: t.Underway, Calls: t.Calls, Failures: t.Failures,
			Healthy: greeted && failure == nil && t.Breaker != "open",
		}
		if failure != nil {
			shown.Problem = reasonOf(failure)
		}
		if known {
			shown.Contract, shown.Build = hello.Contract, hello.Build
			shown.Database = &ModuleDatabase{hello.Database.ID, hello.Database.Epoch}
			if err := p.speaks(remote.Greeting{Target: t.Address, Hello: hello}); err != nil {
				shown.Healthy, shown.Problem = false, messageOf(err)
			}
		}
		targets = append(targets, shown)
	}
	return targets
}

func sideOf(s flip.SideStats, latency flip.Histogram) ModuleSide {
	return ModuleSide{
		Calls: s.Calls, Errors: s.Errors,
		P50: milliseconds(latency.Quantile(0.50)), P99: milliseconds(latency.Quantile(0.99)),
	}
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

func comparisonsOf(s flip.Stats) ModuleComparisons {
	c := ModuleComparisons{
		Matches: s.ShadowMatches, Mismatches: s.ShadowMismatches, Undecided: s.ShadowUndecided, Dropped: s.ShadowDropped,
		Differences: make([]ModuleDifference, len(s.Differences)),
	}
	for i, d := range s.Differences {
		c.Differences[i] = ModuleDifference(d)
	}
	return c
}
