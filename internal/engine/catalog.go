package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// catalog is the set of all tables, as this process knows it. It is never
// changed: a change publishes another one.
type catalog struct {
	tables   map[string]*table
	names    []string // in order
	expiring []*table // those whose items expire, in order of their names
}

func newCatalog(tables map[string]*table) *catalog {
	c := &catalog{tables: tables, names: slices.Sorted(maps.Keys(tables))}
	for _, name := range c.names {
		if t := tables[name]; t.expires {
			c.expiring = append(c.expiring, t)
		}
	}
	return c
}

// with returns a catalog in which name is t, or is absent when t is nil.
func (c *catalog) with(name string, t *table) *catalog {
	tables := maps.Clone(c.tables)
	if t == nil {
		delete(tables, name)
	} else {
		tables[name] = t
	}
	return newCatalog(tables)
}

// errStale says that a transaction met another generation of the table than
// its operation was prepared for: an index was added, or the table was deleted
// or made anew. Nothing was written; the operation is prepared again.
var errStale = errors.New("the table's definition has changed")

// maxPrepares bounds how often an operation is prepared again. Each time
// somebody has changed the table in between.
const maxPrepares = 100

// maxSame bounds how often in a row the catalog turns out to be as it was before.
const maxSame = 5

// prepared runs attempt until it does not meet a changed definition. attempt looks the tables up by e.table.
func (e *Engine) prepared(ctx context.Context, attempt func() error) error {
	var err error
	same := 0
	for i := 0; i < maxPrepares && same < maxSame; i++ {
		if err = attempt(); !errors.Is(err, errStale) {
			return err
		}
		before := e.catalog.Load()
		if err := e.loadCatalog(ctx); err != nil {
			return err
		}
		if same++; !maps.Equal(before.tables, e.catalog.Load().tables) {
			same = 0
		}
	}
	// Nobody has changed the table, or not so often: its record and the heads of its slots do not agree.
	return fmt.Errorf("%w: the heads of a table do not agree with its record: %w", kv.ErrCorrupt, err)
}

// table returns the definition of the named table.
func (e *Engine) table(nameOrARN *string) (*table, error) {
	t := e.catalog.Load().tables[tableName(nameOrARN)]
	if t != nil && !(e.life.delay > 0 && e.life.status(t.name, e.opt.Now()).status == api.TableStatusCreating) {
		return t, nil
	}
	return nil, &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found"}
}

func catalogKey(name string) []byte { return systemKey(systemCatalog, []byte(name)...) }

// loadCatalog reads all definitions from the store and publishes them.
func (e *Engine) loadCatalog(ctx context.Context) error {
	e.control.Lock()
	defer e.control.Unlock()
	return e.loadCatalogLocked(ctx)
}

