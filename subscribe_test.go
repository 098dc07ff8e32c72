package stator_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// errCrash ends a handler where a process is killed.
var errCrash = errors.New("crash")

// handler deals with the changes of one life of a program, from its start to
// its crash after so many changes.
type handler func(ctx context.Context, users stator.TableOf[user], crashAfter int, handle func(string)) error

// ackAfter acknowledges every third change, after it was dealt with.
func ackAfter(ctx context.Context, users stator.TableOf[user], crashAfter int, handle func(string)) error {
	n := 0
	for c, err := range users.Changes(ctx, stator.As("handler")) {
		if err != nil {
			return err
		}
		handle(visits([]stator.Change[user]{c})[0])
		if n++; n == crashAfter {
			return errCrash
		}
		if n%3 == 0 {
			if err := c.Ack(ctx); err != nil {
				return err
			}
		}
		if c.New != nil && c.New.ID == "end" {
			return nil
		}
	}
	return nil
}

// ackBefore is the mistake that loses changes.
func ackBefore(ctx context.Context, users stator.TableOf[user], crashAfter int, handle func(string)) error {
	n := 0
	for c, err := range users.Changes(ctx, stator.As("handler")) {
		if err != nil {
			return err
		}
		if err := c.Ack(ctx); err != nil {
			return err
		}
		if n++; n == crashAfter {
			return errCrash
		}
		handle(visits([]stator.Change[user]{c})[0])
		if c.New != nil && c.New.ID == "end" {
			return nil
		}
	}
	return nil
}

// subscribed is ackAfter with a channel, which is read ahead.
func subscribed(ctx context.Context, users stator.TableOf[user], crashAfter int, handle func(string)) error {
	sub, err := users.Subscribe(ctx, stator.As("handler"), stator.Buffer(5))
	if err != nil {
		return err
	}
	defer sub.Close()
	n := 0
	for c := range sub.C() {
		handle(visits([]stator.Change[user]{c})[0])
		if n++; n == crashAfter {
			return errCrash
		}
		if n%3 == 0 {
			if err := c.Ack(ctx); err != nil {
				return err
			}
		}
		if c.New != nil && c.New.ID == "end" {
			return nil
		}
	}
	return sub.Err()
}

// lost runs a handler until it has come to the end, with crashes and restarts
// at random, and returns what it never dealt with and how much it did twice.
func lost(t *testing.T, h *home, run handler) (missing []string, repeated int) {
	ctx := t.Context()
	table := streamed(t, h)
	var want []string
	for i := range 60 {
		id := "u" + strconv.Itoa(i%7)
		want = append(want, id+"="+strconv.Itoa(i+1))
		put(t, table, id, i+1)
		h.move(time.Millisecond) // so that the change of the end is the last
	}
	handled := map[string]int{}
	last := map[string]int{} // by item
	r := rand.New(rand.NewPCG(1, 2))
	for life := 0; ; life++ {
		require.Less(t, life, 1000)
		if life == 3 {
			put(t, users(h), "end", 1) // there is more than at the start
			want = append(want, "end=1")
		}
		clear(last)
		err := run(ctx, users(h), 1+r.IntN(12), func(text string) {
			handled[text]++
			id, n, _ := strings.Cut(text, "=")
			v, err := strconv.Atoi(n)
			require.NoError(t, err)
			require.Greater(t, v, last[id], "the order of an item")
			last[id] = v
		})
		if err == nil {
			break
		}
		require.ErrorIs(t, err, errCrash)
		h.restart(t)
	}
	for _, text := range want {
		if handled[text] == 0 {
			missing = append(missing, text)
		}
		repeated += max(0, handled[text]-1)
	}
	require.NoError(t, stator.DeleteTable(ctx, h, "users"))
	return missing, repeated
}

func TestResumingLosesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		missing, repeated := lost(t, h, ackAfter)
		require.Empty(t, missing)
		require.Positive(t, repeated, "what was not acknowledged comes again")
		missing, _ = lost(t, h, subscribed)
		require.Empty(t, missing)

		missing, repeated = lost(t, h, ackBefore)
		require.NotEmpty(t, missing, "control: who acknowledges first loses")
		require.Zero(t, repeated)
	})
}

