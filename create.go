package stator

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"

	"github.com/statordb/stator/api"
)

// TableOption says what a new table is like: HashKey, RangeKey, GlobalIndex,
// LocalIndex, Provisioned, Tags, DeletionProtection, Class, Stream, TTL,
// UnlessExists or NoWait.
type TableOption interface{ table(*creation) }

// IndexOption says what an index is like: HashKey, RangeKey, KeysOnly, Include or Provisioned.
type IndexOption interface{ index(*indexSchema) }

// creation is what the options of a new table add up to.
type creation struct {
	schema       schema
	capacity     *api.ProvisionedThroughput
	tags         map[string]string
	protected    *bool
	class        *api.TableClass
	stream       *api.StreamSpecification
	unlessExists bool
	noWait       bool
}

// KeyAttribute is an option made by HashKey or RangeKey.
type KeyAttribute struct {
	attribute keyAttribute
	hash      bool
}

// HashKey names the partition key and its type, "S", "N" or "B". A global index can
// have up to four: give them in their order.
func HashKey(name string, typ api.ScalarAttributeType) KeyAttribute {
	return KeyAttribute{keyAttribute{name: name, typ: typ}, true}
}

// RangeKey names the sort key and its type; otherwise as HashKey.
func RangeKey(name string, typ api.ScalarAttributeType) KeyAttribute {
	return KeyAttribute{keyAttribute{name: name, typ: typ}, false}
}

func (o KeyAttribute) addTo(k *keySchema) {
	if o.hash {
		k.hash = append(k.hash, o.attribute)
	} else {
		k.sort = append(k.sort, o.attribute)
	}
}

func (o KeyAttribute) table(c *creation)    { o.addTo(&c.schema.key) }
func (o KeyAttribute) index(x *indexSchema) { o.addTo(&x.key) }

type newTableIndex struct{ schema indexSchema }

// GlobalIndex adds a global secondary index, at most 20 of them. Without KeysOnly or
// Include it holds all attributes. In a provisioned table it has the table's
// capacity unless it has its own.
func GlobalIndex(name string, options ...IndexOption) TableOption {
	return newTableIndex{newIndex(indexSchema{name: name}, options)}
}

// LocalIndex adds a local secondary index, at most five of them: the table's
// partition key with another RangeKey.
func LocalIndex(name string, options ...IndexOption) TableOption {
	return newTableIndex{newIndex(indexSchema{name: name, local: true}, options)}
}

func newIndex(x indexSchema, options []IndexOption) indexSchema {
	for _, o := range options {
		o.index(&x)
	}
	return x
}

func (o newTableIndex) table(c *creation) { c.schema.indexes = append(c.schema.indexes, o.schema) }

type projected struct{ include []string }

// KeysOnly makes an index hold the keys of the table and its own, and nothing else.
func KeysOnly() IndexOption { return projected{} }

// Include makes an index hold these attributes besides the keys.
func Include(names ...string) IndexOption { return projected{names} }

func (o projected) index(x *indexSchema) {
	x.include, x.keysOnly = o.include, len(o.include) == 0
}

// Throughput is an option made by Provisioned.
type Throughput struct{ capacity api.ProvisionedThroughput }

// Provisioned gives a table, or an index, a fixed capacity, in read and write
// units a second. Without it a table is on-demand.
func Provisioned(readUnits, writeUnits int64) Throughput {
	return Throughput{api.ProvisionedThroughput{ReadCapacityUnits: &readUnits, WriteCapacityUnits: &writeUnits}}
}

func (o Throughput) table(c *creation)    { c.capacity = &o.capacity }
func (o Throughput) index(x *indexSchema) { x.capacity = &o.capacity }

// Tags labels a table, with at most 50 keys and values.
type Tags map[string]string

func (o Tags) table(c *creation) { c.tags = o }

// Protection is an option made by DeletionProtection.
type Protection struct{ on bool }

