package stator

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/statordb/stator/api"
)

// How much one request of a batch can carry. Source: API reference,
// BatchGetItem and BatchWriteItem.
const (
	keysPerRequest   = 100
	writesPerRequest = 25
)

// The pauses before what a Client left unprocessed is sent again.
const (
	firstPause   = 10 * time.Millisecond
	longestPause = 2 * time.Second
)

// BatchGetOption is Consistent, Project, Names or Consumed.
type BatchGetOption interface{ batchGet(*call) }

// BatchWriteOption is Consumed.
type BatchWriteOption interface{ batchWrite(*call) }

// BatchGet reads the items that have these keys, any number of them, 100 in a
// request, and yields those that there are, in no order that means anything. A
// key that is listed several times is read once. Each item is read on its own: the
// batch is no snapshot. What the Client has no capacity for is asked for again,
// with growing pauses, until ctx ends. An error is always the last pair.
func (t TableOf[T]) BatchGet(ctx context.Context, keys []PrimaryKey, options ...BatchGetOption) iter.Seq2[T, error] {
	var c call
	for _, o := range options {
		o.batchGet(&c)
	}
	return func(yield func(T, error) bool) {
		var none T
		var seen keySet
		part := make([]Item, 0, keysPerRequest)
		send := func() bool {
			more := getPart(ctx, t.table, &c, part, yield)
			part = part[:0]
			return more
		}
		for _, k := range keys {
			key, err := t.keyItem(ctx, k)
			if err != nil {
				yield(none, err)
				return
			}
			if !seen.add(key) {
				continue
			}
			if part = append(part, key); len(part) == keysPerRequest && !send() {
				return
			}
		}
		if len(part) > 0 {
			send()
		}
	}
}

// getPart reads the keys of one request, and reports whether to go on.
func getPart[T any](ctx context.Context, t table, c *call, keys []Item, yield func(T, error) bool) bool {
	var none T
	e := t.expression(c.names)
	projection, err := e.projection(c.paths)
	if err != nil {
		yield(none, err)
		return false
	}
	want := map[string]api.KeysAndAttributes{t.name: {
		Keys: keys, ProjectionExpression: projection, ExpressionAttributeNames: e.names,
		ConsistentRead: c.consistentRead(),
	}}
	for pause := newPause(); ; {
		out, err := serve(ctx, t, &api.BatchGetItemInput{RequestItems: want, ReturnConsumedCapacity: c.used.wanted()})
		if err != nil && !pause.bears(err) {
			yield(none, err)
			return false
		}
		if err == nil {
			c.used.add(out.ConsumedCapacity...)
			for _, a := range out.Responses[t.name] {
				item, err := decodeAs[T](a)
				if !yield(item, err) || err != nil {
					return false
				}
			}
			if len(out.UnprocessedKeys) == 0 {
				return true
			}
			want = out.UnprocessedKeys
		}
		if err := pause.wait(ctx); err != nil {
			yield(none, err)
			return false
		}
	}
}

// BatchPut puts any number of items, 25 in a request, as if one after another:
// of several with one key the last remains. Each put stands alone: the batch is not atomic
// and has no conditions. What the Client has no capacity for is sent again, with
// growing pauses, until ctx ends.
//
// With an error, n is how many items from the start are certainly put; the up
// to 25 after them may be, the rest are not.
func (t TableOf[T]) BatchPut(ctx context.Context, items []T, options ...BatchWriteOption) (n int, err error) {
	return t.batchWrite(ctx, len(items), options, func(i int, attributes []keyAttribute) (api.WriteRequest, Item, error) {
		item, err := marshal(items[i])
		if err != nil {
			return api.WriteRequest{}, nil, err
		}
		key := make(Item, len(attributes))
		for _, a := range attributes {
			key[a.name] = item[a.name]
		}
		return api.WriteRequest{PutRequest: &api.PutRequest{Item: api.ItemOf(item)}}, key, nil
	})
}

