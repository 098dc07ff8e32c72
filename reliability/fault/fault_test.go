//go:build !hooked

// Package fault_test lets the disk fail. Its tests run as a child, on a hooked
// copy of bbolt; see package hooked.
//
// What this shows: a write, a truncate or a sync fails with EIO or ENOSPC, a write perhaps after a part of it. The caller
// is told what is true: that nothing was written, or that nobody knows. Where nobody knows, writes are refused and reads go on. What
// the file holds then is one of the states that it may, in memory, after it is opened again, and after a loss of power at once
// or while somebody goes on with it; a sync that failed is taken for one whose pages the system has dropped.
//
// What it cannot show: two failures of which the second comes while the first is dealt with; a disk that
// fails to read (package corrupt has what is read wrong); the kernel's own ways on a failing device, which differ by file system.
//
// The short form takes one failure in a hundred, and each of the rare kinds more often; the long one, -args -long, all.
package fault_test

import (
	"flag"
	"fmt"
	"testing"

	"github.com/statordb/stator/reliability/hooked"
)

var long = flag.Bool("long", false, "each operation fails in each way")

func TestFaults(t *testing.T) {
	hooked.Run(t, fmt.Sprintf("-long=%t", *long))
}
