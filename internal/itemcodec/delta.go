package itemcodec

import (
	"bytes"
	"encoding/binary"
)

// A delta makes one item of another that is nearly the same: an item before a
// change of what it is afterwards.
//
//	delta = count of the attributes that come out, until they are complete: step
//	step  = attributes to copy, attributes to pass over, attributes to insert, these attributes
//
// The counts are uvarints. Both items are in their stored order, so that a
// delta is made and applied in one walk, and what it copies and inserts are whole runs of bytes.

// AppendDelta appends the delta that makes to of from. Both are items of one
// table in their stored form; the n attributes of its key, which come first, are the same.
func AppendDelta(dst []byte, from, to Item, n int) []byte {
	left, a := uvarint(from)
	count, b := uvarint(to)
	dst = binary.AppendUvarint(dst, uint64(count))
	var copied, passed, inserted uint64
	var run []byte // from the first attribute to insert on; the others follow it
	size := 0
	step := func() {
		dst = binary.AppendUvarint(dst, copied)
		dst = binary.AppendUvarint(dst, passed)
		dst = append(binary.AppendUvarint(dst, inserted), run[:size]...)
		copied, passed, inserted, size = 0, 0, 0, 0
	}
	for i := 0; left > 0 || count > 0; i++ {
		nameA, sizeA := attribute(a)
		nameB, sizeB := attribute(b)
		order := 0 // of the two attributes
		switch {
		case left == 0:
			order = 1
		case count == 0:
			order = -1
		case i >= n:
			order = bytes.Compare(nameA, nameB)
		}
		if order == 0 && bytes.Equal(a[:sizeA], b[:sizeB]) {
			if passed+inserted > 0 {
				step()
			}
			copied++
			a, left, b, count = a[sizeA:], left-1, b[sizeB:], count-1
			continue
		}
		if order <= 0 {
			passed++
			a, left = a[sizeA:], left-1
		}
		if order >= 0 {
			if inserted == 0 {
				run = b
			}
			inserted++
			size += sizeB
			b, count = b[sizeB:], count-1
		}
	}
	step()
	return dst
}

// ApplyDelta appends the item that a delta makes of from, and false when it
// is no delta of it: then what was appended is of no use.
func ApplyDelta(dst []byte, from Item, delta []byte) ([]byte, bool) {
	left, a := uvarint(from)
	total, k := binary.Uvarint(delta)
	if a == nil || k <= 0 {
		return dst, false
	}
	delta = delta[k:]
	dst = binary.AppendUvarint(dst, total)
	for len(delta) > 0 {
		var counts [3]int
		for i := range counts {
			n, rest := uvarintTo(delta, uint64(max(left, len(delta))))
			if rest == nil {
				return dst, false
			}
			counts[i], delta = n, rest
		}
		copied, passed, inserted := counts[0], counts[1], counts[2]
		run, ok := attributes(a, copied)
		if !ok || copied+passed > left {
			return dst, false
		}
		dst = append(dst, a[:run]...)
		a = a[run:]
		if run, ok = attributes(a, passed); !ok {
			return dst, false
		}
		a = a[run:]
		left -= copied + passed
		if run, ok = attributes(delta, inserted); !ok {
			return dst, false
		}
		dst = append(dst, delta[:run]...)
		delta = delta[run:]
		if uint64(copied+inserted) > total {
			return dst, false
		}
		total -= uint64(copied + inserted)
	}
	return dst, left == 0 && total == 0
}

// attribute returns the name of the attribute that b begins with and the size of
// it all, 0 when there is no whole one.
func attribute(b []byte) (name []byte, size int) {
	name, rest := cut(b)
	n := valueSize(rest)
	if n == 0 {
		return nil, 0
	}
	return name, len(b) - len(rest) + n
}

// attributes returns the size of n attributes.
func attributes(b []byte, n int) (size int, ok bool) {
	for range n {
		_, one := attribute(b[size:])
		if one == 0 {
			return 0, false
		}
		size += one
	}
	return size, true
}

// uvarintTo reads a count of at most so many; rest is nil when there is none.
func uvarintTo(b []byte, most uint64) (n int, rest []byte) {
	u, k := binary.Uvarint(b)
	if k <= 0 || u > most {
		return 0, nil
	}
	return int(u), b[k:]
}
