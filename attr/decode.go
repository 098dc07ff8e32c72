package attr

import (
	"reflect"
	"strconv"
	"time"
)

// decode stores value in v, whose type is p's.
func decode(value Value, v reflect.Value, p *plan, o options, depth int) error {
	kind := value.Kind()
	isNull := kind == Null || kind == Invalid
	if p.addrUnmarshals && v.CanAddr() && v.CanInterface() {
		return callUnmarshaler(value, v.Addr(), p)
	}
	for ; ; depth++ {
		if depth > maxDepth {
			return &UnmarshalError{Kind: kind, Type: p.typ, Reason: "found more than " +
				strconv.Itoa(maxDepth) + " nested levels, does the value contain itself?"}
		}
		if p.kind == reflect.Interface && !v.IsNil() {
			// A pointer in an interface is followed, unless NULL is to replace it.
			e := v.Elem()
			if e.Kind() == reflect.Pointer && !e.IsNil() && (!isNull || e.Elem().Kind() == reflect.Pointer) ||
				e.Kind() == reflect.Map && !e.IsNil() && kind == Map {
				v, p = e, planOf(e.Type())
				continue
			}
		}
		if p.kind != reflect.Pointer || isNull && v.CanSet() {
			break
		}
		if v.IsNil() {
			if !v.CanSet() {
				return &UnmarshalError{Kind: kind, Type: p.typ, Reason: "found an embedded pointer to an unexported struct, which cannot be set: set it before"}
			}
			v.Set(reflect.New(p.elem.typ))
		}
		if p.unmarshals && v.CanInterface() {
			return callUnmarshaler(value, v, p)
		}
		v, p = v.Elem(), p.elem
	}
	switch {
	case p.role == valueRole:
		*v.Addr().Interface().(*Value) = value
		return nil
	case p.foreignUnmarshals:
		return fault(value, p.typ, "found the AWS SDK's method UnmarshalDynamoDBAttributeValue, which also needs UnmarshalAttr beside it", nil)
	case isNull:
		if v.CanSet() {
			v.SetZero()
		}
		return nil
	case p.kind == reflect.Interface:
		return decodeInterface(value, v, p, o, depth)
	}
	switch kind {
	case String:
		return decodeString(value, v, p, o)
	case Number:
		return decodeNumber(value, value.Num(), v, p, o)
	case Binary:
		return decodeBinary(value, v, p, o)
	case Bool:
		if p.kind != reflect.Bool {
			return mismatch(value, p.typ, o)
		}
		v.SetBool(value.Bool())
		return nil
	case List, StringSet, NumberSet, BinarySet:
		return decodeSequence(value, v, p, o, depth)
	case Map:
		return decodeItem(value, v, p, o, depth)
	}
	return mismatch(value, p.typ, o)
}

func callUnmarshaler(value Value, v reflect.Value, p *plan) error {
	err := v.Interface().(Unmarshaler).UnmarshalAttr(value)
	if err == nil {
		return nil
	}
	if _, ours := err.(*UnmarshalError); ours {
		return err
	}
	return &UnmarshalError{Kind: value.Kind(), Type: p.typ, Err: err}
}

func decodeString(value Value, v reflect.Value, p *plan, o options) error {
	switch {
	case o.has(asString):
		return decodeNumber(value, value.Str(), v, p, o)
	case p.role == timeRole:
		t, err := time.Parse(time.RFC3339, value.Str())
		if err != nil {
			return fault(value, p.typ, "found "+found(value)+", allowed is a time as RFC 3339 writes it", err)
		}
		setTime(v, p, t)
		return nil
	case p.kind == reflect.String:
		v.SetString(value.Str())
		return nil
	}
	return mismatch(value, p.typ, o)
}

// decodeNumber stores the number text, which value holds as N, or as S under
// the option string.
func decodeNumber(value Value, text string, v reflect.Value, p *plan, o options) error {
	switch p.kind {
	case reflect.String:
		v.SetString(text)
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(text, 10, p.typ.Bits())
		if err != nil {
			return badNumber(value, p.typ, err)
		}
		v.SetInt(i)
		return nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, err := strconv.ParseUint(text, 10, p.typ.Bits())
		if err != nil {
			return badNumber(value, p.typ, err)
		}
		v.SetUint(u)
		return nil
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err == nil && v.OverflowFloat(f) {
			err = strconv.ErrRange
		}
		if err != nil {
			return badNumber(value, p.typ, err)
		}
		v.SetFloat(f)
		return nil
	}
	if p.role != timeRole {
		return mismatch(value, p.typ, o)
	}
	t, err := parseUnixTime(text, p.typ)
	if err != nil {
		return err
	}
	setTime(v, p, t)
	return nil
}

func setTime(v reflect.Value, p *plan, t time.Time) {
	if p.typ == timeType {
		*v.Addr().Interface().(*time.Time) = t
		return
	}
	v.Set(reflect.ValueOf(t).Convert(p.typ))
}

// decodeBinary copies the bytes of value to a slice or an array of bytes.
func decodeBinary(value Value, v reflect.Value, p *plan, o options) error {
	if p.role != bytesRole {
		return mismatch(value, p.typ, o)
	}
	b := value.Bytes()
	switch {
	case p.kind == reflect.Slice:
		resize(v, p, len(b))
	case v.Len() != len(b):
		return fault(value, p.typ, "found B of "+strconv.Itoa(len(b))+" bytes, allowed are "+strconv.Itoa(v.Len())+" bytes", nil)
	}
	copy(v.Bytes(), b)
	return nil
}

// decodeSequence stores a list or a set in a slice or an array. Old elements
// do not show through.
func decodeSequence(value Value, v reflect.Value, p *plan, o options, depth int) error {
	n := value.Len()
	switch p.kind {
	case reflect.Slice:
		resize(v, p, n)
		v.Clear()
	case reflect.Array:
		v.SetZero()
		n = min(n, v.Len())
	default:
		return mismatch(value, p.typ, o)
	}
	for i := range n {
		if err := decode(element(value, i), v.Index(i), p.elem, 0, depth+1); err != nil {
			return under(err, indexed(i))
		}
	}
	return nil
}

// resize gives a slice n elements, in its own memory if that holds them. It is
// not nil afterwards.
func resize(v reflect.Value, p *plan, n int) {
	switch {
	case n > v.Cap():
		v.SetZero()
		v.Grow(n) // one allocation; MakeSlice makes a second one, of the header
	case v.IsNil():
		v.Set(reflect.MakeSlice(p.typ, 0, 0))
	}
	v.SetLen(n)
}

// element returns an element of a list or a set as a Value of its own.
func element(value Value, i int) Value {
	switch value.Kind() {
	case List:
		return value.List()[i]
	case StringSet:
		return S(value.Strings()[i])
	case NumberSet:
		return N(value.Strings()[i])
	}
	return B(value.Binaries()[i])
}

// decodeItem stores a map value in a struct or a map.
func decodeItem(value Value, v reflect.Value, p *plan, o options, depth int) error {
	switch {
	case p.role == itemRole && v.CanSet() && v.IsNil():
		v.Set(reflect.ValueOf(value.Map().Clone()))
		return nil
	case p.kind == reflect.Map:
		return decodeMap(value, v, p, depth)
	case p.kind == reflect.Struct:
		return decodeStruct(value.Map(), v, p, depth)
	}
	return mismatch(value, p.typ, o)
}
