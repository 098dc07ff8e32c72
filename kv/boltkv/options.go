package boltkv

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"
)

// Options say how a file is opened. A nil *Options is all defaults.
type Options struct {
	// ReadOnly opens an existing file for reading, with a lock that it shares
	// with other readers. Every Update then fails with kv.ErrReadOnly.
	ReadOnly bool

	// LockTimeout is how long Open waits for another process to let go of the
	// file before it fails with kv.ErrLocked. 0 means one second, a negative
	// duration not to wait.
	LockTimeout time.Duration

	// MaxSizeBytes is how large the file may grow; a commit that needs more
	// fails with kv.ErrSizeLimit. 0 means no limit, otherwise at least 1 MiB.
	MaxSizeBytes int64

	// ReserveBytes is the space that is kept for deletions when the file has its
	// largest size or the disk is full: transactions with a kv.Purpose may use it, and others fail with kv.ErrFull
	// when they would. Free pages in the file count. The rest is the last part below MaxSizeBytes, and on
	// Linux blocks that belong to the file beyond its end, where the file system can set them
	// aside (ext4, XFS, btrfs, tmpfs and others); elsewhere nothing is kept of a disk. 0 means a sixteenth of the
	// file, but 4 to 16 MiB (while the file is smaller than 4 MiB, as much as the file, from 256 KiB on), and at most a
	// quarter of MaxSizeBytes; a negative number means none; a positive one may be up to half of MaxSizeBytes.
	ReserveBytes int64

	// InitialMmapBytes is how much address space (not memory, not disk) is
	// mapped at the start. When the file outgrows it the map is renewed, and
	// for that the commit waits for every View under way and holds up new
	// ones. 0 means 64 GiB, or 256 MiB on a 32-bit system; a negative number
	// means no more than the file. On Windows, where a map grows the file to
	// its own size, 0 means the same as a negative number.
	InitialMmapBytes int64

	// MaxBatchBytes is how many bytes of keys and values a commit gathers
	// before the transactions that still wait are left to the next one. It does
	// not bound a single transaction. 0 means 8 MiB, a negative number is a
	// fault.
	MaxBatchBytes int

	// NoSync commits without fsync: a crash of the machine can lose
	// acknowledged commits and leave a file that does not open. It is for
	// tests, benchmarks and loads that can be started again.
	NoSync bool
}

const minSizeBytes = 1 << 20

// withDefaults returns a copy with the defaults filled in, or all its faults.
func (o *Options) withDefaults() (Options, error) {
	var full Options
	if o != nil {
		full = *o
	}
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("boltkv: Options."+format, args...))
	}
	switch {
	case full.LockTimeout == 0:
		full.LockTimeout = time.Second
	case full.LockTimeout < 0:
		full.LockTimeout = 1 // bbolt waits forever when it is 0
	}
	if full.MaxSizeBytes != 0 && full.MaxSizeBytes < minSizeBytes {
		fault("MaxSizeBytes is %d, it must be 0 (no limit) or at least %d", full.MaxSizeBytes, minSizeBytes)
	}
	if full.MaxSizeBytes > math.MaxInt {
		fault("MaxSizeBytes is %d, this system allows at most %d", full.MaxSizeBytes, math.MaxInt)
	}
	if full.MaxSizeBytes > 0 && full.ReserveBytes > full.MaxSizeBytes/2 {
		fault("ReserveBytes is %d, it may be at most half of MaxSizeBytes, which is %d", full.ReserveBytes, full.MaxSizeBytes)
	}
	switch {
	case full.InitialMmapBytes < 0, full.InitialMmapBytes == 0 && runtime.GOOS == "windows":
		full.InitialMmapBytes = 0
	case full.InitialMmapBytes == 0 && math.MaxInt == math.MaxInt32:
		full.InitialMmapBytes = 256 << 20
	case full.InitialMmapBytes == 0:
		full.InitialMmapBytes = 64 << 30
	case full.InitialMmapBytes > math.MaxInt:
		fault("InitialMmapBytes is %d, this system allows at most %d", full.InitialMmapBytes, math.MaxInt)
	}
	switch {
	case full.MaxBatchBytes < 0:
		fault("MaxBatchBytes is %d, it must be 0 (8 MiB) or more", full.MaxBatchBytes)
	case full.MaxBatchBytes == 0:
		full.MaxBatchBytes = 8 << 20
	}
	return full, errors.Join(faults...)
}
