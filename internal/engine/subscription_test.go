package engine_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/kvtest"
)

func openSub(name string) *api.OpenSubscriptionInput {
	return &api.OpenSubscriptionInput{TableName: new("tab"), SubscriptionName: &name}
}

func save(name, session string, at *api.Position, release bool) *api.SavePositionInput {
	return &api.SavePositionInput{TableName: new("tab"), SubscriptionName: &name, Session: &session, Position: at, Release: release}
}

func subscriptions(t testing.TB, c api.Client) []api.SubscriptionDescription {
	t.Helper()
	return do(t, c, &api.ListSubscriptionsInput{TableName: new("tab")}).Subscriptions
}

// TestSubscription takes one through its life.
func TestSubscription(t *testing.T) {
	onStores(t, func(t *testing.T, store kv.Store) {
		clock := newClock()
		e := openPaused(t, store, engine.Options{Now: clock.Now})
		createStreamed(t, e, "tab pk:S", newAndOld)
		require.Equal(t, []api.SubscriptionDescription{}, subscriptions(t, e))
		for i := range 10 {
			put(t, e, "tab", text(`{pk: "k%d"}`, i))
			clock.Advance(time.Second)
		}
		sub := do(t, e, openSub("sub.1"))
		require.True(t, sub.Created)
		require.NotEmpty(t, sub.Session)
		err := fails(t, e, openSub("sub.1"))
		require.Equal(t, api.CodeResourceInUse, err.Code)
		require.Equal(t, "Subscription sub.1 of table tab is in use by another reader", err.Message)
		other := do(t, e, &api.OpenSubscriptionInput{TableName: new("tab"), SubscriptionName: new("other"), Start: fromLatest()})
		require.NotEqual(t, sub.Session, other.Session)

		list := subscriptions(t, e)
		require.Len(t, list, 2)
		begin := newClock().Now()
		require.Equal(t, api.SubscriptionDescription{SubscriptionName: "other", Position: other.Position, SavedAt: clock.Now(), InUse: true}, list[0])
		require.Equal(t, api.SubscriptionDescription{SubscriptionName: "sub.1", Position: sub.Position, SavedAt: clock.Now(), InUse: true,
			Behind: 10, BehindSince: &begin}, list[1])

		// It starts at TRIM_HORIZON, and what is saved is what it goes on from.
		out := do(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: sub.Position, Limit: new(int32(4))})
		require.Len(t, out.Changes, 4)
		clock.Advance(time.Minute)
		do(t, e, save("sub.1", sub.Session, out.Position, false))
		list = subscriptions(t, e)
		require.Equal(t, int64(6), list[1].Behind)
		require.Equal(t, begin.Add(4*time.Second), *list[1].BehindSince)
		require.Equal(t, clock.Now(), list[1].SavedAt)
		do(t, e, save("sub.1", sub.Session, nil, true))
		require.False(t, subscriptions(t, e)[1].InUse)
		do(t, e, save("sub.1", sub.Session, out.Position, false)) // nobody took over yet
		again := do(t, e, &api.OpenSubscriptionInput{TableName: new("tab"), SubscriptionName: new("sub.1"), Start: fromLatest()})
		require.False(t, again.Created)
		require.Equal(t, out.Position, again.Position, "Start is for new ones")
		require.NotEqual(t, sub.Session, again.Session)

		// The old session saves and releases no more.
		err = fails(t, e, save("sub.1", sub.Session, sub.Position, true))
		require.Equal(t, api.CodeResourceInUse, err.Code)
		require.Equal(t, "Subscription sub.1 of table tab was taken over by another reader", err.Message)
		do(t, e, save("sub.1", sub.Session, nil, true))
		require.True(t, subscriptions(t, e)[1].InUse)
		require.Equal(t, out.Position, subscriptions(t, e)[1].Position)

		// Positions that are none.
		future := &api.Position{TableID: out.Position.TableID, Next: []uint64{99, 1, 1, 1}}
		require.Contains(t, fails(t, e, save("sub.1", again.Session, future, false)).Message, "it is of the future")
		foreign := &api.Position{TableID: "00000000-0000-0000-0000-000000000000", Next: []uint64{1, 1, 1, 1}}
		require.Contains(t, fails(t, e, save("sub.1", again.Session, foreign, true)).Message, "Invalid Position")
		require.True(t, subscriptions(t, e)[1].InUse, "what fails releases nothing")
		end := do(t, e, &api.ReadChangesInput{TableName: new("tab")}).Position
		do(t, e, save("sub.1", again.Session, end, true))
		require.Equal(t, api.SubscriptionDescription{SubscriptionName: "sub.1", Position: end, SavedAt: clock.Now()}, subscriptions(t, e)[1])

		// Deleted.
		remove := func(name string) *api.DeleteSubscriptionInput {
			return &api.DeleteSubscriptionInput{TableName: new("tab"), SubscriptionName: &name}
		}
		require.Equal(t, "Subscription other of table tab is in use by a reader", fails(t, e, remove("other")).Message)
		do(t, e, remove("sub.1"))
		require.Len(t, subscriptions(t, e), 1)
		err = fails(t, e, remove("sub.1"))
		require.Equal(t, api.CodeResourceNotFound, err.Code)
		require.Equal(t, "Requested resource not found: Subscription: sub.1 of table tab not found", err.Message)
		require.Equal(t, api.CodeResourceNotFound, fails(t, e, save("sub.1", again.Session, end, false)).Code)
		require.True(t, do(t, e, openSub("sub.1")).Created)

		// With its table, and not with its stream.
		do(t, e, disableStream("tab"))
		require.Len(t, subscriptions(t, e), 2)
		do(t, e, &api.DeleteTableInput{TableName: new("tab")})
		for _, in := range []api.Request{openSub("sub.1"), save("sub.1", "x", nil, true), remove("sub.1"), &api.ListSubscriptionsInput{TableName: new("tab")}} {
			require.Equal(t, api.CodeResourceNotFound, fails(t, e, in).Code, in.Operation())
		}
		for _, p := range rows(t, store) {
			require.NotEqual(t, engine.SystemKey(engine.SystemSubscribers, ""), p.Key[:5])
		}
		create(t, e, "tab pk:S")
		require.Empty(t, subscriptions(t, e))
		require.Contains(t, fails(t, e, openSub("sub.1")).Message, "keeps no journal")
		do(t, e, enableStream("tab", newAndOld))
		require.True(t, do(t, e, openSub("sub.1")).Created, "a failed one holds no session")
	})
}

