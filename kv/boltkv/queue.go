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
	ctx  context.Context
	fn   func(kv.Writer) error
	done chan struct{} // gets one token when the fields below are final

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
	return &call{ctx: ctx, fn: fn, done: make(chan struct{}, 1)}
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

// queue holds the calls that wait for the committer.
type queue struct {
	mu struct {
		sync.Mutex
		calls  []*call
		closed bool
	}
	wake chan struct{} // capacity 1: there is something new
}

// push adds c; false means that the queue is closed.
func (q *queue) push(c *call) bool {
	q.mu.Lock()
	closed := q.mu.closed
	if !closed {
		q.mu.calls = append(q.mu.calls, c)
	}
	first := len(q.mu.calls) == 1
	q.mu.Unlock()
	if first && !closed {
		q.signal()
	}
	return !closed
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// close lets the committer end when it has taken what is there.
func (q *queue) close() {
	q.mu.Lock()
	q.mu.closed = true
	q.mu.Unlock()
	q.signal()
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.mu.calls)
}

// drain appends all calls to into. When there is none and block is set it
// waits for one, and returns ok false once the queue is closed.
func (q *queue) drain(into []*call, block bool) (calls []*call, ok bool) {
	for {
		if block {
			q.gather()
		}
		q.mu.Lock()
		calls = append(into, q.mu.calls...)
		clear(q.mu.calls)
		q.mu.calls = q.mu.calls[:0]
		closed := q.mu.closed
		q.mu.Unlock()
		if len(calls) > 0 || !block {
			return calls, true
		}
		if closed {
			return nil, false
		}
		<-q.wake
	}
}

// gather yields the processor while the queue still grows: the callers that
// the last commit has answered are about to come back, and each of them that
// comes now shares this commit instead of waiting for the next one.
func (q *queue) gather() {
	const patience, most = 3, 64
	length, idle := q.len(), 0
	if length == 0 {
		return
	}
	for i := 0; i < most && idle < patience; i++ {
		runtime.Gosched()
		if now := q.len(); now > length {
			length, idle = now, 0
		} else {
			idle++
		}
	}
}
