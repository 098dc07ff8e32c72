package bound_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/bound"
)

// probe is a test that is told of failures and goes on.
type probe struct {
	testing.TB
	failures int
}

func (p *probe) Helper()               {}
func (p *probe) Fatalf(string, ...any) { p.failures++ }
func (p *probe) Failed() bool          { return p.failures > 0 }

// TestInput: what is dear each time fails, what is dear once does not, and what is cheap is done once.
func TestInput(t *testing.T) {
	var kept []byte
	sleep := func() { time.Sleep(bound.Time + 10*time.Millisecond) }
	for name, c := range map[string]struct {
		work    func(call int)
		calls   int
		failure int
	}{
		"nothing":                {func(int) {}, 1, 0},
		"a little":               {func(int) { kept = make([]byte, bound.Bytes/2) }, 1, 0},
		"too much memory":        {func(int) { kept = make([]byte, bound.Bytes+1<<20) }, 3, 1},
		"too much in small bits": {func(int) { many(&kept) }, 3, 1},
		"too long":               {func(int) { sleep() }, 3, 1},
		"too long once":          {func(n int) { sleepAt(n, 1, sleep) }, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // so that nobody sleeps
				p := &probe{TB: t}
				calls := 0
				bound.Input(p, func() { calls++; c.work(calls) })
				require.Equal(t, c.calls, calls)
				require.Equal(t, c.failure, p.failures)
			})
		})
	}
	_ = kept
}

func many(kept *[]byte) {
	for range bound.Bytes>>10 + 2<<10 {
		*kept = make([]byte, 1<<10)
	}
}

func sleepAt(call, at int, sleep func()) {
	if call == at {
		sleep()
	}
}

// TestFailureIsNotRepeated: a test that failed for another reason is not run again.
func TestFailureIsNotRepeated(t *testing.T) {
	p := &probe{TB: t, failures: 1}
	calls := 0
	bound.Input(p, func() { calls++; _ = make([]byte, bound.Bytes+1<<20) })
	require.Equal(t, 1, calls)
}

// BenchmarkInput is what the measuring itself takes.
func BenchmarkInput(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		bound.Input(b, func() {})
	}
}
