package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shop/platform/config"
	"shop/platform/event"
	"shop/platform/event/broker"
	"shop/platform/event/operate"
	"shop/platform/event/outbox"
	"shop/platform/module"
	"shop/platform/telemetry"
)

// relays deliver events.
type relays []module.Worker

// newBroker connects to the server that carries events; nil without one.
func newBroker(cfg config.Config, logger *slog.Logger) (*broker.Connection, func(), error) {
	if cfg.NATSURL == "" {
		return nil, func() {}, nil
	}
	connection, err := broker.Connect(string(cfg.NATSURL), logger)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // says what it is about
	}
	return connection, connection.Close, nil
}

func newEventMetrics(registry *prometheus.Registry) (*operate.Metrics, error) {
	return operate.NewMetrics(registry) //nolint:wrapcheck // says what it is about
}

// newRelays delivers what each hosted module publishes to those that want it,
// wherever they are: through the broker if there is one, else through their
// faces.
func newRelays(
	modules []module.Module, logger *slog.Logger, tracing *telemetry.Tracing, carrier *broker.Connection, metrics *operate.Metrics,
) (relays, error) {
	var workers relays
	for _, publisher := range modules {
		if publisher.Outbox == nil {
			continue
		}
		options := outbox.RelayOptions{DB: publisher.DB, Outbox: publisher.Outbox, Logger: logger, Tracer: tracer(tracing)}
		worker, err := newRelay(options, publisher.Name, modules, carrier, metrics)
		if err != nil {
			return nil, fmt.Errorf("deliver the events of %s: %w", publisher.Name, err)
		}
		workers = append(workers, worker)
	}
	awaited := awaitedOf(modules)
	workers = append(workers, module.Every("count of waiting events", backlogInterval, logger, func(ctx context.Context) error {
		return metrics.CountBacklogs(ctx, awaited, time.Now())
	}))
	if carrier == nil {
		return workers, nil
	}
	consumers, err := newConsumers(modules, logger, tracing, carrier, metrics)
	return append(workers, consumers...), err
}

// newRelay delivers what one module publishes. Without a broker, what a module
// wants that this process cannot reach is left to a process that can: the cursor
// of a subscriber is in the publisher's database.
func newRelay(
	options outbox.RelayOptions, publisher string, modules []module.Module, carrier *broker.Connection, metrics *operate.Metrics,
) (module.Worker, error) {
	reached, missing := subscribersOf(publisher, modules)
	worker := module.Worker{Name: "relay of " + publisher}
	if carrier != nil {
		options.Subscribers, options.Observe = slices.Concat(reached, missing), metrics.Observe(publisher, operate.Handed)
		p, err := broker.NewPublisher(broker.PublisherOptions{Connection: carrier, Relay: options})
		if err == nil {
			worker.Run = p.Run
		}
		return worker, err //nolint:wrapcheck // the caller says what it is about
	}
	for _, s := range missing {
		options.Logger.Warn("events wait for a process that reaches their subscriber", "publisher", publisher,
			"subscriber", s.Name, "set", config.EnvOf(s.Name+".url"))
	}
	options.Subscribers, options.Observe = reached, metrics.Observe(publisher, operate.Delivered)
	relay, err := outbox.NewRelay(options)
	if err == nil {
		worker.Run = relay.Run
	}
	return worker, err //nolint:wrapcheck // the caller says what it is about
}

// backlogInterval is how often it is counted what waits for subscribers.
const backlogInterval = 10 * time.Second

// awaitedOf is what the subscribers of the publishers hosted here want, also those
// that nobody reaches.
func awaitedOf(modules []module.Module) (awaited []operate.Awaited) {
	for _, publisher := range modules {
		if publisher.Outbox == nil {
			continue
		}
		reached, missing := subscribersOf(publisher.Name, modules)
		for _, s := range slices.Concat(reached, missing) {
			awaited = append(awaited, operate.Awaited{
				Publisher: publisher.Name, Subscriber: s.Name, Outbox: publisher.Outbox, Events: s.Events,
			})
		}
	}
	return awaited
}

// newConsumers handle what the broker carries to the modules hosted here.
func newConsumers(
	modules []module.Module, logger *slog.Logger, tracing *telemetry.Tracing, carrier *broker.Connection, metrics *operate.Metrics,
) (relays, error) {
	var workers relays
	for _, publisher := range modules {
		subscribers, _ := subscribersOf(publisher.Name, hostedOf(modules))
		for _, s := range subscribers {
			c, err := broker.NewConsumer(broker.ConsumerOptions{
				Connection: carrier, Publisher: publisher.Name, Subscriber: s, Logger: logger, Tracer: tracer(tracing),
				Observe: metrics.Observe(publisher.Name, operate.Delivered),
			})
			if err != nil {
				return nil, fmt.Errorf("take the events of %s for %s: %w", publisher.Name, s.Name, err)
			}
			workers = append(workers, module.Worker{Name: "events of " + publisher.Name + " for " + s.Name, Run: c.Run})
		}
	}
	return workers, nil
}

// subscribersOf are those who want events of a publisher, each with just those
// events: a subscriber's cursor is kept by the publisher. missing are those that
// this process does not reach.
func subscribersOf(publisher string, modules []module.Module) (subscribers, missing []event.Subscriber) {
	for _, m := range modules {
		for _, wanted := range m.Subscribers {
			wanted.Events = eventsOf(publisher, wanted.Events)
			switch {
			case len(wanted.Events) == 0:
			case m.Control.Hosted() || m.Control.Reachable():
				subscribers = append(subscribers, wanted)
			default:
				missing = append(missing, wanted)
			}
		}
	}
	return subscribers, missing
}
