//go:build hooked

package power_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/hooked/disk"
	"github.com/statordb/stator/reliability/hooked/workload"
	"github.com/statordb/stator/reliability/internal/ram"
)

// ack is the mark of a transaction that was acknowledged.
type ack struct{ writer, n int }

// recordGroup lets many writers write at once, so that commits carry several.
func recordGroup(t *testing.T, each int) (base []byte, ops []disk.Op) {
	path := filepath.Join(ram.Dir(t), "db")
	clock := workload.NewClock()
	open := func() *engine.Engine {
		store, err := boltkv.Open(path, workload.StoreOptions())
		require.NoError(t, err)
		e, err := engine.Open(t.Context(), store, workload.EngineOptions(clock))
		require.NoError(t, err)
		return e
	}
	e := open()
	require.NoError(t, createTables(t.Context(), e))
	require.NoError(t, e.Close())
	base, err := os.ReadFile(path)
	require.NoError(t, err)
	d := &disk.Disk{Fault: func(_ int, op disk.Op) *disk.Fault {
		if op.Kind == disk.Sync {
			time.Sleep(200 * time.Microsecond) // a disk takes its time, and callers gather meanwhile
		}
		return nil
	}}
	disk.Attach(path, d)
	defer disk.Attach(path, nil)
	e = open()
	var group sync.WaitGroup
	errs := make([]error, writers)
	for writer := range writers {
		group.Go(func() {
			for n := 1; n <= each && errs[writer] == nil; n++ {
				if errs[writer] = write(t.Context(), e, writer, n); errs[writer] == nil {
					d.Note(ack{writer, n})
				}
			}
		})
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	require.NoError(t, e.Close())
	return base, d.Ops()
}

// TestGroupCommit loses the power while many write at once: each transaction that was acknowledged is there, and each that is there is
// whole.
func TestGroupCommit(t *testing.T) {
	began := time.Now()
	each, effort := 25, disk.Effort{Subsets: 2, Each: 2, Random: 1}
	if *long {
		each, effort = 200, disk.Effort{Subsets: 4, Each: 8, Random: 8}
	}
	base, ops := recordGroup(t, each)
	images, ahead, faults := crashGroup(t, base, ops, effort)
	commits := 0
	for _, op := range ops {
		if op.Which == "meta" {
			commits++
		}
	}
	require.Empty(t, faults)
	require.Less(t, commits*2, writers*each, "commits carry several transactions")
	require.Positive(t, ahead)
	t.Logf("group commit: %d transactions of %d writers in %d commits, %d crash states, %v", writers*each, writers, commits, images, time.Since(began).Round(time.Millisecond))
}

// TestControlGroupCommit: when the sync of the meta page is lost, transactions that were acknowledged are.
func TestControlGroupCommit(t *testing.T) {
	base, ops := recordGroup(t, 10)
	images, _, faults := crashGroup(t, base, slices.DeleteFunc(ops, func(op disk.Op) bool { return op.Which == "meta" }), disk.Effort{Each: 1})
	require.NotEmpty(t, faults)
	t.Logf("control, group commit without the sync of the meta page: %d of %d crash states are wrong, such as: %s", len(faults), images, faults[0])
}

// crashGroup looks at the crash states of ops. It returns how many there were, how many transactions in flight they have, and what is wrong.
func crashGroup(t *testing.T, base []byte, ops []disk.Op, effort disk.Effort) (images, ahead int, faults []string) {
	var mu sync.Mutex
	var group sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		path := filepath.Join(ram.Dir(t), "db")
		group.Go(func() {
			err := eachCrash(t.Context(), path, base, ops, effort, worker, workers, func(what string, known map[int]int) {
				_, n, err := inspect(t.Context(), path, workload.StoreOptions(), known)
				mu.Lock()
				defer mu.Unlock()
				images++
				ahead += n
				if err != nil {
					faults = append(faults, what+": "+err.Error())
				}
			})
			if err != nil {
				mu.Lock()
				faults = append(faults, err.Error())
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return images, ahead, faults
}

// eachCrash calls fn while the file of path is each crash state of the syncs that are the worker's, with the last number
// that each writer had acknowledged.
func eachCrash(ctx context.Context, path string, base []byte, ops []disk.Op, effort disk.Effort, worker, workers int, fn func(string, map[int]int)) (err error) {
	im := &disk.Image{Synced: append([]byte(nil), base...)}
	scratch, err := disk.NewScratch(path, append([]byte(nil), base...))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	disk.Attach(path, scratch.Disk())
	defer disk.Attach(path, nil)
	known := map[int]int{}
	for writer := range writers {
		known[writer] = 0
	}
	segment := 0
	for _, op := range ops {
		if a, ok := op.Mark.(ack); ok {
			known[a.writer] = a.n
		}
		if op.Kind == disk.Sync {
			segment++
			if segment%workers == worker {
				for _, c := range im.Crashes(rand.New(rand.NewPCG(uint64(segment), 5)), effort) {
					if err := scratch.Show(c); err != nil {
						return err
					}
					fn(c.What, known)
				}
			}
			changed := im.Pending
			im.Apply(op)
			if err := scratch.Rebase(im.Synced, changed); err != nil {
				return err
			}
			continue
		}
		im.Apply(op)
	}
	return ctx.Err()
}