// BatchDelete deletes the items that have these keys, any number of them; that one
// is absent is no error. Otherwise it is as BatchPut.
func (t TableOf[T]) BatchDelete(ctx context.Context, keys []PrimaryKey, options ...BatchWriteOption) (n int, err error) {
	return t.batchWrite(ctx, len(keys), options, func(i int, _ []keyAttribute) (api.WriteRequest, Item, error) {
		key, err := t.keyItem(ctx, keys[i])
		if err != nil {
			return api.WriteRequest{}, nil, err
		}
		return api.WriteRequest{DeleteRequest: &api.DeleteRequest{Key: key}}, key, nil
	})
}

// batchWrite sends writes in their order. A request holds no key twice (DynamoDB
// refuses it), so one that comes again begins the next request.
func (t table) batchWrite(ctx context.Context, writes int, options []BatchWriteOption, write func(i int, key []keyAttribute) (api.WriteRequest, Item, error)) (n int, err error) {
	var c call
	for _, o := range options {
		o.batchWrite(&c)
	}
	if err := t.check(); err != nil {
		return 0, err
	}
	if writes == 0 {
		return 0, nil
	}
	keyAttributes, err := t.keyAttributes(ctx)
	if err != nil {
		return 0, err
	}
	part := make([]api.WriteRequest, 0, writesPerRequest)
	var seen keySet
	send := func() error {
		if err := t.writePart(ctx, &c, part); err != nil {
			return err
		}
		n += len(part)
		part, seen = part[:0], nil
		return nil
	}
	for i := range writes {
		w, key, err := write(i, keyAttributes)
		if err != nil {
			return n, err
		}
		if len(part) == writesPerRequest || seen.has(key) {
			if err := send(); err != nil {
				return n, err
			}
		}
		seen.add(key)
		part = append(part, w)
	}
	return n, send()
}

func (t table) writePart(ctx context.Context, c *call, part []api.WriteRequest) error {
	want := map[string][]api.WriteRequest{t.name: part}
	for pause := newPause(); ; {
		out, err := serve(ctx, t, &api.BatchWriteItemInput{RequestItems: want, ReturnConsumedCapacity: c.used.wanted()})
		if err != nil && !pause.bears(err) {
			return err
		}
		if err == nil {
			c.used.add(out.ConsumedCapacity...)
			if len(out.UnprocessedItems) == 0 {
				return nil
			}
			want = out.UnprocessedItems
		}
		if err := pause.wait(ctx); err != nil {
			return err
		}
	}
}

// pause waits longer each time, as DynamoDB's programming guide asks for.
type pause struct {
	next  time.Duration
	cause error
}

func newPause() *pause { return &pause{next: firstPause} }

// bears reports whether the request can be sent again after a while.
func (p *pause) bears(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.Code {
	case api.CodeProvisionedThroughput, api.CodeThrottling, api.CodeRequestLimit:
		p.next, p.cause = max(p.next, e.RetryAfter), err
		return true
	}
	return false
}

func (p *pause) wait(ctx context.Context) error {
	timer := time.NewTimer(p.next)
	defer timer.Stop()
	p.next = min(2*p.next, longestPause)
	select {
	case <-timer.C:
		p.cause = nil
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), p.cause)
	}
}

// keySet is a set of primary keys. Numbers are equal by value (1 and 1.0), so
// keys are found by a text that equal ones share and then compared.
type keySet map[string][]Item

func (s keySet) has(key Item) bool {
	for _, k := range s[shared(key)] {
		if k.Equal(key) {
			return true
		}
	}
	return false
}

// add reports whether the key is new.
func (s *keySet) add(key Item) bool {
	if s.has(key) {
		return false
	}
	if *s == nil {
		*s = keySet{}
	}
	text := shared(key)
	(*s)[text] = append((*s)[text], key)
	return true
}

// shared returns a text that equal keys have in common.
func shared(key Item) string {
	rounded := make(Item, len(key))
	for name, v := range key {
		if f, ok := v.Float(); ok {
			v = Float(f)
		}
		rounded[name] = v
	}
	return rounded.String()
}