// TestSubscriptionSurvives reads with a name over many lives of a file, in each of which it dies before it saved all
// that it read. Nothing is missed, and nothing repeated but what was not saved.
func TestSubscriptionSurvives(t *testing.T) {
	random := newRandom(t)
	path := filepath.Join(t.TempDir(), "test.db")
	seen := map[string]int{}
	written, repeated, session := 0, 0, ""
	for life := range 20 {
		e, err := engine.Open(t.Context(), openFile(t, path), engine.Options{})
		require.NoError(t, err)
		if life == 0 {
			createStreamed(t, e, "tab pk:S", newAndOld)
		} else if random.IntN(2) == 0 {
			do(t, e, save("sub", session, subscriptions(t, e)[0].Position, false)) // of another life, and nobody took over yet
		}
		sub := do(t, e, openSub("sub"))
		require.Equal(t, life == 0, sub.Created)
		session = sub.Session
		for range random.IntN(30) {
			put(t, e, "tab", text(`{pk: "k%d", n: %d}`, random.IntN(7), written))
			written++
		}
		at := sub.Position
		for range random.IntN(4) {
			out := do(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: at, Limit: new(int32(1 + random.IntN(20)))})
			at = out.Position
			save1 := random.IntN(3) > 0
			for _, c := range out.Changes {
				if seen[toldOf(c)]++; seen[toldOf(c)] > 1 {
					repeated++
				}
			}
			if save1 {
				do(t, e, save("sub", session, at, false))
			}
		}
		require.NoError(t, e.Check(t.Context()))
		require.NoError(t, e.Close())
	}
	e := openPaused(t, openFile(t, path))
	for _, c := range readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: do(t, e, openSub("sub")).Position}) {
		seen[toldOf(c)]++
	}
	require.Len(t, seen, written)
	t.Logf("%d changes, %d repeated", written, repeated)
}

