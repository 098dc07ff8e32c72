//go:build unix

package engine_test

import (
	"syscall"
	"time"
)

// benchClock returns the CPU time of this process, garbage collection
// included: on a machine that others use too it says more than the wall clock.
func benchClock() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
