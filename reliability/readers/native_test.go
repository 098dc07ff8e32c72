package readers_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/readers"
)

// nap is how long the body of a slow loop takes, for each item.
const nap = 100 * time.Millisecond

// TestSlowLoops: programs that take their time in the body of a loop hold no
// snapshot either, of whatever the loop goes over.
func TestSlowLoops(t *testing.T) {
	begin := func(ctx context.Context, g *rig) []func() int {
		return []func() int{
			func() int { return drag(ctx, t, g.rows.Scan().All(ctx)) },
			func() int { return drag(ctx, t, g.rows.Scan().Parallel(4).All(ctx)) },
			func() int { return drag(ctx, t, g.rows.Scan().PageSize(1).All(ctx)) },
			func() int { return drag(ctx, t, g.books.Query("book = ?", "b").All(ctx)) },
			func() int { return drag(ctx, t, g.books.Query("book = ?", "b").PageSize(2).Desc().All(ctx)) },
			func() int { return drag(ctx, t, g.books.Changes(ctx, stator.FromStart())) },
			func() int { return drag(ctx, t, g.books.Changes(ctx, stator.FromStart(), stator.As("slow"))) },
			func() int {
				sub, err := g.books.Subscribe(ctx, stator.FromStart())
				if err != nil {
					t.Error(err)
					return 0
				}
				n := 0
				for range sub.C() {
					n++
					sleep(ctx)
				}
				return n
			},
			func() int {
				n := 0
				trigger, err := g.books.Trigger(ctx, "lazy", func(ctx context.Context, changes []stator.Change[part]) error {
					n++
					sleep(ctx)
					return nil
				}, &stator.TriggerOptions{BatchSize: 1})
				if err != nil {
					t.Error(err)
					return 0
				}
				<-ctx.Done()
				_ = trigger.Close()
				return n
			},
		}
	}
	f := best(func() readers.Figures { return loops(t, begin) })
	t.Log(f)
	require.Empty(t, f.Broken())
}

// TestControlSlowLoops: one loop over a snapshot itself is caught.
func TestControlSlowLoops(t *testing.T) {
	f := loops(t, func(ctx context.Context, g *rig) []func() int {
		return []func() int{func() (n int) {
			_ = g.views.View(ctx, func(r kv.Reader) error {
				for range r.Scan(nil, nil, false) {
					if n++; ctx.Err() != nil {
						break
					}
					sleep(ctx)
				}
				return nil
			})
			return n
		}}
	})
	t.Log(f)
	require.GreaterOrEqual(t, f.Oldest, readers.MostAge)
	require.Greater(t, f.Growth(), 5*readers.MostGrowth)
	require.Len(t, f.Broken(), 2)
}

// loops overwrites rows with and without loops under way.
func loops(t *testing.T, begin func(context.Context, *rig) []func() int) (f readers.Figures) {
	noSync := &boltkv.Options{NoSync: true}
	alone := newRig(t, noSync)
	alone.overwrite(*overwrites)
	f.SizeWithout = alone.close()

	g := newRig(t, noSync)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var group sync.WaitGroup
	for i, loop := range begin(ctx, g) {
		group.Go(func() {
			if n := loop(); n < 3 {
				t.Errorf("loop %d has gone round %d times: it is none", i, n)
			}
		})
	}
	start := time.Now()
	g.overwrite(*overwrites)
	time.Sleep(time.Until(start.Add(readers.MostAge + 2*nap)))
	f.Oldest, f.Whose = g.views.Oldest()
	cancel()
	group.Wait()
	f.SizeWith = g.close()
	return f
}

// drag goes over a loop slowly, and returns how often it went round.
func drag[T any](ctx context.Context, t *testing.T, all func(func(T, error) bool)) (n int) {
	for _, err := range all {
		if err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			break
		}
		n++
		if !sleep(ctx) {
			break
		}
	}
	return n
}

// sleep reports false when ctx has ended.
func sleep(ctx context.Context) bool {
	select {
	case <-time.After(nap):
		return true
	case <-ctx.Done():
		return false
	}
}
