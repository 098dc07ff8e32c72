package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/keyenc"
	"github.com/statordb/stator/kv"
)

// change is one item's change, with everything decided: conditions were
// judged, the new row was built.
type change struct {
	t      *table
	key    key
	old    row    // nil: the item was absent
	new    row    // nil: the item is deleted
	origin uint16 // 0: a write of this store's own

	service bool // made by expiry, and no user
}

// applyChange is the only code that touches rows: the base row, the entry of
// each index, the size of the item collection, the journal's record, and the counters of the slot. It
// returns the capacity that the change takes. A change that changes nothing writes nothing.
func (x *tx) applyChange(c change) (writeUsage, error) {
	use := writeUsage{table: writeUnits(max(c.old.size(), c.new.size()))}
	if c.old == nil && c.new == nil || c.old != nil && c.new != nil && bytes.Equal(c.old.item(), c.new.item()) {
		return use, nil
	}
	h := x.head(c.t, c.t.slot(c.key.hash))
	h.dirty = true
	h.sequence++

	var err error
	if c.new == nil {
		err = x.w.Delete(c.key.row)
	} else {
		c.new.seal(c.key.row, x.time, c.origin)
		err = x.w.Put(c.key.row, c.new)
	}
	if err != nil {
		return use, err
	}
	if c.t.rec.Journal {
		if err := x.appendRecord(c, h); err != nil {
			return use, fmt.Errorf("write the journal: %w", err)
		}
	}
	if c.t.ttl != "" {
		if err := x.changeExpiry(c); err != nil {
			return use, fmt.Errorf("write the expiry index: %w", err)
		}
	}
	entries := presence(c.new) - presence(c.old)
	grown := c.new.size() - c.old.size()
	h.rows.count(entries, grown)

	if len(c.t.indexes) > 0 {
		rowHash := keyenc.Hash(c.key.attrs)
		for _, ix := range c.t.indexes {
			units, entryGrown, err := x.changeEntry(ix, c, rowHash, h.index(ix.id))
			if err != nil {
				return use, fmt.Errorf("write index %q: %w", ix.name, err)
			}
			use.indexes[ix.pos] = units
			if ix.local {
				grown += entryGrown
			}
		}
	}
	if c.t.local {
		return use, x.growCollection(c, grown)
	}
	return use, nil
}

func presence(r row) int {
	if r == nil {
		return 0
	}
	return 1
}

// changeEntry brings one index up to date with a change, and returns the write
// units and the bytes by which the entry grew.
//
// Source of the units: Amazon DynamoDB Developer Guide, "Provisioned
// throughput considerations for Global Secondary Indexes".
func (x *tx) changeEntry(ix *index, c change, rowHash [hashSize]byte, n *counter) (units float64, grown int, err error) {
	oldKey, old, err := c.t.entry(ix, c.old, rowHash)
	if err != nil {
		return 0, 0, err
	}
	if old != nil && !ix.queryable() {
		// The index is being filled: the old row may not have its entry yet.
		v, err := x.w.Get(oldKey)
		if err != nil {
			return 0, 0, err
		}
		if v == nil {
			oldKey, old = nil, nil
		}
	}
	newKey, new, err := c.t.entry(ix, c.new, rowHash)
	if err != nil {
		return 0, 0, err
	}
	if old != nil && new != nil && bytes.Equal(oldKey, newKey) {
		if bytes.Equal(old.item(), new.item()) {
			return 0, 0, nil
		}
		units = writeUnits(max(old.size(), new.size()))
	} else {
		if old != nil {
			units += writeUnits(old.size())
			if err := x.w.Delete(oldKey); err != nil {
				return 0, 0, err
			}
		}
		if new != nil {
			units += writeUnits(new.size())
		}
	}
	if new != nil {
		new.seal(newKey, x.time, c.origin)
		if err := x.w.Put(newKey, new); err != nil {
			return 0, 0, err
		}
	}
	grown = new.size() - old.size()
	n.count(presence(new)-presence(old), grown)
	return units, grown, nil
}

// entry returns the key and the row of the index entry that a base row has,
// nil when it has none. The row is not sealed.
func (t *table) entry(ix *index, base row, rowHash [hashSize]byte) ([]byte, row, error) {
	if base == nil {
		return nil, nil, nil
	}
	item := base.item()
	k, err := t.entryKey(ix, item, rowHash)
	if k == nil || err != nil {
		return nil, nil, err
	}
	r := newRow(len(item))
	if ix.all {
		r = append(r, item...)
		r.setSize(base.size())
	} else {
		r = row(itemcodec.AppendSubset(r, item, len(t.keys), ix.projected))
		r.setSize(r.item().Size())
	}
	return k, r, nil
}

// maxCollectionBytes is the largest item collection of a table with a local index.
const maxCollectionBytes = 10 << 30

// growCollection keeps the size of an item collection: base rows and entries
// of local indexes with one partition key.
func (x *tx) growCollection(c change, grown int) error {
	k := c.t.collectionKey(c.key)
	size, err := collectionBytes(x.w, k)
	if err != nil {
		return err
	}
	size += int64(grown)
	if grown > 0 && size > maxCollectionBytes {
		return &api.Error{Code: api.CodeItemCollectionSizeLimit, Message: "Collection size exceeded."}
	}
	if size == 0 {
		return x.w.Delete(k)
	}
	v := binary.BigEndian.AppendUint64(make([]byte, 0, 12), uint64(size))
	return x.w.Put(k, binary.BigEndian.AppendUint32(v, collectionSum(k, v)))
}

// collectionSum is the checksum of an item collection's size.
func collectionSum(k, size []byte) uint32 {
	return crc32.Update(crc32.Checksum(k, castagnoli), castagnoli, size)
}

func (t *table) collectionKey(k key) []byte {
	return append(t.spaceKey(spaceCollection, hashSize), k.hash[:]...)
}

func collectionBytes(r kv.Reader, k []byte) (int64, error) {
	v, err := r.Get(k)
	if err != nil || v == nil {
		return 0, err
	}
	return decodeCollection(k, v)
}

// decodeCollection reads the size of an item collection, which is followed by its checksum unless an older version wrote it.
func decodeCollection(k, v []byte) (int64, error) {
	const size = 8
	if len(v) != size && (len(v) != size+4 || binary.BigEndian.Uint32(v[size:]) != collectionSum(k, v[:size])) {
		return 0, fmt.Errorf("%w: size of item collection %x: %x", kv.ErrCorrupt, k, v)
	}
	return int64(binary.BigEndian.Uint64(v)), nil
}
