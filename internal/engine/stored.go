package engine

import (
	"encoding/binary"
	"fmt"

	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/kv"
)

// CheckRow reports what is wrong with a row of a store, by itself: its checksum, or its format. Rows without a checksum
// pass: those of the store's own, the sizes of item collections, and the entries of the expiry index.
func CheckRow(key, value []byte) error {
	if len(key) <= spaceKeySize || binary.BigEndian.Uint32(key) == 0 {
		return nil
	}
	var err error
	switch key[4] {
	case spaceHead:
		_, err = decodeHead(value)
	case spaceRow, spaceIndex:
		_, err = openRow(key, value)
	case spaceJournal:
		_, err = readRecord(kv.Pair{Key: key, Value: value})
	}
	return err
}

// RowTime returns when the last write to a slot was committed, of the row of its head, in µs since 1970; 0 of other rows.
func RowTime(key, value []byte) int64 {
	if len(key) == len(headKey(0, 0)) && key[4] == spaceHead && binary.BigEndian.Uint32(key) != 0 {
		if h, err := decodeHead(value); err == nil {
			return h.time
		}
	}
	return 0
}

// itemName returns the key attributes of an item, as its user knows them: the first attributes of the stored item. They
// are what can be read, of a row whose checksum may be wrong; "" when that is nothing.
func itemName(value []byte, attributes int) string {
	if len(value) <= rowHeaderSize {
		return ""
	}
	item, err := itemcodec.DecodeItem(itemcodec.Item(value[rowHeaderSize:]))
	if err != nil {
		return ""
	}
	stored := itemcodec.Item(value[rowHeaderSize:]).Prefix(attributes)
	key, err := itemcodec.DecodeItem(append(itemcodec.Item{byte(attributes)}, stored...))
	if err != nil || len(item) < attributes {
		return ""
	}
	return key.String()
}

// RowNamer tells what is wrong with rows in words that users know, of a store whose tables may not be reachable by their
// names. It learns those names from the rows that it is given, in the order of their keys.
type RowNamer struct{ tables map[uint32]string }

// Check is CheckRow, with the names of the table and of the item in the error.
func (n *RowNamer) Check(key, value []byte) error {
	if len(key) < spaceKeySize {
		return nil
	}
	id := binary.BigEndian.Uint32(key)
	if id == 0 {
		if rec, err := decodeRecord(value); err == nil && key[4] == systemCatalog {
			if n.tables == nil {
				n.tables = map[uint32]string{}
			}
			n.tables[rec.ID] = rec.Name
		}
		return nil
	}
	err := CheckRow(key, value)
	if err == nil {
		return nil
	}
	what := fmt.Sprintf("table id %d", id)
	if name, ok := n.tables[id]; ok {
		what = fmt.Sprintf("table %q", name)
	}
	attributes := 1
	if len(key) > spaceKeySize+hashSize {
		attributes = 2
	}
	if key[4] == spaceRow {
		if name := itemName(value, attributes); name != "" {
			what += ", item " + name
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}
