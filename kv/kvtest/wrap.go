package kvtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/statordb/stator/kv"
)

// errDiscard rolls back a run whose writes are not wanted.
var errDiscard = errors.New("kvtest: discarded on purpose")

// RunTwice returns a store that runs every fn twice, as a store is allowed to:
// what the first run writes and returns is thrown away. An fn with an effect of
// its own, or one that counts on state that it left behind, shows itself.
func RunTwice(store kv.Store) kv.Store { return twice{store} }

type twice struct{ kv.Store }

func (s twice) View(ctx context.Context, fn func(kv.Reader) error) error {
	err := s.Store.View(ctx, func(r kv.Reader) error { _ = fn(r); return errDiscard })
	if !errors.Is(err, errDiscard) {
		return err
	}
	return s.Store.View(ctx, fn)
}

func (s twice) Update(ctx context.Context, fn func(kv.Writer) error) error {
	if err := discard(ctx, s.Store, fn, nil); err != nil {
		return err
	}
	return s.Store.Update(ctx, fn)
}

// discard runs fn and rolls it back. It returns the store's own error, and
// leaves that of fn in outcome when that is not nil.
func discard(ctx context.Context, store kv.Store, fn func(kv.Writer) error, outcome *error) error {
	err := store.Update(ctx, func(w kv.Writer) error {
		err := fn(w)
		if outcome != nil {
			*outcome = err
		}
		return errDiscard
	})
	if errors.Is(err, errDiscard) {
		return nil
	}
	return err
}

// FlakyOptions say how often a Flaky store fails.
type FlakyOptions struct {
	Seed  uint64 // makes the choices; with one caller the same seed gives the same ones
	OneIn int    // one of so many Updates that would commit fails; 0 means 10
}

// Flaky returns a store that now and then answers an Update with
// kv.ErrOutcomeUnknown, as one that lost its connection: half of the time after
// the commit, half of the time without it. Unlike an embedded store it goes on
// taking writes.
func Flaky(store kv.Store, options FlakyOptions) kv.Store {
	if options.OneIn <= 0 {
		options.OneIn = 10
	}
	s := &flaky{Store: store, oneIn: options.OneIn}
	s.mu.random = rand.New(rand.NewPCG(options.Seed, 3))
	return s
}

type flaky struct {
	kv.Store
	oneIn int
	mu    struct {
		sync.Mutex
		random *rand.Rand
	}
}

func (s *flaky) Update(ctx context.Context, fn func(kv.Writer) error) error {
	s.mu.Lock()
	fails, commits := s.mu.random.IntN(s.oneIn) == 0, s.mu.random.IntN(2) == 0
	s.mu.Unlock()
	if !fails {
		return s.Store.Update(ctx, fn)
	}
	var err, outcome error
	if commits {
		err = s.Store.Update(ctx, fn)
	} else {
		err = discard(ctx, s.Store, fn, &outcome)
	}
	if err == nil {
		err = outcome // that of fn, as it is
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: kvtest.Flaky made this up", kv.ErrOutcomeUnknown)
}
