package boltkv_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

func put(store kv.Store, key, value string) error {
	return store.Update(context.Background(), func(w kv.Writer) error { return w.Put([]byte(key), []byte(value)) })
}

func get(t *testing.T, store kv.Store, key string) (value string) {
	require.NoError(t, store.View(context.Background(), func(r kv.Reader) error {
		v, err := r.Get([]byte(key))
		value = string(v)
		return err
	}))
	return value
}

func TestOptions(t *testing.T) {
	_, err := boltkv.Open(filepath.Join(t.TempDir(), "x.db"), &boltkv.Options{MaxSizeBytes: 5, MaxBatchBytes: -1})
	require.ErrorContains(t, err, "Options.MaxSizeBytes is 5")
	require.ErrorContains(t, err, "Options.MaxBatchBytes is -1")
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new.db")
	store := openAt(t, path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, put(store, "a", "1"))
	require.NoError(t, store.Close())
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "the temporary file is gone")

	empty := filepath.Join(dir, "empty.db")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	require.NoError(t, put(openAt(t, empty), "a", "1"))

	_, err = boltkv.Open(filepath.Join(dir, "no such folder", "x.db"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = boltkv.Open(filepath.Join(dir, "absent.db"), &boltkv.Options{ReadOnly: true})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = boltkv.Open(dir, nil)
	require.Error(t, err)
}

func TestCreateAtOnce(t *testing.T) {
	for range 4 {
		createAtOnce(t)
	}
}

func createAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() {
			store, err := boltkv.Open(path, &boltkv.Options{LockTimeout: time.Minute})
			if err == nil {
				err = errors.Join(put(store, fmt.Sprint(i), "written"), store.Close())
			}
			errs[i] = err
		})
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	store := openAt(t, path)
	for i := range errs {
		require.Equal(t, "written", get(t, store, fmt.Sprint(i)))
	}
}

// TestLeftovers: what a crash left while it made the file goes, other files stay.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "test.db")
	stay := []string{"test.db.stator-new-", "test.db.stator-new-1a", "test.db.stator-new-1.bak", "other.db.stator-new-1", "test.db.new-1", "test.db.stator-new-7"}
	for _, name := range append(stay[:5:5], "test.db.stator-new-12345") {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("half a file"), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, stay[5]), 0o700))
	store := openAt(t, path)
	require.NoError(t, put(store, "a", "1"))
	require.NoError(t, store.Close())
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	require.ElementsMatch(t, append(stay, "test.db"), names)

	// The link that is left when a process is killed before it removes its first name.
	require.NoError(t, os.Link(path, path+".stator-new-99"))
	reader, err := boltkv.Open(path, &boltkv.Options{ReadOnly: true})
	require.NoError(t, err)
	require.NoError(t, reader.Close())
	require.FileExists(t, path+".stator-new-99", "a reader changes nothing")
	require.Equal(t, "1", get(t, openAt(t, path), "a"))
	require.NoFileExists(t, path+".stator-new-99")
}

func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	store := openAt(t, path)
	for _, options := range []*boltkv.Options{{LockTimeout: -1}, {LockTimeout: -1, ReadOnly: true}} {
		_, err := boltkv.Open(path, options)
		require.ErrorIs(t, err, kv.ErrLocked)
		require.ErrorContains(t, err, path)
	}
	require.NoError(t, store.Close())
	require.NoError(t, put(openAt(t, path), "a", "1"))
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	store := openAt(t, path)
	require.NoError(t, put(store, "a", "1"))
	require.NoError(t, store.Close())
	for range 2 { // readers share the file
		reader, err := boltkv.Open(path, &boltkv.Options{ReadOnly: true})
		require.NoError(t, err)
		defer func() { require.NoError(t, reader.Close()) }()
		require.Equal(t, "1", get(t, reader, "a"))
		require.ErrorIs(t, put(reader, "a", "2"), kv.ErrReadOnly)
	}
}

