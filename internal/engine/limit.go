package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// What Options.Limiter is asked and told; see api.Limiter. Each attempt of an
// operation takes for itself: when it meets a changed definition of its table, it
// is settled with nothing used and asks again, with the new definition's settings.
//
// Import, time to live and jobs take nothing.

// nothing returns a usage of the same kind without units.
func nothing(u *api.Usage) api.Usage {
	return api.Usage{Table: u.Table, Operation: u.Operation, Partition: u.Partition, Whole: u.Whole}
}

// errLimiter is what a panic of the Limiter becomes.
func errLimiter(method string, panicked any, done bool) error {
	message := "The limiter failed; nothing was written"
	if done {
		message = "The limiter failed after the operation was carried out"
	}
	cause, ok := panicked.(error)
	if !ok {
		cause = fmt.Errorf("%v", panicked)
	}
	return &api.Error{Code: api.CodeInternalServerError, Message: message, Cause: fmt.Errorf("Limiter.%s panicked: %w", method, cause)}
}

// take asks the Limiter. No lock may be held.
func (e *Engine) take(ctx context.Context, t *table, estimate *api.Usage) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errLimiter("Take", p, false)
		}
	}()
	if err = e.opt.Limiter.Take(ctx, *estimate); err != nil && isThrottling(err) {
		e.countThrottled(t, estimate, err)
	}
	return err
}

// settle tells the Limiter what became of what was taken.
func (e *Engine) settle(estimate, used *api.Usage, done bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errLimiter("Settle", p, done)
		}
	}()
	e.opt.Limiter.Settle(*estimate, *used)
	return nil
}

// limited carries out work between Take and Settle, also when it panics. used
// is what it used, which work fills in.
func (e *Engine) limited(ctx context.Context, t *table, estimate, used *api.Usage, work func() error) error {
	if err := e.take(ctx, t, estimate); err != nil {
		return err
	}
	settled := false
	defer func() {
		if !settled { // work has panicked
			_ = e.settle(estimate, used, false)
		}
	}()
	err := work()
	settled = true
	if fault := e.settle(estimate, used, err == nil); fault != nil {
		return fault
	}
	return err
}

// isThrottling reports whether the Limiter refuses, and does not fail.
func isThrottling(err error) bool {
	e, ok := errors.AsType[*api.Error](err)
	return ok && (e.Code == api.CodeProvisionedThroughput || e.Code == api.CodeThrottling || e.Code == api.CodeRequestLimit)
}

// holds is what was taken for the items of one request, each by itself.
type holds struct {
	e         *Engine
	estimates []api.Usage
}

func (h *holds) take(ctx context.Context, t *table, estimate api.Usage) error {
	if err := h.e.take(ctx, t, &estimate); err != nil {
		return err
	}
	h.estimates = append(h.estimates, estimate)
	return nil
}

// settle settles everything, also when one Settle panics. use fills in what
// was used for the i-th that was taken; nil, and done false: nothing was.
func (h *holds) settle(done bool, use func(i int, used *api.Usage)) (err error) {
	for i := range h.estimates {
		used := nothing(&h.estimates[i])
		if use != nil {
			use(i, &used)
		}
		if fault := h.e.settle(&h.estimates[i], &used, done); fault != nil && err == nil {
			err = fault
		}
	}
	h.estimates = nil
	return err
}

// release settles what was not settled: the request has failed.
func (h *holds) release() { _ = h.settle(false, nil) }

// newCapacity returns what a table was given, as a Limiter sees it. Its global
// indexes have their places in t.indexes.
func newCapacity(t *table) *api.TableCapacity {
	rec := t.rec
	c := &api.TableCapacity{Name: rec.Name, ID: rec.UUID, OnDemand: rec.BillingMode == api.BillingModePayPerRequest,
		Units: capacityUnits(rec.Throughput, rec.OnDemandThroughput, rec.WarmThroughput)}
	if c.OnDemand {
		c.SwitchedMicros = rec.LastOnDemand
	}
	for _, x := range t.indexes {
		if !x.local {
			c.GlobalIndexes = append(c.GlobalIndexes, api.IndexCapacity{Name: x.name,
				Units: capacityUnits(x.rec.Throughput, x.rec.OnDemandThroughput, x.rec.WarmThroughput)})
		}
	}
	return c
}

