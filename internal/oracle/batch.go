package oracle

import (
	"maps"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// maxBatchBytes bounds what one BatchGetItem answers.
const maxBatchBytes = 16 << 20

func (m *Model) batchGet(in *api.BatchGetItemInput) (*api.BatchGetItemOutput, error) {
	names := slices.Sorted(maps.Keys(in.RequestItems))
	projections := map[string][][]step{}
	for _, name := range names {
		of := in.RequestItems[name]
		b := newBindings(of.ExpressionAttributeNames, nil)
		var err error
		if projections[name], err = b.projection(of.ProjectionExpression); err != nil {
			return nil, err
		}
		if err := b.unused(); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	for _, name := range names {
		t, err := m.table(&name)
		if err != nil {
			return nil, err
		}
		for _, key := range in.RequestItems[name].Keys {
			if err := t.checkKey(key); err != nil {
				return nil, err
			}
			id := t.name + "|" + t.id(key) // a table may be there by its name and by its ARN
			if seen[id] {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			seen[id] = true
			if err := t.checkPaths(projections[name]); err != nil {
				return nil, err
			}
		}
	}
	out := &api.BatchGetItemOutput{Responses: map[string][]api.Attributes{}, UnprocessedKeys: map[string]api.KeysAndAttributes{}}
	total := 0
	var used uses
	for _, name := range names {
		t := m.tables[nameOf(name)]
		of := in.RequestItems[name]
		out.Responses[name] = []api.Attributes{}
		for _, key := range of.Keys {
			item := t.items[t.id(key)]
			if total += item.Size(); total > maxBatchBytes {
				rest := of
				rest.Keys = append(slices.Clone(out.UnprocessedKeys[name].Keys), key)
				out.UnprocessedKeys[name] = rest
				continue
			}
			used.add(t, name, usage{table: readUnits(item.Size(), of.ConsistentRead)})
			got, err := m.get(t, key, projections[name])
			if err != nil {
				return nil, err
			}
			if m.seen(t, item) != nil {
				out.Responses[name] = append(out.Responses[name], got)
			}
		}
	}
	out.ConsumedCapacity = used.consumed(in.ReturnConsumedCapacity)
	return out, nil
}

// uses is what an operation used on several tables, in the order in which it met them.
type uses struct {
	tables []*table
	names  []string // as the request has them first
	used   []usage
}

func (u *uses) add(t *table, name string, more usage) {
	i := slices.Index(u.tables, t)
	if i < 0 {
		i = len(u.tables)
		u.tables, u.names, u.used = append(u.tables, t), append(u.names, name), append(u.used, usage{})
	}
	u.used[i].add(more)
}

func (u *uses) consumed(asked *api.ReturnConsumedCapacity) []api.ConsumedCapacity {
	var out []api.ConsumedCapacity
	for i, t := range u.tables {
		if c := t.consumed(u.names[i], asked, u.used[i]); c != nil {
			out = append(out, *c)
		}
	}
	return out
}

func (m *Model) batchWrite(in *api.BatchWriteItemInput) (*api.BatchWriteItemOutput, error) {
	names := slices.Sorted(maps.Keys(in.RequestItems))
	type one struct {
		t    *table
		name string
		w    write
	}
	var writes []one
	for _, name := range names {
		t, err := m.table(&name)
		if err != nil {
			return nil, err
		}
		for _, r := range in.RequestItems[name] {
			w := write{kind: writePut}
			if r.PutRequest != nil {
				w.item = valuesOf(r.PutRequest.Item)
				for _, n := range t.keys {
					if v, ok := w.item[n]; !ok || v.Kind() != t.kinds[n] {
						return nil, errKeySchema
					}
				}
			} else {
				w = write{kind: writeDelete, key: r.DeleteRequest.Key}
			}
			if err := w.check(t); err != nil {
				return nil, err
			}
			if slices.ContainsFunc(writes, func(o one) bool { return o.t == t && t.id(o.w.key) == t.id(w.key) }) {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			writes = append(writes, one{t, name, w})
		}
	}
	out := &api.BatchWriteItemOutput{UnprocessedItems: map[string][]api.WriteRequest{}}
	var used uses
	var all collections
	for _, o := range writes {
		old := o.t.items[o.t.id(o.w.key)]
		new := canonicalItem(o.w.item)
		m.store(o.t, o.w.key, new)
		used.add(o.t, o.name, o.t.writeUsage(old, new, 1))
	}
	for _, o := range writes {
		all.add(o.t, in.ReturnItemCollectionMetrics, o.w.key)
	}
	out.ItemCollectionMetrics = all
	out.ConsumedCapacity = used.consumed(in.ReturnConsumedCapacity)
	return out, nil
}

// collections are the item collections that several writes touched, once each.
type collections map[string][]api.ItemCollectionMetrics

func (c *collections) add(t *table, asked *api.ReturnItemCollectionMetrics, key attr.Item) {
	m := t.metrics(asked, key)
	if m == nil || slices.ContainsFunc((*c)[t.name], func(o api.ItemCollectionMetrics) bool { return o.ItemCollectionKey.Equal(m.ItemCollectionKey) }) {
		return
	}
	if *c == nil {
		*c = collections{}
	}
	(*c)[t.name] = append((*c)[t.name], *m)
}
