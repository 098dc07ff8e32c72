package engine_test

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/memkv"
)

// TestSegments: every item is in exactly one segment, however many there are, with pages of any size.
func TestSegments(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, "tab pk:S sk:N\n gsi byOrg org:S ALL")
	fill(t, e, 500)
	for _, index := range []*string{nil, new("byOrg")} {
		all := scanAll(t, e, api.ScanInput{TableName: new("tab"), IndexName: index})
		require.Len(t, all, 500)
		for _, segments := range []int32{1, 2, 3, 7, 1000, 20_000} {
			var joined []string
			for s := range segments {
				in := api.ScanInput{TableName: new("tab"), IndexName: index, Segment: new(s), TotalSegments: &segments, Limit: new(int32(30))}
				joined = append(joined, scanAll(t, e, in)...)
			}
			require.Equal(t, all, joined, "%d segments", segments)
		}
	}
}

// TestMostSegments: the first and the last of as many segments as there can be.
func TestMostSegments(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, "tab pk:S")
	for _, s := range []int32{0, 999_999} {
		in := &api.ScanInput{TableName: new("tab"), Segment: &s, TotalSegments: new(int32(1_000_000))}
		require.Zero(t, do(t, e, in).ScannedCount)
	}
}

// TestLargePages reads a partition of 5 MB page by page, both ways and through an index.
func TestLargePages(t *testing.T) {
	onStores(t, func(t *testing.T, store kv.Store) {
		e := open(t, store)
		create(t, e, "tab pk:S sk:N\n gsi byOrg org:S sk:N KEYS_ONLY")
		const items = 100
		for i := range items {
			put(t, e, "tab", text(`{pk: "a", sk: %d, org: "o", v: "v"*52000}`, i))
		}
		for _, c := range []struct {
			in    api.QueryInput
			pages int
		}{
			{api.QueryInput{KeyConditionExpression: new("pk = :p")}, 5},
			{api.QueryInput{KeyConditionExpression: new("pk = :p"), ScanIndexForward: new(false)}, 5},
			{api.QueryInput{KeyConditionExpression: new("pk = :p"), FilterExpression: new("sk2 = :p")}, 5},
			{api.QueryInput{KeyConditionExpression: new("pk = :p"), ProjectionExpression: new("sk")}, 5},
			{api.QueryInput{KeyConditionExpression: new("org = :p"), IndexName: new("byOrg")}, 1},
		} {
			c.in.TableName, c.in.ExpressionAttributeValues = new("tab"), item(t, `{:p: "a"}`)
			if c.in.IndexName != nil {
				c.in.ExpressionAttributeValues = item(t, `{:p: "o"}`)
			}
			pages, scanned, next := 0, 0, 0
			for {
				out := do(t, e, &c.in)
				pages++
				scanned += int(out.ScannedCount)
				for _, it := range out.Items {
					want := next
					if c.in.ScanIndexForward != nil {
						want = items - 1 - next
					}
					n, ok := it.Value("sk").Int()
					require.True(t, ok)
					require.EqualValues(t, want, n)
					next++
				}
				if c.in.ExclusiveStartKey = out.LastEvaluatedKey; out.LastEvaluatedKey == nil {
					break
				}
			}
			require.Equal(t, c.pages, pages, "%s", *c.in.KeyConditionExpression)
			require.Equal(t, items, scanned)
		}
	})
}

