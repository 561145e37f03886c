package httpapi_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"shop/platform/httpapi"
)

type pingOutput struct {
	Body struct {
		Name string `json:"name"`
	}
}

type itemsOutput struct {
	Body httpapi.ListBody[benchItem]
}

type benchItem struct {
	ID          string            `json:"id"`
	SKU         string            `json:"sku"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Amount      int64             `json:"amount"`
	Attributes  map[string]string `json:"attributes"`
}

type benchInput struct {
	Body struct {
		ProductID string `json:"product_id" minLength:"1" maxLength:"100"`
		Quantity  int64  `json:"quantity" minimum:"1" maximum:"999"`
	}
}

func benchAPI(b *testing.B) http.Handler {
	b.Helper()
	api, err := httpapi.New(httpapi.Options{Name: "bench", Version: "1", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	httpapi.Handle(api, httpapi.Operation{ID: "ping", Method: http.MethodGet, Path: "/ping", Module: "shop"},
		func(context.Context, *struct{}) (*pingOutput, error) {
			out := &pingOutput{}
			out.Body.Name = "pong"
			return out, nil
		})
	items := make([]benchItem, 20)
	for i := range items {
		items[i] = benchItem{
			ID: "prod_01h455vb4pex5vsknk084sn02q", SKU: "SKU" + strconv.Itoa(i), Name: "Mug", Description: "A mug to drink from, of stoneware.",
			Amount: 1299, Attributes: map[string]string{"colour": "blue"},
		}
	}
	httpapi.Handle(api, httpapi.Operation{ID: "items", Method: http.MethodGet, Path: "/items", Module: "shop"},
		func(_ context.Context, _ *httpapi.PageQuery) (*itemsOutput, error) {
			return &itemsOutput{Body: httpapi.ListBody[benchItem]{Items: items}}, nil
		})
	httpapi.Handle(api, httpapi.Operation{ID: "put", Method: http.MethodPost, Path: "/put", Module: "shop"},
		func(context.Context, *benchInput) (*pingOutput, error) { return &pingOutput{}, nil })
	return api.Public()
}

// sink is a response that keeps nothing.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

func benchmark(b *testing.B, method, path, body string) {
	h := benchAPI(b)
	reader := bytes.NewReader(nil)
	r := httptest.NewRequestWithContext(b.Context(), method, path, nil)
	b.ReportAllocs()
	for b.Loop() {
		if body != "" {
			reader.Reset([]byte(body))
			r.Body, r.ContentLength = http.NoBody, int64(len(body))
			r.Body = struct {
				*bytes.Reader
				nop
			}{reader, nop{}}
		}
		w := &sink{header: http.Header{}}
		h.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			b.Fatal(w.status)
		}
	}
}

type nop struct{}

func (nop) Close() error { return nil }

func BenchmarkTrivial(b *testing.B) { benchmark(b, http.MethodGet, "/ping", "") }
func BenchmarkList20(b *testing.B)  { benchmark(b, http.MethodGet, "/items?limit=20", "") }
func BenchmarkSmallPost(b *testing.B) {
	benchmark(b, http.MethodPost, "/put", `{"product_id":"prod_01h455vb4pex5vsknk084sn02q","quantity":3}`)
}
