package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"shop/platform/config"
	"shop/platform/event/operate"
	"shop/platform/httpapi"
	"shop/platform/id"
)

// eventsCommand looks after the events that were not handled.
type eventsCommand struct {
	List   eventsListCommand   `cmd:"" group:"look" default:"withargs" help:"List the events that a subscriber did not handle."`
	Show   eventsShowCommand   `cmd:"" group:"look" help:"Show such an event with its payload."`
	Replay eventsReplayCommand `cmd:"" group:"data" help:"Deliver dead letters again."`
}

// eventsListCommand lists failures.
type eventsListCommand struct {
	Publisher  string `placeholder:"MODULE" help:"Of one module's events."`
	Subscriber string `placeholder:"MODULE" help:"Of one subscriber."`
	Dead       bool   `help:"Dead letters only: those that are not tried again."`
	Limit      int    `default:"100" placeholder:"N" help:"How many to print at most (default: 100)."`
}

// Help is printed below the usage.
func (eventsListCommand) Help() string {
	return `Asks the shop that runs here (SHOP_INTERNAL_ADDR) for the events of the modules that it hosts: those that failed and are tried again, that wait behind one about the same thing, and dead letters, which failed ten times.

Examples:
  shop events list
  shop events list --dead --subscriber email
  shop events show evt_01h455vb4pex5vsknk084sn02q
  shop events replay --publisher users --subscriber email --all`
}

// Validate checks what the parser cannot.
func (cmd eventsListCommand) Validate() error {
	if cmd.Limit < 1 {
		return errors.New("--limit: must be at least 1")
	}
	return nil
}

// Run prints a table.
func (cmd eventsListCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	o, err := newInternalClient(cfg)
	if err != nil {
		return err
	}
	rows := table{{"PUBLISHER", "SUBSCRIBER", "EVENT", "NAME", "ABOUT", "ATTEMPTS", "NEXT", "ERROR"}}
	query := url.Values{"limit": {strconv.Itoa(min(cmd.Limit, 100))}}
	for name, value := range map[string]string{"publisher": cmd.Publisher, "subscriber": cmd.Subscriber} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if cmd.Dead {
		query.Set("dead", "true")
	}
	more := false
	for {
		var found httpapi.ListBody[operate.FailedEvent]
		if err := o.call(ctx, http.MethodGet, "/internal/events?"+query.Encode(), nil, &found); err != nil {
			return err
		}
		for _, f := range found.Items {
			if more = len(rows) > cmd.Limit; more {
				break
			}
			rows = append(rows, []string{f.Publisher, f.Subscriber, f.ID.String(), f.Name, f.Key, strconv.Itoa(f.Attempts), nextText(f, time.Now()), oneLine(f.Error)})
		}
		if found.NextCursor == "" || more || len(rows) > cmd.Limit {
			more = more || found.NextCursor != ""
			break
		}
		query.Set("cursor", found.NextCursor)
	}
	if len(rows) == 1 {
		fmt.Fprintln(c.out, "Every event was handled, or waits for its turn.")
		return nil
	}
	if err := rows.write(c.out, c.styleFor(c.out)); err != nil {
		return err
	}
	if more {
		fmt.Fprintf(c.err, "there are more; --limit %d shows them\n", 10*cmd.Limit)
	}
	return nil
}

// nextText says when an event is tried again.
func nextText(f operate.FailedEvent, now time.Time) string {
	switch {
	case f.Dead:
		return "dead"
	case f.NextAt == nil:
		return "waits"
	default:
		return "in " + max(0, f.NextAt.Sub(now)).Round(time.Second).String()
	}
}

// widestError is how much of an error is shown in the list.
const widestError = 80

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > widestError {
		return string(runes[:widestError-1]) + "…"
	}
	return text
}

// eventsShowCommand shows one event.
type eventsShowCommand struct {
	ID id.Event `arg:"" help:"The event: evt_…"`
}

// Run prints the event as JSON.
func (cmd eventsShowCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	o, err := newInternalClient(cfg)
	if err != nil {
		return err
	}
	var found json.RawMessage
	if err := o.call(ctx, http.MethodGet, "/internal/events/"+cmd.ID.PathSegment(), nil, &found); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, found, "", "  "); err != nil {
		return fmt.Errorf("read the answer of %s: %w", o.shown, err)
	}
	fmt.Fprintln(c.out, text.String())
	return nil
}

// eventsReplayCommand delivers dead letters again.
type eventsReplayCommand struct {
	Publisher  string     `required:"" placeholder:"MODULE" help:"The module that published them."`
	Subscriber string     `required:"" placeholder:"MODULE" help:"The module that did not handle them."`
	IDs        []id.Event `arg:"" optional:"" name:"id" help:"The events: evt_…"`
	All        bool       `help:"All dead letters of the subscriber."`
}

// Help is printed below the usage.
func (eventsReplayCommand) Help() string {
	return `The events get all their attempts again; the shop notices within a second. What happened later to the same thing was delivered already.

Examples:
  shop events replay --publisher users --subscriber email evt_01h455vb4pex5vsknk084sn02q
  shop events replay --publisher users --subscriber email --all`
}

// Validate checks what the parser cannot.
func (cmd eventsReplayCommand) Validate() error {
	if cmd.Publisher != "" && cmd.Subscriber != "" && cmd.All == (len(cmd.IDs) > 0) {
		return errors.New("name the events, or use --all")
	}
	return nil
}

// Run replays and counts.
func (cmd eventsReplayCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	o, err := newInternalClient(cfg)
	if err != nil {
		return err
	}
	var done operate.EventsReplayed
	body := operate.EventReplay{Publisher: cmd.Publisher, Subscriber: cmd.Subscriber, IDs: cmd.IDs, All: cmd.All}
	if err := o.call(ctx, http.MethodPost, "/internal/events/replay", body, &done); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%d of %s's events go to %s again\n", done.Replayed, cmd.Publisher, cmd.Subscriber)
	return nil
}
