//go:build !unix

package full_test

func cpuTime() int64 { return 0 }
