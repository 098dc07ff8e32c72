package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
)

// benchChanged is another item each time.
func benchChanged(i int) attr.Item {
	item := benchItem(i % 1000)
	item["visits"] = attr.Int(i)
	return item
}

func benchPut(b *testing.B, e *engine.Engine, table string, i int) {
	if _, err := api.Do(context.Background(), e, &api.PutItemInput{TableName: &table, Item: api.ItemOf(benchChanged(i))}); err != nil {
		b.Error(err)
	}
}

// benchStreamed is an engine on a durable file with a table "plain" and a table "streamed", which has a stream.
func benchStreamed(b *testing.B, noSync bool) (e *engine.Engine, path string) {
	path = filepath.Join(b.TempDir(), "engine.db")
	store, err := boltkv.Open(path, &boltkv.Options{NoSync: noSync})
	require.NoError(b, err)
	e, err = engine.Open(b.Context(), store, engine.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { e.Close() })
	for _, name := range []string{"plain", "streamed", "quiet"} {
		benchTable(b, e, name, false)
		if name != "plain" {
			do(b, e, enableStream(name, api.StreamViewTypeNewAndOldImages))
		}
		benchLoad(b, e, name, 1000, benchItem)
	}
	return e, path
}

// BenchmarkPutStreamed is a durable Put into a table with a stream; its floor is one into a table without.
func BenchmarkPutStreamed(b *testing.B) {
	e, _ := benchStreamed(b, false)
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(callers, " callers"), func(b *testing.B) {
			run := func(table string, first, n int) time.Duration {
				start := time.Now()
				var wg sync.WaitGroup
				for c := range callers {
					wg.Go(func() {
						for i := c; i < n; i += callers {
							benchPut(b, e, table, first+i)
						}
					})
				}
				wg.Wait()
				return time.Since(start)
			}
			var floor, subject time.Duration
			turn := max(callers*4, 64)
			for done := 0; done < b.N; done += turn {
				n := min(turn, b.N-done)
				floor += run("plain", done, n)
				subject += run("streamed", done, n)
			}
			benchReport(b, floor, subject)
		})
	}
}

// BenchmarkPutWatched is a Put while 64 readers wait for changes; its floor is one while nobody does.
func BenchmarkPutWatched(b *testing.B) {
	for _, of := range []struct{ name, table string }{{"of another table", "quiet"}, {"of the same table", "streamed"}} {
		for _, noSync := range []bool{true, false} {
			b.Run(fmt.Sprintf("64 %s, fsync %t", of.name, !noSync), func(b *testing.B) {
				e, _ := benchStreamed(b, noSync)
				var floor, subject time.Duration
				puts := 5000 // no Put is of the same item as before, which would write nothing
				const turn = 256
				for done := 0; done < b.N; done += turn {
					n := min(turn, b.N-done)
					run := func() time.Duration {
						start := benchClock()
						for range n {
							puts++
							benchPut(b, e, "streamed", puts)
						}
						return benchClock() - start
					}
					floor += run()
					stop := benchReaders(b, e, of.table, 64)
					subject += run()
					stop()
				}
				benchReport(b, floor, subject)
			})
		}
	}
}

// benchReaders starts readers that wait for the next change again and again.
func benchReaders(b *testing.B, e *engine.Engine, table string, n int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg, ready sync.WaitGroup
	for range n {
		ready.Add(1)
		wg.Go(func() {
			out, err := api.Do(ctx, e, &api.ReadChangesInput{TableName: &table})
			ready.Done()
			for err == nil {
				out, err = api.Do(ctx, e, &api.ReadChangesInput{TableName: &table, Position: out.Position, Wait: time.Minute})
			}
			if ctx.Err() == nil {
				b.Error(err)
			}
		})
	}
	ready.Wait()
	return func() {
		cancel()
		wg.Wait()
	}
}

// BenchmarkDrain reads a journal from its start; its floor is a cursor of bbolt that copies the journal's rows.
func BenchmarkDrain(b *testing.B) {
	e, path := benchStreamed(b, true)
	const records = 20_000
	for i := range records {
		benchPut(b, e, "streamed", 1000+i)
	}
	require.NoError(b, e.Close())
	file, err := os.ReadFile(path)
	require.NoError(b, err)
	copied := filepath.Join(b.TempDir(), "raw.db")
	require.NoError(b, os.WriteFile(copied, file, 0o600))
	raw, err := bolt.Open(copied, 0o600, &bolt.Options{NoSync: true, InitialMmapSize: 16 << 30})
	require.NoError(b, err)
	defer raw.Close()
	store, err := boltkv.Open(path, &boltkv.Options{NoSync: true})
	require.NoError(b, err)
	e, err = engine.Open(b.Context(), store, engine.Options{})
	require.NoError(b, err)
	defer e.Close()
	prefix := []byte{0, 0, 0, 2, engine.SpaceJournal}
	var floor, subject time.Duration
	n := 0
	for b.Loop() {
		n++
		start := benchClock()
		rows := 0
		require.NoError(b, raw.View(func(tx *bolt.Tx) error {
			c := tx.Bucket(benchBucket).Cursor()
			for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
				if len(bytes.Clone(v)) > 0 {
					rows++
				}
			}
			return nil
		}))
		floor += benchClock() - start
		start = benchClock()
		read := 0
		out, err := api.Do(b.Context(), e, &api.ReadChangesInput{TableName: new("streamed"), Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}})
		for err == nil && len(out.Changes) > 0 {
			read += len(out.Changes)
			out, err = api.Do(b.Context(), e, &api.ReadChangesInput{TableName: new("streamed"), Position: out.Position})
		}
		require.NoError(b, err)
		subject += benchClock() - start
		require.Equal(b, rows, read)
	}
	b.ReportMetric(float64(floor.Nanoseconds())/float64(n*(records+1000)), "floor-ns/record")
	b.ReportMetric(float64(subject.Nanoseconds())/float64(n*(records+1000)), "engine-ns/record")
	b.ReportMetric(float64(floor)/float64(subject), "x-floor-speed")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkDelivery is the time from when a durable Put returns, its commit acknowledged, until a reader in the same process has the change.
func BenchmarkDelivery(b *testing.B) {
	e, _ := benchStreamed(b, false)
	received := make(chan time.Time, 1)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	out, err := api.Do(ctx, e, &api.ReadChangesInput{TableName: new("streamed")})
	require.NoError(b, err)
	wg.Go(func() {
		for err == nil {
			out, err = api.Do(ctx, e, &api.ReadChangesInput{TableName: new("streamed"), Position: out.Position, Wait: time.Minute})
			if err == nil && len(out.Changes) > 0 {
				received <- time.Now()
			}
		}
	})
	var times []time.Duration
	for i := range b.N {
		benchPut(b, e, "streamed", 5000+i)
		committed := time.Now()
		times = append(times, (<-received).Sub(committed))
	}
	cancel()
	wg.Wait()
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Nanoseconds())/1000, "p50-µs")
	b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds())/1000, "p99-µs")
	b.ReportMetric(0, "ns/op")
}