// loadCatalogLocked keeps the definitions that have not changed: operations that look one table
// up twice, and a catalog is loaded in between, count on finding the same one.
func (e *Engine) loadCatalogLocked(ctx context.Context) error {
	var have, tables map[string]*table
	if c := e.catalog.Load(); c != nil {
		have = c.tables
	}
	err := e.store.View(ctx, func(r kv.Reader) error {
		tables = map[string]*table{}
		for p, err := range r.Scan(systemKey(systemCatalog), systemKey(systemCatalog+1), false) {
			if err != nil {
				return err
			}
			rec, err := decodeRecord(p.Value)
			if err != nil {
				return err
			}
			if t := have[rec.Name]; t != nil && t.id == rec.ID && t.gen == rec.Generation {
				tables[rec.Name] = t
				continue
			}
			t, err := newTable(rec)
			if err != nil {
				return err
			}
			e.meter(t, have[rec.Name])
			tables[rec.Name] = t
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	e.catalog.Store(newCatalog(tables))
	return nil
}

// changeTable runs change on a copy of the table's record in a transaction,
// and stores and publishes the new definition.
func (e *Engine) changeTable(ctx context.Context, name string, change func(kv.Writer, *tableRecord) error) (*table, error) {
	e.control.Lock()
	defer e.control.Unlock()
	var changed *tableRecord
	err := e.store.Update(ctx, func(w kv.Writer) error {
		v, err := w.Get(catalogKey(name))
		if err != nil {
			return err
		}
		if v == nil {
			return tableNotFound(name)
		}
		old, err := decodeRecord(bytes.Clone(v))
		if err != nil {
			return err
		}
		changed = old.clone()
		if err := change(w, changed); err != nil {
			return err
		}
		return storeRecord(w, changed)
	})
	if err != nil {
		return nil, e.unsettled(ctx, err)
	}
	e.readers.wake(changed.ID) // what they read may have ended
	return e.publish(changed)
}

// unsettled lets this process follow a change of the catalog when it is unknown
// whether it took place: it reads the catalog and looks for the job that came with the
// change, also when the end of ctx is what made it unknown.
func (e *Engine) unsettled(ctx context.Context, err error) error {
	if !errors.Is(err, kv.ErrOutcomeUnknown) {
		return err
	}
	e.jobs.kick()
	return errors.Join(err, e.loadCatalogLocked(context.WithoutCancel(ctx)))
}

func tableNotFound(name string) error {
	return &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found: Table: " + name + " not found"}
}

// publish makes rec, in a copy that shares nothing with the request which it
// came from, the definition that operations find.
func (e *Engine) publish(rec *tableRecord) (*table, error) {
	b, err := rec.encode()
	if err != nil {
		return nil, err
	}
	if rec, err = decodeRecord(b); err != nil {
		return nil, err
	}
	t, err := newTable(rec)
	if err != nil {
		return nil, err
	}
	e.meter(t, e.catalog.Load().tables[rec.Name])
	e.catalog.Store(e.catalog.Load().with(rec.Name, t))
	return t, nil
}

// storeRecord writes a changed record, and its new generation into the head
// of each slot, where every write finds it.
func storeRecord(w kv.Writer, rec *tableRecord) error {
	rec.Generation++
	b, err := rec.encode()
	if err != nil {
		return err
	}
	if err := w.Put(catalogKey(rec.Name), b); err != nil {
		return err
	}
	for slot := range rec.Slots {
		k := headKey(rec.ID, byte(slot))
		v, err := w.Get(k)
		if err != nil {
			return err
		}
		h := head{}
		if v != nil {
			if h, err = decodeHead(v); err != nil {
				return err
			}
		}
		h.generation = rec.Generation
		if err := w.Put(k, h.encode()); err != nil {
			return err
		}
	}
	return nil
}

// removeRecord deletes a table's record and its heads, so that a write that
// was prepared before finds nothing to write to. The rows are left to a job.
func removeRecord(w kv.Writer, rec *tableRecord) error {
	if err := w.Delete(catalogKey(rec.Name)); err != nil {
		return err
	}
	for slot := range rec.Slots {
		if err := w.Delete(headKey(rec.ID, byte(slot))); err != nil {
			return err
		}
	}
	return nil
}

// readHeads yields the heads of all slots of a table.
func readHeads(r kv.Reader, rec *tableRecord) ([]head, error) {
	keys := make([][]byte, rec.Slots)
	for slot := range keys {
		keys[slot] = headKey(rec.ID, byte(slot))
	}
	found, err := r.GetMany(keys)
	if err != nil {
		return nil, err
	}
	heads := make([]head, 0, len(found))
	for slot, v := range found {
		if v == nil {
			continue // the table was deleted meanwhile
		}
		if len(heads) < slot {
			return nil, fmt.Errorf("%w: table %q lacks a head before that of slot %d", kv.ErrCorrupt, rec.Name, slot)
		}
		h, err := decodeHead(v)
		if err != nil {
			return nil, err
		}
		heads = append(heads, h)
	}
	if n := len(heads); n > 0 && n < rec.Slots {
		return nil, fmt.Errorf("%w: table %q has %d heads for %d slots", kv.ErrCorrupt, rec.Name, n, rec.Slots)
	}
	return heads, nil
}
