package engine

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/keyenc"
	"github.com/statordb/stator/internal/num"
)

// The spaces of a table's rows. They follow the table id.
const (
	spaceHead       = 1
	spaceRow        = 2
	spaceIndex      = 3
	spaceCollection = 4
	spaceExpiry     = 5
	spaceJournal    = 6 // the last: it can outlive its table
)

const hashSize = 16

// key is the primary key of an item in the forms that the store needs.
type key struct {
	attrs []byte         // the stored form of the key attributes, with which a row's item starts after its count
	row   []byte         // the key of the base row
	hash  [hashSize]byte // of the partition key
}

// matches reports whether item is the one with this key, and not another one
// whose partition key has the same hash.
func (k key) matches(item itemcodec.Item, keys int) bool {
	return string(item.Prefix(keys)) == string(k.attrs)
}

// spaceKey returns table id and space, with room for n more bytes.
func (t *table) spaceKey(space byte, n int) []byte {
	return t.appendSpace(make([]byte, 0, spaceKeySize+n), space)
}

const spaceKeySize = 4 + 1

func (t *table) appendSpace(dst []byte, space byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, t.id), space)
}

// indexKey returns table id, space and index id, with room for n more bytes.
func (t *table) indexKey(x *index, n int) []byte {
	return binary.BigEndian.AppendUint16(t.spaceKey(spaceIndex, 2+n), x.id)
}

// keyOf returns the key of a stored item, which starts with the attributes of the key.
func (t *table) keyOf(item itemcodec.Item) (key, error) {
	k := key{attrs: item.Prefix(len(t.keys))}
	var sort itemcodec.Value
	if len(t.keys) > 1 {
		sort = item.Lookup(t.keys[1].name)
	}
	err := t.completeKey(&k, item.Lookup(t.keys[0].name), sort, make([]byte, 0, spaceKeySize+hashSize+len(k.attrs)+8))
	return k, err
}

// completeKey fills in what follows from the values of a key. It makes the row's key in buf.
func (t *table) completeKey(k *key, hash, sort itemcodec.Value, buf []byte) (err error) {
	k.hash = keyenc.Hash(hash)
	k.row = append(t.appendSpace(buf, spaceRow), k.hash[:]...)
	if len(t.keys) > 1 {
		k.row, err = appendSortPart(k.row, sort)
	}
	return err
}

// appendSortPart appends the order-preserving form of one sort key attribute.
func appendSortPart(dst []byte, v itemcodec.Value) ([]byte, error) {
	switch v.Kind() {
	case attr.String, attr.Binary:
		return keyenc.AppendString(dst, v.Bytes()), nil
	case attr.Number:
		n, err := num.Parse(v.Bytes())
		if err != nil {
			return nil, err
		}
		return keyenc.AppendNumber(dst, n), nil
	}
	return nil, fmt.Errorf("a value of type %s cannot be a key", v.Kind())
}

// parseKey checks the Key of a request, which has the attributes of the
// primary key, with their types, and nothing else, and returns its forms.
func (t *table) parseKey(item attr.Item) (k key, err error) {
	if len(item) != len(t.keys) {
		return k, errKeySchema()
	}
	buf := make([]byte, 0, 112) // for most keys the one allocation: stored form and row key
	var values [2]itemcodec.Value
	for i, a := range t.keys {
		v, ok := item[a.name]
		if !ok || v.Kind() != a.kind {
			return k, errKeySchema()
		}
		if v.Len() == 0 {
			return k, emptyKey(a)
		}
		if err := checkKeyLength(v, i == 0); err != nil {
			return k, err
		}
		buf = itemcodec.AppendName(buf, a.name)
		start := len(buf)
		if buf, err = itemcodec.AppendValue(buf, v); err != nil {
			return k, err
		}
		values[i] = itemcodec.Value(buf[start:]) // stays right when buf moves: it is a copy then
	}
	k.attrs = buf[:len(buf):len(buf)]
	err = t.completeKey(&k, values[0], values[1], buf[len(buf):])
	return k, err
}

func errKeySchema() error {
	return api.Validation("The provided key element does not match the schema")
}

// checkItemKey reports whether an item that is put has the attributes of the primary key, with their types.
func (t *table) checkItemKey(item itemcodec.Item) error {
	for i, k := range t.keys {
		v := item.Lookup(k.name)
		switch {
		case v == nil:
			return api.Validation("One or more parameter values were invalid: Missing the key " + k.name + " in the item")
		case v.Kind() != k.kind:
			return api.Validation(fmt.Sprintf("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s",
				k.name, k.kind, v.Kind()))
		case v.Len() == 0:
			return emptyKey(k)
		}
		if err := checkKeyLength(v, i == 0); err != nil {
			return err
		}
	}
	return nil
}

func emptyKey(k keyAttr) error {
	return api.Validation("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty " +
		k.word() + " value. Key: " + k.name)
}