func TestCorrupt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "whole.db")
	store := openAt(t, path)
	for i := range 100 {
		require.NoError(t, put(store, fmt.Sprintf("%03d", i), strings.Repeat("v", 1000)))
	}
	require.NoError(t, store.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	page := os.Getpagesize()
	damages := map[string]func([]byte) []byte{
		"text":             func([]byte) []byte { return []byte("not a database") },
		"long text":        func([]byte) []byte { return []byte(strings.Repeat("not a database. ", 2000)) },
		"both metas":       func(b []byte) []byte { clear(b[:2*page]); return b },
		"cut in the metas": func(b []byte) []byte { return b[:page+100] },
		"cut after metas":  func(b []byte) []byte { return b[:2*page] },
		"cut in the data":  func(b []byte) []byte { return b[:20*page] },
		"all but metas":    func(b []byte) []byte { clear(b[2*page:]); return b },
		"wild bytes": func(b []byte) []byte {
			for i := 2 * page; i < len(b); i++ {
				b[i] = byte(i*7 + i>>8)
			}
			return b
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "damaged.db")
			require.NoError(t, os.WriteFile(path, damage(append([]byte(nil), whole...)), 0o600))
			for range 2 { // the first attempt gives the lock back
				_, err := boltkv.Open(path, &boltkv.Options{LockTimeout: -1})
				require.ErrorIs(t, err, kv.ErrCorrupt)
			}
		})
	}
	t.Run("other bucket", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "other.db")
		db, err := bolt.Open(path, 0o600, nil)
		require.NoError(t, err)
		require.NoError(t, db.Update(func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("theirs")); return err }))
		require.NoError(t, db.Close())
		_, err = boltkv.Open(path, nil)
		require.ErrorIs(t, err, kv.ErrCorrupt)
	})
}

// TestCorruptPage damages pages of rows one after another: reads and writes that
// meet one fail with ErrCorrupt, the others go on, and nothing ends the process.
func TestCorruptPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	store := openAt(t, path)
	require.NoError(t, store.Update(context.Background(), func(w kv.Writer) error {
		for i := range 200 {
			if err := w.Put(fmt.Appendf(nil, "%03d", i), make([]byte, 1000)); err != nil {
				return err
			}
		}
		return nil
	}))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	page := int64(os.Getpagesize())
	junk := make([]byte, page)
	for i := range junk {
		junk[i] = byte(i*13 + 5)
	}
	for _, n := range []int64{8, 11, 12} {
		_, err = file.WriteAt(junk, n*page)
		require.NoError(t, err)
	}
	good, bad := 0, 0
	count := func(err error) {
		switch {
		case err == nil:
			good++
		case errors.Is(err, kv.ErrCorrupt):
			bad++
		default:
			require.NoError(t, err)
		}
	}
	for i := range 200 {
		key := fmt.Appendf(nil, "%03d", i)
		count(store.View(context.Background(), func(r kv.Reader) error { _, err := r.Get(key); return err }))
	}
	require.Positive(t, good)
	require.Positive(t, bad)
	require.ErrorIs(t, store.View(context.Background(), func(r kv.Reader) error {
		for _, err := range r.Scan(nil, nil, false) {
			if err != nil {
				return err
			}
		}
		return nil
	}), kv.ErrCorrupt)
	good, bad = 0, 0
	var group sync.WaitGroup
	errs := make([]error, 200)
	for i := range errs {
		group.Go(func() { errs[i] = put(store, fmt.Sprintf("%03d", i), "new") })
	}
	group.Wait()
	for _, err := range errs {
		count(err)
	}
	require.Positive(t, good)
	require.Positive(t, bad)
	require.NoError(t, store.Close())
}

