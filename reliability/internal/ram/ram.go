// Package ram gives tests a folder in memory, for files that are written again
// and again and need no disk.
package ram

import (
	"os"
	"testing"
)

// Dir returns a folder in memory where there is one, and otherwise one on the
// disk. It goes when the test ends.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "stator-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
