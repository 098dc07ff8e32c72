package engine_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// raceWrites are writes of the item "a" of the table tab. Their second half is prepared before a change of
// the table and carried out after it.
var raceWrites = map[string]func(testing.TB) api.Request{
	"PutItem": func(t testing.TB) api.Request {
		return &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "a", org: "new"}`))}
	},
	"UpdateItem": func(t testing.TB) api.Request {
		return &api.UpdateItemInput{TableName: new("tab"), Key: item(t, `{pk: "a"}`), UpdateExpression: new("SET org = :o"),
			ExpressionAttributeValues: item(t, `{:o: "new"}`)}
	},
	"DeleteItem": func(t testing.TB) api.Request {
		return &api.DeleteItemInput{TableName: new("tab"), Key: item(t, `{pk: "a"}`)}
	},
	"BatchWriteItem": func(t testing.TB) api.Request {
		return &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": {
			{PutRequest: &api.PutRequest{Item: api.ItemOf(item(t, `{pk: "a", org: "new"}`))}},
			{PutRequest: &api.PutRequest{Item: api.ItemOf(item(t, `{pk: "b", org: "new"}`))}}}}}
	},
	"TransactWriteItems": func(t testing.TB) api.Request {
		return &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{
			{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "a", org: "new"}`))}},
			{Update: &api.Update{TableName: new("tab"), Key: item(t, `{pk: "c"}`), UpdateExpression: new("SET org = :o"),
				ExpressionAttributeValues: item(t, `{:o: "new"}`)}}}}
	},
}

// raceChanges are changes of the table tab, complete with their jobs.
var raceChanges = map[string]func(testing.TB, *engine.Engine){
	"index added": func(t testing.TB, e *engine.Engine) {
		do(t, e, addIndex("tab", "byOrg org:S ALL"))
		require.NoError(t, e.FinishJobs(context.Background()))
	},
	"index added, not filled": func(t testing.TB, e *engine.Engine) {
		do(t, e, addIndex("tab", "byOrg org:S ALL"))
	},
	"index deleted": func(t testing.TB, e *engine.Engine) {
		do(t, e, dropIndex("tab", "old"))
		require.NoError(t, e.FinishJobs(context.Background()))
	},
	"table deleted": func(t testing.TB, e *engine.Engine) {
		do(t, e, &api.DeleteTableInput{TableName: new("tab")})
		require.NoError(t, e.FinishJobs(context.Background()))
	},
	"table made anew": func(t testing.TB, e *engine.Engine) {
		do(t, e, &api.DeleteTableInput{TableName: new("tab")})
		create(t, e, "tab pk:S\n gsi new org:S KEYS_ONLY")
		require.NoError(t, e.FinishJobs(context.Background()))
	},
	"table made anew with another key": func(t testing.TB, e *engine.Engine) {
		do(t, e, &api.DeleteTableInput{TableName: new("tab")})
		create(t, e, "tab id:N")
		require.NoError(t, e.FinishJobs(context.Background()))
	},
}

// race prepares write, lets change happen, and then lets write go on.
func race(t *testing.T, write api.Request, change func(testing.TB, *engine.Engine), blind bool) (e *engine.Engine, err error) {
	g := &gate{Store: openMemory(t), blind: blind}
	e, err = engine.OpenPaused(t.Context(), g, engine.Options{})
	require.NoError(t, err)
	create(t, e, "tab pk:S\n gsi old org:S ALL")
	put(t, e, "tab", `{pk: "a", org: "before"}`)
	g.before.Store(new(func() { change(t, e) }))
	_, err = e.Serve(t.Context(), write)
	return e, err
}

// TestWriteMeetsChange tries every write against every change at the one moment where it matters.
func TestWriteMeetsChange(t *testing.T) {
	for name, write := range raceWrites {
		for what, change := range raceChanges {
			t.Run(name+"/"+what, func(t *testing.T) {
				e, err := race(t, write(t), change, false)
				switch what {
				case "table deleted":
					require.ErrorIs(t, err, api.ErrTableNotFound)
				case "table made anew with another key":
					require.Error(t, err)
					require.Empty(t, scanAll(t, e, api.ScanInput{TableName: new("tab")}))
				default:
					require.NoError(t, err)
				}
				finish(t, e)
			})
		}
	}
}

