package engine

import (
	"context"
	"fmt"

	"github.com/statordb/stator/kv"
)

// Checked is what a Check went through.
type Checked struct {
	Tables         int
	Items          int64 // base rows
	ItemBytes      int64 // their sizes by DynamoDB's rules
	IndexEntries   int64
	JournalRecords int64
}

// CheckAll is Check, and tells what it went through.
func (e *Engine) CheckAll(ctx context.Context) (Checked, error) {
	var found CheckError
	var checked Checked
	err := e.store.View(ctx, func(r kv.Reader) error {
		c := checker{ctx: ctx, r: r, storeID: e.id, now: e.micros()}
		err := c.check()
		found, checked = c.found, c.checked
		return err
	})
	if err != nil {
		return checked, fmt.Errorf("check the store: %w", err)
	}
	if len(found.Faults) > 0 {
		return checked, &found
	}
	return checked, nil
}

// CheckStore is Check of a store that no Engine has open, and that may refuse writes. Of o it takes the clock. The store stays open.
func CheckStore(ctx context.Context, store kv.Store, o Options) (Checked, error) {
	o, err := o.WithDefaults()
	if err != nil {
		return Checked{}, err
	}
	if s, ok := store.(kv.RowChecker); ok {
		s.CheckRows(CheckRow)
	}
	id, err := openHeader(ctx, store, o)
	if err != nil {
		return Checked{}, fmt.Errorf("check the store: %w", err)
	}
	e := &Engine{store: store, opt: o, id: id}
	return e.CheckAll(ctx)
}
