package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/keyenc"
	"github.com/statordb/stator/kv"
)

// maxFaults bounds how many faults a Check tells. The rest is counted.
const maxFaults = 100

// CheckError is what Check found: at least one fault.
type CheckError struct {
	Faults  []error // in the order of the rows, at most 100
	Omitted int     // how many more there were
}

// Error returns a line for each fault.
func (e *CheckError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the store has %d faults", len(e.Faults)+e.Omitted)
	for _, f := range e.Faults {
		b.WriteString("\n\t" + f.Error())
	}
	if e.Omitted > 0 {
		fmt.Fprintf(&b, "\n\tand %d more", e.Omitted)
	}
	return b.String()
}

// Unwrap returns the faults.
func (e *CheckError) Unwrap() []error { return e.Faults }

// Check reads every row of the store and reports what does not agree, as a *CheckError whose faults
// wrap kv.ErrCorrupt (or say that a newer version wrote the row): the header, the catalog, jobs and
// tokens; rows that nobody owns; base rows against their checksum, their key and their canonical
// form; index entries against base rows, both ways; the counters of each slot
// and the sizes of item collections against what is there; the expiry index; the journal, of which no
// record may be missing, against itself and the base rows. Any other error is
// one of the store or of ctx.
//
// It reads one snapshot, so that writes may go on meanwhile: a file can grow by
// what they replace. Its memory does not grow with the store.
func (e *Engine) Check(ctx context.Context) error {
	_, err := e.CheckAll(ctx)
	return err
}

// checker is one Check at work on its snapshot. Its methods note faults and
// return the errors that end the Check.
type checker struct {
	ctx     context.Context
	r       kv.Reader
	storeID string
	found   CheckError
	checked Checked
	steps   int

	nextID  uint32
	records map[uint32]*tableRecord // by id
	jobs    map[jobOf]bool

	journals map[uint32]*journal // by table id
	now      int64               // µs since 1970
}

// jobOf is what a job is about.
type jobOf struct {
	kind    jobKind
	tableID uint32
	indexID uint16
}

func (c *checker) fault(format string, args ...any) {
	c.note(fmt.Errorf("%w: "+format, append([]any{kv.ErrCorrupt}, args...)...))
}

func (c *checker) note(err error) {
	if len(c.found.Faults) == maxFaults {
		c.found.Omitted++
		return
	}
	c.found.Faults = append(c.found.Faults, err)
}

// each calls fn with every row lo <= key < hi.
func (c *checker) each(lo, hi []byte, fn func(kv.Pair) error) error {
	for p, err := range c.r.Scan(lo, hi, false) {
		if err != nil {
			return err
		}
		if c.steps++; c.steps%1024 == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		if err := fn(p); err != nil {
			return err
		}
	}
	return nil
}

// first returns the first key with lo <= key < hi, nil when there is none.
func (c *checker) first(lo, hi []byte) ([]byte, error) {
	for p, err := range c.r.Scan(lo, hi, false) {
		return p.Key, err
	}
	return nil, nil
}

func (c *checker) check() error {
	c.records, c.jobs, c.journals = map[uint32]*tableRecord{}, map[jobOf]bool{}, map[uint32]*journal{}
	system := binary.BigEndian.AppendUint32(nil, 1)
	if err := c.each(nil, system, c.systemRow); err != nil {
		return err
	}
	c.checkJobs()
	for at := system; at != nil; {
		k, err := c.first(at, nil)
		if k == nil || err != nil {
			return errors.Join(err, c.checkEmptyTables())
		}
		var id [4]byte
		copy(id[:], k)
		at = keyenc.PrefixEnd(id[:])
		if err := c.tableRows(binary.BigEndian.Uint32(id[:])); err != nil {
			return err
		}
	}
	return c.checkEmptyTables()
}

