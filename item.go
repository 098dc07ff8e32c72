package stator

import (
	"context"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// call is what the options of one call add up to.
type call struct {
	conditions []native
	actions    []Action
	returns    api.ReturnValue
	old        func(api.Attributes) error
	consistent bool
	paths      []string
	names      Names
	found      *bool
	used       *Capacity
}

// PutOption is If, Names, OldInto or Consumed.
type PutOption interface{ put(*call) }

// GetOption is Consistent, Project, Names or Consumed.
type GetOption interface{ get(*call) }

// DeleteOption is If, Names, OldInto or Consumed.
type DeleteOption interface{ delete(*call) }

// ConsistentRead is an option made by Consistent.
type ConsistentRead struct{}

// Consistent makes a read see every write that was acknowledged before it
// began, for twice the capacity. A DB in this process always does; it is for
// the same program on a remote DynamoDB.
func Consistent() ConsistentRead { return ConsistentRead{} }

func (ConsistentRead) get(c *call)      { c.consistent = true }
func (ConsistentRead) batchGet(c *call) { c.consistent = true }

// Projection is an option made by Project.
type Projection struct{ paths []string }

// Project reads these attributes and elements alone: "name", "home.city",
// "phones[0]". It does not make a read cheaper.
func Project(paths ...string) Projection { return Projection{paths} }

func (o Projection) get(c *call)      { c.paths = o.paths }
func (o Projection) batchGet(c *call) { c.paths = o.paths }
func (o Projection) txGet(c *call)    { c.paths = o.paths }

// Old is an option made by OldInto.
type Old struct{ store func(api.Attributes) error }

// OldInto stores the item that a Put replaced, or that a Delete deleted, in
// what into points to (a struct, an Item, a pointer to either), which becomes
// zero when there was none:
//
//	var old *User
//	err := users.Put(ctx, u, stator.OldInto(&old)) // old == nil: u is new
//
// A nil into is no option at all.
func OldInto[V any](into *V) Old {
	if into == nil {
		return Old{}
	}
	return Old{func(a api.Attributes) error {
		var v V
		var err error
		if !a.IsZero() {
			v, err = decodeAs[V](a)
		}
		*into = v
		return err
	}}
}

func (o Old) apply(c *call) {
	if o.store != nil {
		c.old, c.returns = o.store, api.ReturnValueAllOld
	}
}

func (o Old) put(c *call)    { o.apply(c) }
func (o Old) delete(c *call) { o.apply(c) }

// Put creates the item, or replaces the whole item that has its key.
func (t TableOf[T]) Put(ctx context.Context, item T, options ...PutOption) error {
	var c call
	for _, o := range options {
		o.put(&c)
	}
	p, err := t.putOf(item, &c)
	if err != nil {
		return err
	}
	out, err := serve(ctx, t.table, &api.PutItemInput{
		TableName: p.TableName, Item: p.Item,
		ConditionExpression:      p.ConditionExpression,
		ExpressionAttributeNames: p.ExpressionAttributeNames, ExpressionAttributeValues: p.ExpressionAttributeValues,
		ReturnValues:                        c.returnValues(),
		ReturnValuesOnConditionCheckFailure: p.ReturnValuesOnConditionCheckFailure,
		ReturnConsumedCapacity:              c.used.wanted(),
	})
	if err != nil {
		return err
	}
	c.used.addOne(out.ConsumedCapacity)
	return c.storeOld(out.Attributes)
}

// Get returns the item that has this key, and ErrNotFound when there is none.
func (t TableOf[T]) Get(ctx context.Context, key PrimaryKey, options ...GetOption) (T, error) {
	var none T
	var c call
	for _, o := range options {
		o.get(&c)
	}
	item, err := t.keyItem(ctx, key)
	if err != nil {
		return none, err
	}
	e := t.expression(c.names)
	projection, err := e.projection(c.paths)
	if err != nil {
		return none, err
	}
	out, err := serve(ctx, t.table, &api.GetItemInput{
		TableName: &t.name, Key: item,
		ProjectionExpression: projection, ExpressionAttributeNames: e.names,
		ConsistentRead:         c.consistentRead(),
		ReturnConsumedCapacity: c.used.wanted(),
	})
	if err != nil {
		return none, err
	}
	c.used.addOne(out.ConsumedCapacity)
	if out.Item.IsZero() {
		return none, &notFound{table: t.name, key: item}
	}
	return decodeAs[T](out.Item)
}

// Delete deletes the item that has this key. That there is none is no error;
// If("attribute_exists(…)") makes it one.
func (t TableOf[T]) Delete(ctx context.Context, key PrimaryKey, options ...DeleteOption) error {
	var c call
	for _, o := range options {
		o.delete(&c)
	}
	d, err := t.deleteOf(ctx, key, &c)
	if err != nil {
		return err
	}
	out, err := serve(ctx, t.table, &api.DeleteItemInput{
		TableName: d.TableName, Key: d.Key,
		ConditionExpression:      d.ConditionExpression,
		ExpressionAttributeNames: d.ExpressionAttributeNames, ExpressionAttributeValues: d.ExpressionAttributeValues,
		ReturnValues:                        c.returnValues(),
		ReturnValuesOnConditionCheckFailure: d.ReturnValuesOnConditionCheckFailure,
		ReturnConsumedCapacity:              c.used.wanted(),
	})
	if err != nil {
		return err
	}
	c.used.addOne(out.ConsumedCapacity)
	return c.storeOld(out.Attributes)
}

// putOf builds a put, which stands alone or in a transaction.
func (t TableOf[T]) putOf(item T, c *call) (*api.Put, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	marshalled, err := marshal(item)
	if err != nil {
		return nil, err
	}
	p := &api.Put{TableName: &t.name, Item: api.ItemOf(marshalled)}
	e := t.expression(c.names)
	if p.ConditionExpression, p.ReturnValuesOnConditionCheckFailure, err = e.condition(c.conditions); err != nil {
		return nil, err
	}
	p.ExpressionAttributeNames, p.ExpressionAttributeValues = e.names, e.values
	return p, nil
}

// deleteOf builds a delete, which stands alone or in a transaction.
func (t table) deleteOf(ctx context.Context, key PrimaryKey, c *call) (*api.Delete, error) {
	item, err := t.keyItem(ctx, key)
	if err != nil {
		return nil, err
	}
	d := &api.Delete{TableName: &t.name, Key: item}
	e := t.expression(c.names)
	if d.ConditionExpression, d.ReturnValuesOnConditionCheckFailure, err = e.condition(c.conditions); err != nil {
		return nil, err
	}
	d.ExpressionAttributeNames, d.ExpressionAttributeValues = e.names, e.values
	return d, nil
}

// marshal returns the Item that stands for what a caller gave.
func marshal[T any](v T) (Item, error) {
	if whole, ok := any(v).(Item); ok {
		return whole, nil
	}
	item, err := attr.MarshalItem(v)
	if err != nil {
		return nil, faultf(err, "The %T cannot be marshalled", v)
	}
	return item, nil
}

func (c *call) returnValues() *api.ReturnValue {
	if c.returns == "" {
		return nil
	}
	return &c.returns
}

func (c *call) consistentRead() *bool {
	if !c.consistent {
		return nil
	}
	return &c.consistent
}

func (c *call) storeOld(a api.Attributes) error {
	if c.old == nil {
		return nil
	}
	return c.old(a)
}