func emptyIndexKey(x *index, k keyAttr) error {
	return api.Validation("One or more parameter values are not valid. A value specified for a secondary index key is not supported. " +
		"The AttributeValue for a key attribute cannot contain an empty " + k.word() + " value. IndexName: " + x.name + ", IndexKey: " + k.name)
}

// word returns the type of a key attribute that can be empty, as messages have it.
func (k keyAttr) word() string {
	if k.kind == attr.Binary {
		return "binary"
	}
	return "string"
}

const (
	maxHashKeyBytes = 2048
	maxSortKeyBytes = 1024
)

// checkKeyLength checks the length of S and B keys; the texts are AWS's, their missing blanks too.
func checkKeyLength[V interface {
	Kind() attr.Kind
	Len() int
}](v V, hash bool) error {
	if v.Kind() == attr.Number {
		return nil
	}
	if hash && v.Len() > maxHashKeyBytes {
		return api.Validation("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")
	}
	if !hash && v.Len() > maxSortKeyBytes {
		return api.Validation("One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	}
	return nil
}

// checkIndexKeys reports whether the attributes of item that are keys of an
// index have the types and lengths that the index needs. One that is absent is
// fine: the item is not in that index then.
func (t *table) checkIndexKeys(item itemcodec.Item) error {
	for _, x := range t.indexes {
		for i, name := range x.names {
			v := item.Lookup(name)
			if v == nil {
				continue
			}
			k := x.keyAttr(i)
			if v.Kind() != k.kind {
				return api.Validation(fmt.Sprintf("One or more parameter values were invalid: Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s",
					name, k.kind, v.Kind(), x.name))
			}
			if v.Len() == 0 {
				return emptyIndexKey(x, k)
			}
			if err := checkKeyLength(v, i < len(x.hash)); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkUpdatedIndexKeys is checkIndexKeys for an item that an update has made,
// and for the attributes that it has written. Others may be older than the index.
func (t *table) checkUpdatedIndexKeys(item attr.Item, written []string) error {
	for _, x := range t.indexes {
		for i, name := range x.names {
			v, ok := item[name]
			if !ok || !slices.Contains(written, name) {
				continue
			}
			k := x.keyAttr(i)
			if v.Kind() != k.kind {
				return api.Validation(fmt.Sprintf("One or more parameter values were invalid: Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s",
					name, k.kind, v.Kind(), x.name))
			}
			if v.Len() == 0 {
				return api.Validation("One or more parameter values are not valid. The update expression attempted to update a secondary index key " +
					"to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty " + k.word() + " value.")
			}
			if err := checkKeyLength(v, i < len(x.hash)); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkDocuments reports a path of an expression that leads into an attribute
// of a key, as if that were a document. names are what the paths start with.
func (t *table) checkDocuments(names []string) error {
	for _, name := range names {
		kind := ""
		if t.isKey(name) {
			kind = "Key"
		} else if slices.ContainsFunc(t.indexes, func(x *index) bool { return slices.Contains(x.names, name) }) {
			kind = "IndexKey"
		}
		if kind != "" {
			return api.Validation("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: " + kind + ": " + name)
		}
	}
	return nil
}

func (x *index) keyAttr(i int) keyAttr {
	if i < len(x.hash) {
		return x.hash[i]
	}
	return x.sort[i-len(x.hash)]
}

// entryKey returns the key of the index entry of a base item, nil when the item
// is not in the index: it lacks an attribute of the index's key, or has one that
// cannot be a key (which an item can that is older than the index).
func (t *table) entryKey(x *index, item itemcodec.Item, rowHash [hashSize]byte) ([]byte, error) {
	hash, ok := x.hashOf(item)
	if !ok {
		return nil, nil
	}
	k := append(t.indexKey(x, 2*hashSize+32), hash[:]...)
	var err error
	for _, a := range x.sort {
		v := item.Lookup(a.name)
		if !a.fits(v, maxSortKeyBytes) {
			return nil, nil
		}
		if k, err = appendSortPart(k, v); err != nil {
			return nil, err
		}
	}
	return append(k, rowHash[:]...), nil
}

// fits reports whether a stored value can be this attribute of a key.
func (k keyAttr) fits(v itemcodec.Value, maxBytes int) bool {
	return v.Kind() == k.kind && v.Len() > 0 && (k.kind == attr.Number || v.Len() <= maxBytes)
}

// hashOf returns the hash of the index's partition key in item.
func (x *index) hashOf(item itemcodec.Item) (hash [hashSize]byte, ok bool) {
	var buf [64]byte
	all := buf[:0]
	for _, a := range x.hash {
		v := item.Lookup(a.name)
		if !a.fits(v, maxHashKeyBytes) {
			return hash, false
		}
		if len(x.hash) == 1 {
			return keyenc.Hash(v), true
		}
		all = append(all, v...)
	}
	return keyenc.Hash(all), true
}

// tableName returns the name of a table from its name or ARN.
func tableName(nameOrARN *string) string {
	if strings.HasPrefix(*nameOrARN, "arn:") { // no name has a colon
		if arn, ok := api.ParseARN(*nameOrARN); ok {
			return arn.Table
		}
	}
	return *nameOrARN
}
