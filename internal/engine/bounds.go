package engine

import (
	"bytes"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/keyenc"
)

// bounds are the rows lo <= key < hi of a table or an index, and for a Query
// the values that each row's partition key must have.
type bounds struct {
	lo, hi []byte
	hash   []itemcodec.Value // nil: a Scan
}

// schema returns the key schema of what is read: the table's, or the index's.
func (t *table) schema(x *index) (hash, sort []keyAttr) {
	if x != nil {
		return x.hash, x.sort
	}
	return t.keys[:1], t.keys[1:]
}

// queryBounds returns the rows that a key condition selects.
func (t *table) queryBounds(x *index, cond *expr.KeyCondition) (b bounds, err error) {
	hash, sort := t.schema(x)
	if len(cond.Parts) > 1 && len(hash)+len(sort) == 1 {
		return b, api.Validation("Query key condition not supported")
	}
	used := 0
	var all []byte
	for _, k := range hash {
		part := partOf(cond, k.name)
		if part == nil {
			return b, missedKey(k.name)
		}
		if err := checkPart(x, k, part, true); err != nil {
			return b, err
		}
		if part.Op != expr.Equal {
			return b, api.Validation("Query key condition not supported")
		}
		v, err := itemcodec.AppendValue(nil, part.Values[0])
		if err != nil {
			return b, err
		}
		b.hash = append(b.hash, v)
		all = append(all, v...)
		used++
	}
	var prefix []byte
	if x != nil {
		prefix = t.indexKey(x, hashSize+64)
	} else {
		prefix = t.spaceKey(spaceRow, hashSize+64)
	}
	sum := keyenc.Hash(all)
	prefix = append(prefix, sum[:]...)
	b.lo, b.hi = prefix, keyenc.PrefixEnd(prefix)
	for _, k := range sort {
		part := partOf(cond, k.name)
		if part == nil {
			if used < len(cond.Parts) {
				return b, missedKey(k.name)
			}
			break
		}
		if err := checkPart(x, k, part, false); err != nil {
			return b, err
		}
		used++
		if part.Op != expr.Equal && used < len(cond.Parts) {
			return b, api.Validation("Query key condition not supported")
		}
		if b.lo, b.hi, err = narrow(b.lo, part); err != nil {
			return b, err
		}
	}
	if used < len(cond.Parts) {
		return b, api.Validation("Query key condition not supported")
	}
	return b, nil
}

func partOf(cond *expr.KeyCondition, name string) *expr.KeyPart {
	for i := range cond.Parts {
		if cond.Parts[i].Name == name {
			return &cond.Parts[i]
		}
	}
	return nil
}

func missedKey(name string) error {
	return api.Validation("Query condition missed key schema element: " + name)
}

