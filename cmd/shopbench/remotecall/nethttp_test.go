package remotecall_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/platform/money"
)

// message is the JSON of a product, field by field that of the shop.
type message struct {
	ID          string            `json:"id"`
	SKU         string            `json:"sku"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Price       money.Amount      `json:"price"`
	Stock       int64             `json:"stock"`
	Category    string            `json:"category"`
	Attributes  map[string]string `json:"attributes"`
	Images      []string          `json:"images"`
	Version     int64             `json:"version"`
	Revision    int64             `json:"revision"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
}

func messageOf(p catalog.Product) message {
	return message{
		ID: p.ID.String(), SKU: p.SKU, Name: p.Name, Description: p.Description, Price: p.Price, Stock: p.Stock, Category: p.Category,
		Attributes: p.Attributes, Images: p.Images, Version: p.Version, Revision: p.Revision, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
}

// netHTTPHandler answers every request with a product.
func netHTTPHandler(product catalog.Product) http.Handler {
	body := messageOf(product)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	})
}

// placeNetHTTP returns a bare round trip over net/http, with as many connections
// kept as there are callers.
func placeNetHTTP(tb testing.TB, product catalog.Product) func(context.Context) (message, error) {
	tb.Helper()
	server := httptest.NewServer(netHTTPHandler(product))
	tb.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: callers}}
	tb.Cleanup(client.CloseIdleConnections)
	address := server.URL + "/product/" + product.ID.String()
	return func(ctx context.Context) (got message, err error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil {
			return got, err
		}
		response, err := client.Do(r)
		if err != nil {
			return got, err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			return got, err
		}
		err = json.Unmarshal(text, &got)
		return got, err
	}
}

// netHTTPBody is what the bare server answers with.
func netHTTPBody(tb testing.TB, product catalog.Product) string {
	tb.Helper()
	w := httptest.NewRecorder()
	netHTTPHandler(product).ServeHTTP(w, httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "/", http.NoBody))
	require.Equal(tb, http.StatusOK, w.Code)
	return w.Body.String()
}