// tableRows checks the rows of one table id.
func (c *checker) tableRows(id uint32) error {
	prefix := binary.BigEndian.AppendUint32(nil, id)
	rec := c.records[id]
	delete(c.records, id)
	if rec != nil {
		return c.checkTable(rec)
	}
	journal := append(bytes.Clone(prefix), spaceJournal)
	k, err := c.first(prefix, journal)
	if err != nil {
		return err
	}
	if k == nil && c.journals[id] == nil {
		if k, err = c.first(journal, keyenc.PrefixEnd(prefix)); err != nil {
			return err
		}
	}
	if k != nil && !c.jobs[jobOf{kind: jobDropTable, tableID: id}] {
		c.fault("rows of table id %d, which no table and no job has (first key %x)", id, k)
	}
	if j := c.journals[id]; j != nil {
		return c.checkJournal(j, nil, nil)
	}
	return nil
}

// checkEmptyTables tells the tables of which there is no row at all, not even heads.
func (c *checker) checkEmptyTables() error {
	for _, rec := range c.records {
		if err := c.checkTable(rec); err != nil {
			return err
		}
	}
	return nil
}

// systemRow checks one of the store's own rows, and remembers what the rows of tables are checked against.
func (c *checker) systemRow(p kv.Pair) error {
	if len(p.Key) < 5 {
		c.fault("key %x is too short", p.Key)
		return nil
	}
	rest := p.Key[5:]
	switch p.Key[4] {
	case systemHeader:
		var h header
		if err := openJSON(p.Value, &h); err != nil || len(rest) > 0 || h.Magic != headerMagic || h.Format > headerFormat || h.StoreID != c.storeID {
			c.fault("header %x is %.200q", p.Key, p.Value)
		}
	case systemCatalog:
		rec, err := decodeRecord(bytes.Clone(p.Value))
		switch {
		case err != nil:
			c.note(fmt.Errorf("table %q: %w", rest, err))
		case rec.Name != string(rest):
			c.fault("the catalog has table %q under the name %q", rec.Name, rest)
		case c.records[rec.ID] != nil:
			c.fault("tables %q and %q have the same id %d", rec.Name, c.records[rec.ID].Name, rec.ID)
		default:
			c.records[rec.ID] = rec
		}
	case systemNextID:
		id, err := decodeNextID(p.Value)
		if len(rest) > 0 || err != nil {
			c.fault("next table id %x is %x", p.Key, p.Value)
			return nil
		}
		c.nextID = id
	case systemJobs:
		var j job
		if err := openJSON(p.Value, &j); err != nil || !bytes.Equal(p.Key, jobKey(j.ID)) {
			c.fault("job %x is %.200q", p.Key, p.Value)
			return nil
		}
		c.jobs[jobOf{j.Kind, j.TableID, j.IndexID}] = true
	case systemTokens:
		return c.token(p)
	case systemTokensByTime:
		return c.tokenByTime(p)
	case systemJournals:
		c.journalRow(p)
	case systemSubscribers:
		return c.subscriptionRow(p)
	default:
		c.fault("row %x is of no kind that this version knows", p.Key)
	}
	return nil
}

// checkJobs checks that jobs are about tables and indexes that need them, and that those have them.
func (c *checker) checkJobs() {
	for j := range c.jobs {
		switch j.kind {
		case jobDropTable, jobFillIndex, jobDropIndex, jobFillExpiry, jobDropExpiry:
		default:
			c.fault("job %s of table id %d: this version does not know it", j.kind, j.tableID)
		}
		if j.tableID == 0 || j.tableID >= c.nextID {
			c.fault("job %s of table id %d, but the next id is %d", j.kind, j.tableID, c.nextID)
		}
		if j.kind == jobDropTable && c.records[j.tableID] != nil {
			c.fault("table %q has a job that deletes its rows", c.records[j.tableID].Name)
		}
	}
	for id, rec := range c.records {
		if id == 0 || id >= c.nextID {
			c.fault("table %q has id %d, but the next id is %d", rec.Name, id, c.nextID)
		}
		c.checkTTL(rec)
		c.checkWindows(rec)
		for _, x := range rec.Indexes {
			switch {
			case x.ID > rec.NextIndexID:
				c.fault("index %q of table %q has id %d, but the last id is %d", x.Name, rec.Name, x.ID, rec.NextIndexID)
			case x.Status == api.IndexStatusCreating && !c.jobs[jobOf{jobFillIndex, id, x.ID}]:
				c.fault("index %q of table %q is CREATING without a job", x.Name, rec.Name)
			case x.Status == api.IndexStatusDeleting && !c.jobs[jobOf{jobDropIndex, id, x.ID}]:
				c.fault("index %q of table %q is DELETING without a job", x.Name, rec.Name)
			}
		}
	}
}

