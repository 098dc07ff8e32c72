package engine_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
)

// BenchmarkPutExpiring compares Puts to a table with a time to live with those to one without.
func BenchmarkPutExpiring(b *testing.B) {
	e := benchMemory(b)
	benchTable(b, e, "plain", false)
	benchTable(b, e, "expiring", false)
	ttl(b, e, "expiring", "exp", true)
	put := func(table string) func(int) {
		return func(i int) {
			it := benchItem(i % benchItems)
			it["exp"] = attr.Int(2_000_000_000 + i)
			if _, err := e.Serve(context.Background(), &api.PutItemInput{TableName: &table, Item: api.ItemOf(it)}); err != nil {
				b.Fatal(err)
			}
		}
	}
	benchInTurns(b, put("plain"), put("expiring"))
}

// BenchmarkSweep compares a sweep of items of about 1 KB with the deletion of their rows and entries from bbolt
// itself, in the same order and as many in a transaction. An operation is one item.
func BenchmarkSweep(b *testing.B) {
	const n = 20_000
	var floor, swept time.Duration
	items := 0
	for range max(1, b.N/n) {
		dir := b.TempDir()
		path, raw := filepath.Join(dir, "engine.db"), filepath.Join(dir, "raw.db")
		clock := newClock()
		load := func(e *engine.Engine) {
			benchTable(b, e, "items", false)
			ttl(b, e, "items", "exp", true)
			benchLoad(b, e, "items", n, func(i int) attr.Item {
				it := benchItem(i)
				it["exp"] = attr.Int(int(clock.Now().Unix()) + i*7919%n)
				return it
			})
		}
		openEngine := func() *engine.Engine {
			store, err := boltkv.Open(path, &boltkv.Options{NoSync: true})
			require.NoError(b, err)
			e, err := engine.OpenPaused(b.Context(), store, engine.Options{Now: clock.Now})
			require.NoError(b, err)
			return e
		}
		e := openEngine()
		load(e)
		require.NoError(b, e.Close())
		file, err := os.ReadFile(path)
		require.NoError(b, err)
		require.NoError(b, os.WriteFile(raw, file, 0o600))

		db, err := bolt.Open(raw, 0o600, &bolt.Options{NoSync: true})
		require.NoError(b, err)
		start := time.Now()
		for deleted := -1; deleted != 0; {
			deleted = rawSweep(b, db)
		}
		floor += time.Since(start)
		require.NoError(b, db.Close())

		e = openEngine()
		clock.Advance(n * time.Second)
		start = time.Now()
		require.Equal(b, n, sweep(b, e, 2*n))
		swept += time.Since(start)
		items += n
		require.NoError(b, e.Close())
	}
	b.ReportMetric(float64(floor.Nanoseconds())/float64(items), "floor-ns/op")
	b.ReportMetric(float64(swept.Nanoseconds())/float64(items), "engine-ns/op")
	b.ReportMetric(float64(floor)/float64(swept), "x-floor-speed")
	b.ReportMetric(0, "ns/op")
}

func rawSweep(b *testing.B, db *bolt.DB) (deleted int) {
	require.NoError(b, db.Update(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(benchBucket)
		space := []byte{0, 0, 0, 1, engine.SpaceExpiry}
		var keys [][]byte
		c := bucket.Cursor()
		for k, _ := c.Seek(space); bytes.HasPrefix(k, space) && len(keys) < engine.SweepRows; k, _ = c.Next() {
			keys = append(keys, bytes.Clone(k))
		}
		for _, k := range keys {
			if err := bucket.Delete(k); err != nil {
				return err
			}
			if err := bucket.Delete(append([]byte{0, 0, 0, 1, engine.SpaceRow}, k[len(space)+8:]...)); err != nil {
				return err
			}
		}
		deleted = len(keys)
		return nil
	}))
	return deleted
}
