package boltkv

import (
	"bytes"
	"fmt"
	"iter"
	"runtime"

	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv"
)

// reader reads one bbolt transaction, in which nothing is written while it
// does. It keeps its cursors for the next Get or Scan, whose stacks bbolt would
// otherwise allocate every time.
//
// bbolt panics on a page that cannot be right. Every call into it stands
// behind a recover that makes kv.ErrCorrupt of that, and only these calls: a
// panic of fn is fn's own.
type reader struct {
	bucket *bolt.Bucket // nil after the end of the transaction
	get    *bolt.Cursor
	got    bool           // there was a Get
	idle   []*bolt.Cursor // for scans
}

var _ kv.Reader = (*reader)(nil)

func (r *reader) begin(tx *bolt.Tx) (err error) {
	defer recoverCorrupt(&err)
	if r.bucket = tx.Bucket(bucketName); r.bucket == nil {
		return fmt.Errorf("%w: the file has no bucket %q", kv.ErrCorrupt, bucketName)
	}
	return nil
}

func (r *reader) end() { r.bucket, r.get, r.got, r.idle = nil, nil, false, nil }

func (r *reader) Get(key []byte) (value []byte, err error) {
	if r.bucket == nil {
		return nil, kv.ErrFinished
	}
	defer recoverCorrupt(&err)
	if r.get == nil {
		// The first Get, which is mostly the only one, does without a cursor of
		// its own. nil may be an empty value, too: the cursor tells.
		if !r.got {
			r.got = true
			if v := r.bucket.Get(key); v != nil {
				return v, nil
			}
		}
		r.get = r.bucket.Cursor()
	}
	k, v := r.get.Seek(key)
	if !bytes.Equal(k, key) || k == nil {
		return nil, nil
	}
	if v == nil {
		v = []byte{}
	}
	return v, nil
}

func (r *reader) GetMany(keys [][]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		var err error
		if values[i], err = r.Get(key); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (r *reader) Scan(lo, hi []byte, reverse bool) iter.Seq2[kv.Pair, error] {
	return func(yield func(kv.Pair, error) bool) {
		if r.bucket == nil {
			yield(kv.Pair{}, kv.ErrFinished)
			return
		}
		cursor := r.cursor()
		defer func() { r.idle = append(r.idle, cursor) }()
		pair, err := start(cursor, lo, hi, reverse)
		for err == nil && pair.Key != nil {
			if reverse && lo != nil && bytes.Compare(pair.Key, lo) < 0 ||
				!reverse && hi != nil && bytes.Compare(pair.Key, hi) >= 0 {
				return
			}
			if !yield(pair, nil) {
				return
			}
			pair, err = step(cursor, reverse)
		}
		if err != nil {
			yield(kv.Pair{}, err)
		}
	}
}

func (r *reader) cursor() *bolt.Cursor {
	if n := len(r.idle); n > 0 {
		cursor := r.idle[n-1]
		r.idle = r.idle[:n-1]
		return cursor
	}
	return r.bucket.Cursor()
}

func start(cursor *bolt.Cursor, lo, hi []byte, reverse bool) (pair kv.Pair, err error) {
	defer recoverCorrupt(&err)
	switch {
	case !reverse && lo == nil:
		pair.Key, pair.Value = cursor.First()
	case !reverse:
		pair.Key, pair.Value = cursor.Seek(lo)
	case hi == nil:
		pair.Key, pair.Value = cursor.Last()
	default:
		if k, _ := cursor.Seek(hi); k == nil {
			pair.Key, pair.Value = cursor.Last()
		} else {
			pair.Key, pair.Value = cursor.Prev()
		}
	}
	return pair, nil
}

func step(cursor *bolt.Cursor, reverse bool) (pair kv.Pair, err error) {
	defer recoverCorrupt(&err)
	if reverse {
		pair.Key, pair.Value = cursor.Prev()
	} else {
		pair.Key, pair.Value = cursor.Next()
	}
	return pair, nil
}

// recoverCorrupt is deferred around calls into bbolt that read pages.
func recoverCorrupt(err *error) {
	if p := recover(); p != nil {
		*err = corrupt(p)
	}
}

func corrupt(p any) error { return fmt.Errorf("%w: %v", kv.ErrCorrupt, p) }

// faulted reports whether p is the panic of an access to memory that is not
// there. Under debug.SetPanicOnFault that is how a page beyond the end of a
// truncated file shows itself, perhaps only when fn looks into a value.
func faulted(p any) bool {
	fault, ok := p.(interface {
		runtime.Error
		Addr() uintptr
	})
	return ok && fault.Addr() != 0
}
