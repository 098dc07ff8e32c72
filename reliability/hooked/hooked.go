// Package hooked makes a copy of bbolt that lets a test stand between it and
// its file, and runs tests with that copy in the place of bbolt.
//
// bbolt has no such seam, and one that is kept here by hand would test an older
// bbolt some day. So the copy is made when the tests run, out of the source that
// go.mod names: Generate replaces the few places where bbolt writes, truncates
// and syncs, and then looks for calls of that kind in all of the copy. When a
// place is not there as it was, or there is one more, it fails: a hook that is
// missing would be a crash state that nobody looks at.
//
// Tests that use the copy stand in files with the build tag hooked; package
// disk, below this one, gives them the hooks. An ordinary test of the same
// package calls Run, which builds and runs them as a child.
package hooked

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const bboltPath = "go.etcd.io/bbolt"

// edit replaces old, which a file has exactly once, by new.
type edit struct{ old, new string }

// edits lead every operation of bbolt on its file through DB.disk.
var edits = map[string][]edit{
	"db.go": {
		{"\tops struct {\n\t\twriteAt func", "\tdisk Disk\n\n\tops struct {\n\t\twriteAt func"},
		{"\tdb.ops.writeAt = db.file.WriteAt\n", "\tdb.disk = diskOf(db)\n\tdb.ops.writeAt = db.disk.WriteAt\n"},
		{
			"\tif err := fdatasync(db); err != nil {\n\t\tdb.Logger()",
			"\tif err := db.disk.Sync(SyncInit); err != nil {\n\t\tdb.Logger()",
		},
		{"\treturn fdatasync(db)\n", "\treturn db.disk.Sync(SyncCall)\n"},
		{"db.file.Truncate(int64(sz))", "db.disk.Truncate(int64(sz))"},
		{"db.file.Sync()", "db.disk.Sync(SyncGrow)"},
	},
	"tx.go": {
		{
			"\t\t// gofail: var beforeSyncDataPages struct{}\n\t\tif err := fdatasync(tx.db)",
			"\t\tif err := tx.db.disk.Sync(SyncData)",
		},
		{
			"\t\t// gofail: var beforeSyncMetaPage struct{}\n\t\tif err := fdatasync(tx.db)",
			"\t\tif err := tx.db.disk.Sync(SyncMeta)",
		},
	},
}

// hooks is the file that the copy has besides.
const hooks = `package bbolt

import "os"

// Disk stands between bbolt and its file.
type Disk interface {
	WriteAt(b []byte, off int64) (n int, err error)
	Truncate(size int64) error
	Sync(which Sync) error
}

// Sync says which of its syncs bbolt asks for.
type Sync string

const (
	SyncInit Sync = "init" // after the first pages of a new file
	SyncGrow Sync = "grow" // after a truncate
	SyncData Sync = "data" // after the data pages of a commit
	SyncMeta Sync = "meta" // after the meta page of a commit
	SyncCall Sync = "call" // DB.Sync
)

// DiskOf returns what is to stand between bbolt and a file that it opens; nil
// when nothing is. It is set before the first Open.
var DiskOf func(*os.File) Disk

func diskOf(db *DB) Disk {
	if DiskOf != nil {
		if disk := DiskOf(db.file); disk != nil {
			return disk
		}
	}
	return plainDisk{db}
}

// WriteAt writes to a file that bbolt has opened, through its Disk: for those
// who write to it beside bbolt.
func WriteAt(file *os.File, b []byte, off int64) (int, error) {
	if DiskOf != nil {
		if disk := DiskOf(file); disk != nil {
			return disk.WriteAt(b, off)
		}
	}
	return file.WriteAt(b, off)
}

// OnName, when not nil, is told of each Link and SyncDir once it is done, with
// the new name or that of the folder.
var OnName func(what, name string)

// Link is os.Link.
func Link(old, name string) error { return named("link", name, os.Link(old, name)) }

// SyncDir syncs a folder.
func SyncDir(d *os.File) error { return named("syncdir", d.Name(), d.Sync()) }

func named(what, name string, err error) error {
	if OnName != nil && err == nil {
		OnName(what, name)
	}
	return err
}

type plainDisk struct{ db *DB }

func (d plainDisk) WriteAt(b []byte, off int64) (int, error) { return d.db.file.WriteAt(b, off) }
func (d plainDisk) Truncate(size int64) error                { return d.db.file.Truncate(size) }

func (d plainDisk) Sync(which Sync) error {
	if which == SyncGrow {
		return d.db.file.Sync()
	}
	return fdatasync(d.db)
}
`

// operations are the names of functions that can change a file.
var operations = []string{
	"WriteAt", "writeAt", "Write", "WriteString", "WriteTo", "ReadFrom", "Truncate", "Sync", "Remove", "Rename", "Link",
	"Copy", "CopyN", "fdatasync", "Fdatasync", "Fsync", "Msync", "Pwrite", "Fallocate", "Ftruncate", "SyncFileRange",
}

