package stator

import (
	"context"
	"iter"
	"slices"

	"github.com/statordb/stator/api"
)

// Query reads items of one partition of a table or an index, in the order of
// the sort key. It is an immutable value: its methods return another Query, so
// that one can be kept and used as the start of several. Nothing is read until
// All, Page, One or Count, and then a page (at most 1 MB) at a time; between
// two pages nothing is held open, so that a loop over a Query may take its time and may write.
type Query[T any] struct {
	table   table
	key     native
	desc    bool
	reading reading
}

// reading is what Query and Scan have in common.
type reading struct {
	index      string
	filters    []native
	paths      []string
	names      Names
	consistent bool
	limit      int // of items returned; 0 is all
	pageSize   int // of items evaluated; 0 is what fits 1 MB
	used       *Capacity
}

// Page is one page of a Query or a Scan.
type Page[T any] struct {
	// Items are those that passed the filter, which may be none.
	Items []T

	// Count is the number of items after the filter, ScannedCount before it.
	Count, ScannedCount int

	// LastEvaluatedKey is where the next page starts; nil when this is the last one.
	LastEvaluatedKey Item
}

// Query returns a query for the items whose key fulfils a condition: the
// partition key equal to a value, and if wanted a condition on the sort key
// (=, <, <=, >, >=, BETWEEN … AND …, begins_with):
//
//	users.Query("org = ? AND begins_with(name, ?)", "acme", "A").Index("byName")
//
// The text has the comforts of If.
func (t TableOf[T]) Query(keyCondition string, args ...any) Query[T] {
	return Query[T]{table: t.table, key: bind(keyCondition, args)}
}

// Index reads a secondary index in place of the table.
func (q Query[T]) Index(name string) Query[T] { q.reading.index = name; return q }

// Desc reads in descending order of the sort key.
func (q Query[T]) Desc() Query[T] { q.desc = true; return q }

// Filter drops the items that do not fulfil a condition, after they were read
// and paid for. Several filters must all hold. The text has the comforts of If.
func (q Query[T]) Filter(text string, args ...any) Query[T] {
	q.reading.filters = append(slices.Clip(q.reading.filters), bind(text, args))
	return q
}

// Project reads these attributes and elements alone: see the option Project.
func (q Query[T]) Project(paths ...string) Query[T] { q.reading.paths = paths; return q }

// Names defines placeholders for awkward attribute names: see the option Names.
func (q Query[T]) Names(names Names) Query[T] {
	q.reading.names = q.reading.names.with(names)
	return q
}

// Consistent makes the reads strongly consistent, which global secondary
// indexes do not offer: see the option Consistent.
func (q Query[T]) Consistent() Query[T] { q.reading.consistent = true; return q }

// Limit ends the query after n items, which passed the filter. 0 is no limit.
func (q Query[T]) Limit(n int) Query[T] { q.reading.limit = n; return q }

// PageSize bounds the items that one request evaluates, before the filter (it
// is DynamoDB's Limit). 0, the default, is as many as fit 1 MB.
func (q Query[T]) PageSize(n int) Query[T] { q.reading.pageSize = n; return q }

// Consumed adds to into what each request consumed: see the option Consumed.
func (q Query[T]) Consumed(into *Capacity) Query[T] { q.reading.used = into; return q }

// All yields the items. An error is always the last pair, with a zero T.
//
//	for u, err := range q.All(ctx) {
//		if err != nil {
//			return err
//		}
//		…
//	}
func (q Query[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return items[T](ctx, q.reading, q.page)
}

// Page makes one request and returns its page, from the start or, with the
// LastEvaluatedKey of another page, after that. A page with a filter can be
// short or empty and yet not be the last: that one has no LastEvaluatedKey. It
// evaluates at most PageSize items, or Limit if there is no PageSize.
func (q Query[T]) Page(ctx context.Context, start Item) (Page[T], error) {
	return onePage[T](ctx, q.reading, start, q.page)
}

// One returns the first item, and ErrNotFound when there is none.
func (q Query[T]) One(ctx context.Context) (T, error) {
	return first[T](ctx, q.reading, q.page)
}

// Count returns the number of items, read and counted where they are, at the
// price of reading them.
func (q Query[T]) Count(ctx context.Context) (int64, error) {
	return count(ctx, q.reading, q.page)
}

// page makes one request.
func (q Query[T]) page(ctx context.Context, r reading, p position) (*api.QueryOutput, error) {
	if err := q.table.check(); err != nil {
		return nil, err
	}
	in := &api.QueryInput{
		TableName: &q.table.name, Limit: p.limit, Select: p.selects, ExclusiveStartKey: p.start,
		ReturnConsumedCapacity: r.used.wanted(),
	}
	e := q.table.expression(r.names)
	var err error
	if in.KeyConditionExpression, err = e.keyCondition(q.key); err != nil {
		return nil, err
	}
	if in.FilterExpression, err = e.filter(r.filters); err != nil {
		return nil, err
	}
	if in.ProjectionExpression, err = e.projection(r.paths); err != nil {
		return nil, err
	}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = e.names, e.values
	if r.index != "" {
		in.IndexName = &r.index
	}
	if q.desc {
		in.ScanIndexForward = new(false)
	}
	if r.consistent {
		in.ConsistentRead = &r.consistent
	}
	return serve(ctx, q.table, in)
}