// TestCheckFindsLostEntries is the control of TestWriteMeetsChange: without the generation in the heads, writes
// get lost and Check finds them.
func TestCheckFindsLostEntries(t *testing.T) {
	for name, write := range raceWrites {
		for what, fault := range map[string]string{
			"index added":                      "byOrg",
			"index deleted":                    "of an index that the table does not have",
			"table deleted":                    "which no table and no job has",
			"table made anew with another key": "which no table and no job has",
		} {
			if name == "DeleteItem" && what != "index added" {
				continue // it leaves nothing behind
			}
			t.Run(name+"/"+what, func(t *testing.T) {
				e, err := race(t, write(t), raceChanges[what], true)
				require.NoError(t, err)
				err = e.Check(t.Context())
				require.ErrorContains(t, err, fault)
				require.ErrorIs(t, err, kv.ErrCorrupt)
				require.NoError(t, e.Close())
			})
		}
	}
}

// TestReadMeetsChange lets a read find its table, a change take place, and then the read go on. It answers what is
// there then, never the half of something.
func TestReadMeetsChange(t *testing.T) {
	reads := map[string]func(testing.TB) api.Request{
		"GetItem": func(t testing.TB) api.Request {
			return &api.GetItemInput{TableName: new("tab"), Key: item(t, `{pk: "a"}`)}
		},
		"Query": func(t testing.TB) api.Request {
			return &api.QueryInput{TableName: new("tab"), KeyConditionExpression: new("pk = :p"), ExpressionAttributeValues: item(t, `{:p: "a"}`)}
		},
		"Scan": func(testing.TB) api.Request { return &api.ScanInput{TableName: new("tab")} },
		"Scan of an index": func(testing.TB) api.Request {
			return &api.ScanInput{TableName: new("tab"), IndexName: new("old")}
		},
		"BatchGetItem": func(t testing.TB) api.Request {
			return &api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{"tab": {Keys: []attr.Item{item(t, `{pk: "a"}`)}}}}
		},
		"TransactGetItems": func(t testing.TB) api.Request {
			return &api.TransactGetItemsInput{TransactItems: []api.TransactGetItem{{Get: &api.Get{TableName: new("tab"), Key: item(t, `{pk: "a"}`)}}}}
		},
	}
	for name, read := range reads {
		for what, change := range raceChanges {
			t.Run(name+"/"+what, func(t *testing.T) {
				g := &gate{Store: openMemory(t)}
				e := openPaused(t, g)
				create(t, e, "tab pk:S\n gsi old org:S ALL")
				put(t, e, "tab", `{pk: "a", org: "x"}`)
				g.viewed.Store(new(func() { change(t, e) }))
				got := render(e.Serve(t.Context(), read(t)))
				require.Nil(t, g.viewed.Load())
				require.Equal(t, render(e.Serve(t.Context(), read(t))), got)
			})
		}
	}
}

// TestCatalogLoadedBetweenLookups: while a transaction looks up the table of each of its actions, somebody
// loads the catalog anew. All its actions still go by one head of each slot.
func TestCatalogLoadedBetweenLookups(t *testing.T) {
	store, clock := openMemory(t), newClock()
	lookups := 0
	var between func()
	e := open(t, store, engine.Options{Now: func() time.Time { // asked at each lookup
		if lookups++; lookups == 2 && between != nil {
			between()
		}
		return clock.Now()
	}})
	create(t, e, "tab pk:S")
	create(t, e, "other pk:S")
	// Another engine on the store changes a table, so that a write of this one finds its catalog old.
	beside, err := engine.OpenPaused(t.Context(), store, engine.Options{})
	require.NoError(t, err)
	do(t, beside, &api.UpdateTableInput{TableName: new("other"), TableClass: new(api.TableClassStandardInfrequentAccess)})

	var puts []api.TransactWriteItem
	for i := range 40 {
		puts = append(puts, api.TransactWriteItem{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, text(`{pk: "%d"}`, i)))}})
	}
	lookups, between = 0, func() { put(t, e, "other", `{pk: "a"}`) }
	out := do(t, e, &api.TransactWriteItemsInput{TransactItems: puts, ReturnConsumedCapacity: new(api.ReturnConsumedCapacityTotal)})
	require.Len(t, out.ConsumedCapacity, 1)
	require.EqualValues(t, 40, *do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table.ItemCount)
}

