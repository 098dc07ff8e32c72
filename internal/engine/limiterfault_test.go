package engine_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// limiterFuncs is a Limiter; nil lets all.
type limiterFuncs struct {
	take   func(context.Context, api.Usage) error
	settle func(estimate, used api.Usage)
}

func (l *limiterFuncs) Take(ctx context.Context, estimate api.Usage) error {
	if l.take == nil {
		return nil
	}
	return l.take(ctx, estimate)
}

func (l *limiterFuncs) Settle(estimate, used api.Usage) {
	if l.settle != nil {
		l.settle(estimate, used)
	}
}

// A panic of the Limiter fails the operation, and no other.
func TestLimiterPanics(t *testing.T) {
	l := &limiterFuncs{}
	e := open(t, openMemory(t), engine.Options{Now: newClock().Now, Limiter: l})
	create(t, e, "users id:S")
	put(t, e, "users", `{id: "a"}`)
	key := attr.Item{"id": attr.S("a")}
	requests := []api.Request{
		&api.GetItemInput{TableName: new("users"), Key: key},
		&api.ScanInput{TableName: new("users")},
		&api.PutItemInput{TableName: new("users"), Item: api.ItemOf(attr.Item{"id": attr.S("b")})},
		&api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{"users": {Keys: []attr.Item{key, {"id": attr.S("x")}}}}},
		&api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"users": {
			{PutRequest: &api.PutRequest{Item: api.ItemOf(attr.Item{"id": attr.S("c")})}}, {PutRequest: &api.PutRequest{Item: api.ItemOf(attr.Item{"id": attr.S("d")})}}}}},
		&api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{{Put: &api.Put{TableName: new("users"), Item: api.ItemOf(attr.Item{"id": attr.S("e")})}},
			{Put: &api.Put{TableName: new("users"), Item: api.ItemOf(attr.Item{"id": attr.S("f")})}}}},
		&api.TransactGetItemsInput{TransactItems: []api.TransactGetItem{{Get: &api.Get{TableName: new("users"), Key: key}}}},
	}
	cause := errors.New("a bug")
	l.take = func(context.Context, api.Usage) error { panic(cause) }
	for _, in := range requests {
		err := fails(t, e, in)
		require.Equal(t, api.CodeInternalServerError, err.Code, in.Operation())
		require.Equal(t, "The limiter failed; nothing was written", err.Message)
		require.ErrorIs(t, err, cause)
	}
	l.take = nil
	require.Equal(t, []string{`{id: "a"}`}, scanAll(t, e, api.ScanInput{TableName: new("users")}))

	settled := 0
	l.settle = func(api.Usage, api.Usage) { settled++; panic("a bug") }
	for i, in := range requests {
		settled = 0
		err := fails(t, e, in)
		require.Equal(t, api.CodeInternalServerError, err.Code, in.Operation())
		require.Equal(t, "The limiter failed after the operation was carried out", err.Message)
		require.Equal(t, []int{1, 1, 1, 2, 2, 2, 1}[i], settled, "%s: each is settled once, though the first panics", in.Operation())
	}
	l.settle = nil
	require.Len(t, scanAll(t, e, api.ScanInput{TableName: new("users")}), 6, "the writes took place")
	put(t, e, "users", `{id: "g"}`)
}

// A Limiter that blocks holds up its caller and nobody else: no lock is held while it is asked.
func TestLimiterBlocks(t *testing.T) {
	blocked, release := make(chan struct{}, 8), make(chan struct{})
	l := &limiterFuncs{take: func(ctx context.Context, u api.Usage) error {
		if u.Table.Name != "slow" {
			return nil
		}
		blocked <- struct{}{}
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	e, err := engine.Open(t.Context(), openMemory(t), engine.Options{Now: newClock().Now, Limiter: l})
	require.NoError(t, err)
	create(t, e, "slow id:S")
	ctx, cancel := context.WithCancel(t.Context())
	results := make(chan error, 8)
	serve := func(ctx context.Context, in api.Request) {
		go func() {
			_, err := e.Serve(ctx, in)
			results <- err
		}()
		<-blocked
	}
	item := attr.Item{"id": attr.S("a")}
	serve(t.Context(), &api.PutItemInput{TableName: new("slow"), Item: api.ItemOf(item)})
	serve(t.Context(), &api.ScanInput{TableName: new("slow")})
	serve(t.Context(), &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{{Put: &api.Put{TableName: new("slow"), Item: api.ItemOf(item)}}}})
	serve(ctx, &api.GetItemInput{TableName: new("slow"), Key: item})

	// Others, the catalog and its lock among them.
	create(t, e, "other id:S")
	put(t, e, "other", `{id: "a"}`)
	do(t, e, &api.UpdateTableInput{TableName: new("slow"), DeletionProtectionEnabled: new(true)})
	do(t, e, &api.DescribeTableInput{TableName: new("slow")})
	do(t, e, addIndex("slow", "byN n:N ALL"))
	do(t, e, &api.ImportItemsInput{TableName: new("slow"), Items: []attr.Item{{"id": attr.S("b"), "n": attr.Int(1)}}})
	require.NoError(t, e.FinishJobs(t.Context()))

	// The caller's context ends its wait.
	cancel()
	err = <-results
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "nothing was written")

	// Close does not wait either; who comes back finds the database closed.
	require.NoError(t, e.Close())
	close(release)
	for range 3 {
		require.ErrorIs(t, <-results, kv.ErrClosed)
	}
}

