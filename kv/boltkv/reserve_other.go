//go:build !linux

package boltkv

import "os"

// allocate is not there: a reserve on the disk would make the file longer, or be lost when it grows.
func allocate(*os.File, int64, int64) error { return errNoAllocate }
