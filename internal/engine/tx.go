package engine

import (
	"github.com/statordb/stator/kv"
)

// tx is one transaction of writes. It reads the rows and the heads that its
// operations need in one go, hands out one commit time, and writes the heads back once.
type tx struct {
	w     kv.Writer
	now   int64 // µs since 1970, read before the transaction
	time  int64 // of the commit: now, but never before the heads' times
	heads []txHead
}

type txHead struct {
	t     *table
	slot  byte
	key   []byte
	dirty bool
	head
}

// load reads the heads of the slots that the keys are in and the rows of the
// keys, in one round trip, and returns the rows in the order of the keys.
func (x *tx) load(tables []*table, keys []key) ([]row, error) {
	get := make([][]byte, len(keys), 2*len(keys))
	for i, k := range keys {
		get[i] = k.row
		x.addHead(tables[i], tables[i].slot(k.hash))
	}
	for i := range x.heads {
		get = append(get, x.heads[i].key)
	}
	found, err := x.w.GetMany(get)
	if err != nil {
		return nil, err
	}
	x.time = x.now
	for i := range x.heads {
		h := &x.heads[i]
		v := found[len(keys)+i]
		if v == nil {
			return nil, errStale // the table is gone
		}
		if h.head, err = decodeHead(v); err != nil {
			return nil, err
		}
		if h.generation != h.t.gen {
			return nil, errStale
		}
		x.time = max(x.time, h.time)
	}
	rows := make([]row, len(keys))
	for i, k := range keys {
		if rows[i], err = tables[i].checkRow(k, found[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (x *tx) addHead(t *table, slot byte) {
	for i := range x.heads {
		if x.heads[i].t == t && x.heads[i].slot == slot {
			return
		}
	}
	x.heads = append(x.heads, txHead{t: t, slot: slot, key: headKey(t.id, slot)})
}

// head returns the head of a slot that load has read.
func (x *tx) head(t *table, slot byte) *txHead {
	for i := range x.heads {
		if x.heads[i].t == t && x.heads[i].slot == slot {
			return &x.heads[i]
		}
	}
	panic("engine: a change of a slot that the transaction did not load")
}

// finish writes back the heads that changed.
func (x *tx) finish() error {
	for i := range x.heads {
		h := &x.heads[i]
		if !h.dirty {
			continue
		}
		h.time = x.time
		if err := x.w.Put(h.key, h.encode()); err != nil {
			return err
		}
	}
	return nil
}
