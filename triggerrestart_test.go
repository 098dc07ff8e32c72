package stator_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv/boltkv"
)

// history is what handlers saw of each user, in order, over several lives of a trigger.
type history struct {
	mu     sync.Mutex
	visits map[string][]int // the visits, once each time that they were handed over
	atWork map[string]bool
	fault  string
}

func newHistory() *history { return &history{visits: map[string][]int{}, atWork: map[string]bool{}} }

// begin notes a batch. No item of it may be in another one now.
func (h *history) begin(e stator.TriggerEvent) (ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range e.Records {
		var u user
		if err := e.Records[i].UnmarshalNew(&u); err != nil {
			h.fault = err.Error()
		}
		h.visits[u.ID] = append(h.visits[u.ID], u.Visits)
		if !slices.Contains(ids, u.ID) {
			if ids = append(ids, u.ID); h.atWork[u.ID] {
				h.fault = u.ID + " is in two batches at once"
			}
			h.atWork[u.ID] = true
		}
	}
	return ids
}

func (h *history) end(ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		delete(h.atWork, id)
	}
}

// check says what is wrong: each user's visits must be 1, 2, …, n, which
// may go back and repeat, but never skip one. repeated is how many came again.
func (h *history) check(users, n int) (fault string, repeated int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fault != "" {
		return h.fault, 0
	}
	for i := range users {
		id := fmt.Sprint("u", i)
		last, highest := 0, 0
		for _, v := range h.visits[id] {
			if v > last+1 {
				return fmt.Sprintf("%s: %d came after %d", id, v, last), repeated
			}
			if v <= highest {
				repeated++
			}
			last, highest = v, max(highest, v)
		}
		if highest != n {
			return fmt.Sprintf("%s: %d was the last one, of %d", id, highest, n), repeated
		}
	}
	return "", repeated
}

