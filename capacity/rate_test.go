package capacity_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/capacity"
)

// granted counts what a limiter grants of n operations, each after a pause.
func granted(t *testing.T, l api.Limiter, c *clock, u api.Usage, n int, pause time.Duration) (ok int) {
	for range n {
		err := l.Take(context.Background(), u)
		if err == nil {
			ok++
			l.Settle(u, u)
		} else {
			var e *api.Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, api.CodeThrottling, e.Code)
			require.Positive(t, e.RetryAfter)
		}
		c.add(pause)
	}
	return ok
}

func TestRate(t *testing.T) {
	table := &api.TableCapacity{Name: "t", ID: "1", GlobalIndexes: []api.IndexCapacity{{Name: "i"}}}
	write := api.Usage{Table: table, Write: 2}
	write.Indexes[0] = api.IndexUsage{Units: 3, Touched: true}
	query := api.Usage{Table: table}
	query.Indexes[0] = api.IndexUsage{Units: 5, Touched: true}
	for _, c := range []struct {
		name string
		opt  capacity.RateOptions
		u    api.Usage
		want int // of 1,000 in 10 s
	}{
		{"no bound", capacity.RateOptions{}, write, 1000},
		{"operations", capacity.RateOptions{Operations: 20}, write, 219},
		{"operations, and a longer burst", capacity.RateOptions{Operations: 20, Burst: 5 * time.Second}, write, 299},
		{"writes, and those of indexes", capacity.RateOptions{WriteUnits: 50}, write, 109},
		{"reads do not count for writes", capacity.RateOptions{ReadUnits: 1}, write, 1000},
		{"reads of an index", capacity.RateOptions{ReadUnits: 50}, query, 109},
		{"the lower of two", capacity.RateOptions{ReadUnits: 50, Operations: 2}, query, 21},
		{"less than one operation a second", capacity.RateOptions{Operations: 0.5}, write, 5},
		{"an operation above a second's units", capacity.RateOptions{WriteUnits: 1}, write, 2},
		{"a burst below an operation", capacity.RateOptions{Operations: 20, Burst: time.Nanosecond}, write, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newClock()
			c.opt.Now = clock.Now
			l, err := capacity.Rate(&c.opt)
			require.NoError(t, err)
			require.InDelta(t, c.want, granted(t, l, clock, c.u, 1000, 10*time.Millisecond), 1)
		})
	}
}

func TestRatePerTable(t *testing.T) {
	clock := newClock()
	tables := []api.Usage{{Table: &api.TableCapacity{ID: "1"}, Write: 1}, {Table: &api.TableCapacity{ID: "2"}, Write: 1}}
	for _, each := range []bool{true, false} {
		l, err := capacity.Rate(&capacity.RateOptions{Operations: 10, PerTable: each, Now: clock.Now})
		require.NoError(t, err)
		first, second := granted(t, l, clock, tables[0], 20, 0), granted(t, l, clock, tables[1], 20, 0)
		require.Equal(t, 10, first)
		require.Equal(t, map[bool]int{true: 10, false: 0}[each], second)
		clock.add(2 * time.Minute) // those that are idle are forgotten, and are full again
		require.Equal(t, 10, granted(t, l, clock, tables[0], 20, 0))
	}
}

// TestRateSettles: what was used beyond the estimate is paid by those who come later.
func TestRateSettles(t *testing.T) {
	clock := newClock()
	l, err := capacity.Rate(&capacity.RateOptions{ReadUnits: 10, Now: clock.Now})
	require.NoError(t, err)
	u := api.Usage{Table: &api.TableCapacity{ID: "1"}, Read: 0.5}
	used := u
	used.Read = 30
	require.NoError(t, l.Take(context.Background(), u))
	l.Settle(u, used)
	var e *api.Error
	require.ErrorAs(t, l.Take(context.Background(), u), &e)
	require.Equal(t, 2050*time.Millisecond, e.RetryAfter)
	clock.add(e.RetryAfter)
	require.NoError(t, l.Take(context.Background(), u))
}

func TestRateFaults(t *testing.T) {
	_, err := capacity.Rate(&capacity.RateOptions{Operations: -1, ReadUnits: math.NaN(), WriteUnits: math.Inf(1), Burst: -1})
	require.EqualError(t, err, `RateOptions.Operations is -1, allowed are 0 and more
RateOptions.ReadUnits is NaN, allowed are 0 and more
RateOptions.WriteUnits is +Inf, allowed are 0 and more
RateOptions.Burst is -1ns, allowed are 0 and more`)
	_, err = capacity.Rate(nil)
	require.NoError(t, err)
}
