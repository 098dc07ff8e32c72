package engine

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/kv"
)

// row is the value of a base row or of an index entry:
//
//	format [1] flags [1] origin [2] commit time, µs since 1970 [8] size [4] checksum [4] item
//
// The size is what the item counts for by DynamoDB's rules. The checksum is
// CRC-32C over the row's key, the header before it, and the item, so that a
// value that stands under another row's key is found out too. The origin is 0
// for a write of this store's own.
type row []byte

const (
	rowFormat     = 1
	rowTimeAt     = 4
	rowSizeAt     = 12
	rowChecksumAt = 16
	rowHeaderSize = 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newRow returns a row with room for an item of n bytes, to append it to.
func newRow(n int) row { return startRow(make([]byte, 0, rowHeaderSize+n)) }

// startRow returns a row that is made in room, to append its item to.
func startRow(room []byte) row {
	header := [rowHeaderSize]byte{rowFormat}
	return append(room[:0], header[:]...)
}

func (r row) item() itemcodec.Item { return itemcodec.Item(r[rowHeaderSize:]) }

func (r row) time() int64 { return int64(binary.BigEndian.Uint64(r[rowTimeAt:])) }

// size returns what the item counts for by DynamoDB's rules, 0 for no row.
func (r row) size() int {
	if r == nil {
		return 0
	}
	return int(binary.BigEndian.Uint32(r[rowSizeAt:]))
}

func (r row) setSize(n int) { binary.BigEndian.PutUint32(r[rowSizeAt:], uint32(n)) }

// seal fills in what is known only in the transaction. It may be called again.
func (r row) seal(key []byte, time int64, origin uint16) {
	binary.BigEndian.PutUint16(r[2:], origin)
	binary.BigEndian.PutUint64(r[rowTimeAt:], uint64(time))
	binary.BigEndian.PutUint32(r[rowChecksumAt:], r.checksum(key))
}

func (r row) checksum(key []byte) uint32 {
	sum := crc32.Update(0, castagnoli, key)
	sum = crc32.Update(sum, castagnoli, r[:rowChecksumAt])
	return crc32.Update(sum, castagnoli, r[rowHeaderSize:])
}

// openRow returns the row that the store holds under key, nil when there is
// none. It shares v's memory.
func openRow(key, v []byte) (row, error) {
	if v == nil {
		return nil, nil
	}
	r := row(v)
	if len(v) <= rowHeaderSize {
		return nil, fmt.Errorf("%w: row %x is cut short at %d bytes", kv.ErrCorrupt, key, len(v))
	}
	if binary.BigEndian.Uint32(r[rowChecksumAt:]) != r.checksum(key) {
		return nil, fmt.Errorf("%w: checksum of row %x", kv.ErrCorrupt, key)
	}
	if r[0] != rowFormat {
		return nil, fmt.Errorf("row %x has format %d, and this version of Stator reads %d: open it with a newer version", key, r[0], rowFormat)
	}
	return r, nil
}
