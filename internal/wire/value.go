package wire

import (
	"encoding/base64"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/statordb/stator/attr"
)

// maxLevel is how many levels of attribute values are read, of which the
// attributes of an item are the first. A request may have 32: what lies deeper is not read but
// stands as a value that no request accepts, so that Validate finds the
// fault, whichever it looks for.
const maxLevel = 40

// value reads an attribute value. Like all that a request holds it may be
// wrong: without a type it is the zero Value, with two it is ambiguous.
func (r *reader) value(at place, level int) (attr.Value, bool) {
	switch r.next() {
	case '{':
	case 'n':
		return attr.Value{}, r.literal("null")
	default:
		return attr.Value{}, r.mismatch(wantAttributeValue, at)
	}
	if level > maxLevel {
		return attr.AmbiguousValue(), r.skip()
	}
	if r.open('}') {
		return attr.Value{}, true
	}
	var v attr.Value
	var others *types // as soon as there is a second type
	for {
		name, ok := r.key()
		if !ok {
			return attr.Value{}, false
		}
		typed, kind, ok := r.typed(name, level)
		if !ok {
			return attr.Value{}, false
		}
		switch {
		case kind == attr.Invalid: // no member of AWS's
		case others != nil:
			others.set(kind, typed)
		case v.IsZero() || v.Kind() == kind:
			v = typed
		case typed.IsZero(): // absent
		default:
			if !r.spend(int(unsafe.Sizeof(*others))) {
				return attr.Value{}, false
			}
			others = new(types)
			others.set(v.Kind(), v)
			others.set(kind, typed)
		}
		more, ok := r.more('}')
		if !ok {
			return attr.Value{}, false
		}
		if !more {
			break
		}
	}
	if others != nil {
		return others.only(), true
	}
	return v, true
}

// types has a value that names more than one type, until the end tells whether
// a later null took all but one away.
type types struct {
	values [attr.Ambiguous]attr.Value
	given  uint16
}

func (t *types) set(kind attr.Kind, v attr.Value) {
	t.given |= 1 << kind
	if v.IsZero() {
		t.given &^= 1 << kind
	}
	t.values[kind] = v
}

func (t *types) only() attr.Value {
	switch bits.OnesCount16(t.given) {
	case 0:
		return attr.Value{}
	case 1:
		return t.values[bits.TrailingZeros16(t.given)]
	}
	return attr.AmbiguousValue()
}

// typed reads the member of an attribute value that is called name. The value
// is zero when the member is null, and the kind Invalid when there is no such member.
func (r *reader) typed(name string, level int) (v attr.Value, kind attr.Kind, ok bool) {
	kind = kindOf(name)
	if kind == attr.Invalid {
		return attr.Value{}, kind, r.skip()
	}
	c := r.next()
	if c == 'n' {
		return attr.Value{}, kind, r.literal("null")
	}
	switch kind {
	case attr.String, attr.Number:
		if c != '"' {
			return attr.Value{}, kind, r.mismatch(wantString, member)
		}
		s, ok := r.text()
		if kind == attr.Number {
			return attr.N(s), kind, ok
		}
		return attr.S(s), kind, ok
	case attr.Binary:
		b, ok := r.bytes()
		return attr.B(b), kind, ok
	case attr.Bool:
		b, ok := r.boolean()
		return attr.BOOL(b), kind, ok
	case attr.Null:
		b, ok := r.boolean()
		if b {
			return attr.NULL(), kind, ok
		}
		return attr.FalseNULL(), kind, ok
	case attr.List:
		l, ok := r.list(level + 1)
		return attr.L(l...), kind, ok
	case attr.Map:
		m, ok := r.item(member, level+1)
		return attr.M(m), kind, ok
	case attr.StringSet:
		set, ok := r.strings()
		return attr.SS(set...), kind, ok
	case attr.NumberSet:
		set, ok := r.strings()
		return attr.NS(set...), kind, ok
	}
	set, ok := r.binarySet()
	return attr.BS(set...), kind, ok
}

func kindOf(name string) attr.Kind {
	switch name {
	case "S":
		return attr.String
	case "N":
		return attr.Number
	case "B":
		return attr.Binary
	case "BOOL":
		return attr.Bool
	case "NULL":
		return attr.Null
	case "L":
		return attr.List
	case "M":
		return attr.Map
	case "SS":
		return attr.StringSet
	case "NS":
		return attr.NumberSet
	case "BS":
		return attr.BinarySet
	}
	return attr.Invalid
}

// item reads an item, a key, or the contents of a map, whose values are at a
// level. It is nil when it is null.
func (r *reader) item(at place, level int) (attr.Item, bool) {
	if null, ok := r.null(); null || !ok {
		return nil, ok
	}
	if r.next() != '{' {
		return nil, r.mismatch(wantItem, at)
	}
	if r.open('}') {
		return attr.Item{}, r.spend(smallMap)
	}
	base, valuesBase := len(r.names), len(r.values)
	for {
		name, ok := r.name()
		if !ok {
			return nil, false
		}
		v, ok := r.value(element, level)
		if !ok {
			return nil, false
		}
		if r.names, ok = push(r, r.names, name); !ok {
			return nil, false
		}
		if r.values, ok = push(r, r.values, v); !ok {
			return nil, false
		}
		more, ok := r.more('}')
		if !ok {
			return nil, false
		}
		if !more {
			break
		}
	}
	names, values := r.names[base:], r.values[valuesBase:]
	if !r.spend(mapCost(len(names), unsafe.Sizeof(attr.Value{}))) {
		return nil, false
	}
	item := make(attr.Item, len(names))
	for i, name := range names {
		item[name] = values[i] // the last of a name wins
	}
	r.names, r.values = pop(r.names, base), pop(r.values, valuesBase)
	return item, true
}

