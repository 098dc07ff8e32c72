package engine

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/kv"
)

// The journal tells what became of a table, one record a change, written in
// the transaction of the change itself. Whatever follows changes reads it:
// streams, native subscribers, triggers, data streams.
//
// The plain way, one log for all, makes one row (its end) that every two writes
// meet on. Here each slot of a table has a log of its own, and the sequence in
// the slot's head, which every write of the slot reads and writes anyway, is its
// end. So a record's place is known when it is written, the order in a slot is the order of the commits,
// and a reader can never pass a record that commits later.
//
// A record is written while a window is open (see window), so that in the
// windows of a slot the sequences have no gap: a reader that finds one knows
// that records were trimmed.

// record is the value of a journal row:
//
//	format [1] flags [1] origin [2] commit time, µs since 1970 [8] checksum [4]
//	size of the old item [4] size of the new item [4] length of the old item, uvarint
//	old item, new item
//
// The checksum is CRC-32C over the row's key, what stands before it, and what
// follows. Sizes are by DynamoDB's rules, 0 for an item that was absent.
type record []byte

const (
	recordFormat     = 1
	recordTimeAt     = 4
	recordChecksumAt = 12
	recordSizesAt    = 16
	recordHeaderSize = 24
)

// The flags of a record.
const (
	recordHasOld    = 1 << 0
	recordHasNew    = 1 << 1
	recordByService = 1 << 2 // expiry deleted the item, and no user
)

// journalKeySize is the length of a record's key.
const journalKeySize = spaceKeySize + 1 + 8

// journalKey returns the key of a record.
func journalKey(tableID uint32, slot byte, sequence uint64) []byte {
	key := append(binary.BigEndian.AppendUint32(make([]byte, 0, journalKeySize), tableID), spaceJournal, slot)
	return binary.BigEndian.AppendUint64(key, sequence)
}

// journalPlace returns the slot and the sequence in a record's key.
func journalPlace(key []byte) (slot byte, sequence uint64) {
	return key[spaceKeySize], binary.BigEndian.Uint64(key[spaceKeySize+1:])
}

// appendRecord writes the record of a change at the sequence that its slot's head has now.
func (x *tx) appendRecord(c change, h *txHead) error {
	old, new := itemOf(c.old), itemOf(c.new)
	r := make(record, recordHeaderSize, recordHeaderSize+binary.MaxVarintLen32+len(old)+len(new))
	r[0] = recordFormat
	if c.old != nil {
		r[1] |= recordHasOld
	}
	if c.new != nil {
		r[1] |= recordHasNew
	}
	if c.service {
		r[1] |= recordByService
	}
	binary.BigEndian.PutUint16(r[2:], c.origin)
	binary.BigEndian.PutUint64(r[recordTimeAt:], uint64(x.time))
	binary.BigEndian.PutUint32(r[recordSizesAt:], uint32(c.old.size()))
	binary.BigEndian.PutUint32(r[recordSizesAt+4:], uint32(c.new.size()))
	r = binary.AppendUvarint(r, uint64(len(old)))
	r = append(append(r, old...), new...)
	key := journalKey(c.t.id, h.slot, h.sequence)
	binary.BigEndian.PutUint32(r[recordChecksumAt:], r.checksum(key))
	return x.w.Put(key, r)
}

func (r record) checksum(key []byte) uint32 {
	sum := crc32.Update(0, castagnoli, key)
	sum = crc32.Update(sum, castagnoli, r[:recordChecksumAt])
	return crc32.Update(sum, castagnoli, r[recordSizesAt:])
}

func (r record) time() int64 { return int64(binary.BigEndian.Uint64(r[recordTimeAt:])) }

// recorded is a record, read. Its items share the memory of the row.
type recorded struct {
	slot     byte
	sequence uint64
	time     int64 // of the commit, µs since 1970
	origin   uint16
	service  bool

	images           []byte         // both items, one after the other
	old, new         itemcodec.Item // parts of images; nil: absent
	oldSize, newSize int
}

