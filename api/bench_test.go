package api_test

import (
	"strconv"
	"testing"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/stretchr/testify/require"
)

// film is an item of ten attributes and about 1 KB, as the store's benchmarks use.
func film() attr.Item {
	text := make([]byte, 600)
	for i := range text {
		text[i] = 'a' + byte(i%26)
	}
	return attr.Item{
		"id": attr.S("film-000042"), "title": attr.S("The Third Man"), "year": attr.Int(1949), "rating": attr.N("8.1"),
		"votes": attr.Int(182_345), "plot": attr.S(string(text)), "genres": attr.L(attr.S("Film-Noir"), attr.S("Mystery"), attr.S("Thriller")),
		"cast":    attr.M(attr.Item{"director": attr.S("Carol Reed"), "writer": attr.S("Graham Greene"), "lead": attr.S("Joseph Cotten")}),
		"runtime": attr.Int(93), "colour": attr.BOOL(false),
	}
}

func benchmarkValidate(b *testing.B, in api.Request) {
	b.ReportAllocs()
	for b.Loop() {
		if err := in.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}

func getFilm() *api.GetItemInput {
	return &api.GetItemInput{
		TableName: new("films"), Key: attr.Item{"id": attr.S("film-000042")}, ConsistentRead: new(true),
		ProjectionExpression: new("#t, #y"), ExpressionAttributeNames: map[string]string{"#t": "title", "#y": "year"},
		ReturnConsumedCapacity: new(api.ReturnConsumedCapacityTotal),
	}
}

func putFilm() *api.PutItemInput {
	return &api.PutItemInput{
		TableName: new("films"), Item: api.ItemOf(film()), ConditionExpression: new("attribute_not_exists(id) OR votes < :v"),
		ExpressionAttributeValues: map[string]attr.Value{":v": attr.Int(200_000)}, ReturnValues: new(api.ReturnValueAllOld),
	}
}

func updateFilm() *api.UpdateItemInput {
	return &api.UpdateItemInput{
		TableName: new("films"), Key: attr.Item{"id": attr.S("film-000042")}, UpdateExpression: new("SET votes = votes + :one"),
		ExpressionAttributeValues: map[string]attr.Value{":one": attr.Int(1)},
	}
}

func BenchmarkValidateGetItem(b *testing.B)    { benchmarkValidate(b, getFilm()) }
func BenchmarkValidatePutItem(b *testing.B)    { benchmarkValidate(b, putFilm()) }
func BenchmarkValidateUpdateItem(b *testing.B) { benchmarkValidate(b, updateFilm()) }

func BenchmarkValidateQuery(b *testing.B) {
	benchmarkValidate(b, &api.QueryInput{
		TableName: new("films"), IndexName: new("byYear"), KeyConditionExpression: new("#y = :y"), Limit: new(int32(10)),
		ExpressionAttributeNames: map[string]string{"#y": "year"}, ExpressionAttributeValues: map[string]attr.Value{":y": attr.Int(1949)},
	})
}

func BenchmarkValidateBatchGetItem100(b *testing.B) {
	keys := make([]attr.Item, 100)
	for i := range keys {
		keys[i] = attr.Item{"id": attr.S("film-" + strconv.Itoa(i))}
	}
	benchmarkValidate(b, &api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{"films": {Keys: keys}}})
}

func BenchmarkValidateTransactWriteItems100(b *testing.B) {
	items := make([]api.TransactWriteItem, 100)
	for i := range items {
		items[i].Update = &api.Update{
			TableName: new("films"), Key: attr.Item{"id": attr.S("film-" + strconv.Itoa(i))}, UpdateExpression: new("SET votes = :v"),
			ExpressionAttributeValues: map[string]attr.Value{":v": attr.Int(i)},
		}
	}
	benchmarkValidate(b, &api.TransactWriteItemsInput{TransactItems: items})
}

// BenchmarkFloorIterateItem is the floor of PutItem's: it only looks at each
// attribute of the same item once.
func BenchmarkFloorIterateItem(b *testing.B) {
	item := film()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for _, v := range item {
			n += v.Len()
		}
	}
	_ = n
}

// TestGoodRequestsDoNotAllocate holds what the benchmarks show.
func TestGoodRequestsDoNotAllocate(t *testing.T) {
	for _, in := range []api.Request{getFilm(), putFilm(), updateFilm()} {
		require.Zero(t, testing.AllocsPerRun(100, func() { _ = in.Validate() }), in.Operation())
	}
}
