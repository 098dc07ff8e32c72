package boltkv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/statordb/stator/kv"
)

const fileMode = 0o600

// Open opens the store in the file path and creates it when there is none, for
// the user alone (mode 0600). It fails with kv.ErrLocked when the file is open
// elsewhere and with kv.ErrCorrupt when it is not a whole file of this package.
func Open(path string, options *Options) (*Store, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := open(path, o)
	if errors.Is(err, syscall.ENOMEM) && (options == nil || options.InitialMmapBytes == 0) {
		o.InitialMmapBytes = 0 // the address space is limited and nobody asked for this much of it
		s, err = open(path, o)
	}
	if err != nil {
		return nil, fmt.Errorf("boltkv: open %q: %w", path, err)
	}
	return s, nil
}

func open(path string, o Options) (*Store, error) {
	if !o.ReadOnly {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("create: %w", err)
		}
	}
	db, file, err := openBolt(path, o)
	if err != nil {
		return nil, err
	}
	if err := checkWhole(db, path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &Store{
		db:  db,
		dir: filepath.Dir(realPath(path)),
		limits: kv.Limits{
			KeyBytes:         bolt.MaxKeySize,
			ValueBytes:       maxTransactionBytes,
			TransactionBytes: maxTransactionBytes,
		},
		options: o,
		commit:  (*bolt.Tx).Commit,
	}
	if err := s.verifyOpened(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if o.ReadOnly {
		err := fmt.Errorf("%w: it was opened with Options.ReadOnly", kv.ErrReadOnly)
		s.refused.Store(&err)
		return s, nil
	}
	removeLeftovers(path)
	s.queue.wake = make(chan struct{}, 1)
	s.done = make(chan struct{})
	s.committer.store = s
	s.space = newSpace(file, o)
	go s.committer.run()
	return s, nil
}

// openBolt opens the file with bbolt, which panics on a damaged one and then
// keeps it open and locked: the file is caught on its way in, to be closed.
//
// The list of free pages is written with every commit. Without that (bbolt's
// NoFreelistSync) commits write less, but opening reads every page of the file:
// 84 ms in place of 64 µs with 100,000 items.
func openBolt(path string, o Options) (db *bolt.DB, file *os.File, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			db, err = nil, corrupt(p)
			if file != nil {
				unlock(file)
				_ = file.Close()
			}
		}
	}()
	db, err = bolt.Open(path, fileMode, &bolt.Options{
		Timeout:         o.LockTimeout,
		FreelistType:    bolt.FreelistMapType,
		ReadOnly:        o.ReadOnly,
		InitialMmapSize: int(o.InitialMmapBytes),
		MaxSize:         int(o.MaxSizeBytes),
		NoSync:          o.NoSync,
		NoStatistics:    true, // a lock that all readers would share
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			var err error
			file, err = os.OpenFile(name, flag, mode)
			return file, err
		},
	})
	var errno syscall.Errno
	var pathErr *fs.PathError
	switch {
	case err == nil:
		return db, file, nil
	case errors.Is(err, berrors.ErrTimeout):
		return nil, nil, fmt.Errorf("%w: another process, or this one, has the file open (waited %v)", kv.ErrLocked, o.LockTimeout)
	case errors.As(err, &errno), errors.As(err, &pathErr):
		return nil, nil, err
	default: // what bbolt found wrong in the file itself
		return nil, nil, fmt.Errorf("%w: %w", kv.ErrCorrupt, err)
	}
}

// checkWhole finds out that the file is cut short, which would otherwise show
// when somebody reads beyond its end, and makes sure of the bucket.
func checkWhole(db *bolt.DB, path string) error {
	found, err := findBucket(db, path)
	if err != nil || found {
		return err
	}
	if db.IsReadOnly() {
		return fmt.Errorf("%w: the file is empty", kv.ErrCorrupt)
	}
	return addBucket(db) // somebody has made an empty file before us
}

func findBucket(db *bolt.DB, path string) (found bool, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	tx, err := db.Begin(false)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback() }()
	defer recoverCorrupt(&err)
	if size := tx.Size(); size > info.Size() {
		return false, fmt.Errorf("%w: the file has %d bytes, its pages take %d", kv.ErrCorrupt, info.Size(), size)
	}
	if tx.Bucket(bucketName) != nil {
		return true, nil
	}
	if foreign, _ := tx.Cursor().First(); foreign != nil {
		return false, fmt.Errorf("%w: a bbolt file of another program, it has no bucket %q", kv.ErrCorrupt, bucketName)
	}
	const newFile = 1      // the transaction that bbolt says has made one
	if tx.ID() > newFile { // our files get their bucket with the commit after that
		return false, fmt.Errorf("%w: the file lists no bucket, want %q", kv.ErrCorrupt, bucketName)
	}
	return false, nil
}

func addBucket(db *bolt.DB) error {
	return db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucketName)
		return err
	})
}
