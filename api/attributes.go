package api

import (
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// Attributes is an item, or a part of one, in an output. It may still be the
// bytes that the store holds and is then decoded only when somebody asks for
// values, so that a cache, the wire and a caller who just wants to know
// whether the item exists do not pay for it. The zero Attributes is absent.
//
// It is immutable and safe for concurrent use. Each call of Item decodes
// again: keep what it returns.
type Attributes struct {
	stored itemcodec.Item
	item   attr.Item
}

// ItemOf returns item as Attributes. It keeps item, which must not be changed
// afterwards.
func ItemOf(item attr.Item) Attributes { return Attributes{item: item} }

// StoredItem returns an item in its stored form (docs/format.md) as
// Attributes. It keeps the bytes, which must not be changed afterwards.
func StoredItem(stored []byte) Attributes { return Attributes{stored: stored} }

// IsZero reports whether there is no item.
func (a Attributes) IsZero() bool { return a.stored == nil && a.item == nil }

// Item returns the values, nil when there is no item. The caller owns the map
// when the item was stored; when it was built by ItemOf it is that very map
// and must not be changed. An error means that the stored bytes are damaged.
func (a Attributes) Item() (attr.Item, error) {
	if a.stored == nil {
		return a.item, nil
	}
	item, err := itemcodec.DecodeItem(a.stored)
	if err != nil {
		return nil, &Error{Code: CodeInternalServerError, Message: "The stored item is damaged", Cause: err}
	}
	return item, nil
}

// Stored returns the stored form of the item, and false when it was built of
// values. The bytes must not be changed.
func (a Attributes) Stored() ([]byte, bool) { return a.stored, a.stored != nil }

// Len returns the number of attributes.
func (a Attributes) Len() int {
	if a.stored == nil {
		return len(a.item)
	}
	return a.stored.Len()
}

// Value returns one attribute, the zero Value when it is absent. It decodes nothing else.
func (a Attributes) Value(name string) attr.Value {
	if a.stored == nil {
		return a.item[name]
	}
	v, err := a.stored.Lookup(name).Decode()
	if err != nil {
		return attr.Value{} // absent: Lookup gave nil
	}
	return v
}

// String returns the item in attr.Item's compact form for people.
func (a Attributes) String() string {
	item, err := a.Item()
	if err != nil {
		return err.Error()
	}
	return item.String()
}
