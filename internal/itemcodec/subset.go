package itemcodec

import (
	"encoding/binary"
	"slices"
)

// AppendSubset appends the stored form of a part of it: its first n
// attributes (the table's key) and those of the others that names holds. Their
// order stays.
func AppendSubset(dst []byte, it Item, n int, names []string) []byte {
	count, i := 0, 0
	for name := range it.All() {
		if i < n || slices.Contains(names, name) {
			count++
		}
		i++
	}
	dst = binary.AppendUvarint(dst, uint64(count))
	i = 0
	for name, v := range it.All() {
		if i < n || slices.Contains(names, name) {
			dst = appendBytes(dst, name)
			dst = append(dst, v...)
		}
		i++
	}
	return dst
}
