package engine

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/kv"
)

// maxItemBytes is the largest item, by DynamoDB's rules of size, with its
// entries in local indexes.
const maxItemBytes = 400 << 10

// write is one item's write, prepared: all that can be done without the old
// row is done.
type write struct {
	t         *table
	name      string // of the table, as the request has it
	key       key
	kind      writeKind
	condition *expr.Condition // nil: none
	failOld   bool            // a failed condition returns the old item

	put    row          // of a put: the new row
	update *expr.Update // of an update; nil changes nothing but makes the item
	keys   attr.Item    // of an update: the key, which a new item starts from

	room []byte // to make the new row in; nil: in memory of its own
}

type writeKind uint8

const (
	writePut writeKind = iota
	writeUpdate
	writeDelete
	writeCheck // tests its condition and writes nothing
)

// preparePut makes the row of an item, in room or in memory of its own when that is nil,
// and checks its keys against the table's.
func (t *table) preparePut(item api.Attributes, room []byte) (write, error) {
	r, err := t.rowOf(item, room)
	if err != nil {
		return write{}, err
	}
	return t.prepareRow(r)
}

// prepareRow is preparePut of the row that was made of an item.
func (t *table) prepareRow(r row) (write, error) {
	if err := t.checkItemKey(r.item()); err != nil {
		return write{}, err
	}
	if err := t.checkIndexKeys(r.item()); err != nil {
		return write{}, err
	}
	w := write{t: t, kind: writePut, put: r, room: r}
	if over, err := t.oversize(w.put); over || err != nil {
		return write{}, cmp.Or(err, error(api.Validation("Item size has exceeded the maximum allowed size")))
	}
	var err error
	w.key, err = t.keyOf(w.put.item())
	return w, err
}

// prepareKeyed prepares a write that names its item by Key.
func (t *table) prepareKeyed(kind writeKind, keys attr.Item, update *expr.Update) (write, error) {
	k, err := t.parseKey(keys)
	if err != nil {
		return write{}, err
	}
	if update != nil {
		for _, name := range update.Attributes() {
			if t.isKey(name) {
				return write{}, api.Validation("One or more parameter values were invalid: Cannot update attribute " + name +
					". This attribute is part of the key")
			}
		}
	}
	return write{t: t, kind: kind, key: k, update: update, keys: keys}, nil
}

// plan judges the condition on the old row and builds the change. The change
// shares the old row's memory. An old row that is not to be seen is absent for
// all but the change.
func (w *write) plan(old row, visible visibility) (change, error) {
	c := change{t: w.t, key: w.key, old: old}
	seen := visible.row(w.t, old)
	if w.condition != nil && !w.condition.Match(itemOf(seen)) {
		return c, w.conditionFailed(seen)
	}
	switch w.kind {
	case writePut:
		c.new = w.put
	case writeUpdate:
		var err error
		if c.new, err = w.updated(seen); err != nil {
			return c, err
		}
		if c.new == nil && seen == nil {
			c.old = nil // nothing changes: what is not seen is left to the sweep
		}
	case writeCheck:
		c.new = old
	}
	return c, nil
}

// forWrites returns the context for a transaction of writes, with its purpose.
func forWrites(ctx context.Context, writes []write) context.Context {
	for i := range writes {
		if k := writes[i].kind; k != writeDelete && k != writeCheck {
			return ctx
		}
	}
	return kv.WithPurpose(ctx, kv.PurposeDelete)
}

func itemOf(r row) itemcodec.Item {
	if r == nil {
		return nil
	}
	return r.item()
}

func (w *write) conditionFailed(old row) error {
	err := &api.Error{Code: api.CodeConditionalCheckFailed, Message: "The conditional request failed"}
	if w.failOld && old != nil {
		err.Item = api.StoredItem(bytes.Clone(old.item()))
	}
	return err
}

// updated returns the row that the update makes of the old one, nil when there
// was none and the update makes none.
func (w *write) updated(old row) (row, error) {
	item := w.keys.Clone()
	if old != nil {
		var err error
		if item, err = itemcodec.DecodeItem(old.item()); err != nil {
			return nil, err
		}
	}
	if w.update != nil {
		if err := w.update.Apply(item); err != nil {
			return nil, api.Validation(err.Error())
		}
		if old == nil && !w.update.Creates() {
			return nil, nil // only REMOVE and DELETE: AWS makes no item of them
		}
		if err := w.t.checkUpdatedIndexKeys(item, w.update.Attributes()); err != nil {
			return nil, err
		}
		if err := checkMade(item); err != nil {
			return nil, err
		}
	}
	size := item.Size()
	if size > maxItemBytes {
		return nil, errMadeTooLarge()
	}
	r, err := w.t.encode(item, size, w.room)
	if err != nil {
		return nil, err
	}
	if w.room != nil {
		w.room = r
	}
	if over, err := w.t.oversize(r); over || err != nil {
		return nil, cmp.Or(err, errMadeTooLarge())
	}
	return r, nil
}

// rowOf returns the row of an item that is put, made in room.
func (t *table) rowOf(a api.Attributes, room []byte) (row, error) {
	if stored, size, ok := a.Built(); ok {
		r := row(itemcodec.AppendItemFirst(startRow(slices.Grow(room[:0], rowHeaderSize+len(stored))), stored, t.keyNames...))
		r.setSize(size)
		return r, nil
	}
	item, err := a.Item()
	if err != nil {
		return nil, err
	}
	size := 0
	if room == nil {
		size = item.Size()
	}
	return t.encode(item, size, room)
}