func TestAckCoversWhatWasDelivered(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users := streamed(t, h)
		many, _ := manyUsers(100) // in several slots of the journal
		_, err := users.BatchPut(ctx, many)
		require.NoError(t, err)
		var all []stator.Change[user]
		rest := func() int {
			list, err := users.Subscriptions(ctx)
			require.NoError(t, err)
			require.Len(t, list, 1)
			return int(list[0].Behind)
		}
		for c, err := range users.Changes(ctx, stator.As("reader")) {
			require.NoError(t, err)
			if all = append(all, c); len(all) < 100 {
				continue
			}
			require.Equal(t, 100, rest())
			require.NoError(t, all[39].Ack(ctx))
			require.Equal(t, 60, rest())
			require.NoError(t, all[9].Ack(ctx), "an earlier one does nothing")
			require.Equal(t, 60, rest())
			var acks sync.WaitGroup
			for _, c := range all[30:90] {
				acks.Go(func() { require.NoError(t, c.Ack(ctx)) })
			}
			acks.Wait()
			require.Equal(t, 10, rest(), "in whatever order they come")
			break
		}
		for i, c := range all { // each position has behind it what came before, and nothing else
			if i%13 != 0 {
				continue
			}
			next, err := take(ctx, 100-i-1, users, stator.After(c.Position()))
			require.NoError(t, err)
			require.ElementsMatch(t, visits(all[i+1:]), visits(next))
		}
		next, err := take(ctx, 10, users, stator.As("reader"))
		require.NoError(t, err)
		require.Equal(t, visits(all[90:]), visits(next))

		// A position over two pages.
		more, _ := manyUsers(1300)
		_, err = users.BatchPut(ctx, more)
		require.NoError(t, err)
		long, err := take(ctx, 1300, users, stator.FromStart())
		require.NoError(t, err)
		after, err := take(ctx, 1300-1150, users, stator.After(long[1149].Position()))
		require.NoError(t, err)
		require.ElementsMatch(t, visits(long[1150:]), visits(after))
	})
}

func TestAckNeedsAName(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users := streamed(t, h)
		put(t, users, "u1", 1)
		all, err := take(ctx, 1, users, stator.FromStart())
		require.NoError(t, err)
		require.EqualError(t, all[0].Ack(ctx), "stator: Ack: the reader has no name to save its place under; the option As gives it one")
		require.EqualError(t, stator.Change[user]{}.Ack(ctx), "stator: Ack: the Change comes from no loop and no Subscription")
		require.Nil(t, stator.Change[user]{}.Position())

		named, err := take(ctx, 1, users, stator.As("a"))
		require.NoError(t, err)
		gone, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, named[0].Ack(gone), context.Canceled)
		again, err := take(ctx, 1, users, stator.As("a"))
		require.NoError(t, err)
		require.Equal(t, visits(named), visits(again), "it was not saved")
		require.ErrorIs(t, named[0].Ack(ctx), stator.ErrResourceInUse, "another reader took over")
		require.NoError(t, again[0].Ack(ctx), "the loop is over, and nobody took over")
	})
}

func TestANameHasOneReader(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users := streamed(t, h)
		put(t, users, "u1", 1)
		first, err := users.Subscribe(ctx, stator.As("reader"))
		require.NoError(t, err)
		_, err = users.Subscribe(ctx, stator.As("reader"))
		require.ErrorIs(t, err, stator.ErrResourceInUse)
		require.ErrorContains(t, err, "Subscription reader of table users is in use by another reader")
		_, err = take(ctx, 1, users, stator.As("reader"))
		require.ErrorIs(t, err, stator.ErrResourceInUse)
		require.ErrorIs(t, users.DeleteSubscription(ctx, "reader"), stator.ErrResourceInUse)
		_, err = take(ctx, 1, users, stator.As("another"))
		require.NoError(t, err)

		list, err := users.Subscriptions(ctx)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, "another", list[0].SubscriptionName)
		require.False(t, list[0].InUse)
		require.Equal(t, "reader", list[1].SubscriptionName)
		require.True(t, list[1].InUse)
		require.EqualValues(t, 1, list[1].Behind)
		require.NotNil(t, list[1].BehindSince)

		require.NoError(t, first.Close())
		require.NoError(t, first.Close(), "twice")
		require.NoError(t, users.DeleteSubscription(ctx, "reader"))
		e, ok := errors.AsType[*stator.Error](users.DeleteSubscription(ctx, "reader"))
		require.True(t, ok)
		require.Equal(t, api.CodeResourceNotFound, e.Code)
		all, err := take(ctx, 1, users, stator.As("reader"), stator.FromStart())
		require.NoError(t, err)
		require.Equal(t, []string{"u1=1"}, visits(all))
	})
}

func TestANewNameBeginsWhereToldTo(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users := streamed(t, h)
		put(t, users, "u1", 1)
		put(t, users, "u1", 2)
		first, err := take(ctx, 1, users, stator.FromStart())
		require.NoError(t, err)
		after := stator.After(first[0].Position())
		for range 2 { // the second time the position is the saved one, which is the same
			all, err := take(ctx, 1, users, stator.As("after"), after)
			require.NoError(t, err)
			require.Equal(t, []string{"u1=2"}, visits(all))
			h.restart(t)
			users = stator.TableFor[user](h, "users")
		}
		now, err := users.Subscribe(ctx, stator.As("now"), stator.FromNow())
		require.NoError(t, err)
		require.NoError(t, now.Close())
		put(t, users, "u1", 3)
		all, err := take(ctx, 1, users, stator.As("now"), stator.FromStart())
		require.NoError(t, err)
		require.Equal(t, []string{"u1=3"}, visits(all), "it is not new any more")

		foreign := &stator.Position{TableID: "00000000-0000-0000-0000-000000000000", Next: []uint64{1}}
		_, err = take(ctx, 1, users, stator.As("nowhere"), stator.After(foreign))
		require.ErrorIs(t, err, stator.ErrValidation)
		list, err := users.Subscriptions(ctx)
		require.NoError(t, err)
		require.Len(t, list, 2, "it did not come to be")
	})
}