// DeletionProtection makes DeleteTable fail while it is on.
func DeletionProtection(on bool) Protection { return Protection{on} }

func (o Protection) table(c *creation) { c.protected = &o.on }

// StorageClass is an option made by Class.
type StorageClass struct{ class api.TableClass }

// Class sets the table class, STANDARD unless it is given.
func Class(class api.TableClass) StorageClass { return StorageClass{class} }

func (o StorageClass) table(c *creation) { c.class = &o.class }

type unlessExists struct{}

// UnlessExists takes the table of this name when there is one. Its key must be
// the one asked for. A stream and a time to live that are asked for are enabled
// if it has none; its indexes and all else are not looked at.
func UnlessExists() TableOption { return unlessExists{} }

func (unlessExists) table(c *creation) { c.unlessExists = true }

type noWait struct{}

// NoWait keeps CreateTable and CreateTableFor from waiting until the table can be
// used. One with a time to live is waited for all the same, for only then can that be set.
func NoWait() TableOption { return noWait{} }

func (noWait) table(c *creation) { c.noWait = true }

// CreateTable creates a table of Items, waits until it can be used, and returns
// a handle. When there is one of that name already the error is ErrResourceInUse.
//
//	music, err := stator.CreateTable(ctx, db, "music",
//		stator.HashKey("artist", "S"), stator.RangeKey("song", "S"),
//		stator.GlobalIndex("byGenre", stator.HashKey("genre", "S"), stator.RangeKey("price", "N")))
func CreateTable(ctx context.Context, c Client, name string, options ...TableOption) (Table, error) {
	return CreateTableFor[Item](ctx, c, name, options...)
}

// CreateTableFor creates a table whose keys and indexes the `stator` tags of T
// say, waits until it can be used, and returns a handle. Options add to the tags.
//
// A tag is a list of roles, separated by semicolons:
//
//	stator:"hash"                        the table's partition key
//	stator:"range"                       the table's sort key
//	stator:"index:byOrg,hash"            partition key of the global index byOrg
//	stator:"index:byOrg,range"           its sort key
//	stator:"index:byOrg,include"         an attribute that it holds besides keys; without any it holds all
//	stator:"index:byOrg,hash,keysonly"   it holds keys alone; one field says so
//	stator:"local:byAge,range"           sort key of the local index byAge
//	stator:"ttl"                         the time at which an item expires, in seconds: see TTL
//	stator:"hash;index:byOrg,range"      two roles of one field
//
// The key of a global index can have up to four attributes of each kind. Their
// order is that of the fields, or that of numbers: "index:byOrg,hash1" to
// "hash4", "range1" to "range4".
//
// The name of the attribute is that of the `dynamodbav` tag or the field. Its
// type comes from the field's: strings are S, numbers N, []byte B. Where that does not
// tell (a custom marshaler) the role ends with it: "hash,S". A ttl is a number:
// an integer, or a time.Time with unixtime in its `dynamodbav` tag.
//
// A string that is the key of an index and may be empty needs omitempty in its
// `dynamodbav` tag: an item without the attribute is left out of the index, one with an
// empty string is refused.
func CreateTableFor[T any](ctx context.Context, c Client, name string, options ...TableOption) (TableOf[T], error) {
	none := TableOf[T]{}
	tags, err := schemaOf(reflect.TypeFor[T]())
	if err != nil {
		return none, err
	}
	n := creation{schema: *tags}
	for _, o := range options {
		o.table(&n)
	}
	if n.schema.ttl != nil {
		if err := timeToLive(name, *n.schema.ttl, true).Validate(); err != nil {
			return none, err // before there is a table without it
		}
	}
	in := n.request(name)
	_, err = do(ctx, c, in)
	exists := n.unlessExists && errors.Is(err, ErrResourceInUse)
	if err != nil && !exists {
		return none, err
	}
	if exists {
		if err := sameKey(ctx, c, in); err != nil {
			return none, err
		}
	}
	if !n.noWait || n.schema.ttl != nil {
		if err := waitActive(ctx, c, name); err != nil {
			return none, err
		}
	}
	if err := n.enable(ctx, c, name, exists); err != nil {
		return none, err
	}
	return TableFor[T](c, name), nil
}