// TestRaces lets writers of all kinds and a changer of the table go at once. It finds a missing check of the
// generation in most of its runs; TestWriteMeetsChange does in every one.
func TestRaces(t *testing.T) {
	onStores(t, func(t *testing.T, store kv.Store) {
		e := open(t, lagging{store})
		schemas := []string{
			"tab pk:S sk:N\n gsi byOrg org:S n:N ALL\n lsi byN n:N KEYS_ONLY",
			"tab pk:S\n gsi byN n:N INCLUDE:org",
			"tab sk:N pk:S",
		}
		random := newRandom(t)
		rounds := 300
		if testing.Short() {
			rounds = 50
		}
		var stop atomic.Bool
		create(t, e, schemas[0])
		var writers sync.WaitGroup
		defer writers.Wait()
		defer stop.Store(true)
		for w := range 4 {
			r := rand.New(rand.NewPCG(random.Uint64(), uint64(w)))
			writers.Go(func() {
				for !stop.Load() {
					_, err := e.Serve(context.Background(), randomWrite(t, r))
					if err != nil && !errors.Is(err, api.ErrValidation) && !errors.Is(err, api.ErrTableNotFound) && !errors.Is(err, api.ErrTransactionCanceled) {
						t.Errorf("%v", err)
					}
				}
			})
		}
		for range rounds {
			var in api.Request
			switch random.IntN(8) {
			case 0, 1, 2:
				in = addIndex("tab", []string{"added org:S ALL", "added n:N INCLUDE:org", "added org:S n:N KEYS_ONLY"}[random.IntN(3)])
			case 3, 4, 5:
				in = dropIndex("tab", []string{"added", "byOrg", "byN"}[random.IntN(3)])
			case 6:
				in = &api.DeleteTableInput{TableName: new("tab")}
			default:
				c, err := parseCreate(schemas[random.IntN(len(schemas))])
				require.NoError(t, err)
				in = c
			}
			_, err := e.Serve(t.Context(), in)
			if _, ok := errors.AsType[*api.Error](err); err != nil && !ok {
				t.Errorf("%s: %v", in.Operation(), err)
			}
			if random.IntN(2) == 0 {
				require.NoError(t, e.FinishJobs(t.Context()))
			}
			require.NoError(t, e.Check(t.Context()), "after %s", in.Operation())
		}
		stop.Store(true)
		writers.Wait()
	})
}

// randomWrite is a write that fits one schema or another of TestRaces.
func randomWrite(t testing.TB, r *rand.Rand) api.Request {
	full := text(`{pk: "p%d", sk: %d, org: "o%d", n: %d, s: "%s"}`, r.IntN(4), r.IntN(5), r.IntN(3), r.IntN(9), long(r.IntN(50)))
	if r.IntN(4) == 0 {
		full = text(`{pk: "p%d", sk: %d}`, r.IntN(4), r.IntN(5))
	}
	key := item(t, text(`{pk: "p%d", sk: %d}`, r.IntN(4), r.IntN(5)))
	if r.IntN(3) == 0 {
		delete(key, "sk")
	}
	switch r.IntN(6) {
	case 0, 1:
		return &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, full))}
	case 2:
		return &api.UpdateItemInput{TableName: new("tab"), Key: key, UpdateExpression: new("SET org = :o, n = if_not_exists(n, :n) + :n"),
			ExpressionAttributeValues: item(t, text(`{:o: "o%d", :n: %d}`, r.IntN(3), r.IntN(3)))}
	case 3:
		return &api.DeleteItemInput{TableName: new("tab"), Key: key}
	case 4:
		return &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{
			{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, full))}},
			{Update: &api.Update{TableName: new("tab"), Key: item(t, text(`{pk: "tx", sk: %d}`, r.IntN(3))),
				UpdateExpression: new("REMOVE org ADD n :n"), ExpressionAttributeValues: item(t, `{:n: 1}`)}}}}
	}
	return &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": {
		{PutRequest: &api.PutRequest{Item: api.ItemOf(item(t, full))}},
		{DeleteRequest: &api.DeleteRequest{Key: item(t, `{pk: "batch", sk: 1}`)}}}}}
}
