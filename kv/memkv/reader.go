package memkv

import (
	"bytes"
	"iter"

	"github.com/google/btree"

	"github.com/statordb/stator/kv"
)

// reader reads one tree that does not change while it does.
type reader struct {
	tree *btree.BTreeG[kv.Pair] // nil after the end of the transaction
}

var _ kv.Reader = (*reader)(nil)

func (r *reader) end() { r.tree = nil }

func (r *reader) Get(key []byte) ([]byte, error) {
	if r.tree == nil {
		return nil, kv.ErrFinished
	}
	row, _ := r.tree.Get(kv.Pair{Key: key})
	return row.Value, nil
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
		tree := r.tree
		if tree == nil {
			yield(kv.Pair{}, kv.ErrFinished)
			return
		}
		if reverse {
			descend(tree, lo, hi, yield)
		} else {
			ascend(tree, lo, hi, yield)
		}
	}
}

func ascend(tree *btree.BTreeG[kv.Pair], lo, hi []byte, yield func(kv.Pair, error) bool) {
	step := func(row kv.Pair) bool { return yield(row, nil) }
	if hi == nil {
		tree.AscendGreaterOrEqual(kv.Pair{Key: lo}, step)
	} else {
		tree.AscendRange(kv.Pair{Key: lo}, kv.Pair{Key: hi}, step)
	}
}

// The tree descends from a pivot that it includes down to one that it leaves
// out, the opposite of what a scan wants, so the bounds are tested here.
func descend(tree *btree.BTreeG[kv.Pair], lo, hi []byte, yield func(kv.Pair, error) bool) {
	step := func(row kv.Pair) bool {
		switch {
		case hi != nil && bytes.Equal(row.Key, hi):
			return true
		case lo != nil && bytes.Compare(row.Key, lo) < 0:
			return false
		}
		return yield(row, nil)
	}
	if hi == nil {
		tree.Descend(step)
	} else {
		tree.DescendLessOrEqual(kv.Pair{Key: hi}, step)
	}
}