// TestFullStore: a store without space refuses what grows it, keeps what it has, and takes writes again when there is room.
func TestFullStore(t *testing.T) {
	store, err := memkv.Open(&memkv.Options{MaxSizeBytes: 200_000})
	require.NoError(t, err)
	e := open(t, store)
	create(t, e, "tab id:N\n gsi byOrg org:S ALL")
	n := 0
	var fault *api.Error
	for ; fault == nil; n++ {
		if n%2 == 0 {
			_, err = e.Serve(t.Context(), &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, text(`{id: %d, org: "o", v: "v"*5000}`, n)))})
		} else {
			_, err = e.Serve(t.Context(), &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": {
				{PutRequest: &api.PutRequest{Item: api.ItemOf(item(t, text(`{id: %d, org: "o", v: "v"*5000}`, n)))}}}}})
		}
		if err != nil {
			require.ErrorAs(t, err, &fault)
		}
	}
	n--
	require.Equal(t, api.CodeInternalServerError, fault.Code)
	require.Equal(t, "The store is full; nothing was written", fault.Message)
	require.ErrorIs(t, fault, kv.ErrFull)
	require.Len(t, scanAll(t, e, api.ScanInput{TableName: new("tab")}), n)
	require.NoError(t, e.Check(t.Context()))
	do(t, e, &api.DeleteItemInput{TableName: new("tab"), Key: item(t, `{id: 0}`)})
	put(t, e, "tab", text(`{id: %d, org: "o", v: "v"*4000}`, n))
	require.Len(t, scanAll(t, e, api.ScanInput{TableName: new("tab"), IndexName: new("byOrg")}), n)
}

// everyRequest is one request of every operation.
func everyRequest(t testing.TB) []api.Request {
	arn := new("arn:aws:dynamodb:local:000000000000:table/tab")
	key := item(t, `{id: "a"}`)
	c, err := parseCreate("new id:S")
	require.NoError(t, err)
	return []api.Request{
		&api.GetItemInput{TableName: new("tab"), Key: key},
		&api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(key)},
		&api.UpdateItemInput{TableName: new("tab"), Key: key},
		&api.DeleteItemInput{TableName: new("tab"), Key: key},
		&api.QueryInput{TableName: new("tab"), KeyConditionExpression: new("id = :i"), ExpressionAttributeValues: item(t, `{:i: "a"}`)},
		&api.ScanInput{TableName: new("tab")},
		&api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{"tab": {Keys: []attr.Item{key}}}},
		&api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": {{DeleteRequest: &api.DeleteRequest{Key: key}}}}},
		&api.TransactGetItemsInput{TransactItems: []api.TransactGetItem{{Get: &api.Get{TableName: new("tab"), Key: key}}}},
		&api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(key)}}}},
		&api.DescribeTableInput{TableName: new("tab")},
		addIndex("tab", "byOrg org:S ALL"),
		&api.TagResourceInput{ResourceArn: arn, Tags: []api.Tag{{Key: new("k"), Value: new("v")}}},
		&api.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"k"}},
		c,
		&api.DeleteTableInput{TableName: new("tab")},
	}
}

func TestCancelledContext(t *testing.T) {
	onStores(t, func(t *testing.T, store kv.Store) {
		e := open(t, store)
		create(t, e, "tab id:S")
		before := dump(t, e)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, in := range everyRequest(t) {
			_, err := e.Serve(ctx, in)
			require.ErrorIs(t, err, context.Canceled, in.Operation())
			require.ErrorContains(t, err, "InternalServerError: The request ended before the operation began; nothing was written", in.Operation())
		}
		require.Equal(t, before, dump(t, e))
	})
}

func TestClosed(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			e, err := engine.Open(t.Context(), open(t), engine.Options{})
			require.NoError(t, err)
			create(t, e, "tab id:S")
			require.NoError(t, e.Close())
			for _, in := range everyRequest(t) {
				fault := fails(t, e, in)
				require.Equal(t, api.CodeServiceUnavailable, fault.Code, in.Operation())
				require.ErrorIs(t, fault, kv.ErrClosed)
			}
			require.ErrorIs(t, e.Check(t.Context()), kv.ErrClosed)
			require.ErrorIs(t, e.Close(), kv.ErrClosed)
		})
	}
}

func TestUnknownRequests(t *testing.T) {
	e := open(t, openMemory(t))
	require.Equal(t, api.CodeUnknownOperation, fails(t, e, &api.DescribeEndpointsInput{}).Code)
	_, err := e.Serve(t.Context(), nil)
	require.ErrorIs(t, err, api.ErrValidation)
	out := do(t, e, &api.DescribeLimitsInput{})
	require.EqualValues(t, 80_000, *out.AccountMaxReadCapacityUnits)
	require.EqualValues(t, 40_000, *out.TableMaxWriteCapacityUnits)
}

