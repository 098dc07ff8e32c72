// Package memkv is a kv.Store in memory, for tests and for data that need not
// outlive the process.
package memkv

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/google/btree"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/internal/overlay"
)

// Options say how a store in memory is opened. A nil *Options is all defaults.
type Options struct {
	// MaxSizeBytes is how many bytes of keys and values the store may hold; a
	// commit that would pass it fails with kv.ErrFull, one that makes the store
	// smaller never does. 0 means no limit, a negative number is a fault.
	MaxSizeBytes int64
}

const (
	maxKeyBytes         = 32 << 10
	maxTransactionBytes = 256 << 20
	degree              = 32 // fewer copies a write than 64, fewer levels than 16
)

// Store is a B-tree of rows. Its methods are safe for concurrent use.
//
// Readers need a state that stands still. Cloning the tree after every write
// is the plain way and costs each write eight times its price, because after a
// clone every node on its path is copied first. So nobody clones until a reader
// comes and the tree has changed since the last clone: a run of writes pays
// nothing, a run of reads shares one clone and takes no lock but the one that
// Close waits on.
//
// Writers run one at a time in their callers' goroutines and read the tree
// itself through a layer of their own writes; a failed fn is a dropped layer.
type Store struct {
	limits  kv.Limits
	maxSize int64

	// Locks are taken in this order: closing, writing, changing.

	// closing is held shared by every transaction while it runs.
	closing sync.RWMutex
	closed  bool // guarded by closing

	// writing is held by the one Update under way, also while its fn runs.
	writing sync.Mutex
	layer   overlay.Layer // of the Update under way, guarded by writing
	size    int64         // bytes of keys and values, guarded by writing
	under   reader        // of the tree itself, guarded by writing

	// changing is held while the tree changes or is cloned, never while an fn
	// runs: a reader that needs a clone does not wait for a slow writer. The
	// holder of writing reads the tree without it, for nobody else changes it.
	changing sync.Mutex
	tree     *btree.BTreeG[kv.Pair]

	// snapshot is a clone of the tree as it is, nil when there is none.
	snapshot atomic.Pointer[btree.BTreeG[kv.Pair]]
}

var _ kv.Store = (*Store)(nil)

// Open returns an empty store. It fails only when options hold a fault.
func Open(options *Options) (*Store, error) {
	var o Options
	if options != nil {
		o = *options
	}
	if o.MaxSizeBytes < 0 {
		return nil, fmt.Errorf("memkv: Options.MaxSizeBytes is %d, it must be 0 (no limit) or more", o.MaxSizeBytes)
	}
	tree := btree.NewG(degree, less)
	return &Store{
		limits: kv.Limits{
			KeyBytes:         maxKeyBytes,
			ValueBytes:       maxTransactionBytes,
			TransactionBytes: maxTransactionBytes,
		},
		maxSize: o.MaxSizeBytes,
		tree:    tree,
		under:   reader{tree: tree},
	}, nil
}

func less(a, b kv.Pair) bool { return bytes.Compare(a.Key, b.Key) < 0 }

// View runs fn on the state after the last commit.
func (s *Store) View(ctx context.Context, fn func(kv.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return kv.ErrClosed
	}
	tree := s.snapshot.Load()
	if tree == nil {
		tree = s.clone()
	}
	r := &reader{tree: tree}
	defer r.end()
	return fn(r)
}

func (s *Store) clone() *btree.BTreeG[kv.Pair] {
	s.changing.Lock()
	defer s.changing.Unlock()
	tree := s.snapshot.Load()
	if tree == nil {
		tree = s.tree.Clone()
		s.snapshot.Store(tree)
	}
	return tree
}

// Update runs fn in the caller's goroutine and applies what it wrote.
func (s *Store) Update(ctx context.Context, fn func(kv.Writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return kv.ErrClosed
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	defer s.layer.Reset()
	tx := overlay.Begin(&s.layer, &s.under, s.limits, cloneRow)
	err := run(tx, fn)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	return s.apply()
}

func run(tx *overlay.Tx, fn func(kv.Writer) error) error {
	defer tx.End() // also when fn panics
	return fn(tx)
}

func (s *Store) apply() error {
	if s.layer.Len() == 0 {
		return nil
	}
	if s.maxSize > 0 {
		if grown := s.growth(); grown > 0 && s.size+grown > s.maxSize {
			return fmt.Errorf("%w: the store holds %d bytes, %d more would pass Options.MaxSizeBytes %d",
				kv.ErrFull, s.size, grown, s.maxSize)
		}
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	s.snapshot.Store(nil)
	for key, value := range s.layer.All() {
		var before kv.Pair
		if value == nil {
			before, _ = s.tree.Delete(kv.Pair{Key: key})
		} else {
			s.size += int64(len(key) + len(value))
			before, _ = s.tree.ReplaceOrInsert(kv.Pair{Key: key, Value: value})
		}
		s.size -= int64(len(before.Key) + len(before.Value))
	}
	return nil
}

// growth returns by how many bytes the store would grow.
func (s *Store) growth() int64 {
	grown := int64(0)
	for key, value := range s.layer.All() {
		if value != nil {
			grown += int64(len(key) + len(value))
		}
		before, _ := s.tree.Get(kv.Pair{Key: key})
		grown -= int64(len(before.Key) + len(before.Value))
	}
	return grown
}

// cloneRow copies a row into one allocation, in which it goes into the tree.
func cloneRow(key, value []byte) (k, v []byte) {
	row := make([]byte, len(key)+len(value))
	n := copy(row, key)
	copy(row[n:], value)
	return row[:n:n], row[n:]
}

// Limits returns the largest sizes that the store takes.
func (s *Store) Limits() kv.Limits { return s.limits }

// Close waits for the transactions under way and forgets everything.
func (s *Store) Close() error {
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.closed {
		return kv.ErrClosed
	}
	s.closed = true
	s.tree = nil
	s.under.end()
	s.snapshot.Store(nil)
	return nil
}
