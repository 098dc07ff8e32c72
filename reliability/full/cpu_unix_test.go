//go:build unix

package full_test

import "syscall"

// cpuTime returns the processor time that this process took, in nanoseconds.
func cpuTime() int64 {
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) != nil {
		return 0
	}
	return use.Utime.Nano() + use.Stime.Nano()
}
