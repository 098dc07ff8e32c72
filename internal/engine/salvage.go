package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/keyenc"
	"github.com/statordb/stator/kv"
)

// SalvageSource is a damaged store, of which some rows can be read.
type SalvageSource interface {
	// Rows calls fn with the rows that can be read, those that were found in
	// their places first, in the order of their keys. With stale, rows that may
	// be older than the last of their key, or deleted, come last. It may be called several times.
	Rows(ctx context.Context, stale bool, fn func(SalvageRow) error) error

	// Lacks reports whether rows with lo <= key < hi may be missing from their places.
	Lacks(lo, hi []byte) bool
}

// SalvageRow is a row that could be read; its slices are valid until the func that got it returns.
type SalvageRow struct {
	Key, Value []byte
	Lost       bool // it was found apart from the others, and is current
	Stale      bool // it may be older than the last one of its key, or deleted
	Sound      bool // what holds it is whole; otherwise only a checksum says so
}

// Salvaged is what a Salvage saved, and what not.
type Salvaged struct {
	Tables []SalvagedTable // in the order of their names

	// Unreadable are rows of tables whose checksum or form is wrong.
	Unreadable int64

	// Orphans are rows of tables that the catalog does not have, and that cannot be rebuilt: of deleted ones, or
	// of which not even one item could be read.
	Orphans int64
}

// SalvagedTable is what was saved of a table.
type SalvagedTable struct {
	Name    string
	Rebuilt bool // its definition was lost: the keys were told from its items, and the rest is gone

	Items    int64 // that were saved, all in all
	Found    int64 // of these, on pages apart from the tree, and current
	Restored int64 // of these, from an index that projects all attributes
	Stale    int64 // of these, perhaps outdated or deleted

	// Counted is how many items the table had by its own count; -1 when that is lost.
	Counted int64

	// Missing are keys of items that are known to be lost, at most 100 of them, and MissingCount how many are known.
	Missing      []string
	MissingCount int64
}

const (
	maxMissing      = 100     // keys that are told
	maxMissingKnown = 100_000 // that are counted
)

// Salvage writes what is readable in a damaged store to a new one: tables with
// their definitions, tags, indexes and time to live, and items. Indexes,
// counters and the expiry index are made anew. Streams, data streams, subscriptions, journal, tokens and jobs are not
// kept. The new store is checked at the end; its errors, and those of writing it, are returned. Its
// memory does not grow with the number of items, but with that of stale ones.
//
// Current rows alone are taken unless stale is asked for. Then a stale row is taken when there is no
// current one of its key, and of several the one that was committed last.
func Salvage(ctx context.Context, from SalvageSource, into kv.Store, o Options, stale bool) (*Salvaged, error) {
	e, err := open(ctx, into, o)
	if err != nil {
		return nil, err
	}
	if len(e.catalog.Load().names) > 0 {
		return nil, errors.New("salvage: the new store is not empty")
	}
	s := salvage{ctx: ctx, e: e, from: from, stale: stale, tables: map[uint32]*salvageTable{}, dropped: map[uint32]bool{},
		records: map[string]*tableRecord{}, journals: map[uint32]*journal{}}
	if err := s.run(); err != nil {
		return nil, fmt.Errorf("salvage: %w", err)
	}
	return s.report(), nil
}

type salvage struct {
	ctx   context.Context
	e     *Engine
	from  SalvageSource
	stale bool

	records  map[string]*tableRecord // by name
	journals map[uint32]*journal
	dropped  map[uint32]bool // tables with a job that deletes their rows
	heads    map[uint32]map[byte]int64
	tables   map[uint32]*salvageTable // by the id that they had

	batch      []write
	batched    map[string]bool // the keys in it
	batchBytes int
	last       []byte // the largest key of a base row that was saved from its place
	unreadable int64
	orphans    int64
}

// salvageTable is a table on its way into the new store.
type salvageTable struct {
	old, new *table
	told     SalvagedTable
	times    map[[hashSize]byte]int64 // commit times of stale rows that were taken
	missing  map[[hashSize]byte]missing
	damaged  bool // a row of it was unreadable
}

// missing is an item that is lost, unless it is found elsewhere.
type missing struct {
	name string
	row  []byte // its key in the new store
}

