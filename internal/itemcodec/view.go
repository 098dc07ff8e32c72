package itemcodec

import (
	"encoding/binary"
	"iter"
	"unsafe"

	"github.com/statordb/stator/attr"
)

// Item is the stored form of an item, read in place. Its methods allocate
// nothing, share its memory and never panic: damaged bytes read as absent
// (rows carry a checksum, so damage is found before an Item is made of them).
type Item []byte

// Value is the stored form of one value, read in place, as Item is. The nil
// Value is absent.
type Value []byte

// Len returns the number of attributes.
func (it Item) Len() int {
	n, _ := uvarint(it)
	return n
}

// Lookup returns the named attribute, or nil when the item has none.
func (it Item) Lookup(name string) Value {
	n, b := uvarint(it)
	for range n {
		var found []byte
		found, b = cut(b)
		size := valueSize(b)
		if size == 0 {
			return nil
		}
		if string(found) == name {
			return Value(b[:size:size])
		}
		b = b[size:]
	}
	return nil
}

// All yields the attributes in stored order. The names share the item's memory.
func (it Item) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		n, b := uvarint(it)
		for range n {
			var name []byte
			name, b = cut(b)
			size := valueSize(b)
			if size == 0 || !yield(text(name), Value(b[:size:size])) {
				return
			}
			b = b[size:]
		}
	}
}

// Prefix returns the bytes of the first n attributes, without the count that
// stands before them; nil when there are fewer.
func (it Item) Prefix(n int) []byte {
	count, b := uvarint(it)
	if count < n {
		return nil
	}
	rest := b
	for range n {
		_, rest = cut(rest)
		size := valueSize(rest)
		if size == 0 {
			return nil
		}
		rest = rest[size:]
	}
	return b[:len(b)-len(rest)]
}

// Kind returns the value's type, Invalid when it is absent.
func (v Value) Kind() attr.Kind {
	if len(v) == 0 {
		return attr.Invalid
	}
	switch v[0] {
	case tagString:
		return attr.String
	case tagNumber:
		return attr.Number
	case tagBinary:
		return attr.Binary
	case tagFalse, tagTrue:
		return attr.Bool
	case tagNull:
		return attr.Null
	case tagList:
		return attr.List
	case tagMap:
		return attr.Map
	case tagStringSet:
		return attr.StringSet
	case tagNumberSet:
		return attr.NumberSet
	case tagBinarySet:
		return attr.BinarySet
	}
	return attr.Invalid
}

// Bytes returns the bytes of S and B and the decimal text of N; nil for any
// other type.
func (v Value) Bytes() []byte {
	if len(v) == 0 || v[0] > tagBinary {
		return nil
	}
	b, _ := cut(v[1:])
	return b
}

// Text is Bytes as a string that shares the value's memory.
func (v Value) Text() string { return text(v.Bytes()) }

// Bool returns whether v is the BOOL true.
func (v Value) Bool() bool { return len(v) > 0 && v[0] == tagTrue }

// Len returns the number of elements of L, M and sets, of bytes of S, N and B,
// and 0 for the other types.
func (v Value) Len() int {
	if len(v) == 0 {
		return 0
	}
	if v[0] <= tagBinary {
		return len(v.Bytes())
	}
	n, _ := uvarint(v.body())
	return n
}

// Item returns the entries of an M; an empty Item for any other type.
func (v Value) Item() Item {
	if len(v) == 0 || v[0] != tagMap {
		return nil
	}
	return Item(v.body())
}

// Index returns element i of an L, or nil when there is none.
func (v Value) Index(i int) Value {
	if len(v) == 0 || v[0] != tagList || i < 0 {
		return nil
	}
	n, b := uvarint(v.body())
	if i >= n {
		return nil
	}
	for range i {
		size := valueSize(b)
		if size == 0 {
			return nil
		}
		b = b[size:]
	}
	size := valueSize(b)
	return Value(b[:size:size])
}

// List yields the elements of an L, and nothing for any other type.
func (v Value) List() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if len(v) == 0 || v[0] != tagList {
			return
		}
		n, b := uvarint(v.body())
		for range n {
			size := valueSize(b)
			if size == 0 || !yield(Value(b[:size:size])) {
				return
			}
			b = b[size:]
		}
	}
}

// Set yields the elements of a set, numbers as their decimal text, and nothing
// for any other type.
func (v Value) Set() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if len(v) == 0 || v[0] < tagStringSet {
			return
		}
		n, b := uvarint(v.body())
		for range n {
			var e []byte
			e, b = cut(b)
			if e == nil || !yield(e) {
				return
			}
		}
	}
}

// body returns what follows the size of an L, M or set.
func (v Value) body() []byte {
	if len(v) < 1+sizeBytes || v[0] < tagList {
		return nil
	}
	return v[1+sizeBytes:]
}

// valueSize returns the length of the value that b starts with, 0 when b does
// not start with a whole value.
func valueSize(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	switch tag := b[0]; {
	case tag >= tagString && tag <= tagBinary:
		n, k := binary.Uvarint(b[1:])
		if k <= 0 || n > uint64(len(b)-1-k) {
			return 0
		}
		return 1 + k + int(n)
	case tag >= tagFalse && tag <= tagNull:
		return 1
	case tag >= tagList && tag <= tagBinarySet:
		if len(b) < 1+sizeBytes {
			return 0
		}
		n := binary.LittleEndian.Uint32(b[1:])
		if uint64(n) > uint64(len(b)-1-sizeBytes) {
			return 0
		}
		return 1 + sizeBytes + int(n)
	}
	return 0
}

// uvarint reads a count or length, which never exceeds what is left of b.
func uvarint(b []byte) (n int, rest []byte) {
	u, k := binary.Uvarint(b)
	if k <= 0 || u > uint64(len(b)) {
		return 0, nil
	}
	return int(u), b[k:]
}

// cut reads a length and that many bytes; nil when they are not there.
func cut(b []byte) (found, rest []byte) {
	n, rest := uvarint(b)
	if rest == nil || n > len(rest) {
		return nil, nil
	}
	return rest[:n:n], rest[n:]
}

func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
