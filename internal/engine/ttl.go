package engine

import (
	"context"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// ttlRecord is the time to live of a table's items.
type ttlRecord struct {
	ID        uint16 // of the last change; it tells the job of one change from that of another
	Attribute string // while DISABLED: the one that it was
	Status    api.TimeToLiveStatus
	Changed   int64 // µs since 1970
	Settled   int64 `json:",omitempty"` // µs since 1970: ENABLING and DISABLING are told until then, at least (Options.StatusDelay)
}

// ttlInterval is how long a table's time to live stays as it is after a change.
//
// Source: Amazon DynamoDB API Reference, "UpdateTimeToLive".
const ttlInterval = time.Hour

// status returns what DescribeTimeToLive tells; a nil record is DISABLED.
func (r *ttlRecord) status(now int64) api.TimeToLiveStatus {
	switch {
	case r == nil:
		return api.TimeToLiveStatusDisabled
	case now >= r.Settled:
	case r.Status == api.TimeToLiveStatusEnabled:
		return api.TimeToLiveStatusEnabling
	case r.Status == api.TimeToLiveStatusDisabled:
		return api.TimeToLiveStatusDisabling
	}
	return r.Status
}

// indexed reports whether writes keep the expiry index up to date.
func (r *ttlRecord) indexed() bool {
	return r != nil && (r.Status == api.TimeToLiveStatusEnabling || r.Status == api.TimeToLiveStatusEnabled)
}

func (e *Engine) updateTimeToLive(ctx context.Context, in *api.UpdateTimeToLiveInput) (*api.UpdateTimeToLiveOutput, error) {
	name := tableName(in.TableName)
	if e.life.status(name, e.opt.Now()).status != api.TableStatusUpdating {
		if err := e.refuseBusy(name); err != nil {
			return nil, err
		}
	}
	attribute, enabled := *in.TimeToLiveSpecification.AttributeName, *in.TimeToLiveSpecification.Enabled
	now := e.micros()
	jobStarted := false
	if !enabled {
		ctx = kv.WithPurpose(ctx, kv.PurposeDelete)
	}
	_, err := e.changeTable(ctx, name, func(w kv.Writer, rec *tableRecord) (err error) {
		jobStarted, err = e.changeTTL(w, rec, attribute, enabled, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	if jobStarted {
		e.jobs.kick()
	}
	return &api.UpdateTimeToLiveOutput{TimeToLiveSpecification: &api.TimeToLiveSpecification{
		AttributeName: &attribute, Enabled: &enabled}}, nil
}

// changeTTL turns the time to live on or off. The index is filled or emptied
// by a job, when there is something to do for one.
//
// What is wrong with the request itself is told before that it comes too early, as AWS does.
func (e *Engine) changeTTL(w kv.Writer, rec *tableRecord, attribute string, enabled bool, now int64) (jobStarted bool, err error) {
	last := rec.TTL
	active := last != nil && last.Status != api.TimeToLiveStatusDisabled
	switch {
	case active && attribute != last.Attribute:
		return false, api.Validation("TimeToLive is active on a different AttributeName: current AttributeName is " + last.Attribute)
	case active && enabled && last.indexed():
		return false, api.Validation("TimeToLive is already enabled")
	case !enabled && !last.indexed():
		return false, api.Validation("TimeToLive is already disabled")
	case last != nil && (now < last.Changed+ttlInterval.Microseconds() || last.busy()):
		return false, api.Validation("Time to live has been modified multiple times within a fixed interval")
	}
	next := ttlRecord{ID: 1, Attribute: attribute, Changed: now}
	if last != nil {
		next.ID = last.ID + 1
	}
	if e.opt.StatusDelay > 0 {
		next.Settled = now + e.opt.StatusDelay.Microseconds()
	}
	j := job{Table: rec.Name, TableID: rec.ID, IndexID: next.ID}
	t := &table{id: rec.ID}
	space := byte(spaceExpiry)
	j.Kind, next.Status = jobDropExpiry, api.TimeToLiveStatusDisabling
	if enabled {
		space = spaceRow
		j.Kind, next.Status = jobFillExpiry, api.TimeToLiveStatusEnabling
	}
	rec.TTL = &next
	for _, err := range w.Scan(t.spaceKey(space, 0), t.spaceKey(space+1, 0), false) {
		if err != nil {
			return false, err
		}
		return true, addJob(w, j)
	}
	next.settle()
	return false, nil
}

// busy reports whether a job is at work on the index.
func (r *ttlRecord) busy() bool {
	return r.Status == api.TimeToLiveStatusEnabling || r.Status == api.TimeToLiveStatusDisabling
}

// settle ends ENABLING or DISABLING.
func (r *ttlRecord) settle() {
	switch r.Status {
	case api.TimeToLiveStatusEnabling:
		r.Status = api.TimeToLiveStatusEnabled
	case api.TimeToLiveStatusDisabling:
		r.Status = api.TimeToLiveStatusDisabled
	}
}

func (e *Engine) describeTimeToLive(_ context.Context, in *api.DescribeTimeToLiveInput) (*api.DescribeTimeToLiveOutput, error) {
	name := tableName(in.TableName)
	switch s := e.life.status(name, e.opt.Now()).status; s {
	case api.TableStatusCreating, api.TableStatusDeleting:
		return nil, api.Validation("Cannot describe time to live while table is in " + string(s) + " state: Current table state is " + string(s))
	}
	t := e.catalog.Load().tables[name]
	if t == nil {
		return nil, tableNotFound(name)
	}
	d := &api.TimeToLiveDescription{TimeToLiveStatus: new(t.rec.TTL.status(e.micros()))}
	if *d.TimeToLiveStatus != api.TimeToLiveStatusDisabled {
		d.AttributeName = new(t.rec.TTL.Attribute)
	}
	return &api.DescribeTimeToLiveOutput{TimeToLiveDescription: d}, nil
}
