package engine

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/statordb/stator/kv"
)

// head is the first row of a slot of a table. Every write to the slot reads
// and writes it, so the order of its sequence is the order of the commits, and
// a write that was prepared against an older definition finds out.
//
//	format [1] generation [8] sequence [8] commit time, µs since 1970 [8]
//	counter of the base rows, n [2], n × (index id [2], counter), checksum [4]
//	counter = entries [8] bytes [8]
type head struct {
	generation uint64 // of the table's record
	sequence   uint64 // of the last change in the slot
	time       int64  // of the last commit in the slot
	rows       counter
	indexes    []indexCounter
}

// counter counts rows, and the bytes of their items by DynamoDB's rules.
type counter struct{ entries, bytes int64 }

type indexCounter struct {
	id uint16
	counter
}

const (
	headFormat    = 1
	headFixedSize = 1 + 3*8 + 16 + 2
	headIndexSize = 2 + 16
)

// count adds to the rows' counter.
func (c *counter) count(entries, bytes int) {
	c.entries += int64(entries)
	c.bytes += int64(bytes)
}

// index returns the counter of an index, which appears with its first use.
func (h *head) index(id uint16) *counter {
	for i := range h.indexes {
		if h.indexes[i].id == id {
			return &h.indexes[i].counter
		}
	}
	h.indexes = append(h.indexes, indexCounter{id: id})
	return &h.indexes[len(h.indexes)-1].counter
}

func (h *head) encode() []byte {
	return h.append(make([]byte, 0, headFixedSize+len(h.indexes)*headIndexSize+4))
}

// append appends the stored form of h to b, which is empty.
func (h *head) append(b []byte) []byte {
	b = append(b, headFormat)
	b = binary.BigEndian.AppendUint64(b, h.generation)
	b = binary.BigEndian.AppendUint64(b, h.sequence)
	b = binary.BigEndian.AppendUint64(b, uint64(h.time))
	b = h.rows.append(b)
	b = binary.BigEndian.AppendUint16(b, uint16(len(h.indexes)))
	for _, x := range h.indexes {
		b = binary.BigEndian.AppendUint16(b, x.id)
		b = x.append(b)
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func (c counter) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(c.entries))
	return binary.BigEndian.AppendUint64(b, uint64(c.bytes))
}

func decodeHead(b []byte) (head, error) {
	damaged := func() (head, error) { return head{}, fmt.Errorf("%w: head of a table: %x", kv.ErrCorrupt, b) }
	if len(b) < headFixedSize+4 || b[0] != headFormat {
		return damaged()
	}
	body := b[:len(b)-4]
	if binary.BigEndian.Uint32(b[len(b)-4:]) != crc32.Checksum(body, castagnoli) {
		return damaged()
	}
	h := head{
		generation: binary.BigEndian.Uint64(b[1:]),
		sequence:   binary.BigEndian.Uint64(b[9:]),
		time:       int64(binary.BigEndian.Uint64(b[17:])),
		rows:       decodeCounter(b[25:]),
	}
	n := int(binary.BigEndian.Uint16(b[41:]))
	if len(body) != headFixedSize+n*headIndexSize {
		return damaged()
	}
	if n > 0 {
		h.indexes = make([]indexCounter, n)
	}
	for i := range h.indexes {
		at := headFixedSize + i*headIndexSize
		h.indexes[i] = indexCounter{id: binary.BigEndian.Uint16(b[at:]), counter: decodeCounter(b[at+2:])}
	}
	return h, nil
}

func decodeCounter(b []byte) counter {
	return counter{entries: int64(binary.BigEndian.Uint64(b)), bytes: int64(binary.BigEndian.Uint64(b[8:]))}
}

// checkGeneration reports errStale when a snapshot has another definition of
// the table: rows and entries may be on their way out.
func (t *table) checkGeneration(r kv.Reader) error {
	v, err := r.Get(headKey(t.id, 0))
	if err != nil {
		return err
	}
	if v == nil {
		return errStale
	}
	h, err := decodeHead(v)
	if err == nil && h.generation != t.gen {
		err = errStale
	}
	return err
}

func headKey(tableID uint32, slot byte) []byte {
	return appendHeadKey(make([]byte, 0, 6), tableID, slot)
}

func appendHeadKey(dst []byte, tableID uint32, slot byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, tableID), spaceHead, slot)
}
