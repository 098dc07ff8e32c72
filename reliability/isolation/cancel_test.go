package isolation_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	. "github.com/statordb/stator/reliability/isolation"
)

// impatient gives up one of so many requests at once or after a moment, as who closes a connection or has a deadline.
type impatient struct {
	api.Client
	oneIn   int
	ended   atomic.Int64 // as the context did
	ignored atomic.Int64 // for it was too late
}

func (c *impatient) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	if rand.IntN(c.oneIn) != 0 {
		return c.Client.Serve(ctx, in)
	}
	ctx, cancel := context.WithCancel(ctx)
	if rand.IntN(4) == 0 {
		cancel()
	} else {
		go func() {
			for range rand.IntN(20) {
				runtime.Gosched()
			}
			cancel()
		}()
	}
	out, err := c.Client.Serve(ctx, in)
	if errors.Is(err, context.Canceled) {
		c.ended.Add(1)
	} else {
		c.ignored.Add(1)
	}
	cancel()
	return out, err
}

// patiently does again what somebody gave up.
func patiently(do func() error) error {
	for {
		if err := do(); !errors.Is(err, context.Canceled) {
			return err
		}
	}
}

// lying says of requests that their context ended them, and carries them out.
type lying struct{ api.Client }

func (c lying) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	out, err := c.Client.Serve(context.WithoutCancel(ctx), in)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return out, err
}

// TestCanceledRequestsDidNothing: a request that ends with its context's error
// left nothing behind, however late the context ended.
func TestCanceledRequestsDidNothing(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	onSurfaces(t, func(t *testing.T, s surface) {
		if s.name == overHTTP {
			return // who closes the connection is told nothing
		}
		createItems(t, s.db)
		createLists(t, s.db)
		c := &impatient{Client: s.db, oneIn: 4}
		began := time.Now()
		require.Equal(t, porcupine.Ok, judge(t, s.name, runItems(t, c, *opsFlag/40, linearShares[s.name].clients, seed), time.Since(began)))
		require.NoError(t, judgeLists(t, s.name, c, *txnsFlag/20, seed).Err())
		t.Logf("%s: %d requests ended with their context, and %d although it had ended", s.name, c.ended.Load(), c.ignored.Load())
		require.Positive(t, c.ended.Load())
		require.Positive(t, c.ignored.Load())
	})
}

// TestCanceledControl: a client that says so, and did something all the same, is found out.
func TestCanceledControl(t *testing.T) {
	t.Parallel()
	db := openStore(t, openMemory(t), nil)
	createItems(t, db)
	createLists(t, db)
	c := &impatient{Client: lying{db}, oneIn: 4}
	require.Equal(t, porcupine.Illegal, judge(t, "lying", runItems(t, c, 4000, 16, 1), 0))
	require.True(t, judgeLists(t, "lying", c, 600, 1).Has(AbortedRead))
}
