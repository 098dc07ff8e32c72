package boltkv

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// newInfix stands between a file's name and some digits in the name that the
// file has while it is made.
const newInfix = ".stator-new-"

// create makes the file when there is none. A file that a crash leaves half
// initialised does not open, so it is made under another name, synced, and only
// then given its own; and because two processes may be at it at once, it gets
// its name by a link, which does not replace what the other has made and may
// have written to.
func create(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, filepath.Base(path)+newInfix+"*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	if err := temp.Close(); err != nil {
		return err
	}
	db, err := bolt.Open(temp.Name(), fileMode, &bolt.Options{FreelistType: bolt.FreelistMapType})
	if err != nil {
		return err
	}
	if err := errors.Join(addBucket(db), db.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil {
		if _, statErr := os.Lstat(path); statErr == nil {
			return nil // somebody was faster, and may have removed ours; or path is a link to nowhere yet
		}
		// A file system without links.
		if err := os.Rename(temp.Name(), path); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// syncDir makes the name of a new file durable. Windows has no such call and
// does it by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// realPath follows the links of path, as far as that can be done.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// removeLeftovers removes the files that crashes have left behind while they
// made the file of path, which the caller has open and locked. It may meet one that
// somebody is making at this moment: he finds, before he gives it the name, that there is a file of this name.
// That a leftover stays, in a folder with too many names or one that may not be read, does no harm.
func removeLeftovers(path string) {
	const most = 4096 // names that are looked at
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return
	}
	defer func() { _ = dir.Close() }()
	names, _ := dir.Readdirnames(most)
	for _, name := range names {
		digits, ours := strings.CutPrefix(name, filepath.Base(path)+newInfix)
		if !ours || digits == "" || strings.Trim(digits, "0123456789") != "" {
			continue
		}
		leftover := filepath.Join(filepath.Dir(path), name)
		if info, err := os.Lstat(leftover); err == nil && info.Mode().IsRegular() {
			_ = os.Remove(leftover)
		}
	}
}