// Sixteen writers, batches in parallel, and a handler that fails now and then:
// the changes of an item come in their order, and never two at once.
func TestTriggerKeepsTheOrderOfItems(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	const writers, writes = 16, 150
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	defer db.Close()
	users, err := stator.CreateTableFor[user](t.Context(), db, "users", stator.Stream(stator.StreamNewAndOldImages))
	require.NoError(t, err)
	h := newHistory()
	most, running, calls := 0, 0, 0
	trigger, err := stator.StartTrigger(t.Context(), db, "users", "test", func(_ context.Context, e stator.TriggerEvent) error {
		ids := h.begin(e)
		defer h.end(ids)
		h.mu.Lock()
		running++
		most = max(most, running)
		h.mu.Unlock()
		time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
		h.mu.Lock()
		defer h.mu.Unlock()
		running--
		if calls++; calls%40 == 0 {
			return errDown
		}
		return nil
	}, &stator.TriggerOptions{BatchSize: 7, ParallelizationFactor: 10, MaximumBatchingWindow: time.Millisecond})
	require.NoError(t, err)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for v := range writes {
				if err := users.Put(t.Context(), user{ID: fmt.Sprint("u", w), Visits: v + 1}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	require.Eventually(t, func() bool {
		s, err := trigger.State(t.Context())
		return err == nil && s.Behind == 0
	}, time.Minute, 10*time.Millisecond)
	s, err := trigger.State(t.Context())
	require.NoError(t, err)
	require.NoError(t, trigger.Close())
	fault, repeated := h.check(writers, writes)
	require.Empty(t, fault)
	require.EqualValues(t, writers*writes, s.Processed)
	require.Greater(t, most, 4, "batches are in work at once")
	require.Positive(t, s.Retried)
	t.Logf("%d batches, %d failed, %d records came again, at most %d at once", s.Invocations, s.Failed, repeated, most)
}

// The program dies again and again, in the middle of batches: nothing is lost,
// and what comes again was in a batch whose end had not been saved.
func TestTriggerRestartLosesNothing(t *testing.T) {
	for _, parallel := range []int{1, 4} {
		for _, early := range []bool{false, true} {
			t.Run(fmt.Sprint("parallel ", parallel, ", saved early ", early), func(t *testing.T) {
				defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
				h := newHistory()
				lives := restarts(t, h, parallel, early)
				fault, repeated := h.check(8, 200)
				t.Logf("%d lives, %d records came again", lives, repeated)
				if early {
					require.NotEmpty(t, fault, "control: a position that is saved before the handler loses records")
					return
				}
				require.Empty(t, fault)
				require.Greater(t, lives, 5)
				if parallel == 1 {
					require.LessOrEqual(t, repeated, (lives-1)*10*4, "a batch of each shard in each life")
				}
			})
		}
	}
}

// restarts runs a trigger over a table of eight users with 200 changes each, and ends the program in
// the middle of batches, without a chance to save, until all is done. It returns how often.
func restarts(t *testing.T, h *history, parallel int, early bool) (lives int) {
	const users, writes, batch = 8, 200, 10
	path := filepath.Join(t.TempDir(), "app.db")
	open := func() *stator.DB {
		store, err := boltkv.Open(path, &boltkv.Options{NoSync: true})
		require.NoError(t, err)
		db, err := stator.OpenStore(store, nil)
		require.NoError(t, err)
		return db
	}
	db := open()
	table, err := stator.CreateTableFor[user](t.Context(), db, "users", stator.Stream(stator.StreamKeys))
	require.NoError(t, err)
	for v := range writes {
		var items []stator.TransactOption
		for u := range users {
			items = append(items, table.TxPut(user{ID: fmt.Sprint("u", u), Visits: v + 1}))
		}
		require.NoError(t, stator.Transact(t.Context(), db, items...))
	}
	require.NoError(t, db.Close())
	options := &stator.TriggerOptions{BatchSize: batch, ParallelizationFactor: parallel, StreamViewType: stator.StreamNewAndOldImages}
	for done := false; !done; lives++ {
		db := open()
		var dead atomic.Bool
		ctx, die := context.WithCancel(t.Context())
		var left atomic.Int32
		left.Store(5 + rand.Int32N(20)) // batches
		handler := func(ctx context.Context, e stator.TriggerEvent) error {
			h.end(h.begin(e))
			if left.Add(-1) == 0 {
				dead.Store(true)
				die()
			}
			return nil // but it is not saved any more
		}
		client := &flaky{Client: db, refuse: func(in api.Request) error {
			if dead.Load() {
				return &stator.Error{Code: api.CodeInternalServerError, Message: "the program is dead"}
			}
			return nil
		}}
		if early {
			client.Client = &saver{Client: db}
		}
		trigger, err := stator.StartTrigger(ctx, client, "users", "test", handler, options)
		require.NoError(t, err)
		for !done && !dead.Load() {
			s, err := trigger.State(t.Context())
			done = err == nil && s.Behind == 0 && !dead.Load()
			time.Sleep(time.Millisecond)
		}
		die()
		trigger.Close()
		require.NoError(t, db.Close())
	}
	return lives
}

// saver saves the position of what was read before anybody has seen it, as
// nobody should.
type saver struct {
	stator.Client
	mu      sync.Mutex
	session *string
}

func (s *saver) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	if in, ok := in.(*api.SavePositionInput); ok && in.Position != nil {
		return &api.SavePositionOutput{}, nil
	}
	out, err := s.Client.Serve(ctx, in)
	switch out := out.(type) {
	case *api.OpenSubscriptionOutput:
		s.mu.Lock()
		s.session = &out.Session
		s.mu.Unlock()
	case *api.ReadChangesOutput:
		s.mu.Lock()
		session := s.session
		s.mu.Unlock()
		_, err := s.Client.Serve(ctx, &api.SavePositionInput{
			TableName: new("users"), SubscriptionName: new("test"), Session: session, Position: out.Position,
		})
		if err != nil {
			return nil, err
		}
	}
	return out, err
}

// The place that is saved never passes a record that is not done, whatever
// other lanes of its shard have done.
func TestTriggerPositionWaitsForTheSlowest(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		release := make(chan struct{})
		var seen journal
		handler := func(_ context.Context, e stator.TriggerEvent) error {
			var u user
			if err := e.Records[0].UnmarshalNew(&u); err != nil {
				return err
			}
			if u.ID == "u1" {
				<-release
			}
			seen.add(u.ID)
			return nil
		}
		options := &stator.TriggerOptions{BatchSize: 1, ParallelizationFactor: 10, HandlerTimeout: -1}
		trigger := b.start(handler, options)
		b.put(1)
		for i := range 100 {
			require.NoError(t, b.users.Put(t.Context(), user{ID: fmt.Sprint("x", i)}))
		}
		b.sleep(time.Minute)
		done := len(seen.take())
		require.Greater(t, done, 90, "nearly all others")
		behind := b.state(trigger).Behind
		require.Greater(t, behind, int64(101-done), "what is done behind u1 is not saved")
		close(release)
		b.sleep(time.Minute)
		require.Zero(t, b.state(trigger).Behind)
	})
}

