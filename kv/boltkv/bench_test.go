package boltkv_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

// Every benchmark here runs the same work on raw bbolt, on a file of the same
// contents, in the same run, and reports how many times its speed the store
// reaches as x-floor. The figure of the floor itself is floor-ns/op.

const (
	benchRows  = 100_000
	benchKey   = 30
	benchValue = 1000
)

var benchBucket = []byte("rows")

func benchKeys() [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	keys := make([][]byte, benchRows)
	for i := range keys {
		keys[i] = make([]byte, benchKey)
		for j := range keys[i] {
			keys[i][j] = byte(random.Uint32())
		}
	}
	return keys
}

// benchFiles returns a store and a raw file that hold the same rows.
func benchFiles(b *testing.B) (store *boltkv.Store, raw *bolt.DB, keys [][]byte) {
	keys = benchKeys()
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, slices.Compare)
	dir := b.TempDir()
	load, err := boltkv.Open(filepath.Join(dir, "store.db"), &boltkv.Options{NoSync: true})
	require.NoError(b, err)
	raw, err = bolt.Open(filepath.Join(dir, "raw.db"), 0o600, &bolt.Options{
		FreelistType: bolt.FreelistMapType, InitialMmapSize: 1 << 30, NoStatistics: true, NoSync: true,
	})
	require.NoError(b, err)
	value, touched := make([]byte, benchValue), 0
	for rows := range slices.Chunk(sorted, 5000) {
		require.NoError(b, load.Update(context.Background(), func(w kv.Writer) error {
			for _, key := range rows {
				if err := w.Put(key, value); err != nil {
					return err
				}
			}
			return nil
		}))
		require.NoError(b, raw.Update(func(tx *bolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists(benchBucket)
			for _, key := range rows {
				if err == nil {
					err = bucket.Put(key, value)
				}
			}
			return err
		}))
	}
	require.NoError(b, load.Close())
	store, err = boltkv.Open(filepath.Join(dir, "store.db"), nil)
	require.NoError(b, err)
	raw.NoSync = false
	require.NoError(b, raw.Sync())
	b.Cleanup(func() { require.NoError(b, store.Close()); require.NoError(b, raw.Close()) })
	// Touch every page once, so that neither side pays the first access.
	require.NoError(b, raw.View(func(tx *bolt.Tx) error {
		return tx.Bucket(benchBucket).ForEach(func(_, value []byte) error { touched += int(value[0]); return nil })
	}))
	require.NoError(b, store.View(context.Background(), func(r kv.Reader) error {
		for pair, err := range r.Scan(nil, nil, false) {
			if err != nil {
				return err
			}
			touched += int(pair.Value[0])
		}
		return nil
	}))
	require.Zero(b, touched)
	return store, raw, keys
}

// report adds the figures of the floor, which did floorOps in floor.
func report(b *testing.B, floor time.Duration, floorOps int) {
	own := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	raw := float64(floor.Nanoseconds()) / float64(floorOps)
	b.ReportMetric(raw, "floor-ns/op")
	b.ReportMetric(raw/own, "x-floor")
}

// BenchmarkPut is durable Puts, fsync included, of so many callers at once,
// against as many callers of db.Update.
func BenchmarkPut(b *testing.B) {
	store, raw, keys := benchFiles(b)
	var version atomic.Uint64
	newValue := func() []byte { // changes with each write
		value := make([]byte, benchValue)
		binary.BigEndian.PutUint64(value, version.Add(1))
		return value
	}
	putRaw := func(random *rand.Rand) error {
		key, value := keys[random.IntN(len(keys))], newValue()
		return raw.Update(func(tx *bolt.Tx) error { return tx.Bucket(benchBucket).Put(key, value) })
	}
	putStore := func(random *rand.Rand) error {
		key, value := keys[random.IntN(len(keys))], newValue()
		return store.Update(context.Background(), func(w kv.Writer) error { return w.Put(key, value) })
	}
	share(b, 4, 500, putRaw) // the first commits make the files grow
	share(b, 4, 500, putStore)
	for _, callers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			// In turns, for the disk and its neighbours change by the second.
			const turns = 8
			ops := b.N/turns + 1
			floorOps := min(ops, max(300, callers))
			floor := time.Duration(0)
			b.ReportAllocs()
			b.ResetTimer()
			for range turns {
				b.StopTimer()
				floor += share(b, callers, floorOps, putRaw)
				b.StartTimer()
				share(b, callers, min(ops, b.N), putStore)
			}
			b.StopTimer()
			floorOps *= turns
			report(b, floor, floorOps)
		})
	}
}

