package stator

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/statordb/stator/api"
)

// So much of a slot is read ahead of what is done, before reading it stops: the
// records of a slow handler wait in the journal, and not in memory.
const (
	aheadRecords = 1000
	aheadBytes   = 16 << 20
)

// readWait is how long one ReadChanges waits; the reader asks again.
const readWait = time.Minute

// read reads the journal and gives the records to their lanes, until the trigger ends.
func (t *Trigger) read() {
	failures := 0
	for t.reading.Err() == nil {
		ctx, in := t.nextRead()
		if in == nil {
			select {
			case <-t.nudge:
			case <-t.reading.Done():
			}
			continue
		}
		if some, due := t.unsaved(); due { // what filters kept back: batches save themselves
			t.save()
		} else if some {
			in.Wait = time.Second
		}
		out, err := do(ctx, t.client, in)
		interrupted := ctx.Err() != nil
		t.readDone()
		if err != nil && interrupted {
			continue // and t.reading tells whether it is the end
		}
		if err == nil {
			err = t.take(out)
		}
		if err != nil {
			failures++
			t.readFailed(err, failures)
			continue
		}
		if failures > 0 {
			failures = 0
			t.setReadProblem(nil)
		}
	}
}

// nextRead returns the request that is due, nil when there is none now, and the context
// that ends with it.
func (t *Trigger) nextRead() (context.Context, *api.ReadChangesInput) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var open []int
	for i := range t.slots {
		if !t.slots[i].full {
			open = append(open, i)
		}
	}
	if t.paused || len(open) == 0 {
		return nil, nil
	}
	in := &api.ReadChangesInput{
		TableName: &t.table, Position: &api.Position{TableID: t.tableID, Next: slices.Clone(t.next)},
		Limit: new(int32(min(max(aheadRecords, t.options.BatchSize), maxBatchSize))), Wait: readWait,
	}
	if len(open) < len(t.slots) {
		in.Slots = open
	}
	ctx, cancel := context.WithCancel(t.reading)
	t.interrupt, t.partial = cancel, in.Slots != nil
	return ctx, in
}

// readDone is called after each ReadChanges.
func (t *Trigger) readDone() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.interrupt()
	t.interrupt = nil
}

// readAgain makes the reader look what it may read now. mu is held.
func (t *Trigger) readAgain() {
	if t.interrupt != nil && t.partial {
		t.interrupt()
	}
	select {
	case t.nudge <- struct{}{}:
	default:
	}
}

