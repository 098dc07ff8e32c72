package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/kv"
)

// maxBatchGetBytes bounds what one BatchGetItem answers; keys beyond it are UnprocessedKeys.
const maxBatchGetBytes = 16 << 20

// get is one item's read, prepared.
type get struct {
	t          *table
	key        key
	projection *expr.Projection
	consistent bool
	name       string // of the table, as the request has it
	place      int    // in the request

	// found by readMany
	item itemcodec.Item // a copy, nil when absent
	size int
}

// readMany reads the items on one snapshot, in one round trip, until their
// sizes pass limit bytes, and returns how many it has read.
func (e *Engine) readMany(ctx context.Context, gets []get, limit int) (n int, err error) {
	visible := e.visibility()
	keys := make([][]byte, len(gets))
	for i := range gets {
		keys[i] = gets[i].key.row
	}
	err = e.store.View(ctx, func(r kv.Reader) error {
		for i := range gets {
			if i == 0 || gets[i].t != gets[i-1].t {
				if err := gets[i].t.checkGeneration(r); err != nil {
					return err
				}
			}
		}
		found, err := r.GetMany(keys)
		if err != nil {
			return err
		}
		total := 0
		for n = range gets {
			g := &gets[n]
			row, err := g.t.checkRow(g.key, found[n])
			if err != nil {
				return err
			}
			if total += row.size(); total > limit {
				return nil
			}
			g.item, g.size = copyItem(visible.row(g.t, row), g.projection), row.size()
		}
		n = len(gets)
		return nil
	})
	return n, err
}

func (e *Engine) batchGetItem(ctx context.Context, in *api.BatchGetItemInput) (out *api.BatchGetItemOutput, err error) {
	err = e.prepared(ctx, func() error {
		out, err = e.tryBatchGet(ctx, in)
		return err
	})
	return out, err
}

// source is where a get of a BatchGetItem comes from.
type source struct {
	name string
	key  attr.Item
}

func (e *Engine) tryBatchGet(ctx context.Context, in *api.BatchGetItemInput) (*api.BatchGetItemOutput, error) {
	names := slices.Sorted(maps.Keys(in.RequestItems))
	bound := make([]expressions, len(names))
	for i, name := range names {
		of := in.RequestItems[name]
		var err error
		if bound[i], err = e.bind(expressionTexts{projection: of.ProjectionExpression, names: of.ExpressionAttributeNames,
			legacy: legacyParameters{attributesToGet: of.AttributesToGet}}); err != nil {
			return nil, err
		}
	}
	var gets []get
	var sources []source
	for i, name := range names {
		t, err := e.table(&name)
		if err != nil {
			return nil, err
		}
		of := in.RequestItems[name]
		for _, item := range of.Keys {
			k, err := t.parseKey(item)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(gets, func(g get) bool { return string(g.key.row) == string(k.row) }) {
				return nil, api.Validation("Provided list of item keys contains duplicates")
			}
			if err := t.checkDocuments(bound[i].documents()); err != nil {
				return nil, err
			}
			gets = append(gets, get{t: t, key: k, projection: bound[i].projection, consistent: isTrue(of.ConsistentRead), name: name, place: len(sources)})
			sources = append(sources, source{name, item})
		}
	}
	h := holds{e: e}
	defer h.release()
	var refused []int
	if e.opt.Limiter != nil {
		var err error
		if gets, refused, err = h.takeGets(ctx, in.Operation(), gets); err != nil {
			return nil, err
		}
	}
	n, err := e.readMany(ctx, gets, maxBatchGetBytes)
	if err != nil {
		return nil, err
	}
	if err := h.settle(true, func(i int, used *api.Usage) {
		if i < n {
			used.Read = readUnits(gets[i].size, gets[i].consistent)
		}
	}); err != nil {
		return nil, err
	}
	out := &api.BatchGetItemOutput{Responses: map[string][]api.Attributes{}, UnprocessedKeys: map[string]api.KeysAndAttributes{}}
	for _, name := range names {
		out.Responses[name] = []api.Attributes{}
	}
	var used tableReads
	for _, g := range gets[:n] {
		if g.item != nil {
			out.Responses[g.name] = append(out.Responses[g.name], api.StoredItem(g.item))
		}
		used.add(g.t, g.name, readUnits(g.size, g.consistent))
	}
	for _, g := range gets[n:] {
		refused = append(refused, g.place)
	}
	for _, place := range refused {
		s := sources[place]
		of, ok := out.UnprocessedKeys[s.name]
		if !ok {
			of = in.RequestItems[s.name]
			of.Keys = nil
		}
		of.Keys = append(of.Keys, s.key)
		out.UnprocessedKeys[s.name] = of
	}
	e.countReads(&used)
	out.ConsumedCapacity = used.consumed(in.ReturnConsumedCapacity, false)
	return out, nil
}

