package stator

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
)

// SalvageOptions say what Salvage takes. A nil *SalvageOptions is all defaults.
type SalvageOptions struct {
	// Stale also takes rows from pages that are free, or of which that is not
	// known: when an item has no current row, the newest of its old ones. Items that were deleted come back so,
	// and others may be older than they were. Default: only what is current.
	Stale bool

	// Options are those of the new database: its clock, and the region and account in its ARNs.
	Options *Options
}

// SalvageReport is what was saved, and what not.
type SalvageReport struct {
	Tables []SalvagedTable // in the order of their names

	Pages        uint64 // of the damaged file
	SkippedPages uint64 // that are damaged
	LostPages    uint64 // that the damage cut off, and that were found again
	UnknownPages uint64 // with items, that are cut off or free: nothing says which, and only SalvageOptions.Stale takes them

	Unreadable int64 // items on pages that were read, whose checksum or form is wrong
	Orphans    int64 // items of tables that are deleted, or of which nothing is known

	// Faults are what is wrong with the pages of the file, at most 100, and Omitted how many more there are.
	Faults  []string
	Omitted int
}

// SalvagedTable is what was saved of a table.
type SalvagedTable struct {
	Name    string
	Rebuilt bool // its definition was lost: its keys were told from its items; indexes, tags and settings are gone

	Items    int64 // that were saved, all in all
	Found    int64 // of these, on pages that the damage had cut off
	Restored int64 // of these, from an index that projects all attributes
	Stale    int64 // of these, perhaps outdated or deleted; only with SalvageOptions.Stale

	// Counted is how many items the table had by its own count; -1 when that is lost.
	Counted int64

	// Missing are the keys of items that are known to be lost, at most 100, and MissingCount how many are known.
	Missing      []string
	MissingCount int64
}

// Lost reports whether the file was damaged so that items are lost, or may be.
func (r *SalvageReport) Lost() bool {
	if r.Unreadable > 0 || r.UnknownPages > 0 {
		return true
	}
	for _, t := range r.Tables {
		if t.Rebuilt || t.MissingCount > 0 || t.Stale > 0 || t.Counted != t.Items {
			return true
		}
	}
	return len(r.Tables) == 0 && len(r.Faults) > 0
}

// Salvage saves what is readable in the damaged file path into a new database in
// the file newPath, which must not exist yet. path is only read, and nobody may have it open for writing (ErrLocked).
//
// Saved are tables with their definitions, tags, indexes and time to live, and
// every item whose checksum is right: those that reads would find, those on pages that
// the damage has cut off, and those that an index holds a whole copy of. Indexes and counters
// are made anew. Streams, data streams, subscriptions, the journal, idempotency tokens and jobs are not saved: streams
// are off in the new database. The new database has been checked when Salvage returns without an error.
func Salvage(ctx context.Context, path, newPath string, options *SalvageOptions) (*SalvageReport, error) {
	var o SalvageOptions
	if options != nil {
		o = *options
	}
	full, err := o.Options.engine()
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(newPath); err == nil {
		return nil, fmt.Errorf("stator: salvage: %s is there already: %w", newPath, os.ErrExist)
	}
	from, err := boltkv.OpenSalvage(ctx, path, engine.RowTime)
	if err != nil {
		return nil, fmt.Errorf("stator: salvage %s: %w", path, err)
	}
	defer func() { _ = from.Close() }()
	told, err := salvageInto(ctx, from, newPath, full, o.Stale)
	if err != nil {
		return nil, fmt.Errorf("stator: salvage %s: %w", path, err)
	}
	report := &SalvageReport{Pages: from.Pages, SkippedPages: from.Skipped, LostPages: from.Lost, UnknownPages: from.Unknown, Unreadable: told.Unreadable, Orphans: told.Orphans, Omitted: from.Omitted}
	for _, fault := range from.Faults {
		report.Faults = append(report.Faults, fault.Error())
	}
	for _, t := range told.Tables {
		report.Tables = append(report.Tables, SalvagedTable(t))
	}
	return report, nil
}

// salvageInto makes the new file, and removes it again when that fails.
func salvageInto(ctx context.Context, from *boltkv.Salvage, newPath string, o engine.Options, stale bool) (told *engine.Salvaged, err error) {
	into, err := boltkv.Open(newPath, &boltkv.Options{LockTimeout: -1})
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, into.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(newPath))
		}
	}()
	return engine.Salvage(ctx, salvageSource{from}, into, o, stale)
}

// salvageSource gives the engine the rows of a damaged file.
type salvageSource struct{ *boltkv.Salvage }

func (s salvageSource) Rows(ctx context.Context, stale bool, fn func(engine.SalvageRow) error) error {
	return s.Salvage.Rows(ctx, stale, func(r boltkv.SalvagedRow) error {
		return fn(engine.SalvageRow{Key: r.Key, Value: r.Value, Lost: r.Source == boltkv.FromLost, Stale: r.Source == boltkv.FromFree, Sound: r.Sound})
	})
}
