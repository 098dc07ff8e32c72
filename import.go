package stator

import (
	"context"
	"errors"
	"iter"

	"github.com/statordb/stator/api"
)

// importBytes is about how much of an import one request carries, by
// DynamoDB's rules of size. The more, the better the store can order it.
const importBytes = 64 << 20

// Import puts many items, as fast as the Client can: of several with one key
// the last remains. A DB takes them tens of megabytes at a time and writes them in
// the order in which its store keeps them, which is several times faster than
// BatchPut; through a Client that has no such operation, such as a remote
// DynamoDB, it is BatchPut. It is not atomic and has no conditions.
//
// The items are taken from the sequence while the import runs. With an error, n is how many of them,
// from the start, are certainly put; more of them may be.
func (t TableOf[T]) Import(ctx context.Context, items iter.Seq[T], options ...BatchWriteOption) (n int, err error) {
	var c call
	for _, o := range options {
		o.batchWrite(&c)
	}
	if err := t.check(); err != nil {
		return 0, err
	}
	var values []T
	var part []Item
	size := 0
	send := func() error {
		out, err := serve(ctx, t.table, &api.ImportItemsInput{TableName: &t.name, Items: part, ReturnConsumedCapacity: c.used.wanted()})
		done := len(part)
		switch {
		case errors.Is(err, errUnknownOperation):
			done, err = t.BatchPut(ctx, values, options...)
		case err == nil:
			c.used.addOne(out.ConsumedCapacity)
		default:
			done = 0
		}
		n += done
		values, part, size = values[:0], part[:0], 0
		return err
	}
	for v := range items {
		item, err := marshal(v)
		if err != nil {
			return n, err
		}
		values, part = append(values, v), append(part, item)
		if size += item.Size(); size >= importBytes {
			if err := send(); err != nil {
				return n, err
			}
		}
	}
	if len(part) == 0 {
		return n, nil
	}
	return n, send()
}

// errUnknownOperation matches the error of a Client that does not have an operation.
var errUnknownOperation error = &Error{Code: api.CodeUnknownOperation}
