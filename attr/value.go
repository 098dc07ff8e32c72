package attr

import (
	"strconv"
	"unsafe"

	"github.com/statordb/stator/internal/num"
)

// Value is one attribute value. It is immutable, cheap to copy (three words, as
// log/slog's Value) and safe for concurrent use. The zero Value has no type
// (Invalid) and is accepted by no request.
//
// A Value shares the memory that it was built from: what is passed to B, L, M
// and the set constructors must not be changed afterwards, nor what Bytes,
// List, Map, Strings and Binaries return.
type Value struct {
	_ [0]func() // no ==: use Equal

	// n is the length of what ref points to; 0 or 1 for BOOL and NULL.
	n int
	// ref is one of the types below. Each is shaped like a pointer, so that
	// no Value costs an allocation of its own.
	ref any
}

type (
	stringRef    *byte
	numberRef    *byte
	binaryRef    *byte
	boolRef      struct{}
	nullRef      struct{}
	listRef      *Value
	mapRef       map[string]Value
	stringsRef   *string
	numbersRef   *string
	binariesRef  *[]byte
	ambiguousRef struct{}
)

// S returns a string value.
func S(s string) Value { return Value{n: len(s), ref: stringRef(unsafe.StringData(s))} }

// N returns a number from its decimal text, such as "-12.5" or "1E3". The text
// is kept as it is; a request that uses it checks it (38 significant digits,
// 1E-130 to 9.99…E+125) and stores its canonical form.
func N(text string) Value { return Value{n: len(text), ref: numberRef(unsafe.StringData(text))} }

// Int returns a number from an integer of any width.
func Int[I ~int | ~int8 | ~int16 | ~int32 | ~int64](i I) Value {
	return N(strconv.FormatInt(int64(i), 10))
}

// Uint returns a number from an unsigned integer of any width.
func Uint[U ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](u U) Value {
	return N(strconv.FormatUint(uint64(u), 10))
}

// Float returns a number with the shortest decimal text that reads back as f.
// NaN and the infinities, which DynamoDB does not have, give a number that no
// request accepts.
func Float(f float64) Value { return N(strconv.FormatFloat(f, 'g', -1, 64)) }

// B returns a binary value. It keeps b.
func B(b []byte) Value { return Value{n: len(b), ref: binaryRef(unsafe.SliceData(b))} }

// BOOL returns a boolean value.
func BOOL(b bool) Value {
	v := Value{ref: boolRef{}}
	if b {
		v.n = 1
	}
	return v
}

// NULL returns the null value.
func NULL() Value { return Value{n: 1, ref: nullRef{}} }

// FalseNULL returns what {"NULL": false} is on the wire. No request accepts it.
func FalseNULL() Value { return Value{ref: nullRef{}} }

// AmbiguousValue returns what a wire document that names several types is. No
// request accepts it.
func AmbiguousValue() Value { return Value{ref: ambiguousRef{}} }

// L returns a list. It keeps the slice.
func L(values ...Value) Value {
	return Value{n: len(values), ref: listRef(unsafe.SliceData(values))}
}

// M returns a map. It keeps m.
func M(m Item) Value { return Value{n: len(m), ref: mapRef(m)} }

// SS returns a set of strings. It keeps the slice. Order means nothing.
func SS(elems ...string) Value {
	return Value{n: len(elems), ref: stringsRef(unsafe.SliceData(elems))}
}

// NS returns a set of numbers from their decimal texts (see N). It keeps the
// slice. Order means nothing.
func NS(texts ...string) Value {
	return Value{n: len(texts), ref: numbersRef(unsafe.SliceData(texts))}
}

// BS returns a set of binary values. It keeps the slices. Order means nothing.
func BS(elems ...[]byte) Value {
	return Value{n: len(elems), ref: binariesRef(unsafe.SliceData(elems))}
}

// Kind returns the value's type.
func (v Value) Kind() Kind {
	switch v.ref.(type) {
	case stringRef:
		return String
	case numberRef:
		return Number
	case binaryRef:
		return Binary
	case boolRef:
		return Bool
	case nullRef:
		return Null
	case listRef:
		return List
	case mapRef:
		return Map
	case stringsRef:
		return StringSet
	case numbersRef:
		return NumberSet
	case binariesRef:
		return BinarySet
	case ambiguousRef:
		return Ambiguous
	}
	return Invalid
}

// IsZero reports whether v is the zero Value, which has no type.
func (v Value) IsZero() bool { return v.ref == nil }

// Len returns the number of bytes of S, N and B, of elements of L, M and sets,
// and 0 for the other types.
func (v Value) Len() int {
	switch v.ref.(type) {
	case boolRef, nullRef:
		return 0
	}
	return v.n
}

// Str returns the text of an S, and "" for any other type.
func (v Value) Str() string {
	if p, ok := v.ref.(stringRef); ok {
		return unsafe.String((*byte)(p), v.n)
	}
	return ""
}

// Num returns the decimal text of an N, and "" for any other type.
func (v Value) Num() string {
	if p, ok := v.ref.(numberRef); ok {
		return unsafe.String((*byte)(p), v.n)
	}
	return ""
}

// Int returns an N as an int64. ok is false for any other type, and for a
// number that is not an integer or does not fit.
func (v Value) Int() (i int64, ok bool) {
	if v.Kind() != Number {
		return 0, false
	}
	n, err := num.Parse(v.Num())
	if err != nil {
		return 0, false
	}
	return n.Int64()
}

// Float returns the float64 nearest to an N. ok is false for any other type
// and for a text that is not a number of DynamoDB's.
func (v Value) Float() (f float64, ok bool) {
	if v.Kind() != Number {
		return 0, false
	}
	n, err := num.Parse(v.Num())
	if err != nil {
		return 0, false
	}
	return n.Float64(), true
}

// Bytes returns the bytes of a B, and nil for any other type. They are shared
// with v and must not be changed.
func (v Value) Bytes() []byte {
	if p, ok := v.ref.(binaryRef); ok {
		return unsafe.Slice((*byte)(p), v.n)
	}
	return nil
}

// Bool returns whether v is the BOOL true.
func (v Value) Bool() bool {
	_, ok := v.ref.(boolRef)
	return ok && v.n == 1
}

// IsNull reports whether v is the NULL value.
func (v Value) IsNull() bool {
	_, ok := v.ref.(nullRef)
	return ok && v.n == 1
}

// List returns the elements of an L, and nil for any other type. They are
// shared with v and must not be changed.
func (v Value) List() []Value {
	if p, ok := v.ref.(listRef); ok {
		return unsafe.Slice((*Value)(p), v.n)
	}
	return nil
}

// Map returns the entries of an M, and nil for any other type. They are shared
// with v and must not be changed.
func (v Value) Map() Item {
	if m, ok := v.ref.(mapRef); ok {
		return Item(m)
	}
	return nil
}

// Strings returns the elements of an SS, or the decimal texts of an NS, and
// nil for any other type. They are shared with v and must not be changed.
func (v Value) Strings() []string {
	switch p := v.ref.(type) {
	case stringsRef:
		return unsafe.Slice((*string)(p), v.n)
	case numbersRef:
		return unsafe.Slice((*string)(p), v.n)
	}
	return nil
}

// Binaries returns the elements of a BS, and nil for any other type. They are
// shared with v and must not be changed.
func (v Value) Binaries() [][]byte {
	if p, ok := v.ref.(binariesRef); ok {
		return unsafe.Slice((*[]byte)(p), v.n)
	}
	return nil
}