// take gives the changes of an output to their lanes.
func (t *Trigger) take(out *api.ReadChangesOutput) error {
	source := t.source.Load()
	if len(out.Changes) > 0 && time.Since(source.described) > time.Second {
		if err := t.describe(t.reading); err != nil {
			return err
		}
		source = t.source.Load()
	}
	now := time.Now()
	filtered := int64(0)
	waiting := make([]waitingRecord, 0, len(out.Changes))
	lanes := make([]int, 0, len(out.Changes))
	for i := range out.Changes {
		c := &out.Changes[i]
		r := source.record(c)
		if !t.options.filters.match(&r) {
			filtered++
			continue
		}
		size := int64(len(c.SequenceNumber)) + c.SizeBytes + 256 // as JSON, nearly
		waiting = append(waiting, waitingRecord{record: r, slot: c.Slot, sequence: c.Sequence, size: size, read: now})
		lanes = append(lanes, t.laneOf(c))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next = out.Position.Next
	t.counts.filtered += filtered
	for i, w := range waiting {
		slot := &t.slots[w.slot]
		slot.records++
		slot.bytes += w.size
		l := slot.lanes[lanes[i]]
		l.queue = append(l.queue, w)
	}
	for i := range t.slots {
		slot := &t.slots[i]
		slot.full = slot.records >= t.mostAhead() || slot.bytes >= aheadBytes
		for _, l := range slot.lanes {
			if len(l.queue) == 0 {
				continue
			}
			if !l.serving {
				l.serving = true
				t.running.Go(func() { t.serve(l) })
			}
			select {
			case l.wake <- struct{}{}:
			default:
			}
		}
	}
	return nil
}

// mostAhead is how many records of a slot are read ahead: each lane can fill a batch while it works on another.
func (t *Trigger) mostAhead() int {
	return max(aheadRecords, 2*t.options.BatchSize*t.options.ParallelizationFactor)
}

// laneOf chooses the lane of a change by its key, so that those of an item are in one.
func (t *Trigger) laneOf(c *api.Change) int {
	n := t.options.ParallelizationFactor
	if n == 1 {
		return 0
	}
	key, ok := c.Keys.Stored()
	if !ok {
		key = []byte(c.Keys.String())
	}
	return int(maphash.Bytes(t.seed, key) % uint64(n))
}

// describe looks at the table: what its stream is called, and which images it has.
func (t *Trigger) describe(ctx context.Context) error {
	d, err := DescribeTable(ctx, t.client, t.table)
	if err != nil {
		return err
	}
	s := &eventSource{view: t.options.StreamViewType, described: time.Now()}
	if d.TableId != nil {
		s.tableID = *d.TableId
	}
	if d.TableArn != nil {
		s.tableArn, s.streamArn = *d.TableArn, *d.TableArn
	}
	if d.LatestStreamArn != nil {
		s.streamArn = *d.LatestStreamArn
	}
	if spec := d.StreamSpecification; s.view == "" && spec != nil && spec.StreamViewType != nil {
		s.view = *spec.StreamViewType
	}
	if s.view == "" {
		s.view = StreamNewAndOldImages
	}
	t.source.Store(s)
	return nil
}

func (t *Trigger) setReadProblem(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.problems.read = err
}

// readFailed deals with what reading failed with: it ends the trigger, or waits until the next try.
func (t *Trigger) readFailed(err error, failures int) {
	switch {
	case t.reading.Err() != nil:
		return
	case errors.Is(err, ErrClosed):
		t.fail(fmt.Errorf("stator: trigger %s: the database was closed: %w", t.name, err))
		return
	case errors.Is(err, api.ErrTrimmed):
		if err = t.skipTrimmed(); err == nil {
			return
		}
	}
	if t.reading.Err() != nil {
		return
	}
	found := t.describe(t.reading)
	if errors.Is(found, ErrTableNotFound) || found == nil && t.tableID != t.source.Load().tableID {
		t.fail(fmt.Errorf("stator: trigger %s: table %s was deleted: %w", t.name, t.table, err))
		return
	}
	t.setReadProblem(fmt.Errorf("stator: trigger %s: read the changes of table %s: %w", t.name, t.table, err))
	t.sleep(backoff(failures))
}

// skipTrimmed goes on with the oldest change that is kept in each slot where
// the next one is not, and reports what is gone.
func (t *Trigger) skipTrimmed() error {
	t.mu.Lock()
	next := slices.Clone(t.next)
	t.mu.Unlock()
	for slot := range next {
		at := &api.ReadChangesInput{
			TableName: &t.table, Position: &api.Position{TableID: t.tableID, Next: next}, Slots: []int{slot}, Limit: new(int32(1)),
		}
		_, err := do(t.reading, t.client, at)
		if err == nil {
			continue
		}
		if !errors.Is(err, api.ErrTrimmed) {
			return err
		}
		horizon := &api.ReadChangesInput{
			TableName: &t.table, Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}, Slots: []int{slot}, Limit: new(int32(1)),
		}
		out, horizonErr := do(t.reading, t.client, horizon)
		if horizonErr != nil {
			return horizonErr
		}
		first := out.Position.Next[slot]
		if len(out.Changes) > 0 {
			first = out.Changes[0].Sequence
		}
		if first <= next[slot] {
			return err // it is not the horizon that is in the way
		}
		lost := first - next[slot]
		if !t.report(nil, TriggerFailure{Condition: ConditionTrimmed, Err: err, ShardID: slotName(slot), BatchSize: int(lost)}) {
			return t.reading.Err()
		}
		next[slot] = first
		t.mu.Lock()
		t.next = slices.Clone(next)
		t.counts.trimmed += int64(lost)
		t.mu.Unlock()
	}
	return nil
}

// slotName stands for a shard's id where that is not to be found out.
func slotName(slot int) string { return fmt.Sprintf("shardId-%020d-%08x", 0, slot) }
