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

	visible visibility // of expired items

	// Room for a transaction of one write, the most frequent one: it makes one
	// allocation of these five.
	oneHead [1]txHead
	oneKey  [6]byte
	oneRow  [headFixedSize + 4]byte // the head of a table without indexes
	twoGets [2][]byte
}

type txHead struct {
	t     *table
	slot  byte
	key   []byte
	dirty bool
	from  uint64 // the sequence before the transaction
	head
}

// load reads the heads of the slots that the keys are in and the rows of the
// keys, in one round trip, and returns the rows in the order of the keys.
func (x *tx) load(tables []*table, keys []key) (rows [][]byte, err error) {
	get := x.twoGets[:0]
	for i, k := range keys {
		get = append(get, k.row)
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
		h.from = h.sequence
		x.time = max(x.time, h.time)
	}
	rows = found[:len(keys)]
	for i, k := range keys {
		if _, err := tables[i].checkRow(k, rows[i]); err != nil {
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
	key := x.oneKey[:0]
	if x.heads == nil {
		x.heads = x.oneHead[:0]
	} else {
		key = nil
	}
	x.heads = append(x.heads, txHead{t: t, slot: slot, key: appendHeadKey(key, t.id, slot)})
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
		if h.sequence != h.from {
			h.time = x.time // a job that fills an index changes no item, and the last record of the slot stays the last
		}
		var b []byte
		if i == 0 && len(h.indexes) == 0 {
			b = h.append(x.oneRow[:0])
		} else {
			b = h.encode()
		}
		if err := x.w.Put(h.key, b); err != nil {
			return err
		}
	}
	return nil
}
