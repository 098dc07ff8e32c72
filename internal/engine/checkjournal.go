package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/keyenc"
	"github.com/statordb/stator/kv"
)

// journalRow checks the row of a journal's windows, and remembers it.
func (c *checker) journalRow(p kv.Pair) {
	j, err := decodeJournal(p.Value)
	switch {
	case err != nil:
		c.note(err)
	case !bytes.Equal(p.Key, journalsKey(j.TableID)):
		c.fault("the windows of the journal of table id %d are at %x", j.TableID, p.Key)
	default:
		c.journals[j.TableID] = j
	}
}

// subscriptionRow checks how far a reader is said to have come. Its table's journal has been remembered.
func (c *checker) subscriptionRow(p kv.Pair) error {
	s, err := decodeSubscription(p.Value)
	if err != nil {
		c.note(err)
		return nil
	}
	const nameAt = 5 + 4
	if len(p.Key) <= nameAt {
		c.fault("subscription %x has no name", p.Key)
		return nil
	}
	j := c.journals[binary.BigEndian.Uint32(p.Key[5:])]
	if j == nil || j.Dropped != 0 || len(s.Next) != j.Slots {
		c.fault("subscription %x is of no table with a journal, or has another number of slots: %.200q", p.Key, p.Value)
		return nil
	}
	sequences, _, err := readSequences(c.r, j.TableID, j.Slots)
	if err != nil {
		c.note(fmt.Errorf("subscription %x: %w", p.Key, err))
		return nil
	}
	for slot, next := range s.Next {
		if next == 0 || next > sequences[slot]+1 {
			c.fault("subscription %x is at sequence %d of slot %d, which ends at %d", p.Key, next, slot, sequences[slot])
		}
	}
	return nil
}

// checkWindows checks that a table's record and its journal agree.
func (c *checker) checkWindows(rec *tableRecord) {
	j := c.journals[rec.ID]
	open, stream := false, false
	if j != nil {
		if j.Table != rec.Name || j.UUID != rec.UUID || j.Slots != rec.Slots || j.Dropped != 0 {
			c.fault("the journal of table %q is one of table %q (%s, %d slots, dropped at %d)", rec.Name, j.Table, j.UUID, j.Slots, j.Dropped)
			return
		}
		open = j.open()
		for _, w := range j.Windows {
			stream = stream || w.Kind == windowStream && w.Ended == 0 && rec.Stream != nil && w.Label == rec.Stream.Label
		}
	}
	if rec.Journal != open {
		c.fault("table %q: that its changes are recorded is %t, that there is a window open is %t", rec.Name, rec.Journal, open)
	}
	if enabled := rec.Stream != nil && rec.Stream.Enabled; enabled != stream {
		c.fault("table %q: that it has a stream is %t, that there is a window for it is %t", rec.Name, enabled, stream)
	}
}

// journalCheck is the check of one table's journal.
type journalCheck struct {
	*checker
	j         *journal
	t         *table // nil: it is gone
	sequences []uint64
	times     []int64 // of the last commit of each slot; nil when the table is gone

	records int64
	slot    int
	last    uint64 // the last sequence that was seen in slot
	time    int64  // of the record there
}

// checkJournal checks the records of a journal, of a table that is there or gone.
func (c *checker) checkJournal(j *journal, t *table, heads []head) error {
	k := journalCheck{checker: c, j: j, t: t, slot: -1}
	switch {
	case t == nil && j.Dropped == 0:
		k.fault("the table is gone, and its journal does not say so")
		return nil
	case t != nil && len(heads) != j.Slots:
		return nil // checkWindows has told it
	}
	if t != nil {
		for _, h := range heads {
			k.sequences, k.times = append(k.sequences, h.sequence), append(k.times, h.time)
		}
	} else {
		var err error
		if k.sequences, err = j.sequences(c.r); err != nil {
			return err
		}
	}
	lo, hi := journalKey(j.TableID, 0, 0)[:spaceKeySize], binary.BigEndian.AppendUint32(nil, j.TableID)
	hi = append(hi, spaceJournal+1)
	if err := c.each(lo, hi, k.record); err != nil {
		return err
	}
	for k.slot < j.Slots {
		k.endSlot()
	}
	passes := k.records/maxChained + 1
	for pass := range passes {
		if err := k.chains(lo, hi, uint64(pass), uint64(passes)); err != nil {
			return err
		}
	}
	return nil
}

func (k *journalCheck) fault(format string, args ...any) {
	k.checker.fault("journal of table %q: "+format, append([]any{k.j.Table}, args...)...)
}

// record checks one record, and that none is missing before it.
func (k *journalCheck) record(p kv.Pair) error {
	k.checked.JournalRecords++
	n, err := readRecord(p)
	if err != nil {
		k.note(err)
		return nil
	}
	if int(n.slot) >= k.j.Slots {
		k.fault("record %x is of slot %d of %d", p.Key, n.slot, k.j.Slots)
		return nil
	}
	k.records++
	for k.slot < int(n.slot) {
		k.endSlot()
	}
	if n.sequence == 0 || n.sequence > k.sequences[n.slot] {
		k.fault("record %d of slot %d, which ends at %d", n.sequence, n.slot, k.sequences[n.slot])
	}
	if n.time < k.time || k.times != nil && n.time > k.times[n.slot] {
		k.fault("record %d of slot %d was committed at %d µs, one before it at %d µs", n.sequence, n.slot, n.time, k.time)
	}
	if n.sequence > k.last+1 {
		k.missing(k.last+1, n.sequence-1)
	}
	k.last, k.time = n.sequence, n.time
	return k.items(p.Key, n)
}

