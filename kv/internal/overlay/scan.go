package overlay

import (
	"bytes"
	"iter"

	"github.com/statordb/stator/kv"
)

// Reader is what a layer reads through to: a store's snapshot or another layer
// on top of one. A Scan of it may be driven while the layer above is written.
type Reader interface {
	Get(key []byte) ([]byte, error)
	Scan(lo, hi []byte, reverse bool) iter.Seq2[kv.Pair, error]
}

// Over is a layer on top of a Reader, itself a Reader.
type Over struct {
	Layer *Layer
	Under Reader
}

// Get returns the layer's value of key or else the value beneath.
func (o Over) Get(key []byte) ([]byte, error) {
	if value, found := o.Layer.Get(key); found {
		return value, nil
	}
	return o.Under.Get(key)
}

// Scan yields the pairs of the layer and of what is beneath in one order, as
// kv.Reader describes. The scan beneath drives it and the layer's keys are
// slipped in between, so that stores need to offer no more than a loop.
func (o Over) Scan(lo, hi []byte, reverse bool) iter.Seq2[kv.Pair, error] {
	return func(yield func(kv.Pair, error) bool) {
		l := o.Layer
		if l.Len() == 0 { // writes inside the loop come too late for this scan
			o.Under.Scan(lo, hi, reverse)(yield)
			return
		}
		l.open++
		defer func() { l.open = max(l.open-1, 0) }()
		it := iterator{layer: l, lo: lo, hi: hi, reverse: reverse, seq: l.seq}
		it.first()
		for pair, err := range o.Under.Scan(lo, hi, reverse) {
			if err != nil {
				yield(kv.Pair{}, err)
				return
			}
			covered := false
			for it.node != 0 {
				order := bytes.Compare(it.key, pair.Key)
				if reverse {
					order = -order
				}
				if order > 0 {
					break
				}
				covered = covered || order == 0
				if it.value != nil && !yield(kv.Pair{Key: it.key, Value: it.value}, nil) {
					return
				}
				it.next()
			}
			if !covered && !yield(pair, nil) {
				return
			}
		}
		for ; it.node != 0; it.next() {
			if it.value != nil && !yield(kv.Pair{Key: it.key, Value: it.value}, nil) {
				return
			}
		}
	}
}

// iterator walks the keys of a layer between lo and hi as they were after
// write number seq, deletions (value nil) included. It stays valid when the
// layer is written.
type iterator struct {
	layer   *Layer
	lo, hi  []byte
	reverse bool
	seq     uint64

	node       int32 // 0 at the end
	key, value []byte
}

func (it *iterator) first() {
	switch {
	case it.reverse:
		it.node = it.layer.below(it.hi)
	case it.lo == nil:
		it.node = it.layer.next(0, 0)
	default:
		it.node = it.layer.seek(it.lo, nil)
	}
	it.settle()
}

func (it *iterator) next() {
	it.step()
	it.settle()
}

func (it *iterator) step() {
	if it.reverse {
		it.node = it.layer.below(it.layer.nodes[it.node].key)
	} else {
		it.node = it.layer.next(it.node, 0)
	}
}

// settle moves on to the first node, from the current one, that existed at the
// iterator's time, and stops at the bound.
func (it *iterator) settle() {
	for ; it.node != 0; it.step() {
		it.key = it.layer.nodes[it.node].key
		past := it.hi != nil && bytes.Compare(it.key, it.hi) >= 0
		if it.reverse {
			past = it.lo != nil && bytes.Compare(it.key, it.lo) < 0
		}
		if past {
			it.node = 0
			return
		}
		var found bool
		if it.value, found = it.layer.at(it.node, it.seq); found {
			return
		}
	}
}
