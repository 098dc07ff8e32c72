package oracle

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// table is a table with its items.
type table struct {
	name      string
	created   time.Time
	kinds     map[string]attr.Kind // of the key attributes
	schema    []api.KeySchemaElement
	keys      []string // the partition key and, if there is one, the sort key
	indexes   []*index // as they were made, local ones first
	items     map[string]attr.Item
	tags      map[string]string
	protected bool
	billing   api.BillingMode
	onDemand  *time.Time // when it last became on-demand
	units     throughput
	switches  []time.Time // to PAY_PER_REQUEST, in the last 24 hours
	class     *api.TableClass
	classTime *time.Time
	ttl       timeToLive
	stream    stream
}

// index is a definition alone: what it holds is computed from the table's items.
type index struct {
	name       string
	local      bool
	schema     []api.KeySchemaElement
	hash, sort []string
	projection api.Projection
	units      throughput
}

func (x *index) keys() []string { return slices.Concat(x.hash, x.sort) }

func schemaKeys(schema []api.KeySchemaElement) (hash, sort []string) {
	for _, e := range schema {
		if *e.KeyType == api.KeyTypeHash {
			hash = append(hash, *e.AttributeName)
		} else {
			sort = append(sort, *e.AttributeName)
		}
	}
	return hash, sort
}

func (t *table) index(name string) *index {
	for _, x := range t.indexes {
		if x.name == name {
			return x
		}
	}
	return nil
}

func (t *table) hasLocal() bool {
	return slices.ContainsFunc(t.indexes, func(x *index) bool { return x.local })
}

// key returns the primary key of an item.
func (t *table) key(item attr.Item) attr.Item { return only(item, t.keys) }

// only returns the named attributes that the item has.
func only(item attr.Item, names []string) attr.Item {
	out := attr.Item{}
	for _, n := range names {
		if v, ok := item[n]; ok {
			out[n] = v
		}
	}
	return out
}

// id returns a text that stands for the key of an item.
func (t *table) id(item attr.Item) string {
	var parts []string
	for _, n := range t.keys {
		parts = append(parts, scalarText(canonicalValue(item[n])))
	}
	return strings.Join(parts, "|")
}

func scalarText(v attr.Value) string {
	return v.Kind().String() + base64.StdEncoding.EncodeToString([]byte(v.Str()+v.Num()+string(v.Bytes())))
}

// entry returns what an index holds for an item; ok is false when the item is not in it.
func (t *table) entry(x *index, item attr.Item) (attr.Item, bool) {
	if item == nil {
		return nil, false
	}
	for i, n := range x.keys() {
		v, ok := item[n]
		if !ok || v.Kind() != t.kinds[n] || v.Kind() != attr.Number && (v.Len() == 0 || i < len(x.hash) && v.Len() > 2048 || i >= len(x.hash) && v.Len() > 1024) {
			return nil, false
		}
	}
	names := slices.Concat(t.keys, x.keys())
	switch *x.projection.ProjectionType {
	case api.ProjectionTypeAll:
		return item, true
	case api.ProjectionTypeInclude:
		names = append(names, x.projection.NonKeyAttributes...)
	}
	return only(item, names), true
}

// projects reports whether every entry has the attribute that its item has.
func (t *table) projects(x *index, name string) bool {
	return *x.projection.ProjectionType == api.ProjectionTypeAll || slices.Contains(t.keys, name) ||
		slices.Contains(x.keys(), name) || slices.Contains(x.projection.NonKeyAttributes, name)
}

// oversize reports whether an item is too large: its entries in local indexes count with it.
func (t *table) oversize(item attr.Item) bool {
	size := item.Size()
	for _, x := range t.indexes {
		if e, ok := t.entry(x, item); ok && x.local {
			size += e.Size()
		}
	}
	return size > maxItemBytes
}

// collectionBytes returns the size of the item collection that an item is in.
func (t *table) collectionBytes(item attr.Item) int {
	size := 0
	for _, other := range t.items {
		if !other[t.keys[0]].Equal(item[t.keys[0]]) {
			continue
		}
		size += other.Size()
		for _, x := range t.indexes {
			if e, ok := t.entry(x, other); ok && x.local {
				size += e.Size()
			}
		}
	}
	return size
}

// metrics returns the ItemCollectionMetrics of a write, nil when not asked for.
func (t *table) metrics(asked *api.ReturnItemCollectionMetrics, item attr.Item) *api.ItemCollectionMetrics {
	if asked == nil || *asked != api.ReturnItemCollectionMetricsSize || !t.hasLocal() {
		return nil
	}
	gb := float64(t.collectionBytes(canonicalItem(item)) >> 30)
	return &api.ItemCollectionMetrics{
		ItemCollectionKey:   canonicalItem(only(item, t.keys[:1])),
		SizeEstimateRangeGB: []float64{gb, gb + 1},
	}
}
