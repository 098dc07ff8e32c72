package isolation_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
)

// Table "counts" has a number n for each partition key pk, and a log of what was added.
const countTable = "counts"

func createCounts(t testing.TB, c api.Client) {
	t.Helper()
	_, err := stator.CreateTable(t.Context(), c, countTable, stator.HashKey("pk", "S"))
	require.NoError(t, err)
}

// count adds to two items, in one transaction with a token.
func count(token, pk string, by int64) *api.TransactWriteItemsInput {
	in := &api.TransactWriteItemsInput{ClientRequestToken: &token}
	for _, k := range []string{pk, pk + "'"} {
		in.TransactItems = append(in.TransactItems, api.TransactWriteItem{Update: &api.Update{TableName: new(countTable), Key: key(k),
			UpdateExpression: new("ADD n :by"), ExpressionAttributeValues: attr.Item{":by": attr.Int(by)}}})
	}
	return in
}

// counted returns what was added to both items, an error when that is not the same.
func counted(ctx context.Context, c api.Client, pk string) (int64, error) {
	out, err := api.Do(ctx, c, &api.TransactGetItemsInput{TransactItems: []api.TransactGetItem{
		{Get: &api.Get{TableName: new(countTable), Key: key(pk)}}, {Get: &api.Get{TableName: new(countTable), Key: key(pk + "'")}}}})
	if err != nil {
		return 0, err
	}
	n, other := number(itemOf(out.Responses[0].Item), "n"), number(itemOf(out.Responses[1].Item), "n")
	if n != other {
		return 0, fmt.Errorf("half of a transaction: %d and %d", n, other)
	}
	return n, nil
}

func requireCount(t testing.TB, c api.Client, pk string, want int64) {
	t.Helper()
	n, err := counted(t.Context(), c, pk)
	require.NoError(t, err)
	require.Equal(t, want, n, pk)
}

func isMismatch(err error) bool {
	return errors.Is(err, &api.Error{Code: api.CodeIdempotentParameterMismatch})
}

// The window of a token, and two moments about its end. Source: Amazon DynamoDB API Reference, TransactWriteItems: "A
// client request token is valid for 10 minutes after the first request that uses it is completed. After 10 minutes,
// any request with the same client token is treated as a new request."
const (
	window = 10 * time.Minute
	at959  = window - time.Second
	at1001 = window + time.Second
)

// TestTokenWindow: the same token does nothing again for ten minutes after its
// first use, whatever was tried meanwhile, and then does.
func TestTokenWindow(t *testing.T) {
	t.Parallel()
	onSurfaces(t, func(t *testing.T, s surface) {
		clock := s.clock
		createCounts(t, s.db)
		for i, c := range []struct {
			after   time.Duration
			applied bool
		}{
			{0, false}, {time.Minute, false}, {at959, false}, {window - time.Microsecond, false}, {window, true}, {at1001, true}, {24 * time.Hour, true},
		} {
			token, other := fmt.Sprint("token-", i), fmt.Sprint("other-", i)
			use := func(pk string, by int64) error {
				_, err := s.client.Serve(t.Context(), count(token, pk, by))
				return err
			}
			require.NoError(t, use(token, 1))
			middle := min(c.after/2, window/2)
			clock.advance(middle)
			require.NoError(t, use(token, 1)) // a retry does not make the window longer
			clock.advance(c.after - middle)
			if !c.applied {
				require.NoError(t, use(token, 1))
				require.True(t, isMismatch(use(token, 2)), "%v: another value", c.after)
				require.True(t, isMismatch(use(other, 1)), "%v: another item", c.after)
				requireCount(t, s.client, token, 1)
				requireCount(t, s.client, other, 0)
				continue
			}
			require.NoError(t, use(token, 10), "%v: another value, as a new request", c.after)
			requireCount(t, s.client, token, 11)
			clock.advance(at959)
			require.True(t, isMismatch(use(token, 1)), "a new window has begun")
			require.NoError(t, use(token, 10))
			requireCount(t, s.client, token, 11)
		}
	})
}

// TestOneTokenManyCallers: of many who use a token at once, for the same or for something else, the first one is
// carried out, and the others are answered as it was or refused.
func TestOneTokenManyCallers(t *testing.T) {
	t.Parallel()
	onSurfaces(t, func(t *testing.T, s surface) {
		createCounts(t, s.db)
		const rounds, callers = 15, 64
		first := [2]int{}
		for round := range rounds {
			token := fmt.Sprint("token-", round)
			applied, err := crowd(t.Context(), s.client, token, callers)
			require.NoError(t, err)
			require.Contains(t, []int64{1, 100}, applied, "once, and nothing of the other")
			first[applied/100]++
		}
		t.Logf("%s: %d tokens of %d callers each: applied once, %d and %d times the one or the other request", s.name, rounds, callers, first[0], first[1])
	})
}

