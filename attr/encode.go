package attr

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// encode returns the Value of v, whose type is p's. ok is false when v is to be
// left out of what contains it.
func encode(v reflect.Value, p *plan, o options, depth int) (value Value, ok bool, err error) {
	if depth > maxDepth {
		return Value{}, false, &MarshalError{Type: p.typ, Reason: "found more than " +
			strconv.Itoa(maxDepth) + " nested levels, does the value contain itself?"}
	}
	if p.role == valueRole {
		return encodeValue(v, o)
	}
	if isEmpty(v, p.kind) {
		switch {
		case o.has(omitEmpty) && o.has(nullEmpty):
			return Value{}, false, &MarshalError{Type: p.typ, Reason: "found an empty value whose tag has both omitempty and nullempty, one of them is allowed"}
		case o.has(omitEmpty):
			return Value{}, false, nil
		case o.has(nullEmpty), p.kind == reflect.Pointer, p.kind == reflect.Interface,
			p.kind == reflect.Map, p.kind == reflect.Slice:
			return NULL(), true, nil
		}
	}
	switch p.kind {
	case reflect.Pointer:
		v, p = v.Elem(), p.elem
	case reflect.Interface:
		v = v.Elem()
		p = planOf(v.Type())
	}
	switch p.kind {
	case reflect.Interface:
		return encode(v, p, o, depth+1)
	case reflect.Pointer:
		if v.IsNil() {
			return NULL(), !(o.has(omitEmpty) && o.has(omitEmptyElem)), nil
		}
	}
	if p.foreignMarshals {
		return Value{}, false, &MarshalError{Type: p.typ, Reason: "found the AWS SDK's method MarshalDynamoDBAttributeValue, which also needs MarshalAttr beside it"}
	}
	if p.marshals || p.addrMarshals {
		if value, err := callMarshaler(v, p); err != nil || !value.IsZero() {
			return value, err == nil, err
		}
	}
	return encodeKind(v, p, o, depth)
}

// encodeKind encodes by the kind of v, which is no nil pointer and no interface.
func encodeKind(v reflect.Value, p *plan, o options, depth int) (value Value, ok bool, err error) {
	switch p.kind {
	case reflect.Pointer:
		return encode(v.Elem(), p.elem, o, depth+1)
	case reflect.Bool:
		return BOOL(v.Bool()), true, nil
	case reflect.String:
		if p.role == numberRole && !o.has(asString) {
			return N(v.String()), true, nil
		}
		return S(v.String()), true, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return numeral(strconv.FormatInt(v.Int(), 10), o), true, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return numeral(strconv.FormatUint(v.Uint(), 10), o), true, nil
	case reflect.Float32:
		return numeral(strconv.FormatFloat(v.Float(), 'f', -1, 32), o), true, nil
	case reflect.Float64:
		return numeral(strconv.FormatFloat(v.Float(), 'f', -1, 64), o), true, nil
	case reflect.Struct:
		switch p.role {
		case valueRole:
			return encodeValue(v, o)
		case timeRole:
			return encodeTime(v, p, o), true, nil
		}
		value, err = encodeStruct(v, p, depth)
		return value, err == nil, err
	case reflect.Map:
		if p.role == itemRole {
			return M(v.Interface().(Item)), true, nil
		}
		value, err = encodeMap(v, p, o, depth)
		return value, err == nil, err
	case reflect.Slice, reflect.Array:
		value, err = encodeSequence(v, p, o, depth)
		return value, err == nil, err
	}
	return Value{}, false, nil
}

func numeral(text string, o options) Value {
	if o.has(asString) {
		return S(text)
	}
	return N(text)
}

// encodeValue returns an attr.Value as it is. One without a type is no attribute.
func encodeValue(v reflect.Value, o options) (Value, bool, error) {
	var value Value
	if v.CanAddr() {
		value = *v.Addr().Interface().(*Value)
	} else {
		value = v.Interface().(Value)
	}
	if value.IsZero() && o.has(nullEmpty) {
		value = NULL()
	}
	return value, !value.IsZero(), nil
}