// takeGets asks the Limiter for each item. It returns those that may be read, and
// the places of those that may not; an error when none may.
func (h *holds) takeGets(ctx context.Context, operation string, gets []get) (granted []get, refused []int, err error) {
	var refusal error
	granted = make([]get, 0, len(gets))
	for i := range gets {
		g := &gets[i]
		err := h.take(ctx, g.t, g.t.readEstimate(operation, &g.key, g.consistent, 1))
		switch {
		case err == nil:
			granted = append(granted, *g)
		case isThrottling(err):
			refused, refusal = append(refused, g.place), cmp.Or(refusal, err)
		default:
			return nil, nil, err
		}
	}
	if len(granted) == 0 {
		return nil, nil, refusal
	}
	return granted, refused, nil
}

func (e *Engine) batchWriteItem(ctx context.Context, in *api.BatchWriteItemInput) (out *api.BatchWriteItemOutput, err error) {
	err = e.prepared(ctx, func() error {
		out, err = e.tryBatchWrite(ctx, in)
		return err
	})
	return out, err
}

func (e *Engine) tryBatchWrite(ctx context.Context, in *api.BatchWriteItemInput) (*api.BatchWriteItemOutput, error) {
	names := slices.Sorted(maps.Keys(in.RequestItems))
	var writes []write
	out := &api.BatchWriteItemOutput{UnprocessedItems: map[string][]api.WriteRequest{}}
	for _, name := range names {
		t, err := e.table(&name)
		if err != nil {
			return nil, err
		}
		for _, r := range in.RequestItems[name] {
			var w write
			if r.PutRequest != nil {
				w, err = t.prepareBatchPut(r.PutRequest.Item)
			} else {
				w, err = t.prepareKeyed(writeDelete, r.DeleteRequest.Key, nil)
			}
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(writes, func(o write) bool { return string(o.key.row) == string(w.key.row) }) {
				return nil, api.Validation("Provided list of item keys contains duplicates")
			}
			w.name = name
			writes = append(writes, w)
		}
	}
	h := holds{e: e}
	defer h.release()
	if e.opt.Limiter != nil {
		var err error
		if writes, err = h.takeWrites(ctx, in, names, writes, out.UnprocessedItems); err != nil {
			return nil, err
		}
	}
	wantMetrics := in.ReturnItemCollectionMetrics != nil && *in.ReturnItemCollectionMetrics == api.ReturnItemCollectionMetricsSize
	done, err := e.writeMany(ctx, writes, wantMetrics)
	if errors.Is(err, kv.ErrTooBig) && len(writes) > 1 {
		done, err = e.writeEach(ctx, writes, wantMetrics)
	}
	e.countWrites(&done.used)
	if fault := h.settle(err == nil, done.use); err == nil {
		err = fault
	}
	if err != nil {
		return nil, err
	}
	out.ItemCollectionMetrics = done.metrics
	out.ConsumedCapacity = done.used.consumed(in.ReturnConsumedCapacity, false)
	return out, nil
}

// takeWrites asks the Limiter for each write of a batch. It returns those that may be
// carried out, and adds the others to unprocessed; it fails when none may.
func (h *holds) takeWrites(ctx context.Context, in *api.BatchWriteItemInput, names []string, writes []write,
	unprocessed map[string][]api.WriteRequest) (granted []write, err error) {
	var refusal error
	granted = make([]write, 0, len(writes))
	i := 0
	for _, name := range names {
		for _, r := range in.RequestItems[name] {
			w := &writes[i]
			i++
			err := h.take(ctx, w.t, w.estimate(in.Operation(), 1))
			switch {
			case err == nil:
				granted = append(granted, *w)
			case isThrottling(err):
				unprocessed[name], refusal = append(unprocessed[name], r), cmp.Or(refusal, err)
			default:
				return nil, err
			}
		}
	}
	if len(granted) == 0 {
		return nil, refusal
	}
	return granted, nil
}

