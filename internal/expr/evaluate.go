package expr

import (
	"bytes"
	"cmp"
	"strconv"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// scratch is room for the stored form of a number that size computes.
type scratch [24]byte

// storedNumber is the tag of a number in the stored form (itemcodec's package
// documentation).
const storedNumber = 2

// match evaluates a condition.
func (b *bound) match(n *node, doc itemcodec.Item) bool {
	switch n.op {
	case opAnd:
		for _, arg := range n.args {
			if !b.match(arg, doc) {
				return false
			}
		}
		return true
	case opOr:
		for _, arg := range n.args {
			if b.match(arg, doc) {
				return true
			}
		}
		return false
	case opNot:
		return !b.match(n.args[0], doc)
	case opCall:
		return b.matchCall(n, doc)
	}

	var s0, s1, s2 scratch
	first := b.operand(n.args[0], doc, &s0)
	switch n.op {
	case opIn:
		if len(first) == 0 {
			return false
		}
		for _, arg := range n.args[1:] {
			if bytes.Equal(first, b.operand(arg, doc, &s1)) {
				return true
			}
		}
		return false
	case opBetween:
		low, high := b.operand(n.args[1], doc, &s1), b.operand(n.args[2], doc, &s2)
		return ordered(first, low) && ordered(first, high) && compare(first, low) >= 0 && compare(first, high) <= 0
	}
	second := b.operand(n.args[1], doc, &s1)
	switch n.op {
	case opEqual:
		return len(first) > 0 && bytes.Equal(first, second)
	case opNotEqual:
		return len(first) == 0 || !bytes.Equal(first, second)
	}
	if !ordered(first, second) {
		return false
	}
	order := compare(first, second)
	switch n.op {
	case opLess:
		return order < 0
	case opLessOrEqual:
		return order <= 0
	case opGreater:
		return order > 0
	default:
		return order >= 0
	}
}

// operand returns the stored form of an operand, nil when it has no value. What
// size returns lies in s.
func (b *bound) operand(n *node, doc itemcodec.Item, s *scratch) itemcodec.Value {
	if n.op != opCall {
		return b.simple(n, doc)
	}
	// It is size, of a value or path: its own result has no size. (Were this a
	// recursion, s would escape to the heap.)
	size, ok := sizeOf(b.simple(n.args[0], doc))
	if !ok {
		return nil
	}
	text := strconv.AppendInt(s[2:2], int64(size), 10)
	s[0], s[1] = storedNumber, byte(len(text))
	return itemcodec.Value(s[:2+len(text)])
}

// simple returns the stored form of a value or path.
func (b *bound) simple(n *node, doc itemcodec.Item) itemcodec.Value {
	if n.op == opValue {
		return b.values[n.value].stored
	}
	return b.lookup(n.path, doc)
}

// sizeOf is the function size: characters of a string, bytes of a binary,
// elements of a set, list or map. Numbers, booleans and null have none.
//
// The developer guide ("Comparison operator and function reference") says that
// size returns the length of a string. What the service counts are UTF-16 code
// units, as Java does: one for "é", two for an emoji.
func sizeOf(v itemcodec.Value) (size int, ok bool) {
	switch v.Kind() {
	case attr.Invalid, attr.Number, attr.Bool, attr.Null:
		return 0, false
	case attr.String:
		return lenUTF16(v.Bytes()), true
	}
	return v.Len(), true
}

// lenUTF16 counts the UTF-16 code units of UTF-8 text: one for each first byte,
// two where it starts a sequence of four.
func lenUTF16(s []byte) int {
	n := 0
	for _, c := range s {
		if c&0xC0 != 0x80 {
			n++
		}
		if c >= 0xF0 {
			n++
		}
	}
	return n
}

// ordered reports whether v and w have one type that has an order.
func ordered(v, w itemcodec.Value) bool {
	k := v.Kind()
	return k.IsScalar() && k == w.Kind() && (k != attr.Number || v.Len() > 0 && w.Len() > 0)
}

// compare orders two values of one type, S, N or B.
func compare(v, w itemcodec.Value) int {
	if v.Kind() == attr.Number {
		return compareNumbers(v.Bytes(), w.Bytes())
	}
	return bytes.Compare(v.Bytes(), w.Bytes())
}

// compareNumbers orders two canonical texts by value. It is num.CompareText on
// bytes: that calls strings.Compare, which lets what it compares escape, and
// every comparison would allocate.
func compareNumbers(a, b []byte) int {
	aNegative, bNegative := a[0] == '-', b[0] == '-'
	switch {
	case aNegative && !bNegative:
		return -1
	case bNegative && !aNegative:
		return 1
	case aNegative:
		a, b = b[1:], a[1:]
	}
	if order := cmp.Compare(wholeDigits(a), wholeDigits(b)); order != 0 {
		return order
	}
	return bytes.Compare(a, b)
}

// wholeDigits counts the digits before the point.
func wholeDigits(number []byte) int {
	if i := bytes.IndexByte(number, '.'); i >= 0 {
		return i
	}
	return len(number)
}

// matchCall evaluates a function that is a condition.
func (b *bound) matchCall(n *node, doc itemcodec.Item) bool {
	var s scratch
	if n.args[0].op == opCall { // size: a number contains nothing
		return n.fn == fnAttributeType && len(b.operand(n.args[0], doc, &s)) > 0 &&
			b.simple(n.args[1], doc).Text() == attr.Number.String()
	}
	first := b.simple(n.args[0], doc)
	switch n.fn {
	case fnAttributeExists:
		return len(first) > 0
	case fnAttributeNotExists:
		return len(first) == 0
	}
	second := b.operand(n.args[1], doc, &s)
	if len(first) == 0 || len(second) == 0 {
		return false
	}
	switch n.fn {
	case fnAttributeType:
		return first.Kind().String() == second.Text()
	case fnBeginsWith:
		k := first.Kind()
		return k == second.Kind() && (k == attr.String || k == attr.Binary) && bytes.HasPrefix(first.Bytes(), second.Bytes())
	default:
		return contains(first, second)
	}
}

// contains is the function contains: a part of a string or binary, an element
// of a set or list.
func contains(v, part itemcodec.Value) bool {
	k := v.Kind()
	switch k {
	case attr.String, attr.Binary:
		return part.Kind() == k && bytes.Contains(v.Bytes(), part.Bytes())
	case attr.List:
		for e := range v.List() {
			if bytes.Equal(e, part) {
				return true
			}
		}
		return false
	case attr.StringSet, attr.NumberSet, attr.BinarySet:
		if part.Kind() != k-attr.StringSet+attr.String {
			return false
		}
		want := part.Bytes()
		for e := range v.Set() {
			if bytes.Equal(e, want) {
				return true
			}
		}
	}
	return false
}
