// Package boltkv is a kv.Store in one file, on bbolt, with group commit.
package boltkv

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/statordb/stator/kv"
)

const maxTransactionBytes = 256 << 20

var bucketName = []byte("stator")

// Store is an open file. Its methods are safe for concurrent use.
//
// A View is a bbolt read transaction. While it lasts, the pages that later
// commits replace cannot be used again: the file grows, and so does the list of
// free pages that every commit writes. Views that are short and not too many
// at a time keep both small.
//
// Bytes that came from a View and are used after it can end the process: they
// may lie in a part of the file that is mapped no longer.
type Store struct {
	db      *bolt.DB
	dir     string // the folder of the file, links followed
	limits  kv.Limits
	options Options

	verifier verifier

	queue     queue
	committer committer
	space     space         // the committer's
	done      chan struct{} // closed when the committer's goroutine has ended; nil when read-only

	// refused is set once, when a commit's fate is unknown or the file turned
	// out corrupt while writing, to the reason; Update fails with it.
	refused atomic.Pointer[error]

	closeOnce sync.Once
	closed    atomic.Bool

	commit func(*bolt.Tx) error // (*bolt.Tx).Commit; tests make it fail
}

var _ kv.RowChecker = (*Store)(nil)

// View runs fn on the state after the last commit.
func (s *Store) View(ctx context.Context, fn func(kv.Reader) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	before := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(before)
	tx, err := s.begin(false)
	if err != nil {
		return err
	}
	var r reader
	defer func() {
		r.end()
		_ = tx.Rollback()
		if p := recover(); p != nil {
			if !faulted(p) {
				panic(p)
			}
			err = corrupt(p)
		}
	}()
	if err := r.begin(s, tx); err != nil {
		return err
	}
	return fn(&r)
}

// begin starts a bbolt transaction and speaks of its failure in kv's words.
func (s *Store) begin(writable bool) (tx *bolt.Tx, err error) {
	defer recoverCorrupt(&err)
	tx, err = s.db.Begin(writable)
	switch {
	case err == nil:
		return tx, nil
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		return nil, kv.ErrClosed
	default:
		return nil, fmt.Errorf("boltkv: begin a transaction: %w", err)
	}
}

// Update runs fn, perhaps in the committer's goroutine, and returns when the
// commit that carries it is on the disk. An fn that failed after it saw what others wrote in the
// same commit waits for that too; when it fails for good, the error is
// kv.ErrReadOnly and not that of fn, for what fn saw may never have been.
func (s *Store) Update(ctx context.Context, fn func(kv.Writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed.Load() {
		return kv.ErrClosed
	}
	if err := s.refusal(); err != nil {
		return err
	}
	c := newCall(ctx, fn)
	lead, ok := s.queue.push(c)
	if !ok {
		return kv.ErrClosed
	}
	if lead {
		s.committer.lead(c)
	}
	return c.wait()
}

func (s *Store) refusal() error {
	if reason := s.refused.Load(); reason != nil {
		return *reason
	}
	return nil
}

// refuse makes every later Update fail with cause.
func (s *Store) refuse(cause error) {
	err := fmt.Errorf("%w: an earlier commit failed, reopen the store to go on: %w", kv.ErrReadOnly, cause)
	s.refused.CompareAndSwap(nil, &err)
}

// Limits returns the largest sizes that the store takes.
func (s *Store) Limits() kv.Limits { return s.limits }

// Close commits what was handed to Update before, waits for the transactions
// under way and gives the file and its lock back.
func (s *Store) Close() error {
	err := kv.ErrClosed
	s.closeOnce.Do(func() {
		s.closed.Store(true)
		if s.done != nil {
			s.queue.close()
			<-s.done
		}
		if err = s.db.Close(); err != nil {
			err = fmt.Errorf("boltkv: close: %w", err)
		}
	})
	return err
}