// tableCheck is the check of one table.
type tableCheck struct {
	*checker
	t      *table
	heads  []head             // by slot, as stored
	counts []map[int]*counter // by slot: -1 the base rows, else the index by its place

	hash           [hashSize]byte // of the item collection under way
	collectionSize int64
}

const baseRows = -1

func (c *checker) checkTable(rec *tableRecord) error {
	c.checked.Tables++
	t, err := newTable(rec)
	if err != nil {
		c.note(err)
		return nil
	}
	k := tableCheck{checker: c, t: t}
	space := func(s byte) []byte { return t.spaceKey(s, 0) }
	steps := []struct {
		lo, hi []byte
		each   func(kv.Pair) error
		after  func() error
	}{
		{space(0), space(spaceHead), k.unknown, nil},
		{space(spaceHead), space(spaceRow), k.head, k.countHeads},
		{space(spaceRow), space(spaceIndex), k.row, k.endCollection},
		{space(spaceIndex), space(spaceCollection), k.entry, nil},
		{space(spaceCollection), space(spaceExpiry), k.collection, nil},
		{space(spaceExpiry), space(spaceExpiry + 1), k.expiry, nil},
		{space(spaceJournal), space(spaceJournal + 1), k.journalRecord, k.compareCounts},
		{space(spaceJournal + 1), keyenc.PrefixEnd(binary.BigEndian.AppendUint32(nil, t.id)), k.unknown, nil},
	}
	for _, s := range steps {
		if err := c.each(s.lo, s.hi, s.each); err != nil {
			return err
		}
		if s.after != nil {
			if err := s.after(); err != nil {
				return err
			}
		}
	}
	if j := c.journals[rec.ID]; j != nil {
		return c.checkJournal(j, t, k.heads)
	}
	return nil
}

// journalRecord reports a record of a table that has no journal. Others are checked by checkJournal.
func (c *tableCheck) journalRecord(p kv.Pair) error {
	if c.journals[c.t.id] == nil {
		c.fault("record %x of a journal that the table does not have", p.Key)
	}
	return nil
}

func (c *tableCheck) fault(format string, args ...any) {
	c.checker.fault("table %q: "+format, append([]any{c.t.name}, args...)...)
}

// named returns what can be read of an item's key, to stand in a fault.
func (c *tableCheck) named(value []byte) string {
	if name := itemName(value, len(c.t.keys)); name != "" {
		return ", item " + name
	}
	return ""
}

func (c *tableCheck) unknown(p kv.Pair) error {
	c.fault("row %x is of no space that this version knows", p.Key)
	return nil
}

func (c *tableCheck) head(p kv.Pair) error {
	if len(p.Key) != len(headKey(0, 0)) || int(p.Key[5]) != len(c.heads) || len(c.heads) >= c.t.rec.Slots {
		c.fault("head %x: unexpected among %d slots, after %d heads", p.Key, c.t.rec.Slots, len(c.heads))
		return nil
	}
	h, err := decodeHead(p.Value)
	if err != nil {
		c.note(fmt.Errorf("table %q, head %x: %w", c.t.name, p.Key, err))
	} else if h.generation != c.t.gen {
		c.fault("head %x has generation %d, the catalog %d", p.Key, h.generation, c.t.gen)
	}
	c.heads = append(c.heads, h)
	return nil
}

