//go:build !hooked

// Package power_test loses the power. Its tests of crash states run as a child, on a
// hooked copy of bbolt; see package hooked.
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