// TestSubscriptionOfTwoProcesses opens one in two engines on one store: the second takes it over.
func TestSubscriptionOfTwoProcesses(t *testing.T) {
	store := openMemory(t)
	first := openPaused(t, store)
	createStreamed(t, first, "tab pk:S", newAndOld)
	second, err := engine.OpenPaused(t.Context(), borrowed{store}, engine.Options{Now: newClock().Now})
	require.NoError(t, err)
	old, taken := do(t, first, openSub("sub")), do(t, second, openSub("sub"))
	require.False(t, taken.Created)
	require.Contains(t, fails(t, first, save("sub", old.Session, old.Position, true)).Message, "was taken over by another reader")
	do(t, second, save("sub", taken.Session, taken.Position, false))
	// The first gives up, and takes it back.
	do(t, first, save("sub", old.Session, nil, true))
	back := do(t, first, openSub("sub"))
	do(t, first, save("sub", back.Session, back.Position, false))
	require.Contains(t, fails(t, second, save("sub", taken.Session, taken.Position, false)).Message, "was taken over by another reader")

	// A table that the other deletes and makes anew.
	do(t, second, &api.DeleteTableInput{TableName: new("tab")})
	for _, in := range []api.Request{openSub("new"), save("sub", back.Session, back.Position, false), &api.ListSubscriptionsInput{TableName: new("tab")},
		&api.DeleteSubscriptionInput{TableName: new("tab"), SubscriptionName: new("nobody")}} {
		require.Equal(t, api.CodeResourceNotFound, fails(t, first, in).Code, in.Operation())
	}
}

// TestSubscriptionsAtOnce lets many open one name at once: one gets it.
func TestSubscriptionsAtOnce(t *testing.T) {
	e := openPaused(t, openMemory(t))
	createStreamed(t, e, "tab pk:S", newAndOld)
	for range 20 {
		var got atomic.Int64
		var session atomic.Pointer[string]
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				out, err := api.Do(context.Background(), e, openSub("sub"))
				if err == nil {
					got.Add(1)
					session.Store(&out.Session)
				}
			})
		}
		wg.Wait()
		require.Equal(t, int64(1), got.Load())
		do(t, e, save("sub", *session.Load(), nil, true))
	}
	do(t, e, openSub(strings.Repeat("n", 255)))
	require.Len(t, subscriptions(t, e), 2)
}

// TestSubscriptionLeftBehind lists one whose changes were trimmed.
func TestSubscriptionLeftBehind(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	createStreamed(t, e, "tab pk:S", newAndOld)
	sub := do(t, e, openSub("sub"))
	for range 2 {
		for i := range 10 {
			put(t, e, "tab", text(`{pk: "k%d", at: %d}`, i, clock.Now().Unix()))
		}
		clock.Advance(12 * time.Hour)
	}
	maintain(t, e)
	list := subscriptions(t, e)
	require.Equal(t, int64(20), list[0].Behind)
	require.Equal(t, newClock().Now().Add(12*time.Hour), *list[0].BehindSince)
	require.ErrorIs(t, fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: sub.Position}), api.ErrTrimmed)

	// What nobody recorded, nobody is behind.
	end := do(t, e, &api.ReadChangesInput{TableName: new("tab")}).Position
	do(t, e, save("sub", sub.Session, end, false))
	do(t, e, disableStream("tab"))
	put(t, e, "tab", `{pk: "k1", at: 0}`)
	require.Zero(t, subscriptions(t, e)[0].Behind)
	maintain(t, e)
	clock.Advance(48 * time.Hour)
	maintain(t, e)
	require.Zero(t, subscriptions(t, e)[0].Behind)
	require.NoError(t, e.Check(t.Context()))
}

// TestSubscriptionUnderFailures saves through a store that does not always know what became of it.
func TestSubscriptionUnderFailures(t *testing.T) {
	random := newRandom(t)
	store := openMemory(t)
	good := openPaused(t, store)
	createStreamed(t, good, "tab pk:S", newAndOld)
	flaky, err := engine.OpenPaused(t.Context(), kvtest.Flaky(kvtest.RunTwice(borrowed{store}), kvtest.FlakyOptions{Seed: random.Uint64(), OneIn: 3}), engine.Options{})
	require.NoError(t, err)
	for i := range 50 {
		put(t, good, "tab", text(`{pk: "k%d"}`, i))
	}
	var sub *api.OpenSubscriptionOutput
	for sub == nil {
		if sub, err = api.Do(t.Context(), flaky, openSub("sub")); err != nil {
			require.ErrorIs(t, err, kv.ErrOutcomeUnknown)
		}
	}
	at := sub.Position
	for {
		out := do(t, flaky, &api.ReadChangesInput{TableName: new("tab"), Position: at, Limit: new(int32(3))})
		if at = out.Position; len(out.Changes) == 0 {
			break
		}
		for {
			_, err := flaky.Serve(t.Context(), save("sub", sub.Session, at, false))
			saved := subscriptions(t, good)[0].Position
			if err == nil {
				require.Equal(t, at, saved)
				break
			}
			require.ErrorIs(t, err, kv.ErrOutcomeUnknown)
		}
	}
	require.Zero(t, subscriptions(t, good)[0].Behind)
}
