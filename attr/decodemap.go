package attr

import (
	"encoding"
	"reflect"
	"strconv"
)

// decodeStruct stores the attributes in the fields that they belong to.
func decodeStruct(it Item, v reflect.Value, p *plan, depth int) error {
	exact := 0
	for i := range p.fields {
		f := &p.fields[i]
		value, ok := it[f.Name]
		if !ok {
			continue
		}
		exact++
		if err := decodeField(value, v, f, depth); err != nil {
			return err
		}
	}
	if exact == len(it) || len(p.fields) == 0 {
		return nil
	}
	for i, name := range p.folded(it) {
		if err := decodeField(it[name], v, &p.fields[i], depth); err != nil {
			return err
		}
	}
	return nil
}

// folded returns, for the fields whose exact name is not in the item, the
// attribute whose name differs in case only: the first in order, if there are several.
func (p *plan) folded(it Item) map[int]string {
	var found map[int]string
	for name := range it {
		if _, ok := p.byName[name]; ok {
			continue
		}
		i := p.field(name)
		if i < 0 {
			continue
		}
		if _, ok := it[p.fields[i].Name]; ok {
			continue
		}
		if best, ok := found[i]; ok && best < name {
			continue
		}
		if found == nil {
			found = map[int]string{}
		}
		found[i] = name
	}
	return found
}

// decodeField stores value in a field, and makes the embedded structs on the way to it.
func decodeField(value Value, v reflect.Value, f *fieldPlan, depth int) error {
	for i, x := range f.Index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return under(fault(value, v.Type(), "found an embedded pointer to an unexported struct, which cannot be set: set it before", nil), f.Name)
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	if err := decode(value, v, f.plan, f.options, depth+1); err != nil {
		return under(err, f.Name)
	}
	return nil
}

// decodeMap adds the entries of value to a map.
func decodeMap(value Value, v reflect.Value, p *plan, depth int) error {
	if !p.key.isKey() {
		return fault(value, p.typ, "found M for a map with keys of this type, allowed are strings, numbers, bools and encoding.TextUnmarshalers", nil)
	}
	if v.IsNil() {
		v.Set(reflect.MakeMapWithSize(p.typ, value.Len()))
	}
	key, elem := reflect.New(p.key.typ).Elem(), reflect.New(p.elem.typ).Elem()
	for name, value := range value.Map() {
		key.SetZero()
		elem.SetZero()
		if err := decodeKey(name, key, p.key); err != nil {
			return err
		}
		if err := decode(value, elem, p.elem, 0, depth+1); err != nil {
			return under(err, name)
		}
		v.SetMapIndex(key, elem)
	}
	return nil
}

func (p *plan) isKey() bool {
	return p.textUnmarshals || p.kind == reflect.String || p.kind == reflect.Bool || isNumberKind(p.kind)
}

// decodeKey stores the name of an attribute in a map key.
func decodeKey(name string, key reflect.Value, p *plan) error {
	reason := "found the map key " + quoted(name) + ", allowed are texts of this type"
	var err error
	switch {
	case p.textUnmarshals:
		if p.kind == reflect.Pointer {
			key.Set(reflect.New(p.elem.typ))
		} else {
			key = key.Addr()
		}
		u, ok := key.Interface().(encoding.TextUnmarshaler)
		if !ok {
			return &UnmarshalError{Kind: Map, Type: p.typ, Reason: reason}
		}
		err = u.UnmarshalText([]byte(name))
	case p.kind == reflect.String:
		key.SetString(name)
	case p.kind == reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(name)
		key.SetBool(b)
	default:
		err = decodeNumber(N(name), name, key, p, 0)
		if e, ok := err.(*UnmarshalError); ok {
			err = e.Err
		}
	}
	if err != nil {
		return &UnmarshalError{Kind: Map, Type: p.typ, Reason: reason, Err: err}
	}
	return nil
}
