package kvtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/kvtest"
	"github.com/statordb/stator/kv/memkv"
)

func open(t *testing.T) kv.Store {
	store, err := memkv.Open(nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestRunTwice(t *testing.T) {
	store := kvtest.RunTwice(open(t))
	runs := 0
	require.NoError(t, store.Update(context.Background(), func(w kv.Writer) error {
		runs++
		value, err := w.Get([]byte("a"))
		return errors.Join(err, w.Put([]byte("a"), append([]byte("x"), value...)))
	}))
	require.NoError(t, store.View(context.Background(), func(r kv.Reader) error {
		runs++
		value, err := r.Get([]byte("a"))
		require.Equal(t, "x", string(value), "the first run left nothing")
		return err
	}))
	require.Equal(t, 4, runs)
}

func TestFlaky(t *testing.T) {
	run := func(seed uint64) (outcomes string) {
		inner := open(t)
		store := kvtest.Flaky(inner, kvtest.FlakyOptions{Seed: seed, OneIn: 4})
		for i := range 200 {
			key := fmt.Appendf(nil, "%d", i)
			err := store.Update(context.Background(), func(w kv.Writer) error { return w.Put(key, nil) })
			var there bool
			require.NoError(t, inner.View(context.Background(), func(r kv.Reader) error {
				value, err := r.Get(key)
				there = value != nil
				return err
			}))
			switch {
			case err == nil:
				require.True(t, there)
				outcomes += "."
			case there:
				require.ErrorIs(t, err, kv.ErrOutcomeUnknown)
				outcomes += "c"
			default:
				require.ErrorIs(t, err, kv.ErrOutcomeUnknown)
				outcomes += "n"
			}
		}
		failure := errors.New("mine")
		for range 50 {
			require.Equal(t, failure, store.Update(context.Background(), func(kv.Writer) error { return failure }))
		}
		return outcomes
	}
	first := run(7)
	require.Equal(t, first, run(7))
	require.NotEqual(t, first, run(8))
	for _, outcome := range []string{".", "c", "n"} {
		require.Contains(t, first, outcome)
	}
}
