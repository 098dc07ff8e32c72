package stator

import (
	"context"
	"iter"

	"github.com/statordb/stator/api"
)

// position says which page of a reading to request.
type position struct {
	start   Item
	limit   *int32
	selects *api.Select
}

// pager makes one request of a Query or a Scan, whose outputs are alike.
type pager func(context.Context, reading, position) (*api.QueryOutput, error)

// check reports the limits that no request could carry.
func (r reading) check() error {
	if r.limit < 0 {
		return faultf(nil, "Limit is %d, allowed are 0 (no limit) and more", r.limit)
	}
	if r.pageSize < 0 {
		return faultf(nil, "PageSize is %d, allowed are 0 (what fits 1 MB) and more", r.pageSize)
	}
	return nil
}

// evaluate returns how many items the next request is to evaluate, when so many
// are still to be returned (0 is all). With a filter nobody knows how many it takes.
func (r reading) evaluate(left int) *int32 {
	n := r.pageSize
	if left > 0 && len(r.filters) == 0 && (n == 0 || left < n) {
		n = left
	}
	if n == 0 {
		return nil
	}
	return new(clamp(n))
}

// outputs yields the pages from start on. An error is always the last pair.
func outputs(ctx context.Context, r reading, selects *api.Select, page pager) iter.Seq2[*api.QueryOutput, error] {
	return func(yield func(*api.QueryOutput, error) bool) {
		if err := r.check(); err != nil {
			yield(nil, err)
			return
		}
		p, left := position{selects: selects}, r.limit
		for {
			p.limit = r.evaluate(left)
			out, err := page(ctx, r, p)
			if err != nil {
				yield(nil, err)
				return
			}
			r.used.addOne(out.ConsumedCapacity)
			if !yield(out, nil) || out.LastEvaluatedKey == nil {
				return
			}
			if left > 0 {
				if left -= int(out.Count); left <= 0 {
					return
				}
			}
			p.start = out.LastEvaluatedKey
		}
	}
}

func items[T any](ctx context.Context, r reading, page pager) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		left := r.limit
		for out, err := range outputs(ctx, r, nil, page) {
			if err != nil {
				yield(none, err)
				return
			}
			for _, a := range out.Items {
				item, err := decodeAs[T](a)
				if !yield(item, err) || err != nil {
					return
				}
				if left--; left == 0 {
					return
				}
			}
		}
	}
}

func onePage[T any](ctx context.Context, r reading, start Item, page pager) (Page[T], error) {
	if err := r.check(); err != nil {
		return Page[T]{}, err
	}
	if r.pageSize == 0 {
		r.pageSize = r.limit
	}
	out, err := page(ctx, r, position{start: start, limit: r.evaluate(0)})
	if err != nil {
		return Page[T]{}, err
	}
	r.used.addOne(out.ConsumedCapacity)
	p := Page[T]{
		Items: make([]T, len(out.Items)), Count: int(out.Count), ScannedCount: int(out.ScannedCount),
		LastEvaluatedKey: out.LastEvaluatedKey,
	}
	for i, a := range out.Items {
		if p.Items[i], err = decodeAs[T](a); err != nil {
			return Page[T]{}, err
		}
	}
	return p, nil
}

func first[T any](ctx context.Context, r reading, page pager) (T, error) {
	r.limit = 1
	for item, err := range items[T](ctx, r, page) {
		return item, err
	}
	var none T
	return none, ErrNotFound
}

func count(ctx context.Context, r reading, page pager) (int64, error) {
	r.paths = nil // of no use to a number, and DynamoDB refuses it
	var n int64
	for out, err := range outputs(ctx, r, new(api.SelectCount), page) {
		if err != nil {
			return 0, err
		}
		n += int64(out.Count)
	}
	if r.limit > 0 {
		n = min(n, int64(r.limit))
	}
	return n, nil
}
