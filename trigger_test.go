package stator_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// inBubble runs a test with a database whose time passes when all of it waits.
// The bubble ends only when no goroutine of it is left.
func inBubble(t *testing.T, test func(t *testing.T, b *bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db, err := stator.OpenMemory(nil)
		require.NoError(t, err)
		users, err := stator.CreateTableFor[user](t.Context(), db, "users", stator.Stream(stator.StreamNewAndOldImages))
		require.NoError(t, err)
		b := &bubble{t: t, DB: db, users: users, began: time.Now()}
		defer func() { // also when the test failed
			for _, trigger := range b.triggers {
				trigger.Close()
			}
			db.Close()
		}()
		test(t, b)
	})
}

type bubble struct {
	*stator.DB
	t        *testing.T
	users    stator.TableOf[user]
	began    time.Time
	triggers []*stator.Trigger
}

// start starts a trigger named "test" on the database, or on what stands before it.
func (b *bubble) start(handler stator.TriggerHandler, options *stator.TriggerOptions) *stator.Trigger {
	b.t.Helper()
	return b.startOn(b.DB, handler, options)
}

func (b *bubble) startOn(c stator.Client, handler stator.TriggerHandler, options *stator.TriggerOptions) *stator.Trigger {
	b.t.Helper()
	trigger, err := stator.StartTrigger(b.t.Context(), c, "users", "test", handler, options)
	require.NoError(b.t, err)
	b.triggers = append(b.triggers, trigger)
	return trigger
}

// put writes visits of one user each, so that all are in one shard.
func (b *bubble) put(visits ...int) {
	b.t.Helper()
	for _, v := range visits {
		require.NoError(b.t, b.users.Put(b.t.Context(), user{ID: "u1", Visits: v}))
	}
}

// sleep lets time pass and all that is due then happen.
func (b *bubble) sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (b *bubble) passed() time.Duration { return time.Since(b.began) }

func (b *bubble) state(trigger *stator.Trigger) stator.TriggerState {
	b.t.Helper()
	s, err := trigger.State(b.t.Context())
	require.NoError(b.t, err)
	return s
}

// journal is what a handler saw: a text for each batch.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (l *journal) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *journal) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

// visitsIn are those of the new images of a batch.
func visitsIn(e stator.TriggerEvent) string {
	var found []string
	for i := range e.Records {
		var u user
		if err := e.Records[i].UnmarshalNew(&u); err != nil {
			return err.Error()
		}
		found = append(found, strconv.Itoa(u.Visits))
	}
	return strings.Join(found, " ")
}

func TestTriggerOptionsAreJudgedAtOnce(t *testing.T) {
	db := openMemory(t)
	handler := func(context.Context, stator.TriggerEvent) error { return nil }
	_, err := stator.StartTrigger(t.Context(), db, "users", "test", handler, &stator.TriggerOptions{
		BatchSize: 10_001, MaximumBatchingWindow: 301 * time.Second, StartingPosition: "AT_TIMESTAMP",
		FilterCriteria: []string{`{"a": 1}`, `{}`}, ParallelizationFactor: 11, MaximumRetryAttempts: new(-2),
		MaximumRecordAge: time.Second, HandlerTimeout: time.Hour, StreamViewType: "ALL",
	})
	require.EqualError(t, err, `stator: TriggerOptions.BatchSize is 10001, allowed are 1 to 10,000
TriggerOptions.MaximumBatchingWindow is 5m1s, allowed are 0 to 300 s
TriggerOptions.StartingPosition is AT_TIMESTAMP, allowed are TRIM_HORIZON and LATEST
TriggerOptions.FilterCriteria[0]: a is a number, and must be an object or a list of values
FilterCriteria[1]: the pattern is an empty object, which matches nothing
TriggerOptions.ParallelizationFactor is 11, allowed are 1 to 10
TriggerOptions.MaximumRetryAttempts is -2, allowed are -1 to 10,000
TriggerOptions.MaximumRecordAge is 1s, allowed are 60 s to 7 days, and -1
TriggerOptions.HandlerTimeout is 1h0m0s, allowed are up to 15 minutes
TriggerOptions.StreamViewType is ALL, allowed are KEYS_ONLY, NEW_IMAGE, OLD_IMAGE and NEW_AND_OLD_IMAGES`)

	_, err = stator.StartTrigger(t.Context(), db, "users", "test", nil, nil)
	require.EqualError(t, err, "stator: StartTrigger: the handler is nil")
	_, err = stator.StartTrigger(t.Context(), nil, "users", "test", handler, nil)
	require.ErrorContains(t, err, "the Client is nil")
	_, err = stator.StartTrigger(t.Context(), db, "users", "test", handler, nil)
	require.ErrorIs(t, err, stator.ErrTableNotFound)
	users, err := stator.CreateTableFor[user](t.Context(), db, "users")
	require.NoError(t, err)
	_, err = stator.StartTrigger(t.Context(), db, "users", "test", handler, nil)
	require.ErrorContains(t, err, "keeps no journal of its changes")
	_, err = stator.StartTrigger(t.Context(), db, "users", "a name", handler, nil)
	require.ErrorIs(t, err, stator.ErrValidation)
	_, err = users.Trigger(t.Context(), "test", nil, nil)
	require.EqualError(t, err, "stator: Trigger: the handler is nil")
	_, err = stator.TableOf[user]{}.Trigger(t.Context(), "test", nil, nil)
	require.ErrorContains(t, err, "zero TableOf")
}

