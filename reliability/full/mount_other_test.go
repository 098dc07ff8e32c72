//go:build !linux

package full_test

import "testing"

func mountTmpfs(t *testing.T, _ int64) string {
	t.Skip("SKIPPED, no disk is filled: this needs Linux")
	return ""
}

func mountExt4(t *testing.T, size int64) string { return mountTmpfs(t, size) }

func cpuTime() int64 { return 0 }
