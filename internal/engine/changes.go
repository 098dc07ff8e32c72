package engine

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// readers are those who wait for a table's next change. A writer that nobody
// waits for pays one atomic load.
type readers struct {
	waiting atomic.Int64 // tables that somebody waits for

	mu     sync.Mutex
	tables map[uint32]chan struct{} // by table id; closed at the next change; mu guards it
	closed bool                     // mu guards it
}

// next returns a channel that is closed at the table's next change.
func (rs *readers) next(tableID uint32) (<-chan struct{}, error) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.closed {
		return nil, kv.ErrClosed
	}
	c, ok := rs.tables[tableID]
	if !ok {
		c = make(chan struct{})
		if rs.tables == nil {
			rs.tables = map[uint32]chan struct{}{}
		}
		rs.tables[tableID] = c
		rs.waiting.Add(1)
	}
	return c, nil
}

// wake tells those who wait for a table that it changed.
func (rs *readers) wake(tableID uint32) {
	if rs.waiting.Load() == 0 {
		return
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if c, ok := rs.tables[tableID]; ok {
		close(c)
		delete(rs.tables, tableID)
		rs.waiting.Add(-1)
	}
}

// close wakes everybody; nobody waits any more.
func (rs *readers) close() {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.closed = true
	for id, c := range rs.tables {
		close(c)
		delete(rs.tables, id)
		rs.waiting.Add(-1)
	}
}

// changed wakes the readers of a table after a write was committed.
func (e *Engine) changed(t *table) {
	if t.rec.Journal {
		e.readers.wake(t.id)
	}
}

func (e *Engine) changedAll(writes []write) {
	var last *table
	for i := range writes {
		if t := writes[i].t; t != last {
			e.changed(t)
			last = t
		}
	}
}

// pollEvery is how long a reader waits, in real time, before it looks by
// itself: another process may have written.
const pollEvery = time.Second

const defaultReadChanges = 1000

func (e *Engine) readChanges(ctx context.Context, in *api.ReadChangesInput) (*api.ReadChangesOutput, error) {
	limit := defaultReadChanges
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	position, start := in.Position, in.Start
	var end <-chan time.Time
	if in.Wait > 0 {
		timer := time.NewTimer(in.Wait)
		defer timer.Stop()
		end = timer.C
	}
	for {
		var woken <-chan struct{}
		var out *api.ReadChangesOutput
		err := e.prepared(ctx, func() error {
			t, err := e.table(in.TableName)
			if err != nil {
				return err
			}
			if in.Wait > 0 {
				if woken, err = e.readers.next(t.id); err != nil {
					return err
				}
			}
			out, err = e.readChangesOnce(ctx, t.id, in, position, start, limit)
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(out.Changes) > 0 || in.Wait <= 0 {
			return out, nil
		}
		position = out.Position // where LATEST is does not move while it waits
		poll := time.NewTimer(pollEvery)
		select {
		case <-woken:
		case <-poll.C:
		case <-end:
			poll.Stop()
			return out, nil
		case <-ctx.Done():
			poll.Stop()
			return nil, ctx.Err()
		}
		poll.Stop()
	}
}

func (e *Engine) readChangesOnce(ctx context.Context, tableID uint32, in *api.ReadChangesInput, position *api.Position, start *api.ChangesStart, limit int) (out *api.ReadChangesOutput, err error) {
	now := e.micros()
	err = e.store.View(ctx, func(r kv.Reader) error {
		j, err := e.journals.read(r, tableID)
		if err != nil {
			return err
		}
		if j == nil {
			return errNoJournal(*in.TableName)
		}
		sequences, _, err := readSequences(r, tableID, j.Slots)
		if err != nil {
			return err
		}
		at := position
		if at == nil {
			if at, err = j.begin(r, start, sequences, now, *in.TableName); err != nil {
				return err
			}
		} else if err := j.checkPosition(at, sequences); err != nil {
			return err
		}
		slots, err := j.slots(in.Slots)
		if err != nil {
			return err
		}
		m := merge{r: r, j: j, e: e, limit: limit, sequences: j.recorded(sequences)}
		out, err = m.read(at, slots)
		if err == nil && len(out.Changes) == 0 && !j.open() {
			err = errNoJournal(*in.TableName) // and what it had was read
		}
		return err
	})
	return out, err
}

func errNoJournal(table string) error {
	return api.Validation("Table " + table + " keeps no journal of its changes: enable its stream (StreamSpecification) or a data stream first")
}

// checkPosition reports a position that is not one of this journal.
func (j *journal) checkPosition(p *api.Position, sequences []uint64) error {
	if p.TableID != j.UUID || len(p.Next) != j.Slots {
		return api.Validation(fmt.Sprintf("Invalid Position: it is of table id %s with %d slots; table %s has the id %s and %d slots", p.TableID, len(p.Next), j.Table, j.UUID, j.Slots))
	}
	for slot, next := range p.Next {
		if next > sequences[slot]+1 || next == 0 {
			return api.Validation(fmt.Sprintf("Invalid Position: it is at sequence %d of slot %d, which ends at %d: it is of the future", next, slot, sequences[slot]))
		}
	}
	return nil
}

// slots returns the slots to read, in order.
func (j *journal) slots(asked []int) ([]int, error) {
	all := make([]int, j.Slots)
	for slot := range all {
		all[slot] = slot
	}
	if asked == nil {
		return all, nil
	}
	for _, slot := range asked {
		if slot < 0 || slot >= j.Slots {
			return nil, api.Validation(fmt.Sprintf("Invalid Slots: %d; the table has the slots 0 to %d", slot, j.Slots-1))
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(asked))), nil
}

// begin returns the position that a start stands for.
func (j *journal) begin(r kv.Reader, start *api.ChangesStart, sequences []uint64, now int64, name string) (*api.Position, error) {
	if !j.open() {
		return nil, errNoJournal(name)
	}
	p := &api.Position{TableID: j.UUID, Next: make([]uint64, j.Slots)}
	for slot, last := range sequences {
		p.Next[slot] = last + 1
	}
	if start == nil || start.Type == api.ShardIteratorTypeLatest {
		return p, nil
	}
	var since int64
	var slot int
	var sequence uint64
	switch start.Type {
	case api.ShardIteratorTypeAtTimestamp:
		at := start.Timestamp.UnixMicro()
		if at > now {
			return nil, api.Validation("One or more parameter values were invalid: Timestamp cannot be in the future")
		}
		since = at
	case api.ShardIteratorTypeAtSequenceNumber, api.ShardIteratorTypeAfterSequenceNumber:
		var ok bool
		slot, sequence, ok = parseSequenceNumber(*start.SequenceNumber)
		if !ok || slot >= j.Slots || sequence == 0 || sequence > sequences[slot] {
			return nil, api.Validation("Invalid Start: " + *start.SequenceNumber + " is no sequence number that a change of table " + j.Table + " has had")
		}
		_, time, found, err := firstRecord(r, j.TableID, byte(slot), sequence, sequence)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, j.behind(r, slot, sequence, sequences[slot])
		}
		since = time
	}
	for s, last := range sequences {
		var err error
		if p.Next[s], err = j.oldest(r, s, last, since, now); err != nil {
			return nil, err
		}
	}
	if sequence > 0 {
		p.Next[slot] = sequence
		if start.Type == api.ShardIteratorTypeAfterSequenceNumber {
			p.Next[slot]++
		}
	}
	return p, nil
}

// behind is the error of a reader whose next change is not kept any more.
func (j *journal) behind(r kv.Reader, slot int, next, last uint64) error {
	first, time, ok, err := firstRecord(r, j.TableID, byte(slot), next, last)
	if err != nil {
		return err
	}
	message := fmt.Sprintf("The reader is too far behind: of slot %d of table %s, the changes %d to %d are no longer kept, nor any after them", slot, j.Table, next, last)
	if ok {
		message = fmt.Sprintf("The reader is too far behind: of slot %d of table %s, %d changes from sequence %d on are no longer kept; the oldest one that is was made at %s",
			slot, j.Table, first-next, next, timeOf(time).Format(timeLayout))
	}
	return &api.Error{Code: api.CodeTrimmedDataAccess, Message: message}
}

const timeLayout = "2006-01-02T15:04:05.000000Z"

// merge reads some slots of a journal as one, in the order of their commit times.
type merge struct {
	e         *Engine
	r         kv.Reader
	j         *journal
	limit     int
	sequences []uint64
}

// run is what was read of one slot and not taken yet.
type run struct {
	slot  int
	next  uint64     // the sequence after what was read
	ahead []recorded // of read
	read  []recorded
}

// runLength is how many records of a slot are read in one go: enough that
// finding the place costs little, and few enough that little is read in vain.
const runLength = 64

func (m *merge) read(at *api.Position, slots []int) (*api.ReadChangesOutput, error) {
	out := &api.ReadChangesOutput{Position: &api.Position{TableID: at.TableID, Next: slices.Clone(at.Next)}}
	runs := make([]run, 0, len(slots))
	for _, slot := range slots {
		if at.Next[slot] <= m.sequences[slot] {
			runs = append(runs, run{slot: slot, next: at.Next[slot]})
		}
	}
	backlog := uint64(0)
	for _, q := range runs {
		backlog += m.sequences[q.slot] + 1 - q.next
	}
	out.Changes = make([]api.Change, 0, min(backlog, uint64(m.limit), 512))
	size := 0
	for len(out.Changes) < m.limit && size < maxGetRecordsBytes {
		var first *run
		for i := range runs {
			q := &runs[i]
			if len(q.ahead) == 0 && q.next <= m.sequences[q.slot] {
				if err := m.fill(q); err != nil && len(out.Changes) > 0 {
					return out, nil // the next read meets it again
				} else if err != nil {
					return nil, err
				}
			}
			if len(q.ahead) > 0 && (first == nil || cmp.Less(q.ahead[0].time, first.ahead[0].time)) {
				first = q
			}
		}
		if first == nil {
			break
		}
		n := first.ahead[0]
		first.ahead = first.ahead[1:]
		size += len(n.old) + len(n.new)
		out.Changes = append(out.Changes, m.change(n))
		out.Position.Next[first.slot] = n.sequence + 1
	}
	return out, nil
}

// fill reads the next records of a slot.
func (m *merge) fill(q *run) error {
	last := m.sequences[q.slot]
	lo, hi := journalKey(m.j.TableID, byte(q.slot), q.next), journalKey(m.j.TableID, byte(q.slot), min(last, math.MaxUint64-1)+1)
	size := 0
	q.read = q.read[:0]
	for p, err := range m.r.Scan(lo, hi, false) {
		if err != nil {
			return err
		}
		n, err := readRecord(p)
		if err != nil {
			return err
		}
		if n.sequence != q.next {
			break
		}
		q.read = append(q.read, n)
		q.next++
		if size += len(n.old) + len(n.new); len(q.read) == runLength || size > maxGetRecordsBytes {
			break
		}
	}
	if len(q.read) == 0 {
		return m.j.behind(m.r, q.slot, q.next, last)
	}
	q.ahead = q.read
	return nil
}

// change returns what is told of a record, in memory of its own.
func (m *merge) change(n recorded) api.Change {
	keys, size := n.keys(len(m.j.KeySchema))
	var room [64]byte
	id := m.e.appendEventID(room[:0], m.j.TableID, n.slot, n.sequence)
	texts := string(appendSequenceNumber(id, int(n.slot), n.sequence))
	c := api.Change{
		EventName: n.event(), EventID: texts[:len(id)], Keys: api.StoredItem(keys), SequenceNumber: texts[len(id):],
		Slot: int(n.slot), Sequence: n.sequence, CommitTime: time.UnixMicro(n.time).UTC(), Origin: n.origin,
		SizeBytes: int64(size + n.oldSize + n.newSize),
	}
	images := bytes.Clone(n.images)
	at := len(n.old)
	if n.old != nil {
		c.Old = api.StoredItem(images[:at:at])
	}
	if n.new != nil {
		c.New = api.StoredItem(images[at:])
	}
	if n.service {
		c.UserIdentity = expiryIdentity()
	}
	return c
}
