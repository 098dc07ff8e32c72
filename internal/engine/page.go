package engine

import (
	"bytes"
	"context"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/kv"
)

// maxPageBytes bounds what one Query or Scan reads before its filter, by
// DynamoDB's rules of size. The item that passes it is the page's last.
const maxPageBytes = 1 << 20

// pageRead is a Query or a Scan, prepared.
type pageRead struct {
	t *table
	x *index // nil: the table itself
	bounds
	reverse    bool
	limit      int // of items read before the filter; 0: none
	consistent bool
	countOnly  bool
	fetch      bool // reads each base item too: the index lacks attributes that are asked for
	filterBase bool // the filter sees the base item, though the entry is answered
	visible    visibility
	filter     *expr.Condition
	projection *expr.Projection
}

// page is what one Query or Scan answers.
type page struct {
	items   []api.Attributes
	count   int // after the filter
	scanned int // before it
	last    attr.Item
	usage   readUsage
}

// readPage reads one page, if the Limiter lets it.
func (e *Engine) readPage(ctx context.Context, q *pageRead, operation string) (p page, err error) {
	if e.opt.Limiter == nil {
		p, err = q.read(ctx, e.store)
	} else {
		estimate := q.estimate(operation)
		used := nothing(&estimate)
		err = e.limited(ctx, q.t, &estimate, &used, func() (err error) {
			if p, err = q.read(ctx, e.store); err == nil {
				p.usage.use(&used)
			}
			return err
		})
	}
	if err == nil {
		e.countRead(q.t, &p.usage)
	}
	return p, err
}

// read reads one page on a snapshot. Its items are copies.
func (q *pageRead) read(ctx context.Context, store kv.Store) (p page, err error) {
	err = store.View(ctx, func(r kv.Reader) error {
		p = page{usage: readUsage{x: q.x}}
		if !q.countOnly {
			p.items = []api.Attributes{} // AWS answers it empty when nothing matches, and clients count on it
		}
		if err := q.t.checkGeneration(r); err != nil {
			return err
		}
		return q.scan(r, &p)
	})
	return p, err
}

func (q *pageRead) scan(r kv.Reader, p *page) error {
	var (
		copies  arena
		last    itemcodec.Item
		size    int // of what counts for the page's limit
		entries int // bytes of the rows and entries read
	)
	if bytes.Compare(q.lo, q.hi) >= 0 {
		q.charge(p, 0)
		return nil
	}
	for pair, err := range r.Scan(q.lo, q.hi, q.reverse) {
		if err != nil {
			return err
		}
		found, err := openRow(pair.Key, pair.Value)
		if err != nil {
			return err
		}
		item := found.item()
		if !q.sameHash(item) {
			continue // another partition key with the same hash
		}
		p.scanned++
		entries += found.size()
		if q.fetch {
			base, err := q.fetchBase(r, item)
			if err != nil {
				return err
			}
			if base != nil {
				p.usage.table += readUnits(base.size(), q.consistent)
				size += base.size()
				item = base.item()
			}
		}
		size += found.size()
		filtered := item
		if q.filterBase {
			base, err := q.fetchBase(r, item)
			if err != nil {
				return err
			}
			filtered = itemOf(base)
		}
		seen := true
		if q.visible.hide {
			if seen, err = q.sees(r, found); err != nil {
				return err
			}
		}
		if seen && (q.filter == nil || q.filter.Match(filtered)) {
			p.count++
			if !q.countOnly {
				p.items = append(p.items, api.StoredItem(copies.copy(item, q.projection)))
			}
		}
		if p.scanned == q.limit || size >= maxPageBytes {
			last = found.item()
			break
		}
	}
	q.charge(p, entries)
	if last == nil {
		return nil
	}
	var err error
	p.last, err = q.lastKey(last)
	return err
}

func (q *pageRead) charge(p *page, entries int) {
	units := readUnits(entries, q.consistent)
	if q.x != nil {
		p.usage.index = units
	} else {
		p.usage.table = units
	}
}

func (q *pageRead) sameHash(item itemcodec.Item) bool {
	if q.hash == nil {
		return true
	}
	keys, _ := q.t.schema(q.x)
	for i, v := range q.hash {
		if !bytes.Equal(item.Lookup(keys[i].name), v) {
			return false
		}
	}
	return true
}

// fetchBase returns the base row of an index entry.
func (q *pageRead) fetchBase(r kv.Reader, entry itemcodec.Item) (row, error) {
	k, err := q.t.keyOf(entry)
	if err != nil {
		return nil, err
	}
	v, err := r.Get(k.row)
	if err != nil {
		return nil, err
	}
	return q.t.checkRow(k, v)
}

// lastKey returns the LastEvaluatedKey that a row or an index entry is.
func (q *pageRead) lastKey(item itemcodec.Item) (attr.Item, error) {
	names := q.t.keyNames
	if q.x != nil {
		names = appendMissing(slices.Clone(names), q.x.names)
	}
	key := make(attr.Item, len(names))
	for _, name := range names {
		v, err := item.Lookup(name).Decode()
		if err != nil {
			return nil, err
		}
		key[name] = v
	}
	return key, nil
}

// arena makes the copies of a page's items with few allocations. A kept item
// keeps the chunk that it is in, of at most maxChunk bytes beyond its own.
type arena struct {
	chunk []byte
	next  int
}

const (
	minChunk = 4 << 10
	maxChunk = 64 << 10
)

func (a *arena) copy(item itemcodec.Item, p *expr.Projection) itemcodec.Item {
	if room := cap(a.chunk) - len(a.chunk); room < len(item)+8 {
		a.next = min(max(2*a.next, minChunk), maxChunk)
		a.chunk = make([]byte, 0, max(a.next, len(item)+8))
	}
	start := len(a.chunk)
	if p != nil {
		a.chunk = p.Append(a.chunk, item)
	} else {
		a.chunk = append(a.chunk, item...)
	}
	return itemcodec.Item(a.chunk[start:len(a.chunk):len(a.chunk)])
}