func (c *tableCheck) countHeads() error {
	if len(c.heads) != c.t.rec.Slots {
		c.fault("%d heads for %d slots", len(c.heads), c.t.rec.Slots)
	}
	c.counts = make([]map[int]*counter, c.t.rec.Slots)
	for slot := range c.counts {
		c.counts[slot] = map[int]*counter{baseRows: {}}
		for _, ix := range c.t.indexes {
			c.counts[slot][ix.pos] = &counter{}
		}
	}
	c.heads = append(c.heads, make([]head, c.t.rec.Slots-len(c.heads))...)
	return nil
}

// row checks a base row, and that every index has its entry. What the entry holds is checked by entry.
func (c *tableCheck) row(p kv.Pair) error {
	c.checked.Items++
	base, err := openRow(p.Key, p.Value)
	if err != nil {
		c.note(fmt.Errorf("table %q%s: %w", c.t.name, c.named(p.Value), err))
		return nil
	}
	c.checked.ItemBytes += int64(base.size())
	key, ok := c.itemKey(p.Key, base)
	if !ok {
		return nil
	}
	if !bytes.Equal(key.row, p.Key) {
		c.fault("row %x holds the item whose key is %x", p.Key, key.row)
		return nil
	}
	slot := c.t.slot(key.hash)
	c.counts[slot][baseRows].count(1, base.size())
	if base.time() > c.heads[slot].time {
		c.fault("row %x was committed at %d µs, later than its slot's head says, %d µs", p.Key, base.time(), c.heads[slot].time)
	}
	if key.hash != c.hash {
		if err := c.endCollection(); err != nil {
			return err
		}
		c.hash = key.hash
	}
	c.collectionSize += int64(base.size())
	if err := c.hasExpiry(p.Key, base); err != nil {
		return err
	}
	rowHash := keyenc.Hash(key.attrs)
	for _, ix := range c.t.indexes {
		k, r, err := c.t.entry(ix, base, rowHash)
		if err != nil {
			c.fault("row %x, index %q: %v", p.Key, ix.name, err)
		}
		if k == nil {
			continue
		}
		if ix.local {
			c.collectionSize += int64(r.size())
		}
		v, err := c.r.Get(k)
		if err != nil {
			return err
		}
		if v == nil && ix.queryable() {
			c.fault("index %q lacks the entry %x of row %x%s", ix.name, k, p.Key, c.named(p.Value))
		}
	}
	return nil
}

// itemKey checks that a row's item is whole and in its canonical form, and returns its key.
func (c *tableCheck) itemKey(at []byte, r row) (k key, ok bool) {
	item, err := itemcodec.DecodeItem(r.item())
	if err != nil {
		c.fault("row %x: %v", at, err)
		return k, false
	}
	for _, a := range c.t.keys {
		if v, ok := item[a.name]; !ok || v.Kind() != a.kind || v.Len() == 0 {
			c.fault("row %x: its key attribute %q is %v, want one of type %v", at, a.name, v, a.kind)
			return k, false
		}
	}
	again, err := itemcodec.AppendItem(nil, item, c.t.keyNames...)
	if err != nil || !bytes.Equal(again, r.item()) {
		c.fault("row %x is not in canonical form", at)
		return k, false
	}
	if size := item.Size(); size != r.size() {
		c.fault("row %x says that it counts %d bytes, but it does %d", at, r.size(), size)
	}
	if k, err = c.t.keyOf(r.item()); err != nil {
		c.fault("row %x: %v", at, err)
	}
	return k, err == nil
}