// Reading stops while too much waits, and goes on.
func TestTriggerReadsNoFurtherThanItMust(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		release := make(chan struct{})
		h := newHistory()
		client := &flaky{Client: b.DB}
		read := 0
		client.refuse = func(in api.Request) error {
			if in, ok := in.(*api.ReadChangesInput); ok {
				for _, next := range in.Position.Next {
					read = max(read, int(next)-1)
				}
			}
			return nil
		}
		items := make([]user, 0, 25)
		for v := range 4000 {
			items = append(items[:0], user{ID: "u0", Visits: v + 1})
			_, err := b.users.BatchPut(t.Context(), items)
			require.NoError(t, err)
		}
		trigger := b.startOn(client, func(_ context.Context, e stator.TriggerEvent) error {
			<-release
			h.end(h.begin(e))
			return nil
		}, &stator.TriggerOptions{HandlerTimeout: -1})
		b.sleep(time.Minute)
		client.mu.Lock()
		require.Equal(t, 1000, read)
		client.mu.Unlock()
		require.NoError(t, b.users.Put(t.Context(), user{ID: "u1", Visits: 1})) // perhaps of another shard
		synctest.Wait()
		close(release)
		b.sleep(time.Minute)
		fault, repeated := h.check(1, 4000)
		require.Empty(t, fault)
		require.Zero(t, repeated)
		require.Zero(t, b.state(trigger).Behind)
	})
}

// ctx of a program that ends while much waits: nothing is left running.
func TestTriggerLeavesNothingBehind(t *testing.T) {
	before := goleak.IgnoreCurrent()
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	users, err := stator.CreateTableFor[user](t.Context(), db, "users", stator.Stream(stator.StreamKeys))
	require.NoError(t, err)
	var triggers []*stator.Trigger
	for i := range 10 {
		trigger, err := stator.StartTrigger(t.Context(), db, "users", strings.Repeat("t", i+1), func(ctx context.Context, _ stator.TriggerEvent) error {
			<-ctx.Done()
			return nil
		}, &stator.TriggerOptions{ParallelizationFactor: 3, HandlerTimeout: 50 * time.Millisecond})
		require.NoError(t, err)
		triggers = append(triggers, trigger)
	}
	for i := range 100 {
		require.NoError(t, users.Put(t.Context(), user{ID: fmt.Sprint("u", i)}))
	}
	require.Error(t, goleak.Find(before), "control: they are found while they run")
	for i, trigger := range triggers {
		if i%2 == 0 {
			trigger.Pause()
		}
		require.NoError(t, trigger.Close())
	}
	require.NoError(t, db.Close())
	require.NoError(t, goleak.Find(before))
}
