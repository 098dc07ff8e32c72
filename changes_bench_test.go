package stator_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// BenchmarkChanges compares a loop over 10,000 changes of 1 KB with the
// requests that it sends (the floor), whose images nobody decodes.
func BenchmarkChanges(b *testing.B) {
	const count = 10_000
	db, err := stator.OpenMemory(nil)
	require.NoError(b, err)
	defer db.Close()
	ctx := b.Context()
	records, err := stator.CreateTableFor[record](ctx, db, "records", stator.Stream(stator.StreamNewImage))
	require.NoError(b, err)
	all := make([]record, count)
	for i := range all {
		all[i] = newRecord(i)
	}
	_, err = records.BatchPut(ctx, all)
	require.NoError(b, err)
	floor := func() {
		in := &api.ReadChangesInput{TableName: new("records"), Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}}
		for n := 0; n < count; {
			out, err := api.Do(ctx, db, in)
			require.NoError(b, err)
			n += len(out.Changes)
			in = &api.ReadChangesInput{TableName: new("records"), Position: out.Position}
		}
	}
	loops := []struct {
		name string
		run  func()
	}{
		{"floor", floor},
		{"item", func() { drain(b, db.Table("records"), count) }},
		{"struct", func() { drain(b, records, count) }},
	}
	for _, loop := range loops {
		b.Run(loop.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				loop.run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/change")
		})
	}
}

func drain[T any](b *testing.B, t stator.TableOf[T], count int) {
	for c, err := range t.Changes(b.Context(), stator.FromStart()) {
		require.NoError(b, err)
		if c.New == nil {
			b.Fatal("no image")
		}
		if count--; count == 0 {
			break
		}
	}
}

// BenchmarkDelivery measures how long after the return of a Put its change is
// in the hands of a waiting loop, and what the Put costs meanwhile.
func BenchmarkDelivery(b *testing.B) {
	db, err := stator.OpenMemory(nil)
	require.NoError(b, err)
	defer db.Close()
	users, err := stator.CreateTableFor[user](b.Context(), db, "users", stator.Stream(stator.StreamKeys))
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	sub, err := users.Subscribe(ctx)
	require.NoError(b, err)
	var arrived atomic.Int64
	go func() {
		for range sub.C() {
			arrived.Store(time.Now().UnixNano())
		}
	}()
	var late []time.Duration
	i := 0
	for b.Loop() {
		i++
		require.NoError(b, users.Put(ctx, user{ID: "u1", Visits: i}))
		put := time.Now().UnixNano()
		for arrived.Load() == 0 {
			time.Sleep(time.Microsecond)
		}
		late = append(late, max(0, time.Duration(arrived.Swap(0)-put)))
	}
	require.NoError(b, sub.Close())
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkIdleSubscribers measures a Put while so many readers wait for
// another table, and for none.
func BenchmarkIdleSubscribers(b *testing.B) {
	for _, readers := range []int{0, 64} {
		b.Run(fmt.Sprintf("readers=%d", readers), func(b *testing.B) {
			db, err := stator.OpenMemory(nil)
			require.NoError(b, err)
			defer db.Close()
			ctx := b.Context()
			table := func(name string) stator.TableOf[user] {
				t, err := stator.CreateTableFor[user](ctx, db, name, stator.Stream(stator.StreamKeys))
				require.NoError(b, err)
				return t
			}
			busy, idle := table("busy"), table("idle")
			for range readers {
				sub, err := idle.Subscribe(ctx)
				require.NoError(b, err)
				defer sub.Close()
			}
			i := 0
			for b.Loop() {
				i++
				require.NoError(b, busy.Put(ctx, user{ID: "u1", Visits: i}))
			}
		})
	}
}
