//go:build hooked

package fault_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/statordb/stator/reliability/hooked/disk"
)

var long = flag.Bool("long", false, "each operation fails in each way")

func TestMain(m *testing.M) {
	disk.Install()
	goleak.VerifyTestMain(m)
}

// ramDir returns a folder in memory where there is one: the files are written again and again.
func ramDir(t *testing.T) string {
	if dir, err := os.MkdirTemp("/dev/shm", "stator-fault-"); err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		return dir
	}
	return t.TempDir()
}
