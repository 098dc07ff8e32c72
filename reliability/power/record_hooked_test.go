//go:build hooked

package power_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/hooked/disk"
	"github.com/statordb/stator/reliability/hooked/workload"
	"github.com/statordb/stator/reliability/internal/ram"
)

// recording is a workload as its disk saw it.
type recording struct {
	base   []byte         // the file before
	ops    []disk.Op      // with a mark after each commit: the number of the state that was acknowledged
	states []workload.Sum // after each commit, and before the first
}

// record lets the workload run on a new file.
func record(t *testing.T, options *boltkv.Options) recording {
	path := filepath.Join(ram.Dir(t), "db")
	store, err := boltkv.Open(path, options)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	var r recording
	r.base, err = os.ReadFile(path)
	require.NoError(t, err)

	d := &disk.Disk{}
	disk.Attach(path, d)
	defer disk.Attach(path, nil)
	store, err = boltkv.Open(path, options)
	require.NoError(t, err)
	first, err := workload.SumOf(t.Context(), store)
	require.NoError(t, err)
	r.states = append(r.states, first)
	model, err := workload.NewModel(t.Context(), store, func(s workload.Sum) {
		r.states = append(r.states, s)
		d.Note(len(r.states) - 1)
	})
	require.NoError(t, err)
	clock := workload.NewClock()
	e, err := engine.Open(t.Context(), model, workload.EngineOptions(clock))
	require.NoError(t, err)
	for i, s := range workload.Steps() {
		require.NoError(t, workload.Do(t.Context(), e, clock, s), "step %d, %s", i, s.Request.Operation())
	}
	require.NoError(t, e.Check(t.Context()))
	last, err := workload.SumOf(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, r.states[len(r.states)-1], last, "the model is right")
	require.NoError(t, e.Close())
	r.ops = d.Ops()
	return r
}

// segments calls fn with the disk as it was before each sync was over, the
// number of the state acknowledged by then, and what was synced since the last call.
func (r recording) segments(fn func(im *disk.Image, acknowledged int, changed []disk.Op)) {
	im := &disk.Image{Synced: append([]byte(nil), r.base...)}
	acknowledged := 0
	var changed []disk.Op
	for _, op := range r.ops {
		if op.Kind == disk.Mark {
			if state, ok := op.Mark.(int); ok {
				acknowledged = state
			}
			continue
		}
		if op.Kind == disk.Sync {
			fn(im, acknowledged, changed)
			changed = im.Pending
		}
		im.Apply(op)
	}
	fn(im, acknowledged, changed)
}
