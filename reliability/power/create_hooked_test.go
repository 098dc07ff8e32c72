//go:build hooked

package power_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/hooked/disk"
	"github.com/statordb/stator/reliability/hooked/workload"
	"github.com/statordb/stator/reliability/internal/ram"
)

// made is what a power loss can leave of a file that is being made.
type made struct {
	named, temporary []bool // what can be: with its name or not, with the temporary one or not
	content          []byte
	acknowledged     bool // a row was
}

// TestCreate loses the power while a file is made and gets its first row. The names of a folder are on
// the disk when the folder is synced, before that perhaps. Whatever is left, the next Open makes a whole store of it, with
// the row if that was acknowledged, and leaves nothing else in the folder.
func TestCreate(t *testing.T) {
	states := creation(t, true)
	for i, s := range states {
		for _, named := range s.named {
			for _, temporary := range s.temporary {
				require.NoError(t, s.open(t, named, temporary), "state %d of %d, named %t, temporary %t", i, len(states), named, temporary)
			}
		}
	}
	t.Logf("creation: %d contents of the file under its names", len(states))
}

// TestControlCreate: when the names are never synced, the rig finds that the first row can be lost.
func TestControlCreate(t *testing.T) {
	wrong, all := 0, 0
	for _, s := range creation(t, false) {
		for _, named := range s.named {
			all++
			if err := s.open(t, named, !named); err != nil {
				require.ErrorIs(t, err, errLost)
				wrong++
			}
		}
	}
	require.Less(t, wrong, all)
	t.Logf("control, the folder is not synced: %d of %d crash states are wrong", wrong, all)
	require.Positive(t, wrong)
}

// TestFound: who writes to a file that somebody else has made makes sure of its name before he acknowledges anything: the other may have
// been killed before he did.
func TestFound(t *testing.T) {
	path := filepath.Join(ram.Dir(t), "db")
	store, err := boltkv.Open(path, workload.StoreOptions())
	require.NoError(t, err)
	require.NoError(t, store.Close())
	d := &disk.Disk{}
	disk.Attach(path, d)
	defer disk.Attach(path, nil)
	store, err = boltkv.Open(path, workload.StoreOptions())
	require.NoError(t, err)
	require.NoError(t, store.Update(t.Context(), func(w kv.Writer) error { return w.Put([]byte("row"), nil) }))
	require.Contains(t, d.Ops(), disk.Op{Kind: disk.Mark, Mark: disk.Name("syncdir")})
	require.NoError(t, store.Close())
}

// creation makes a file, puts a row into it, and returns what can be left at each moment.
func creation(t *testing.T, syncs bool) (states []made) {
	path := filepath.Join(ram.Dir(t), "db")
	d := &disk.Disk{}
	disk.Attach(path, d)
	defer disk.Attach(path, nil)
	store, err := boltkv.Open(path, workload.StoreOptions())
	require.NoError(t, err)
	require.NoError(t, store.Update(t.Context(), func(w kv.Writer) error { return w.Put([]byte("row"), []byte("acknowledged")) }))
	d.Note("row")
	require.NoError(t, store.Close())

	im := &disk.Image{}
	random := rand.New(rand.NewPCG(1, 2))
	named, acknowledged := []bool{false}, false
	linked := false
	add := func() {
		temporary := []bool{true, false}
		for _, c := range im.Crashes(random, disk.Effort{Subsets: 4, Each: 100, Random: 10}) {
			content := append(append([]byte(nil), im.Synced...), make([]byte, 1<<20)...)
			for _, p := range c.Patches {
				copy(content[p.Off:], p.Data)
			}
			states = append(states, made{named: named, temporary: temporary, content: content[:c.Size], acknowledged: acknowledged})
		}
	}
	for _, op := range d.Ops() {
		switch {
		case op.Mark == disk.Name("link"):
			require.Empty(t, im.Pending, "the file gets its name when it is whole")
			named, linked = []bool{false, true}, true
		case op.Mark == disk.Name("syncdir") && linked && syncs:
			named = []bool{true}
		case op.Mark == "row":
			acknowledged = true
		case op.Kind == disk.Sync:
			add()
		}
		im.Apply(op)
		if op.Kind == disk.Mark {
			add()
		}
	}
	require.True(t, linked && acknowledged)
	return states
}

var errLost = errors.New("the row is lost")

// open puts what is left into a folder, opens it, and says what is wrong.
func (m made) open(t *testing.T, named, temporary bool) error {
	dir := ram.Dir(t)
	path := filepath.Join(dir, "db")
	first := path
	if temporary {
		first = path + ".stator-new-123"
	}
	if named || temporary {
		if err := os.WriteFile(first, m.content, 0o600); err != nil {
			return err
		}
	}
	if named && temporary {
		if err := os.Link(first, path); err != nil {
			return err
		}
	}
	store, err := boltkv.Open(path, workload.StoreOptions())
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	there := false
	if err := store.View(context.Background(), func(r kv.Reader) error {
		v, err := r.Get([]byte("row"))
		there = string(v) == "acknowledged"
		return err
	}); err != nil {
		return err
	}
	if m.acknowledged && !there {
		return errLost
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(names) != 1 {
		return fmt.Errorf("the folder has %v", names)
	}
	return nil
}
