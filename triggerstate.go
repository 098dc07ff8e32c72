package stator

import (
	"context"
	"strings"
	"time"

	"github.com/statordb/stator/api"
)

// TriggerStatus is the state of a trigger, in the words of event source mappings.
type TriggerStatus string

// The values of TriggerStatus.
const (
	TriggerEnabled   TriggerStatus = "Enabled"
	TriggerDisabling TriggerStatus = "Disabling" // paused or ended, and a handler is still at work
	TriggerDisabled  TriggerStatus = "Disabled"  // paused or ended
)

// TriggerState is what a trigger does and has done since it was started.
type TriggerState struct {
	Status TriggerStatus

	// LastProcessingResult is "No records processed", "OK" or "PROBLEM: " and
	// what is wrong now: what the last try failed with, of any batch that is not done yet.
	LastProcessingResult string

	// LastError is that problem, a panic with its stack; nil when there is none.
	LastError error

	// Behind is how many changes are not done, those that wait to be read
	// included; BehindSince is when the oldest of them was made, zero when there is
	// none, and Lag how long ago that is.
	Behind      int64
	BehindSince time.Time
	Lag         time.Duration

	// Running is how many handlers are at work, Hung how many of these have
	// passed their HandlerTimeout.
	Running int
	Hung    int

	// Records: done by the handler, kept back by FilterCriteria, given up (see
	// TriggerFailure), and trimmed from the journal before they were read.
	Processed int64
	Filtered  int64
	Discarded int64
	Trimmed   int64

	// Invocations of the handler: all, those that failed, also in part, and
	// those that were another try.
	Invocations int64
	Failed      int64
	Retried     int64
}

// triggerCounts are the numbers of a TriggerState.
type triggerCounts struct {
	processed, filtered, discarded, trimmed int64
	invocations, failed, retried            int64
	running, hung                           int
}

// problems are what is wrong now, apart from what lanes have.
type problems struct{ read, save error }

// State tells what the trigger does. It asks the Client how far behind it is; when that
// fails the error says so, and the state has all else.
func (t *Trigger) State(ctx context.Context) (TriggerState, error) {
	s := t.state()
	out, err := do(ctx, t.client, &api.ListSubscriptionsInput{TableName: &t.table})
	if err != nil {
		return s, err
	}
	for _, d := range out.Subscriptions {
		if d.SubscriptionName == t.name {
			s.Behind = d.Behind
			if d.BehindSince != nil {
				s.BehindSince = *d.BehindSince
				s.Lag = max(0, t.options.Now().Sub(s.BehindSince))
			}
		}
	}
	return s, nil
}

func (t *Trigger) state() TriggerState {
	ended := t.reading.Err() != nil
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts
	s := TriggerState{
		Status: TriggerEnabled, LastProcessingResult: "No records processed", LastError: t.problem(),
		Running: c.running, Hung: c.hung,
		Processed: c.processed, Filtered: c.filtered, Discarded: c.discarded, Trimmed: c.trimmed,
		Invocations: c.invocations, Failed: c.failed, Retried: c.retried,
	}
	if ended || t.paused {
		s.Status = TriggerDisabled
		if c.running > 0 {
			s.Status = TriggerDisabling
		}
	}
	switch {
	case s.LastError != nil:
		line, _, _ := strings.Cut(s.LastError.Error(), "\n")
		s.LastProcessingResult = "PROBLEM: " + line
	case c.processed+c.discarded+c.failed > 0:
		s.LastProcessingResult = "OK"
	}
	return s
}

// problem returns the worst that is wrong now. mu is held.
func (t *Trigger) problem() error {
	for _, err := range []error{t.err, t.problems.read, t.problems.save} {
		if err != nil {
			return err
		}
	}
	for i := range t.slots {
		for _, l := range t.slots[i].lanes {
			if l.problem != nil {
				return l.problem
			}
		}
	}
	return nil
}