func TestTriggerBatchesBySize(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.put(1, 2, 3, 4, 5, 6, 7)
		var seen journal
		trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error { seen.add(visitsIn(e)); return nil },
			&stator.TriggerOptions{BatchSize: 3})
		synctest.Wait()
		require.Equal(t, []string{"1 2 3", "4 5 6", "7"}, seen.take())
		b.put(8)
		synctest.Wait()
		require.Equal(t, []string{"8"}, seen.take())
		s := b.state(trigger)
		require.Equal(t, stator.TriggerState{
			Status: stator.TriggerEnabled, LastProcessingResult: "OK", Processed: 8, Invocations: 4,
		}, s)
		require.Less(t, b.passed(), time.Second)
	})
}

func TestTriggerBatchesByWindow(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var seen journal
		b.start(func(_ context.Context, e stator.TriggerEvent) error {
			seen.add(fmt.Sprint(visitsIn(e), " at ", b.passed()))
			return nil
		}, &stator.TriggerOptions{BatchSize: 3, MaximumBatchingWindow: 10 * time.Second})
		synctest.Wait()
		b.put(1)
		b.sleep(4 * time.Second)
		b.put(2)
		b.sleep(5 * time.Second)
		require.Empty(t, seen.take())
		b.sleep(2 * time.Second)
		require.Equal(t, []string{"1 2 at 10s"}, seen.take())
		b.put(3, 4, 5, 6)
		synctest.Wait()
		require.Equal(t, []string{"3 4 5 at 11s"}, seen.take())
		b.sleep(11 * time.Second)
		require.Equal(t, []string{"6 at 21s"}, seen.take())
	})
}

func TestTriggerBatchesAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		text := strings.Repeat("x", 390_000)
		for i := range 20 {
			require.NoError(t, b.users.Put(t.Context(), user{ID: "u1", Name: "n", Org: "o", Visits: i, Tags: []string{text[:100_000+i]}}))
		}
		most, records := 0, 0
		trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error {
			size := 0
			for _, r := range e.Records {
				size += int(r.SizeBytes)
			}
			most, records = max(most, size), records+len(e.Records)
			return nil
		}, &stator.TriggerOptions{MaximumBatchingWindow: time.Minute})
		b.sleep(2 * time.Minute)
		require.NoError(t, trigger.Close())
		require.Equal(t, 20, records)
		require.Less(t, most, 6<<20)
	})
}

func TestTriggerStartsWhereItIsTold(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.put(1)
		var seen journal
		handler := func(_ context.Context, e stator.TriggerEvent) error { seen.add(visitsIn(e)); return nil }
		trigger := b.start(handler, &stator.TriggerOptions{StartingPosition: api.ShardIteratorTypeLatest})
		_, err := stator.StartTrigger(t.Context(), b, "users", "test", handler, nil)
		require.ErrorIs(t, err, stator.ErrResourceInUse)
		b.put(2)
		synctest.Wait()
		require.NoError(t, trigger.Close())
		require.NoError(t, trigger.Close())
		require.Equal(t, []string{"2"}, seen.take())
		b.put(3)
		trigger = b.start(handler, nil) // of a known name
		synctest.Wait()
		require.Equal(t, []string{"3"}, seen.take())
		require.NoError(t, trigger.Close())
	})
}

func TestTriggerPausesAndResumes(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var seen journal
		trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error { seen.add(visitsIn(e)); return nil },
			&stator.TriggerOptions{Paused: true})
		b.put(1)
		b.sleep(time.Minute)
		require.Empty(t, seen.take())
		s := b.state(trigger)
		require.Equal(t, stator.TriggerDisabled, s.Status)
		require.Equal(t, "No records processed", s.LastProcessingResult)
		require.EqualValues(t, 1, s.Behind)
		require.Equal(t, time.Minute, s.Lag)
		trigger.Resume()
		synctest.Wait()
		require.Equal(t, []string{"1"}, seen.take())
		trigger.Pause()
		trigger.Pause()
		synctest.Wait()
		b.put(2, 3)
		b.sleep(time.Hour)
		require.Empty(t, seen.take())
		trigger.Resume()
		trigger.Resume()
		synctest.Wait()
		require.Equal(t, []string{"2 3"}, seen.take())
		require.Zero(t, b.state(trigger).Behind)
	})
}

