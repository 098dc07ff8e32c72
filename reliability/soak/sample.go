package soak

import (
	"bytes"
	"fmt"
	"os"
	"runtime/metrics"
	"strconv"
	"time"
)

// Sample is what a process has at one moment.
type Sample struct {
	At          time.Duration // since the first one
	RSS         int64         // bytes in memory, those of mapped files included; 0 where /proc is not
	Heap        int64         // bytes of objects on Go's heap, dead ones that are not collected included
	Live        int64         // bytes that the last collection found in use
	Goroutines  int64
	Descriptors int64 // 0 where /proc is not
	File        int64 // bytes of the database's file
}

// Take takes a sample of this process and of the file path.
func Take(since time.Time, path string) (Sample, error) {
	read := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}, {Name: "/sched/goroutines:goroutines"},
	}
	metrics.Read(read)
	s := Sample{
		At: time.Since(since), Heap: int64(read[0].Value.Uint64()), Live: int64(read[1].Value.Uint64()),
		Goroutines: int64(read[2].Value.Uint64()), RSS: rss(), Descriptors: Descriptors(),
	}
	info, err := os.Stat(path)
	if err != nil {
		return s, err
	}
	s.File = info.Size()
	return s, nil
}

// String is one line.
func (s Sample) String() string {
	return fmt.Sprintf("%8v  rss %6.1f MB  heap %6.1f MB  live %6.1f MB  goroutines %4d  descriptors %3d  file %6.1f MB",
		s.At.Round(10*time.Millisecond), mb(s.RSS), mb(s.Heap), mb(s.Live), s.Goroutines, s.Descriptors, mb(s.File))
}

func mb(n int64) float64 { return float64(n) / (1 << 20) }

// rss returns the resident memory, 0 where /proc does not tell it.
func rss() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// Descriptors returns how many file descriptors are open, 0 where /proc does not tell it.
func Descriptors() int64 {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return int64(len(entries)) - 1 // that of the folder itself
}
