package boltkv

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/statordb/stator/kv"
)

// call is one Update that waits for its commit.
type call struct {
	ctx     context.Context
	purpose kv.Purpose
	fn      func(kv.Writer) error
	done    chan struct{} // gets one token when the fields below are final

	state atomic.Int32 // queued, claimed or abandoned

	err      error
	panicked bool // fn panicked with the value in reason
	reason   any
	exited   bool // fn ended its goroutine (runtime.Goexit, as t.FailNow does)
}

const (
	queued    int32 = iota
	claimed         // by the committer: the caller waits for its answer
	abandoned       // by the caller, whose context ended
)

func newCall(ctx context.Context, fn func(kv.Writer) error) *call {
	return &call{ctx: ctx, purpose: kv.PurposeOf(ctx), fn: fn, done: make(chan struct{}, 1)}
}

// wait returns what the committer answers, or the context's error when the
// context ends before the committer has taken the call.
func (c *call) wait() error {
	select {
	case <-c.done:
	case <-c.ctx.Done():
		if c.state.CompareAndSwap(queued, abandoned) {
			return c.ctx.Err()
		}
		<-c.done
	}
	if c.panicked {
		panic(c.reason)
	}
	if c.exited {
		runtime.Goexit()
	}
	return c.err
}

// claim takes the call for the committer; false means that nobody waits for it.
func (c *call) claim() bool {
	return c.state.Load() == claimed || c.state.CompareAndSwap(queued, claimed)
}

// run runs fn and keeps its outcome.
func (c *call) run(w kv.Writer) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if c.reason = recover(); c.reason == nil {
			c.exited = true
			return
		}
		if faulted(c.reason) {
			c.err, c.reason = corrupt(c.reason), nil
			return
		}
		c.panicked = true
	}()
	c.err = c.fn(w)
	returned = true
}

// failed reports whether fn left nothing to commit.
func (c *call) failed() bool { return c.err != nil || c.panicked || c.exited }

func (c *call) answer() { c.done <- struct{}{} }

// queue holds the calls that wait for a commit, and says whose turn it is to
// make one: that of the committer's goroutine, or, while that is parked because
// nobody waits, that of the next caller to come. A caller who is alone so pays
// for no change of goroutine, on its way in or out.
type queue struct {
	mu struct {
		sync.Mutex
		calls  []*call
		parked bool // the turn is free; calls is empty
		closed bool
	}
	wake chan struct{} // capacity 1: gives the turn to the parked goroutine
}

// push adds c, or gives the turn to the caller (lead), who then runs c itself
// and calls handBack. ok false means that the queue is closed.
func (q *queue) push(c *call) (lead, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.mu.closed:
		return false, false
	case q.mu.parked:
		q.mu.parked = false
		return true, true
	}
	q.mu.calls = append(q.mu.calls, c)
	return false, true
}

// handBack ends a caller's turn.
func (q *queue) handBack() {
	q.mu.Lock()
	q.mu.parked = len(q.mu.calls) == 0 && !q.mu.closed
	wake := !q.mu.parked
	q.mu.Unlock()
	if wake {
		q.wake <- struct{}{}
	}
}

// close lets the goroutine end when it has taken what is there.
func (q *queue) close() {
	q.mu.Lock()
	q.mu.closed = true
	wake := q.mu.parked
	q.mu.parked = false
	q.mu.Unlock()
	if wake {
		q.wake <- struct{}{}
	}
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.mu.calls)
}

// drain is for the goroutine: it appends all calls to into, which it returns.
// When there is nothing to do it parks until there is; ok is false once the
// queue is closed and empty.
func (q *queue) drain(into []*call, expected int) (calls []*call, ok bool) {
	if len(into) == 0 {
		q.gather(expected)
	}
	for {
		q.mu.Lock()
		calls = append(into, q.mu.calls...)
		clear(q.mu.calls)
		q.mu.calls = q.mu.calls[:0]
		closed := q.mu.closed
		q.mu.parked = len(calls) == 0 && !closed
		q.mu.Unlock()
		if len(calls) > 0 {
			return calls, true
		}
		if closed {
			return nil, false
		}
		<-q.wake
	}
}

// gather yields the processor while the callers that the last commit has
// answered are coming back: each of them that comes now shares this commit
// instead of waiting for the next one. It gives up soon after the queue stops
// growing, for those who have left do not come back; the yields in vain cost a
// hundredth of the fsync that follows.
func (q *queue) gather(expected int) {
	const patience, most = 20, 200
	length, idle := q.len(), 0
	for i := 0; i < most && idle < patience && length < expected; i++ {
		runtime.Gosched()
		if now := q.len(); now > length {
			length, idle = now, 0
		} else {
			idle++
		}
	}
	if length > 1 {
		runtime.Gosched() // one more, for those who were not there the last time
	}
}
