package engine

import (
	"fmt"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
)

// table is a table's definition, made from its record once and never changed.
type table struct {
	rec  *tableRecord // must not be changed
	id   uint32
	gen  uint64
	name string

	keys     []keyAttr // the partition key and, if it has one, the sort key
	keyNames []string  // their names
	indexes  []*index  // those that writes keep up to date, global ones first
	local    bool      // has a local index, and so sizes of item collections
	slotBits int

	capacity *api.TableCapacity // what a Limiter sees
	meters   *tableMeters       // of all definitions of the table; set before it is published

	ttl     string // the attribute of the expiry index that writes keep up to date; "": there is none
	expires bool   // and items are deleted by it
}

// keyAttr is an attribute of a key schema.
type keyAttr struct {
	name string
	kind attr.Kind
}

// index is a secondary index's definition.
type index struct {
	rec   *indexRecord
	id    uint16
	pos   int // in table.indexes
	name  string
	local bool
	hash  []keyAttr
	sort  []keyAttr
	names []string // of all key attributes, hash then sort

	meters *indexMeters // of a global one; as those of the table

	// all, or the names of the projected attributes besides the table's keys,
	// in byte order.
	all       bool
	projected []string
}

// queryable reports whether the index holds every item: it is not being filled or emptied.
func (x *index) queryable() bool { return x.rec.Status == api.IndexStatusActive }

// maxSlots bounds the heads of a table; the slot is one byte in their keys.
const maxSlots = 256

func newTable(rec *tableRecord) (*table, error) {
	t := &table{rec: rec, id: rec.ID, gen: rec.Generation, name: rec.Name}
	for 1<<t.slotBits < rec.Slots {
		t.slotBits++
	}
	if rec.Slots < 1 || rec.Slots > maxSlots || 1<<t.slotBits != rec.Slots {
		return nil, fmt.Errorf("%w: table %q has %d slots", kv.ErrCorrupt, rec.Name, rec.Slots)
	}
	hash, sort, err := rec.keyAttrs(rec.KeySchema)
	if err != nil {
		return nil, err
	}
	t.keys = append(hash, sort...)
	t.keyNames = names(t.keys)
	if rec.TTL.indexed() {
		t.ttl, t.expires = rec.TTL.Attribute, rec.TTL.Status == api.TimeToLiveStatusEnabled
	}
	for i := range rec.Indexes {
		r := &rec.Indexes[i]
		if r.Status == api.IndexStatusDeleting {
			continue
		}
		x := &index{rec: r, id: r.ID, name: r.Name, local: r.Local}
		if x.hash, x.sort, err = rec.keyAttrs(r.KeySchema); err != nil {
			return nil, err
		}
		x.names = append(names(x.hash), names(x.sort)...)
		switch *r.Projection.ProjectionType {
		case api.ProjectionTypeAll:
			x.all = true
		case api.ProjectionTypeInclude:
			x.projected = append(x.projected, r.Projection.NonKeyAttributes...)
		}
		x.projected = append(x.projected, x.names...)
		x.projected = slices.DeleteFunc(x.projected, func(name string) bool { return slices.Contains(t.keyNames, name) })
		slices.Sort(x.projected)
		x.projected = slices.Compact(x.projected)
		t.local = t.local || x.local
		t.indexes = append(t.indexes, x)
	}
	slices.SortStableFunc(t.indexes, func(a, b *index) int {
		switch {
		case a.local == b.local:
			return 0
		case a.local:
			return 1
		}
		return -1
	})
	for i, x := range t.indexes {
		x.pos = i
	}
	t.capacity = newCapacity(t)
	return t, nil
}

func (r *tableRecord) keyAttrs(schema []api.KeySchemaElement) (hash, sort []keyAttr, err error) {
	for _, e := range schema {
		k := keyAttr{name: *e.AttributeName}
		for _, d := range r.AttributeDefinitions {
			if *d.AttributeName == k.name {
				k.kind = kindOf(*d.AttributeType)
			}
		}
		if k.kind == attr.Invalid {
			return nil, nil, fmt.Errorf("%w: table %q does not define its key attribute %q", kv.ErrCorrupt, r.Name, k.name)
		}
		if *e.KeyType == api.KeyTypeHash {
			hash = append(hash, k)
		} else {
			sort = append(sort, k)
		}
	}
	return hash, sort, nil
}

func kindOf(t api.ScalarAttributeType) attr.Kind {
	switch t {
	case api.ScalarAttributeTypeS:
		return attr.String
	case api.ScalarAttributeTypeN:
		return attr.Number
	case api.ScalarAttributeTypeB:
		return attr.Binary
	}
	return attr.Invalid
}

func names(keys []keyAttr) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.name
	}
	return out
}

// index returns the named index, nil when the table has none or it is being deleted.
func (t *table) index(name string) *index {
	for _, x := range t.indexes {
		if x.name == name {
			return x
		}
	}
	return nil
}

// isKey reports whether name is an attribute of the primary key.
func (t *table) isKey(name string) bool { return slices.Contains(t.keyNames, name) }

// slot returns the slot of a partition, from the first bits of its hash.
func (t *table) slot(hash [16]byte) byte {
	if t.slotBits == 0 {
		return 0
	}
	return hash[0] >> (8 - t.slotBits)
}