// endCollection compares the size of the item collection that ends.
func (c *tableCheck) endCollection() error {
	size := c.collectionSize
	c.collectionSize = 0
	if !c.t.local || size == 0 {
		return nil
	}
	k := c.t.collectionKey(key{hash: c.hash})
	stored, err := collectionBytes(c.r, k)
	switch {
	case errors.Is(err, kv.ErrCorrupt):
		c.note(err)
		return nil
	case err == nil && stored != size:
		c.fault("item collection %x has a size of %d bytes, but holds %d", k, stored, size)
	}
	return err
}

// entry checks that an index entry is what its base row makes of it.
func (c *tableCheck) entry(p kv.Pair) error {
	const idAt = 5
	if len(p.Key) < idAt+2 {
		c.fault("index key %x is too short", p.Key)
		return nil
	}
	id := binary.BigEndian.Uint16(p.Key[idAt:])
	var ix *index
	for _, x := range c.t.indexes {
		if x.id == id {
			ix = x
		}
	}
	if ix == nil {
		if !c.jobs[jobOf{jobDropIndex, c.t.id, id}] {
			c.fault("entry %x is of an index that the table does not have", p.Key)
		}
		return nil
	}
	c.checked.IndexEntries++
	r, err := openRow(p.Key, p.Value)
	if err != nil {
		c.note(fmt.Errorf("table %q, index %q%s: %w", c.t.name, ix.name, c.named(p.Value), err))
		return nil
	}
	key, ok := c.itemKey(p.Key, r)
	if !ok {
		return nil
	}
	c.counts[c.t.slot(key.hash)][ix.pos].count(1, r.size())
	v, err := c.r.Get(key.row)
	if err != nil {
		return err
	}
	base, err := openRow(key.row, v)
	if err != nil {
		return nil // row has told it
	}
	if base == nil {
		c.fault("index %q has the entry %x of row %x, which is absent%s", ix.name, p.Key, key.row, c.named(p.Value))
		return nil
	}
	wantKey, want, err := c.t.entry(ix, base, keyenc.Hash(key.attrs))
	switch {
	case err != nil || !bytes.Equal(wantKey, p.Key):
		c.fault("index %q has the entry %x of row %x, which has it at %x", ix.name, p.Key, key.row, wantKey)
	case !bytes.Equal(want.item(), r.item()):
		c.fault("index %q, entry %x differs from what row %x projects", ix.name, p.Key, key.row)
	case r.time() > base.time():
		c.fault("index %q, entry %x was committed at %d µs, later than row %x", ix.name, p.Key, r.time(), key.row)
	}
	return nil
}

// collection checks that there is an item in the item collection whose size is stored. How large it is has been compared.
func (c *tableCheck) collection(p kv.Pair) error {
	const hashAt = 5
	if !c.t.local || len(p.Key) != hashAt+hashSize {
		c.fault("size of an item collection at %x, unexpected", p.Key)
		return nil
	}
	rows := append(c.t.spaceKey(spaceRow, hashSize), p.Key[hashAt:]...)
	k, err := c.first(rows, keyenc.PrefixEnd(rows))
	if k == nil && err == nil {
		c.fault("size of item collection %x, which has no item", p.Key)
	}
	return err
}

// compareCounts compares the counters in the heads with what was counted.
func (c *tableCheck) compareCounts() error {
	for slot, counted := range c.counts {
		h := &c.heads[slot]
		if h.rows != *counted[baseRows] {
			c.fault("slot %d: its head counts %+v rows, there are %+v", slot, h.rows, *counted[baseRows])
		}
		for _, ix := range c.t.indexes {
			if n := h.index(ix.id); *n != *counted[ix.pos] {
				c.fault("slot %d: its head counts %+v entries of index %q, there are %+v", slot, *n, ix.name, *counted[ix.pos])
			}
		}
		for _, x := range h.indexes {
			known := c.jobs[jobOf{jobDropIndex, c.t.id, x.id}]
			for _, ix := range c.t.indexes {
				known = known || ix.id == x.id
			}
			if !known {
				c.fault("slot %d: its head counts the entries of index id %d, which the table does not have", slot, x.id)
			}
		}
	}
	return nil
}
