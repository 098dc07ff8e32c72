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

// BenchmarkTriggerDrain compares a trigger that works off a journal of 50,000
// changes with a bare loop of ReadChanges (the floor), in memory.
func BenchmarkTriggerDrain(b *testing.B) {
	const changes = 50_000
	db, err := stator.OpenMemory(nil)
	require.NoError(b, err)
	defer db.Close()
	users, err := stator.CreateTableFor[record](b.Context(), db, "records", stator.Stream(stator.StreamNewAndOldImages))
	require.NoError(b, err)
	records := make([]record, changes)
	for i := range records {
		records[i] = newRecord(i)
	}
	_, err = users.BatchPut(b.Context(), records)
	require.NoError(b, err)
	floor := func() {
		position, n := (*api.Position)(nil), 0
		start := &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}
		for n < changes {
			out, err := api.Do(b.Context(), db, &api.ReadChangesInput{TableName: new("records"), Position: position, Start: start})
			require.NoError(b, err)
			n += len(out.Changes)
			position, start = out.Position, nil
		}
	}
	trigger := func(name string, options *stator.TriggerOptions) {
		var seen atomic.Int64
		done := make(chan struct{})
		t, err := stator.StartTrigger(b.Context(), db, "records", name, func(_ context.Context, e stator.TriggerEvent) error {
			if seen.Add(int64(len(e.Records))) == changes {
				close(done)
			}
			return nil
		}, options)
		require.NoError(b, err)
		<-done
		require.NoError(b, t.Close())
	}
	filter := []string{`{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"org": {"S": ["acme"]}}}}`}
	runs := 0
	for _, c := range []struct {
		name    string
		options *stator.TriggerOptions
	}{
		{"batch=100", nil},
		{"batch=1000", &stator.TriggerOptions{BatchSize: 1000}},
		{"batch=100,parallel=10", &stator.TriggerOptions{ParallelizationFactor: 10}},
		{"batch=100,filter", &stator.TriggerOptions{FilterCriteria: filter}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var floors, triggers time.Duration
			for b.Loop() {
				runs++
				began := time.Now()
				floor()
				middle := time.Now()
				trigger(fmt.Sprint("run", runs), c.options)
				floors, triggers = floors+middle.Sub(began), triggers+time.Since(middle)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(b.N)*changes/triggers.Seconds(), "records/s")
			b.ReportMetric(triggers.Seconds()/floors.Seconds(), "x-floor")
		})
	}
}

// BenchmarkTriggerDelay measures how long after the end of a Put the handler is
// called, in memory: the median.
func BenchmarkTriggerDelay(b *testing.B) {
	db, err := stator.OpenMemory(nil)
	require.NoError(b, err)
	defer db.Close()
	users, err := stator.CreateTableFor[user](b.Context(), db, "users", stator.Stream(stator.StreamNewAndOldImages))
	require.NoError(b, err)
	called := make(chan time.Time, 1)
	t, err := stator.StartTrigger(b.Context(), db, "users", "test", func(context.Context, stator.TriggerEvent) error {
		called <- time.Now()
		return nil
	}, nil)
	require.NoError(b, err)
	var delays []time.Duration
	visits := 0
	for b.Loop() {
		visits++
		require.NoError(b, users.Put(b.Context(), user{ID: "u1", Visits: visits}))
		committed := time.Now()
		delays = append(delays, (<-called).Sub(committed))
	}
	require.NoError(b, t.Close())
	slices.Sort(delays)
	b.ReportMetric(float64(delays[len(delays)/2].Nanoseconds())/1000, "p50-µs")
	b.ReportMetric(float64(delays[len(delays)*99/100].Nanoseconds())/1000, "p99-µs")
}
