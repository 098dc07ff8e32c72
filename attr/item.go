package attr

import (
	"maps"
	"slices"
	"strings"
)

// Item is a set of named attributes: a row of a table, a key, or the contents of a map value.
type Item map[string]Value

// Clone returns a copy of the item whose attributes can be set and deleted
// without changing the original. Values are immutable, so they are shared. The
// copy of a nil Item is empty.
func (it Item) Clone() Item {
	if it == nil {
		return Item{}
	}
	return maps.Clone(it)
}

// Equal reports whether both items have the same names with equal values.
func (it Item) Equal(other Item) bool {
	if len(it) != len(other) {
		return false
	}
	for name, v := range it {
		w, ok := other[name]
		if !ok || !v.Equal(w) {
			return false
		}
	}
	return true
}

// String returns the item in a compact form for people, with the names in
// order: {id: "u1", age: 42}. It is no wire format.
func (it Item) String() string {
	var b strings.Builder
	writeItem(&b, it)
	return b.String()
}

func writeItem(b *strings.Builder, it Item) {
	b.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(it)) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name)
		b.WriteString(": ")
		writeValue(b, it[name])
	}
	b.WriteByte('}')
}
