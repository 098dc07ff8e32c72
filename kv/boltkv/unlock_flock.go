//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package boltkv

import (
	"os"
	"syscall"
)

// unlock gives up the lock that bbolt took. Closing the file is not enough
// here: the memory map, which cannot be reached after a panic, keeps it open.
func unlock(file *os.File) { _ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }
