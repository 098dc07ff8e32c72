package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// journal is what the store knows of a table's journal: who may read which
// part of it. It has a row of its own, which outlives the table.
type journal struct {
	Table     string
	TableID   uint32
	UUID      string // TableId
	Slots     int
	KeySchema []api.KeySchemaElement
	Dropped   int64 `json:",omitempty"` // µs since 1970, when the table was deleted

	LastWindowID uint32
	Windows      []window
}

// window is the part of a journal that one reader was promised: the changes
// from when it was opened to when it was closed, each for the time of its
// retention. While any window is open, every change of the table is recorded.
type window struct {
	ID        uint32
	Kind      windowKind
	Retention int64 // µs

	Started int64    // µs since 1970
	Start   []uint64 // per slot: the sequence after which it begins
	Ended   int64    `json:",omitempty"` // 0: it is open
	End     []uint64 `json:",omitempty"` // per slot: the last sequence in it

	// Of a stream.
	Label    string             `json:",omitempty"`
	ViewType api.StreamViewType `json:",omitempty"`
	Epochs   []epoch            `json:",omitempty"`

	// Of a data stream.
	DataStream *dataStream `json:",omitempty"`
}

type windowKind string

const (
	windowStream     windowKind = "Stream"
	windowDataStream windowKind = "DataStream"
)

func journalsKey(tableID uint32) []byte {
	return binary.BigEndian.AppendUint32(systemKey(systemJournals), tableID)
}

// readJournal returns the journal of a table, nil when it never had one.
func readJournal(r kv.Reader, tableID uint32) (*journal, error) {
	v, err := r.Get(journalsKey(tableID))
	if err != nil || v == nil {
		return nil, err
	}
	return decodeJournal(v)
}

// journals are the journals that readers read last, decoded. A reader at the end of a
// journal reads its windows for each change, which took as long as all the rest.
type journals struct {
	mu   sync.Mutex
	last map[uint32]decodedJournal // by table id; mu guards it
}

type decodedJournal struct {
	row []byte
	*journal
}

// read is readJournal. The journal is shared, and must not be changed.
func (js *journals) read(r kv.Reader, tableID uint32) (*journal, error) {
	v, err := r.Get(journalsKey(tableID))
	if err != nil || v == nil {
		return nil, err
	}
	js.mu.Lock()
	last := js.last[tableID]
	js.mu.Unlock()
	if bytes.Equal(v, last.row) {
		return last.journal, nil
	}
	j, err := decodeJournal(v)
	if err != nil {
		return nil, err
	}
	js.mu.Lock()
	defer js.mu.Unlock()
	if js.last == nil || len(js.last) >= maxJournalsKept {
		js.last = map[uint32]decodedJournal{}
	}
	js.last[tableID] = decodedJournal{bytes.Clone(v), j}
	return j, nil
}

const maxJournalsKept = 1000

func decodeJournal(v []byte) (*journal, error) {
	j := &journal{}
	if err := openJSON(v, j); err != nil {
		return nil, fmt.Errorf("%w: the windows of a journal: %w", kv.ErrCorrupt, err)
	}
	if j.Slots < 1 || j.Slots > maxSlots {
		return nil, fmt.Errorf("%w: the journal of table %q has %d slots", kv.ErrCorrupt, j.Table, j.Slots)
	}
	for _, w := range j.Windows {
		if (w.Kind == windowDataStream) != (w.DataStream != nil) {
			return nil, fmt.Errorf("%w: window %d of the journal of table %q is a %s, and is not", kv.ErrCorrupt, w.ID, j.Table, w.Kind)
		}
		if len(w.Start) != j.Slots || w.Ended != 0 && len(w.End) != j.Slots {
			return nil, fmt.Errorf("%w: window %d of the journal of table %q is not one of %d slots", kv.ErrCorrupt, w.ID, j.Table, j.Slots)
		}
		for _, n := range w.Epochs {
			if len(n.Start) != j.Slots {
				return nil, fmt.Errorf("%w: a shard of the journal of table %q is not one of %d slots", kv.ErrCorrupt, j.Table, j.Slots)
			}
		}
	}
	return j, nil
}

// readJournals returns all journals, in the order of the ids of their tables. With an error
// that is kv.ErrCorrupt it returns those that can be read.
func readJournals(r kv.Reader) ([]*journal, error) {
	return findJournals(r, func([]byte) bool { return true })
}

// readJournalsOf returns the journals of the table of a name and of those that had the name
// before. Rows that do not have the name in them are not decoded: with 1,000 tables,
// to decode all took 6 ms, for each DescribeStream.
func readJournalsOf(r kv.Reader, table string) ([]*journal, error) {
	name, err := json.Marshal(table)
	if err != nil {
		return nil, err
	}
	list, err := findJournals(r, func(row []byte) bool { return bytes.Contains(row, name) })
	return slices.DeleteFunc(list, func(j *journal) bool { return j.Table != table }), err
}

func findJournals(r kv.Reader, wanted func(row []byte) bool) (list []*journal, damage error) {
	for p, err := range r.Scan(systemKey(systemJournals), systemKey(systemJournals+1), false) {
		if err != nil {
			return nil, err
		}
		if !wanted(p.Value) && checkSeal(p.Value) == nil {
			continue
		}
		if j, err := decodeJournal(p.Value); err != nil {
			damage = errors.Join(damage, fmt.Errorf("row %x: %w", p.Key, err))
		} else {
			list = append(list, j)
		}
	}
	return list, damage
}

