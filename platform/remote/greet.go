package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"shop/platform/contract"
	"shop/platform/fault"
)

// Hello is what a process says of a module that it hosts.
type Hello struct {
	// Module is its name.
	Module string `json:"module" example:"catalog"`
	// Contract and OldestContract are the newest and the oldest version of the
	// module's contract that the process speaks.
	Contract       int `json:"contract" example:"1"`
	OldestContract int `json:"oldest_contract" example:"1"`
	// Build is the version of the program.
	Build string `json:"build" example:"v1.0.0"`
	// Database is the identity of the database that the module reads there, and
	// its epoch.
	Database struct {
		ID    string `json:"id" example:"0193b5e4a8c17d2f9b6a4c3e2d1f0a5b"`
		Epoch int64  `json:"epoch" example:"1"`
	} `json:"database"`
}

// Versions are those of the module's contract that the process speaks.
func (h Hello) Versions() contract.Versions {
	return contract.Versions{Newest: h.Contract, Oldest: h.OldestContract}
}

// Greeting is what came of greeting a target.
type Greeting struct {
	Target string
	// Hello is what the target said, also when it is refused because of that.
	Hello Hello
	// Err says why the target cannot be used; nil when it can.
	Err error
}

// Greet asks every target at once, anew, in the order of the addresses. What is
// found holds for the calls that follow, unless the caller gave up waiting.
func (c *Client) Greet(ctx context.Context) []Greeting {
	greetings := make([]Greeting, len(c.targets))
	var all sync.WaitGroup
	for i, t := range c.targets {
		all.Go(func() {
			hello, err := c.hello(ctx, t)
			if err == nil || ctx.Err() == nil {
				err = c.settle(t, hello, err, false)
			}
			greetings[i] = Greeting{Target: t.address, Hello: hello, Err: err}
		})
	}
	all.Wait()
	return greetings
}

// hello asks a target who it is, and judges the answer but for the database. The
// error says which target.
func (c *Client) hello(ctx context.Context, t *target) (hello Hello, err error) {
	m := &message{Call: Call{
		Does:   contract.Method{Module: c.options.Module, Name: "hello", Class: contract.Read},
		Method: http.MethodGet, Path: "/internal/" + c.options.Module + "/hello", Result: &hello,
	}}
	m.limit(ctx, min(greetingTimeout, c.options.Timeout))
	m.bounded = true // a target that is not greeted in time is not there
	for err = errDead; errors.Is(err, errDead); {
		if m.conn, err = t.connections.reuse(); err == nil {
			_, _, err = c.send(ctx, t, m)
		}
	}
	if err != nil {
		if failure := failureIn(err); failure != nil && fault.From(err).Code == c.codeUnavailable() {
			return hello, failure.Cause // that it is not available goes without saying
		}
		return hello, fmt.Errorf("greet: %w", err)
	}
	if err := c.judge(hello); err != nil {
		return hello, errorAt(t, err)
	}
	return hello, nil
}

// judge refuses a far side that is another module, or whose contract is too old
// or too new for this side.
func (c *Client) judge(hello Hello) error {
	o := &c.options
	ours := contract.Versions{Newest: o.Contract, Oldest: o.OldestContract}
	speak := func(relation string) error {
		return fmt.Errorf("its contract of %s is too %s: it speaks versions %d to %d, this side %d to %d",
			o.Module, relation, hello.OldestContract, hello.Contract, o.OldestContract, o.Contract)
	}
	switch {
	case hello.Module != o.Module:
		return fmt.Errorf("it hosts %q, not %s", hello.Module, o.Module)
	case ours.TooOld(hello.Versions()):
		return speak("old")
	case ours.TooNew(hello.Versions()):
		return speak("new")
	}
	return nil
}