// items checks that a record's items are whole, in canonical form, and one item's.
func (k *journalCheck) items(at []byte, n recorded) error {
	attributes := len(k.j.KeySchema)
	var names []string
	for _, e := range k.j.KeySchema {
		names = append(names, *e.AttributeName)
	}
	for _, one := range []struct {
		item itemcodec.Item
		size int
	}{{n.old, n.oldSize}, {n.new, n.newSize}} {
		if one.item == nil {
			continue
		}
		item, err := itemcodec.DecodeItem(one.item)
		if err != nil {
			k.fault("record %x: %v", at, err)
			return nil
		}
		again, err := itemcodec.AppendItem(nil, item, names...)
		if err != nil || !bytes.Equal(again, one.item) || item.Size() != one.size {
			k.fault("record %x holds an item that is not in canonical form, or does not count %d bytes", at, one.size)
			return nil
		}
	}
	if n.old != nil && n.new != nil {
		if !bytes.Equal(n.old.Prefix(attributes), n.new.Prefix(attributes)) {
			k.fault("record %x holds two items with different keys", at)
		}
		if bytes.Equal(n.old, n.new) {
			k.fault("record %x changes nothing", at)
		}
	}
	if k.t != nil {
		if key, err := k.t.keyOf(n.item()); err != nil || k.t.slot(key.hash) != n.slot {
			k.fault("record %x is in slot %d, and its item is not", at, n.slot)
		}
	}
	return nil
}

// missing reports records that no window may lack: those that would be too
// young to have been trimmed.
func (k *journalCheck) missing(from, to uint64) {
	for _, w := range k.j.Windows {
		first, last := max(from, w.Start[k.slot]+1), min(to, w.last(k.slot, k.sequences[k.slot]))
		if first > last {
			continue
		}
		horizon := k.now - w.Retention
		atEnd := k.times != nil && last == k.sequences[k.slot] && k.times[k.slot] > horizon
		if w.Started > horizon || k.last >= first-1 && k.time > horizon && k.last > 0 || atEnd {
			k.fault("records %d to %d of slot %d are missing", first, last, k.slot)
			return
		}
	}
}

// endSlot goes on to the next slot.
func (k *journalCheck) endSlot() {
	if k.slot >= 0 && k.last < k.sequences[k.slot] {
		k.missing(k.last+1, k.sequences[k.slot])
	}
	k.slot++
	k.last, k.time = 0, 0
}

// maxChained is about how many items the check of a journal's history keeps in
// memory. A journal with more records is read several times.
const maxChained = 100_000

// chained is the last image that the journal has of an item.
type chained struct {
	sum      uint32 // of the stored item; 0 when it is absent
	slot     byte
	sequence uint64
	row      []byte // its key
}

// chains checks the history of a part of the items: each record begins with what the last one
// left, and the last one left what is in the table.
func (k *journalCheck) chains(lo, hi []byte, pass, passes uint64) error {
	items := map[[hashSize]byte]chained{}
	broken := make([]uint64, k.j.Slots) // per slot: the sequence from which on no record is missing
	last := make([]uint64, k.j.Slots)
	err := k.each(lo, hi, func(p kv.Pair) error {
		n, err := readRecord(p)
		if err != nil || int(n.slot) >= k.j.Slots {
			return nil // record has told it
		}
		if n.sequence != last[n.slot]+1 {
			broken[n.slot] = n.sequence
		}
		last[n.slot] = n.sequence
		hash := keyenc.Hash(n.item().Prefix(len(k.j.KeySchema)))
		if binary.BigEndian.Uint64(hash[:])%passes != pass {
			return nil
		}
		if before, ok := items[hash]; ok && before.sequence >= broken[n.slot] && before.sum != imageSum(n.old) {
			k.fault("record %d of slot %d does not begin with what record %d left", n.sequence, n.slot, before.sequence)
		}
		now := chained{sum: imageSum(n.new), slot: n.slot, sequence: n.sequence}
		if k.t != nil {
			key, err := k.t.keyOf(n.item())
			if err != nil {
				return nil
			}
			now.row = key.row
		}
		items[hash] = now
		return nil
	})
	if err != nil || k.t == nil {
		return err
	}
	for _, n := range items {
		if n.sequence < broken[n.slot] || last[n.slot] != k.sequences[n.slot] {
			continue // there were changes that nobody recorded
		}
		v, err := k.r.Get(n.row)
		if err != nil {
			return err
		}
		r, err := openRow(n.row, v)
		if err == nil && imageSum(itemOf(r)) != n.sum {
			k.fault("row %x is not what record %d of slot %d left", n.row, n.sequence, n.slot)
		}
	}
	return nil
}

func imageSum(item itemcodec.Item) uint32 {
	if item == nil {
		return 0
	}
	return crc32.Checksum(item, castagnoli)
}
