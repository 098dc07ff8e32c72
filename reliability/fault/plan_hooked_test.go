//go:build hooked

package fault_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/hooked/afterlife"
	"github.com/statordb/stator/reliability/hooked/disk"
	"github.com/statordb/stator/reliability/hooked/workload"
	"github.com/statordb/stator/reliability/internal/ram"
)

// trial is one run: a file as it was before a step of the workload, and how the
// disk fails in that step or soon after.
type trial struct {
	base  []byte
	step  int
	steps []workload.Step // from that one on
	at    time.Duration   // of the clock, since it began
	op    int             // the operation that fails, counted from the opening of the file
	like  disk.Op         // what it was when nothing failed
	fault disk.Fault
}

// faultsOf returns the ways in which an operation can fail.
func faultsOf(op disk.Op) []disk.Fault {
	switch op.Kind {
	case disk.Write:
		return []disk.Fault{
			{Err: syscall.EIO}, {Err: syscall.ENOSPC},
			{Err: syscall.EIO, Partial: len(op.Data) / 2 / disk.Sector * disk.Sector}, {Err: syscall.ENOSPC, Partial: disk.Sector},
			{Err: syscall.EIO, Partial: 40},
		}
	case disk.Truncate:
		return []disk.Fault{{Err: syscall.EIO}, {Err: syscall.ENOSPC}}
	}
	return []disk.Fault{{Err: syscall.EIO}, {Err: syscall.ENOSPC}}
}

// plan lets the workload run once, and calls try with the trials of one step after the other.
func plan(t *testing.T, try func([]trial)) {
	path := filepath.Join(ram.Dir(t), "db")
	store, err := boltkv.Open(path, workload.StoreOptions())
	require.NoError(t, err)
	require.NoError(t, store.Close())
	base, err := os.ReadFile(path)
	require.NoError(t, err)
	d := &disk.Disk{}
	disk.Attach(path, d)
	defer disk.Attach(path, nil)
	store, err = boltkv.Open(path, workload.StoreOptions())
	require.NoError(t, err)
	model, err := workload.NewModel(t.Context(), store, nil)
	require.NoError(t, err)
	clock := workload.NewClock()
	e, err := engine.Open(t.Context(), model, workload.EngineOptions(clock))
	require.NoError(t, err)
	steps := workload.Steps()
	for i, s := range steps {
		model.Quiet(func() { d.Note(i) })
		require.NoError(t, workload.Do(t.Context(), e, clock, s))
	}
	require.NoError(t, e.Close())

	im := &disk.Image{Synced: base}
	var trials []trial
	var at time.Duration
	step := -1
	for _, op := range append(d.Ops(), disk.Op{Kind: disk.Mark, Mark: len(steps)}) {
		if _, ok := op.Mark.(disk.Name); ok {
			continue
		}
		if op.Kind == disk.Mark {
			if len(trials) > 0 {
				try(trials)
			}
			if step >= 0 {
				at += steps[step].Wait
			}
			trials, step = nil, op.Mark.(int)
			require.Empty(t, im.Pending)
			base = append([]byte(nil), im.Synced...)
			continue
		}
		im.Apply(op)
		if step < 0 {
			continue // the engine writes its first row
		}
		n := afterlife.Settling
		if len(trials) > 0 {
			n = trials[len(trials)-1].op + 1
		} else {
			for i, op := range []disk.Op{{Kind: disk.Write, Data: make([]byte, 4096)}, {Kind: disk.Sync, Which: "call"}} {
				for _, f := range faultsOf(op) {
					trials = append(trials, trial{base: base, step: step, steps: steps[step:], at: at, op: i, like: op, fault: f})
				}
			}
		}
		for _, f := range faultsOf(op) {
			trials = append(trials, trial{base: base, step: step, steps: steps[step:], at: at, op: n, like: op, fault: f})
		}
	}
}