// An operation that meets another definition of its table settles with nothing used and asks again, with the
// new definition's settings.
func TestLimiterStale(t *testing.T) {
	var e *engine.Engine
	l := &ledger{t: t}
	changing := &limiterFuncs{settle: l.Settle}
	changing.take = func(ctx context.Context, u api.Usage) error {
		if err := l.Take(ctx, u); err != nil {
			return err
		}
		if len(l.entries) == 1 {
			do(t, e, &api.UpdateTableInput{TableName: new("users"), ProvisionedThroughput: &api.ProvisionedThroughput{ReadCapacityUnits: new(int64(7)), WriteCapacityUnits: new(int64(8))}})
		}
		return nil
	}
	for _, in := range []api.Request{
		&api.PutItemInput{TableName: new("users"), Item: api.ItemOf(attr.Item{"id": attr.S("a")})},
		&api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"users": {{PutRequest: &api.PutRequest{Item: api.ItemOf(attr.Item{"id": attr.S("c")})}}}}},
		&api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{{Put: &api.Put{TableName: new("users"), Item: api.ItemOf(attr.Item{"id": attr.S("e")})}}}},
		&api.GetItemInput{TableName: new("users"), Key: attr.Item{"id": attr.S("nobody")}},
		&api.QueryInput{TableName: new("users"), KeyConditionExpression: new("id = :i"), ExpressionAttributeValues: attr.Item{":i": attr.S("x")}},
		&api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{"users": {Keys: []attr.Item{{"id": attr.S("x")}}}}},
		&api.TransactGetItemsInput{TransactItems: []api.TransactGetItem{{Get: &api.Get{TableName: new("users"), Key: attr.Item{"id": attr.S("x")}}}}},
	} {
		e = open(t, openMemory(t), engine.Options{Now: newClock().Now, Limiter: changing})
		do(t, e, &api.CreateTableInput{TableName: new("users"), AttributeDefinitions: []api.AttributeDefinition{{AttributeName: new("id"), AttributeType: new(api.ScalarAttributeTypeS)}},
			KeySchema:             []api.KeySchemaElement{{AttributeName: new("id"), KeyType: new(api.KeyTypeHash)}},
			ProvisionedThroughput: &api.ProvisionedThroughput{ReadCapacityUnits: new(int64(5)), WriteCapacityUnits: new(int64(6))}})
		_, err := e.Serve(t.Context(), in)
		require.NoError(t, err, in.Operation())
		require.Len(t, l.entries, 2, in.Operation())
		require.Zero(t, l.open)
		first, second := l.entries[0], l.entries[1]
		require.Equal(t, api.CapacityUnits{Read: 5, Write: 6}, first.estimate.Table.Units)
		require.Equal(t, "nothing", unitsOf(first.used))
		require.Equal(t, api.CapacityUnits{Read: 7, Write: 8}, second.estimate.Table.Units)
		require.NotEqual(t, "nothing", unitsOf(second.used))
		l.told()
	}
}

