package remote_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/remote"
)

// product is what the benchmarks read: about the size of the catalog's.
type product struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Price       int64    `json:"price"`
	Labels      []string `json:"labels"`
}

const productText = `{"id":"0198c0de-0000-7000-8000-000000000001","name":"Chair","description":"Made of oak, with four legs and a back; painted in green or in whatever colour you like best.","price":1999,"labels":["wood","garden"]}`

// trivial answers each request with the product and has a greeting.
func trivial(b *testing.B) *httptest.Server {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/hello") {
			_ = json.NewEncoder(w).Encode(hello("catalog"))
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, productText)
	}))
	b.Cleanup(server.Close)
	return server
}

// BenchmarkDo compares a call with a bare round trip of the same bytes by
// net/http, without deadline, identity, health and repetition.
func BenchmarkDo(b *testing.B) {
	for _, body := range []any{nil, product{ID: "1", Name: "Chair", Description: strings.Repeat("oak ", 20), Price: 1999}} {
		name := "Read"
		if body != nil {
			name = "Write"
		}
		b.Run(name+"/bare", func(b *testing.B) { bare(b, trivial(b).URL, body) })
		b.Run(name+"/remote", func(b *testing.B) {
			client, err := remote.New(remote.Options{
				Module: "catalog", Contract: 1, OldestContract: 1, Targets: []string{trivial(b).URL},
				Mint: func(context.Context, string) (string, error) { return token, nil },
			})
			require.NoError(b, err)
			b.Cleanup(client.Close)
			call := remote.Call{Does: read, Method: http.MethodGet, Path: "/product/1", Body: body}
			if body != nil {
				call.Does, call.Method = write, http.MethodPost
			}
			ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				var p product
				call.Result = &p
				if _, err := client.Do(ctx, call); err != nil || p.Price != 1999 {
					b.Fatal(p, err)
				}
			}
		})
	}
}

func bare(b *testing.B, address string, body any) {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true}
	b.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	roundTrip := func(p *product) error {
		method, reader := http.MethodGet, io.Reader(nil)
		if body != nil {
			text, err := json.Marshal(body)
			if err != nil {
				return err
			}
			method, reader = http.MethodPost, bytes.NewReader(text)
		}
		r, err := http.NewRequestWithContext(ctx, method, address+"/product/1", reader)
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := client.Do(r)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, p)
	}
	b.ReportAllocs()
	for b.Loop() {
		var p product
		if err := roundTrip(&p); err != nil || p.Price != 1999 {
			b.Fatal(p, err)
		}
	}
}
