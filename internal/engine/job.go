package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/keyenc"
	"github.com/statordb/stator/kv"
)

// job is work that is too long for one transaction. Its record is written in
// the transaction that makes it necessary and deleted in the one that ends it;
// each step moves its cursor in the same transaction as its work. So a job goes on after a crash
// where it was, and two processes on one store that carry it out at once do no harm.
type job struct {
	ID      uint64
	Kind    jobKind
	Table   string // name
	TableID uint32
	IndexID uint16 `json:",omitempty"` // of FillExpiry and DropExpiry: the id of the table's ttlRecord
	Cursor  []byte `json:",omitempty"` // the first key that is not done
}

type jobKind string

const (
	jobDropTable jobKind = "DropTable" // delete all rows of a table that is gone
	jobFillIndex jobKind = "FillIndex" // make the entries of a new index
	jobDropIndex jobKind = "DropIndex" // delete all entries of an index that is gone

	jobFillExpiry jobKind = "FillExpiry" // make the entries of a new expiry index
	jobDropExpiry jobKind = "DropExpiry" // delete all entries of an expiry index
)

// A step of a job is bounded, so that the writers who share its commit wait
// little for it.
const (
	maxStepRows  = 1000
	maxStepBytes = 1 << 20
)

// jobRetry is how long a job waits after a failure of the store, in real time.
const jobRetry = time.Second

func jobKey(id uint64) []byte {
	return binary.BigEndian.AppendUint64(systemKey(systemJobs), id)
}

// addJob stores a job in the transaction that makes it necessary. Its id is a
// hash of what it does, which is done once only: ids are never reused.
func addJob(w kv.Writer, j job) error {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", j.Kind, j.TableID, j.IndexID))
	j.ID = binary.BigEndian.Uint64(sum[:])
	b, err := sealJSON(j)
	if err != nil {
		return err
	}
	return w.Put(jobKey(j.ID), b)
}

