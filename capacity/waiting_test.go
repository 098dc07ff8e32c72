package capacity_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/capacity"
)

// slow is a table of ten writes a second, that begins with ten, behind a limiter that waits.
func slow(most time.Duration) (api.Limiter, api.Usage) {
	return capacity.Waiting(capacity.New(&capacity.Options{Now: time.Now}), most),
		api.Usage{Table: &api.TableCapacity{Name: "t", ID: "1", Units: api.CapacityUnits{Read: 10, Write: 10}}, Write: 1}
}

// TestWaitingIsOnTime: twenty wait for two seconds, in the order in which they came.
func TestWaitingIsOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, u := slow(time.Minute)
		start := time.Now()
		var mu sync.Mutex
		var order []int
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				require.NoError(t, l.Take(t.Context(), u))
				l.Settle(u, u)
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			})
			synctest.Wait() // it stands in line before the next comes
		}
		wg.Wait()
		require.True(t, slices.IsSorted(order), order)
		require.InDelta(t, 2.0, time.Since(start).Seconds(), 0.001)
	})
}

// TestWaitingEnds: by the context, by most, and at once when waiting is in vain.
func TestWaitingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, u := slow(1500 * time.Millisecond)
		for range 10 {
			require.NoError(t, l.Take(t.Context(), u))
		}
		var wg sync.WaitGroup
		errs := make([]error, 30)
		took := make([]time.Duration, 30)
		start := time.Now()
		for i := range errs {
			wg.Go(func() { errs[i] = l.Take(t.Context(), u); took[i] = time.Since(start) })
			synctest.Wait()
		}
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			err := l.Take(ctx, u)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, 500*time.Millisecond, time.Since(start))
		})
		time.Sleep(500 * time.Millisecond)
		cancel()
		wg.Wait()
		for i, err := range errs {
			if i < 15 {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, api.ErrThrottled, "waiter %d", i)
			}
			require.LessOrEqual(t, took[i], 1500*time.Millisecond)
		}

		big := u
		big.Write = 10
		require.NoError(t, l.Take(t.Context(), u))
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start = time.Now()
		require.ErrorIs(t, l.Take(short, big), api.ErrThrottled, "its context ends before")
		require.Zero(t, time.Since(start))
		used := u
		used.Write = 1000
		l.Settle(u, used)
		require.ErrorIs(t, l.Take(t.Context(), u), api.ErrThrottled, "most ends before")
		require.Zero(t, time.Since(start))
	})
}

// TestWaitingIsApart: one hot key holds up those who want it, and nobody else.
func TestWaitingIsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := capacity.Waiting(capacity.New(&capacity.Options{Now: time.Now}), time.Minute)
		u := api.Usage{Table: &api.TableCapacity{Name: "t", ID: "1", Units: api.CapacityUnits{Read: 10, Write: 10_000}}, Write: 500}
		var wg sync.WaitGroup
		start := time.Now()
		for range 6 {
			wg.Go(func() { require.NoError(t, l.Take(t.Context(), u)) })
		}
		synctest.Wait()
		for i := range 10 {
			other := u
			other.Partition = hash(i)
			require.NoError(t, l.Take(t.Context(), other))
		}
		require.Zero(t, time.Since(start))
		wg.Wait()
		require.InDelta(t, 2.0, time.Since(start).Seconds(), 0.001)
	})
}

// broken fails as it is told.
type broken struct{ take func() error }

func (b broken) Take(context.Context, api.Usage) error { return b.take() }
func (b broken) Settle(_, _ api.Usage)                 {}

// TestWaitingOnBadLimiters: other errors pass, one that never says when is
// asked again, and a panic leaves nobody in line.
func TestWaitingOnBadLimiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := errors.New("no such thing")
		require.Equal(t, other, capacity.Waiting(broken{func() error { return other }}, time.Minute).Take(t.Context(), api.Usage{}))

		n := 0
		never := capacity.Waiting(broken{func() error { n++; return &api.Error{Code: api.CodeRequestLimit} }}, time.Second)
		start := time.Now()
		var e *api.Error
		require.ErrorAs(t, never.Take(t.Context(), api.Usage{}), &e)
		require.Equal(t, api.CodeRequestLimit, e.Code)
		require.InDelta(t, 100, n, 1)
		require.LessOrEqual(t, time.Since(start), time.Second)

		n = 0
		panics := capacity.Waiting(broken{func() error {
			if n++; n == 2 {
				panic("out of order")
			} else if n < 2 {
				return &api.Error{Code: api.CodeThrottling}
			}
			return nil
		}}, time.Second)
		require.Panics(t, func() { _ = panics.Take(t.Context(), api.Usage{}) })
		require.NoError(t, panics.Take(t.Context(), api.Usage{}))
		require.Equal(t, 3, n)

		off := capacity.Waiting(broken{func() error { return &api.Error{Code: api.CodeThrottling} }}, 0)
		require.ErrorAs(t, off.Take(t.Context(), api.Usage{}), &e)
	})
}