func TestListManyTables(t *testing.T) {
	e := open(t, openMemory(t))
	for i := range 205 {
		create(t, e, text("table-%03d id:S", i))
	}
	var all []string
	in := &api.ListTablesInput{}
	for _, want := range []int{100, 100, 5} {
		out := do(t, e, in)
		require.Len(t, out.TableNames, want)
		all = append(all, out.TableNames...)
		in.ExclusiveStartTableName = out.LastEvaluatedTableName
	}
	require.Nil(t, in.ExclusiveStartTableName)
	require.IsIncreasing(t, all)
	require.Len(t, all, 205)
}

// TestIndexLimits: one index at a time, twenty in all.
func TestIndexLimits(t *testing.T) {
	e := openPaused(t, openMemory(t))
	create(t, e, "tab id:S")
	put(t, e, "tab", `{id: "a", org: "o"}`)
	do(t, e, addIndex("tab", "index00 org:S ALL"))
	const busy = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
	require.Equal(t, busy, fails(t, e, addIndex("tab", "index01 org:S ALL")).Message)
	require.NoError(t, e.FinishJobs(t.Context()))
	for i := 1; i < 20; i++ {
		do(t, e, addIndex("tab", text("index%02d org:S ALL", i)))
		if i == 1 {
			require.Equal(t, busy, fails(t, e, dropIndex("tab", "index00")).Message)
		}
		require.NoError(t, e.FinishJobs(t.Context()))
	}
	require.Equal(t, api.CodeLimitExceeded, fails(t, e, addIndex("tab", "index20 org:S ALL")).Code)
	out := do(t, e, &api.UpdateItemInput{TableName: new("tab"), Key: item(t, `{id: "a"}`), UpdateExpression: new("SET org = :o"),
		ExpressionAttributeValues: item(t, `{:o: "p"}`), ReturnConsumedCapacity: new(api.ReturnConsumedCapacityTotal)})
	require.EqualValues(t, 41, *out.ConsumedCapacity.CapacityUnits)
	do(t, e, dropIndex("tab", "index00"))
	require.Equal(t, api.CodeResourceNotFound, fails(t, e, dropIndex("tab", "index00")).Code)
	require.Equal(t, "The table does not have the specified index: index00",
		fails(t, e, &api.ScanInput{TableName: new("tab"), IndexName: new("index00")}).Message)
}

// TestUpdateNesting: copies of copies never make an item that is too deep to be read again.
func TestUpdateNesting(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, "tab id:S")
	in := attr.Item{"id": attr.S("x")}
	for _, name := range []string{"a", "b"} {
		in[name] = attr.M(attr.Item{})
		for range 30 {
			in[name] = attr.M(attr.Item{"m": in[name]})
		}
	}
	do(t, e, &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(in)})
	update := func(expression string) *api.UpdateItemInput {
		return &api.UpdateItemInput{TableName: new("tab"), Key: attr.Item{"id": attr.S("x")}, UpdateExpression: &expression}
	}
	const tooDeep = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
	do(t, e, update("SET c = b"))
	require.Equal(t, tooDeep, fails(t, e, update("SET b"+strings.Repeat(".m", 31)+" = a")).Message)
	require.Equal(t, tooDeep, fails(t, e, update("SET b.m.m = a")).Message)
	do(t, e, update("SET b"+strings.Repeat(".m", 31)+" = id"))                                        // level 32
	require.Equal(t, tooDeep, fails(t, e, update("SET b"+strings.Repeat(".m", 30)+".n = a")).Message) // level 33 and more
	got, err := do(t, e, &api.GetItemInput{TableName: new("tab"), Key: attr.Item{"id": attr.S("x")}}).Item.Item()
	require.NoError(t, err)
	require.Len(t, got, 4)
}

