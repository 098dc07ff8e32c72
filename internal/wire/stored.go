package wire

import (
	"slices"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// stored reads an item into its stored form, without an attr.Item between.
// That is for the items of the requests that store them. ok is false, and
// nothing is read, when there is something about the item that no request may
// have, or something rare: item then reads it, so that the fault is found where all are.
//
// It changes nothing in r.b, which is read again in that case: a text with
// escapes is unescaped beside it.
func (r *reader) stored() (item itemcodec.Built, ok bool) {
	start := r.i
	if !r.build {
		return item, false
	}
	r.builder.Reset()
	if r.next() == '{' && !r.open('}') && r.storedAttributes(1) {
		item, ok = r.builder.Item()
		ok = ok && r.spend(len(item.Item()))
		if ok && r.tenure != Lent {
			item = item.Clone()
		}
	}
	if !ok {
		r.i = start
	}
	return item, ok
}

// storedAttributes reads the attributes of an item or map from the first name on, and its closing bracket.
func (r *reader) storedAttributes(level int) bool {
	for {
		name, ok := r.piece()
		if !ok || !r.take(':') || !r.builder.Name(name) || !r.storedValue(level) {
			return false
		}
		more, ok := r.more('}')
		if !more {
			return ok
		}
	}
}

// storedValue reads an attribute value of one type.
func (r *reader) storedValue(level int) bool {
	if level > itemcodec.MaxLevels || !r.take('{') {
		return false
	}
	name, ok := r.piece()
	if !ok || !r.take(':') {
		return false
	}
	b := &r.builder
	switch kind := kindOf(string(name)); kind {
	case attr.String:
		s, ok := r.piece()
		if !ok || !b.String(s) {
			return false
		}
	case attr.Number:
		s, ok := r.piece()
		if !ok || !b.Number(s) {
			return false
		}
	case attr.Binary:
		s, ok := r.piece()
		if !ok || !b.Binary(s) {
			return false
		}
	case attr.Bool:
		v := r.next() == 't'
		if v && !r.literal("true") || !v && !r.literal("false") {
			return false
		}
		b.Bool(v)
	case attr.Null:
		if r.next() != 't' || !r.literal("true") {
			return false
		}
		b.Null()
	case attr.List:
		if !r.storedList(level + 1) {
			return false
		}
	case attr.Map:
		o := b.OpenMap()
		if r.next() != '{' || !r.open('}') && !r.storedAttributes(level+1) || !b.CloseMap(o) {
			return false
		}
	case attr.StringSet:
		if o := b.OpenStringSet(); !r.storedSet(b.Element) || !b.CloseSet(o) {
			return false
		}
	case attr.NumberSet:
		if o := b.OpenNumberSet(); !r.storedSet(b.NumberElement) || !b.CloseNumberSet(o) {
			return false
		}
	case attr.BinarySet:
		if o := b.OpenBinarySet(); !r.storedSet(b.BinaryElement) || !b.CloseSet(o) {
			return false
		}
	default:
		return false
	}
	return r.take('}')
}

func (r *reader) storedList(level int) bool {
	o := r.builder.OpenList()
	if r.next() != '[' {
		return false
	}
	if r.open(']') {
		return r.builder.CloseList(o, 0)
	}
	for n := 1; ; n++ {
		if !r.storedValue(level) {
			return false
		}
		if more, ok := r.more(']'); !more {
			return ok && r.builder.CloseList(o, n)
		}
	}
}

// storedSet reads the elements of a set, of which there must be one.
func (r *reader) storedSet(add func(element []byte) bool) bool {
	if r.next() != '[' {
		return false
	}
	r.i++
	for {
		e, ok := r.piece()
		if !ok || !add(e) {
			return false
		}
		if more, ok := r.more(']'); !more {
			return ok
		}
	}
}

// piece is text without a change to r.b. What it returns is valid until the next call.
func (r *reader) piece() ([]byte, bool) {
	if r.next() != '"' {
		return nil, false
	}
	start := r.i + 1
	i := special(r.b, start)
	switch r.b[i] {
	case '"':
		r.i = i + 1
		return r.b[start:i], true
	case '\\':
		size := r.rest(i) - start
		if size > itemcodec.MaxBuilt {
			return nil, false
		}
		r.unescaped = slices.Grow(r.unescaped[:0], size)
		var ok bool
		r.unescaped, ok = r.unescape(append(r.unescaped[:0], r.b[start:i]...), i)
		return r.unescaped, ok
	}
	return nil, false
}
