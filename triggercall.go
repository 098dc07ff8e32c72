package stator

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// invoke hands a part over. ok is that of call.
func (t *Trigger) invoke(l *lane, s part) (ok bool, err error) {
	e := TriggerEvent{Records: make([]TriggerRecord, len(s.records))}
	for i := range e.Records {
		e.Records[i] = s.records[i].record
	}
	t.mu.Lock()
	t.counts.invocations++
	if s.invoked > 0 {
		t.counts.retried++
	}
	t.mu.Unlock()
	ok, err = t.call(l, func(ctx context.Context) error { return t.handler(ctx, e) })
	if none, partial := err.(BatchItemFailures); partial && len(none) == 0 {
		return ok, nil
	}
	if err != nil {
		t.mu.Lock()
		t.counts.failed++
		t.mu.Unlock()
	}
	return ok, err
}

// call calls a func of the user in a goroutine of its own, for the time it has.
// If it passes that it has failed, and is waited for: it never runs twice at once. At the end of the
// trigger it is left alone, after a second, and ok is false. l is where it is told of, nil for the reader.
func (t *Trigger) call(l *lane, f func(context.Context) error) (ok bool, err error) {
	ctx, cancel := t.calls, context.CancelFunc(func() {})
	var over <-chan time.Time
	if limit := t.options.HandlerTimeout; limit > 0 {
		ctx, cancel = context.WithTimeout(t.calls, limit)
		timer := time.NewTimer(limit)
		defer timer.Stop()
		over = timer.C
	}
	defer cancel()
	t.count(1, 0)
	result := make(chan error, 1)
	go guard(ctx, f, func(err error) {
		t.count(-1, 0)
		result <- err
	})
	late := fmt.Errorf("it did not return within %v", t.options.HandlerTimeout)
	select {
	case err := <-result:
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && t.calls.Err() == nil {
			return true, late
		}
		return true, err
	case <-over:
	}
	t.count(0, 1)
	defer t.count(0, -1)
	t.blame(l, fmt.Errorf("stator: trigger %s: %w, and is waited for", t.name, late))
	select {
	case <-result:
		return true, late
	case <-t.reading.Done():
	}
	grace := time.NewTimer(callGrace)
	defer grace.Stop()
	select {
	case <-result:
		return true, late
	case <-grace.C:
		t.fail(fmt.Errorf("stator: trigger %s: the handler has passed its HandlerTimeout, and still runs", t.name))
		return false, late
	}
}

// callGrace is how long a call whose context has ended may take to return, at the end of the trigger.
const callGrace = time.Second

// blame keeps what is wrong now with a lane, or with the reader.
func (t *Trigger) blame(l *lane, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l != nil {
		l.problem = err
	} else {
		t.problems.read = err
	}
}

// count changes how many calls run and how many of them are late.
func (t *Trigger) count(running, hung int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.running += running
	t.counts.hung += hung
}

// guard calls f, and tells what came of it even when f ends the goroutine. A panic is an error.
func guard(ctx context.Context, f func(context.Context) error, tell func(error)) {
	err := errors.New("it ended its goroutine")
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		tell(err)
	}()
	err = f(ctx)
}

// Pauses before the next try double from the first to the longest, each
// shortened by chance ("full jitter"), so that those who failed together do not come back together.
const (
	retryFirst   = 100 * time.Millisecond
	retryLongest = 30 * time.Second
)

// backoff returns the pause after a number of failures in a row.
func backoff(failures int) time.Duration {
	most := retryLongest
	if shift := failures - 1; shift < 10 {
		most = min(retryFirst<<max(shift, 0), retryLongest)
	}
	return rand.N(most) + 1
}

// sleep waits. It returns false when the trigger has ended.
func (t *Trigger) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.reading.Done():
		return false
	}
}
