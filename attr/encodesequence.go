package attr

import (
	"reflect"
)

// encodeSequence encodes a slice or an array: as B, as a set or as L.
func encodeSequence(v reflect.Value, p *plan, o options, depth int) (Value, error) {
	if p.role == bytesRole {
		return B(bytesOf(v)), nil
	}
	n := v.Len()
	k := p.sequenceKind(o)
	if k.IsSet() && n == 0 {
		return NULL(), nil
	}
	o = o.elem()
	var set setBuilder
	var list []Value
	switch k {
	case List:
		list = make([]Value, 0, n)
	case BinarySet:
		set.binaries = make([][]byte, 0, n)
	default:
		set.texts = make([]string, 0, n)
	}
	for i := range n {
		value, ok, err := encode(v.Index(i), p.elem, o, depth+1)
		switch {
		case err != nil:
			return Value{}, under(err, indexed(i))
		case !ok:
		case k == List:
			list = append(list, value)
		default:
			if err := set.add(k, value, p.elem); err != nil {
				return Value{}, under(err, indexed(i))
			}
		}
	}
	switch k {
	case StringSet:
		return SS(set.texts...), nil
	case NumberSet:
		return NS(set.texts...), nil
	case BinarySet:
		return BS(set.binaries...), nil
	}
	return L(list...), nil
}

// setBuilder gathers the elements of a set.
type setBuilder struct {
	texts    []string
	binaries [][]byte
}

func (s *setBuilder) add(k Kind, value Value, elem *plan) error {
	switch {
	case k == StringSet && value.Kind() == String:
		s.texts = append(s.texts, value.Str())
	case k == NumberSet && value.Kind() == Number:
		s.texts = append(s.texts, value.Num())
	case k == BinarySet && value.Kind() == Binary:
		s.binaries = append(s.binaries, value.Bytes())
	default:
		return &MarshalError{Type: elem.typ, Reason: "found " + found(value) + " in a set of type " + k.String() +
			", allowed is " + k.String()[:1]}
	}
	return nil
}

// bytesOf returns a copy of a slice or an array of any byte type.
func bytesOf(v reflect.Value) []byte {
	if v.Kind() == reflect.Slice || v.CanAddr() {
		return append([]byte{}, v.Bytes()...)
	}
	b := make([]byte, v.Len())
	for i := range b {
		b[i] = byte(v.Index(i).Uint())
	}
	return b
}