// enable turns on what CreateTable has no parameter for, and in a table that
// was there already, perhaps made by an older version of the program or by one that was
// interrupted at this point, what the options ask for and it does not have.
func (n *creation) enable(ctx context.Context, c Client, name string, exists bool) error {
	if n.stream != nil && exists {
		d, err := DescribeTable(ctx, c, name)
		if err != nil {
			return err
		}
		if d.StreamSpecification == nil {
			if err := UpdateTable(ctx, c, name, StreamSetting{*n.stream}); err != nil {
				return err
			}
		}
	}
	if n.schema.ttl == nil {
		return nil
	}
	if exists {
		d, err := describeTTL(ctx, c, name)
		if err != nil {
			return err
		}
		off := d.TimeToLiveStatus == nil || *d.TimeToLiveStatus == api.TimeToLiveStatusDisabled || *d.TimeToLiveStatus == api.TimeToLiveStatusDisabling
		if !off && d.AttributeName != nil && *d.AttributeName == *n.schema.ttl {
			return nil
		}
	}
	_, err := do(ctx, c, timeToLive(name, *n.schema.ttl, true))
	return err
}

// request returns the creation as DynamoDB has it.
func (n *creation) request(name string) *api.CreateTableInput {
	in := &api.CreateTableInput{
		TableName: &name, KeySchema: n.schema.key.elements(),
		BillingMode:               new(api.BillingModePayPerRequest),
		TableClass:                n.class,
		DeletionProtectionEnabled: n.protected,
		StreamSpecification:       n.stream,
	}
	if n.capacity != nil {
		in.BillingMode, in.ProvisionedThroughput = new(api.BillingModeProvisioned), n.capacity
	}
	keys := []keySchema{n.schema.key}
	for _, x := range n.schema.indexes {
		if x.local {
			x.key.hash = slices.Concat(n.schema.key.hash, x.key.hash)
			in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, api.LocalSecondaryIndex{
				IndexName: new(x.name), KeySchema: x.key.elements(), Projection: x.projection(),
			})
		} else {
			if x.capacity == nil {
				x.capacity = n.capacity
			}
			in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, api.GlobalSecondaryIndex{
				IndexName: new(x.name), KeySchema: x.key.elements(), Projection: x.projection(),
				ProvisionedThroughput: x.capacity,
			})
		}
		keys = append(keys, x.key)
	}
	in.AttributeDefinitions = definitions(keys...)
	for _, key := range slices.Sorted(maps.Keys(n.tags)) {
		in.Tags = append(in.Tags, api.Tag{Key: new(key), Value: new(n.tags[key])})
	}
	return in
}

// sameKey reports that the table of this name has another key than the one asked for.
func sameKey(ctx context.Context, c Client, in *api.CreateTableInput) error {
	d, err := DescribeTable(ctx, c, *in.TableName)
	if err != nil {
		return err
	}
	want := keyText(in.KeySchema, in.AttributeDefinitions)
	if found := keyText(d.KeySchema, d.AttributeDefinitions); found != want {
		return faultf(nil, "Table %s exists with the key (%s), wanted is (%s)", *in.TableName, found, want)
	}
	return nil
}

// keyText returns a key in a form for people: "id S HASH, age N RANGE".
func keyText(key []api.KeySchemaElement, types []api.AttributeDefinition) string {
	text := ""
	for i, e := range key {
		if i > 0 {
			text += ", "
		}
		text += *e.AttributeName
		for _, d := range types {
			if *d.AttributeName == *e.AttributeName {
				text += " " + string(*d.AttributeType)
			}
		}
		text += " " + string(*e.KeyType)
	}
	return text
}
