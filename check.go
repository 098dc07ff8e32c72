package stator

import (
	"context"
	"errors"
	"fmt"

	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

// CheckReport is what a check went through and found.
type CheckReport struct {
	Bytes     int64  // the size of the file; 0 of a DB
	Pages     uint64 // of the file, in use or free; 0 of a DB
	FreePages uint64

	Tables         int
	Items          int64
	ItemBytes      int64 // their sizes by DynamoDB's rules
	IndexEntries   int64
	JournalRecords int64

	// Faults are what is wrong, at most some hundred, and Omitted how many more
	// there are. Each names the page, the table or the item. None: all is well.
	Faults  []string
	Omitted int
}

// Check reads everything in the database and reports what does not agree:
// items against their checksums and keys, indexes, counters, the journal. It is
// one long read of a snapshot, beside which reads and writes go on; a file can grow
// by what they replace. An error is one of reading, or of ctx; what is wrong is in the report.
func (db *DB) Check(ctx context.Context) (*CheckReport, error) {
	checked, err := db.engine.CheckAll(ctx)
	report := &CheckReport{}
	if err := report.take(checked, err); err != nil {
		return nil, fmt.Errorf("stator: %w", err)
	}
	return report, nil
}

// CheckFile checks the database in the file path, which nobody may have open for writing (ErrLocked): first
// every page of the file, and when those are whole, all that Check looks at. The file is only
// read. An error is one of reading it, or of ctx; what is wrong is in the report.
//
// The first part ends whatever the file refers to. The second reads through a
// memory map, on pages that have been found whole; stator check does both in a process of its own.
func CheckFile(ctx context.Context, path string) (*CheckReport, error) {
	var names engine.RowNamer
	n, err := boltkv.Inspect(ctx, path, names.Check)
	if err != nil {
		return nil, fmt.Errorf("stator: check %s: %w", path, err)
	}
	report := &CheckReport{Bytes: n.Bytes, Pages: n.Pages, FreePages: n.Free}
	if n.Damaged() {
		for _, fault := range append(n.Faults, n.RowFaults...) {
			report.Faults = append(report.Faults, fault.Error())
		}
		report.Omitted = n.OmittedFaults + n.OmittedRowFaults
		return report, nil
	}
	store, err := boltkv.Open(path, &boltkv.Options{ReadOnly: true, InitialMmapBytes: -1})
	var checked engine.Checked
	if err == nil {
		checked, err = engine.CheckStore(ctx, store, engine.Options{})
		if closeErr := store.Close(); closeErr != nil {
			return nil, fmt.Errorf("stator: check %s: %w", path, closeErr)
		}
	}
	if err := report.take(checked, err); err != nil {
		return nil, fmt.Errorf("stator: check %s: %w", path, err)
	}
	return report, nil
}

// take adds what the engine checked. It returns the errors that are no faults.
func (r *CheckReport) take(c engine.Checked, err error) error {
	r.Tables, r.Items, r.ItemBytes, r.IndexEntries, r.JournalRecords = c.Tables, c.Items, c.ItemBytes, c.IndexEntries, c.JournalRecords
	if found, ok := errors.AsType[*engine.CheckError](err); ok {
		for _, fault := range found.Faults {
			r.Faults = append(r.Faults, fault.Error())
		}
		r.Omitted = found.Omitted
		return nil
	}
	if errors.Is(err, kv.ErrCorrupt) {
		r.Faults = append(r.Faults, err.Error())
		return nil
	}
	return err
}
