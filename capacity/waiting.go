package capacity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/statordb/stator/api"
)

// Waiting returns a Limiter that waits where another refuses. A caller waits
// until limiter grants, until its context ends, or for most, whichever is
// first; it does not begin to wait when the limiter says that it would be in vain.
// most of 0 and less is not to wait at all. Errors that are not of throttling
// are returned at once. The error is the limiter's last, or wraps that of the context.
//
// Those who wait for the same thing stand in line: for the reads or the writes of a table, or for one
// partition of it when that is what is short. Who comes later stands behind them,
// and only the first asks the limiter again, when RetryAfter is over; so what
// comes is not snatched away by those who have not waited.
//
// It waits in real time, whatever clock the limiter has.
func Waiting(limiter api.Limiter, most time.Duration) api.Limiter {
	return &waiting{Limiter: limiter, most: most, lines: map[lineKey]*line{}}
}

type waiting struct {
	api.Limiter // Settle is the limiter's own
	most        time.Duration

	busy atomic.Int64 // how many stand in lines

	mu    sync.Mutex
	lines map[lineKey]*line // those that somebody stands in
}

// lineKey is what callers wait for.
type lineKey struct {
	table     string // its id
	write     bool
	hot       bool // a partition, else the table or an index
	partition [16]byte
}

// line is who waits for one thing. It is guarded by waiting.mu.
type line struct {
	waiters []*waiter // the first first
	err     error     // the limiter's last
}

// waiter is a caller in a line. Its channel is closed when it is the first.
type waiter struct{ first chan struct{} }

// unknownWait is for how long to wait when the limiter does not say.
const unknownWait = 10 * time.Millisecond

func (w *waiting) Take(ctx context.Context, u api.Usage) error {
	if w.most <= 0 {
		return w.Limiter.Take(ctx, u)
	}
	if w.busy.Load() > 0 {
		if key, ok := w.behind(&u); ok {
			return w.wait(ctx, u, key, nil)
		}
	}
	err := w.Limiter.Take(ctx, u)
	if retry(err) == nil {
		return err
	}
	return w.wait(ctx, u, keyOf(&u, retry(err)), err)
}

// retry returns an error after which another try can succeed, nil for any other.
func retry(err error) *api.Error {
	var e *api.Error
	if errors.As(err, &e) && (e.Code == api.CodeProvisionedThroughput || e.Code == api.CodeThrottling || e.Code == api.CodeRequestLimit) {
		return e
	}
	return nil
}

// keyOf returns what a refused operation waits for. e may be nil.
func keyOf(u *api.Usage, e *api.Error) lineKey {
	key := lineKey{write: u.Write > 0}
	if u.Table != nil {
		key.table = u.Table.ID
	}
	if e == nil || u.Whole || len(e.ThrottlingReasons) == 0 {
		return key
	}
	for _, r := range e.ThrottlingReasons {
		if !strings.HasSuffix(r.Reason, kinds[keyRange]) {
			return key
		}
	}
	key.hot, key.partition = true, u.Partition
	return key
}

// behind returns the line that an operation must stand in though it has not
// been refused itself.
func (w *waiting) behind(u *api.Usage) (lineKey, bool) {
	key := keyOf(u, nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lines[key] != nil {
		return key, true
	}
	key.hot, key.partition = true, u.Partition
	return key, !u.Whole && w.lines[key] != nil
}

// wait stands in line until the limiter grants. err is the limiter's answer, nil when it was not asked.
func (w *waiting) wait(ctx context.Context, u api.Usage, key lineKey, err error) error {
	timer := time.NewTimer(w.most)
	defer timer.Stop()
	end := time.Now().Add(w.most)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	for {
		next, err2, done := w.stand(ctx, u, key, err, end, timer.C)
		if done {
			return err2
		}
		key, err = next, err2
	}
}

// stand waits in one line, and is done when it has an answer. Else there is another line to wait in.
func (w *waiting) stand(ctx context.Context, u api.Usage, key lineKey, err error, end time.Time, over <-chan time.Time) (next lineKey, answer error, done bool) {
	l, x := w.join(key)
	defer w.leave(key, l, x) // also when the limiter panics
	select {
	case <-x.first:
	default: // others are before it
		select {
		case <-x.first:
			err = nil // what the limiter said is old
		case <-ctx.Done():
			return key, ended(ctx), true
		case <-over:
			return key, w.last(l, err), true
		}
	}
	for {
		if e := retry(err); e != nil {
			pause := e.RetryAfter
			if pause <= 0 {
				pause = unknownWait
			}
			if time.Now().Add(pause).After(end) {
				return key, err, true
			}
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return key, ended(ctx), true
			}
		}
		if err = w.Limiter.Take(ctx, u); retry(err) == nil {
			return key, err, true
		}
		w.note(l, err)
		if next := keyOf(&u, retry(err)); next != key {
			return next, err, false
		}
	}
}

// join puts a caller at the end of a line.
func (w *waiting) join(key lineKey) (*line, *waiter) {
	x := &waiter{first: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.lines[key]
	if l == nil {
		l = &line{}
		w.lines[key] = l
		close(x.first)
	}
	l.waiters = append(l.waiters, x)
	w.busy.Add(1)
	return l, x
}

// leave takes a caller out of a line, and tells who is first then.
func (w *waiting) leave(key lineKey, l *line, x *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy.Add(-1)
	at := slices.Index(l.waiters, x)
	l.waiters = slices.Delete(l.waiters, at, at+1)
	switch {
	case len(l.waiters) == 0:
		delete(w.lines, key)
	case at == 0:
		close(l.waiters[0].first)
	}
}

// note keeps the limiter's answer for those who wait behind.
func (w *waiting) note(l *line, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l.err = err
}

// last returns why a line does not move.
func (w *waiting) last(l *line, own error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case l.err != nil:
		return l.err
	case own != nil:
		return own
	}
	return &api.Error{Code: api.CodeThrottling, Message: "Rate of requests exceeds the allowed throughput."}
}

// ended returns the error of a context that ended while its caller waited.
func ended(ctx context.Context) error {
	return fmt.Errorf("wait for capacity: %w", context.Cause(ctx))
}
