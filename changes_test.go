package stator_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator"
	"github.com/statordb/stator/kv/boltkv"
)

// hands are a clock that a test moves.
type hands struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hands) Now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }

func (h *hands) move(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.now = h.now.Add(d) }

// home is a database that is opened again as a restarted program does: on a
// file the process's memory is gone, in memory all remains.
type home struct {
	*stator.DB
	*hands
	path string // "" is in memory
}

func (h *home) open(t *testing.T) {
	options := &stator.Options{Now: h.Now}
	var err error
	if h.path == "" {
		h.DB, err = stator.OpenMemory(options)
		require.NoError(t, err)
		return
	}
	store, err := boltkv.Open(h.path, &boltkv.Options{NoSync: true})
	require.NoError(t, err)
	h.DB, err = stator.OpenStore(store, options)
	require.NoError(t, err)
}

func (h *home) restart(t *testing.T) {
	if h.path == "" {
		return
	}
	require.NoError(t, h.Close())
	h.open(t)
}

// everywhere runs a test on both stores, and looks for goroutines that are left.
func everywhere(t *testing.T, test func(t *testing.T, h *home)) {
	for _, file := range []bool{false, true} {
		name := "memory"
		if file {
			name = "file"
		}
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			h := &home{hands: &hands{now: time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)}}
			if file {
				h.path = filepath.Join(t.TempDir(), "app.db")
			}
			h.open(t)
			defer func() { require.NoError(t, h.Close()) }()
			test(t, h)
		})
	}
}

func streamed(t *testing.T, c stator.Client) stator.TableOf[user] {
	t.Helper()
	users, err := stator.CreateTableFor[user](t.Context(), c, "users", stator.Stream(stator.StreamKeys))
	require.NoError(t, err)
	return users
}

func users(c stator.Client) stator.TableOf[user] { return stator.TableFor[user](c, "users") }

// take returns the next n changes of a loop, and the error that ended it.
func take[T any](ctx context.Context, n int, t stator.TableOf[T], options ...stator.ChangesOption) (all []stator.Change[T], err error) {
	for c, err := range t.Changes(ctx, options...) {
		if err != nil {
			return all, err
		}
		if all = append(all, c); len(all) == n {
			break
		}
	}
	return all, nil
}

// visits returns what the changes say of items, in order: "u1=2" for a new
// image, "-u1" for a removed item.
func visits(changes []stator.Change[user]) []string {
	texts := []string{}
	for _, c := range changes {
		if c.New == nil {
			texts = append(texts, "-"+c.Old.ID)
		} else {
			texts = append(texts, fmt.Sprintf("%s=%d", c.New.ID, c.New.Visits))
		}
	}
	return texts
}

func put(t *testing.T, table stator.TableOf[user], id string, visits int) {
	t.Helper()
	require.NoError(t, table.Put(t.Context(), user{ID: id, Visits: visits}))
}

func TestChangesTellWhatHappened(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users := streamed(t, h)
		put(t, users, "u0", 1)
		start, err := users.Position(ctx)
		require.NoError(t, err)

		put(t, users, "u1", 1)
		h.move(time.Second)
		put(t, users, "u1", 1) // changes nothing
		_, err = users.Update(ctx, stator.Key("u1"), stator.Add("visits", 4))
		require.NoError(t, err)
		h.move(time.Second)
		require.NoError(t, users.Delete(ctx, stator.Key("u1")))
		require.NoError(t, users.Delete(ctx, stator.Key("u1"))) // there is none
		require.NoError(t, stator.Transact(ctx, h, users.TxPut(user{ID: "u2", Visits: 7}), users.TxDelete(stator.Key("u0"))))

		all, err := take(ctx, 5, users, stator.After(start))
		require.NoError(t, err)
		of := map[string][]stator.Change[user]{}
		seen := map[string]bool{}
		for _, c := range all {
			id := c.Keys["id"].Str()
			require.Len(t, c.Keys, 1)
			require.False(t, c.Expired)
			require.GreaterOrEqual(t, len(c.SequenceNumber), 21)
			require.False(t, seen[c.SequenceNumber])
			seen[c.SequenceNumber] = true
			of[id] = append(of[id], c)
		}
		u1 := of["u1"]
		require.Len(t, u1, 3)
		for i, want := range []struct {
			event    stator.EventName
			old, new *user
		}{
			{stator.EventInsert, nil, &user{ID: "u1", Visits: 1}},
			{stator.EventModify, &user{ID: "u1", Visits: 1}, &user{ID: "u1", Visits: 5}},
			{stator.EventRemove, &user{ID: "u1", Visits: 5}, nil},
		} {
			require.Equal(t, want.event, u1[i].EventName)
			require.Equal(t, want.old, u1[i].Old)
			require.Equal(t, want.new, u1[i].New)
			require.WithinDuration(t, h.Now().Add(time.Duration(i-2)*time.Second), u1[i].Time, time.Millisecond)
		}
		require.Equal(t, stator.EventInsert, of["u2"][0].EventName)
		require.Equal(t, stator.EventRemove, of["u0"][0].EventName)
		require.Equal(t, of["u2"][0].Time, of["u0"][0].Time, "of one transaction")
	})
}

