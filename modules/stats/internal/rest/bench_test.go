package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/platform/id"
	"shop/platform/page"
)

// instant answers at once, so that what is measured is the way to it and back.
type instant struct {
	stats.Service
	entries []stats.Entry
}

func (instant) Record(_ context.Context, in stats.RecordInput) (stats.Recorded, error) {
	return stats.Recorded{IDs: make([]id.LogEntry, len(in.Actions))}, nil
}

func (s instant) Entries(context.Context, stats.EntriesInput) (page.Page[stats.Entry], error) {
	return page.Page[stats.Entry]{Items: s.entries}, nil
}

func action(i int) string {
	return fmt.Sprintf(`{"user_id":%q,"action":"product.viewed","data":{"product_id":"prod_01h455vb4pex5vsknk084sn02q","position":%d},"at":"2026-11-24T13:05:00.123456789Z"}`, ada, i)
}

func BenchmarkRecord(b *testing.B) {
	actions := make([]string, stats.MaxActions)
	for i := range actions {
		actions[i] = action(i)
	}
	for name, body := range map[string]string{"1": actions[0], "1000": "[" + strings.Join(actions, ",") + "]"} {
		b.Run(name, func(b *testing.B) {
			handler := serve(b, instant{}).Public()
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, request(b, http.MethodPost, "/log", body, "Authorization", "Bearer x"))
				require.Equal(b, http.StatusCreated, w.Code)
			}
		})
	}
}

func BenchmarkEntries(b *testing.B) {
	entries := make([]stats.Entry, page.MaxLimit)
	for i := range entries {
		entries[i] = stats.Entry{ID: id.NewLogEntry(), UserID: ada, Action: "product.viewed", Data: []byte(`{"position":3}`), At: time.Now()}
	}
	handler := serve(b, instant{entries: entries}).Internal()
	for name, accept := range map[string]string{"json": "application/json", "ndjson": "application/x-ndjson"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, request(b, http.MethodGet, "/log", "", "Authorization", "Bearer admin", "Accept", accept))
				require.Equal(b, http.StatusOK, w.Code)
			}
		})
	}
}
