package engine_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
)

// hideStore is an engine whose table has items that are due, on their way out: "dead" in the partition "p" beside
// "live", "old" (which never expires, for its age) and "none", and "dead" alone in "q".
func hideStore(t testing.TB, hide bool) *engine.Engine {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now, HideExpired: hide})
	create(t, e, "tab pk:S sk:S\n gsi every org:S ALL\n gsi keys org:S KEYS_ONLY\n gsi time org:S INCLUDE:exp\n lsi local org:S KEYS_ONLY")
	ttl(t, e, "tab", "exp", true)
	now := clock.Now().Unix()
	put(t, e, "tab", text(`{pk: "p", sk: "dead", org: "o", n: 1, exp: %d}`, now))
	put(t, e, "tab", text(`{pk: "p", sk: "live", org: "o", n: 1, exp: %d}`, now+1))
	put(t, e, "tab", `{pk: "p", sk: "none", org: "o", n: 1}`)
	put(t, e, "tab", `{pk: "p", sk: "old", org: "o", n: 1, exp: 1}`)
	put(t, e, "tab", text(`{pk: "q", sk: "dead", org: "o", n: 1, exp: %d}`, now))
	clock.Advance(time.Second)
	return e
}

// TestHideExpired asks for items that are due: with the option they are not there, and without it they are.
func TestHideExpired(t *testing.T) {
	dead := func() attr.Item { return item(t, `{pk: "p", sk: "dead"}`) }
	total := new(api.ReturnConsumedCapacityTotal)
	old := new(api.ReturnValuesOnConditionCheckFailureAllOld)
	scan := func(index *string) api.Request {
		return &api.ScanInput{TableName: new("tab"), IndexName: index, ProjectionExpression: new("sk"), ReturnConsumedCapacity: total}
	}
	statement := func(text string) api.Request { return &api.ExecuteStatementInput{Statement: &text} }
	const seen = "{exp: 1793534400, n: 1, org: \"o\", pk: \"p\", sk: \"dead\"}\n"
	const all = "{sk: \"dead\"}\n{sk: \"live\"}\n{sk: \"none\"}\n{sk: \"old\"}\n{sk: \"dead\"}\n5 of 5\ntab capacity 0.5\n"
	const some = "{sk: \"live\"}\n{sk: \"none\"}\n{sk: \"old\"}\n3 of 5\ntab capacity 0.5\n"
	const failed = "ConditionalCheckFailedException: The conditional request failed\n"
	for _, c := range []struct {
		name          string
		in            api.Request
		hidden, shown string
	}{
		{"GetItem", &api.GetItemInput{TableName: new("tab"), Key: dead(), ReturnConsumedCapacity: total},
			"absent\ntab capacity 0.5\n", seen + "tab capacity 0.5\n"},
		{"GetItem with a projection", &api.GetItemInput{TableName: new("tab"), Key: dead(), ProjectionExpression: new("sk")}, "absent\n", "{sk: \"dead\"}\n"},
		{"BatchGetItem", &api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{"tab": {Keys: []attr.Item{dead()}}}, ReturnConsumedCapacity: total},
			"tab:\ntab capacity 0.5\n", "tab:\n" + seen + "tab capacity 0.5\n"},
		{"TransactGetItems", &api.TransactGetItemsInput{TransactItems: []api.TransactGetItem{{Get: &api.Get{TableName: new("tab"), Key: dead()}}}},
			"absent\n", seen},
		{"Query", &api.QueryInput{TableName: new("tab"), KeyConditionExpression: new("pk = :p"), ExpressionAttributeValues: item(t, `{:p: "q"}`),
			ReturnConsumedCapacity: total}, "0 of 1\ntab capacity 0.5\n",
			"{exp: 1793534400, n: 1, org: \"o\", pk: \"q\", sk: \"dead\"}\n1 of 1\ntab capacity 0.5\n"},
		{"Query with a filter", &api.QueryInput{TableName: new("tab"), KeyConditionExpression: new("pk = :p"), FilterExpression: new("attribute_not_exists(gone)"),
			ExpressionAttributeValues: item(t, `{:p: "q"}`), Select: new(api.SelectCount)}, "0 of 1\n", "1 of 1\n"},
		{"Query of a page", &api.QueryInput{TableName: new("tab"), KeyConditionExpression: new("pk = :p"), Limit: new(int32(1)),
			ExpressionAttributeValues: item(t, `{:p: "p"}`)},
			"0 of 1\nlast {pk: \"p\", sk: \"dead\"}\n", seen + "1 of 1\nlast {pk: \"p\", sk: \"dead\"}\n"},
		{"Scan", scan(nil), some, all},
		{"PutItem", &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(dead()), ReturnValues: new(api.ReturnValueAllOld)}, "ok\n", seen},
		{"PutItem if absent", &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(dead()), ConditionExpression: new("attribute_not_exists(pk)"),
			ReturnValuesOnConditionCheckFailure: old}, "ok\n", failed + seen},
		{"PutItem of what is due", &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "p", sk: "dead", exp: 1793534400}`))}, "ok\n", "ok\n"},
		{"DeleteItem", &api.DeleteItemInput{TableName: new("tab"), Key: dead(), ReturnValues: new(api.ReturnValueAllOld)}, "ok\n", seen},
		{"DeleteItem if there", &api.DeleteItemInput{TableName: new("tab"), Key: dead(), ConditionExpression: new("n = :n"),
			ExpressionAttributeValues: item(t, `{:n: 2}`), ReturnValuesOnConditionCheckFailure: old}, failed, failed + seen},
		{"UpdateItem", &api.UpdateItemInput{TableName: new("tab"), Key: dead(), UpdateExpression: new("ADD n :n"),
			ExpressionAttributeValues: item(t, `{:n: 2}`), ReturnValues: new(api.ReturnValueAllNew)},
			"{n: 2, pk: \"p\", sk: \"dead\"}\n", "{exp: 1793534400, n: 3, org: \"o\", pk: \"p\", sk: \"dead\"}\n"},
		{"UpdateItem, UPDATED_OLD", &api.UpdateItemInput{TableName: new("tab"), Key: dead(), UpdateExpression: new("ADD n :n"),
			ExpressionAttributeValues: item(t, `{:n: 2}`), ReturnValues: new(api.ReturnValueUpdatedOld)}, "ok\n", "{n: 1}\n"},
		{"UpdateItem that makes nothing", &api.UpdateItemInput{TableName: new("tab"), Key: dead(), UpdateExpression: new("REMOVE n"),
			ReturnValues: new(api.ReturnValueAllNew)}, "ok\n", "{exp: 1793534400, org: \"o\", pk: \"p\", sk: \"dead\"}\n"},
		{"UpdateItem that makes it due", &api.UpdateItemInput{TableName: new("tab"), Key: item(t, `{pk: "p", sk: "none"}`), UpdateExpression: new("SET exp = :e"),
			ExpressionAttributeValues: item(t, `{:e: 1793534400}`), ReturnValues: new(api.ReturnValueUpdatedNew)}, "{exp: 1793534400}\n", "{exp: 1793534400}\n"},
		{"TransactWriteItems", &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{{ConditionCheck: &api.ConditionCheck{TableName: new("tab"), Key: dead(),
			ConditionExpression: new("attribute_not_exists(pk)")}}}}, "ok\n",
			"TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed]\n" +
				"0 ConditionalCheckFailed The conditional request failed {}\n"},
		{"SELECT of an item", statement(`SELECT * FROM tab WHERE pk = 'p' AND sk = 'dead'`), "0 items\n", "1 items\n"},
		{"SELECT of a partition", statement(`SELECT * FROM tab WHERE pk = 'p'`), "3 items\n", "4 items\n"},
		{"SELECT of all", statement(`SELECT * FROM tab`), "3 items\n", "5 items\n"},
		{"INSERT", statement(`INSERT INTO tab VALUE {'pk': 'p', 'sk': 'dead'}`), "0 items\n", "DuplicateItemException: Duplicate primary key exists in table\n"},
		{"UPDATE", statement(`UPDATE tab SET n = 2 WHERE pk = 'p' AND sk = 'dead'`), failed, "0 items\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for hide, want := range map[bool]string{true: c.hidden, false: c.shown} {
				out, err := hideStore(t, hide).Serve(t.Context(), c.in)
				got := render(out, err)
				if out, ok := out.(*api.ExecuteStatementOutput); ok {
					got = text("%d items\n", len(out.Items))
				}
				require.Equal(t, want, got, "hidden: %t", hide)
			}
		})
	}
	for _, index := range []string{"every", "keys", "time", "local"} {
		t.Run("Scan of "+index, func(t *testing.T) {
			require.Contains(t, render(hideStore(t, true).Serve(t.Context(), scan(&index))), "3 of 5\ntab capacity 0.5\n")
			require.Contains(t, render(hideStore(t, false).Serve(t.Context(), scan(&index))), "5 of 5\ntab capacity 0.5\n")
		})
	}
}

// TestHiddenIsLeftAlone: an update that would make no item deletes none that it does not see.
func TestHiddenIsLeftAlone(t *testing.T) {
	e := hideStore(t, true)
	update := func(expression string) {
		do(t, e, &api.UpdateItemInput{TableName: new("tab"), Key: item(t, `{pk: "q", sk: "dead"}`), UpdateExpression: &expression})
	}
	update("REMOVE n")
	require.Equal(t, 5, count(t, e, "tab"))
	require.Equal(t, 2, sweep(t, e, 10))
	update("REMOVE n")
	require.Equal(t, 3, count(t, e, "tab"))
}

// TestHiddenIsAsDeleted runs random requests on an engine that hides what is due, and on one that deletes it before
// each of them. Both give the same answers.
func TestHiddenIsAsDeleted(t *testing.T) {
	random := newRandom(t)
	clock := newClock()
	hides := openPaused(t, openMemory(t), engine.Options{Now: clock.Now, HideExpired: true})
	deletes := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	scanned := regexp.MustCompile(`( of| expired) \d+`)
	for _, e := range []*engine.Engine{hides, deletes} {
		create(t, e, randomSchema)
		ttl(t, e, "tab", "exp", true)
	}
	deleted := 0
	for i := range 3 * randomCount() {
		clock.Advance(time.Duration(random.IntN(100)) * time.Second)
		deleted += sweep(t, deletes, 1000)
		in := randomRequest(t, random)
		tables := false
		switch in := in.(type) {
		case *api.UpdateTimeToLiveInput: // what is hidden comes back when it is disabled
			sweep(t, hides, 1000)
		case *api.CreateTableInput, *api.UpdateTableInput, *api.DeleteTableInput, *api.DescribeTableInput:
			tables = true // they tell how many items there are
		case *api.ScanInput:
			in.Limit, in.ReturnConsumedCapacity = nil, nil
		case *api.PutItemInput:
			in.ReturnConsumedCapacity = nil
		case *api.TransactWriteItemsInput:
			in.ReturnConsumedCapacity = nil
		}
		got, gotErr := hides.Serve(t.Context(), in)
		want, wantErr := deletes.Serve(t.Context(), in)
		if tables && gotErr == nil && wantErr == nil {
			continue
		}
		require.Equal(t, scanned.ReplaceAllString(render(want, wantErr), ""), scanned.ReplaceAllString(render(got, gotErr), ""), "request %d: %s", i, in.Operation())
		if random.IntN(20) == 0 {
			require.NoError(t, hides.FinishJobs(context.Background()))
			require.NoError(t, deletes.FinishJobs(context.Background()))
			require.NoError(t, hides.Check(t.Context()))
		}
	}
	require.NotZero(t, deleted)
	t.Logf("%d items expired", deleted)
}