// checkPart checks the operator of a key condition, and its values against the type of the key.
func checkPart(x *index, k keyAttr, part *expr.KeyPart, hash bool) error {
	if part.Op == expr.Unindexable {
		return api.Validation("Attempted conditional constraint is not an indexable operation")
	}
	for _, v := range part.Values {
		if v.Kind() != k.kind {
			return api.Validation("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
		if v.Len() == 0 && part.Op != expr.BeginsWith {
			if x != nil {
				return emptyIndexKey(x, k)
			}
			return emptyKey(k)
		}
		if err := checkKeyLength(v, hash); err != nil {
			return err
		}
	}
	return nil
}

// narrow returns the rows below prefix whose next key part fulfils a condition.
func narrow(prefix []byte, part *expr.KeyPart) (lo, hi []byte, err error) {
	prefix = prefix[:len(prefix):len(prefix)]
	end := keyenc.PrefixEnd(prefix)
	if part.Op == expr.BeginsWith {
		var p []byte
		if v := part.Values[0]; v.Kind() == attr.Binary {
			p = keyenc.AppendStringPrefix(prefix, v.Bytes())
		} else {
			p = keyenc.AppendStringPrefix(prefix, v.Str())
		}
		return p, keyenc.PrefixEnd(p), nil
	}
	first, err := appendSortValue(prefix, part.Values[0])
	if err != nil {
		return nil, nil, err
	}
	switch part.Op {
	case expr.Less:
		return prefix, first, nil
	case expr.LessOrEqual:
		return prefix, keyenc.PrefixEnd(first), nil
	case expr.Greater:
		return keyenc.PrefixEnd(first), end, nil
	case expr.GreaterOrEqual:
		return first, end, nil
	case expr.Between:
		last, err := appendSortValue(prefix, part.Values[1])
		if err != nil {
			return nil, nil, err
		}
		return first, keyenc.PrefixEnd(last), nil
	}
	return first, keyenc.PrefixEnd(first), nil // Equal
}

// appendSortValue appends the order-preserving form of a value of a sort key.
func appendSortValue(dst []byte, v attr.Value) ([]byte, error) {
	stored, err := itemcodec.AppendValue(nil, v)
	if err != nil {
		return nil, err
	}
	return appendSortPart(dst, stored)
}

// scanBounds returns the rows of one segment of a table or index: an equal part
// of the hashes.
func (t *table) scanBounds(x *index, segment, segments int) bounds {
	var prefix []byte
	if x != nil {
		prefix = t.indexKey(x, 4)
	} else {
		prefix = t.spaceKey(spaceRow, 4)
	}
	at := func(i int) []byte {
		if i == 0 {
			return prefix
		}
		if i == segments {
			return keyenc.PrefixEnd(prefix)
		}
		h := uint64(i) << 32 / uint64(segments)
		return append(prefix[:len(prefix):len(prefix)], byte(h>>24), byte(h>>16), byte(h>>8), byte(h))
	}
	return bounds{lo: at(segment), hi: at(segment + 1)}
}

// startAfter narrows b to what comes after the row at, in the direction of the read.
func (b *bounds) startAfter(at []byte, reverse bool) {
	if reverse {
		if bytes.Compare(at, b.hi) < 0 {
			b.hi = at
		}
		return
	}
	if next := append(at, 0); bytes.Compare(next, b.lo) > 0 {
		b.lo = next
	}
}

func (b *bounds) contain(at []byte) bool {
	return bytes.Compare(at, b.lo) >= 0 && bytes.Compare(at, b.hi) < 0
}

// startKeyFault tells how an ExclusiveStartKey does not fit the schema.
type startKeyFault int

const (
	startKeyFits startKeyFault = iota
	startKeyNames
	startKeyType
	startKeyBaseType
)

// startKey returns the key of the row that an ExclusiveStartKey names: of the
// base row, or of the entry in an index. The row need not exist.
func (t *table) startKey(x *index, start attr.Item) (at []byte, hash [hashSize]byte, fault startKeyFault, err error) {
	names := t.keyNames
	if x != nil {
		names = appendMissing(append([]string(nil), names...), x.names)
	}
	if len(start) != len(names) {
		return nil, hash, startKeyNames, nil
	}
	for _, name := range names {
		if _, ok := start[name]; !ok {
			return nil, hash, startKeyNames, nil
		}
	}
	if x != nil {
		for i, name := range x.names {
			if start[name].Kind() != x.keyAttr(i).kind {
				return nil, hash, startKeyType, nil
			}
		}
	}
	for _, k := range t.keys {
		if start[k.name].Kind() != k.kind {
			if x != nil {
				return nil, hash, startKeyBaseType, nil
			}
			return nil, hash, startKeyType, nil
		}
	}
	stored, err := itemcodec.AppendItem(nil, start, t.keyNames...)
	if err != nil {
		return nil, hash, startKeyFits, err
	}
	item := itemcodec.Item(stored)
	k, err := t.keyOf(item)
	if err != nil || x == nil {
		return k.row, k.hash, startKeyFits, err
	}
	at, err = t.entryKey(x, item, keyenc.Hash(k.attrs))
	if at == nil && err == nil {
		return nil, hash, startKeyNames, nil // an empty value
	}
	hash, _ = x.hashOf(item)
	return at, hash, startKeyFits, err
}

func appendMissing(names, more []string) []string {
next:
	for _, m := range more {
		for _, n := range names {
			if n == m {
				continue next
			}
		}
		names = append(names, m)
	}
	return names
}
