package oracle

import (
	"maps"
	"slices"

	"github.com/statordb/stator/attr"
)

// lookup follows a path from an item.
func lookup(item attr.Item, path []step) (attr.Value, bool) {
	v, ok := item[path[0].name]
	for _, s := range path[1:] {
		if !ok {
			break
		}
		switch {
		case s.list && v.Kind() == attr.List && s.index < v.Len():
			v = v.List()[s.index]
		case !s.list && v.Kind() == attr.Map:
			v, ok = v.Map()[s.name]
		default:
			ok = false
		}
	}
	return v, ok
}

// pick returns the parts of an item that the paths lead to. The elements of a
// list close up, in the list's order.
func pick(item attr.Item, paths [][]step) attr.Item {
	root := attr.M(item)
	var rooted [][]step
	for _, p := range paths {
		if _, ok := lookup(item, p); ok {
			rooted = append(rooted, p)
		}
	}
	if len(rooted) == 0 {
		return attr.Item{}
	}
	return pickValue(root, rooted).Map()
}

// pickValue returns the part of v that the paths, each of which leads
// somewhere, reach.
func pickValue(v attr.Value, paths [][]step) attr.Value {
	if len(paths[0]) == 0 {
		return v
	}
	if v.Kind() == attr.Map {
		below := map[string][][]step{}
		for _, p := range paths {
			below[p[0].name] = append(below[p[0].name], p[1:])
		}
		out := attr.Item{}
		for name, rest := range below {
			out[name] = pickValue(v.Map()[name], rest)
		}
		return attr.M(out)
	}
	below := map[int][][]step{}
	for _, p := range paths {
		below[p[0].index] = append(below[p[0].index], p[1:])
	}
	var out []attr.Value
	for _, i := range slices.Sorted(maps.Keys(below)) {
		out = append(out, pickValue(v.List()[i], below[i]))
	}
	return attr.L(out...)
}
