package stator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// poison is a handler that fails for batches with one of these visits, and
// writes each batch down.
func poison(seen *journal, bad ...string) stator.TriggerHandler {
	return func(_ context.Context, e stator.TriggerEvent) error {
		found := visitsIn(e)
		seen.add(found)
		for _, v := range strings.Fields(found) {
			if slices.Contains(bad, v) {
				return fmt.Errorf("%s is poison: %w", v, errDown)
			}
		}
		return nil
	}
}

func TestTriggerRetriesForEver(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var seen journal
		var times []time.Duration
		var failing atomic.Bool
		failing.Store(true)
		trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error {
			seen.add(visitsIn(e))
			times = append(times, b.passed())
			if failing.Load() {
				return errDown
			}
			return nil
		}, nil)
		b.put(1)
		synctest.Wait()
		b.put(2)
		b.sleep(time.Hour)
		failing.Store(false)
		s := b.state(trigger)
		require.Equal(t, "PROBLEM: stator: trigger test: handler: the mail server is down", s.LastProcessingResult)
		require.ErrorIs(t, s.LastError, errDown)
		require.EqualValues(t, 2, s.Behind)
		require.EqualValues(t, time.Hour, s.Lag)
		require.Equal(t, s.Invocations, s.Failed)
		require.Equal(t, s.Invocations-1, s.Retried)
		b.sleep(time.Minute)
		lines := seen.take()
		require.Equal(t, "2", lines[len(lines)-1], "and 2 waited for 1")
		require.Equal(t, "OK", b.state(trigger).LastProcessingResult)

		// Half of 30 s on average, when the pauses are as long as they get.
		require.Greater(t, len(times), 150)
		require.Less(t, len(times), 400)
		var longest time.Duration
		for i := 1; i < len(times)-1; i++ {
			pause := times[i] - times[i-1]
			longest = max(longest, pause)
			require.LessOrEqual(t, pause, min(100*time.Millisecond<<min(i-1, 20), 30*time.Second)+1)
		}
		require.Greater(t, longest, 15*time.Second)
	})
}

func TestTriggerGivesUpAfterRetries(t *testing.T) {
	for retries, calls := range []int{1, 2, 3} {
		inBubble(t, func(t *testing.T, b *bubble) {
			var seen journal
			var failures []stator.TriggerFailure
			trigger := b.start(poison(&seen, "2"), &stator.TriggerOptions{
				MaximumRetryAttempts: &retries,
				OnFailure: func(_ context.Context, f stator.TriggerFailure) error {
					failures = append(failures, f)
					return nil
				},
				Paused: true,
			})
			b.put(1, 2)
			b.users.Put(t.Context(), user{ID: "u1", Visits: 3})
			trigger.Resume()
			b.sleep(time.Minute)
			require.Equal(t, slices.Repeat([]string{"1 2 3"}, calls), seen.take())
			require.Len(t, failures, 1)
			f := failures[0]
			require.Equal(t, stator.ConditionRetryAttemptsExhausted, f.Condition)
			require.Equal(t, calls, f.InvokeCount)
			require.ErrorIs(t, f.Err, errDown)
			require.Len(t, f.Records, 3)
			s := b.state(trigger)
			require.EqualValues(t, 3, s.Discarded)
			require.Zero(t, s.Processed)
			require.Zero(t, s.Behind)
			require.Equal(t, "OK", s.LastProcessingResult)
			b.put(4)
			synctest.Wait()
			require.Equal(t, []string{"4"}, seen.take())
		})
	}
}

