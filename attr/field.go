package attr

import (
	"cmp"
	"reflect"
	"slices"
)

// Field is a field of a Go struct as Marshal and Unmarshal see it: fields of
// embedded structs count as the struct's own, hidden and ignored ones are left
// out.
type Field struct {
	// Name is the name of the attribute.
	Name string

	// Index is the path to the field for reflect.Value.FieldByIndex. It must
	// not be changed. On the path there may be embedded pointers that are nil.
	Index []int

	// Type is the field's Go type.
	Type reflect.Type

	// Kind is the type of the attribute that Marshal makes of the field when
	// the field is not empty, and Invalid when the Go type does not tell it
	// (interfaces, custom marshalers, attr.Value).
	Kind Kind

	// Tag is the field's whole struct tag, so that callers read keys of their own.
	Tag reflect.StructTag

	options options
	tagged  bool // the name comes from the tag
}

// Fields returns the fields of a struct type, or of the struct type that t
// points to, in the order of their declaration; nil when t is neither.
//
// Which of several fields of one name counts is decided as encoding/json does
// it: the least nested, then the one named by its tag; when that leaves several,
// none of them.
func Fields(t reflect.Type) []Field {
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	p := planOf(t)
	fields := make([]Field, len(p.fields))
	for i, f := range p.fields {
		fields[i] = f.Field
		fields[i].Kind = f.plan.attributeKind(f.options)
	}
	return fields
}

// embedded is a struct type whose fields are still to be listed.
type embedded struct {
	typ   reflect.Type
	index []int
	times int // how often its level embeds it: twice makes its fields ambiguous
}

// listFields returns the fields of a struct that count, in order.
func listFields(t reflect.Type) []Field {
	var fields []Field
	seen := map[reflect.Type]bool{}
	decided := map[string]bool{} // names that a shallower level has
	for level := []embedded{{typ: t, times: 1}}; len(level) > 0; {
		found, next := listLevel(level, seen)
		fields = append(fields, dominant(found, decided)...)
		for _, f := range found {
			decided[f.Name] = true
		}
		level = next
	}
	slices.SortFunc(fields, func(a, b Field) int { return slices.Compare(a.Index, b.Index) })
	return fields
}

// listLevel returns the fields that the structs of one level of embedding
// declare, and the structs that they embed.
func listLevel(level []embedded, seen map[reflect.Type]bool) (found []Field, next []embedded) {
	for _, e := range level {
		if seen[e.typ] {
			continue
		}
		seen[e.typ] = true
		for i := range e.typ.NumField() {
			sf := e.typ.Field(i)
			name, o, skip := parseTag(sf.Tag.Get(tagKey))
			inner := sf.Type
			if inner.Kind() == reflect.Pointer && inner.Name() == "" {
				inner = inner.Elem()
			}
			isStruct := inner.Kind() == reflect.Struct && inner != valueType
			if skip || !sf.IsExported() && !(sf.Anonymous && isStruct && !isTime(inner)) {
				continue
			}
			index := append(slices.Clone(e.index), i)
			if sf.Anonymous && name == "" && isStruct {
				at := slices.IndexFunc(next, func(n embedded) bool { return n.typ == inner })
				if at < 0 {
					next = append(next, embedded{typ: inner, index: index, times: 1})
				} else {
					next[at].times++
				}
				continue
			}
			f := Field{
				Name: cmp.Or(name, sf.Name), Index: index, Type: sf.Type, Tag: sf.Tag,
				options: o, tagged: name != "",
			}
			for range min(e.times, 2) {
				found = append(found, f)
			}
		}
	}
	return found, next
}

// dominant returns, of the fields of one level, those whose name no shallower
// level has and no other field of the level disputes.
func dominant(found []Field, decided map[string]bool) []Field {
	named := map[string]int{} // fields of each name
	tagged := map[string]int{}
	for _, f := range found {
		named[f.Name]++
		if f.tagged {
			tagged[f.Name]++
		}
	}
	return slices.DeleteFunc(slices.Clone(found), func(f Field) bool {
		switch {
		case decided[f.Name]:
			return true
		case tagged[f.Name] > 0:
			return !f.tagged || tagged[f.Name] > 1
		}
		return named[f.Name] > 1
	})
}
