package engine

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// defaultSlots is the number of slots of a new table. Few are enough where one
// writer serializes all commits.
const defaultSlots = 4

func (e *Engine) createTable(ctx context.Context, in *api.CreateTableInput) (*api.CreateTableOutput, error) {
	if err := unsupportedInCreate(in); err != nil {
		return nil, err
	}
	uuid, err := e.newUUID()
	if err != nil {
		return nil, err
	}
	now := e.micros()
	name := tableName(in.TableName)
	template := newRecord(in, name, uuid, now)
	if err := template.checkWarm(); err != nil {
		return nil, err
	}

	e.control.Lock()
	defer e.control.Unlock()
	if e.life.status(name, e.opt.Now()).status == api.TableStatusDeleting {
		return nil, tableExists(name)
	}
	var rec *tableRecord
	err = e.store.Update(ctx, func(w kv.Writer) error {
		v, err := w.Get(catalogKey(name))
		if err != nil {
			return err
		}
		if v != nil {
			return tableExists(name)
		}
		rec = template.clone()
		if rec.ID, err = nextID(w); err != nil {
			return err
		}
		// It makes the heads, which a stream begins at.
		if err := storeRecord(w, rec); err != nil || in.StreamSpecification == nil || !*in.StreamSpecification.StreamEnabled {
			return err
		}
		if err := startStream(w, rec, *in.StreamSpecification.StreamViewType, now); err != nil {
			return err
		}
		return storeRecord(w, rec)
	})
	if err != nil {
		return nil, e.unsettled(ctx, err)
	}
	t, err := e.publish(rec)
	if err != nil {
		return nil, err
	}
	e.life.enter(name, transition{status: api.TableStatusCreating}, e.opt.Now())
	d := e.describe(t.rec, counts{})
	d.TableStatus = new(api.TableStatusCreating)
	if in.WarmThroughput == nil {
		d.WarmThroughput = nil // as on AWS, until the table is there
	}
	for i := range d.GlobalSecondaryIndexes {
		d.GlobalSecondaryIndexes[i].IndexStatus = new(api.IndexStatusCreating)
		if in.GlobalSecondaryIndexes[i].WarmThroughput == nil {
			d.GlobalSecondaryIndexes[i].WarmThroughput = nil
		}
	}
	return &api.CreateTableOutput{TableDescription: d}, nil
}

func tableExists(name string) error {
	return &api.Error{Code: api.CodeResourceInUse, Message: "Table already exists: " + name}
}

// newUUID returns a random version 4 UUID.
func (e *Engine) newUUID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(e.opt.Rand, b[:]); err != nil {
		return "", fmt.Errorf("make a table id: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// newRecord returns the record of a table to be, without its id.
func newRecord(in *api.CreateTableInput, name, uuid string, now int64) *tableRecord {
	rec := &tableRecord{
		Name: name, UUID: uuid, Created: now, Slots: defaultSlots,
		AttributeDefinitions: slices.Clone(in.AttributeDefinitions),
		KeySchema:            slices.Clone(in.KeySchema),
		BillingMode:          api.BillingModeProvisioned,
		Throughput:           newThroughput(in.ProvisionedThroughput),
		OnDemandThroughput:   in.OnDemandThroughput,
		WarmThroughput:       in.WarmThroughput,
		DeletionProtection:   isTrue(in.DeletionProtectionEnabled),
		Tags:                 slices.Clone(in.Tags),
	}
	if in.BillingMode != nil {
		rec.BillingMode = *in.BillingMode
	}
	if rec.BillingMode == api.BillingModePayPerRequest {
		rec.LastOnDemand = now
	}
	if in.TableClass != nil {
		rec.TableClass = *in.TableClass
	}
	for _, x := range in.LocalSecondaryIndexes {
		rec.addIndex(indexRecord{Name: *x.IndexName, Local: true, KeySchema: x.KeySchema, Projection: *x.Projection, Status: api.IndexStatusActive})
	}
	for _, x := range in.GlobalSecondaryIndexes {
		rec.addIndex(indexRecord{Name: *x.IndexName, KeySchema: x.KeySchema, Projection: *x.Projection, Status: api.IndexStatusActive,
			Throughput: newThroughput(x.ProvisionedThroughput), OnDemandThroughput: x.OnDemandThroughput, WarmThroughput: x.WarmThroughput})
	}
	return rec
}

func (r *tableRecord) addIndex(x indexRecord) *indexRecord {
	r.NextIndexID++
	x.ID = r.NextIndexID
	x.KeySchema = slices.Clone(x.KeySchema)
	x.Projection.NonKeyAttributes = slices.Clone(x.Projection.NonKeyAttributes)
	r.Indexes = append(r.Indexes, x)
	return &r.Indexes[len(r.Indexes)-1]
}

func newThroughput(p *api.ProvisionedThroughput) throughputRecord {
	if p == nil {
		return throughputRecord{}
	}
	return throughputRecord{Read: *p.ReadCapacityUnits, Write: *p.WriteCapacityUnits}
}

// unsupportedInCreate refuses what would otherwise be ignored in silence.
func unsupportedInCreate(in *api.CreateTableInput) error {
	return unsupported("CreateTable",
		member{"SSESpecification", in.SSESpecification != nil && isTrue(in.SSESpecification.Enabled)},
		member{"VectorIndexes", len(in.VectorIndexes) > 0},
		member{"ResourcePolicy", in.ResourcePolicy != nil},
		member{"GlobalTableSourceArn", in.GlobalTableSourceArn != nil},
		member{"GlobalTableSettingsReplicationMode", in.GlobalTableSettingsReplicationMode != nil},
	)
}

type member struct {
	name  string
	given bool
}

// unsupported reports the first member that is given and that this engine does not have.
func unsupported(operation string, members ...member) error {
	for _, m := range members {
		if m.given {
			return api.Validation(m.name + " of " + operation + " is not supported by the embedded database")
		}
	}
	return nil
}
