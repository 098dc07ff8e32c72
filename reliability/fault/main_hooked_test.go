//go:build hooked

package fault_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/statordb/stator/reliability/hooked/disk"
)

var long = flag.Bool("long", false, "each operation fails in each way")

func TestMain(m *testing.M) {
	disk.Install()
	goleak.VerifyTestMain(m)
}
