package stator

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/statordb/stator/api"
)

// TableDescription tells all about a table: its key, indexes, status, number
// and size of items, ARN. A member that does not apply is nil.
type TableDescription = api.TableDescription

// DescribeTable returns the description of a table.
func DescribeTable(ctx context.Context, c Client, name string) (*TableDescription, error) {
	out, err := do(ctx, c, &api.DescribeTableInput{TableName: &name})
	if err != nil {
		return nil, err
	}
	return out.Table, nil
}

// ListTables yields the names of the tables, in order. An error is always the last pair.
func ListTables(ctx context.Context, c Client) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := &api.ListTablesInput{}
		for {
			out, err := do(ctx, c, in)
			if err != nil {
				yield("", err)
				return
			}
			for _, name := range out.TableNames {
				if !yield(name, nil) {
					return
				}
			}
			if out.LastEvaluatedTableName == nil {
				return
			}
			in = &api.ListTablesInput{ExclusiveStartTableName: out.LastEvaluatedTableName}
		}
	}
}

// DeleteTable deletes a table with its items and indexes, and waits until it is gone.
func DeleteTable(ctx context.Context, c Client, name string) error {
	if _, err := do(ctx, c, &api.DeleteTableInput{TableName: &name}); err != nil {
		return err
	}
	err := poll(ctx, func() (bool, error) {
		_, err := DescribeTable(ctx, c, name)
		return false, err
	})
	if errors.Is(err, ErrTableNotFound) {
		return nil
	}
	return err
}

// TableChange is a change of a table: AddIndex, DropIndex, Provisioned,
// OnDemand, DeletionProtection, Class, Stream, NoStream, TTL or NoTTL.
type TableChange interface {
	change(ctx context.Context, c Client, name string) (api.Request, error)
}

// UpdateTable makes changes to a table, one after another, and waits after each until
// the table and its indexes are active: an index that is added holds every item
// by then. The table can be used meanwhile. An error leaves the changes before it done.
//
//	err := stator.UpdateTable(ctx, db, "music",
//		stator.AddIndex("byYear", stator.HashKey("year", "N")),
//		stator.DropIndex("byGenre"))
func UpdateTable(ctx context.Context, c Client, name string, changes ...TableChange) error {
	if c == nil {
		return errors.New("stator: UpdateTable: the Client is nil")
	}
	for _, change := range changes {
		in, err := change.change(ctx, c, name)
		if err != nil {
			return err
		}
		if _, err := c.Serve(ctx, in); err != nil {
			return err
		}
		if err := waitActive(ctx, c, name); err != nil {
			return err
		}
	}
	return nil
}

type addedIndex struct{ schema indexSchema }

// AddIndex adds a global secondary index to a table and fills it with the items that
// there are. In a provisioned table it needs the option Provisioned.
func AddIndex(name string, options ...IndexOption) TableChange {
	return addedIndex{newIndex(indexSchema{name: name}, options)}
}

func (o addedIndex) change(_ context.Context, _ Client, name string) (api.Request, error) {
	x := o.schema
	return &api.UpdateTableInput{
		TableName: &name, AttributeDefinitions: definitions(x.key),
		GlobalSecondaryIndexUpdates: []api.GlobalSecondaryIndexUpdate{{
			Create: &api.CreateGlobalSecondaryIndexAction{
				IndexName: &x.name, KeySchema: x.key.elements(), Projection: x.projection(),
				ProvisionedThroughput: x.capacity,
			},
		}},
	}, nil
}

type droppedIndex struct{ name string }

// DropIndex removes a global secondary index from a table.
func DropIndex(name string) TableChange { return droppedIndex{name} }

func (o droppedIndex) change(_ context.Context, _ Client, name string) (api.Request, error) {
	return &api.UpdateTableInput{
		TableName: &name,
		GlobalSecondaryIndexUpdates: []api.GlobalSecondaryIndexUpdate{{
			Delete: &api.DeleteGlobalSecondaryIndexAction{IndexName: &o.name},
		}},
	}, nil
}

type onDemand struct{}

// OnDemand gives a table whatever capacity it needs.
func OnDemand() TableChange { return onDemand{} }

func (onDemand) change(_ context.Context, _ Client, name string) (api.Request, error) {
	return &api.UpdateTableInput{TableName: &name, BillingMode: new(api.BillingModePayPerRequest)}, nil
}

// change makes an on-demand table provisioned, with the same capacity for each
// of its indexes, or changes the capacity of a provisioned table alone.
func (o Throughput) change(ctx context.Context, c Client, name string) (api.Request, error) {
	d, err := DescribeTable(ctx, c, name)
	if err != nil {
		return nil, err
	}
	in := &api.UpdateTableInput{TableName: &name, ProvisionedThroughput: &o.capacity}
	if d.BillingModeSummary == nil || *d.BillingModeSummary.BillingMode != api.BillingModePayPerRequest {
		return in, nil
	}
	in.BillingMode = new(api.BillingModeProvisioned)
	for _, x := range d.GlobalSecondaryIndexes {
		in.GlobalSecondaryIndexUpdates = append(in.GlobalSecondaryIndexUpdates, api.GlobalSecondaryIndexUpdate{
			Update: &api.UpdateGlobalSecondaryIndexAction{IndexName: x.IndexName, ProvisionedThroughput: &o.capacity},
		})
	}
	return in, nil
}

func (o Protection) change(_ context.Context, _ Client, name string) (api.Request, error) {
	return &api.UpdateTableInput{TableName: &name, DeletionProtectionEnabled: &o.on}, nil
}

func (o StorageClass) change(_ context.Context, _ Client, name string) (api.Request, error) {
	return &api.UpdateTableInput{TableName: &name, TableClass: &o.class}, nil
}

// waitActive waits until a table and all its indexes are active.
func waitActive(ctx context.Context, c Client, name string) error {
	return poll(ctx, func() (bool, error) {
		d, err := DescribeTable(ctx, c, name)
		if err != nil {
			return false, err
		}
		switch *d.TableStatus {
		case api.TableStatusActive:
		case api.TableStatusCreating, api.TableStatusUpdating:
			return false, nil
		default:
			return false, fmt.Errorf("stator: wait for table %s: its status is %s", name, *d.TableStatus)
		}
		for _, x := range d.GlobalSecondaryIndexes {
			if *x.IndexStatus != api.IndexStatusActive {
				return false, nil
			}
		}
		return true, nil
	})
}

// The pauses between two looks at a table that is being changed: short, for a
// DB in this process is soon done, and growing, for a remote one is not.
const (
	firstLook  = time.Millisecond
	rarestLook = time.Second
)

// poll calls done until it is, it fails, or ctx ends.
func poll(ctx context.Context, done func() (bool, error)) error {
	for next := firstLook; ; next = min(2*next, rarestLook) {
		if ok, err := done(); ok || err != nil {
			return err
		}
		timer := time.NewTimer(next)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}
