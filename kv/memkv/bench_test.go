package memkv_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/btree"
	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/memkv"
)

// The floor of every benchmark here is a bare google/btree with the same rows
// in the same run; x-floor is how many times its speed the store reaches.

const benchRows = 100_000

func benchStores(b *testing.B) (kv.Store, *btree.BTreeG[kv.Pair], [][]byte) {
	store, err := memkv.Open(nil)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	raw := btree.NewG(32, func(a, b kv.Pair) bool { return bytes.Compare(a.Key, b.Key) < 0 })
	random := rand.New(rand.NewPCG(1, 2))
	keys := make([][]byte, benchRows)
	for i := range keys {
		keys[i] = make([]byte, 30)
		for j := range keys[i] {
			keys[i][j] = byte(random.Uint32())
		}
		value := make([]byte, 1000)
		raw.ReplaceOrInsert(kv.Pair{Key: keys[i], Value: value})
		require.NoError(b, store.Update(context.Background(), func(w kv.Writer) error { return w.Put(keys[i], value) }))
	}
	return store, raw, keys
}

func compare(b *testing.B, keys [][]byte, floor, own func(key []byte)) {
	random := rand.New(rand.NewPCG(3, 4))
	floorOps := max(b.N, 10_000)
	start := time.Now()
	for range floorOps {
		floor(keys[random.IntN(len(keys))])
	}
	raw := float64(time.Since(start).Nanoseconds()) / float64(floorOps)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		own(keys[random.IntN(len(keys))])
	}
	b.StopTimer()
	b.ReportMetric(raw, "floor-ns/op")
	b.ReportMetric(raw*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "x-floor")
}

func BenchmarkGet(b *testing.B) {
	store, raw, keys := benchStores(b)
	bytes := 0
	compare(b, keys, func(key []byte) {
		row, _ := raw.Get(kv.Pair{Key: key})
		bytes += len(row.Value)
	}, func(key []byte) {
		_ = store.View(context.Background(), func(r kv.Reader) error {
			value, err := r.Get(key)
			bytes += len(value)
			return err
		})
	})
	require.Positive(b, bytes)
}

// BenchmarkPut copies key and value on both sides, as whoever keeps them must.
func BenchmarkPut(b *testing.B) {
	store, raw, keys := benchStores(b)
	value, version := make([]byte, 1000), uint64(0)
	compare(b, keys, func(key []byte) {
		version++
		binary.BigEndian.PutUint64(value, version)
		raw.ReplaceOrInsert(kv.Pair{Key: bytes.Clone(key), Value: bytes.Clone(value)})
	}, func(key []byte) {
		version++
		binary.BigEndian.PutUint64(value, version)
		_ = store.Update(context.Background(), func(w kv.Writer) error { return w.Put(key, value) })
	})
}

// BenchmarkPutBesideReads is the worst case of the lazy clone: a read after
// every write.
func BenchmarkPutBesideReads(b *testing.B) {
	store, raw, keys := benchStores(b)
	value := make([]byte, 1000)
	compare(b, keys, func(key []byte) {
		raw.ReplaceOrInsert(kv.Pair{Key: bytes.Clone(key), Value: bytes.Clone(value)})
		raw.Get(kv.Pair{Key: key})
	}, func(key []byte) {
		_ = store.Update(context.Background(), func(w kv.Writer) error { return w.Put(key, value) })
		_ = store.View(context.Background(), func(r kv.Reader) error { _, err := r.Get(key); return err })
	})
}
