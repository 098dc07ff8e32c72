package stator

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// PrimaryKey names one item of a table. It is made by Key or KeyItem.
type PrimaryKey struct {
	values []any
	item   Item
}

// Key returns the key with this partition key and, in tables that have one,
// this sort key. The values are those that attr.Marshal makes an S, N or B of; one
// of the Go type of the struct's field also follows the options of the field's tag.
//
// The names of the two attributes come from the `stator` tags of the table's
// struct. A table of Items, or of structs without the tags, asks for its
// description once, when a handle meets its first Key; so does one on a remote
// DynamoDB, where a handle that is kept saves that.
func Key(partition any, sort ...any) PrimaryKey {
	return PrimaryKey{values: slices.Concat([]any{partition}, sort)}
}

// KeyItem returns the key with these attributes, which are the table's whole
// primary key and nothing else. It keeps the item, which must not be changed afterwards.
func KeyItem(key Item) PrimaryKey { return PrimaryKey{item: key} }

// keyItem returns a key as requests have it.
func (t table) keyItem(ctx context.Context, k PrimaryKey) (Item, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if k.values == nil {
		return k.item, nil // of a zero PrimaryKey nil, and the request says so
	}
	attributes, err := t.keyAttributes(ctx)
	if err != nil {
		return nil, err
	}
	if len(k.values) != len(attributes) {
		return nil, faultf(nil, "The key of table %s has %d attributes (%s), Key was given %d values",
			t.name, len(attributes), namesOf(attributes), len(k.values))
	}
	item := make(Item, len(attributes))
	for i, v := range k.values {
		a := attributes[i]
		if item[a.name], err = a.marshal(v); err != nil {
			return nil, faultf(err, "The key attribute %s of table %s cannot be marshalled", a.name, t.name)
		}
	}
	return item, nil
}

// marshal returns the value of a key attribute. A value of the field's own Go
// type follows the options of its tag, or a time of a field with unixtime would become
// an S here and an N in the item.
func (a keyAttribute) marshal(v any) (Value, error) {
	if a.alone == nil || reflect.TypeOf(v) != a.alone.Field(0).Type {
		return attr.Marshal(v)
	}
	alone := reflect.New(a.alone).Elem()
	alone.Field(0).Set(reflect.ValueOf(v))
	item, err := attr.MarshalItem(alone.Interface())
	if err != nil {
		return Value{}, err
	}
	for _, value := range item {
		return value, nil
	}
	return attr.Marshal(v) // left out by omitempty
}

// keyAttributes returns the table's key, partition key first.
func (t table) keyAttributes(ctx context.Context) ([]keyAttribute, error) {
	if known := t.learned.key.Load(); known != nil {
		return *known, nil
	}
	schema, err := schemaOf(t.learned.typ)
	if err != nil {
		return nil, err
	}
	key := slices.Concat(schema.key.hash, schema.key.sort)
	if len(key) == 0 {
		if key, err = t.askKey(ctx); err != nil {
			return nil, err
		}
	}
	t.learned.key.Store(&key)
	return key, nil
}

func (t table) askKey(ctx context.Context) ([]keyAttribute, error) {
	out, err := do(ctx, t.client, &api.DescribeTableInput{TableName: &t.name})
	if err != nil {
		return nil, err
	}
	var key []keyAttribute
	for _, e := range out.Table.KeySchema {
		key = append(key, keyAttribute{name: *e.AttributeName})
	}
	return key, nil
}

func namesOf(key []keyAttribute) string {
	names := make([]string, len(key))
	for i, a := range key {
		names[i] = a.name
	}
	return strings.Join(names, ", ")
}
