package api

import (
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// Attributes is the item of a put, or an item or a part of one in an output. It
// may be in the form that the store holds and is then decoded only when
// somebody asks for values, so that a cache, the wire and a caller who just
// wants to know whether the item exists do not pay for it. The zero Attributes is absent.
//
// It is immutable and safe for concurrent use. Each call of Item decodes
// again: keep what it returns.
type Attributes struct {
	stored itemcodec.Item
	item   attr.Item
	size   int // of a stored item that was built, so that nothing is wrong with it; 0: nobody has looked
}

// ItemOf returns item as Attributes. It keeps item, which must not be changed
// afterwards.
func ItemOf(item attr.Item) Attributes { return Attributes{item: item} }

// StoredItem returns an item in its stored form (docs/format.md) as
// Attributes. It keeps the bytes, which must not be changed afterwards.
func StoredItem(stored []byte) Attributes { return Attributes{stored: stored} }

// BuiltItem returns an item that was built of what a request may have, which
// needs no further look at its values. Only packages of this module can build one.
func BuiltItem(b itemcodec.Built) Attributes { return Attributes{stored: b.Item(), size: b.Size()} }

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

// Built returns the stored form and the size of an item that BuiltItem
// returned, and false for any other. The bytes must not be changed.
func (a Attributes) Built() (stored []byte, size int, ok bool) {
	return a.stored, a.size, a.size > 0
}

// Len returns the number of attributes.
func (a Attributes) Len() int {
	if a.stored == nil {
		return len(a.item)
	}
	return a.stored.Len()
}

// Size returns the bytes that the item counts for, by DynamoDB's rules (see attr.Item.Size).
func (a Attributes) Size() int {
	switch {
	case a.size > 0:
		return a.size
	case a.stored != nil:
		return a.stored.Size()
	}
	return a.item.Size()
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