// prepareBatchPut is preparePut with the message that a batch has for a faulty key.
func (t *table) prepareBatchPut(item api.Attributes) (write, error) {
	r, err := t.rowOf(item, nil)
	if err != nil {
		return write{}, err
	}
	for _, k := range t.keys {
		if r.item().Lookup(k.name).Kind() != k.kind {
			return write{}, errKeySchema()
		}
	}
	return t.prepareRow(r)
}

// writesDone is what the answer to many writes needs. When they failed, it is
// about those that were carried out before.
type writesDone struct {
	used    tableWrites
	each    []writeUsage // of the writes in their order, when there is a Limiter
	t       []*table     // of each
	metrics map[string][]api.ItemCollectionMetrics
}

// use fills in what the i-th write used.
func (d *writesDone) use(i int, used *api.Usage) {
	if i < len(d.each) {
		d.each[i].use(d.t[i], used)
	}
}

// add adds what a write used. name is the table's as the request has it.
func (d *writesDone) add(e *Engine, t *table, name string, use writeUsage) {
	d.used.add(t, name, use)
	if e.opt.Limiter != nil {
		d.each, d.t = append(d.each, use), append(d.t, t)
	}
}

// writeMany carries out writes of distinct items in one transaction, for its speed.
func (e *Engine) writeMany(ctx context.Context, writes []write, metrics bool) (done writesDone, err error) {
	now, visible := e.micros(), e.visibility()
	err = e.store.Update(forWrites(ctx, writes), func(kw kv.Writer) error {
		x := tx{w: kw, now: now, visible: visible}
		done = writesDone{}
		changes, err := x.planAll(writes)
		if err != nil {
			return err
		}
		for i, c := range changes {
			use, err := x.applyChange(c)
			if err != nil {
				return err
			}
			done.add(e, c.t, writes[i].name, use)
		}
		if metrics {
			if done.metrics, err = collectionsOf(kw, writes); err != nil {
				return err
			}
		}
		return x.finish()
	})
	if err == nil {
		e.changedAll(writes)
	}
	if !wasUsed(err) {
		done = writesDone{}
	}
	return done, err
}

// writeEach carries out writes one by one, when the store does not take them
// in one transaction: a batch is no unit.
func (e *Engine) writeEach(ctx context.Context, writes []write, metrics bool) (done writesDone, err error) {
	for i := range writes {
		one, err := e.writeMany(ctx, writes[i:i+1], metrics)
		if err != nil {
			if i > 0 {
				err = fmt.Errorf("%w: %w", errPartly, err)
			}
			return done, err
		}
		for _, u := range one.used.list {
			done.add(e, u.t, u.name, u.use)
		}
		for name, m := range one.metrics {
			if done.metrics == nil {
				done.metrics = map[string][]api.ItemCollectionMetrics{}
			}
			done.metrics[name] = append(done.metrics[name], m...)
		}
	}
	return done, nil
}

// planAll loads the rows of all writes and plans them, stopping at the first fault.
func (x *tx) planAll(writes []write) ([]change, error) {
	rows, err := x.loadAll(writes)
	if err != nil {
		return nil, err
	}
	changes := make([]change, len(writes))
	for i := range writes {
		if changes[i], err = writes[i].plan(rows[i], x.visible); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

func (x *tx) loadAll(writes []write) ([][]byte, error) {
	tables := make([]*table, len(writes))
	keys := make([]key, len(writes))
	for i := range writes {
		tables[i], keys[i] = writes[i].t, writes[i].key
	}
	return x.load(tables, keys)
}

// collectionsOf returns the sizes of the item collections that writes touched,
// once each, by table; nil when no table has local indexes.
func collectionsOf(r kv.Reader, writes []write) (map[string][]api.ItemCollectionMetrics, error) {
	var out map[string][]api.ItemCollectionMetrics
	for i, w := range writes {
		if slices.ContainsFunc(writes[:i], func(o write) bool { return o.t == w.t && o.key.hash == w.key.hash }) {
			continue
		}
		m, err := w.t.collectionMetrics(r, w.key)
		if err != nil {
			return nil, err
		}
		if m == nil {
			continue
		}
		if out == nil {
			out = map[string][]api.ItemCollectionMetrics{}
		}
		out[w.t.name] = append(out[w.t.name], *m)
	}
	return out, nil
}
