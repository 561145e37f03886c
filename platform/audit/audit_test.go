package audit_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/audit"
	"shop/platform/fault"
	"shop/platform/httpapi"
	"shop/platform/identity"
	"shop/platform/remote"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	var a, b audit.Report
	a.Looked("catalog.stock_level", 3)
	a.Looked("catalog.reservations", 0)
	a.Found(audit.Finding{Check: "catalog.stock_level", Subject: "prod_2", Want: "5", Got: "4"})
	a.Found(audit.Finding{Check: "catalog.stock_level", Subject: "prod_1", Want: "1", Got: "2", Repaired: true})
	b.Looked("catalog.stock_level", 4)
	b.Found(audit.Finding{Check: "cart.orders", Subject: "inv_1", Want: "an order", Got: "none"})
	require.Equal(t, audit.Report{
		Checked: map[string]int64{"catalog.stock_level": 7, "catalog.reservations": 0},
		Findings: []audit.Finding{
			{Check: "cart.orders", Subject: "inv_1", Want: "an order", Got: "none"},
			{Check: "catalog.stock_level", Subject: "prod_1", Want: "1", Got: "2", Repaired: true},
			{Check: "catalog.stock_level", Subject: "prod_2", Want: "5", Got: "4"},
		},
	}, audit.Merge(a, b))
	require.Zero(t, audit.Merge())
}

// verifier is a module that answers with what it is told to.
type verifier struct {
	report audit.Report
	err    error
	asked  []audit.Input
}

func (v *verifier) verify(_ context.Context, in audit.Input) (audit.Report, error) {
	v.asked = append(v.asked, in)
	return v.report, v.err
}

// serve offers the module in a process of its own.
func serve(t *testing.T, v *verifier) http.Handler {
	t.Helper()
	api, err := httpapi.New(httpapi.Options{
		Name: "Shop", Logger: slog.New(slog.DiscardHandler),
		AuthenticateService: func(token, module string) (identity.Actor, error) {
			if token != "a.token.for-"+module {
				return identity.Actor{}, errors.New("a token for another module")
			}
			return identity.Actor{Service: "shop"}, nil
		},
	})
	require.NoError(t, err)
	audit.Register(api, "catalog", v.verify)
	return api.Internal()
}

func TestCall(t *testing.T) {
	t.Parallel()
	v := &verifier{report: audit.Report{
		Checked:  map[string]int64{"catalog.stock_level": 60},
		Findings: []audit.Finding{{Check: "catalog.stock_level", Subject: "prod_1", Want: "10", Got: "9", Repaired: true}},
	}}
	mux := http.NewServeMux()
	mux.Handle("/", serve(t, v))
	mux.HandleFunc("GET /internal/catalog/hello", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"module":"catalog","contract":1,"oldest_contract":1,"build":"test","database":{"id":"0123456789abcdef0123456789abcdef","epoch":1}}`))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client, err := remote.New(remote.Options{
		Module: "catalog", Contract: 1, OldestContract: 1, Targets: []string{server.URL},
		Mint: func(_ context.Context, audience string) (string, error) { return "a.token.for-" + audience, nil },
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)

	got, err := audit.Call(t.Context(), client, "catalog", audit.Input{Repair: true, MinAge: 90 * time.Second})
	require.NoError(t, err)
	require.Equal(t, v.report, got)
	_, err = audit.Call(t.Context(), client, "catalog", audit.Input{})
	require.NoError(t, err)
	require.Equal(t, []audit.Input{{Repair: true, MinAge: 90 * time.Second}, {}}, v.asked)

	v.err = fault.New(fault.Conflict, "busy", "it is being verified")
	_, err = audit.Call(t.Context(), client, "catalog", audit.Input{})
	require.ErrorIs(t, err, v.err)
}

func TestRegister(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		token, body string
		status      int
		want        string
	}{
		"Default":     {"a.token.for-catalog", `{}`, http.StatusOK, `{"checked":{},"findings":[]}`},
		"BadAge":      {"a.token.for-catalog", `{"min_age":"soon"}`, http.StatusUnprocessableEntity, `"field":"body.min_age"`},
		"NegativeAge": {"a.token.for-catalog", `{"min_age":"-1m"}`, http.StatusUnprocessableEntity, `"field":"body.min_age"`},
		"Foreign":     {"a.token.for-cart", `{}`, http.StatusUnauthorized, `"code":`},
		"Anonymous":   {"", `{}`, http.StatusUnauthorized, `"code":`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &verifier{}
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/internal/catalog/verify", strings.NewReader(test.body))
			request.Header.Set("Content-Type", "application/json")
			if test.token != "" {
				request.Header.Set("Authorization", "Bearer "+test.token)
			}
			answer := httptest.NewRecorder()
			serve(t, v).ServeHTTP(answer, request)
			require.Equal(t, test.status, answer.Code, answer.Body)
			require.Contains(t, answer.Body.String(), test.want)
			if test.status == http.StatusOK {
				require.Equal(t, []audit.Input{{MinAge: audit.DefaultMinAge}}, v.asked)
			}
		})
	}
}
