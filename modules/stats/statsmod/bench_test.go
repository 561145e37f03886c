package statsmod_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
	"shop/platform/identity"
)

func BenchmarkRecord(b *testing.B) {
	user := id.NewUser()
	actions := make([]stats.Action, stats.MaxActions)
	for i := range actions {
		actions[i] = stats.Action{
			Action: "product.viewed",
			Data:   json.RawMessage(`{"product_id":"prod_01h455vb4pex5vsknk084sn02q","position":` + strconv.Itoa(i) + `}`),
		}
	}
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		for _, n := range []int{1, stats.MaxActions} {
			b.Run(dialect.String()+"/"+strconv.Itoa(n), func(b *testing.B) {
				service := build(b, dbtest.Open(b, dialect, "stats")).Service
				ctx := identity.With(b.Context(), identity.Actor{User: user})
				b.ReportAllocs()
				for b.Loop() {
					_, err := service.Record(ctx, stats.RecordInput{Actions: actions[:n]})
					require.NoError(b, err)
				}
			})
		}
	}
}
