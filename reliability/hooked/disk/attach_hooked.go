//go:build hooked

package disk

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// attached are the disks by the paths of their files.
var attached sync.Map

// Install puts this package under bbolt. It is called once, before any file is
// opened.
func Install() {
	bolt.OnName = func(what, name string) {
		attached.Range(func(path, d any) bool {
			if path == name || filepath.Dir(path.(string)) == name {
				d.(*Disk).Note(Name(what))
			}
			return true
		})
	}
	bolt.DiskOf = func(file *os.File) bolt.Disk {
		if d, ok := attached.Load(file.Name()); ok {
			return under{d.(*Disk), file}
		}
		if base, _, found := strings.Cut(file.Name(), ".stator-new-"); found { // a file that is being made
			if d, ok := attached.Load(base); ok {
				return under{d.(*Disk), file}
			}
		}
		return nil
	}
}

// Attach puts d under the file of path, from its next Open on; nil takes it away.
func Attach(path string, d *Disk) {
	if d == nil {
		attached.Delete(path)
		return
	}
	attached.Store(path, d)
}

type under struct {
	disk *Disk
	file *os.File
}

func (u under) WriteAt(b []byte, off int64) (int, error) { return u.disk.WriteAt(u.file, b, off) }
func (u under) Truncate(size int64) error                { return u.disk.Truncate(u.file, size) }
func (u under) Sync(which bolt.Sync) error               { return u.disk.Sync(string(which)) }
