package engine_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
)

// metricsOf returns the sums of the metrics of a table, by "name index operation".
func metricsOf(t *testing.T, e *engine.Engine, table string) map[string]float64 {
	sums := map[string]float64{}
	for _, m := range do(t, e, &api.ReadMetricsInput{}).Metrics {
		if m.TableName == table {
			sums[string(m.Name)+" "+m.IndexName+" "+m.Operation] = m.Sum
			if m.Count > 0 {
				sums[string(m.Name)+" "+m.IndexName+" "+m.Operation+" count"] = float64(m.Count)
			}
		}
	}
	return sums
}

// What metrics count and what a Limiter is told is what the answers say, of random requests by 16 goroutines while definitions change.
func TestMetricsAgree(t *testing.T) {
	var mu sync.Mutex
	var told, limited float64
	l := &limiterFuncs{settle: func(_, used api.Usage) {
		mu.Lock()
		defer mu.Unlock()
		limited += used.Read + used.Write
		for _, x := range used.Indexes {
			limited += x.Units
		}
	}}
	e := open(t, openMemory(t), engine.Options{Limiter: l})
	create(t, e, "users id:S sk:N\ngsi byN n:N ALL\nlsi local n:N KEYS_ONLY")
	var wg sync.WaitGroup
	seed := newRandom(t).Uint64()
	for g := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(g)))
			for range 100 {
				used := randomUse(t, e, r)
				mu.Lock()
				told += used
				mu.Unlock()
			}
		})
	}
	for i := range 20 {
		do(t, e, &api.UpdateTableInput{TableName: new("users"), DeletionProtectionEnabled: new(i%2 == 0)})
	}
	wg.Wait()
	m := metricsOf(t, e, "users")
	sum := 0.0
	for _, name := range []string{"ConsumedReadCapacityUnits  ", "ConsumedWriteCapacityUnits  ", "ConsumedReadCapacityUnits byN ", "ConsumedWriteCapacityUnits byN "} {
		sum += m[name]
	}
	require.Positive(t, told)
	require.Equal(t, told, sum)
	require.Equal(t, told, limited)
	requests := 0.0
	for _, op := range []string{"PutItem", "GetItem", "Query", "BatchWriteItem", "TransactWriteItems"} {
		requests += m["SuccessfulRequestLatency  "+op+" count"]
	}
	require.Equal(t, 1600.0, requests)
}

// randomUse serves a random request and returns what it says that it used.
func randomUse(t *testing.T, e *engine.Engine, r *rand.Rand) float64 {
	level := new(api.ReturnConsumedCapacityTotal)
	item := attr.Item{"id": attr.S(text("%d", r.IntN(5))), "sk": attr.Int(r.IntN(5)), "n": attr.Int(r.IntN(3)), "v": attr.S(long(r.IntN(3000)))}
	key := attr.Item{"id": item["id"], "sk": item["sk"]}
	sum := func(list []api.ConsumedCapacity) (units float64) {
		for _, c := range list {
			units += *c.CapacityUnits
		}
		return units
	}
	users := new("users")
	switch r.IntN(5) {
	case 0:
		return *do(t, e, &api.PutItemInput{TableName: users, Item: api.ItemOf(item), ReturnConsumedCapacity: level}).ConsumedCapacity.CapacityUnits
	case 1:
		return *do(t, e, &api.GetItemInput{TableName: users, Key: key, ReturnConsumedCapacity: level}).ConsumedCapacity.CapacityUnits
	case 2:
		in := &api.QueryInput{TableName: users, IndexName: new("local"), KeyConditionExpression: new("id = :k"),
			ExpressionAttributeValues: attr.Item{":k": item["id"]}, Select: new(api.SelectAllAttributes), ReturnConsumedCapacity: level}
		if r.IntN(2) == 0 {
			in.IndexName, in.KeyConditionExpression, in.ExpressionAttributeValues = new("byN"), new("n = :k"), attr.Item{":k": item["n"]}
		}
		return *do(t, e, in).ConsumedCapacity.CapacityUnits
	case 3:
		return sum(do(t, e, &api.BatchWriteItemInput{ReturnConsumedCapacity: level, RequestItems: map[string][]api.WriteRequest{"users": {
			{PutRequest: &api.PutRequest{Item: api.ItemOf(item)}}, {DeleteRequest: &api.DeleteRequest{Key: attr.Item{"id": attr.S("x"), "sk": attr.Int(1)}}}}}}).ConsumedCapacity)
	}
	return sum(do(t, e, &api.TransactWriteItemsInput{ReturnConsumedCapacity: level, TransactItems: []api.TransactWriteItem{
		{Put: &api.Put{TableName: users, Item: api.ItemOf(item)}}, {Delete: &api.Delete{TableName: users, Key: attr.Item{"id": attr.S("y"), "sk": attr.Int(1)}}}}}).ConsumedCapacity)
}