func TestChangesBeginWhereToldTo(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users := streamed(t, h)
		for i := range 3 { // of one item, so that their order is certain
			put(t, users, "u1", i+1)
			h.move(time.Minute)
		}
		all, err := take(ctx, 3, users, stator.FromStart())
		require.NoError(t, err)
		kept, err := stator.ParsePosition(all[1].Position().String())
		require.NoError(t, err)
		second := all[1]

		tests := map[string]struct {
			option stator.SubscribeOption
			want   []string
		}{
			"from the start":          {stator.FromStart(), []string{"u1=1", "u1=2", "u1=3"}},
			"from a time":             {stator.FromTime(second.Time), []string{"u1=2", "u1=3"}},
			"from just after":         {stator.FromTime(second.Time.Add(time.Microsecond)), []string{"u1=3"}},
			"from before the stream":  {stator.FromTime(h.Now().Add(-time.Hour)), []string{"u1=1", "u1=2", "u1=3"}},
			"at a sequence number":    {stator.AtSequence(second.SequenceNumber), []string{"u1=2", "u1=3"}},
			"after a sequence number": {stator.AfterSequence(second.SequenceNumber), []string{"u1=3"}},
			"after the last":          {stator.AfterSequence(all[2].SequenceNumber), []string{}},
			"after a kept position":   {stator.After(kept), []string{"u1=3"}},
			"from now":                {stator.FromNow(), []string{}},
			"without a word":          {stator.Buffer(3), []string{}},
			"a new name":              {stator.As("new"), []string{"u1=1", "u1=2", "u1=3"}},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				sub, err := users.Subscribe(ctx, tt.option)
				require.NoError(t, err)
				defer sub.Close()
				put(t, users, "mark of "+name, 1)
				var got []stator.Change[user]
				for c := range sub.C() {
					if c.New.ID == "mark of "+name {
						break
					}
					if c.New.ID == "u1" {
						got = append(got, c)
					}
				}
				require.Equal(t, tt.want, visits(got))
			})
		}
	})
}

func TestChangesWaitForMore(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users := streamed(t, h)
		start, err := users.Position(ctx)
		require.NoError(t, err)
		var writer sync.WaitGroup
		next := make(chan int, 1)
		writer.Go(func() {
			for i := range next { // each write only after the loop had the one before
				put(t, users, "u1", i+1)
			}
		})
		n := 0
		next <- n
		for c, err := range users.Changes(ctx, stator.After(start)) {
			require.NoError(t, err)
			n++
			require.Equal(t, n, c.New.Visits)
			if n == 100 {
				break
			}
			next <- n
		}
		close(next)
		writer.Wait()
		require.Equal(t, 100, n)
	})
}