// known are the calls of operations that the edited source has, as file,
// function and callee. What WriteTo and CopyFile write is a copy elsewhere, and
// Write of a freelist, a meta or a hash fills memory.
var known = []string{
	"db.go init db.disk.Sync",
	"db.go init db.ops.writeAt",
	"db.go grow db.disk.Sync",
	"db.go grow db.disk.Truncate",
	"db.go Sync db.disk.Sync",
	"tx.go commitFreelist tx.db.freelist.Write",
	"tx.go init db.meta().Copy",
	"tx.go Copy tx.WriteTo",
	"tx.go CopyFile tx.WriteTo",
	"tx.go WriteTo io.CopyN",
	"tx.go WriteTo w.Write",
	"tx.go WriteTo w.Write",
	"tx.go write tx.db.disk.Sync",
	"tx.go write tx.db.ops.writeAt",
	"tx.go writeMeta tx.db.disk.Sync",
	"tx.go writeMeta tx.db.ops.writeAt",
	"tx.go writeMeta tx.meta.Write",
	"internal/common/meta.go Sum64 h.Write",
	"internal/common/meta.go Write m.Copy",
	"internal/common/utils.go CopyFile io.Copy",
}

// Source returns the folder of the source of bbolt that the module in dir uses.
func Source(dir string) (string, error) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", bboltPath)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find %s: %w", bboltPath, err)
	}
	source := strings.TrimSpace(string(out))
	if source == "" {
		return "", fmt.Errorf("find %s: it is not downloaded", bboltPath)
	}
	return source, nil
}

// Generate copies bbolt from source to the new folder target and puts the hooks
// into the copy. It fails when bbolt is not as it expects.
func Generate(source, target string) error {
	if err := copySource(source, target); err != nil {
		return fmt.Errorf("copy bbolt: %w", err)
	}
	for name, list := range edits {
		if err := apply(filepath.Join(target, name), list); err != nil {
			return fmt.Errorf("hook bbolt: %s: %w", name, err)
		}
	}
	if err := verify(target); err != nil {
		return fmt.Errorf("hook bbolt: %w", err)
	}
	return os.WriteFile(filepath.Join(target, "hooks.go"), []byte(hooks), 0o600)
}

// copySource copies what a build of the library takes.
func copySource(source, target string) error {
	return filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && slices.Contains([]string{"cmd", "tests", "scripts", ".git", ".github"}, name):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(target, name), 0o700)
		case strings.HasSuffix(name, "_test.go"), !strings.HasSuffix(name, ".go") && name != "go.mod" && name != "go.sum":
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(target, name), b, 0o600)
	})
}

func apply(path string, list []edit) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, e := range list {
		if n := bytes.Count(b, []byte(e.old)); n != 1 {
			return fmt.Errorf("this place is there %d times, want once:\n%s", n, e.old)
		}
		b = bytes.Replace(b, []byte(e.old), []byte(e.new), 1)
	}
	return os.WriteFile(path, b, 0o600)
}

// verify compares the calls of operations with those that are known.
func verify(dir string) error {
	var found []string
	for _, folder := range []string{"", "internal/common", "internal/freelist"} {
		calls, err := callsIn(dir, folder)
		if err != nil {
			return err
		}
		found = append(found, calls...)
	}
	want := slices.Clone(known)
	slices.Sort(want)
	slices.Sort(found)
	if !slices.Equal(found, want) {
		return fmt.Errorf("its operations on files are not those that are known.\nfound:\n\t%s\nknown:\n\t%s",
			strings.Join(found, "\n\t"), strings.Join(want, "\n\t"))
	}
	return nil
}

// callsIn lists the calls of operations in the files of a folder that this
// system builds. Those of fdatasync itself are not among them.
func callsIn(dir, folder string) (calls []string, err error) {
	paths, err := filepath.Glob(filepath.Join(dir, folder, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		if built, err := build.Default.MatchFile(filepath.Dir(path), filepath.Base(path)); err != nil || !built {
			if err != nil {
				return nil, err
			}
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			function := ""
			if f, ok := decl.(*ast.FuncDecl); ok {
				function = f.Name.Name
			}
			if function == "fdatasync" {
				continue
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				var callee bytes.Buffer
				if err = format.Node(&callee, files, call.Fun); err != nil {
					return false
				}
				text := callee.String()
				if slices.Contains(operations, text[strings.LastIndexByte(text, '.')+1:]) {
					calls = append(calls, strings.Join([]string{filepath.ToSlash(filepath.Join(folder, filepath.Base(path))), function, text}, " "))
				}
				return true
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return calls, nil
}
