package kill_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/reliability/internal/remote"
)

func asError(err error) (*api.Error, bool) { return errors.AsType[*api.Error](err) }

// witness is told what was acknowledged. Its methods are called by many goroutines.
type witness interface {
	ready()            // all tables are there
	ack(writer, n int) // a writer's nth operation was answered as it must be
	fault(err error)   // something was answered as it must not be
}

// prepare makes the tables that are not there yet: one with a global and a local index and a time to live, all with a stream.
func prepare(ctx context.Context, c api.Client) error {
	full := streamed(items)
	full.AttributeDefinitions = append(attributes("pk", api.ScalarAttributeTypeS, "group", api.ScalarAttributeTypeS, "note", api.ScalarAttributeTypeS),
		attributes("sk", api.ScalarAttributeTypeN, "n", api.ScalarAttributeTypeN)...)
	full.KeySchema = schema("pk", "sk")
	full.GlobalSecondaryIndexes = []api.GlobalSecondaryIndex{{IndexName: new("byGroup"), KeySchema: schema("group", "n"), Projection: projection(api.ProjectionTypeAll)}}
	full.LocalSecondaryIndexes = []api.LocalSecondaryIndex{{IndexName: new("byNote"), KeySchema: schema("pk", "note"), Projection: projection(api.ProjectionTypeKeysOnly)}}
	for _, in := range []*api.CreateTableInput{full, streamed(bank), streamed(ledger)} {
		if _, err := c.Serve(ctx, in); err != nil && !is(err, api.CodeResourceInUse) {
			return fmt.Errorf("create %s: %w", *in.TableName, err)
		}
	}
	_, err := c.Serve(ctx, &api.UpdateTimeToLiveInput{TableName: new(items),
		TimeToLiveSpecification: &api.TimeToLiveSpecification{Enabled: new(true), AttributeName: new("expires")}})
	if err != nil && !is(err, api.CodeValidation) { // it is enabled already
		return fmt.Errorf("enable the time to live: %w", err)
	}
	return nil
}

// streamed asks for a table with a partition key and a stream.
func streamed(table string) *api.CreateTableInput {
	return &api.CreateTableInput{TableName: &table, AttributeDefinitions: attributes("pk", api.ScalarAttributeTypeS),
		KeySchema: schema("pk"), BillingMode: new(api.BillingModePayPerRequest),
		StreamSpecification: &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: new(api.StreamViewTypeNewAndOldImages)}}
}

func is(err error, code api.Code) bool {
	e, ok := asError(err)
	return ok && e.Code == code
}

func schema(names ...string) []api.KeySchemaElement {
	list := []api.KeySchemaElement{{AttributeName: &names[0], KeyType: new(api.KeyTypeHash)}}
	for _, name := range names[1:] {
		list = append(list, api.KeySchemaElement{AttributeName: &name, KeyType: new(api.KeyTypeRange)})
	}
	return list
}

// attributes takes names, each with its type.
func attributes(pairs ...any) (list []api.AttributeDefinition) {
	for ; len(pairs) > 0; pairs = pairs[2:] {
		list = append(list, api.AttributeDefinition{AttributeName: new(fmt.Sprint(pairs[0])), AttributeType: new(pairs[1].(api.ScalarAttributeType))})
	}
	return list
}

func projection(t api.ProjectionType) *api.Projection { return &api.Projection{ProjectionType: &t} }

// drive prepares the tables and carries out the operations of a run, and adds and drops indexes and a table meanwhile,
// until ctx ends or the server is gone.
func drive(ctx context.Context, c api.Client, r run, w witness) {
	if err := prepare(ctx, c); err != nil {
		if !errors.Is(err, remote.ErrGone) {
			w.fault(err)
		}
		return
	}
	w.ready()
	var group sync.WaitGroup
	for writer := range r.Writers {
		group.Go(func() { write(ctx, c, r, w, writer) })
	}
	group.Go(func() { remodel(ctx, c, w) })
	group.Wait()
}

func write(ctx context.Context, c api.Client, r run, w witness, writer int) {
	for n := 1; ctx.Err() == nil; n++ {
		o := r.op(writer, n)
		_, err := c.Serve(ctx, o.in)
		if errors.Is(err, remote.ErrGone) || ctx.Err() != nil {
			return
		}
		if err = o.answered(err); err != nil {
			w.fault(fmt.Errorf("%s, %s: %w", o.id, o.in.Operation(), err))
			return // what became of it is not known
		}
		w.ack(writer, n)
	}
}

// remodel adds and drops two global indexes, and a table with some items.
func remodel(ctx context.Context, c api.Client, w witness) {
	const scratch = "scratch"
	named := func(table, name, attribute string) []api.Request {
		return []api.Request{
			&api.UpdateTableInput{TableName: &table, AttributeDefinitions: attributes(attribute, api.ScalarAttributeTypeS),
				GlobalSecondaryIndexUpdates: []api.GlobalSecondaryIndexUpdate{{Create: &api.CreateGlobalSecondaryIndexAction{
					IndexName: &name, KeySchema: schema(attribute), Projection: projection(api.ProjectionTypeAll)}}}},
			&api.UpdateTableInput{TableName: &table,
				GlobalSecondaryIndexUpdates: []api.GlobalSecondaryIndexUpdate{{Delete: &api.DeleteGlobalSecondaryIndexAction{IndexName: &name}}}},
		}
	}
	var puts []api.WriteRequest
	for i := range 25 {
		puts = append(puts, api.WriteRequest{PutRequest: &api.PutRequest{Item: api.ItemOf(attr.Item{"pk": attr.S(fmt.Sprint(i))})}})
	}
	changes := slices.Concat(named(items, "byValue", "v"), named(ledger, "byReceiver", "to"), []api.Request{
		streamed(scratch),
		&api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{scratch: puts}},
		&api.DeleteTableInput{TableName: new(scratch)},
	})
	for i := 0; ; i++ {
		_, err := c.Serve(ctx, changes[i%len(changes)])
		switch {
		case errors.Is(err, remote.ErrGone) || ctx.Err() != nil:
			return
		case err == nil, is(err, api.CodeResourceInUse), is(err, api.CodeLimitExceeded), is(err, api.CodeValidation), is(err, api.CodeResourceNotFound):
			// the one before is under way still, or was done before a kill
		default:
			w.fault(fmt.Errorf("%s: %w", changes[i%len(changes)].Operation(), err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(40 * time.Millisecond):
		}
	}
}