func (j *journal) store(w kv.Writer) error {
	b, err := sealJSON(j)
	if err != nil {
		return err
	}
	return w.Put(journalsKey(j.TableID), b)
}

// open reports whether there is a window that is open.
func (j *journal) open() bool {
	return slices.ContainsFunc(j.Windows, func(w window) bool { return w.Ended == 0 })
}

// window returns the one with an id, nil when it is gone.
func (j *journal) window(id uint32) *window {
	for i := range j.Windows {
		if j.Windows[i].ID == id {
			return &j.Windows[i]
		}
	}
	return nil
}

// last returns the last sequence of a slot that is in the window, for a slot
// whose head is at sequence.
func (w *window) last(slot int, sequence uint64) uint64 {
	if w.Ended != 0 {
		return w.End[slot]
	}
	return sequence
}

// readSequences returns the sequence of each slot, and the latest time of a commit.
func readSequences(r kv.Reader, tableID uint32, slots int) (sequences []uint64, latest int64, err error) {
	keys := make([][]byte, slots)
	for slot := range keys {
		keys[slot] = headKey(tableID, byte(slot))
	}
	found, err := r.GetMany(keys)
	if err != nil {
		return nil, 0, err
	}
	sequences = make([]uint64, slots)
	lost := 0
	for slot, v := range found {
		if v == nil {
			lost++
			continue
		}
		h, err := decodeHead(v)
		if err != nil {
			return nil, 0, err
		}
		sequences[slot], latest = h.sequence, max(latest, h.time)
	}
	switch {
	case lost == slots:
		return nil, 0, errStale // the table is gone
	case lost > 0:
		return nil, 0, fmt.Errorf("%w: table id %d has %d heads for %d slots", kv.ErrCorrupt, tableID, slots-lost, slots)
	}
	return sequences, latest, nil
}

// sequences returns the last sequence of each slot, also of a table that is gone.
func (j *journal) sequences(r kv.Reader) ([]uint64, error) {
	if j.Dropped == 0 {
		sequences, _, err := readSequences(r, j.TableID, j.Slots)
		return sequences, err
	}
	return j.recorded(nil), nil
}

// openWindow opens a window on the changes from now on, in the transaction
// that changes the table's record. The record's heads must be there.
func openWindow(w kv.Writer, rec *tableRecord, win window, now int64) error {
	j, err := readJournal(w, rec.ID)
	if err != nil {
		return err
	}
	if j == nil {
		j = &journal{Table: rec.Name, TableID: rec.ID, UUID: rec.UUID, Slots: rec.Slots, KeySchema: rec.KeySchema}
	}
	var latest int64
	if win.Start, latest, err = readSequences(w, rec.ID, rec.Slots); err != nil {
		return err
	}
	j.LastWindowID++
	win.ID, win.Started = j.LastWindowID, max(now, latest)
	if win.Kind == windowStream {
		win.Epochs = []epoch{{Time: win.Started, Start: win.Start}}
	}
	j.Windows = append(j.Windows, win)
	rec.Journal = true
	return j.store(w)
}

// closeWindow ends the window that is looked for; what it holds can be read for the rest of its retention.
func closeWindow(w kv.Writer, rec *tableRecord, now int64, which func(*window) bool) error {
	j, err := readJournal(w, rec.ID)
	if err != nil || j == nil {
		return err
	}
	if err := j.close(w, now, which); err != nil {
		return err
	}
	rec.Journal = j.open()
	return j.store(w)
}

func (j *journal) close(r kv.Reader, now int64, which func(*window) bool) error {
	sequences, latest, err := readSequences(r, j.TableID, j.Slots)
	if err != nil {
		return err
	}
	for i := range j.Windows {
		if win := &j.Windows[i]; win.Ended == 0 && which(win) {
			win.Ended, win.End = max(now, latest), sequences
		}
	}
	return nil
}

// dropJournal closes all windows of a table that is deleted, and forgets its subscriptions.
func dropJournal(w kv.Writer, rec *tableRecord, now int64) error {
	if err := dropSubscriptions(w, rec.ID); err != nil {
		return err
	}
	j, err := readJournal(w, rec.ID)
	if err != nil || j == nil {
		return err
	}
	if err := j.close(w, now, func(*window) bool { return true }); err != nil {
		return err
	}
	j.Dropped = now
	return j.store(w)
}

// oldest returns the first sequence of a slot, whose last is given, that an open window
// has of those committed at or after since; last+1 when there is none. From there on
// none is missing; before it may be what closed windows keep, with gaps.
func (j *journal) oldest(r kv.Reader, slot int, last uint64, since, now int64) (uint64, error) {
	oldest := last + 1
	for _, w := range j.Windows {
		if w.Ended != 0 {
			continue
		}
		at, err := sequenceSince(r, j.TableID, byte(slot), w.Start[slot]+1, last, max(since, now-w.Retention+1))
		if err != nil {
			return 0, err
		}
		oldest = min(oldest, at)
	}
	return oldest, nil
}

// recorded returns the last sequence of each slot that has or had a record, of
// slots that are at sequences: while no window is open, there are changes without one.
func (j *journal) recorded(sequences []uint64) []uint64 {
	if j.open() {
		return sequences
	}
	ends := make([]uint64, j.Slots)
	for _, w := range j.Windows {
		for slot, end := range w.End {
			ends[slot] = max(ends[slot], end)
		}
	}
	return ends
}
