//go:build !hooked

// Package power_test loses the power. Its tests of crash states run as a child, on a
// hooked copy of bbolt; see package hooked.
//
// What this shows: a workload that meets all that an engine writes is recorded, and at each of its
// syncs the power goes, with what was not synced lost, kept, reordered, or torn between sectors of 512 bytes. Each file
// that this leaves opens as the last state that was acknowledged, or the one that was on its way, whole. The same
// for a file that is being made, for commits of many callers, and for a file that is opened after a kill, whose last
// writes the disk may not have. Beside the model stands a real ext4, whose image is copied without a sync.
//
// What it cannot show: a disk that says that it has synced and has not; one that spoils what it
// was not asked to write (package corrupt); file systems other than ext4, but as far as the model is
// more lenient than they are.
//
// The short form builds a few states at each sync; the long one, -args -long, all that it can.
package power_test

import (
	"flag"
	"fmt"
	"testing"

	"github.com/statordb/stator/reliability/hooked"
)

var long = flag.Bool("long", false, "every crash state that the tests can build, and more rounds")

func TestCrashStates(t *testing.T) {
	t.Parallel()
	hooked.Run(t, fmt.Sprintf("-long=%t", *long))
}
