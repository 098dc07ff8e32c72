//go:build hooked

package power_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/statordb/stator/reliability/hooked/disk"
)

var long = flag.Bool("long", false, "every crash state that the tests can build, and more rounds")

func TestMain(m *testing.M) {
	disk.Install()
	goleak.VerifyTestMain(m)
}
