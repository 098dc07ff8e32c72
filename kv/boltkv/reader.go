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
		looking := true // into pages, and not in yield
		defer func() {
			if !looking {
				return
			}
			if p := recover(); p != nil {
				looking = false
				yield(kv.Pair{}, corrupt(p))
			}
		}()
		err := r.start(c, lo, hi, reverse)
		for err == nil {
			var pair kv.Pair
			if pair, err = r.here(c, lo, hi, reverse); err != nil || pair.Key == nil {
				break
			}
			looking = false
			if !yield(pair, nil) {
				return
			}
			if looking = r.open; !looking {
				err = kv.ErrFinished
			}
		}
		if looking = false; err != nil {
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

// start goes to where a scan begins.
func (r *reader) start(c *cursor, lo, hi []byte, reverse bool) error {
	switch {
	case !reverse && lo == nil, reverse && hi == nil:
		return c.end(&r.tree, reverse)
	case !reverse:
		return c.seek(&r.tree, lo)
	}
	err := c.seek(&r.tree, hi)
	c.leaf().at--
	return err
}

// here returns the row at the cursor, none when the scan is over, and goes on to the next.
func (r *reader) here(c *cursor, lo, hi []byte, reverse bool) (pair kv.Pair, err error) {
	f := c.leaf()
	if uint(f.at) >= uint(f.n) {
		if ok, err := c.settle(&r.tree, reverse); !ok || err != nil {
			return pair, err
		}
		f = c.leaf()
	}
	key, value := f.row(f.at)
	if reverse {
		if lo != nil && bytes.Compare(key, lo) < 0 {
			return pair, r.tree.sure(&f.page, f.at+1)
		}
		f.at--
	} else {
		if hi != nil && bytes.Compare(key, hi) >= 0 {
			return pair, r.tree.sure(&f.page, f.at)
		}
		f.at++
	}
	return kv.Pair{Key: key, Value: value}, nil
}

// recoverCorrupt is deferred around what reads pages, here and in bbolt.
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
