//go:build !unix

package engine_test

import "time"

var benchStart = time.Now()

func benchClock() time.Duration { return time.Since(benchStart) }
