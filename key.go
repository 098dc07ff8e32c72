package stator

import (
	"context"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// PrimaryKey names one item of a table. It is made by Key or KeyItem.
type PrimaryKey struct {
	values []any
	item   Item
}

// Key returns the key with this partition key and, in tables that have one,
// this sort key. The values are those that attr.Marshal makes an S, N or B of.
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
	names, err := t.keyNames(ctx)
	if err != nil {
		return nil, err
	}
	if len(k.values) != len(names) {
		return nil, faultf(nil, "The key of table %s has %d attributes (%v), Key was given %d values", t.name, len(names), names, len(k.values))
	}
	item := make(Item, len(names))
	for i, v := range k.values {
		if item[names[i]], err = attr.Marshal(v); err != nil {
			return nil, faultf(err, "The key attribute %s of table %s cannot be marshalled", names[i], t.name)
		}
	}
	return item, nil
}

// keyNames returns the names of the table's key attributes, partition key first.
func (t table) keyNames(ctx context.Context) ([]string, error) {
	if known := t.learned.keyNames.Load(); known != nil {
		return *known, nil
	}
	schema, err := schemaOf(t.learned.typ)
	if err != nil {
		return nil, err
	}
	names := schema.keyNames()
	if len(names) == 0 {
		if names, err = t.askKeyNames(ctx); err != nil {
			return nil, err
		}
	}
	t.learned.keyNames.Store(&names)
	return names, nil
}

func (t table) askKeyNames(ctx context.Context) ([]string, error) {
	out, err := do(ctx, t.client, &api.DescribeTableInput{TableName: &t.name})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range out.Table.KeySchema {
		names = append(names, *e.AttributeName)
	}
	return names, nil
}
