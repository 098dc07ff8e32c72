package stator

import (
	"context"
	"iter"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/statordb/stator/api"
)

// Scan reads all items of a table or an index, in no order that means anything.
// It is an immutable value and reads lazily, as Query does.
type Scan[T any] struct {
	table    table
	reading  reading
	segment  *segment // nil: the whole table
	parallel int
}

// segment is one part of a table.
type segment struct{ number, total int32 }

// Scan returns a scan of the whole table.
func (t TableOf[T]) Scan() Scan[T] { return Scan[T]{table: t.table} }

// Index reads a secondary index in place of the table.
func (s Scan[T]) Index(name string) Scan[T] { s.reading.index = name; return s }

// Filter drops items after they were read and paid for: see Query.Filter.
func (s Scan[T]) Filter(text string, args ...any) Scan[T] {
	s.reading.filters = append(slices.Clip(s.reading.filters), bind(text, args))
	return s
}

// Project reads these attributes and elements alone: see the option Project.
func (s Scan[T]) Project(paths ...string) Scan[T] { s.reading.paths = paths; return s }

// Names defines placeholders for awkward attribute names: see the option Names.
func (s Scan[T]) Names(names Names) Scan[T] { s.reading.names = s.reading.names.with(names); return s }

// Consistent makes the reads strongly consistent: see Query.Consistent.
func (s Scan[T]) Consistent() Scan[T] { s.reading.consistent = true; return s }

// Limit ends the scan after n items, which passed the filter. 0 is no limit.
func (s Scan[T]) Limit(n int) Scan[T] { s.reading.limit = n; return s }

// PageSize bounds the items that one request evaluates: see Query.PageSize.
func (s Scan[T]) PageSize(n int) Scan[T] { s.reading.pageSize = n; return s }

// Consumed adds to into what each request consumed: see the option Consumed.
func (s Scan[T]) Consumed(into *Capacity) Scan[T] { s.reading.used = into; return s }

// Segment reads one part of total (1 to 1,000,000), counted from 0. Together
// the parts are the whole, so that several processes can share a scan.
func (s Scan[T]) Segment(number, total int) Scan[T] {
	s.segment, s.parallel = &segment{clamp(number), clamp(total)}, 0
	return s
}

// clamp keeps a number that is too large for a request from becoming another
// one, so that the request is refused.
func clamp(n int) int32 { return int32(max(math.MinInt32, min(n, math.MaxInt32))) }

// mostParallel is how many segments one All reads at once.
const mostParallel = 1000

// Parallel makes All read n segments at once, at most 1,000, each in a goroutine of
// its own, which end when the loop does. One or less is the same as without. Page, One and Count do not change.
func (s Scan[T]) Parallel(n int) Scan[T] {
	s.segment, s.parallel = nil, n
	return s
}

// All yields the items. An error is always the last pair, with a zero T.
func (s Scan[T]) All(ctx context.Context) iter.Seq2[T, error] {
	if s.parallel > 1 {
		return s.allParallel(ctx)
	}
	return items[T](ctx, s.reading, s.page)
}

// Page makes one request and returns its page: see Query.Page.
func (s Scan[T]) Page(ctx context.Context, start Item) (Page[T], error) {
	return onePage[T](ctx, s.reading, start, s.page)
}

// One returns some item, and ErrNotFound when there is none.
func (s Scan[T]) One(ctx context.Context) (T, error) {
	return first[T](ctx, s.reading, s.page)
}

// Count returns the number of items: see Query.Count.
func (s Scan[T]) Count(ctx context.Context) (int64, error) {
	return count(ctx, s.reading, s.page)
}

// fetched is a page of one segment, or the error that ended it.
type fetched struct {
	out *api.QueryOutput
	err error
}

// allParallel fetches pages in goroutines and decodes them in the caller's.
func (s Scan[T]) allParallel(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if s.parallel > mostParallel {
			yield(none, faultf(nil, "Parallel is %d, allowed are at most %d segments at once", s.parallel, mostParallel))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		pages := make(chan fetched)
		var segments sync.WaitGroup
		defer segments.Wait() // after cancel: nothing runs on when the loop is over
		defer cancel()
		var running, cut atomic.Int32
		running.Store(int32(s.parallel))
		for i := range s.parallel {
			segments.Go(func() {
				if !s.fetch(ctx, i, pages) {
					cut.Add(1)
				}
				if running.Add(-1) == 0 {
					close(pages)
				}
			})
		}

		left := s.reading.limit
		for f := range pages {
			if f.err != nil {
				yield(none, f.err)
				return
			}
			s.reading.used.addOne(f.out.ConsumedCapacity)
			for _, a := range f.out.Items {
				item, err := decodeAs[T](a)
				if !yield(item, err) || err != nil {
					return
				}
				if left--; left == 0 {
					return
				}
			}
		}
		if cut.Load() > 0 { // ctx ended while a page waited to be taken
			yield(none, ctx.Err())
		}
	}
}

// fetch sends the pages of one segment until they end, or ctx does; then it returns false.
func (s Scan[T]) fetch(ctx context.Context, number int, to chan<- fetched) bool {
	one := s.Segment(number, s.parallel)
	one.reading.used = nil // the caller's goroutine adds
	wanted := s.reading.used != nil
	page := func(ctx context.Context, r reading, p position) (*api.QueryOutput, error) {
		return one.request(ctx, r, p, wanted)
	}
	for out, err := range outputs(ctx, one.reading, nil, page) {
		select {
		case to <- fetched{out, err}:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// page makes one request.
func (s Scan[T]) page(ctx context.Context, r reading, p position) (*api.QueryOutput, error) {
	return s.request(ctx, r, p, r.used != nil)
}

func (s Scan[T]) request(ctx context.Context, r reading, p position, measured bool) (*api.QueryOutput, error) {
	if err := s.table.check(); err != nil {
		return nil, err
	}
	in := &api.ScanInput{
		TableName: &s.table.name, Limit: p.limit, Select: p.selects, ExclusiveStartKey: p.start,
	}
	if measured {
		in.ReturnConsumedCapacity = new(api.ReturnConsumedCapacityIndexes)
	}
	e := s.table.expression(r.names)
	var err error
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
	if r.consistent {
		in.ConsistentRead = &r.consistent
	}
	if s.segment != nil {
		in.Segment, in.TotalSegments = &s.segment.number, &s.segment.total
	}
	out, err := serve(ctx, s.table, in)
	if err != nil {
		return nil, err
	}
	return (*api.QueryOutput)(out), nil
}