// A trigger that is paused while a handler works and others wait in memory.
func TestTriggerPausesInTheMiddle(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var seen journal
		trigger := b.start(func(ctx context.Context, e stator.TriggerEvent) error {
			time.Sleep(time.Second)
			seen.add(visitsIn(e))
			return nil
		}, &stator.TriggerOptions{BatchSize: 1})
		b.put(1, 2, 3)
		synctest.Wait()
		trigger.Pause()
		require.Equal(t, stator.TriggerDisabling, b.state(trigger).Status)
		b.sleep(time.Minute)
		require.Equal(t, []string{"1"}, seen.take())
		s := b.state(trigger)
		require.Equal(t, stator.TriggerDisabled, s.Status)
		require.EqualValues(t, 2, s.Behind)
		require.NoError(t, trigger.Close())
		b.start(func(_ context.Context, e stator.TriggerEvent) error { seen.add(visitsIn(e)); return nil }, nil)
		synctest.Wait()
		require.Equal(t, []string{"2 3"}, seen.take())
	})
}

func TestTriggerEndsWithItsContext(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		ctx, cancel := context.WithCancel(t.Context())
		var seen error
		trigger, err := stator.StartTrigger(ctx, b, "users", "test", func(ctx context.Context, e stator.TriggerEvent) error {
			<-ctx.Done()
			seen = ctx.Err()
			return seen
		}, nil)
		require.NoError(t, err)
		b.put(1)
		synctest.Wait()
		cancel()
		<-trigger.Done()
		require.Equal(t, context.Canceled, seen)
		require.NoError(t, trigger.Close())
		var batches journal
		b.start(func(_ context.Context, e stator.TriggerEvent) error { batches.add(visitsIn(e)); return nil }, nil)
		synctest.Wait()
		require.Equal(t, []string{"1"}, batches.take(), "it was not done")
	})
}

func TestTriggerEndsWithTheTable(t *testing.T) {
	for _, again := range []bool{false, true} {
		inBubble(t, func(t *testing.T, b *bubble) {
			trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error { return nil }, nil)
			b.put(1)
			synctest.Wait()
			require.NoError(t, stator.DeleteTable(t.Context(), b, "users"))
			if again {
				_, err := stator.CreateTableFor[user](t.Context(), b, "users", stator.Stream(stator.StreamKeys))
				require.NoError(t, err)
			}
			<-trigger.Done()
			s, _ := trigger.State(t.Context())
			require.Equal(t, stator.TriggerDisabled, s.Status)
			require.Contains(t, s.LastProcessingResult, "PROBLEM: stator: trigger test: table users was deleted")
			require.ErrorContains(t, trigger.Close(), "table users was deleted")
		})
	}
}

func TestTriggerEndsWithTheDatabase(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error { return nil }, nil)
		synctest.Wait()
		require.NoError(t, b.Close())
		<-trigger.Done()
		require.ErrorIs(t, trigger.Close(), stator.ErrClosed)
		s, err := trigger.State(t.Context())
		require.ErrorIs(t, err, stator.ErrClosed)
		require.Contains(t, s.LastProcessingResult, "PROBLEM: stator: trigger test: the database was closed")
	})
}

// A stream that is switched off is a problem that may pass.
func TestTriggerOutlivesItsStream(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var seen journal
		trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error {
			seen.add(visitsIn(e) + " " + string(e.Records[0].StreamViewType))
			return nil
		}, nil)
		b.put(1)
		synctest.Wait()
		require.NoError(t, stator.UpdateTable(t.Context(), b, "users", stator.NoStream()))
		b.put(2) // in no journal
		b.sleep(5 * time.Minute)
		s := b.state(trigger)
		require.Equal(t, stator.TriggerEnabled, s.Status)
		require.Contains(t, s.LastProcessingResult, "PROBLEM: ")
		require.Contains(t, s.LastProcessingResult, "keeps no journal")
		require.NoError(t, stator.UpdateTable(t.Context(), b, "users", stator.Stream(stator.StreamNewImage)))
		b.put(3)
		b.sleep(5 * time.Minute)
		require.Equal(t, []string{"1 NEW_AND_OLD_IMAGES", "3 NEW_IMAGE"}, seen.take())
		require.Equal(t, "OK", b.state(trigger).LastProcessingResult)
	})
}

func TestTypedTrigger(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var seen journal
		trigger, err := b.users.Trigger(t.Context(), "typed", func(_ context.Context, changes []stator.Change[user]) error {
			for _, c := range changes {
				require.Error(t, c.Ack(t.Context()))
				seen.add(fmt.Sprint(c.EventName, c.Old, c.New, c.Keys))
			}
			return nil
		}, &stator.TriggerOptions{StreamViewType: api.StreamViewTypeKeysOnly})
		require.NoError(t, err)
		b.triggers = append(b.triggers, trigger)
		b.put(1, 2)
		require.NoError(t, b.users.Delete(t.Context(), stator.Key("u1")))
		synctest.Wait()
		require.Equal(t, []string{
			`INSERT<nil> &{u1   1 []} {id: "u1"}`, `MODIFY&{u1   1 []} &{u1   2 []} {id: "u1"}`, `REMOVE&{u1   2 []} <nil> {id: "u1"}`,
		}, seen.take())
		_, err = stator.TableFor[stator.Item](b, "users").Update(t.Context(), stator.Key("u9"), stator.Set("visits", "many"))
		require.NoError(t, err)
		synctest.Wait()
		s, err := trigger.State(t.Context())
		require.NoError(t, err)
		require.Contains(t, s.LastProcessingResult, "new image")
	})
}

var errDown = errors.New("the mail server is down")