func TestChangesEndWithTheContext(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		users := streamed(t, h)
		ctx, cancel := context.WithCancel(t.Context())
		put(t, users, "u1", 1)
		put(t, users, "u1", 2)
		n := 0
		for c, err := range users.Changes(ctx, stator.FromStart(), stator.As("ends")) {
			if n++; n == 1 {
				require.NoError(t, err)
				cancel() // the second change was read with the first, and is not delivered
				continue
			}
			require.ErrorIs(t, err, context.Canceled)
			require.Zero(t, c)
		}
		require.Equal(t, 2, n)

		ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		all, err := take(ctx, 3, users, stator.As("ends"))
		require.ErrorIs(t, err, context.DeadlineExceeded, "while it waits")
		require.Equal(t, []string{"u1=1", "u1=2"}, visits(all), "the name was given up")

		_, err = take(ctx, 1, users)
		require.ErrorIs(t, err, context.DeadlineExceeded, "before it begins")
		_, err = users.Subscribe(ctx, stator.As("never"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = users.Position(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestChangesEndWithTheDatabase(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	users := streamed(t, db)
	sub, err := users.Subscribe(t.Context(), stator.As("closed"))
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { _, err := take(t.Context(), 1, users); ended <- err }()
	require.NoError(t, db.Close())
	require.ErrorIs(t, <-ended, stator.ErrClosed)
	_, open := <-sub.C()
	require.False(t, open)
	require.ErrorIs(t, sub.Err(), stator.ErrClosed)
	_ = sub.Close()
}

func TestFaultyStartsAreRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users := streamed(t, h)
		put(t, users, "u1", 1)
		all, err := take(ctx, 1, users, stator.FromStart())
		require.NoError(t, err)
		number := all[0].SequenceNumber
		other, err := stator.CreateTableFor[user](ctx, h, "others", stator.Stream(stator.StreamKeys))
		require.NoError(t, err)
		elsewhere, err := other.Position(ctx)
		require.NoError(t, err)
		_, err = stator.CreateTableFor[user](ctx, h, "silent")
		require.NoError(t, err)
		silent := stator.TableFor[user](h, "silent")

		tests := map[string]struct {
			table  stator.TableOf[user]
			option stator.ChangesOption
			is     error
			says   string
		}{
			"no stream":             {silent, stator.FromNow(), stator.ErrValidation, "Table silent keeps no journal of its changes"},
			"no stream, a name":     {silent, stator.As("a"), stator.ErrValidation, "Table silent keeps no journal of its changes"},
			"no table":              {stator.TableFor[user](h, "nobody"), stator.FromNow(), stator.ErrTableNotFound, ""},
			"no table, a name":      {stator.TableFor[user](h, "nobody"), stator.As("a"), stator.ErrTableNotFound, ""},
			"a future number":       {users, stator.AfterSequence(number[:len(number)-6] + "999999"), stator.ErrValidation, "is no sequence number that a change of table users has had"},
			"no number":             {users, stator.AtSequence("seven"), stator.ErrValidation, "sequenceNumber"},
			"a future time":         {users, stator.FromTime(h.Now().Add(time.Second)), stator.ErrValidation, "Timestamp cannot be in the future"},
			"a position elsewhere":  {users, stator.After(elsewhere), stator.ErrValidation, "Invalid Position: it is of table id"},
			"a position of nothing": {users, stator.After(nil), stator.ErrValidation, "After was given a nil Position"},
			"a made-up position":    {users, stator.After(&stator.Position{}), stator.ErrValidation, "Position"},
			"an empty name":         {users, stator.As(""), stator.ErrValidation, "subscriptionName"},
			"a name with a space":   {users, stator.As("my mailer"), stator.ErrValidation, "subscriptionName"},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				_, err := take(ctx, 1, tt.table, tt.option)
				require.ErrorIs(t, err, tt.is)
				require.ErrorContains(t, err, tt.says)
				_, err = tt.table.Subscribe(ctx, tt.option.(stator.SubscribeOption))
				require.ErrorIs(t, err, tt.is)
			})
		}
		_, err = users.Subscribe(ctx, stator.Buffer(-1))
		require.ErrorContains(t, err, "Buffer is -1")
		_, err = stator.ParsePosition("p1.nonsense")
		require.ErrorIs(t, err, stator.ErrValidation)
		_, err = take(ctx, 1, users.Via(nil))
		require.EqualError(t, err, "stator: ReadChanges: the Client is nil")
		_, err = take(ctx, 1, stator.TableOf[user]{})
		require.ErrorContains(t, err, "a zero TableOf is no handle")
		list, err := users.Subscriptions(ctx)
		require.NoError(t, err)
		require.Empty(t, list, "what was refused left nothing behind")
	})
}

func TestTablesThatGoWhileTheyAreRead(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		for _, again := range []bool{false, true} {
			users := streamed(t, h)
			sub, err := users.Subscribe(ctx, stator.As("reader"))
			require.NoError(t, err)
			put(t, users, "u1", 1)
			c := <-sub.C()
			require.Equal(t, "u1", c.New.ID)
			require.NoError(t, stator.DeleteTable(ctx, h, "users"))
			want := stator.ErrTableNotFound
			if again {
				streamed(t, h)
				want = stator.ErrValidation
			}
			for range sub.C() {
			}
			if !again || !errors.Is(sub.Err(), stator.ErrTableNotFound) { // it may have looked in between
				require.ErrorIs(t, sub.Err(), want)
			}
			_ = sub.Close() // what it would give up is gone
			if again {
				require.ErrorIs(t, c.Ack(ctx), stator.ErrTableNotFound)
				_, err = take(ctx, 1, users, stator.After(c.Position()))
				require.ErrorIs(t, err, stator.ErrValidation)
				require.ErrorContains(t, err, "it is of table id")
				next, err := users.Subscribe(ctx, stator.As("reader"))
				require.NoError(t, err, "the name is free in the new table")
				require.NoError(t, next.Close())
			} else {
				require.ErrorIs(t, c.Ack(ctx), stator.ErrTableNotFound)
			}
		}
	})
}

