package stator_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

func TestTriggerSkipsWhatIsTrimmed(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var seen journal
		var failures []stator.TriggerFailure
		offered := 0
		trigger := b.start(poison(&seen), &stator.TriggerOptions{OnFailure: func(_ context.Context, f stator.TriggerFailure) error {
			if offered++; offered == 1 {
				return errDown
			}
			failures = append(failures, f)
			return nil
		}})
		b.put(1)
		synctest.Wait()
		trigger.Pause()
		b.put(2, 3, 4)
		b.sleep(25 * time.Hour)
		b.put(5)
		_, err := api.Do(t.Context(), b, &api.MaintainInput{})
		require.NoError(t, err)
		trigger.Resume()
		synctest.Wait()
		require.Equal(t, "PROBLEM: stator: trigger test: OnFailure: the mail server is down", b.state(trigger).LastProcessingResult)
		b.sleep(time.Minute)
		require.Equal(t, []string{"1", "5"}, seen.take())
		require.Len(t, failures, 1)
		require.Equal(t, stator.ConditionTrimmed, failures[0].Condition)
		require.Equal(t, 3, failures[0].BatchSize)
		require.ErrorContains(t, failures[0].Err, "3 changes")
		s := b.state(trigger)
		require.EqualValues(t, 3, s.Trimmed)
		require.Equal(t, "OK", s.LastProcessingResult)
		require.Zero(t, s.Behind)
		_, err = json.Marshal(failures[0])
		require.NoError(t, err)
	})
}

// flaky refuses some of the requests of a trigger.
type flaky struct {
	stator.Client
	mu     sync.Mutex
	refuse func(in api.Request) error // mu is held
}

func (f *flaky) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	f.mu.Lock()
	err := f.refuse(in)
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return f.Client.Serve(ctx, in)
}

func TestTriggerSurvivesFaultsOfTheClient(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		n := map[string]int{}
		client := &flaky{Client: b.DB, refuse: func(in api.Request) error {
			name := in.Operation()
			if n[name]++; n[name] > 1 && n[name] < 5 && name != "ListSubscriptions" {
				return &stator.Error{Code: api.CodeInternalServerError, Message: "no " + name + " today"}
			}
			return nil
		}}
		var seen journal
		trigger := b.startOn(client, poison(&seen), nil)
		b.put(1)
		synctest.Wait()
		b.sleep(2 * time.Second)
		b.put(2)
		synctest.Wait()
		require.Contains(t, b.state(trigger).LastProcessingResult, "PROBLEM: stator: trigger test: ")
		b.sleep(time.Minute)
		for i := range 6 {
			b.put(3 + i)
			time.Sleep(2 * time.Second)
		}
		require.Equal(t, []string{"1", "2", "3", "4", "5", "6", "7", "8"}, seen.take())
		s := b.state(trigger)
		require.Equal(t, "OK", s.LastProcessingResult)
		require.Zero(t, s.Behind)
		require.NoError(t, trigger.Close())
	})
}

func TestTriggerEndsWhenItsNameIsTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		taken := &stator.Error{Code: api.CodeResourceInUse, Message: "taken over by another reader"}
		client := &flaky{Client: b.DB, refuse: func(in api.Request) error {
			if in, ok := in.(*api.SavePositionInput); ok && in.Position != nil {
				return taken
			}
			return nil
		}}
		var seen journal
		trigger := b.startOn(client, poison(&seen), nil)
		b.put(1)
		<-trigger.Done()
		require.ErrorIs(t, trigger.Close(), stator.ErrResourceInUse)
		require.True(t, errors.Is(trigger.Close(), taken))
	})
}

// A Client that does not know changes, as a remote DynamoDB.
func TestTriggerNeedsNativeOperations(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		client := &flaky{Client: b.DB, refuse: func(in api.Request) error {
			if in.Operation() == "OpenSubscription" {
				return &stator.Error{Code: api.CodeUnknownOperation, Message: "no OpenSubscription"}
			}
			return nil
		}}
		var seen journal
		_, err := stator.StartTrigger(t.Context(), client, "users", "test", poison(&seen), nil)
		require.EqualError(t, err, "UnknownOperationException: no OpenSubscription")
	})
}

// A handler that closes its own trigger is told that it still runs, after its time.
func TestTriggerClosedByItsHandler(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		closed := make(chan error, 1)
		var trigger *stator.Trigger
		trigger = b.start(func(context.Context, stator.TriggerEvent) error {
			closed <- trigger.Close()
			return nil
		}, nil)
		b.put(1)
		require.ErrorContains(t, <-closed, "the handler has passed its HandlerTimeout, and still runs")
		require.Equal(t, 4*time.Second, b.passed())
	})
}