func capacityUnits(t throughputRecord, o *api.OnDemandThroughput, warm *api.WarmThroughput) api.CapacityUnits {
	u := api.CapacityUnits{Read: t.Read, Write: t.Write}
	if o != nil {
		u.MaxRead, u.MaxWrite = bound(o.MaxReadRequestUnits), bound(o.MaxWriteRequestUnits)
	}
	if warm != nil {
		u.WarmRead, u.WarmWrite = bound(warm.ReadUnitsPerSecond), bound(warm.WriteUnitsPerSecond)
	}
	return u
}

// bound returns a number of units; 0 for none, which is also told as -1.
func bound(units *int64) int64 {
	if units == nil {
		return 0
	}
	return max(0, *units)
}

// usageOf begins the usage of one item.
func (t *table) usageOf(operation string, k *key) api.Usage {
	return api.Usage{Table: t.capacity, Operation: operation, Partition: k.hash}
}

// readEstimate is what reading one item takes at least. Transactions take times 2.
func (t *table) readEstimate(operation string, k *key, consistent bool, times float64) api.Usage {
	u := t.usageOf(operation, k)
	u.Read = times * readUnits(0, consistent)
	return u
}

// estimate is what a write takes at least. Transactions take times 2.
func (w *write) estimate(operation string, times float64) api.Usage {
	u := w.t.usageOf(operation, &w.key)
	u.Write = times * writeUnits(w.put.size())
	for i, x := range w.t.indexes {
		if !x.local {
			u.Indexes[i].Touched = w.touches(x)
		}
	}
	return u
}

// touches reports whether the write can change the entry that its item has in an index.
func (w *write) touches(x *index) bool {
	switch {
	case w.kind == writeCheck:
		return false
	case w.kind != writeUpdate || x.all:
		return true
	}
	ofTable := true // the index's key: a new item has an entry whatever the update sets
	for _, name := range x.names {
		ofTable = ofTable && w.t.isKey(name)
	}
	if ofTable || w.update == nil {
		return ofTable
	}
	return slices.ContainsFunc(w.update.Attributes(), func(name string) bool {
		return slices.Contains(x.names, name) || slices.Contains(x.projected, name)
	})
}

// use adds what a write used.
func (u *writeUsage) use(t *table, to *api.Usage) {
	to.Write += u.table
	for i, x := range t.indexes {
		switch units := u.indexes[i]; {
		case x.local:
			to.Write += units
		case units > 0:
			to.Indexes[i].Units += units
			to.Indexes[i].Touched = true
		}
	}
}

// use adds what a read used.
func (u *readUsage) use(to *api.Usage) {
	to.Read += u.table
	switch {
	case u.x == nil:
	case u.x.local:
		to.Read += u.index
	default:
		to.Indexes[u.x.pos].Units += u.index
		to.Indexes[u.x.pos].Touched = true
	}
}

// estimate is the least that a page takes.
func (q *pageRead) estimate(operation string) api.Usage {
	u := api.Usage{Table: q.t.capacity, Operation: operation, Whole: q.hash == nil}
	least := readUsage{x: q.x}
	if q.x == nil {
		least.table = readUnits(0, q.consistent)
	} else {
		least.index = readUnits(0, q.consistent)
	}
	least.use(&u)
	if !u.Whole {
		prefix := spaceKeySize
		if q.x != nil {
			prefix += 2 // the index's id
		}
		copy(u.Partition[:], q.lo[prefix:])
	}
	return u
}

// wasUsed reports whether what a write would use was used: it took place, or may
// have, or its condition failed.
//
// Source: Amazon DynamoDB Developer Guide, "Working with items and attributes",
// capacity units consumed by conditional writes.
func wasUsed(err error) bool {
	return err == nil || errors.Is(err, api.ErrConditionFailed) || errors.Is(err, api.ErrTransactionCanceled) || errors.Is(err, kv.ErrOutcomeUnknown)
}
