package overlay_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/btree"
	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv/internal/overlay"
)

func TestLayerIsAnOrderedMap(t *testing.T) {
	var layer, merged overlay.Layer
	random := rand.New(rand.NewPCG(1, 2))
	for range 3 { // Reset leaves nothing behind
		want := map[string]string{}
		layer.Reset()
		for range 20_000 {
			key := fmt.Sprint(random.IntN(9000))
			if random.IntN(3) == 0 {
				want[key] = "deleted"
				layer.Delete([]byte(key))
			} else {
				want[key] = key + "!"
				layer.Put([]byte(key), []byte(key+"!"))
			}
		}
		merged.Reset()
		merged.Put([]byte("1"), []byte("replaced"))
		layer.Put([]byte("1"), nil)
		want["1"] = ""
		merged.Merge(&layer)
		size := 0
		for _, l := range []*overlay.Layer{&layer, &merged} {
			got, keys := map[string]string{}, []string{}
			size = 0
			for key, value := range l.All() {
				got[string(key)] = string(value)
				if value == nil {
					got[string(key)] = "deleted"
				}
				keys = append(keys, string(key))
				size += len(key) + len(value)
				found, ok := l.Get(key)
				require.True(t, ok)
				require.Equal(t, value, found)
			}
			require.Equal(t, want, got)
			require.True(t, slices.IsSorted(keys))
			require.Equal(t, len(want), l.Len())
			require.Equal(t, size, l.Bytes())
		}
		_, ok := layer.Get([]byte("none"))
		require.False(t, ok)
	}
}

// BenchmarkLayer is one Put of so many into a layer that is then emptied;
// x-floor is against a google/btree used the same way.
func BenchmarkLayer(b *testing.B) {
	for _, n := range []int{1, 10, 256, 10_000} {
		b.Run(fmt.Sprint("keys=", n), func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			keys := make([][]byte, n)
			for i := range keys {
				keys[i] = fmt.Appendf(nil, "%030d", random.Uint64())
			}
			tree := btree.NewG(32, func(a, b []byte) bool { return bytes.Compare(a, b) < 0 })
			start := time.Now()
			for i := range b.N {
				tree.ReplaceOrInsert(keys[i%n])
				if i%n == n-1 {
					tree.Clear(true)
				}
			}
			floor := time.Since(start)
			var layer overlay.Layer
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				layer.Put(keys[i%n], keys[i%n])
				if i%n == n-1 {
					layer.Reset()
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(floor)/float64(b.Elapsed()), "x-floor")
		})
	}
}
