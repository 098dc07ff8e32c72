package attr

import (
	"reflect"
)

// Unmarshaler is implemented by types that read themselves from a Value, which
// may be NULL, instead of by Unmarshal's rules. The Value may be kept.
type Unmarshaler interface {
	UnmarshalAttr(Value) error
}

// Unmarshal stores v in what out points to, by the rules of the attributevalue
// package of the AWS SDK for Go with its default options. Each type goes to
//
//	S        strings; time.Time, from RFC 3339; numbers whose field has the option string
//	N        integers, floats, strings; time.Time, from whole seconds since 1970
//	B        []byte, [n]byte of the same length
//	BOOL     bools
//	NULL     any type: it becomes zero
//	L        slices; arrays, as far as they reach
//	M        structs, maps
//	SS       slices and arrays of what takes an S
//	NS       slices and arrays of what takes an N
//	BS       slices and arrays of what takes a B
//
// and any of them to attr.Value, to pointers (nil ones are set to a new value)
// and to interfaces: string, float64, []byte, bool, nil, []any,
// map[string]any, []string, []float64 or [][]byte. A float64 holds about 16 of
// the 38 digits that a number can have: json.Number and attr.Value hold all.
//
// An attribute goes to the field of its name (see Marshal), or else to the
// first whose name differs in case only; attributes without a field are
// skipped, and fields without an attribute stay as they are. A map keeps its
// other entries.
//
// Unmarshal departs from the SDK where that stops the program or mixes old
// data into new: slices, arrays and interfaces that are not empty are filled
// as if they were, except that a pointer or a map in an interface is used; a
// set is unmarshalled element by element, also where the elements are
// Unmarshalers; when attributes differ in case only, the one with the field's
// exact name is taken, or else the first in order. Values of mixed types
// (Ambiguous) and those nested more than 1000 levels deep are errors.
//
// Strings in out share memory with v, which they keep alive; Values in out are
// v's own. Nothing else is shared. Errors are *UnmarshalError; out may then be
// filled in part.
func Unmarshal(v Value, out any) error {
	rv := reflect.ValueOf(out)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return &UnmarshalError{Kind: v.Kind(), Type: reflect.TypeOf(out), Reason: "found no place to store in, a pointer that is not nil is needed"}
	}
	return decode(v, rv, planOf(rv.Type()), 0, 0)
}

// UnmarshalItem stores the attributes of it in the struct or map that out
// points to, by the rules of Unmarshal.
func UnmarshalItem(it Item, out any) error { return Unmarshal(M(it), out) }
