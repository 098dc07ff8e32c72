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
// does. It keeps its cursors for the next Scan, whose stacks would otherwise be
// allocated every time.
//
// A page that cannot be right can still show itself by an index out of range,
// when it changes after it was checked. Every look into pages stands
// behind a recover that makes kv.ErrCorrupt of that, and only these: a
// panic of fn is fn's own.
type reader struct {
	open bool // the transaction is not over
	tree tree
	idle []*cursor // for scans
}

var _ kv.Reader = (*reader)(nil)

func (r *reader) begin(s *Store, tx *bolt.Tx) (err error) {
	defer recoverCorrupt(&err)
	r.tree, err = s.tree(tx)
	r.open = err == nil
	return err
}

func (r *reader) end() { *r = reader{} }

func (r *reader) Get(key []byte) (value []byte, err error) {
	if !r.open {
		return nil, kv.ErrFinished
	}
	defer recoverCorrupt(&err)
	return r.tree.get(key)
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
		if !r.open {
			yield(kv.Pair{}, kv.ErrFinished)
			return
		}
		c := r.cursor()
		defer func() { r.idle = append(r.idle, c) }()
		pair, err := r.start(c, lo, hi, reverse)
		for err == nil && pair.Key != nil {
			if !yield(pair, nil) {
				return
			}
			pair, err = r.step(c, lo, hi, reverse)
		}
		if err != nil {
			yield(kv.Pair{}, err)
		}
	}
}

func (r *reader) cursor() *cursor {
	if n := len(r.idle); n > 0 {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		return c
	}
	return &cursor{}
}

func (r *reader) start(c *cursor, lo, hi []byte, reverse bool) (pair kv.Pair, err error) {
	if !r.open {
		return pair, kv.ErrFinished
	}
	defer recoverCorrupt(&err)
	switch {
	case !reverse && lo == nil:
		err = c.end(&r.tree, first)
	case !reverse:
		err = c.seek(&r.tree, lo)
	case hi == nil:
		err = c.end(&r.tree, last)
	default:
		err = c.seek(&r.tree, hi)
		c.leaf().at--
	}
	if err != nil {
		return pair, err
	}
	return r.here(c, lo, hi, reverse)
}

func (r *reader) step(c *cursor, lo, hi []byte, reverse bool) (pair kv.Pair, err error) {
	if !r.open {
		return pair, kv.ErrFinished
	}
	defer recoverCorrupt(&err)
	if reverse {
		c.leaf().at--
	} else {
		c.leaf().at++
	}
	return r.here(c, lo, hi, reverse)
}

// here returns the row at the cursor, or none when the scan is over.
func (r *reader) here(c *cursor, lo, hi []byte, reverse bool) (pair kv.Pair, err error) {
	f := c.leaf()
	if f.at < 0 || f.at >= f.n {
		if ok, err := c.settle(&r.tree, reverse); !ok || err != nil {
			return pair, err
		}
		f = c.leaf()
	}
	pair.Key, pair.Value = f.row(f.at)
	switch {
	case reverse && lo != nil && bytes.Compare(pair.Key, lo) < 0:
		return kv.Pair{}, r.tree.sure(&f.page, f.at+1)
	case !reverse && hi != nil && bytes.Compare(pair.Key, hi) >= 0:
		return kv.Pair{}, r.tree.sure(&f.page, f.at)
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
