package oracle

import (
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

var errKeySchema = invalid("The provided key element does not match the schema")

// checkKey checks a Key member.
func (t *table) checkKey(key attr.Item) error {
	if len(key) != len(t.keys) {
		return errKeySchema
	}
	for _, n := range t.keys {
		if v, ok := key[n]; !ok || v.Kind() != t.kinds[n] {
			return errKeySchema
		}
	}
	for i, n := range t.keys {
		if err := checkKeyValue(n, key[n], i == 0); err != nil {
			return err
		}
	}
	return nil
}

// checkKeyValue checks the length of a key attribute's value.
func checkKeyValue(name string, v attr.Value, hash bool) error {
	if v.Kind() == attr.Number {
		return nil
	}
	switch {
	case v.Len() == 0:
		what := "string"
		if v.Kind() == attr.Binary {
			what = "binary"
		}
		return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", what, name)
	case hash && v.Len() > 2048:
		return invalid("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")
	case !hash && v.Len() > 1024:
		return invalid("One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	}
	return nil
}

// checkItem checks the keys of an item that is put: the table's, then those of
// the global indexes and of the local ones.
func (t *table) checkItem(item attr.Item) error {
	for i, n := range t.keys {
		v, ok := item[n]
		if !ok {
			return invalid("One or more parameter values were invalid: Missing the key %s in the item", n)
		}
		if v.Kind() != t.kinds[n] {
			return invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s", n, t.kinds[n], v.Kind())
		}
		if err := checkKeyValue(n, v, i == 0); err != nil {
			return err
		}
	}
	return t.eachIndexKey(func(x *index, n string, hash bool) error { return t.checkIndexKey(x, n, item, hash) })
}

// eachIndexKey calls f for each key attribute of each index, global ones first.
func (t *table) eachIndexKey(f func(x *index, name string, hash bool) error) error {
	for _, local := range []bool{false, true} {
		for _, x := range t.indexes {
			if x.local != local {
				continue
			}
			for i, n := range x.keys() {
				if err := f(x, n, i < len(x.hash)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (t *table) checkIndexKey(x *index, n string, item attr.Item, hash bool) error {
	v, ok := item[n]
	switch {
	case !ok:
		return nil
	case v.Kind() != t.kinds[n]:
		return invalid("One or more parameter values were invalid: Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", n, t.kinds[n], v.Kind(), x.name)
	case v.Kind() == attr.Number:
		return nil
	case v.Len() == 0:
		what := "string"
		if v.Kind() == attr.Binary {
			what = "binary"
		}
		return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. "+
			"The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", what, x.name, n)
	}
	return checkKeyValue(n, v, hash)
}

// checkPaths refuses document paths that lead into a key attribute.
func (t *table) checkPaths(paths [][]step) error {
	var faults []error // of several, the order is not known
	for _, p := range paths {
		if len(p) == 1 {
			continue
		}
		kind := ""
		if slices.Contains(t.keys, p[0].name) {
			kind = "Key"
		} else if slices.ContainsFunc(t.indexes, func(x *index) bool { return slices.Contains(x.keys(), p[0].name) }) {
			kind = "IndexKey"
		}
		if kind != "" {
			faults = append(faults, invalid("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: %s: %s", kind, p[0].name))
		}
	}
	return eitherOf(faults...)
}

// paths returns the document paths of a condition, in the order of the text.
func (n *node) paths() [][]step {
	if n == nil {
		return nil
	}
	if n.kind == nodePath {
		return [][]step{n.path}
	}
	var out [][]step
	for _, a := range n.args {
		out = append(out, a.paths()...)
	}
	return out
}

func wantsAllOld(v *api.ReturnValuesOnConditionCheckFailure) bool {
	return v != nil && *v == api.ReturnValuesOnConditionCheckFailureAllOld
}
