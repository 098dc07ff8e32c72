//go:build hooked

package power_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/reliability/hooked/disk"
	"github.com/statordb/stator/reliability/hooked/workload"
	"github.com/statordb/stator/reliability/internal/ram"
)

// verdict is what a crash state does to its store.
type verdict string

const (
	right    verdict = "right"    // the last state that was acknowledged, or the one in flight
	lost     verdict = "lost"     // an earlier state
	foreign  verdict = "foreign"  // a state that never was
	unopened verdict = "unopened" // it does not open
	damaged  verdict = "damaged"  // it opens, and is not whole
)

// figures are what a run of crash states gave.
type figures struct {
	mu       sync.Mutex
	images   int
	engines  int // opened by the engine, checked and written to
	verdicts map[verdict]int
	first    map[verdict]string // the first of each kind that is not right
	slowest  time.Duration      // to open
	advanced int                // showed the state in flight
}

func (f *figures) add(v verdict, text string, opened time.Duration, advanced, full bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.images++
	f.verdicts[v]++
	if v != right && f.first[v] == "" {
		f.first[v] = text
	}
	f.slowest = max(f.slowest, opened)
	if advanced {
		f.advanced++
	}
	if full {
		f.engines++
	}
}

func (f *figures) wrong() int { return f.images - f.verdicts[right] }

// crashAll looks at every crash state of r. Each fullEvery-th is opened by the engine too.
func crashAll(t *testing.T, r recording, effort disk.Effort, fullEvery int) *figures {
	f := &figures{verdicts: map[verdict]int{}, first: map[verdict]string{}}
	workers := runtime.GOMAXPROCS(0)
	var group sync.WaitGroup
	errs := make([]error, workers)
	for worker := range workers {
		path := filepath.Join(ram.Dir(t), "db")
		group.Go(func() { errs[worker] = crashSome(t.Context(), r, f, effort, fullEvery, path, worker, workers) })
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	return f
}

// crashSome looks at the segments of one worker.
func crashSome(ctx context.Context, r recording, f *figures, effort disk.Effort, fullEvery int, path string, worker, workers int) (err error) {
	scratch, err := disk.NewScratch(path, append([]byte(nil), r.base...))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	disk.Attach(path, scratch.Disk())
	defer disk.Attach(path, nil)
	segment, seen := 0, 0
	r.segments(func(im *disk.Image, acknowledged int, changed []disk.Op) {
		segment++
		if err != nil {
			return
		}
		if err = scratch.Rebase(im.Synced, changed); err != nil || segment%workers != worker {
			return
		}
		random := rand.New(rand.NewPCG(uint64(segment), 5))
		for _, c := range im.Crashes(random, effort) {
			if err = scratch.Show(c); err != nil {
				return
			}
			seen++
			full := seen%fullEvery == 1
			v, text, opened, advanced := r.judge(ctx, path, acknowledged, full)
			f.add(v, fmt.Sprintf("sync number %d, state %d acknowledged, %s: %s", segment, acknowledged, c.What, text), opened, advanced, full)
		}
	})
	return err
}

// judge opens the file of path and says what it finds.
func (r recording) judge(ctx context.Context, path string, acknowledged int, full bool) (v verdict, text string, opened time.Duration, advanced bool) {
	sum, opened, err := workload.Look(ctx, path)
	var failed *workload.OpenError
	switch {
	case errors.As(err, &failed):
		return unopened, err.Error(), opened, false
	case err != nil:
		return damaged, err.Error(), opened, false
	}
	switch {
	case sum == r.states[acknowledged]:
	case acknowledged+1 < len(r.states) && sum == r.states[acknowledged+1]:
		advanced = true
	default:
		for i, s := range r.states[:acknowledged] {
			if s == sum {
				return lost, fmt.Sprintf("it holds state %d", i), opened, false
			}
		}
		return foreign, "it holds what was never there", opened, false
	}
	if err := workload.CheckPages(path); err != nil {
		return damaged, err.Error(), opened, advanced
	}
	if full {
		if err := workload.Use(ctx, path); err != nil {
			return damaged, err.Error(), opened, advanced
		}
	}
	return right, "", opened, advanced
}

// effort is that of the short form, or of the long one.
func effort() disk.Effort {
	if *long {
		return disk.Effort{Subsets: 10, Each: 1000, Random: 200}
	}
	return disk.Effort{Subsets: 3, Each: 3, Random: 3}
}

// TestCrashStates loses the power at every sync of the workload, in every way that Image.Crashes knows:
// the store holds the last state that was acknowledged, or the one that was on its way.
func TestCrashStates(t *testing.T) {
	began := time.Now()
	r := record(t, workload.StoreOptions())
	recorded := time.Since(began)
	f := crashAll(t, r, effort(), 25)
	for v, text := range f.first {
		t.Errorf("%d %s, the first: %s", f.verdicts[v], v, text)
	}
	kinds := map[disk.Kind]int{}
	for _, op := range r.ops {
		kinds[op.Kind]++
	}
	t.Logf("power: %d crash states of %d writes, %d syncs, %d truncates in %d commits: %d of them show the commit in flight, %d were opened by the engine, checked and written to; slowest to open %v; recorded in %v, all in %v",
		f.images, kinds[disk.Write], kinds[disk.Sync], kinds[disk.Truncate], len(r.states)-1, f.advanced, f.engines, f.slowest, recorded.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	require.Less(t, f.slowest, time.Second)
	require.Positive(t, f.advanced)
	require.Greater(t, kinds[disk.Truncate], 1)
}

// TestControlNoSync: without syncs the same rig finds acknowledged commits lost.
func TestControlNoSync(t *testing.T) {
	options := workload.StoreOptions()
	options.NoSync = true
	f := crashAll(t, record(t, options), disk.Effort{Subsets: 0, Each: 4, Random: 4}, 1_000_000)
	t.Logf("control, no syncs: %d of %d crash states are wrong: %v", f.wrong(), f.images, f.verdicts)
	require.Positive(t, f.verdicts[lost])
	require.Positive(t, f.verdicts[unopened]+f.verdicts[damaged]+f.verdicts[foreign])
}

// TestControlOrder: when the meta page can reach the disk before the data pages, the rig finds it.
func TestControlOrder(t *testing.T) {
	r := record(t, workload.StoreOptions())
	var ops []disk.Op
	for _, op := range r.ops {
		if op.Kind != disk.Sync || op.Which != string(bolt.SyncData) {
			ops = append(ops, op)
		}
	}
	require.Less(t, len(ops), len(r.ops))
	r.ops = ops
	f := crashAll(t, r, disk.Effort{Subsets: 0, Each: 2, Random: 1}, 1_000_000)
	t.Logf("control, the meta page before the data: %d of %d crash states are wrong: %v", f.wrong(), f.images, f.verdicts)
	require.Positive(t, f.verdicts[unopened]+f.verdicts[damaged]+f.verdicts[foreign])
}
