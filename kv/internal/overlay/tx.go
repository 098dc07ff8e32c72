package overlay

import (
	"fmt"
	"iter"

	"github.com/statordb/stator/kv"
)

// Tx is the kv.Writer of one transaction: its writes go to a layer of their
// own. It refuses to work after End, so that one that is kept beyond its fn
// cannot reach into a later transaction on the same layer.
type Tx struct {
	over   Over
	limits kv.Limits
	clone  func(key, value []byte) (k, v []byte)
	live   bool
}

var _ kv.Writer = (*Tx)(nil)

// Begin returns a transaction on layer, which it empties, on top of under.
//
// What fn writes is copied by clone, at once: fn may hand its buffers to others
// in the moment in which it returns, which is before the commit. The value that
// clone is given for a deletion is nil.
func Begin(layer *Layer, under Reader, limits kv.Limits, clone func(key, value []byte) (k, v []byte)) *Tx {
	layer.Reset()
	return &Tx{over: Over{Layer: layer, Under: under}, limits: limits, clone: clone, live: true}
}

// End ends the transaction for its fn. What it wrote stays in the layer.
func (t *Tx) End() {
	t.live = false
	t.over = Over{}
}

func (t *Tx) Get(key []byte) ([]byte, error) {
	if !t.live {
		return nil, kv.ErrFinished
	}
	return t.over.Get(key)
}

func (t *Tx) GetMany(keys [][]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		var err error
		if values[i], err = t.Get(key); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (t *Tx) Scan(lo, hi []byte, reverse bool) iter.Seq2[kv.Pair, error] {
	if !t.live {
		return failed(kv.ErrFinished)
	}
	return t.over.Scan(lo, hi, reverse)
}

func (t *Tx) Put(key, value []byte) error {
	switch {
	case !t.live:
		return kv.ErrFinished
	case len(key) == 0:
		return kv.ErrEmptyKey
	case len(key) > t.limits.KeyBytes:
		return fmt.Errorf("%w: a key of %d bytes, at most %d are allowed", kv.ErrTooBig, len(key), t.limits.KeyBytes)
	case len(value) > t.limits.ValueBytes:
		return fmt.Errorf("%w: a value of %d bytes, at most %d are allowed", kv.ErrTooBig, len(value), t.limits.ValueBytes)
	}
	if err := t.room(len(key) + len(value)); err != nil {
		return err
	}
	t.over.Layer.Put(t.clone(key, value))
	return nil
}

func (t *Tx) Delete(key []byte) error {
	if !t.live {
		return kv.ErrFinished
	}
	if len(key) == 0 || len(key) > t.limits.KeyBytes { // no such key can exist
		return nil
	}
	if err := t.room(len(key)); err != nil {
		return err
	}
	key, _ = t.clone(key, nil)
	t.over.Layer.Delete(key)
	return nil
}

func (t *Tx) DeleteRange(lo, hi []byte) error {
	// One deletion a key: a store on a tree removes them one by one anyhow,
	// and a scan sees what was there before its loop, so deleting in it is fine.
	for pair, err := range t.Scan(lo, hi, false) {
		if err == nil {
			err = t.Delete(pair.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) room(bytes int) error {
	if total := t.over.Layer.Bytes() + bytes; total > t.limits.TransactionBytes {
		return fmt.Errorf("%w: a transaction of %d bytes, at most %d are allowed",
			kv.ErrTooBig, total, t.limits.TransactionBytes)
	}
	return nil
}

// failed is a scan that yields nothing but err.
func failed(err error) iter.Seq2[kv.Pair, error] {
	return func(yield func(kv.Pair, error) bool) { yield(kv.Pair{}, err) }
}
