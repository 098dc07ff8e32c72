package itemcodec

import (
	"cmp"
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

// AppendItemFirst appends the stored form of an item whose names are all in
// byte order, with the attributes that first names at its beginning, in that order, when it has them.
func AppendItemFirst(dst []byte, it Item, first ...string) []byte {
	n, rest := uvarint(it)
	begin := len(it) - len(rest)
	dst = append(dst, it[:begin]...)
	var stack [2]span
	spans := stack[:0]
	for _, name := range first {
		if s, ok := it.find(name); ok {
			dst = append(dst, it[s.start:s.end]...)
			spans = append(spans, s)
		}
	}
	if len(spans) == n { // a key
		return dst
	}
	slices.SortFunc(spans, func(x, y span) int { return cmp.Compare(x.start, y.start) })
	at := int32(begin)
	for _, s := range spans {
		dst = append(dst, it[at:s.start]...)
		at = s.end
	}
	return append(dst, it[at:]...)
}

// find returns where an attribute stands.
func (it Item) find(name string) (span, bool) {
	n, b := uvarint(it)
	for range n {
		start := len(it) - len(b)
		var found []byte
		found, b = cut(b)
		size := valueSize(b)
		if size == 0 {
			break
		}
		b = b[size:]
		if string(found) == name {
			return span{start: int32(start), end: int32(len(it) - len(b))}, true
		}
	}
	return span{}, false
}