func TestASlowReaderBlocksNobody(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users := streamed(t, h)
		sub, err := users.Subscribe(ctx, stator.Buffer(2))
		require.NoError(t, err)
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for i := range 300 {
					put(t, users, "u"+strconv.Itoa(w), i+1)
				}
			})
		}
		writers.Wait() // nobody has read
		last := map[string]int{}
		for range 4 * 300 {
			c := <-sub.C()
			require.Equal(t, last[c.New.ID]+1, c.New.Visits, "in order, and none is missing")
			last[c.New.ID]++
		}
		require.NoError(t, sub.Err())
		require.NoError(t, sub.Close())
		_, open := <-sub.C()
		require.False(t, open)
		require.NoError(t, sub.Err(), "closing is no error")
	})
}

func TestSubscriptionsEndWhileNobodyReads(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		users := streamed(t, h)
		for i := range 50 {
			put(t, users, "u1", i+1)
		}
		before := goleak.IgnoreCurrent()
		var subs []*stator.Subscription[user]
		ctx, cancel := context.WithCancel(t.Context())
		for _, options := range [][]stator.SubscribeOption{
			{stator.FromStart()}, {stator.FromStart(), stator.Buffer(0)}, {stator.As("named"), stator.Buffer(1)}, {stator.FromNow()},
		} {
			sub, err := users.Subscribe(ctx, options...)
			require.NoError(t, err)
			subs = append(subs, sub)
		}
		require.Error(t, goleak.Find(before), "control: they are found while they run")
		require.NoError(t, subs[0].Close())
		require.NoError(t, subs[0].Err())
		cancel()
		for _, sub := range subs[1:] {
			n := 0
			for range sub.C() {
				n++
			}
			require.LessOrEqual(t, n, 17)
			require.ErrorIs(t, sub.Err(), context.Canceled)
			require.NoError(t, sub.Close())
		}
		require.NoError(t, goleak.Find(before))
		list, err := users.Subscriptions(t.Context())
		require.NoError(t, err)
		require.False(t, list[0].InUse)
	})
}

// counting is a layer around a Client, which counts what passes.
type counting struct {
	stator.Client
	mu   sync.Mutex
	seen map[string]int
}

func (c *counting) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	c.mu.Lock()
	c.seen[in.Operation()]++
	c.mu.Unlock()
	return c.Client.Serve(ctx, in)
}

func TestChangesThroughAnyClient(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		layer := &counting{Client: h.DB, seen: map[string]int{}}
		users := streamed(t, h)
		via := users.Via(layer)
		for i := range 5 {
			put(t, users, "u1", i+1)
		}
		for c, err := range via.Changes(ctx, stator.As("far")) {
			require.NoError(t, err)
			require.NoError(t, c.Ack(ctx))
			if c.New.Visits == 5 {
				break
			}
		}
		require.Equal(t, map[string]int{"OpenSubscription": 1, "ReadChanges": 1, "SavePosition": 6}, layer.seen)
		_, err := via.Subscriptions(ctx)
		require.NoError(t, err)
		require.NoError(t, via.DeleteSubscription(ctx, "far"))
	})
}

func TestChangesBuildRequests(t *testing.T) {
	f, users := fakeUsers()
	at := &stator.Position{TableID: "00112233-4455-6677-8899-aabbccddeeff", Next: []uint64{4, 8}}
	page := 0
	f.answer = func(in api.Request) (api.Response, error) {
		read := in.(*api.ReadChangesInput)
		out := &api.ReadChangesOutput{Position: at}
		if page++; read.Wait > 0 {
			require.Equal(t, at, read.Position)
			out.Position = &stator.Position{TableID: at.TableID, Next: []uint64{6, 9}}
			for i, c := range []api.Change{{Slot: 0, Sequence: 4}, {Slot: 1, Sequence: 8}, {Slot: 0, Sequence: 5}} {
				c.EventName, c.Keys = api.OperationTypeInsert, api.ItemOf(stator.Item{"id": stator.S("u")})
				c.New = api.ItemOf(stator.Item{"id": stator.S("u"), "visits": stator.Int(i)})
				out.Changes = append(out.Changes, c)
			}
		}
		return out, nil
	}
	all, err := take(t.Context(), 3, users, stator.After(at))
	require.NoError(t, err)
	require.Equal(t, []api.Request{
		&api.ReadChangesInput{TableName: new("users"), Position: at},
		&api.ReadChangesInput{TableName: new("users"), Position: at, Wait: time.Minute},
	}, f.requests)
	places := [][]uint64{}
	for _, c := range slices.Backward(all) { // each is made when it is asked for
		places = append(places, c.Position().Next)
	}
	require.Equal(t, [][]uint64{{6, 9}, {5, 9}, {5, 8}}, places)

	f.requests = nil
	_, err = take(t.Context(), 1, users)
	require.NoError(t, err)
	require.Equal(t, &api.ReadChangesInput{TableName: new("users")}, f.requests[0])
}
