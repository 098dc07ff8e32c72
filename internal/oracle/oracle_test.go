package oracle_test

import (
	"context"
	"errors"
	"flag"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/internal/oracle"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/kv/kvtest"
	"github.com/statordb/stator/kv/memkv"
)

var (
	seed  = flag.Uint64("seed", 0, "seed of the random operations; 0 runs a few fixed ones")
	steps = flag.Int("ops", 3000, "random operations for each seed; a third of it in short mode")
)

func operations() int {
	if testing.Short() {
		return *steps / 3
	}
	return *steps
}

// rig is the subjects of one run, all empty.
type rig struct {
	clock    *oracle.Clock
	subjects []oracle.Subject
	close    []func() error
}

func newRig(t testing.TB, dir string, stores map[string]func() (kv.Store, error)) *rig {
	r := &rig{clock: oracle.NewClock()}
	r.subjects = []oracle.Subject{{Name: "oracle", Client: oracle.New(oracle.Options{Now: r.clock.Now})}}
	for name, open := range stores {
		store, err := open()
		require.NoError(t, err)
		e, err := engine.Open(t.Context(), store, engine.Options{Now: r.clock.Now})
		require.NoError(t, err)
		r.subjects = append(r.subjects, oracle.Subject{Name: name, Client: e, Exact: true})
		r.close = append(r.close, e.Close)
	}
	return r
}

func memory() (kv.Store, error) { return memkv.Open(nil) }

func disk(dir string) func() (kv.Store, error) {
	return func() (kv.Store, error) {
		return boltkv.Open(filepath.Join(dir, "oracle.db"), &boltkv.Options{NoSync: true})
	}
}

func run(t testing.TB, script []oracle.Step) error {
	dir := t.TempDir()
	r := newRig(t, dir, map[string]func() (kv.Store, error){
		"memory": memory,
		"disk":   disk(dir),
		"twice": func() (kv.Store, error) {
			store, err := memkv.Open(nil)
			return kvtest.RunTwice(store), err
		},
	})
	err := oracle.Run(context.Background(), r.clock, r.subjects, script)
	for _, c := range r.close {
		require.NoError(t, c())
	}
	return err
}

// TestRandom runs random operations on the model and on the engine over three
// stores. A failure is shrunk to a short script; go test -run TestRandom
// -seed N -ops N runs it again.
func TestRandom(t *testing.T) {
	seeds := []uint64{1, 2, 3}
	if *seed != 0 {
		seeds = []uint64{*seed}
	}
	for _, s := range seeds {
		script := oracle.Script(s, operations())
		err := run(t, script)
		if d, ok := errors.AsType[*oracle.Difference](err); ok {
			short := oracle.Shrink(script[:d.Step+1], max(20_000, 8*d.Step), func(shorter []oracle.Step) bool {
				_, differs := errors.AsType[*oracle.Difference](run(t, shorter))
				return differs
			})
			t.Fatalf("seed %d: %v\n\nthe shortest script found:\n%s\nwhich gives: %v", s, d, oracle.Describe(short), run(t, short))
		}
		require.NoError(t, err, "seed %d", s)
	}
}

// TestFlaky runs random operations on a store whose commits now and then have
// an unknown outcome.
func TestFlaky(t *testing.T) {
	seeds := []uint64{11, 12}
	if *seed != 0 {
		seeds = []uint64{*seed}
	}
	for _, s := range seeds {
		clock := oracle.NewClock()
		store, err := memkv.Open(nil)
		require.NoError(t, err)
		// The header of the store is written before it becomes flaky.
		plain, err := engine.Open(t.Context(), keepOpen{store}, engine.Options{Now: clock.Now})
		require.NoError(t, err)
		require.NoError(t, plain.Close())
		e, err := engine.Open(t.Context(), kvtest.Flaky(store, kvtest.FlakyOptions{Seed: s, OneIn: 40}), engine.Options{Now: clock.Now})
		require.NoError(t, err)
		unknown, err := oracle.RunFlaky(t.Context(), clock, oracle.New(oracle.Options{Now: clock.Now}),
			oracle.Subject{Name: "flaky", Client: e}, oracle.Script(s, operations()/3))
		require.NoError(t, err, "seed %d", s)
		require.NotZero(t, unknown)
		require.NoError(t, e.Close())
	}
}

// keepOpen is a store that outlives the engine on it.
type keepOpen struct{ kv.Store }

func (keepOpen) Close() error { return nil }