// readRecord reads the row of a record.
func readRecord(p kv.Pair) (n recorded, err error) {
	r := record(p.Value)
	if len(p.Key) != journalKeySize || len(r) <= recordHeaderSize || binary.BigEndian.Uint32(r[recordChecksumAt:]) != r.checksum(p.Key) {
		return n, fmt.Errorf("%w: checksum of journal record %x", kv.ErrCorrupt, p.Key)
	}
	if r[0] != recordFormat {
		return n, fmt.Errorf("journal record %x has format %d, and this version of Stator reads %d: open it with a newer version", p.Key, r[0], recordFormat)
	}
	n.slot, n.sequence = journalPlace(p.Key)
	n.time, n.origin, n.service = r.time(), binary.BigEndian.Uint16(r[2:]), r[1]&recordByService != 0
	n.oldSize = int(binary.BigEndian.Uint32(r[recordSizesAt:]))
	n.newSize = int(binary.BigEndian.Uint32(r[recordSizesAt+4:]))
	length, used := binary.Uvarint(r[recordHeaderSize:])
	items := r[recordHeaderSize+max(used, 0):]
	if used <= 0 || length > uint64(len(items)) {
		return n, fmt.Errorf("%w: journal record %x: its old item has %d bytes of %d", kv.ErrCorrupt, p.Key, length, len(items))
	}
	n.images = items
	if r[1]&recordHasOld != 0 {
		n.old = itemcodec.Item(items[:length:length])
	}
	if r[1]&recordHasNew != 0 {
		n.new = itemcodec.Item(items[length:])
	}
	if n.old == nil && n.new == nil {
		return n, fmt.Errorf("%w: journal record %x has no item", kv.ErrCorrupt, p.Key)
	}
	return n, nil
}

// item returns the newer one of the two items.
func (n recorded) item() itemcodec.Item {
	if n.new != nil {
		return n.new
	}
	return n.old
}

// keys returns the item of n's key attributes alone, in memory of its own, and
// what it counts for.
func (n recorded) keys(attributes int) (keys itemcodec.Item, size int) {
	prefix := n.item().Prefix(attributes)
	keys = append(binary.AppendUvarint(make([]byte, 0, 1+len(prefix)), uint64(attributes)), prefix...)
	return keys, keys.Size()
}

// firstRecord returns the sequence and the commit time of the first record of a slot from a
// sequence to another, both included.
func firstRecord(r kv.Reader, tableID uint32, slot byte, from, to uint64) (sequence uint64, time int64, ok bool, err error) {
	if from > to {
		return 0, 0, false, nil
	}
	for p, err := range r.Scan(journalKey(tableID, slot, from), journalKey(tableID, slot, to+1), false) {
		if err != nil {
			return 0, 0, false, err
		}
		if len(p.Value) < recordHeaderSize {
			return 0, 0, false, fmt.Errorf("%w: journal record %x is cut short", kv.ErrCorrupt, p.Key)
		}
		_, sequence = journalPlace(p.Key)
		return sequence, record(p.Value).time(), true, nil
	}
	return 0, 0, false, nil
}

// sequenceSince returns the sequence of the first record of a slot, from one to another, both included,
// that was committed at or after a time; to+1 when there is none. Commit times do not go back. Records may be
// missing in between, where windows with other retentions ended.
func sequenceSince(r kv.Reader, tableID uint32, slot byte, from, to uint64, since int64) (uint64, error) {
	first, time, ok, err := firstRecord(r, tableID, slot, from, to)
	if err != nil {
		return 0, err
	}
	if !ok {
		return to + 1, nil
	}
	if time >= since {
		return first, nil
	}
	// The record at lo is before since; the first one from hi on is at found, and is not.
	lo, hi, found := first, to+1, to+1
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		at, time, ok, err := firstRecord(r, tableID, slot, mid, to)
		switch {
		case err != nil:
			return 0, err
		case ok && time < since:
			lo = at
		case ok:
			hi, found = mid, at
		default:
			hi = mid
		}
	}
	return found, nil
}
