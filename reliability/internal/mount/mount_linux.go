// Package mount gives tests file systems of their own, which are small or may be
// copied while they are in use. Mounting needs Linux and root; where it is
// not possible the test is skipped, and says why.
package mount

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

// Tmpfs returns a folder with a file system in memory of so many bytes.
func Tmpfs(t testing.TB, size int64) string {
	t.Helper()
	needRoot(t)
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+strconv.FormatInt(size, 10)); err != nil {
		t.Skipf("SKIPPED: mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// MakeExt4 makes an image of an empty ext4 of so many bytes.
func MakeExt4(t testing.TB, image string, size int64) {
	t.Helper()
	needRoot(t)
	if _, err := exec.LookPath("mkfs.ext4"); err != nil {
		t.Skip("SKIPPED: there is no mkfs.ext4")
	}
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, size); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", "-m", "0", image).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4 %s: %v: %s", image, err, out)
	}
}

// Image mounts an image, and returns its folder and what takes it away again. Whoever has not called that when
// the test ends need not.
func Image(t testing.TB, image string) (dir string, unmount func()) {
	t.Helper()
	dir = t.TempDir()
	if out, err := exec.Command("mount", "-o", "loop", image, dir).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: mount an image: %v: %s", err, out)
	}
	mounted := true
	unmount = func() {
		if !mounted {
			return
		}
		mounted = false
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount %s: %v: %s", dir, err, out)
		}
	}
	t.Cleanup(unmount)
	return dir, unmount
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can mount a file system")
	}
}
