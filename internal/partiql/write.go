package partiql

import (
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// Write translates an INSERT, UPDATE or DELETE of a table with the given keys:
// to a PutItem that no item may be there for, an UpdateItem of an item that
// must be there, or a DeleteItem whose condition counts only when it is there.
func (b *Bound) Write(src Source) (api.Request, error) {
	switch b.s.kind {
	case Insert:
		return b.put(src)
	case Update:
		return b.update(src)
	}
	return b.remove(src)
}

func (b *Bound) put(src Source) (*api.PutItemInput, error) {
	item := make(attr.Item, len(b.s.item))
	for _, f := range b.s.item {
		item[f.name], _ = b.value(f.n)
	}
	for _, k := range src.keys() {
		v, ok := item[k.Name]
		switch {
		case !ok:
			return nil, invalid("Key attribute should be present in the item: Key %s", k.Name)
		case v.Kind() != k.Kind:
			return nil, invalid("Key attribute's data type should match its data type in table's schema: Key %s", k.Name)
		}
	}
	x := builder{Bound: b}
	return &api.PutItemInput{TableName: &b.s.table, Item: api.ItemOf(item),
		ConditionExpression:      new("attribute_not_exists(" + x.name(src.Hash.Name) + ")"),
		ExpressionAttributeNames: x.names}, nil
}

func (b *Bound) update(src Source) (*api.UpdateItemInput, error) {
	key, rest, err := b.key(src)
	if err != nil {
		return nil, err
	}
	x := builder{Bound: b}
	update, err := x.updateExpression(b.s.actions)
	if err != nil {
		return nil, err
	}
	in := &api.UpdateItemInput{TableName: &b.s.table, Key: key, UpdateExpression: &update,
		ConditionExpression: new(x.present(src, rest))}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = x.names, x.values
	if b.s.returning != "" {
		in.ReturnValues = &b.s.returning
	}
	return in, nil
}

func (b *Bound) remove(src Source) (*api.DeleteItemInput, error) {
	key, rest, err := b.key(src)
	if err != nil {
		return nil, err
	}
	in := &api.DeleteItemInput{TableName: &b.s.table, Key: key}
	if len(rest) > 0 {
		x := builder{Bound: b}
		text := "attribute_not_exists(" + x.name(src.Hash.Name) + ") OR " + x.all(rest)
		in.ConditionExpression = &text
		in.ExpressionAttributeNames, in.ExpressionAttributeValues = x.names, x.values
	}
	if b.s.returning != "" {
		in.ReturnValues = &b.s.returning
	}
	return in, nil
}

// Check translates EXISTS(SELECT …) of a table with the given keys. The SELECT
// must name one item, and have a condition beside.
func (b *Bound) Check(src Source) (*api.ConditionCheck, error) {
	key, rest, err := b.key(src)
	if err != nil || len(rest) == 0 || b.s.index != "" {
		return nil, invalid("EXISTS() must contain a single item read with additional condition")
	}
	x := builder{Bound: b}
	in := &api.ConditionCheck{TableName: &b.s.table, Key: key, ConditionExpression: new(x.present(src, rest))}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = x.names, x.values
	return in, nil
}

// ErrNotOneItem is what PointRead returns for a SELECT that is not of one whole primary key alone.
var ErrNotOneItem error = api.Validation("must specify the primary key in the where clause.")

// PointRead translates a SELECT of one item by its primary key and nothing
// else, as batches and transactions have them.
func (b *Bound) PointRead(src Source, consistent *bool) (*api.GetItemInput, *Reads, error) {
	key, rest, err := b.key(src)
	if key == nil && err != nil || len(rest) > 0 || b.s.index != "" {
		return nil, nil, ErrNotOneItem
	}
	if err != nil {
		return nil, nil, err
	}
	if err := b.s.checkColumns(); err != nil {
		return nil, nil, err
	}
	reads := &Reads{}
	if b.s.reshapes() {
		reads.columns = b.s.columns
	}
	x := builder{Bound: b}
	in := &api.GetItemInput{TableName: &b.s.table, Key: key, ConsistentRead: consistent, ProjectionExpression: x.projection()}
	in.ExpressionAttributeNames = x.names
	return in, reads, nil
}

func (src Source) keys() []Key {
	if src.Sort.Name == "" {
		return []Key{src.Hash}
	}
	return []Key{src.Hash, src.Sort}
}

// present returns the condition that an item is there and fulfils all the others.
func (b *builder) present(src Source, rest []*node) string {
	text := "attribute_exists(" + b.name(src.Hash.Name) + ")"
	if more := b.all(rest); more != "" {
		if len(rest) == 1 && rest[0].op == opOr {
			more = "(" + more + ")"
		}
		text += " AND " + more
	}
	return text
}

// key returns the primary key that WHERE names, and the conditions beside it.
// With a key that has the wrong type it returns both the key and an error.
func (b *Bound) key(src Source) (key attr.Item, rest []*node, err error) {
	keys := src.keys()
	key = make(attr.Item, len(keys))
	for _, n := range conjuncts(b.s.where) {
		name, v, ok := b.keyEquality(n, keys)
		if !ok {
			rest = append(rest, n)
			continue
		}
		if have, again := key[name]; again && !have.Equal(v) {
			return nil, nil, invalid("Multiple conditions on same key %s. Only single item Update/Insert/Delete are supported", name)
		}
		key[name] = v
	}
	if len(key) < len(keys) {
		return nil, nil, api.Validation(faultNoKey)
	}
	for _, k := range keys {
		if key[k.Name].Kind() != k.Kind {
			return key, rest, invalid("Key attribute's data type should match its data type in table's schema: Key %s", k.Name)
		}
	}
	return key, rest, nil
}

// keyEquality reports whether n says that an attribute of the key equals a value.
func (b *Bound) keyEquality(n *node, keys []Key) (name string, v attr.Value, ok bool) {
	if n.op != opCompare || n.text != "=" {
		return "", v, false
	}
	for i, arg := range n.args {
		if v, ok := b.value(n.args[1-i]); ok && arg.op == opPath && len(arg.path) == 1 {
			if slices.ContainsFunc(keys, func(k Key) bool { return k.Name == arg.path[0].name }) {
				return arg.path[0].name, v, true
			}
		}
	}
	return "", v, false
}