// share divides ops among callers and returns how long they took together.
func share(b *testing.B, callers, ops int, op func(*rand.Rand) error) time.Duration {
	var left atomic.Int64
	left.Store(int64(ops))
	var group sync.WaitGroup
	start := time.Now()
	for caller := range callers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(caller), uint64(ops)))
			for left.Add(-1) >= 0 {
				if err := op(random); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	return time.Since(start)
}

// BenchmarkGet is a View with one Get whose value is copied.
func BenchmarkGet(b *testing.B) {
	store, raw, keys := benchFiles(b)
	for _, callers := range []int{1, 2} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			floorOps := max(b.N, 20_000)
			floor := share(b, callers, floorOps, func(random *rand.Rand) error {
				key := keys[random.IntN(len(keys))]
				return raw.View(func(tx *bolt.Tx) error {
					sink(append([]byte(nil), tx.Bucket(benchBucket).Get(key)...))
					return nil
				})
			})
			b.ReportAllocs()
			b.ResetTimer()
			share(b, callers, b.N, func(random *rand.Rand) error {
				key := keys[random.IntN(len(keys))]
				return store.View(context.Background(), func(r kv.Reader) error {
					value, err := r.Get(key)
					sink(append([]byte(nil), value...))
					return err
				})
			})
			b.StopTimer()
			report(b, floor, floorOps)
		})
	}
}

//go:noinline
func sink([]byte) {}

// BenchmarkScan is one step of a scan of everything, against a raw cursor.
func BenchmarkScan(b *testing.B) {
	store, raw, _ := benchFiles(b)
	for _, reverse := range []bool{false, true} {
		b.Run(fmt.Sprint("reverse=", reverse), func(b *testing.B) {
			floorOps, total := max(b.N, benchRows), 0
			start := time.Now()
			for left := floorOps; left > 0; {
				require.NoError(b, raw.View(func(tx *bolt.Tx) error {
					cursor := tx.Bucket(benchBucket).Cursor()
					first, step := cursor.First, cursor.Next
					if reverse {
						first, step = cursor.Last, cursor.Prev
					}
					for k, v := first(); k != nil && left > 0; k, v = step() {
						total += len(k) + len(v)
						left--
					}
					return nil
				}))
			}
			floor := time.Since(start)
			b.ReportAllocs()
			b.ResetTimer()
			for left := b.N; left > 0; {
				require.NoError(b, store.View(context.Background(), func(r kv.Reader) error {
					for pair, err := range r.Scan(nil, nil, reverse) {
						if err != nil || left == 0 {
							return err
						}
						total += len(pair.Key) + len(pair.Value)
						left--
					}
					return nil
				}))
			}
			b.StopTimer()
			report(b, floor, floorOps)
			require.Positive(b, total)
		})
	}
}

// BenchmarkLoad is one row of a load in sorted transactions of 1,000, without
// fsync on both sides.
func BenchmarkLoad(b *testing.B) {
	const perTransaction = 1000
	value := make([]byte, benchValue)
	key := func(i int) []byte { return fmt.Appendf(nil, "%030d", i) }
	dir := b.TempDir()
	raw, err := bolt.Open(filepath.Join(dir, "raw.db"), 0o600, &bolt.Options{
		FreelistType: bolt.FreelistMapType, InitialMmapSize: 1 << 30, NoStatistics: true, NoSync: true,
	})
	require.NoError(b, err)
	defer func() { require.NoError(b, raw.Close()) }()
	store, err := boltkv.Open(filepath.Join(dir, "store.db"), &boltkv.Options{NoSync: true})
	require.NoError(b, err)
	defer func() { require.NoError(b, store.Close()) }()
	floorOps := max(b.N, 20_000)
	start := time.Now()
	for i := 0; i < floorOps; i += perTransaction {
		require.NoError(b, raw.Update(func(tx *bolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists(benchBucket)
			for j := i; j < i+perTransaction && err == nil; j++ {
				err = bucket.Put(key(j), value)
			}
			return err
		}))
	}
	floor := time.Since(start)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += perTransaction {
		require.NoError(b, store.Update(context.Background(), func(w kv.Writer) error {
			for j := i; j < min(i+perTransaction, b.N); j++ {
				if err := w.Put(key(j), value); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	b.StopTimer()
	report(b, floor, floorOps)
}
