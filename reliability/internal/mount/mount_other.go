//go:build !linux

// Package mount gives tests file systems of their own, on Linux.
package mount

import "testing"

// Tmpfs skips the test.
func Tmpfs(t testing.TB, _ int64) string {
	t.Helper()
	t.Skip("SKIPPED: mounting a file system needs Linux")
	return ""
}

// MakeExt4 skips the test.
func MakeExt4(t testing.TB, _ string, _ int64) {
	t.Helper()
	t.Skip("SKIPPED: mounting a file system needs Linux")
}

// Image skips the test.
func Image(t testing.TB, _ string) (dir string, unmount func()) {
	t.Helper()
	t.Skip("SKIPPED: mounting a file system needs Linux")
	return "", nil
}