// list reads the elements of an L, which are at a level, or another list of
// attribute values.
func (r *reader) list(level int) ([]attr.Value, bool) {
	if r.next() != '[' {
		return nil, r.mismatch(wantList, member)
	}
	if r.open(']') {
		return []attr.Value{}, true
	}
	base := len(r.values)
	for {
		v, ok := r.value(element, level)
		if !ok {
			return nil, false
		}
		if r.values, ok = push(r, r.values, v); !ok {
			return nil, false
		}
		more, ok := r.more(']')
		if !ok {
			return nil, false
		}
		if !more {
			break
		}
	}
	l, ok := popped(r, r.values[base:])
	r.values = pop(r.values, base)
	return l, ok
}

// strings reads a list of strings. A null among them is an empty string, which
// is as little accepted as null is.
func (r *reader) strings() ([]string, bool) {
	if r.next() != '[' {
		return nil, r.mismatch(wantList, member)
	}
	if r.open(']') {
		return []string{}, true
	}
	base := len(r.texts)
	for {
		s, ok := r.stringOrNull()
		if !ok {
			return nil, false
		}
		if r.texts, ok = push(r, r.texts, s); !ok {
			return nil, false
		}
		more, ok := r.more(']')
		if !ok {
			return nil, false
		}
		if !more {
			break
		}
	}
	l, ok := popped(r, r.texts[base:])
	r.texts = pop(r.texts, base)
	return l, ok
}

func (r *reader) stringOrNull() (string, bool) {
	switch r.next() {
	case '"':
		return r.text()
	case 'n':
		return "", r.literal("null")
	}
	return "", r.mismatch(wantString, member)
}

func (r *reader) binarySet() ([][]byte, bool) {
	if r.next() != '[' {
		return nil, r.mismatch(wantList, member)
	}
	if r.open(']') {
		return [][]byte{}, true
	}
	base := len(r.binaries)
	for {
		null, ok := r.null()
		if !ok {
			return nil, false
		}
		var b []byte
		if !null {
			if b, ok = r.bytes(); !ok {
				return nil, false
			}
		}
		if r.binaries, ok = push(r, r.binaries, b); !ok {
			return nil, false
		}
		more, ok := r.more(']')
		if !ok {
			return nil, false
		}
		if !more {
			break
		}
	}
	l, ok := popped(r, r.binaries[base:])
	r.binaries = pop(r.binaries, base)
	return l, ok
}

// push appends v, doubling the room when there is none: append would copy a
// long list more often on its way up.
func push[E any](r *reader, stack []E, v E) ([]E, bool) {
	if len(stack) == cap(stack) {
		n := max(16, 2*len(stack))
		if !r.spend(n * int(unsafe.Sizeof(v))) {
			return stack, false
		}
		grown := make([]E, len(stack), n)
		copy(grown, stack)
		stack = grown
	}
	return append(stack, v), true
}

// popped returns a copy of the end of a stack.
func popped[E any](r *reader, list []E) ([]E, bool) {
	var e E
	if !r.spend(len(list) * int(unsafe.Sizeof(e))) {
		return nil, false
	}
	return slices.Clone(list), true
}

// pop takes all from element n on off a stack, and leaves no reference to it.
func pop[E any](stack []E, n int) []E {
	clear(stack[n:])
	return stack[:n]
}

// bytes reads a binary value.
func (r *reader) bytes() ([]byte, bool) {
	if r.next() != '"' {
		return nil, r.mismatch(wantBlob, member)
	}
	s, ok := r.token()
	if !ok {
		return nil, false
	}
	if len(s)%4 != 0 {
		return nil, r.fault(faultLength + strconv.Itoa(len(s)))
	}
	if !r.spend(len(s)) {
		return nil, false
	}
	pad := len(s) - len(strings.TrimRight(s, "="))
	b := make([]byte, len(s)/4*3)
	n, err := base64.StdEncoding.Strict().Decode(b, unsafe.Slice(unsafe.StringData(s), len(s)))
	if err != nil || pad > 2 || n != len(b)-pad { // fewer when there were line ends, which Decode drops
		return nil, r.fault(faultBase64)
	}
	return b[:n], true
}

// boolean reads true, false or one of the strings that AWS takes for them.
func (r *reader) boolean() (b, ok bool) {
	switch r.next() {
	case 't':
		return true, r.literal("true")
	case 'f':
		return false, r.literal("false")
	case '"':
		s, ok := r.token()
		switch {
		case !ok:
			return false, false
		case strings.EqualFold(s, "true"), s == "1", strings.EqualFold(s, "yes"):
			return true, true
		case strings.EqualFold(s, "false"), s == "0", strings.EqualFold(s, "no"):
			return false, true
		}
		return false, r.fault(faultBoolean)
	}
	return false, r.mismatch(wantBoolean, member)
}
