package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shop/migrations"
	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/module"
	"shop/platform/telemetry"
)

// readyTimeout is how long a database may take to answer /readyz.
const readyTimeout = 2 * time.Second

// probes answer what an orchestrator asks.
type probes struct {
	modules  []module.Module
	stopping atomic.Bool
	migrated sync.Map // names of modules seen up to date; that never changes back
}

// internalHandler serves the internal listener: probes and metrics to everybody
// who can reach it, profiles to administrators, and the API's operations.
func internalHandler(app *App, p *probes) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, nil) })
	mux.HandleFunc("GET /readyz", p.ready)
	mux.Handle("GET /metrics", telemetry.MetricsHandler(app.Metrics))
	for path, profile := range map[string]http.HandlerFunc{
		"": pprof.Index, "cmdline": pprof.Cmdline, "profile": pprof.Profile, "symbol": pprof.Symbol, "trace": pprof.Trace,
	} {
		mux.Handle("/debug/pprof/"+path, forAdministrators(app.Users, profile))
	}
	operations := app.API.Internal()
	if speaksTLS(app.Config) && app.Config.ServiceTLSCA != "" {
		operations = certified(operations)
	}
	mux.Handle("/", operations)
	return mux
}

// forAdministrators lets through who sends the token of an administrator's
// session.
func forAdministrators(service users.Service, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		session, err := service.Authenticate(r.Context(), users.AuthenticateInput{Token: token})
		if err != nil || session.Role != users.RoleAdministrator {
			w.Header().Set("WWW-Authenticate", "Bearer")
			answer(w, http.StatusUnauthorized, []string{"sign in as an administrator"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ready answers 200 when every database answers and is migrated, and 503
// otherwise or when the process stops.
func (p *probes) ready(w http.ResponseWriter, r *http.Request) {
	if p.stopping.Load() {
		answer(w, http.StatusServiceUnavailable, []string{"stopping"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	found := make([]string, len(p.modules))
	var all sync.WaitGroup
	for i, m := range p.modules {
		all.Go(func() { found[i] = p.check(ctx, m) })
	}
	all.Wait()
	var problems []string
	for _, problem := range found {
		if problem != "" {
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		answer(w, http.StatusServiceUnavailable, problems)
		return
	}
	answer(w, http.StatusOK, nil)
}

// check says what keeps a module from working, without details that are nobody
// else's business.
func (p *probes) check(ctx context.Context, m module.Module) string {
	if _, known := p.migrated.Load(m.Name); known {
		if err := m.DB.Ping(ctx); err != nil {
			return m.Name + ": the database does not answer"
		}
		return ""
	}
	status, err := database.MigrationStatus(ctx, m.DB, migrations.FS)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, database.ErrUnavailable):
		return m.Name + ": the database does not answer"
	case err != nil:
		return m.Name + ": the database's version cannot be read"
	case status.Dirty, len(status.Pending) > 0:
		return m.Name + ": the database is not migrated"
	}
	p.migrated.Store(m.Name, true)
	return ""
}

// answer writes a status as JSON.
func answer(w http.ResponseWriter, status int, problems []string) {
	body := struct {
		Status   string   `json:"status"`
		Problems []string `json:"problems,omitempty"`
	}{Status: "ok", Problems: problems}
	if status != http.StatusOK {
		body.Status = "error"
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	text, err := json.Marshal(body)
	if err != nil {
		text = []byte(`{"status":"error"}`) // cannot happen: the body is strings
	}
	_, _ = w.Write(text) // who asked is gone if this fails
}
