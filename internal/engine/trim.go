package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/statordb/stator/kv"
)

// streamRetention is how long a stream keeps a change.
//
// Source: Amazon DynamoDB Developer Guide, "Change data capture for DynamoDB Streams".
const streamRetention = 24 * 60 * 60 * 1_000_000 // µs

// trim deletes the records of all journals that no window covers any more, and
// forgets the windows and shards that are over. It returns how many records it deleted, also with an
// error: a journal that is damaged is told in it, and the others are trimmed.
func (e *Engine) trim(ctx context.Context) (trimmed int64, err error) {
	now := e.micros()
	var damage error
	var due []span
	var over []uint32 // ids of the tables whose journals hold more windows or shards than there are
	err = e.store.View(ctx, func(r kv.Reader) error {
		due, over = nil, nil
		var list []*journal
		if list, damage = readJournals(r); damage != nil && !errors.Is(damage, kv.ErrCorrupt) {
			return damage
		}
		for _, j := range list {
			spans, err := j.trimmable(r, now)
			if err != nil {
				damage = errors.Join(damage, fmt.Errorf("trim the journal of table %q: %w", j.Table, err))
				continue
			}
			due = append(due, spans...)
			if j.forget(now) {
				over = append(over, j.TableID)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, s := range due {
		n, err := e.deleteSpan(ctx, s)
		trimmed += n
		if err != nil {
			return trimmed, err
		}
	}
	for _, id := range over {
		if err := e.forgetWindows(ctx, id, now); err != nil {
			return trimmed, err
		}
	}
	return trimmed, damage
}

// span is the rows lo <= key < hi.
type span struct{ lo, hi []byte }

// deleteSpan deletes rows, in steps that disturb nobody.
func (e *Engine) deleteSpan(ctx context.Context, s span) (deleted int64, err error) {
	ctx = kv.WithPurpose(ctx, kv.PurposeReclaim)
	for {
		rows := 0
		err := e.store.Update(ctx, func(w kv.Writer) (err error) {
			rows, err = deleteSome(w, s.lo, s.hi)
			return err
		})
		deleted += int64(rows)
		if err != nil || rows == 0 {
			return deleted, err
		}
	}
}

// trimmable returns the records that no window covers.
//
// The starts and ends of windows cut a slot's sequences into segments. In each
// of them a record is kept for the longest retention of the windows over it, so that what goes is
// the segment's first part.
func (j *journal) trimmable(r kv.Reader, now int64) ([]span, error) {
	sequences, err := j.sequences(r)
	if err != nil {
		return nil, err
	}
	var spans []span
	for slot := range j.Slots {
		cuts := []uint64{0, sequences[slot]}
		for _, w := range j.Windows {
			cuts = append(cuts, w.Start[slot], w.last(slot, sequences[slot]))
		}
		slices.Sort(cuts)
		cuts = slices.Compact(cuts)
		for i := 1; i < len(cuts); i++ {
			after, to := cuts[i-1], cuts[i]
			first, _, ok, err := firstRecord(r, j.TableID, byte(slot), after+1, to)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			end := to + 1
			if retention := j.retention(slot, after, to, sequences[slot]); retention > 0 {
				if end, err = sequenceSince(r, j.TableID, byte(slot), first, to, now-retention+1); err != nil {
					return nil, err
				}
			}
			if end > first {
				spans = append(spans, span{journalKey(j.TableID, byte(slot), first), journalKey(j.TableID, byte(slot), end)})
			}
		}
	}
	return spans, nil
}

// retention returns the longest retention of the windows over a segment of a
// slot, 0 when there are none.
func (j *journal) retention(slot int, after, to, sequence uint64) (longest int64) {
	for _, w := range j.Windows {
		if w.Start[slot] <= after && w.last(slot, sequence) >= to {
			longest = max(longest, w.Retention)
		}
	}
	return longest
}

// forget takes out what is over: windows that ended before their retention began, and the
// shards of a stream whose last record is older than that. It reports whether there was any.
func (j *journal) forget(now int64) bool {
	before := len(j.Windows)
	j.Windows = slices.DeleteFunc(j.Windows, func(w window) bool { return w.Ended != 0 && w.Ended <= now-w.Retention })
	changed := len(j.Windows) < before
	for i := range j.Windows {
		w := &j.Windows[i]
		n := 0
		for n+1 < len(w.Epochs) && w.Epochs[n+1].Time <= now-w.Retention {
			n++
		}
		if n > 0 {
			w.Epochs = slices.Clone(w.Epochs[n:])
			changed = true
		}
	}
	return changed || j.Dropped != 0 && len(j.Windows) == 0
}

func (e *Engine) forgetWindows(ctx context.Context, tableID uint32, now int64) error {
	return e.store.Update(kv.WithPurpose(ctx, kv.PurposeReclaim), func(w kv.Writer) error {
		j, err := readJournal(w, tableID)
		if err != nil || j == nil || !j.forget(now) {
			return err
		}
		if j.Dropped == 0 || len(j.Windows) > 0 {
			return j.store(w)
		}
		// Its last record went with the last window.
		return w.Delete(journalsKey(tableID))
	})
}

// A stream's shards are closed after this time, and others go on. On AWS it is about four hours.
const shardLife = 4 * 60 * 60 * 1_000_000 // µs

// rollShards closes the shards of streams that are old enough and opens their children. As in
// trim, a journal that is damaged keeps no other from it.
func (e *Engine) rollShards(ctx context.Context) error {
	now := e.micros()
	var damage error
	var due []uint32
	err := e.store.View(ctx, func(r kv.Reader) error {
		due = nil
		var list []*journal
		if list, damage = readJournals(r); damage != nil && !errors.Is(damage, kv.ErrCorrupt) {
			return damage
		}
		for _, j := range list {
			rolled, err := j.roll(r, now)
			if err != nil {
				damage = errors.Join(damage, fmt.Errorf("close the shards of table %q: %w", j.Table, err))
				continue
			}
			if rolled {
				due = append(due, j.TableID)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range due {
		err := e.store.Update(forReaders(ctx), func(w kv.Writer) error {
			j, err := readJournal(w, id)
			if err != nil || j == nil {
				return err
			}
			if rolled, err := j.roll(w, now); !rolled || err != nil {
				return err
			}
			return j.store(w)
		})
		if err != nil {
			return err
		}
	}
	return damage
}

// roll begins an epoch of the stream that is open when the last one is old enough and has a record.
func (j *journal) roll(r kv.Reader, now int64) (rolled bool, err error) {
	for i := range j.Windows {
		w := &j.Windows[i]
		if w.Kind != windowStream || w.Ended != 0 || len(w.Epochs) == 0 {
			continue
		}
		last := w.Epochs[len(w.Epochs)-1]
		if now < last.Time+shardLife || last.Number == math.MaxUint32 {
			continue
		}
		sequences, latest, err := readSequences(r, j.TableID, j.Slots)
		if err != nil {
			return rolled, err
		}
		if slices.Equal(sequences, last.Start) {
			continue
		}
		// No record of the shards that end is later than their end: they are forgotten by it.
		w.Epochs = append(w.Epochs, epoch{Number: last.Number + 1, Time: max(now, latest), Start: sequences})
		rolled = true
	}
	return rolled, nil
}
