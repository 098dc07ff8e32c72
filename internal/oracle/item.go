package oracle

import (
	"maps"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// maxItemBytes is the largest item.
const maxItemBytes = 400 << 10

// write is one write of one item, with its expressions judged.
type write struct {
	kind      writeKind
	item      attr.Item // of a put
	key       attr.Item // of the others
	condition *node
	actions   []action // of an update
	updates   bool     // has an UpdateExpression
	failOld   bool
}

type writeKind int

const (
	writePut writeKind = iota
	writeUpdate
	writeDelete
	writeCheck
)

// check judges a write against its table's definition alone.
func (w *write) check(t *table) error {
	if w.kind == writePut {
		if err := t.checkItem(w.item); err != nil {
			return err
		}
		if t.oversize(canonicalItem(w.item)) {
			return invalid("Item size has exceeded the maximum allowed size")
		}
		w.key = t.key(w.item)
	} else if err := t.checkKey(w.key); err != nil {
		return err
	}
	for _, a := range w.actions {
		for _, n := range t.keys {
			if a.path[0].name == n {
				return invalid("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", n)
			}
		}
	}
	return t.checkPaths(w.paths())
}

// paths returns the document paths of a write's expressions.
func (w *write) paths() [][]step {
	var paths [][]step
	for _, a := range w.actions {
		paths = append(paths, a.path)
	}
	for _, a := range w.actions {
		paths = append(paths, a.value.paths()...)
	}
	return append(paths, w.condition.paths()...)
}

// result tests the condition and returns the item as it will be, nil when it will be absent.
func (w *write) result(t *table, old attr.Item) (attr.Item, error) {
	if !w.condition.holds(old) {
		err := &api.Error{Code: api.CodeConditionalCheckFailed, Message: "The conditional request failed"}
		if w.failOld && old != nil {
			err.Item = api.ItemOf(old)
		}
		return nil, err
	}
	switch w.kind {
	case writePut:
		return canonicalItem(w.item), nil
	case writeDelete:
		return nil, nil
	case writeCheck:
		return old, nil
	}
	start := old
	if start == nil {
		start = canonicalItem(w.key)
	}
	item, err := apply(start, w.actions)
	if err != nil {
		return nil, err
	}
	if old == nil && w.updates && len(item) == len(t.keys) {
		return nil, nil // REMOVE and DELETE make no item
	}
	written := map[string]bool{}
	for _, a := range w.actions {
		written[a.path[0].name] = true
	}
	err = t.eachIndexKey(func(x *index, n string, hash bool) error {
		if !written[n] {
			return nil
		}
		v, ok := item[n]
		if ok && v.Kind() == t.kinds[n] && v.Kind() != attr.Number && v.Len() == 0 {
			what := "string"
			if v.Kind() == attr.Binary {
				what = "binary"
			}
			return invalid("One or more parameter values are not valid. The update expression attempted to update a secondary index key "+
				"to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty %s value.", what)
		}
		return t.checkIndexKey(x, n, item, hash)
	})
	if err != nil {
		return nil, err
	}
	if t.oversize(item) {
		return nil, invalid("Item size to update has exceeded the maximum allowed size")
	}
	return item, nil
}

// decision is what a write does to an item: seen is what operations see of the old one.
type decision struct{ seen, old, new attr.Item }

// decide tells what a write does. An item that is not seen is absent for everything but its own change.
func (m *Model) decide(t *table, w *write) (d decision, err error) {
	d.old = t.items[t.id(w.key)]
	d.seen = m.seen(t, d.old)
	d.new, err = w.result(t, d.seen)
	switch {
	case w.kind == writeCheck:
		d.new = d.old
	case w.kind == writeUpdate && d.new == nil && d.seen == nil:
		d.old = nil // nothing changes
	}
	return d, err
}

// carryOut does what was decided.
func (m *Model) carryOut(t *table, w *write, d decision) {
	if d.old != nil || d.new != nil {
		m.store(t, w.key, d.new)
	}
}

// written is what a single write answers.
type written struct {
	attributes api.Attributes
	capacity   *api.ConsumedCapacity
	metrics    *api.ItemCollectionMetrics
}

func (m *Model) writeItem(name *string, w write, returns *api.ReturnValue, capacity *api.ReturnConsumedCapacity,
	metrics *api.ReturnItemCollectionMetrics,
) (out written, err error) {
	t, err := m.table(name)
	if err != nil {
		return out, err
	}
	if err := w.check(t); err != nil {
		return out, err
	}
	d, err := m.decide(t, &w)
	if err != nil {
		return out, err
	}
	m.carryOut(t, &w, d)
	out.capacity = t.consumed(*name, capacity, t.writeUsage(d.old, d.new, 1))
	out.metrics = t.metrics(metrics, w.key)
	if returns != nil {
		out.attributes = returned(*returns, d.seen, d.new, w.actions)
	}
	return out, nil
}

// returned picks what ReturnValues asks for.
func returned(returns api.ReturnValue, old, new attr.Item, actions []action) api.Attributes {
	var paths [][]step
	for _, a := range actions {
		paths = append(paths, a.path)
	}
	part := attr.Item(nil)
	switch returns {
	case api.ReturnValueAllOld:
		part = old
	case api.ReturnValueAllNew:
		part = new
	case api.ReturnValueUpdatedOld:
		part = pick(old, paths)
	case api.ReturnValueUpdatedNew:
		part = pick(new, paths)
	}
	if len(part) == 0 {
		return api.Attributes{}
	}
	return api.ItemOf(maps.Clone(part))
}

// valuesOf returns the item of a put, which was validated.
func valuesOf(a api.Attributes) attr.Item {
	item, _ := a.Item()
	return item
}

func (m *Model) putItem(in *api.PutItemInput) (*api.PutItemOutput, error) {
	b := newBindings(in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	w := write{kind: writePut, item: valuesOf(in.Item), failOld: wantsAllOld(in.ReturnValuesOnConditionCheckFailure)}
	if err := w.bind(b, nil, in.ConditionExpression); err != nil {
		return nil, err
	}
	out, err := m.writeItem(in.TableName, w, in.ReturnValues, in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics)
	return &api.PutItemOutput{Attributes: out.attributes, ConsumedCapacity: out.capacity, ItemCollectionMetrics: out.metrics}, err
}

func (m *Model) deleteItem(in *api.DeleteItemInput) (*api.DeleteItemOutput, error) {
	b := newBindings(in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	w := write{kind: writeDelete, key: in.Key, failOld: wantsAllOld(in.ReturnValuesOnConditionCheckFailure)}
	if err := w.bind(b, nil, in.ConditionExpression); err != nil {
		return nil, err
	}
	out, err := m.writeItem(in.TableName, w, in.ReturnValues, in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics)
	return &api.DeleteItemOutput{Attributes: out.attributes, ConsumedCapacity: out.capacity, ItemCollectionMetrics: out.metrics}, err
}

func (m *Model) updateItem(in *api.UpdateItemInput) (*api.UpdateItemOutput, error) {
	b := newBindings(in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	w := write{kind: writeUpdate, key: in.Key, failOld: wantsAllOld(in.ReturnValuesOnConditionCheckFailure)}
	if err := w.bind(b, in.UpdateExpression, in.ConditionExpression); err != nil {
		return nil, err
	}
	out, err := m.writeItem(in.TableName, w, in.ReturnValues, in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics)
	return &api.UpdateItemOutput{Attributes: out.attributes, ConsumedCapacity: out.capacity, ItemCollectionMetrics: out.metrics}, err
}

// bind judges the expressions of a write.
func (w *write) bind(b *bindings, update, condition *string) (err error) {
	w.updates = update != nil
	if w.actions, err = b.update(update); err != nil {
		return err
	}
	if w.condition, err = b.condition("ConditionExpression", condition); err != nil {
		return err
	}
	return b.unused()
}

func (m *Model) getItem(in *api.GetItemInput) (*api.GetItemOutput, error) {
	b := newBindings(in.ExpressionAttributeNames, nil)
	paths, err := b.projection(in.ProjectionExpression)
	if err != nil {
		return nil, err
	}
	if err := b.unused(); err != nil {
		return nil, err
	}
	t, err := m.table(in.TableName)
	if err != nil {
		return nil, err
	}
	item, err := m.get(t, in.Key, paths)
	if err != nil {
		return nil, err
	}
	whole := t.items[t.id(in.Key)]
	return &api.GetItemOutput{
		Item:             item,
		ConsumedCapacity: t.consumed(*in.TableName, in.ReturnConsumedCapacity, usage{table: readUnits(whole.Size(), in.ConsistentRead)}),
	}, nil
}

// get reads one item by its key.
func (m *Model) get(t *table, key attr.Item, paths [][]step) (api.Attributes, error) {
	if err := t.checkKey(key); err != nil {
		return api.Attributes{}, err
	}
	if err := t.checkPaths(paths); err != nil {
		return api.Attributes{}, err
	}
	item := m.seen(t, t.items[t.id(key)])
	switch {
	case item == nil:
		return api.Attributes{}, nil
	case paths != nil:
		return api.ItemOf(pick(item, paths)), nil
	}
	return api.ItemOf(item), nil
}
