//go:build !hooked

// Package fault_test lets the disk fail. Its tests run as a child, on a hooked
// copy of bbolt; see package hooked.
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
