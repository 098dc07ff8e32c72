package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/kv"
)

// Expiry deletes the items whose time to live is over. To look through the
// tables for them would read everything again and again for the few that are
// due. So a table with a time to live has an index of its own, in the order of the times:
//
//	table id, 05, seconds since 1970 [8], the base row's key after its space → nothing
//
// applyChange keeps it, like every index, so that the items which are due are
// those from the index's beginning to now, and an item whose time was moved on is not among them.

// sweepRows bounds the items that one transaction of a sweep deletes.
const sweepRows = 250

// expiryYears is how long after its time an item is still deleted. An older one stays: its attribute is
// hardly meant as a time to live.
//
// Source: Amazon DynamoDB Developer Guide, "Using time to live (TTL) in DynamoDB".
const expiryYears = 5

// expiryOf returns the time in seconds since 1970 at which an item expires. It
// never does without the attribute, or when that is no number, negative, or of more
// than 18 digits. A fraction of a second does not count.
func expiryOf(item itemcodec.Item, attribute string) (seconds int64, ok bool) {
	v := item.Lookup(attribute)
	if v.Kind() != attr.Number {
		return 0, false
	}
	for i, c := range v.Bytes() { // in canonical form: no exponent, no plus sign
		switch {
		case c == '.' && i > 0:
			return seconds, true
		case c < '0' || c > '9' || i == 18:
			return 0, false
		}
		seconds = 10*seconds + int64(c-'0')
	}
	return seconds, true
}

// due is the span of times, in seconds since 1970, at which items expired that
// are to be deleted now: from <= time < to.
//
// Source: Amazon DynamoDB API Reference, "UpdateTimeToLive": the time in the attribute is less than the current time.
type due struct{ from, to int64 }

func dueAt(now time.Time) due {
	return due{max(0, now.AddDate(-expiryYears, 0, 0).Unix()), max(0, now.Unix())}
}

// expiryKey returns the key of a row's entry in the expiry index.
func (t *table) expiryKey(seconds int64, rowKey []byte) []byte {
	k := binary.BigEndian.AppendUint64(t.spaceKey(spaceExpiry, 8+len(rowKey)), uint64(seconds))
	return append(k, rowKey[spaceKeySize:]...)
}

// expiryBound returns the key that the entries from a time on begin with or follow.
func (t *table) expiryBound(seconds int64) []byte {
	return binary.BigEndian.AppendUint64(t.spaceKey(spaceExpiry, 8), uint64(seconds))
}

// expiryPlace returns the time in the key of an entry, and the key of its row;
// nil when it is none.
func (t *table) expiryPlace(k []byte) (seconds int64, rowKey []byte) {
	if len(k) <= spaceKeySize+8 {
		return 0, nil
	}
	rest := k[spaceKeySize+8:]
	return int64(binary.BigEndian.Uint64(k[spaceKeySize:])), append(t.spaceKey(spaceRow, len(rest)), rest...)
}

// changeExpiry brings the expiry index up to date with a change. While the
// index is being filled, the old row may not have its entry yet, which is the same to a deletion.
func (x *tx) changeExpiry(c change) error {
	was, had := expiryOf(itemOf(c.old), c.t.ttl)
	is, has := expiryOf(itemOf(c.new), c.t.ttl)
	if was == is && had == has {
		return nil
	}
	if had {
		if err := x.w.Delete(c.t.expiryKey(was, c.key.row)); err != nil {
			return err
		}
	}
	if has {
		return x.w.Put(c.t.expiryKey(is, c.key.row), []byte{})
	}
	return nil
}

// sweep is one table of a sweep.
type sweep struct {
	name string
	id   uint32
	at   []byte // the first key of the index that was not looked at
	hi   []byte
	done bool
}