// encode returns the row of an item, made in room. The size is the item's, or 0
// when nobody knows it yet: it comes cheaper from the row than from the item's
// maps, but then the room should be enough.
func (t *table) encode(item attr.Item, size int, room []byte) (row, error) {
	if size > 0 {
		room = slices.Grow(room[:0], rowHeaderSize+size+size/4+32)
	}
	b, err := itemcodec.AppendItem(startRow(room), item, t.keyNames...)
	if err != nil {
		return nil, err
	}
	r := row(b)
	if size == 0 {
		size = r.item().Size()
	}
	r.setSize(size)
	return r, nil
}

// oversize reports whether an item is larger than an item may be, its entries
// in local indexes counted with it.
//
// Source: Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB", item size of tables with
// local secondary indexes.
func (t *table) oversize(r row) (bool, error) {
	size := r.size()
	if !t.local || size > maxItemBytes || size*(1+maxLocalIndexes) <= maxItemBytes {
		return size > maxItemBytes, nil
	}
	for _, x := range t.indexes {
		if x.local {
			_, entry, err := t.entry(x, r, [hashSize]byte{})
			if err != nil {
				return false, err
			}
			size += entry.size()
		}
	}
	return size > maxItemBytes, nil
}

// writeOutcome is what one write leaves for its answer.
type writeOutcome struct {
	usage    writeUsage
	old, new itemcodec.Item // copies, when they were asked for
	metrics  *api.ItemCollectionMetrics
}

// answerNeeds says which parts of a writeOutcome the answer wants.
type answerNeeds struct{ old, new, metrics bool }

// single is the write of one item in a transaction of its own, with all the
// memory that it needs. That serves for one write after the other: what the store
// keeps of it is copied when its Update returns.
type single struct {
	write
	needs   answerNeeds
	now     int64
	visible visibility
	tx      tx
	out     writeOutcome
	row     []byte                // room for the new row
	fn      func(kv.Writer) error // apply
}

// maxKeptRow is the capacity up to which the room for a row is kept: that of
// nearly all items, so that not every large one grows its row anew.
const maxKeptRow = 512 << 10

func (e *Engine) newSingle(needs answerNeeds) *single {
	s, ok := e.singles.Get().(*single)
	if !ok {
		s = &single{row: make([]byte, 0, 1<<10)}
		s.fn = s.apply
	}
	s.needs = needs
	return s
}

// release gives the memory of s back.
func (e *Engine) release(s *single) {
	if cap(s.room) > cap(s.row) && cap(s.room) <= maxKeptRow {
		s.row = s.room[:0]
	}
	*s = single{row: s.row, fn: s.fn}
	e.singles.Put(s)
}

// commit carries out the write, if the Limiter lets it.
func (e *Engine) commit(ctx context.Context, s *single, operation string) error {
	if e.opt.Limiter == nil {
		return e.commitNow(ctx, s)
	}
	estimate := s.estimate(operation, 1)
	used := nothing(&estimate)
	return e.limited(ctx, s.t, &estimate, &used, func() error {
		err := e.commitNow(ctx, s)
		if wasUsed(err) {
			s.out.usage.use(s.t, &used)
		}
		return err
	})
}

func (e *Engine) commitNow(ctx context.Context, s *single) error {
	s.now, s.visible = e.micros(), e.visibility()
	if s.kind == writeDelete {
		ctx = kv.WithPurpose(ctx, kv.PurposeDelete)
	}
	err := e.store.Update(ctx, s.fn)
	if err == nil {
		e.changed(s.t)
	}
	if wasUsed(err) {
		e.countWrite(s.t, &s.out.usage)
	}
	return err
}

// apply is what the write does in its transaction.
func (s *single) apply(kw kv.Writer) error {
	s.tx = tx{w: kw, now: s.now, visible: s.visible}
	s.out = writeOutcome{}
	x := &s.tx
	rows, err := x.load([]*table{s.t}, []key{s.key})
	if err != nil {
		return err
	}
	c, err := s.plan(rows[0], s.visible)
	if err != nil {
		s.out.usage.table = writeUnits(c.old.size()) // if it is the condition that failed
		return err
	}
	if s.out.usage, err = x.applyChange(c); err != nil {
		return err
	}
	if s.needs.old {
		s.out.old = bytes.Clone(itemOf(s.visible.row(c.t, c.old)))
	}
	if s.needs.new {
		s.out.new = bytes.Clone(itemOf(c.new))
	}
	if s.needs.metrics {
		if s.out.metrics, err = s.t.collectionMetrics(kw, s.key); err != nil {
			return err
		}
	}
	return x.finish()
}

// collectionMetrics returns the size of an item collection as AWS tells it, nil
// for a table without local indexes.
func (t *table) collectionMetrics(r kv.Reader, k key) (*api.ItemCollectionMetrics, error) {
	if !t.local {
		return nil, nil
	}
	size, err := collectionBytes(r, t.collectionKey(k))
	if err != nil {
		return nil, err
	}
	stored := append([]byte{byte(len(t.keys))}, k.attrs...)
	hash, err := itemcodec.Item(stored).Lookup(t.keys[0].name).Decode()
	if err != nil {
		return nil, err
	}
	gb := float64(size >> 30)
	return &api.ItemCollectionMetrics{
		ItemCollectionKey:   attr.Item{t.keys[0].name: hash},
		SizeEstimateRangeGB: []float64{gb, gb + 1},
	}, nil
}
