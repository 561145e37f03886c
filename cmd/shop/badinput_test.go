package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/httpapi"
)

// caller is one of those who send bad requests, and how.
type caller struct {
	name, token             string
	handler                 http.Handler
	internal, administrator bool
}

// reaches reports whether the caller gets as far as the request's content.
func (c caller) reaches(op *huma.Operation) bool {
	access := declared(op).Access
	if c.internal {
		return c.administrator
	}
	return access != httpapi.Internal && (access != httpapi.Administrator || c.administrator)
}

// needed reports whether the caller shows something that the others do not: one
// who gets as far as the operation, through the public listener when it is there.
func (c caller) needed(op *huma.Operation) bool {
	return c.reaches(op) && c.internal == (declared(op).Access == httpapi.Internal)
}

// Whatever is sent to whichever operation by whomever, the answer is never the
// server's failure. What cannot be accepted is refused with the place of the
// mistake, repeats no password, and changes nothing in any database. The
// requests are made from the document, so that a new operation is covered too.
func TestBadInput(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, dialect database.Dialect) {
		s := stillShop(t, settings(t, dialect))
		known, token := s.furnish(t)
		callers := []caller{
			{name: "administrator", token: s.admin, handler: s.public, administrator: true},
			{name: "customer", token: token, handler: s.public},
			{name: "administrator inside", token: s.admin, handler: s.internal, internal: true, administrator: true},
			{name: "customer inside", token: token, handler: s.internal, internal: true},
		}
		cases := badCases{document: s.API.OpenAPI(), known: known}
		before := s.contents(t)
		for _, certain := range []bool{true, false} {
			for _, op := range operations(s.API.OpenAPI()) {
				for _, r := range cases.of(op) {
					if r.certain != certain {
						continue
					}
					for _, c := range callers {
						// Who is kept out is kept out by the same code on both databases.
						if (!certain || dialect == database.Postgres) && !c.needed(op) {
							continue
						}
						if complaint := judge(c.send(t, r), r, c.reaches(op)); complaint != "" {
							t.Errorf("%s: %s %.100s: %s: %s\n%.300q", c.name, r.method, r.path, r.name, complaint, r.body)
						}
					}
				}
			}
			if certain {
				require.Empty(t, cmp.Diff(before, s.contents(t)), "a refused request has changed something")
			}
		}
	})
}

// send sends a bad request.
func (c caller) send(t *testing.T, r badRequest) response {
	t.Helper()
	var body any
	if before, after, isHuge := strings.Cut(r.body, huge); isHuge {
		body = lengthy{before, after}
	} else if r.hasBody {
		body = r.body
	}
	return call(t, c.handler, r.method, r.path, c.token, body, r.header...)
}

// judge says what is wrong with the answer to a bad request; nothing when it is
// as it should be. It names the place when the caller may send such requests at
// all.
func judge(got response, r badRequest, reached bool) string {
	if got.status >= http.StatusInternalServerError {
		return fmt.Sprintf("answered %d %s", got.status, got.text)
	}
	for _, secret := range r.secrets {
		if strings.Contains(got.text, secret) {
			return "repeats the password"
		}
	}
	if !r.certain {
		return ""
	}
	var problem httpapi.Problem
	if err := json.Unmarshal([]byte(got.text), &problem); err != nil || got.status < http.StatusBadRequest ||
		got.header.Get("Content-Type") != "application/problem+json" || problem.Status != got.status {
		return fmt.Sprintf("answered %d %s", got.status, got.text)
	}
	named := slices.ContainsFunc(problem.Errors, func(f httpapi.ProblemField) bool {
		return strings.HasPrefix(f.Field, r.place)
	})
	if reached && r.place != "" && !named {
		return fmt.Sprintf("does not name %s: %d %s", r.place, got.status, got.text)
	}
	return ""
}

// furnish puts something of everything into the shop, and returns identifiers by
// their prefix and the token of the customer who owns them.
func (s *shop) furnish(t *testing.T) (known map[string]string, token string) {
	t.Helper()
	product := s.product(t, "MUG", 1250, 100)
	user, token := s.customer(t, "grace@example.com")
	s.want(t, http.StatusCreated, http.MethodPost, "/user/me/cart", token, map[string]any{"product_id": product, "quantity": 1})
	checkout := s.want(t, http.StatusCreated, http.MethodPost, "/user/me/checkout", token, nil).json(t)
	item := s.want(t, http.StatusCreated, http.MethodPost, "/user/me/cart", token, map[string]any{"product_id": product, "quantity": 1}).json(t)
	email := s.want(t, http.StatusAccepted, http.MethodPost, "/send_email", s.admin, map[string]any{"to": "jo@example.com", "subject": "Hello", "text": "Hello"}).json(t)
	return map[string]string{
		"prod": product, "user": user, "me": user, "inv": fmt.Sprint(checkout["invoice_id"]), "chk": fmt.Sprint(checkout["id"]),
		"cart": fmt.Sprint(item["id"]), "mail": fmt.Sprint(email["id"]),
	}, token
}

// contents are the rows of all tables of all databases.
func (s *shop) contents(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, m := range s.Modules {
		tables, err := m.DB.Read(t.Context()).Migrator().GetTables()
		require.NoError(t, err)
		for _, table := range tables {
			var rows []map[string]any
			require.NoError(t, m.DB.Read(t.Context()).Table(table).Find(&rows).Error, table)
			name := m.Name + "." + table
			all[name] = []string{}
			for _, row := range rows {
				all[name] = append(all[name], fmt.Sprint(row))
			}
			slices.Sort(all[name])
		}
	}
	return all
}