// dropTable deletes a table's record and leaves its rows to a job.
func (e *Engine) dropTable(ctx context.Context, name string) (*tableRecord, error) {
	e.control.Lock()
	defer e.control.Unlock()
	now := e.micros()
	var rec *tableRecord
	err := e.store.Update(kv.WithPurpose(ctx, kv.PurposeReclaim), func(w kv.Writer) error {
		v, err := w.Get(catalogKey(name))
		if err != nil {
			return err
		}
		if v == nil {
			return tableNotFound(name)
		}
		if rec, err = decodeRecord(bytes.Clone(v)); err != nil {
			return err
		}
		if rec.DeletionProtection {
			return api.Validation("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
		}
		if err := dropJournal(w, rec, now); err != nil {
			return err
		}
		if err := removeRecord(w, rec); err != nil {
			return err
		}
		return addJob(w, job{Kind: jobDropTable, Table: name, TableID: rec.ID})
	})
	if err != nil {
		return nil, e.unsettled(ctx, err)
	}
	e.catalog.Store(e.catalog.Load().with(name, nil))
	e.subscriptions.forget(rec.ID)
	e.readers.wake(rec.ID)
	return rec, nil
}

// jobs is the goroutine that carries out the jobs, one after the other.
type jobs struct {
	wake   chan struct{}
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func (js *jobs) start(e *Engine) {
	ctx, cancel := context.WithCancel(context.Background())
	js.cancel = cancel
	js.wake = make(chan struct{}, 1)
	js.done.Go(func() { e.runJobs(ctx) })
}

func (js *jobs) stop() {
	js.cancel()
	js.done.Wait()
}

// kick tells that there is a job.
func (js *jobs) kick() {
	select {
	case js.wake <- struct{}{}:
	default: // it has been told
	}
}

func (e *Engine) runJobs(ctx context.Context) {
	background := e.newBackground()
	for ctx.Err() == nil {
		again, err := e.runJobsOnce(ctx)
		background.failed(err)
		if again {
			continue
		}
		var retry <-chan time.Time
		if err != nil {
			if errors.Is(err, kv.ErrClosed) || errors.Is(err, kv.ErrReadOnly) {
				return // until the store is opened again
			}
			retry = time.After(jobRetry)
		}
		select {
		case <-ctx.Done():
		case <-e.jobs.wake:
		case <-retry:
		}
	}
}

// runJobsOnce carries out one step of each job, and reports whether there is more to do.
func (e *Engine) runJobsOnce(ctx context.Context) (again bool, err error) {
	var list []job
	err = e.store.View(ctx, func(r kv.Reader) error {
		list = nil
		for p, err := range r.Scan(systemKey(systemJobs), systemKey(systemJobs+1), false) {
			if err != nil {
				return err
			}
			var j job
			if err := openJSON(p.Value, &j); err != nil {
				return fmt.Errorf("%w: job %x: %w", kv.ErrCorrupt, p.Key, err)
			}
			list = append(list, j)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	var errs []error
	for _, j := range list {
		if err := e.stepJob(ctx, j); err != nil {
			errs = append(errs, fmt.Errorf("job %s of table %q: %w", j.Kind, j.Table, err))
		}
	}
	return len(list) > len(errs), errors.Join(errs...)
}

func (e *Engine) stepJob(ctx context.Context, j job) error {
	switch j.Kind {
	case jobDropTable:
		t := &table{id: j.TableID} // its journal is left to those who still read it
		return e.stepDrop(ctx, j, t.spaceKey(spaceHead, 0), t.spaceKey(spaceJournal, 0), nil)
	case jobDropIndex:
		prefix := (&table{id: j.TableID}).indexKey(&index{id: j.IndexID}, 0)
		return e.stepDrop(ctx, j, prefix, keyenc.PrefixEnd(prefix), e.forgetIndex)
	case jobFillIndex:
		return e.stepFill(ctx, j)
	case jobFillExpiry:
		return e.stepFillExpiry(ctx, j)
	case jobDropExpiry:
		t := &table{id: j.TableID}
		return e.stepDrop(ctx, j, t.spaceKey(spaceExpiry, 0), t.spaceKey(spaceExpiry+1, 0), e.forgetExpiry)
	}
	return fmt.Errorf("this version of Stator does not know it")
}

// store keeps the job's cursor, or deletes the job when done.
func (j job) store(w kv.Writer, done bool) error {
	if done {
		return w.Delete(jobKey(j.ID))
	}
	b, err := sealJSON(j)
	if err != nil {
		return err
	}
	return w.Put(jobKey(j.ID), b)
}

// still reports whether the job is not done yet, and at the cursor that it has.
func (j job) still(r kv.Reader) (bool, error) {
	v, err := r.Get(jobKey(j.ID))
	if err != nil || v == nil {
		return false, err
	}
	var now job
	if err := openJSON(v, &now); err != nil {
		return false, err
	}
	return bytes.Equal(now.Cursor, j.Cursor), nil
}

// stepDrop deletes some of the rows lo <= key < hi. When there are none left,
// it calls after and ends the job.
func (e *Engine) stepDrop(ctx context.Context, j job, lo, hi []byte, after func(context.Context, job) error) error {
	ctx = kv.WithPurpose(ctx, kv.PurposeReclaim)
	done := false
	err := e.store.Update(ctx, func(w kv.Writer) error {
		done = true
		if ok, err := j.still(w); !ok || err != nil {
			return err
		}
		rows, err := deleteSome(w, lo, hi)
		done = rows == 0
		return err
	})
	if err != nil || !done {
		return err
	}
	if after != nil {
		return after(ctx, j)
	}
	return e.store.Update(ctx, func(w kv.Writer) error { return j.store(w, true) })
}

// deleteSome deletes some of the rows lo <= key < hi, as many as one step does,
// and returns how many: 0 when there are none left.
func deleteSome(w kv.Writer, lo, hi []byte) (rows int, err error) {
	size := 0
	var last []byte
	for p, err := range w.Scan(lo, hi, false) {
		if err != nil {
			return 0, err
		}
		last = append(append(last[:0], p.Key...), 0)
		rows++
		if size += len(p.Key) + len(p.Value); rows == maxStepRows || size >= maxStepBytes {
			break
		}
	}
	if rows == 0 {
		return 0, nil
	}
	return rows, w.DeleteRange(lo, last)
}

// forgetIndex takes a deleted index, whose entries are gone, out of the
// table's record and heads, and ends the job.
func (e *Engine) forgetIndex(ctx context.Context, j job) error {
	_, err := e.changeTable(ctx, j.Table, func(w kv.Writer, rec *tableRecord) error {
		if rec.ID != j.TableID {
			return errGone
		}
		rec.Indexes = slices.DeleteFunc(rec.Indexes, func(x indexRecord) bool { return x.ID == j.IndexID })
		rec.forgetDefinitions()
		for slot := range rec.Slots {
			k := headKey(rec.ID, byte(slot))
			v, err := w.Get(k)
			if err != nil {
				return err
			}
			h, err := decodeHead(v)
			if err != nil {
				return err
			}
			h.indexes = slices.DeleteFunc(h.indexes, func(c indexCounter) bool { return c.id == j.IndexID })
			if err := w.Put(k, h.encode()); err != nil {
				return err
			}
		}
		return j.store(w, true)
	})
	return e.endIfGone(ctx, j, err)
}

// errGone says that the table of a job is gone, or that its name is another table's now.
var errGone = errors.New("the table is gone")

// endIfGone ends a job whose table is gone: another job deletes all its rows.
func (e *Engine) endIfGone(ctx context.Context, j job, err error) error {
	if !errors.Is(err, errGone) && !errors.Is(err, api.ErrTableNotFound) {
		return err
	}
	return e.store.Update(ctx, func(w kv.Writer) error { return j.store(w, true) })
}

// stepFill makes the entries of some base rows in a new index. Every write
// since the index was defined keeps it up to date, so a row that has its entry
// is passed over.
//
// It goes by the table's record in its own transaction: another process may have
// defined the index, and this one not know it yet.
func (e *Engine) stepFill(ctx context.Context, j job) error {
	now := e.micros()
	full := false
	err := e.store.Update(ctx, func(w kv.Writer) error {
		full = false
		if ok, err := j.still(w); !ok || err != nil {
			return err
		}
		t, x, err := j.index(w)
		if err != nil {
			return err
		}
		if x == nil { // the table or the index was deleted before the index was full
			return j.store(w, true)
		}
		full, err = (&tx{w: w, now: now}).fill(t, x, j)
		return err
	})
	if err != nil || !full {
		return err
	}
	_, err = e.changeTable(ctx, j.Table, func(w kv.Writer, rec *tableRecord) error {
		if rec.ID != j.TableID {
			return errGone
		}
		for i := range rec.Indexes {
			if r := &rec.Indexes[i]; r.ID == j.IndexID && r.Status == api.IndexStatusCreating {
				r.Status, r.Backfilling = api.IndexStatusActive, false
			}
		}
		return j.store(w, true)
	})
	return e.endIfGone(ctx, j, err)
}

// index returns the job's table and the index that it fills, as the store has
// them; nil when the index is not being created any more.
func (j job) index(r kv.Reader) (*table, *index, error) {
	v, err := r.Get(catalogKey(j.Table))
	if err != nil || v == nil {
		return nil, nil, err
	}
	rec, err := decodeRecord(bytes.Clone(v))
	if err != nil || rec.ID != j.TableID {
		return nil, nil, err
	}
	t, err := newTable(rec)
	if err != nil {
		return nil, nil, err
	}
	for _, x := range t.indexes {
		if x.id == j.IndexID && x.rec.Status == api.IndexStatusCreating {
			return t, x, nil
		}
	}
	return t, nil, nil
}

// fill makes the entries of some rows from the job's cursor on, and moves it.
// It reports whether there are no more rows.
func (x *tx) fill(t *table, ix *index, j job) (done bool, err error) {
	type entry struct {
		key  []byte
		row  row
		slot byte
	}
	var entries []entry
	lo, hi := t.spaceKey(spaceRow, 0), t.spaceKey(spaceRow+1, 0)
	if j.Cursor != nil {
		lo = j.Cursor
	}
	rows, size := 0, 0
	done = true
	for p, err := range x.w.Scan(lo, hi, false) {
		if err != nil {
			return false, err
		}
		base, err := openRow(p.Key, p.Value)
		if err != nil {
			return false, err
		}
		item := base.item()
		k, r, err := t.entry(ix, base, keyenc.Hash(item.Prefix(len(t.keys))))
		if err != nil {
			return false, err
		}
		if k != nil {
			r.seal(k, base.time(), 0)
			slot := t.slot([hashSize]byte(p.Key[5:]))
			entries = append(entries, entry{k, r, slot})
			x.addHead(t, slot)
		}
		j.Cursor = append(bytes.Clone(p.Key), 0)
		rows++
		if size += len(r) + len(p.Value); rows == maxStepRows || size >= maxStepBytes {
			done = false
			break
		}
	}
	if _, err := x.load(nil, nil); err != nil {
		return false, err
	}
	keys := make([][]byte, len(entries))
	for i := range entries {
		keys[i] = entries[i].key
	}
	found, err := x.w.GetMany(keys)
	if err != nil {
		return false, err
	}
	for i, en := range entries {
		if found[i] != nil {
			continue
		}
		if err := x.w.Put(en.key, en.row); err != nil {
			return false, err
		}
		h := x.head(t, en.slot)
		h.index(ix.id).count(1, en.row.size())
		h.dirty = true
	}
	if err := j.store(x.w, false); err != nil {
		return false, err
	}
	return done, x.finish()
}