// The document of a failure, and that the records are to be found with it.
func TestTriggerFailureDocument(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var seen journal
		var documents []string
		b.start(poison(&seen, "1", "2"), &stator.TriggerOptions{
			BatchSize: 2, MaximumRetryAttempts: new(0), Paused: false, MaximumBatchingWindow: time.Second,
			OnFailure: func(_ context.Context, f stator.TriggerFailure) error {
				text, err := json.Marshal(f)
				require.NoError(t, err)
				documents = append(documents, string(text))
				return nil
			},
		})
		b.put(1, 2)
		b.sleep(time.Minute)
		require.Len(t, documents, 1)
		var d map[string]map[string]any
		require.Error(t, json.Unmarshal([]byte(documents[0]), &d), "version and timestamp are strings")
		info, request := d["DDBStreamBatchInfo"], d["requestContext"]
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, request["requestId"])
		description, err := stator.DescribeTable(t.Context(), b, "users")
		require.NoError(t, err)
		require.JSONEq(t, fmt.Sprintf(`{
			"requestContext": {"requestId": %q, "functionArn": "arn:aws:lambda:local:000000000000:function:test",
				"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 1},
			"responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
			"version": "1.0", "timestamp": "2000-01-01T00:00:00.000Z",
			"DDBStreamBatchInfo": {"shardId": %q, "startSequenceNumber": %q, "endSequenceNumber": %q,
				"approximateArrivalOfFirstRecord": "2000-01-01T00:00:00Z", "approximateArrivalOfLastRecord": "2000-01-01T00:00:00Z",
				"batchSize": 2, "streamArn": %q}}`,
			request["requestId"], info["shardId"], info["startSequenceNumber"], info["endSequenceNumber"], *description.LatestStreamArn), documents[0])

		iterator, err := api.Do(t.Context(), b, &api.GetShardIteratorInput{
			StreamArn: description.LatestStreamArn, ShardId: new(info["shardId"].(string)),
			ShardIteratorType: new(api.ShardIteratorTypeAtSequenceNumber), SequenceNumber: new(info["startSequenceNumber"].(string)),
		})
		require.NoError(t, err)
		records, err := api.Do(t.Context(), b, &api.GetRecordsInput{ShardIterator: iterator.ShardIterator, Limit: new(int32(2))})
		require.NoError(t, err)
		require.Len(t, records.Records, 2)
		require.Equal(t, info["endSequenceNumber"], *records.Records[1].Dynamodb.SequenceNumber)
	})
}

func TestTriggerBisects(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var seen journal
		var failures []string
		trigger := b.start(poison(&seen, "6"), &stator.TriggerOptions{
			BisectBatchOnFunctionError: true, MaximumRetryAttempts: new(1), Paused: true,
			OnFailure: func(_ context.Context, f stator.TriggerFailure) error {
				failures = append(failures, fmt.Sprint(visitsIn(stator.TriggerEvent{Records: f.Records}), " after ", f.InvokeCount))
				return nil
			},
		})
		b.put(1, 2, 3, 4, 5, 6, 7, 8)
		trigger.Resume()
		b.sleep(time.Minute)
		require.Equal(t, []string{
			"1 2 3 4 5 6 7 8", "1 2 3 4", "5 6 7 8", "5 6", "5", "6", "6", "7 8",
		}, seen.take(), "the order is kept")
		require.Equal(t, []string{"6 after 5"}, failures)
		s := b.state(trigger)
		require.EqualValues(t, 7, s.Processed)
		require.EqualValues(t, 1, s.Discarded)
	})
}