// TestUpdateCopies: an update that copies a large attribute hundreds of times is refused at once.
func TestUpdateCopies(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, "tab id:S")
	nulls := make([]attr.Value, 200_000)
	for i := range nulls {
		nulls[i] = attr.NULL()
	}
	do(t, e, &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(attr.Item{"id": attr.S("x"), "a": attr.L(nulls...)})})
	set := "SET x0 = a"
	for i := range 400 {
		set += text(", x%d = a", i+1)
	}
	in := &api.UpdateItemInput{TableName: new("tab"), Key: attr.Item{"id": attr.S("x")}, UpdateExpression: &set}
	before := allocated()
	require.Equal(t, "Item size to update has exceeded the maximum allowed size", fails(t, e, in).Message)
	require.Less(t, allocated()-before, uint64(64<<20))
}

// allocated returns how many bytes were ever allocated.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// TestItemCollectionLimit pretends that a collection holds 10 GB.
func TestItemCollectionLimit(t *testing.T) {
	store := openMemory(t)
	e := openPaused(t, store)
	create(t, e, "tab id:S sk:N\n lsi byN n:N ALL")
	put(t, e, "tab", `{id: "a", sk: 1, n: 1}`)
	good := rows(t, store)
	row := rows(t, store, engine.SpaceCollection)[0]
	row.Value = binary.BigEndian.AppendUint64(nil, 10<<30-10)
	change(t, store, row)
	full := rows(t, store)

	fault := fails(t, e, &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, `{id: "a", sk: 2, n: 2}`))})
	require.Equal(t, api.CodeItemCollectionSizeLimit, fault.Code)
	fault = fails(t, e, &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{
		{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, `{id: "b", sk: 2, n: 2}`))}},
		{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, `{id: "a", sk: 2, n: 2}`))}}}})
	require.Equal(t, "ItemCollectionSizeLimitExceeded", fault.CancellationReasons[1].Code)
	require.Equal(t, full, rows(t, store), "nothing was written")
	row.Value = binary.BigEndian.AppendUint64(nil, 20<<30+1000)
	change(t, store, row)
	out := do(t, e, &api.DeleteItemInput{TableName: new("tab"), Key: item(t, `{id: "a", sk: 1}`),
		ReturnItemCollectionMetrics: new(api.ReturnItemCollectionMetricsSize)})
	require.Equal(t, []float64{20, 21}, out.ItemCollectionMetrics.SizeEstimateRangeGB, "what makes it smaller is allowed")
	restore(t, store, good)
}

// TestClockGoesBack: commit times never do.
func TestClockGoesBack(t *testing.T) {
	clock := newClock()
	e := open(t, openFile(t, filepath.Join(t.TempDir(), "test.db")), engine.Options{Now: clock.Now})
	create(t, e, "tab id:S\n gsi byOrg org:S ALL")
	for i := range 20 {
		put(t, e, "tab", text(`{id: "before%d", org: "x"}`, i))
	}
	clock.Advance(-time.Hour)
	for i := range 20 {
		put(t, e, "tab", text(`{id: "after%d", org: "x"}`, i))
		put(t, e, "tab", text(`{id: "before%d", org: "y"}`, i/2))
	}
}

// TestTokensAreForgotten: each new token clears away some old ones, so that their number stays bounded.
func TestTokensAreForgotten(t *testing.T) {
	clock := newClock()
	store := openMemory(t)
	e := open(t, store, engine.Options{Now: clock.Now})
	create(t, e, "tab id:S")
	transact := func(token string) {
		do(t, e, &api.TransactWriteItemsInput{ClientRequestToken: &token, TransactItems: []api.TransactWriteItem{
			{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, `{id: "a"}`))}}}})
	}
	count := func() int { return strings.Count(tokens(t, store), "\n") }
	for i := range 20 {
		transact(text("old%d", i))
	}
	require.Equal(t, 2*20, count(), "each by its hash and by its time")
	transact("old3")
	require.Equal(t, 2*20, count(), "a replay adds nothing")
	clock.Advance(10*time.Minute + 1)
	for i := range 3 {
		transact(text("new%d", i))
	}
	require.Equal(t, 2*3, count())
}
