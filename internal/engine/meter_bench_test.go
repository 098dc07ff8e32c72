package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
)

// BenchmarkMetering measures what counting an operation costs, and what asking a Limiter that lets
// all does, in turns with the same operation that is not observed. (Adding up the units is in both; BenchmarkObserve has that too.)
func BenchmarkMetering(b *testing.B) {
	item := attr.Item{"id": attr.S("a"), "v": attr.S(long(200))}
	requests := map[string]api.Request{
		"get": &api.GetItemInput{TableName: new("users"), Key: attr.Item{"id": attr.S("a")}},
		"put": &api.PutItemInput{TableName: new("users"), Item: api.ItemOf(item)},
	}
	made := func(l api.Limiter) *engine.Engine {
		e := open(b, openMemory(b), engine.Options{Limiter: l})
		create(b, e, "users id:S")
		put(b, e, "users", `{id: "a"}`)
		return e
	}
	for _, name := range []string{"get", "put"} {
		floor, metered, limited := made(nil), made(nil), made(&limiterFuncs{})
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx, in := context.Background(), requests[name]
			serve := [3]func(context.Context, api.Request) (api.Response, error){floor.ServeUnobserved, metered.Serve, limited.Serve}
			const turn = 500
			best := [3]time.Duration{time.Hour, time.Hour, time.Hour} // of a turn: what disturbs it only adds
			for done := 0; done < b.N; done += turn {
				for i, serve := range serve {
					began := time.Now()
					for range turn {
						if _, err := serve(ctx, in); err != nil {
							b.Fatal(err)
						}
					}
					best[i] = min(best[i], time.Since(began))
				}
			}
			b.ReportMetric(float64(best[0])/turn, "floor-ns/op")
			b.ReportMetric(float64(best[1]-best[0])/turn, "metering-ns/op")
			b.ReportMetric(float64(best[1])/float64(best[0]), "x-floor")
			b.ReportMetric(float64(best[2]-best[1])/turn, "limiter-ns/op")
		})
	}
}

// BenchmarkObserve measures the counters alone.
func BenchmarkObserve(b *testing.B) {
	e := open(b, openMemory(b), engine.Options{})
	create(b, e, "users id:S")
	in := &api.GetItemInput{TableName: new("users"), Key: attr.Item{"id": attr.S("a")}}
	out := do(b, e, in)
	for _, parallel := range []int{1, 16} {
		b.Run(text("%d goroutines", parallel), func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(max(1, parallel/2))
			work := func() { e.ObserveOne(in, out) }
			if parallel == 1 {
				for b.Loop() {
					work()
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					work()
				}
			})
		})
	}
}

// Counting allocates nothing.
func TestMeteringAllocations(t *testing.T) {
	e := open(t, openMemory(t), engine.Options{})
	create(t, e, "users id:S")
	in := &api.GetItemInput{TableName: new("users"), Key: attr.Item{"id": attr.S("a")}}
	out := do(t, e, in)
	require.Zero(t, testing.AllocsPerRun(1000, func() { e.ObserveOne(in, out) }))
}
