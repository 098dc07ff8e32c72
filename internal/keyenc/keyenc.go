// Package keyenc writes values as parts of a stored key.
//
// A part is order-preserving (bytes.Compare on two encodings gives the order of
// the two values) and self-delimiting (no encoding is a proper prefix of
// another of the same kind), so that parts can be written one after the other
// and the whole still sorts by the first, then the second, and so on. The kind
// of a part is not stored: a key schema fixes it.
//
// This is an on-disk format. Every value has exactly one encoding; a change
// here is a new store format.
//
// # Strings and binaries
//
// Both sort by their bytes. Each 0x00 is written as 0x00 0xFF, and the part
// ends with 0x00 0x01:
//
//	""      00 01
//	"a"     61 00 01
//	"a\x00" 61 00 FF 00 01
//
// The terminator is smaller than an escaped zero and than any other byte that
// could follow, so that "a" sorts before all that begins with "a".
//
// # Numbers
//
// A number is ±0.p1p2p3… × 100^(E+1), where p1, p2, … are base-100 digits
// ("pairs"), p1 is not 0 and the last is not 0. E is -65 to 62. At most 20 pairs hold 38
// decimal digits. A positive number is
//
//	0x80 + E + 65, then 2p+1 for each pair but the last, which is 2p
//
// so that the lowest bit says whether another pair follows; a number that ends is
// smaller than one that goes on. Zero is 80 00, below every positive number,
// whose p1 is at least 1. A negative number is its magnitude with every bit
// inverted, first bytes 00 to 7F:
//
//	0     80 00
//	1     C1 02
//	-1    3E FD
//	12.5  C1 19 64
//	100   C2 02
//
// The longest is 21 bytes, a number of ten digits 6 or 7.
package keyenc

import (
	"crypto/sha256"
	"errors"
)

// ErrCorrupt: the bytes do not begin with a part that this package has
// written.
var ErrCorrupt = errors.New("keyenc: not an encoded key part")

// HashSize is the length of a Hash in bytes.
const HashSize = 16

// Hash stands for an encoded key of any length in a fixed size: the first 128
// bits of its SHA-256. Nobody can construct two keys with one hash, and the hashes
// are spread evenly; readers compare the key itself nevertheless.
func Hash(b []byte) [HashSize]byte {
	sum := sha256.Sum256(b)
	return [HashSize]byte(sum[:HashSize])
}

// PrefixEnd returns the smallest key that is greater than every key that
// begins with prefix: the end, exclusive, of a scan over them. It returns nil
// when there is none, because prefix is empty or all 0xFF: the scan has no
// end. The result shares no memory with prefix.
func PrefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xFF {
			end := make([]byte, i+1)
			copy(end, prefix)
			end[i]++
			return end
		}
	}
	return nil
}
