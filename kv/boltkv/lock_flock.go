//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package boltkv

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/statordb/stator/kv"
)

// lockShared takes the lock that bbolt takes for reading; it ends when file is closed.
func lockShared(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("%w: another process has it open", kv.ErrLocked)
	}
	return err
}