// sweepExpired deletes at most so many of the items that are due now, in
// bounded transactions, a table after the other and around again. It returns how
// many it has deleted, also with an error. An entry of the index that does not go with its row is
// damage: it is passed over, and told in the error.
//
// Who makes the change is the service, and no user; it takes no capacity. It may run
// several times at once, and in several processes on one store.
func (e *Engine) sweepExpired(ctx context.Context, most int) (deleted int, err error) {
	expiring := e.catalog.Load().expiring
	if len(expiring) == 0 || most <= 0 {
		return 0, nil
	}
	now := e.opt.Now()
	span := dueAt(now)
	list := make([]*sweep, 0, len(expiring))
	turn := int(e.sweeps.Add(1)) // so that another table is the first each time
	err = e.store.View(ctx, func(r kv.Reader) error {
		list = list[:0]
		for i := range expiring {
			t := expiring[(i+turn)%len(expiring)]
			if now.UnixMicro() < t.rec.TTL.Settled {
				continue
			}
			s := &sweep{name: t.name, id: t.id, at: t.expiryBound(span.from), hi: t.expiryBound(span.to)}
			for _, err := range r.Scan(s.at, s.hi, false) {
				if err != nil {
					return err
				}
				list = append(list, s)
				break
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look for expired items: %w", err)
	}
	var errs []error
	for more := true; more; {
		more = false
		for _, s := range list {
			if s.done {
				continue
			}
			n, err := e.sweepTable(ctx, s, min(sweepRows, most-deleted))
			deleted += n
			if err != nil {
				errs = append(errs, fmt.Errorf("delete expired items of table %q: %w", s.name, err))
				if !errors.Is(err, errExpiryEntry) {
					s.done = true
				}
			}
			if deleted == most {
				return deleted, errors.Join(errs...)
			}
			more = more || !s.done
		}
	}
	return deleted, errors.Join(errs...)
}

// errExpiryEntry says that entries were passed over.
var errExpiryEntry = fmt.Errorf("%w: entries of the expiry index that do not go with their rows", kv.ErrCorrupt)

// sweepTable deletes at most so many due items of one table in one transaction.
func (e *Engine) sweepTable(ctx context.Context, s *sweep, most int) (deleted int, err error) {
	now := e.micros()
	var found dueItems
	var t *table
	err = e.prepared(ctx, func() error {
		found = dueItems{}
		t = e.catalog.Load().tables[s.name]
		if t == nil || t.id != s.id || !t.expires {
			return nil // it is gone, or was disabled meanwhile
		}
		return e.store.Update(kv.WithPurpose(ctx, kv.PurposeDelete), func(w kv.Writer) (err error) {
			x := tx{w: w, now: now}
			if found, err = x.dueItems(t, s.at, s.hi, most); err != nil {
				return err
			}
			return x.expire(t, found.keys)
		})
	})
	if err != nil {
		if errors.Is(err, kv.ErrTooBig) && most > 1 {
			return e.sweepTable(ctx, s, most/2)
		}
		return 0, err
	}
	if len(found.keys) > 0 {
		e.changed(t)
		t.meters.copies[e.meters.any()].expired.Add(int64(len(found.keys)))
	}
	s.at, s.done = found.next, found.next == nil
	if found.passed > 0 {
		err = errExpiryEntry
	}
	return len(found.keys), err
}

// dueItems are the items of some entries of the expiry index.
type dueItems struct {
	keys   []key
	passed int    // entries that do not go with their rows
	next   []byte // where to go on; nil at the end
}

func (x *tx) dueItems(t *table, lo, hi []byte, most int) (d dueItems, err error) {
	var times []int64
	var entries, rowKeys [][]byte
	for p, err := range x.w.Scan(lo, hi, false) {
		if err != nil {
			return d, err
		}
		if len(entries) == most {
			d.next = bytes.Clone(p.Key)
			break
		}
		seconds, rowKey := t.expiryPlace(p.Key)
		if rowKey == nil {
			d.passed++
			continue
		}
		times, entries, rowKeys = append(times, seconds), append(entries, p.Key), append(rowKeys, rowKey)
	}
	found, err := x.w.GetMany(rowKeys)
	if err != nil {
		return d, err
	}
	size := 0
	for i, v := range found {
		if size >= maxStepBytes {
			d.next = bytes.Clone(entries[i])
			return d, nil
		}
		size += len(v)
		base, err := openRow(rowKeys[i], v)
		if base == nil || err != nil {
			d.passed++
			continue
		}
		k, err := t.keyOf(base.item())
		if seconds, ok := expiryOf(base.item(), t.ttl); err != nil || !ok || seconds != times[i] || !bytes.Equal(k.row, rowKeys[i]) {
			d.passed++
			continue
		}
		d.keys = append(d.keys, k)
	}
	return d, nil
}

// expire deletes the items with these keys. It finds out, also of no keys, when
// the table is not the one any more that they were looked for in.
func (x *tx) expire(t *table, keys []key) error {
	tables := make([]*table, len(keys))
	for i := range tables {
		tables[i] = t
	}
	x.addHead(t, 0)
	rows, err := x.load(tables, keys)
	if err != nil {
		return err
	}
	for i, k := range keys {
		if _, err := x.applyChange(change{t: t, key: k, old: rows[i], service: true}); err != nil {
			return err
		}
	}
	return x.finish()
}

// stepFillExpiry makes the entries of some base rows in the expiry index.
// Every write since it was defined keeps it up to date. Like stepFill, it goes by the
// table's record in its own transaction.
func (e *Engine) stepFillExpiry(ctx context.Context, j job) error {
	full := false
	err := e.store.Update(ctx, func(w kv.Writer) error {
		full = false
		if ok, err := j.still(w); !ok || err != nil {
			return err
		}
		t, err := j.expiringTable(w)
		if err != nil {
			return err
		}
		if t == nil { // the table was deleted before the index was full
			return j.store(w, true)
		}
		full, err = fillExpiry(w, t, j)
		return err
	})
	if err != nil || !full {
		return err
	}
	return e.settleTTL(ctx, j, api.TimeToLiveStatusEnabling)
}

// expiringTable returns the job's table as the store has it; nil when its
// expiry index is not being filled by this job any more.
func (j job) expiringTable(r kv.Reader) (*table, error) {
	v, err := r.Get(catalogKey(j.Table))
	if err != nil || v == nil {
		return nil, err
	}
	rec, err := decodeRecord(bytes.Clone(v))
	if err != nil || rec.ID != j.TableID || rec.TTL == nil || rec.TTL.ID != j.IndexID || rec.TTL.Status != api.TimeToLiveStatusEnabling {
		return nil, err
	}
	return newTable(rec)
}

// fillExpiry makes the entries of some rows from the job's cursor on, and
// moves it. It reports whether there are no more rows.
func fillExpiry(w kv.Writer, t *table, j job) (done bool, err error) {
	lo := t.spaceKey(spaceRow, 0)
	if j.Cursor != nil {
		lo = j.Cursor
	}
	rows, size := 0, 0
	done = true
	var entries [][]byte
	for p, err := range w.Scan(lo, t.spaceKey(spaceRow+1, 0), false) {
		if err != nil {
			return false, err
		}
		base, err := openRow(p.Key, p.Value)
		if err != nil {
			return false, err
		}
		if at, ok := expiryOf(base.item(), t.ttl); ok {
			entries = append(entries, t.expiryKey(at, p.Key))
		}
		j.Cursor = append(bytes.Clone(p.Key), 0)
		rows++
		if size += len(p.Value); rows == maxStepRows || size >= maxStepBytes {
			done = false
			break
		}
	}
	for _, k := range entries {
		if err := w.Put(k, []byte{}); err != nil {
			return false, err
		}
	}
	return done, j.store(w, false)
}

// forgetExpiry ends a job that has emptied the expiry index.
func (e *Engine) forgetExpiry(ctx context.Context, j job) error {
	return e.settleTTL(ctx, j, api.TimeToLiveStatusDisabling)
}

// settleTTL ends a job and the status that its table is in for it.
func (e *Engine) settleTTL(ctx context.Context, j job, status api.TimeToLiveStatus) error {
	_, err := e.changeTable(ctx, j.Table, func(w kv.Writer, rec *tableRecord) error {
		if rec.ID != j.TableID || rec.TTL == nil || rec.TTL.ID != j.IndexID || rec.TTL.Status != status {
			return errGone
		}
		rec.TTL.settle()
		return j.store(w, true)
	})
	return e.endIfGone(ctx, j, err)
}