// Each kind of outcome has its metric.
func TestMetricsOfOutcomes(t *testing.T) {
	clock := newClock()
	e := open(t, openMemory(t), engine.Options{Now: clock.Now})
	create(t, e, "users id:S\ngsi byN n:N ALL")
	put(t, e, "users", `{id: "a", n: 1}`)
	put(t, e, "users", `{id: "b", n: 1}`)
	do(t, e, &api.ScanInput{TableName: new("users")})
	do(t, e, &api.QueryInput{TableName: new("arn:aws:dynamodb:local:000000000000:table/users"), IndexName: new("byN"),
		KeyConditionExpression: new("n = :n"), ExpressionAttributeValues: attr.Item{":n": attr.Int(1)}, Limit: new(int32(1))})
	do(t, e, &api.ExecuteStatementInput{Statement: new("SELECT * FROM users WHERE id = 'a'")})
	do(t, e, &api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{"users": {Keys: []attr.Item{{"id": attr.S("a")}}}}})
	fails(t, e, &api.PutItemInput{TableName: new("users"), Item: api.ItemOf(attr.Item{"id": attr.S("a")}), ConditionExpression: new("attribute_not_exists(id)")})
	fails(t, e, &api.ExecuteStatementInput{Statement: new("INSERT INTO users VALUE {'id': 'a'}")})
	fails(t, e, &api.GetItemInput{TableName: new("users"), Key: attr.Item{"x": attr.S("a")}})
	fails(t, e, &api.GetItemInput{TableName: new("nobody"), Key: attr.Item{"id": attr.S("a")}})
	fails(t, e, &api.GetItemInput{})
	fails(t, e, &api.DescribeTableInput{TableName: new("nobody")})
	fails(t, e, &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{{ConditionCheck: &api.ConditionCheck{
		TableName: new("users"), Key: attr.Item{"id": attr.S("a")}, ConditionExpression: new("attribute_not_exists(id)")}}}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := e.Serve(ctx, &api.PutItemInput{TableName: new("users"), Item: api.ItemOf(attr.Item{"id": attr.S("c")})})
	require.Error(t, err)

	m := metricsOf(t, e, "users")
	require.Equal(t, 2.0, m["ItemCount  "])
	require.Equal(t, 2.0, m["ItemCount byN "])
	require.Equal(t, 2.0, m["ReturnedItemCount  Scan"])
	require.Equal(t, 1.0, m["ReturnedItemCount  Query"])
	require.Equal(t, 1.0, m["ReturnedItemCount  ExecuteStatement"])
	require.Equal(t, 1.0, m["SuccessfulRequestLatency  BatchGetItem count"])
	require.Equal(t, 2.0, m["ConditionalCheckFailedRequests  "])
	require.Equal(t, 1.0, m["SystemErrors  PutItem"])
	require.Equal(t, 2.0, m["SuccessfulRequestLatency  PutItem count"])
	require.Equal(t, 5.0, metricsOf(t, e, "")["UserErrors  "])
	require.Empty(t, metricsOf(t, e, "nobody"))

	all := do(t, e, &api.ReadMetricsInput{})
	require.Equal(t, clock.Now(), all.Since)
	require.True(t, slices.IsSortedFunc(all.Metrics, func(a, b api.Metric) int {
		return slices.Compare([]string{string(a.Name), a.TableName, a.IndexName, a.Operation}, []string{string(b.Name), b.TableName, b.IndexName, b.Operation})
	}))

	// A table that is made anew, and an index, begin at nothing; a changed definition goes on.
	do(t, e, &api.UpdateTableInput{TableName: new("users"), TableClass: new(api.TableClassStandardInfrequentAccess)})
	require.Equal(t, m, metricsOf(t, e, "users"))
	require.Equal(t, 2.0, m["ConsumedWriteCapacityUnits byN "])
	do(t, e, dropIndex("users", "byN"))
	require.NoError(t, e.FinishJobs(t.Context()))
	require.NotContains(t, metricsOf(t, e, "users"), "ConsumedWriteCapacityUnits byN ")
	do(t, e, addIndex("users", "byN n:N ALL"))
	require.NoError(t, e.FinishJobs(t.Context()))
	require.Zero(t, metricsOf(t, e, "users")["ConsumedWriteCapacityUnits byN "], "to fill an index consumes nothing")
	do(t, e, &api.DeleteTableInput{TableName: new("users")})
	require.Empty(t, metricsOf(t, e, "users"))
	create(t, e, "users id:S")
	require.Zero(t, metricsOf(t, e, "users")["ConsumedWriteCapacityUnits  "])
}

// What GetRecords returns is counted, and how long requests take by the clock.
func TestMetricsOfRecords(t *testing.T) {
	clock := newClock()
	l := &limiterFuncs{take: func(context.Context, api.Usage) error { clock.Advance(20 * time.Millisecond); return nil }}
	e := open(t, openMemory(t), engine.Options{Now: clock.Now, Limiter: l})
	in, err := parseCreate("users id:S")
	require.NoError(t, err)
	in.StreamSpecification = &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: new(api.StreamViewTypeNewImage)}
	arn := do(t, e, in).TableDescription.LatestStreamArn
	put(t, e, "users", `{id: "a", n: 1}`)
	bytes := int64(0)
	for _, s := range do(t, e, &api.DescribeStreamInput{StreamArn: arn}).StreamDescription.Shards {
		it := do(t, e, &api.GetShardIteratorInput{StreamArn: arn, ShardId: s.ShardId, ShardIteratorType: new(api.ShardIteratorTypeTrimHorizon)})
		for _, r := range do(t, e, &api.GetRecordsInput{ShardIterator: it.ShardIterator}).Records {
			bytes += *r.Dynamodb.SizeBytes
		}
	}
	m := metricsOf(t, e, "users")
	require.Equal(t, 1.0, m["ReturnedRecordsCount  GetRecords"])
	require.Equal(t, float64(bytes), m["ReturnedBytes  GetRecords"])
	require.Equal(t, 20.0, m["SuccessfulRequestLatency  PutItem"], "ms")
	for _, x := range do(t, e, &api.ReadMetricsInput{TableName: new("users")}).Metrics {
		if x.Operation == "PutItem" && x.Name == api.MetricSuccessfulRequestLatency {
			i := slices.IndexFunc(x.Buckets, func(b api.MetricBucket) bool { return b.Count > 0 })
			require.Greater(t, x.Buckets[i].UpTo, 20.0)
			require.LessOrEqual(t, x.Buckets[i-1].UpTo, 20.0)
		}
	}
}