func (s *salvage) run() error {
	s.heads, s.batched = map[uint32]map[byte]int64{}, map[string]bool{}
	if err := s.from.Rows(s.ctx, s.stale, s.systemRow); err != nil {
		return err
	}
	for _, rec := range s.records {
		if err := s.addTable(rec, false); err != nil {
			return err
		}
	}
	if err := s.from.Rows(s.ctx, s.stale, s.baseRow); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	// Indexes of rows that were lost still name them, and those that project all attributes hold them.
	if s.unreadable > 0 || s.from.Lacks(nil, nil) {
		if err := s.from.Rows(s.ctx, false, s.entry); err != nil {
			return err
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
	if err := s.settleMissing(); err != nil {
		return err
	}
	return s.e.Check(s.ctx)
}

// systemRow collects what is known of tables.
func (s *salvage) systemRow(r SalvageRow) error {
	if len(r.Key) == len(headKey(0, 0)) && r.Key[4] == spaceHead && binary.BigEndian.Uint32(r.Key) != 0 && !r.Stale {
		if h, err := decodeHead(r.Value); err == nil {
			id := binary.BigEndian.Uint32(r.Key)
			if s.heads[id] == nil {
				s.heads[id] = map[byte]int64{}
			}
			s.heads[id][r.Key[5]] = h.rows.entries
		}
		return nil
	}
	if len(r.Key) < 5 || binary.BigEndian.Uint32(r.Key) != 0 {
		return nil
	}
	rest := r.Key[5:]
	switch r.Key[4] {
	case systemCatalog:
		rec, err := decodeRecord(bytes.Clone(r.Value))
		if err != nil || rec.Name != string(rest) || s.records[rec.Name] != nil {
			return nil
		}
		if r.Stale && !s.from.Lacks(r.Key, append(bytes.Clone(r.Key), 0)) {
			return nil // it was deleted
		}
		if _, err := safeTable(rec); err != nil {
			return nil
		}
		s.records[rec.Name] = rec
	case systemJobs:
		var j job
		if err := openJSON(r.Value, &j); err == nil && j.Kind == jobDropTable && bytes.Equal(r.Key, jobKey(j.ID)) {
			s.dropped[j.TableID] = true
		}
	case systemJournals:
		if j, err := decodeJournal(bytes.Clone(r.Value)); err == nil && bytes.Equal(r.Key, journalsKey(j.TableID)) && j.Dropped == 0 {
			s.journals[j.TableID] = j
		}
	}
	return nil
}

// safeTable is newTable of a record that may hold anything.
func safeTable(rec *tableRecord) (t *table, err error) {
	defer func() {
		if recover() != nil { // a member that every record has is not there
			t, err = nil, fmt.Errorf("%w: the record of table %q is not whole", kv.ErrCorrupt, rec.Name)
		}
	}()
	if err := (&api.DescribeTableInput{TableName: &rec.Name}).Validate(); err != nil {
		return nil, err
	}
	return newTable(rec)
}

// addTable makes a table in the new store.
func (s *salvage) addTable(old *tableRecord, rebuilt bool) error {
	before, err := newTable(old)
	if err != nil {
		return err
	}
	rec := old.clone()
	rec.Stream, rec.Journal = nil, false
	rec.Indexes = slices.DeleteFunc(rec.Indexes, func(x indexRecord) bool { return x.Status == api.IndexStatusDeleting })
	for i := range rec.Indexes {
		rec.Indexes[i].Status, rec.Indexes[i].Backfilling = api.IndexStatusActive, false
	}
	if rec.TTL != nil {
		rec.TTL.Status, rec.TTL.Settled = api.TimeToLiveStatusDisabled, 0
		if old.TTL.indexed() {
			rec.TTL.Status = api.TimeToLiveStatusEnabled
		}
	}
	err = s.e.store.Update(s.ctx, func(w kv.Writer) error {
		if rec.ID, err = nextID(w); err != nil {
			return err
		}
		return storeRecord(w, rec)
	})
	if err != nil {
		return fmt.Errorf("make table %q: %w", rec.Name, err)
	}
	after, err := s.e.publish(rec)
	if err != nil {
		return err
	}
	t := &salvageTable{old: before, new: after, missing: map[[hashSize]byte]missing{}, times: map[[hashSize]byte]int64{}}
	t.told = SalvagedTable{Name: rec.Name, Rebuilt: rebuilt, Counted: -1}
	if counts := s.heads[old.ID]; len(counts) == old.Slots {
		t.told.Counted = 0
		for _, n := range counts {
			t.told.Counted += n
		}
	}
	s.tables[old.ID] = t
	return nil
}

// baseRow saves a base row.
func (s *salvage) baseRow(r SalvageRow) error {
	if len(r.Key) < spaceKeySize+hashSize || r.Key[4] != spaceRow || binary.BigEndian.Uint32(r.Key) == 0 {
		return nil
	}
	id := binary.BigEndian.Uint32(r.Key)
	t := s.tables[id]
	v, err := openRow(r.Key, r.Value)
	if err != nil {
		if t != nil && !r.Stale {
			s.unreadable++
			t.damaged = true
			if r.Sound {
				t.miss(r.Key, r.Value)
			}
		}
		return nil
	}
	if t == nil {
		if t, err = s.rebuild(id, r, v); t == nil || err != nil {
			if !r.Stale {
				s.orphans++
			}
			return err
		}
	}
	return s.save(t, r.Key, v, r)
}

// save puts an item into the new store. rowKey is the key of its base row in the damaged one.
func (s *salvage) save(t *salvageTable, rowKey []byte, v row, r SalvageRow) error {
	item := slices.Clone(v.item())
	k, ok := t.keyOf(item)
	if !ok || !bytes.Equal(k.row[4:], rowKey[4:]) {
		s.unreadable++
		return nil
	}
	id := keyenc.Hash(k.attrs)
	restored := !bytes.Equal(rowKey, r.Key)
	inPlace := !r.Lost && !r.Stale && !restored
	above := bytes.Compare(r.Key, s.last) > 0
	if inPlace && above {
		s.last = append(s.last[:0], r.Key...)
	}
	// A row in its place is there once; but a damaged page can have one twice, which would be counted twice.
	if inPlace && above && r.Sound {
		t.told.Items++
	} else {
		there, err := s.has(k.row)
		if err != nil {
			return err
		}
		if time, taken := t.times[id]; there && !(taken && r.Stale && v.time() > time) {
			return nil
		} else if r.Stale {
			t.times[id] = v.time()
		}
		if !there {
			t.told.Items++
			switch {
			case restored:
				t.told.Restored++
			case r.Stale:
				t.told.Stale++
			case r.Lost:
				t.told.Found++
			}
		}
	}
	put := append(newRow(len(item)), item...)
	put.setSize(v.size())
	s.batch = append(s.batch, write{t: t.new, name: t.new.name, kind: writePut, put: put, key: k})
	s.batched[string(k.row)] = true
	if s.batchBytes += len(put); s.batchBytes > importBytes || len(s.batch) == importRows {
		return s.flush()
	}
	return nil
}

// keyOf returns the key, in the new table, of an item that is whole.
func (t *salvageTable) keyOf(stored itemcodec.Item) (k key, ok bool) {
	item, err := itemcodec.DecodeItem(stored)
	if err != nil || t.new.checkItemKey(stored) != nil {
		return k, false
	}
	again, err := itemcodec.AppendItem(nil, item, t.new.keyNames...)
	if err != nil || !bytes.Equal(again, stored) {
		return k, false
	}
	k, err = t.new.keyOf(stored)
	return k, err == nil
}

// has reports whether the new store has a base row.
func (s *salvage) has(rowKey []byte) (found bool, err error) {
	if s.batched[string(rowKey)] {
		return true, s.flush() // one transaction writes an item once
	}
	err = s.e.store.View(s.ctx, func(r kv.Reader) error {
		v, err := r.Get(rowKey)
		found = v != nil
		return err
	})
	return found, err
}

// flush writes the batch.
func (s *salvage) flush() error {
	if len(s.batch) == 0 {
		return nil
	}
	if _, err := s.e.writeMany(s.ctx, s.batch, false); err != nil {
		return fmt.Errorf("write to the new store: %w", err)
	}
	s.batch, s.batchBytes = s.batch[:0], 0
	clear(s.batched)
	return nil
}

// entry looks whether the item of an index entry was saved. It is restored when the entry has all of it.
func (s *salvage) entry(r SalvageRow) error {
	if len(r.Key) < spaceKeySize+2 || r.Key[4] != spaceIndex {
		return nil
	}
	t := s.tables[binary.BigEndian.Uint32(r.Key)]
	if t == nil || r.Stale {
		return nil
	}
	var ix *index
	for _, x := range t.old.indexes {
		if x.id == binary.BigEndian.Uint16(r.Key[spaceKeySize:]) {
			ix = x
		}
	}
	v, err := openRow(r.Key, r.Value)
	if ix == nil || err != nil || !t.damaged && !s.from.Lacks(t.old.spaceKey(spaceRow, 0), t.old.spaceKey(spaceRow+1, 0)) {
		return nil
	}
	k, ok := t.keyOf(v.item())
	if !ok {
		return nil
	}
	there, err := s.has(k.row)
	if there || err != nil {
		return err
	}
	rowKey := slices.Concat(r.Key[:4], k.row[4:])
	if ix.all {
		return s.save(t, rowKey, v, r)
	}
	t.miss(rowKey, r.Value)
	return nil
}

// miss notes that an item is lost. value is its row, or its entry in an index.
func (t *salvageTable) miss(rowKey, value []byte) {
	hash := keyenc.Hash(rowKey[4:])
	if _, known := t.missing[hash]; known || len(t.missing) >= maxMissingKnown {
		return
	}
	name := itemName(value, len(t.old.keys))
	if name == "" {
		name = fmt.Sprintf("row %x", rowKey)
	}
	t.missing[hash] = missing{name, append(binary.BigEndian.AppendUint32(nil, t.new.id), rowKey[4:]...)}
}

// settleMissing forgets the items that were thought to be lost, and were found elsewhere.
func (s *salvage) settleMissing() error {
	for _, t := range s.tables {
		for _, m := range t.missing {
			there, err := s.has(m.row)
			if err != nil {
				return err
			}
			if !there {
				t.told.MissingCount++
				t.told.Missing = append(t.told.Missing, m.name)
			}
		}
		slices.Sort(t.told.Missing)
		if len(t.told.Missing) > maxMissing {
			t.told.Missing = t.told.Missing[:maxMissing]
		}
	}
	return nil
}

// rebuild makes the table of a row whose definition is lost, nil when it was deleted. The key of the row and the first
// attributes of its item tell the table's keys.
func (s *salvage) rebuild(id uint32, r SalvageRow, v row) (*salvageTable, error) {
	at := systemKey(systemCatalog)
	heads := headKey(id, 0)
	if r.Stale || s.dropped[id] || !s.from.Lacks(at, systemKey(systemCatalog+1)) ||
		s.heads[id] == nil && !s.from.Lacks(heads, keyenc.PrefixEnd(heads[:spaceKeySize])) {
		return nil, nil
	}
	item, err := itemcodec.DecodeItem(v.item())
	if err != nil {
		return nil, nil
	}
	rec := &tableRecord{Name: fmt.Sprintf("salvaged-%d", id), ID: id, Slots: defaultSlots, Created: s.e.micros(), BillingMode: api.BillingModePayPerRequest}
	if j := s.journals[id]; j != nil && s.records[j.Table] == nil {
		rec.Name, rec.UUID, rec.Slots = j.Table, j.UUID, j.Slots
	}
	if rec.UUID == "" {
		if rec.UUID, err = s.e.newUUID(); err != nil {
			return nil, err
		}
	}
	keys := 1
	if len(r.Key) > spaceKeySize+hashSize {
		keys = 2
	}
	for name, value := range v.item().All() {
		keyType, first := api.KeyTypeRange, len(rec.KeySchema) == 0
		if first {
			keyType = api.KeyTypeHash
		}
		name = strings.Clone(name)
		kind := scalarType(item[name])
		if kind == "" || first && keyenc.Hash(value) != [hashSize]byte(r.Key[spaceKeySize:]) {
			return nil, nil
		}
		rec.AttributeDefinitions = append(rec.AttributeDefinitions, api.AttributeDefinition{AttributeName: &name, AttributeType: &kind})
		rec.KeySchema = append(rec.KeySchema, api.KeySchemaElement{AttributeName: &name, KeyType: &keyType})
		if len(rec.KeySchema) == keys {
			break
		}
	}
	if _, err := safeTable(rec); err != nil {
		return nil, nil
	}
	if err := s.flush(); err != nil {
		return nil, err
	}
	s.records[rec.Name] = rec
	err = s.addTable(rec, true)
	return s.tables[id], err
}

func scalarType(v attr.Value) api.ScalarAttributeType {
	switch v.Kind() {
	case attr.String:
		return api.ScalarAttributeTypeS
	case attr.Number:
		return api.ScalarAttributeTypeN
	case attr.Binary:
		return api.ScalarAttributeTypeB
	}
	return ""
}

func (s *salvage) report() *Salvaged {
	told := &Salvaged{Unreadable: s.unreadable, Orphans: s.orphans}
	for _, t := range s.tables {
		told.Tables = append(told.Tables, t.told)
	}
	slices.SortFunc(told.Tables, func(a, b SalvagedTable) int { return strings.Compare(a.Name, b.Name) })
	return told
}