// crowd lets callers use one token at once, half of them to add 1, half of them to add 100, and returns what was added.
func crowd(ctx context.Context, c api.Client, token string, callers int) (applied int64, err error) {
	errs := make([]error, callers)
	var wait sync.WaitGroup
	for i := range callers {
		wait.Go(func() { _, errs[i] = c.Serve(ctx, count(token, token, []int64{1, 100}[i%2])) })
	}
	wait.Wait()
	if applied, err = counted(ctx, c, token); err != nil {
		return 0, err
	}
	for i, err := range errs {
		mine := (applied == 1) == (i%2 == 0)
		if mine && err != nil || !mine && !isMismatch(err) {
			return applied, fmt.Errorf("%d was added, and caller %d was answered: %w", applied, i, err)
		}
	}
	return applied, nil
}

// TestTokenAfterUnknownOutcome: who does not know whether a transaction took place asks again with the same token, and it did, once.
func TestTokenAfterUnknownOutcome(t *testing.T) {
	t.Parallel()
	onFlaky(t, newSeed(t), createCounts, func(t *testing.T, name string, c api.Client) {
		const workers, each = 16, 40
		var unknown atomic.Int64
		errs := make([]error, workers)
		var wait sync.WaitGroup
		for w := range workers {
			wait.Go(func() {
				for i := range each {
					in := count(fmt.Sprint(w, "-", i), fmt.Sprint("sum", w%4), 1)
					_, err := c.Serve(t.Context(), in)
					for ; errors.Is(err, kv.ErrOutcomeUnknown); _, err = c.Serve(t.Context(), in) {
						unknown.Add(1)
					}
					if err != nil {
						errs[w] = err
						return
					}
				}
			})
		}
		wait.Wait()
		require.NoError(t, errors.Join(errs...))
		for i := range 4 {
			requireCount(t, c, fmt.Sprint("sum", i), workers/4*each)
		}
		require.Positive(t, unknown.Load())
		t.Logf("%s: %d transactions, of which %d times nobody knew: each applied once", name, workers*each, unknown.Load())
	})
}

// TestTokenAfterReopening: a database that was closed and opened again remembers its tokens for the rest of their time.
func TestTokenAfterReopening(t *testing.T) {
	t.Parallel()
	clock, path := newClock(), filepath.Join(t.TempDir(), "test.db")
	withFile := func(use func(c api.Client)) {
		db, err := stator.Open(path, &stator.Options{Now: clock.Now})
		require.NoError(t, err)
		use(db)
		require.NoError(t, db.Close())
	}
	withFile(func(c api.Client) {
		createCounts(t, c)
		must(t, c, count("token", "a", 1))
	})
	clock.advance(at959)
	withFile(func(c api.Client) {
		must(t, c, count("token", "a", 1))
		requireCount(t, c, "a", 1)
		_, err := c.Serve(t.Context(), count("token", "a", 2))
		require.True(t, isMismatch(err), err)
	})
	clock.advance(at1001 - at959)
	withFile(func(c api.Client) {
		must(t, c, count("token", "a", 1))
		requireCount(t, c, "a", 2)
	})
}

// slow is a store whose commits last a minute of a clock.
type slow struct {
	kv.Store
	clock *clock
}

func (s slow) Update(ctx context.Context, fn func(kv.Writer) error) error {
	s.clock.advance(time.Minute)
	err := s.Store.Update(ctx, fn)
	s.clock.advance(time.Minute)
	return err
}

// TestTokenOfSlowCommit: the window is counted from before the commit, whose end nobody can know in it, where AWS
// counts from the end (docs/differences.md).
func TestTokenOfSlowCommit(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]int64{at959: 1, at1001: 2} {
		clock, store := newClock(), openMemory(t)
		createCounts(t, openStore(t, borrowed{store}, &stator.Options{Now: clock.Now}))
		began := clock.Now()
		must(t, openStore(t, slow{borrowed{store}, clock}, &stator.Options{Now: clock.Now}), count("token", "a", 1))
		require.GreaterOrEqual(t, clock.Now().Sub(began), 2*time.Minute)
		clock.advance(began.Add(after).Sub(clock.Now()))
		db := openStore(t, store, &stator.Options{Now: clock.Now})
		must(t, db, count("token", "a", 1))
		requireCount(t, db, "a", want)
	}
}

// TestTokenControl: a store that forgets tokens applies them twice, and that is seen.
func TestTokenControl(t *testing.T) {
	t.Parallel()
	c := openStore(t, forgetful{openMemory(t)}, nil)
	createCounts(t, c)
	applied, err := crowd(t.Context(), c, "token", 64)
	require.Error(t, err)
	require.EqualValues(t, 32+3200, applied)
	must(t, c, count("another", "a", 1))
	must(t, c, count("another", "a", 1))
	n, err := counted(t.Context(), c, "a")
	require.NoError(t, err)
	require.NotEqualValues(t, 1, n, "a retry that nobody noticed")
}
