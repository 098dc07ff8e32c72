package capacity_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/capacity"
)

// busy is a table that grants whatever a benchmark asks for.
func busy(indexes int) *api.TableCapacity {
	c := &api.TableCapacity{Name: "busy", ID: "1", Units: api.CapacityUnits{Read: 1e12, Write: 1e12}}
	for i := range indexes {
		c.GlobalIndexes = append(c.GlobalIndexes, api.IndexCapacity{Name: string(rune('a' + i)), Units: c.Units})
	}
	return c
}

// puts returns writes of many keys, so many that no partition's ceiling is met.
func puts(c *api.TableCapacity, n int) []api.Usage {
	out := make([]api.Usage, n)
	for i := range out {
		out[i] = api.Usage{Table: c, Operation: "PutItem", Write: 0.001, Partition: hash(i)}
		for j := range c.GlobalIndexes {
			out[i].Indexes[j] = api.IndexUsage{Units: 0.001, Touched: true}
		}
	}
	return out
}

func hash(i int) (h [16]byte) {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	copy(h[:], sum[:])
	return h
}

// BenchmarkTakeSettle is one operation that is granted. Its floor is a lock and
// a reading of the clock.
func BenchmarkTakeSettle(b *testing.B) {
	ctx := context.Background()
	run := func(name string, c *api.TableCapacity) float64 {
		ns := 0.0
		b.Run(name, func(b *testing.B) {
			s, ops := capacity.New(nil), puts(c, 512)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				u := &ops[i&511]
				i++
				if err := s.Take(ctx, *u); err != nil {
					b.Fatal(err)
				}
				s.Settle(*u, *u)
			}
			ns = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
		})
		return ns
	}
	var floor float64
	b.Run("floor", func(b *testing.B) {
		var mu sync.Mutex
		start := time.Now()
		for b.Loop() {
			mu.Lock()
			_ = time.Since(start)
			mu.Unlock()
		}
		floor = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	})
	one, two := run("table", busy(0)), run("table+2indexes", busy(2))
	b.Logf("table: %.0f ns, %.1f times the floor of %.0f ns; with 2 indexes %.0f ns", one, one/floor, floor, two)
}

// BenchmarkParallel is sixteen goroutines on one table, on one core and on all:
// how much more all cores do. Its floor is the same work with a Service for each goroutine, which
// share nothing: what the machine gives. One lock for the table is what would be without stripes.
func BenchmarkParallel(b *testing.B) {
	for _, c := range []struct {
		name  string
		setup func() func(g int) api.Limiter
	}{
		{"one-table", func() func(int) api.Limiter { s := capacity.New(nil); return func(int) api.Limiter { return s } }},
		{"floor-sharing-nothing", func() func(int) api.Limiter { return func(int) api.Limiter { return capacity.New(nil) } }},
		{"one-lock", func() func(int) api.Limiter {
			l := &locked{Limiter: capacity.New(nil)}
			return func(int) api.Limiter { return l }
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var one, all float64
			for b.Loop() {
				one += parallel(1, c.setup())
				all += parallel(runtime.NumCPU(), c.setup())
			}
			b.ReportMetric(all/one, "times-one-core")
			b.ReportMetric(1e9*float64(b.N)/all, "ns/take+settle")
		})
	}
}

// parallel returns how many operations a second sixteen goroutines get through.
func parallel(procs int, limiter func(g int) api.Limiter) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	table := busy(0)
	var done atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for g := range 16 {
		l, ops := limiter(g), puts(table, 512)
		wg.Go(func() {
			for i := g * 31; time.Since(start) < 200*time.Millisecond; {
				for range 256 {
					u := &ops[i&511]
					i++
					if l.Take(context.Background(), *u) == nil {
						l.Settle(*u, *u)
					}
				}
				done.Add(256)
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(start).Seconds()
}

// locked is a limiter behind one lock.
type locked struct {
	api.Limiter
	mu sync.Mutex
}

func (l *locked) Take(ctx context.Context, u api.Usage) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Limiter.Take(ctx, u)
}

// TestNoAllocations: an operation that is granted costs no garbage.
func TestNoAllocations(t *testing.T) {
	ctx := context.Background()
	for _, indexes := range []int{0, 3} {
		s, ops := capacity.New(nil), puts(busy(indexes), 512)
		i := 0
		step := func() {
			u := &ops[i&511]
			i++
			require.NoError(t, s.Take(ctx, *u))
			used := *u
			used.Write *= 2
			s.Settle(*u, used)
		}
		for range 512 {
			step()
		}
		require.Zero(t, testing.AllocsPerRun(1000, step))
	}
	var kept []byte
	require.NotZero(t, testing.AllocsPerRun(100, func() { kept = make([]byte, 64) }), "the control")
	require.Len(t, kept, 64)
}
