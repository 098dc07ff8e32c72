package oracle_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/internal/oracle"
	"github.com/statordb/stator/internal/wire"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/kv/kvtest"
	"github.com/statordb/stator/kv/memkv"
)

// rig is the subjects of one run, all empty.
type rig struct {
	clock    *oracle.Clock
	model    *oracle.Model
	subjects []oracle.Subject
	engines  []*reopened
}

// reopened is an engine that can be closed and opened again on what it kept.
type reopened struct {
	*engine.Engine
	store   func() (kv.Store, error)
	options engine.Options
	wire    bool
	limiter *counting // nil when there is none
	did     ran
}

func (r *reopened) open(ctx context.Context) error {
	store, err := r.store()
	if err != nil {
		return err
	}
	r.Engine, err = engine.Open(ctx, store, r.options)
	return err
}

func (r *reopened) Reopen(ctx context.Context) error {
	if err := r.close(); err != nil {
		return err
	}
	r.did.reopened++
	return r.open(ctx)
}

func (r *reopened) close() error {
	err := r.Engine.Close()
	if r.limiter != nil && r.limiter.taken.Load() != r.limiter.settled.Load() {
		err = errors.Join(err, fmt.Errorf("the limiter was asked %d times and told %d times", r.limiter.taken.Load(), r.limiter.settled.Load()))
	}
	return err
}

// Serve counts what came of a request, for a run in which nothing expires proves nothing of expiry.
func (r *reopened) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	if op, ok := api.Lookup(in.Operation()); r.wire && ok && !op.Native {
		body, err := wire.AppendRequest(nil, in)
		if err != nil {
			return nil, err
		}
		if in, err = wire.Decode(op, body); err != nil {
			return nil, err
		}
	}
	out, err := r.Engine.Serve(ctx, in)
	if err != nil {
		r.did.refused++
	}
	switch out := out.(type) {
	case *api.MaintainOutput:
		r.did.expired += out.Expired
	case *api.ReadChangesOutput:
		r.did.changes += len(out.Changes)
	case *api.GetRecordsOutput:
		r.did.records += len(out.Records)
	case *api.ImportItemsOutput:
		r.did.imported += out.ImportedCount
	}
	return out, err
}

// counting is a limiter that lets everything.
type counting struct{ taken, settled atomic.Int64 }

func (c *counting) Take(context.Context, api.Usage) error { c.taken.Add(1); return nil }
func (c *counting) Settle(_, _ api.Usage)                 { c.settled.Add(1) }

// keepOpen is a store that outlives the engine on it.
type keepOpen struct{ kv.Store }

func (keepOpen) Close() error { return nil }

// newRig opens the subjects of a setup. All but the model have the flaw.
func newRig(t testing.TB, setup oracle.Setup, bend flaw) *rig {
	r := &rig{clock: oracle.NewClock()}
	r.model = oracle.New(oracle.Options{Now: r.clock.Now, HideExpired: setup.HideExpired})
	r.subjects = []oracle.Subject{{Name: "oracle", Client: r.model}}
	for i, s := range setup.Engines {
		e := &reopened{wire: s.Wire, options: engine.Options{Now: r.clock.Now, ExpressionCache: s.ExpressionCache, HideExpired: setup.HideExpired, ExpiryRate: -1}}
		if s.Limiter {
			e.limiter = &counting{}
			e.options.Limiter = e.limiter
		}
		e.store = storeOf(t, s, bend, setup.Flaky, &e.options)
		require.NoError(t, e.open(context.Background()), "engine %d", i)
		r.engines = append(r.engines, e)
		r.subjects = append(r.subjects, oracle.Subject{Name: s.Store, Client: bend.client(e), Exact: true})
	}
	return r
}

// storeOf returns what opens an engine's store: the same one each time.
func storeOf(t testing.TB, s oracle.EngineSetup, bend flaw, flaky uint64, options *engine.Options) func() (kv.Store, error) {
	if s.Store == "disk" {
		file := filepath.Join(t.TempDir(), "oracle.db")
		return func() (kv.Store, error) {
			store, err := boltkv.Open(file, &boltkv.Options{NoSync: true, MaxBatchBytes: s.MaxBatchBytes, InitialMmapBytes: s.InitialMmapBytes})
			if err != nil {
				return nil, err
			}
			return bend.store(store), nil
		}
	}
	store, err := memkv.Open(nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	kept := bend.store(keepOpen{store})
	switch {
	case s.Store == "twice":
		kept = kvtest.RunTwice(kept)
	case flaky != 0:
		// The header of the store is written before it becomes flaky.
		plain, err := engine.Open(context.Background(), kept, *options)
		require.NoError(t, err)
		require.NoError(t, plain.Close())
		kept = kvtest.Flaky(kept, kvtest.FlakyOptions{Seed: flaky, OneIn: 40})
	}
	return func() (kv.Store, error) { return kept, nil }
}

// flaw is what is broken on purpose in all engines of a run.
type flaw struct {
	store  func(kv.Store) kv.Store
	client func(*reopened) api.Client
}

// sound is no flaw.
func sound() flaw {
	return flaw{store: func(s kv.Store) kv.Store { return s }, client: func(r *reopened) api.Client { return r }}
}

// ran is what came of a run, on the first engine.
type ran struct {
	refused, reopened, changes, records int
	expired, imported                   int64
	unknown                             int // outcomes
}

// play runs a script on the subjects of a setup, and checks them at the end.
func play(t testing.TB, setup oracle.Setup, script []oracle.Step, bend flaw) (done ran, err error) {
	r := newRig(t, setup, bend)
	ctx := context.Background()
	if setup.Flaky != 0 {
		done.unknown, err = oracle.RunFlaky(ctx, r.clock, r.model, r.subjects[1], script)
	} else {
		err = oracle.Run(ctx, r.clock, r.subjects, append(script[:len(script):len(script)], oracle.Step{Act: oracle.ActCheck}))
	}
	unknown := done.unknown
	done = r.engines[0].did
	done.unknown = unknown
	for _, e := range r.engines {
		require.NoError(t, e.close())
	}
	return done, err
}