func TestReadersThatFallBehindAreTold(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users := streamed(t, h)
		start, err := users.Position(ctx)
		require.NoError(t, err)
		named, err := users.Subscribe(ctx, stator.As("slow"))
		require.NoError(t, err)
		require.NoError(t, named.Close())
		slow, err := users.Subscribe(ctx, stator.Buffer(0))
		require.NoError(t, err)
		defer slow.Close()

		many, _ := manyUsers(1500) // more than a page
		_, err = users.BatchPut(ctx, many)
		require.NoError(t, err)
		early, err := take(ctx, 1, users, stator.FromStart())
		require.NoError(t, err, "control: they are there")
		h.move(25 * time.Hour)
		put(t, users, "late", 1)
		did, err := h.Maintain(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 1500, did.Trimmed)

		n := 0
		for c := range slow.C() {
			require.NotEqual(t, "late", c.New.ID, "there is no silent gap")
			n++
		}
		require.Less(t, n, 1500)
		require.ErrorIs(t, slow.Err(), stator.ErrTrimmed)
		for _, option := range []stator.ChangesOption{
			stator.After(start), stator.After(early[0].Position()), stator.As("slow"), stator.AtSequence(early[0].SequenceNumber),
		} {
			_, err = take(ctx, 1, users, option)
			require.ErrorIs(t, err, stator.ErrTrimmed)
			require.ErrorContains(t, err, "The reader is too far behind: of slot ")
			require.ErrorContains(t, err, " are no longer kept")
		}
		late, err := take(ctx, 1, users, stator.FromStart())
		require.NoError(t, err)
		require.Equal(t, []string{"late=1"}, visits(late))

		list, err := users.Subscriptions(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 1501, list[0].Behind)
		require.NoError(t, users.DeleteSubscription(ctx, "slow"))
		late, err = take(ctx, 1, users, stator.As("slow"))
		require.NoError(t, err)
		require.Equal(t, []string{"late=1"}, visits(late))
	})
}

func TestImagesThatDoNotFit(t *testing.T) {
	everywhere(t, func(t *testing.T, h *home) {
		ctx := t.Context()
		users := streamed(t, h)
		put(t, users, "u1", 1)
		bad := stator.Item{"id": stator.S("u1"), "visits": stator.S("many")}
		require.NoError(t, h.Table("users").Put(ctx, bad))
		put(t, users, "u1", 3)

		for range 2 { // the place does not move by itself
			var got []stator.Change[user]
			for c, err := range users.Changes(ctx, stator.As("reader")) {
				got = append(got, c)
				if len(got) == 1 {
					require.NoError(t, err)
					require.NoError(t, c.Ack(ctx))
					continue
				}
				require.ErrorContains(t, err, "stator: change "+c.SequenceNumber+` of table users, item {id: "u1"}: new image: `)
				require.ErrorContains(t, err, "visits")
				require.Equal(t, stator.EventModify, c.EventName)
				require.Nil(t, c.Old)
				require.Nil(t, c.New)
			}
			require.Len(t, got, 2, "the error is the last pair")
			require.NoError(t, users.DeleteSubscription(ctx, "reader"))
		}
		sub, err := users.Subscribe(ctx, stator.FromStart())
		require.NoError(t, err)
		for range sub.C() {
		}
		require.ErrorContains(t, sub.Err(), "visits")
		require.NoError(t, sub.Close())

		passed := 0
		var after []stator.Change[user]
		for passed < 2 {
			for c, err := range users.Changes(ctx, stator.As("passes")) {
				require.NoError(t, c.Ack(ctx))
				if err != nil {
					passed++
				} else if after = append(after, c); c.New.Visits == 3 {
					passed = 2
					break
				}
			}
		}
		require.Equal(t, []string{"u1=1"}, visits(after[:1]))
		raw, err := take(ctx, 3, h.Table("users"), stator.FromStart())
		require.NoError(t, err)
		require.Equal(t, bad, *raw[1].New, "of a table of Items everything fits")
		require.Equal(t, raw[1].New, raw[2].Old)
	})
}