// What a Limiter sees of a table.
func TestTableCapacity(t *testing.T) {
	clock, l := newClock(), &ledger{t: t}
	e := open(t, openMemory(t), engine.Options{Now: clock.Now, Limiter: l})
	create(t, e, "users id:S sk:N\nlsi local n:N ALL\ngsi one n:N ALL\ngsi two org:S ALL")
	seen := func() *api.TableCapacity {
		l.told()
		do(t, e, &api.GetItemInput{TableName: new("users"), Key: attr.Item{"id": attr.S("a"), "sk": attr.Int(1)}})
		return l.entries[0].estimate.Table
	}
	c := seen()
	d := do(t, e, &api.DescribeTableInput{TableName: new("users")}).Table
	require.Equal(t, &api.TableCapacity{Name: "users", ID: *d.TableId, OnDemand: true, SwitchedMicros: clock.Now().UnixMicro(),
		GlobalIndexes: []api.IndexCapacity{{Name: "one"}, {Name: "two"}}}, c)
	require.Same(t, c, seen(), "the same pointer until the definition changes")

	clock.Advance(time.Hour)
	p := func(r, w int64) *api.ProvisionedThroughput {
		return &api.ProvisionedThroughput{ReadCapacityUnits: &r, WriteCapacityUnits: &w}
	}
	index := func(name string, r, w int64) api.GlobalSecondaryIndexUpdate {
		return api.GlobalSecondaryIndexUpdate{Update: &api.UpdateGlobalSecondaryIndexAction{IndexName: &name, ProvisionedThroughput: p(r, w)}}
	}
	do(t, e, &api.UpdateTableInput{TableName: new("users"), BillingMode: new(api.BillingModeProvisioned), ProvisionedThroughput: p(1, 2),
		GlobalSecondaryIndexUpdates: []api.GlobalSecondaryIndexUpdate{index("one", 3, 4), index("two", 5, 6)}})
	c = seen()
	require.Equal(t, &api.TableCapacity{Name: "users", ID: *d.TableId, Units: api.CapacityUnits{Read: 1, Write: 2},
		GlobalIndexes: []api.IndexCapacity{{Name: "one", Units: api.CapacityUnits{Read: 3, Write: 4}}, {Name: "two", Units: api.CapacityUnits{Read: 5, Write: 6}}}}, c)

	do(t, e, &api.UpdateTableInput{TableName: new("users"), BillingMode: new(api.BillingModePayPerRequest),
		OnDemandThroughput: &api.OnDemandThroughput{MaxReadRequestUnits: new(int64(100)), MaxWriteRequestUnits: new(int64(-1))}})
	c = seen()
	require.Equal(t, api.CapacityUnits{MaxRead: 100}, c.Units)
	require.Equal(t, clock.Now().UnixMicro(), c.SwitchedMicros)

	do(t, e, dropIndex("users", "one"))
	require.Equal(t, []api.IndexCapacity{{Name: "two"}}, seen().GlobalIndexes)
}

// Everything is settled also when the store fails, and what did not take place used nothing.
func TestLimiterStoreFails(t *testing.T) {
	l := &ledger{t: t}
	store := &gate{Store: openMemory(t)}
	e := open(t, store, engine.Options{Now: newClock().Now, Limiter: l})
	create(t, e, "users id:S")
	for _, in := range []api.Request{
		&api.PutItemInput{TableName: new("users"), Item: api.ItemOf(attr.Item{"id": attr.S("a")})},
		&api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"users": {{PutRequest: &api.PutRequest{Item: api.ItemOf(attr.Item{"id": attr.S("c")})}}}}},
		&api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{{Put: &api.Put{TableName: new("users"), Item: api.ItemOf(attr.Item{"id": attr.S("e")})}}}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		before := func() { cancel() }
		store.before.Store(&before) // after it is taken
		_, err := e.Serve(ctx, in)
		require.ErrorIs(t, err, context.Canceled, in.Operation())
		require.Zero(t, l.open)
		require.Equal(t, "nothing", unitsOf(l.entries[0].used))
		l.told()
		panicking := func() { panic("the store has a bug") }
		store.before.Store(&panicking)
		require.Panics(t, func() { _, _ = e.Serve(t.Context(), in) })
		require.Zero(t, l.open, "%s: settled also when the work panics", in.Operation())
		l.told()
	}
}

// A Limiter that lets all costs no allocation.
func TestLimiterAllocations(t *testing.T) {
	granting := &limiterFuncs{}
	plain := open(t, openMemory(t), engine.Options{Now: time.Now})
	limited := open(t, openMemory(t), engine.Options{Now: time.Now, Limiter: granting})
	for _, e := range []*engine.Engine{plain, limited} {
		create(t, e, "users id:S\ngsi byN n:N ALL")
		put(t, e, "users", `{id: "a", n: 1}`)
	}
	item := attr.Item{"id": attr.S("a"), "n": attr.Int(1)}
	key := attr.Item{"id": attr.S("a")}
	for _, in := range []api.Request{
		&api.GetItemInput{TableName: new("users"), Key: key},
		&api.PutItemInput{TableName: new("users"), Item: api.ItemOf(item)},
		&api.UpdateItemInput{TableName: new("users"), Key: key, UpdateExpression: new("SET n = :n"), ExpressionAttributeValues: attr.Item{":n": attr.Int(1)}},
		&api.DeleteItemInput{TableName: new("users"), Key: attr.Item{"id": attr.S("x")}},
		&api.QueryInput{TableName: new("users"), KeyConditionExpression: new("id = :i"), ExpressionAttributeValues: attr.Item{":i": attr.S("a")}},
		&api.ScanInput{TableName: new("users"), IndexName: new("byN")},
	} {
		count := func(e *engine.Engine) float64 {
			runtime.GC()
			return testing.AllocsPerRun(200, func() {
				if _, err := e.Serve(t.Context(), in); err != nil {
					t.Fatal(err)
				}
			})
		}
		require.Equal(t, count(plain), count(limited), in.Operation())
	}
}