func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	const limit = 2 << 20
	store, err := boltkv.Open(path, &boltkv.Options{NoSync: true, MaxSizeBytes: limit, InitialMmapBytes: 16 << 20})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	written := 0
	for ; err == nil; written++ {
		err = put(store, fmt.Sprint(written), strings.Repeat("v", 10_000))
	}
	require.ErrorIs(t, err, kv.ErrFull)
	require.Greater(t, written, 100)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.LessOrEqual(t, info.Size(), int64(limit))
	require.Len(t, get(t, store, "0"), 10_000)

	// One that asks for too much leaves its neighbours alone.
	require.NoError(t, store.Update(context.Background(), func(w kv.Writer) error { return w.DeleteRange([]byte("5"), nil) }))
	var group sync.WaitGroup
	errs := make([]error, 30)
	for i := range errs {
		group.Go(func() {
			size := 10
			if i%10 == 0 {
				size = limit
			}
			errs[i] = put(store, fmt.Sprint("small", i), strings.Repeat("v", size))
		})
	}
	group.Wait()
	for i, err := range errs {
		if i%10 == 0 {
			require.ErrorIs(t, err, kv.ErrFull)
		} else {
			require.NoError(t, err)
		}
	}
}

func TestCommitFails(t *testing.T) {
	tests := []struct {
		name            string
		commit          func(*bolt.Tx) error
		want, after     error
		visible, after2 string
	}{
		{"disk full", func(tx *bolt.Tx) error {
			return errors.Join(&os.PathError{Op: "write", Err: syscall.ENOSPC}, tx.Rollback())
		}, kv.ErrFull, nil, "1", "3"},
		{"disk full while the file grows, as bbolt says it", func(tx *bolt.Tx) error {
			_ = tx.Rollback()
			return fmt.Errorf("file resize error: %s", syscall.ENOSPC)
		}, kv.ErrFull, nil, "1", "3"},
		{"write of a data page", func(tx *bolt.Tx) error {
			return errors.Join(&os.PathError{Op: "write", Err: syscall.EIO}, tx.Rollback())
		}, kv.ErrOutcomeUnknown, kv.ErrReadOnly, "1", "1"},
		{"last fsync", func(tx *bolt.Tx) error {
			return errors.Join(tx.Commit(), syscall.EIO)
		}, kv.ErrOutcomeUnknown, kv.ErrReadOnly, "2", "2"},
		{"last fsync, disk full", func(tx *bolt.Tx) error {
			return errors.Join(tx.Commit(), syscall.ENOSPC)
		}, kv.ErrOutcomeUnknown, kv.ErrReadOnly, "2", "2"},
		{"broken page", func(*bolt.Tx) error { panic("page 7: multiple references") },
			kv.ErrCorrupt, kv.ErrReadOnly, "1", "1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "test.db")
			store := openAt(t, path)
			require.NoError(t, put(store, "a", "1"))
			store.SetCommit(test.commit)
			require.ErrorIs(t, put(store, "a", "2"), test.want)
			require.Equal(t, test.visible, get(t, store, "a"))
			store.SetCommit((*bolt.Tx).Commit)
			err := put(store, "a", "3")
			require.ErrorIs(t, err, test.after)
			require.NotErrorIs(t, err, kv.ErrOutcomeUnknown)
			require.Equal(t, test.after2, get(t, store, "a"))
			require.NoError(t, store.Close())
			store = openAt(t, path)
			require.Equal(t, test.after2, get(t, store, "a"))
			require.NoError(t, put(store, "a", "4"))
		})
	}
}

func TestContextEndsInTheQueue(t *testing.T) {
	store := openAt(t, filepath.Join(t.TempDir(), "test.db"))
	inside, leave := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- store.Update(context.Background(), func(w kv.Writer) error {
			close(inside)
			<-leave
			return w.Put([]byte("a"), nil)
		})
	}()
	<-inside
	ctx, cancel := context.WithCancel(context.Background())
	waiting := make(chan error, 1)
	go func() {
		waiting <- store.Update(ctx, func(w kv.Writer) error { return w.Put([]byte("b"), []byte("b")) })
	}()
	cancel()
	require.ErrorIs(t, <-waiting, context.Canceled, "it does not wait for the commit before it")
	close(leave)
	require.NoError(t, <-first)
	require.Empty(t, get(t, store, "b"))
}