func TestTriggerBatchItemFailures(t *testing.T) {
	for _, c := range []struct {
		name    string
		options stator.TriggerOptions
		answer  func(e stator.TriggerEvent, call int) error
		want    []string
		state   string // processed, discarded, failed
	}{
		{"none", stator.TriggerOptions{}, func(stator.TriggerEvent, int) error {
			var failed stator.BatchItemFailures
			return failed
		}, []string{"1 2 3 4"}, "4 0 0"},
		{"the lowest counts", stator.TriggerOptions{}, func(e stator.TriggerEvent, call int) error {
			if call == 1 {
				return stator.BatchItemFailures{e.Records[3].SequenceNumber, e.Records[1].SequenceNumber}
			}
			return nil
		}, []string{"1 2 3 4", "2 3 4"}, "4 0 1"},
		{"wrapped", stator.TriggerOptions{}, func(e stator.TriggerEvent, call int) error {
			if call == 1 {
				return fmt.Errorf("some: %w", stator.BatchItemFailures{e.Records[2].SequenceNumber})
			}
			return nil
		}, []string{"1 2 3 4", "3 4"}, "4 0 1"},
		{"a wrapped nothing is an error", stator.TriggerOptions{MaximumRetryAttempts: new(0)}, func(e stator.TriggerEvent, _ int) error {
			return fmt.Errorf("some: %w", stator.BatchItemFailures{})
		}, []string{"1 2 3 4"}, "0 4 1"},
		{"an empty number", stator.TriggerOptions{MaximumRetryAttempts: new(1)}, func(e stator.TriggerEvent, _ int) error {
			return stator.BatchItemFailures{e.Records[2].SequenceNumber, ""}
		}, []string{"1 2 3 4", "1 2 3 4"}, "0 4 2"},
		{"an unknown number", stator.TriggerOptions{MaximumRetryAttempts: new(1)}, func(e stator.TriggerEvent, _ int) error {
			return stator.BatchItemFailures{e.Records[2].SequenceNumber, "100000000000000000001"}
		}, []string{"1 2 3 4", "1 2 3 4"}, "0 4 2"},
		{"a record has its tries from when it is the first", stator.TriggerOptions{MaximumRetryAttempts: new(1)}, func(e stator.TriggerEvent, call int) error {
			if call <= 2 {
				return stator.BatchItemFailures{e.Records[1].SequenceNumber}
			}
			return stator.BatchItemFailures{e.Records[0].SequenceNumber}
		}, []string{"1 2 3 4", "2 3 4", "3 4"}, "2 2 3"},
		{"bisected when the first one fails", stator.TriggerOptions{MaximumRetryAttempts: new(0), BisectBatchOnFunctionError: true}, func(e stator.TriggerEvent, call int) error {
			for _, r := range e.Records {
				if visitsIn(stator.TriggerEvent{Records: []stator.TriggerRecord{r}}) == "2" {
					return stator.BatchItemFailures{r.SequenceNumber}
				}
			}
			return nil
		}, []string{"1 2 3 4", "2 3 4", "2", "3 4"}, "3 1 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				var seen journal
				call := 0
				c.options.Paused = true
				trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error {
					call++
					seen.add(visitsIn(e))
					return c.answer(e, call)
				}, &c.options)
				b.put(1, 2, 3, 4)
				trigger.Resume()
				b.sleep(time.Minute)
				require.Equal(t, c.want, seen.take())
				s := b.state(trigger)
				require.Equal(t, c.state, fmt.Sprint(s.Processed, s.Discarded, s.Failed))
				require.Zero(t, s.Behind)
			})
		})
	}
	require.EqualError(t, stator.BatchItemFailures{"1", "2", "3", "4"}, "4 of the batch's records failed: 1, 2, 3")
	require.EqualError(t, stator.BatchItemFailures{}, "no record failed")
}

func TestTriggerMaximumRecordAge(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.put(1)
		b.sleep(2 * time.Minute)
		b.put(2)
		var seen journal
		var failures []string
		var down atomic.Bool
		down.Store(true)
		trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error {
			seen.add(visitsIn(e))
			if down.Load() {
				return errDown
			}
			return nil
		}, &stator.TriggerOptions{
			MaximumRecordAge: time.Minute,
			OnFailure: func(_ context.Context, f stator.TriggerFailure) error {
				text, err := json.Marshal(f)
				require.NoError(t, err)
				require.Equal(t, f.InvokeCount > 0, strings.Contains(string(text), "responseContext"))
				failures = append(failures, fmt.Sprint(f.Condition, " ", visitsIn(stator.TriggerEvent{Records: f.Records}), " invoked ", f.InvokeCount > 0))
				return nil
			},
		})
		b.sleep(2 * time.Minute)
		down.Store(false)
		b.put(3)
		synctest.Wait()
		require.Equal(t, []string{"RecordAgeExceeded 1 invoked false", "RecordAgeExceeded 2 invoked true"}, failures)
		lines := slices.Compact(seen.take())
		require.Equal(t, []string{"2", "3"}, lines)
		require.EqualValues(t, 2, b.state(trigger).Discarded)
	})
}

