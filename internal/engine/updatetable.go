package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

func (e *Engine) updateTable(ctx context.Context, in *api.UpdateTableInput) (*api.UpdateTableOutput, error) {
	if err := unsupportedInUpdate(in); err != nil {
		return nil, err
	}
	now := e.micros()
	name := tableName(in.TableName)
	if err := e.refuseBusy(name); err != nil {
		return nil, err
	}
	if !adds(in) {
		ctx = kv.WithPurpose(ctx, kv.PurposeDelete)
	}
	jobStarted := false
	t, err := e.changeTable(ctx, name, func(w kv.Writer, rec *tableRecord) error {
		jobStarted = false
		if err := rec.updateThroughput(in, now); err != nil {
			return err
		}
		if err := rec.updateWarm(in); err != nil {
			return err
		}
		if in.DeletionProtectionEnabled != nil {
			rec.DeletionProtection = *in.DeletionProtectionEnabled
		}
		if in.TableClass != nil && *in.TableClass != rec.TableClass {
			rec.TableClass, rec.LastTableClass = *in.TableClass, now
		}
		if err := updateStream(w, rec, in.StreamSpecification, now); err != nil {
			return err
		}
		for _, u := range in.GlobalSecondaryIndexUpdates {
			if u.Update != nil {
				continue // by updateThroughput
			}
			job, err := rec.updateIndexes(in, u)
			if err != nil {
				return err
			}
			if err := addJob(w, job); err != nil {
				return err
			}
			jobStarted = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if jobStarted {
		e.jobs.kick()
	}
	n, err := e.counts(context.WithoutCancel(ctx), t.rec) // the change is made: ctx may not take it back
	if err != nil {
		return nil, err
	}
	e.life.enter(name, transition{status: api.TableStatusUpdating}, e.opt.Now())
	d := e.describe(t.rec, n)
	d.TableStatus = new(api.TableStatusUpdating)
	return &api.UpdateTableOutput{TableDescription: d}, nil
}

// adds reports whether a request makes an index or enables a stream. One that
// does not is carried out on a full store, too: it may delete an index, or end the protection of a table from deletion.
func adds(in *api.UpdateTableInput) bool {
	return in.StreamSpecification != nil && isTrue(in.StreamSpecification.StreamEnabled) ||
		slices.ContainsFunc(in.GlobalSecondaryIndexUpdates, func(u api.GlobalSecondaryIndexUpdate) bool { return u.Create != nil })
}

func unsupportedInUpdate(in *api.UpdateTableInput) error {
	return unsupported("UpdateTable",
		member{"SSESpecification", in.SSESpecification != nil && isTrue(in.SSESpecification.Enabled)},
		member{"VectorIndexUpdates", len(in.VectorIndexUpdates) > 0},
		member{"ReplicaUpdates", len(in.ReplicaUpdates) > 0},
		member{"GlobalTableWitnessUpdates", len(in.GlobalTableWitnessUpdates) > 0},
		member{"MultiRegionConsistency", in.MultiRegionConsistency != nil},
		member{"GlobalTableSettingsReplicationMode", in.GlobalTableSettingsReplicationMode != nil},
		member{"DisassociationProtectionEnabled", in.DisassociationProtectionEnabled != nil},
	)
}

// updateIndexes starts the creation or deletion of a global index and returns
// the job that carries it out.
func (r *tableRecord) updateIndexes(in *api.UpdateTableInput, u api.GlobalSecondaryIndexUpdate) (job, error) {
	j := job{Table: r.Name, TableID: r.ID}
	if u.Delete != nil {
		x := r.index(*u.Delete.IndexName)
		switch {
		case x == nil || x.Status == api.IndexStatusDeleting:
			return j, &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found"}
		case x.Local:
			return j, api.Validation("Cannot delete an index that is not a GlobalSecondaryIndex")
		}
		if busy := r.busyIndex(); busy != nil && busy != x {
			return j, errOneIndexAtATime()
		}
		x.Status, x.Backfilling = api.IndexStatusDeleting, false
		j.Kind, j.IndexID = jobDropIndex, x.ID
		return j, nil
	}
	c := u.Create
	if r.index(*c.IndexName) != nil {
		return j, api.Validation("Attempting to create an index which already exists")
	}
	if r.busyIndex() != nil {
		return j, errOneIndexAtATime()
	}
	global := 0
	for _, x := range r.Indexes {
		if !x.Local {
			global++
		}
	}
	if global >= maxGlobalIndexes {
		return j, &api.Error{Code: api.CodeLimitExceeded, Message: "One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the per-table limit of 20"}
	}
	if err := r.define(in.AttributeDefinitions, c.KeySchema); err != nil {
		return j, err
	}
	if r.BillingMode == api.BillingModePayPerRequest && c.ProvisionedThroughput != nil {
		return j, api.Validation("One or more parameter values were invalid: ProvisionedThroughput should not be specified for index: " +
			*c.IndexName + " when BillingMode is PAY_PER_REQUEST")
	}
	if r.BillingMode == api.BillingModeProvisioned && c.ProvisionedThroughput == nil {
		return j, api.Validation("One or more parameter values were invalid: ProvisionedThroughput must be specified for index: " + *c.IndexName)
	}
	if err := checkNewWarm(c.WarmThroughput, r.BillingMode, newThroughput(c.ProvisionedThroughput), "index "+*c.IndexName); err != nil {
		return j, err
	}
	x := r.addIndex(indexRecord{Name: *c.IndexName, KeySchema: c.KeySchema, Projection: *c.Projection,
		Status: api.IndexStatusCreating, Backfilling: true, WarmThroughput: c.WarmThroughput,
		Throughput: newThroughput(c.ProvisionedThroughput), OnDemandThroughput: c.OnDemandThroughput})
	j.Kind, j.IndexID = jobFillIndex, x.ID
	return j, nil
}

func errOneIndexAtATime() error {
	return &api.Error{Code: api.CodeLimitExceeded,
		Message: "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"}
}

// busyIndex returns the index that is being created or deleted, nil when there is none.
func (r *tableRecord) busyIndex() *indexRecord {
	for i := range r.Indexes {
		if x := &r.Indexes[i]; x.Status == api.IndexStatusCreating || x.Status == api.IndexStatusDeleting {
			return x
		}
	}
	return nil
}

// define adds the definitions that a new index's key needs. Others are ignored, as on AWS.
func (r *tableRecord) define(given []api.AttributeDefinition, schema []api.KeySchemaElement) error {
	find := func(in []api.AttributeDefinition, name string) int {
		return slices.IndexFunc(in, func(d api.AttributeDefinition) bool { return *d.AttributeName == name })
	}
	for _, e := range schema {
		name := *e.AttributeName
		have, new := find(r.AttributeDefinitions, name), find(given, name)
		switch {
		case have < 0 && new < 0:
			return api.Validation(fmt.Sprintf("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. "+
				"Keys: [%s], AttributeDefinitions: [%s]", strings.Join(schemaNames(schema), ", "), strings.Join(definedNames(append(slices.Clone(r.AttributeDefinitions), given...)), ", ")))
		case have < 0:
			r.AttributeDefinitions = append(r.AttributeDefinitions, given[new])
		case new >= 0 && *given[new].AttributeType != *r.AttributeDefinitions[have].AttributeType:
			return api.Validation("One or more parameter values were invalid: Attribute " + name + " is already defined with type " +
				string(*r.AttributeDefinitions[have].AttributeType))
		}
	}
	return nil
}

func schemaNames(schema []api.KeySchemaElement) []string {
	var out []string
	for _, e := range schema {
		out = append(out, *e.AttributeName)
	}
	return out
}

func definedNames(defs []api.AttributeDefinition) []string {
	var out []string
	for _, d := range defs {
		out = append(out, *d.AttributeName)
	}
	return out
}

// forgetDefinitions removes the definitions of attributes that no key uses.
func (r *tableRecord) forgetDefinitions() {
	used := schemaNames(r.KeySchema)
	for _, x := range r.Indexes {
		used = append(used, schemaNames(x.KeySchema)...)
	}
	r.AttributeDefinitions = slices.DeleteFunc(r.AttributeDefinitions, func(d api.AttributeDefinition) bool {
		return !slices.Contains(used, *d.AttributeName)
	})
}

func (e *Engine) deleteTable(ctx context.Context, in *api.DeleteTableInput) (*api.DeleteTableOutput, error) {
	name := tableName(in.TableName)
	t := e.catalog.Load().tables[name]
	if t == nil {
		if deleted := e.life.status(name, e.opt.Now()).deleted; deleted != nil {
			return &api.DeleteTableOutput{TableDescription: deleted()}, nil
		}
		return nil, tableNotFound(name)
	}
	if err := e.refuseBusy(name); err != nil {
		return nil, err
	}
	n, err := e.counts(ctx, t.rec)
	if err != nil {
		return nil, err
	}
	rec, err := e.dropTable(ctx, name)
	if err != nil {
		return nil, err
	}
	e.jobs.kick()
	deleted := func() *api.TableDescription {
		all := e.describe(rec, n)
		return &api.TableDescription{
			TableName: all.TableName, TableArn: all.TableArn, TableId: all.TableId, TableStatus: new(api.TableStatusDeleting),
			ItemCount: all.ItemCount, TableSizeBytes: all.TableSizeBytes, ProvisionedThroughput: all.ProvisionedThroughput,
			DeletionProtectionEnabled: all.DeletionProtectionEnabled,
		}
	}
	e.life.enter(name, transition{status: api.TableStatusDeleting, deleted: deleted}, e.opt.Now())
	return &api.DeleteTableOutput{TableDescription: deleted()}, nil
}
