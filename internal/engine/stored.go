package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/kv"
)

// CheckRow reports what is wrong with a row of a store, by itself: its checksum, or its format. Rows that are a key alone
// pass when that has the form of one: idempotency tokens by time, and the entries of the expiry index.
func CheckRow(key, value []byte) error {
	if len(key) < spaceKeySize {
		return fmt.Errorf("%w: key %x is too short", kv.ErrCorrupt, key)
	}
	if binary.BigEndian.Uint32(key) == 0 {
		return checkSystemRow(key, value)
	}
	var err error
	malformed := false
	switch key[4] {
	case spaceHead:
		_, err = decodeHead(value)
	case spaceCollection:
		_, err = decodeCollection(key, value)
		malformed = len(key) != spaceKeySize+hashSize
	case spaceExpiry:
		malformed = len(key) < spaceKeySize+8+hashSize || len(value) > 0
	case spaceRow, spaceIndex:
		_, err = openRow(key, value)
	case spaceJournal:
		_, err = readRecord(kv.Pair{Key: key, Value: value})
	default:
		malformed = true // a newer version that has more would have refused the store to this one
	}
	if malformed {
		err = fmt.Errorf("%w: row %x is of no form that this version knows", kv.ErrCorrupt, key)
	}
	return err
}

// checkSystemRow is CheckRow of one of the store's own rows: what it says of its key must be true.
func checkSystemRow(key, value []byte) (err error) {
	at := key
	switch key[4] {
	case systemHeader:
		err, at = openJSON(value, &header{}), systemKey(systemHeader)
	case systemCatalog:
		var rec *tableRecord
		if rec, err = decodeRecord(value); err == nil && rec.Name != "" {
			at = catalogKey(rec.Name)
		} else {
			at = nil
		}
	case systemNextID:
		_, err = decodeNextID(value)
		at = systemKey(systemNextID)
	case systemJobs:
		var j job
		err = openJSON(value, &j)
		at = jobKey(j.ID)
	case systemJournals:
		var j *journal
		if j, err = decodeJournal(value); err == nil {
			at = journalsKey(j.TableID)
		}
	case systemSubscribers:
		var one subscription
		if one, err = decodeSubscription(value); err == nil && len(one.Next) == 0 {
			at = nil
		}
	case systemTokens:
		_, err = decodeToken(key, value)
	case systemTokensByTime:
		if _, _, ok := tokenOfTime(key); !ok || len(value) > 0 {
			at = nil
		}
	default:
		at = nil
	}
	if err == nil && at == nil {
		return fmt.Errorf("%w: row %x of the store is of no form that this version knows", kv.ErrCorrupt, key)
	}
	if err == nil && !bytes.Equal(at, key) {
		err = fmt.Errorf("%w: row %x of the store is at %x", kv.ErrCorrupt, at, key)
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