func encodeTime(v reflect.Value, p *plan, o options) Value {
	var t time.Time
	switch {
	case p.typ != timeType:
		t = v.Convert(timeType).Interface().(time.Time)
	case v.CanAddr():
		t = *v.Addr().Interface().(*time.Time)
	default:
		t = v.Interface().(time.Time)
	}
	if o.has(asUnixTime) {
		return Int(t.Unix())
	}
	return S(t.Format(time.RFC3339Nano))
}

func encodeStruct(v reflect.Value, p *plan, depth int) (Value, error) {
	item := make(Item, len(p.fields))
	for i := range p.fields {
		f := &p.fields[i]
		fv, ok := fieldOf(v, f.Index)
		if !ok {
			continue
		}
		value, ok, err := encode(fv, f.plan, f.options, depth+1)
		if err != nil {
			return Value{}, under(err, f.Name)
		}
		if ok {
			item[f.Name] = value
		}
	}
	return M(item), nil
}

// fieldOf returns a field of a struct. ok is false when it is behind an
// embedded pointer that is nil.
func fieldOf(v reflect.Value, index []int) (field reflect.Value, ok bool) {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

func encodeMap(v reflect.Value, p *plan, o options, depth int) (Value, error) {
	item := make(Item, v.Len())
	o = o.elem()
	// Entries are copied to one place each, except where a copy that has an
	// address would be marshalled otherwise than the entry, which has none.
	key, elem := reflect.New(p.key.typ).Elem(), reflect.New(p.elem.typ).Elem()
	for entry := v.MapRange(); entry.Next(); {
		key.SetIterKey(entry)
		name, err := keyName(key, p.key)
		if err != nil {
			return Value{}, err
		}
		if p.elem.scalar {
			elem.SetIterValue(entry)
		} else {
			elem = entry.Value()
		}
		value, ok, err := encode(elem, p.elem, o, depth+1)
		if err != nil {
			return Value{}, under(err, name)
		}
		if ok {
			item[name] = value
		}
	}
	return M(item), nil
}

// keyName returns the name of the attribute that a map entry becomes.
func keyName(key reflect.Value, p *plan) (name string, err error) {
	switch {
	case p.scalar && p.kind == reflect.String:
		name = key.String()
	case p.textMarshals || p.kind == reflect.Interface:
		m, ok := key.Interface().(encoding.TextMarshaler)
		if !ok || p.kind == reflect.Pointer && key.IsNil() {
			return "", badKey(p)
		}
		text, err := m.MarshalText()
		if err != nil {
			return "", &MarshalError{Type: p.typ, Reason: "found a map key without a text", Err: err}
		}
		name = string(text)
	case p.kind == reflect.String, p.kind == reflect.Bool, isNumberKind(p.kind):
		name = fmt.Sprint(key.Interface()) // calls String, if there is one
	default:
		return "", badKey(p)
	}
	if name == "" {
		return "", &MarshalError{Type: p.typ, Reason: "found an empty map key, allowed are names of at least one byte"}
	}
	return name, nil
}

func badKey(p *plan) error {
	return &MarshalError{Type: p.typ, Reason: "found a map key of this type, allowed are strings, numbers, bools and encoding.TextMarshalers"}
}

// callMarshaler returns what MarshalAttr makes of v. The result is zero when
// the method needs an address that v does not have.
func callMarshaler(v reflect.Value, p *plan) (Value, error) {
	switch {
	case !v.CanInterface():
		return Value{}, nil
	case p.addrMarshals && v.CanAddr():
		v = v.Addr()
	case !p.marshals:
		return Value{}, nil
	}
	value, err := v.Interface().(Marshaler).MarshalAttr()
	if err != nil {
		if _, ours := err.(*MarshalError); ours {
			return Value{}, err
		}
		return Value{}, &MarshalError{Type: p.typ, Err: err}
	}
	return value, nil
}

// isEmpty reports whether omitempty and nullempty apply to v.
func isEmpty(v reflect.Value, k reflect.Kind) bool {
	switch k {
	case reflect.Array, reflect.String:
		return v.Len() == 0
	case reflect.Bool:
		return !v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int() == 0
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return v.Uint() == 0
	case reflect.Float32, reflect.Float64:
		return v.Float() == 0
	case reflect.Map, reflect.Slice, reflect.Interface, reflect.Pointer:
		return v.IsNil()
	}
	return false
}
