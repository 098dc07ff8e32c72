package boltkv

import (
	"errors"
	"os"
	"syscall"
)

const keepSize = 1 // FALLOC_FL_KEEP_SIZE

// allocate has the disk set aside blocks for the bytes from..to of file, also
// beyond its end, without making it longer. It fails with errNoAllocate where
// that is not possible. Blocks that are there already cost nothing.
func allocate(file *os.File, from, to int64) error {
	for {
		err := syscall.Fallocate(int(file.Fd()), keepSize, from, to-from)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err == nil, noSpace(err):
			return err
		default: // EOPNOTSUPP, ENOSYS, and whatever else a file system has to say
			return errNoAllocate
		}
	}
}