// Ages are by the clock of the options, which a test moves.
func TestTriggerClock(t *testing.T) {
	h := &hands{now: time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)}
	db, err := stator.OpenMemory(&stator.Options{Now: h.Now})
	require.NoError(t, err)
	defer db.Close()
	users, err := stator.CreateTableFor[user](t.Context(), db, "users", stator.Stream(stator.StreamKeys))
	require.NoError(t, err)
	require.NoError(t, users.Put(t.Context(), user{ID: "u1"}))
	h.move(2 * time.Minute)
	require.NoError(t, users.Put(t.Context(), user{ID: "u2"}))
	var seen journal
	failures := make(chan stator.TriggerFailure, 1)
	trigger, err := stator.StartTrigger(t.Context(), db, "users", "test", poison(&seen), &stator.TriggerOptions{
		MaximumRecordAge: time.Minute, Now: h.Now, Paused: true,
		OnFailure: func(_ context.Context, f stator.TriggerFailure) error { failures <- f; return nil },
	})
	require.NoError(t, err)
	s, err := trigger.State(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2*time.Minute, s.Lag)
	trigger.Resume()
	f := <-failures
	require.Equal(t, h.Now(), f.Time)
	require.Equal(t, h.Now().Add(-2*time.Minute), f.FirstArrival)
	require.Equal(t, 1, f.BatchSize)
	require.NoError(t, trigger.Close())
}

// What a destination does not take is not lost.
func TestTriggerDestinationFails(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var seen journal
		var offered, taken atomic.Int32
		var open atomic.Bool
		options := &stator.TriggerOptions{
			MaximumRetryAttempts: new(0),
			OnFailure: func(ctx context.Context, f stator.TriggerFailure) error {
				switch offered.Add(1) {
				case 1:
					return errDown
				case 2:
					panic("no queue")
				case 3:
					<-ctx.Done()
					return nil // too late
				}
				if !open.Load() {
					return errDown
				}
				taken.Add(1)
				return nil
			},
		}
		trigger := b.start(poison(&seen, "1"), options)
		b.put(1)
		synctest.Wait()
		require.Equal(t, "PROBLEM: stator: trigger test: OnFailure: the mail server is down", b.state(trigger).LastProcessingResult)
		for offered.Load() < 4 {
			b.sleep(time.Second)
		}
		synctest.Wait()
		require.Zero(t, taken.Load())
		require.NoError(t, trigger.Close())
		require.Equal(t, []string{"1"}, seen.take())

		open.Store(true)
		trigger = b.start(poison(&seen, "1"), options)
		synctest.Wait()
		require.Equal(t, []string{"1"}, seen.take(), "it was not done")
		require.EqualValues(t, 1, taken.Load())
		s := b.state(trigger)
		require.EqualValues(t, 1, s.Discarded)
		require.Zero(t, s.Behind)
	})
}

func TestTriggerHandlerPanics(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var problems journal
		calls := 0
		var trigger *stator.Trigger
		trigger = b.start(func(context.Context, stator.TriggerEvent) error {
			s := b.state(trigger)
			problems.add(s.LastProcessingResult)
			switch calls++; calls {
			case 1:
				panic("at the disco")
			case 2:
				require.ErrorContains(t, s.LastError, "triggerretry_test.go", "the stack")
				runtime.Goexit()
			case 3:
				var none *user
				none.ID = "x"
			}
			return nil
		}, nil)
		b.put(1)
		b.sleep(time.Minute)
		const problem = "PROBLEM: stator: trigger test: handler: "
		require.Equal(t, []string{
			"No records processed", problem + "panic: at the disco", problem + "it ended its goroutine",
			problem + "panic: runtime error: invalid memory address or nil pointer dereference",
		}, problems.take())
		s := b.state(trigger)
		require.Equal(t, "OK", s.LastProcessingResult)
		require.EqualValues(t, 3, s.Failed)
		require.EqualValues(t, 1, s.Processed)
	})
}

func TestTriggerHandlerTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var ends []error
		trigger := b.start(func(ctx context.Context, _ stator.TriggerEvent) error {
			if len(ends) == 2 {
				return nil
			}
			deadline, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, 3*time.Second, time.Until(deadline))
			<-ctx.Done()
			ends = append(ends, ctx.Err())
			return nil // it has failed all the same
		}, nil)
		b.put(1)
		b.sleep(3*time.Second + time.Millisecond)
		require.Equal(t, "PROBLEM: stator: trigger test: handler: it did not return within 3s", b.state(trigger).LastProcessingResult)
		b.sleep(time.Minute)
		require.Equal(t, []error{context.DeadlineExceeded, context.DeadlineExceeded}, ends)
		s := b.state(trigger)
		require.EqualValues(t, 2, s.Failed)
		require.EqualValues(t, 1, s.Processed)
	})
}

// A handler that takes no notice of its context: its lane waits, the others do not.
func TestTriggerHandlerHangs(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		release := make(chan struct{})
		var seen journal
		atOnce := 0
		trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error {
			var u user
			require.NoError(t, e.Records[0].UnmarshalKeys(&u))
			if u.ID == "u1" {
				atOnce++
				require.Equal(t, 1, atOnce, "never twice at once")
				<-release
				atOnce--
			}
			seen.add(u.ID)
			return nil
		}, &stator.TriggerOptions{BatchSize: 1})
		b.put(1)
		synctest.Wait()
		for i := range 40 { // some are in the same shard
			require.NoError(t, b.users.Put(t.Context(), user{ID: fmt.Sprint("x", i)}))
		}
		b.sleep(time.Hour)
		others := len(seen.take())
		require.Greater(t, others, 10)
		require.Less(t, others, 40)
		s := b.state(trigger)
		require.Equal(t, 1, s.Hung)
		require.Equal(t, 1, s.Running)
		require.Equal(t, "PROBLEM: stator: trigger test: it did not return within 3s, and is waited for", s.LastProcessingResult)
		close(release)
		b.sleep(time.Minute)
		lines := seen.take()
		require.Equal(t, []string{"u1", "u1"}, lines[:2], "what came too late has failed")
		require.Equal(t, 40, others+len(lines)-2)
		require.Zero(t, b.state(trigger).Behind)
		require.Zero(t, b.state(trigger).Hung)
	})
}

func TestTriggerClosesOverAHungHandler(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		release := make(chan struct{})
		defer close(release)
		trigger := b.start(func(context.Context, stator.TriggerEvent) error { <-release; return nil }, nil)
		b.put(1)
		synctest.Wait()
		began := time.Now()
		require.EqualError(t, trigger.Close(), "stator: trigger test: the handler has passed its HandlerTimeout, and still runs")
		require.Equal(t, 4*time.Second, time.Since(began), "it had its time, and a second")
		require.Equal(t, stator.TriggerDisabling, b.state(trigger).Status)

		var seen journal
		b.start(poison(&seen), nil)
		synctest.Wait()
		require.Equal(t, []string{"1"}, seen.take(), "it was not done")
	})
}

func TestTriggerCloseWaitsForTheHandler(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		done := false
		trigger := b.start(func(context.Context, stator.TriggerEvent) error {
			time.Sleep(2 * time.Second)
			done = true
			return nil
		}, nil)
		b.put(1)
		synctest.Wait()
		require.NoError(t, trigger.Close())
		require.True(t, done)
		require.Zero(t, b.state(trigger).Behind, "and it counts")
	})
}
