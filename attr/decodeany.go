package attr

import (
	"reflect"
	"strconv"
)

// decodeInterface sets an interface to the Go value that stands for value.
func decodeInterface(value Value, v reflect.Value, p *plan, o options, depth int) error {
	if !v.CanSet() {
		return fault(value, p.typ, "found an interface that cannot be set", nil)
	}
	if o.has(asString) && value.Kind() == String {
		value = N(value.Str())
	}
	a, err := toAny(value, depth)
	if err != nil {
		return err
	}
	if !reflect.TypeOf(a).Implements(p.typ) {
		return fault(value, p.typ, "found "+found(value)+", allowed are interfaces without methods, or with a pointer in them", nil)
	}
	v.Set(reflect.ValueOf(a))
	return nil
}

// toAny returns the Go value that stands for value where the Go type does not say which.
func toAny(value Value, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fault(value, anyType, "found more than "+strconv.Itoa(maxDepth)+" nested levels, does the value contain itself?", nil)
	}
	switch value.Kind() {
	case Invalid, Null:
		return nil, nil
	case String:
		return value.Str(), nil
	case Number:
		return toFloat(value, value.Num())
	case Binary:
		return append([]byte{}, value.Bytes()...), nil
	case Bool:
		return value.Bool(), nil
	case List:
		list := make([]any, value.Len())
		for i, e := range value.List() {
			var err error
			if list[i], err = toAny(e, depth+1); err != nil {
				return nil, under(err, indexed(i))
			}
		}
		return list, nil
	case Map:
		m := make(map[string]any, value.Len())
		for name, e := range value.Map() {
			a, err := toAny(e, depth+1)
			if err != nil {
				return nil, under(err, name)
			}
			m[name] = a
		}
		return m, nil
	case StringSet:
		return append([]string{}, value.Strings()...), nil
	case NumberSet:
		floats := make([]float64, value.Len())
		for i, text := range value.Strings() {
			var err error
			if floats[i], err = toFloat(N(text), text); err != nil {
				return nil, under(err, indexed(i))
			}
		}
		return floats, nil
	case BinarySet:
		set := make([][]byte, value.Len())
		for i, b := range value.Binaries() {
			set[i] = append([]byte{}, b...)
		}
		return set, nil
	}
	return nil, mismatch(value, anyType, 0)
}

func toFloat(value Value, text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, badNumber(value, reflect.TypeFor[float64](), err)
	}
	return f, nil
}
