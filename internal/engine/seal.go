package engine

import (
	"encoding/json"
	"fmt"
	"hash/crc32"

	"github.com/statordb/stator/kv"
)

// The last member of the store's own records, which are JSON: CRC-32C over the record with zeros in the place of
// its digits. As a member it is passed over by versions that do not know it.
const (
	sealBegin = `,"Checksum":"`
	sealZeros = `00000000`
	sealEnd   = `"}`
	sealSize  = len(sealBegin) + len(sealZeros) + len(sealEnd)
)

// sealJSON is json.Marshal of a record, with its checksum.
func sealJSON(record any) ([]byte, error) {
	b, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	return seal(b), nil
}

// seal adds the checksum to a record.
func seal(b []byte) []byte {
	b = append(b[:len(b)-1], sealBegin+sealZeros+sealEnd...)
	sum := crc32.Checksum(b, castagnoli)
	copy(b[len(b)-len(sealEnd)-len(sealZeros):], fmt.Sprintf("%08x", sum))
	return b
}

// openJSON is json.Unmarshal of a record whose checksum is right, or which has none, for an older version wrote it.
func openJSON(b []byte, record any) error {
	if err := checkSeal(b); err != nil {
		return err
	}
	return json.Unmarshal(b, record)
}

func checkSeal(b []byte) error {
	if len(b) < sealSize {
		return nil
	}
	seal := b[len(b)-sealSize:]
	begin, digits, end := seal[:len(sealBegin)], seal[len(sealBegin):len(sealBegin)+len(sealZeros)], seal[len(seal)-len(sealEnd):]
	same := 0
	for i := range sealBegin {
		if begin[i] == sealBegin[i] {
			same++
		}
	}
	for i := range sealEnd {
		if end[i] == sealEnd[i] {
			same++
		}
	}
	const all = len(sealBegin) + len(sealEnd)
	if same < all/2 {
		return nil // it is not there, and not damaged
	}
	sum := crc32.Update(0, castagnoli, b[:len(b)-sealSize+len(sealBegin)])
	sum = crc32.Update(sum, castagnoli, []byte(sealZeros+sealEnd))
	if same < all || string(digits) != fmt.Sprintf("%08x", sum) {
		return fmt.Errorf("%w: checksum of the record %.100q", kv.ErrCorrupt, b)
	}
	return nil
}
