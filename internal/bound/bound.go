// Package bound holds decoders, parsers and validators to a price: whatever
// an input is, to judge it takes at most a second and 64 MB. Every fuzz target calls it;
// a test in internal/floors says so.
package bound

import (
	"fmt"
	"runtime/metrics"
	"testing"
	"time"
)

// The price of one input. The race detector makes everything several times
// slower, and a little larger.
const (
	Time  = 1 * time.Second * slower
	Bytes = 64 << 20
)

// attempts is how often an input that takes too long is tried again: on a busy
// machine anything takes long now and then.
const attempts = 3

// Cost is what some work took.
type Cost struct {
	Time  time.Duration
	Bytes uint64 // allocated, also what was collected meanwhile; of all goroutines
}

// Of returns what work took. Allocations of small objects are counted a few
// hundred KB at a time.
func Of(work func()) (c Cost) {
	before := allocated()
	began := time.Now()
	defer func() { c = Cost{Time: time.Since(began), Bytes: allocated() - before} }()
	work()
	return c
}

// Excess tells by what a cost is over the price; it is empty when it is not.
func (c Cost) Excess() string {
	switch {
	case c.Time > Time:
		return fmt.Sprintf("it took %s, and may take %s", c.Time.Round(time.Millisecond), Time)
	case c.Bytes > Bytes:
		return fmt.Sprintf("it allocated %d KB, and may allocate %d KB", c.Bytes>>10, Bytes>>10)
	}
	return ""
}

// Input does work with one input, and fails the test when it costs too much each
// time. Work that is dear is done several times, so that it must be able to be repeated.
func Input(t testing.TB, work func()) {
	t.Helper()
	var excess string
	for range attempts {
		if excess = Of(work).Excess(); excess == "" || t.Failed() {
			return
		}
	}
	t.Fatalf("one input costs too much: %s", excess)
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
