package clients_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
)

// writeAll is the loop that AWS's guide asks for.
func writeAll(t testing.TB, client *dynamodb.Client, writes []types.WriteRequest) {
	pending := map[string][]types.WriteRequest{"orders": writes}
	for rounds := 0; len(pending) > 0; rounds++ {
		require.Less(t, rounds, 10)
		out, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: pending})
		require.NoError(t, err)
		pending = out.UnprocessedItems
	}
}

func TestSDKBatch(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)
	var puts []types.WriteRequest
	for n := range 25 {
		puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: marshal(t, newOrder("ada", n))}})
	}
	writeAll(t, client, puts)

	keys := []map[string]types.AttributeValue{key(t, "ada", 404)}
	for n := range 25 {
		keys = append(keys, key(t, "ada", n))
	}
	out, err := client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{"orders": {
			Keys: keys, ProjectionExpression: aws.String("#n, amount"), ExpressionAttributeNames: map[string]string{"#n": "number"}, ConsistentRead: aws.Bool(true),
		}},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	require.NoError(t, err)
	require.Len(t, out.Responses["orders"], 25)
	require.Len(t, out.Responses["orders"][0], 2)
	require.Empty(t, out.UnprocessedKeys)
	require.Equal(t, 26.0, *out.ConsumedCapacity[0].CapacityUnits)

	var deletes []types.WriteRequest
	for n := range 25 {
		deletes = append(deletes, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key(t, "ada", n)}})
	}
	writeAll(t, client, deletes)
	left, err := client.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("orders"), Select: types.SelectCount})
	require.NoError(t, err)
	require.Zero(t, left.Count)

	_, err = client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": append(puts, deletes[0])}})
	var fault smithy.APIError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "ValidationException", fault.ErrorCode())
	_, err = client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": {puts[0], deletes[0]}}})
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "Provided list of item keys contains duplicates", fault.ErrorMessage())
}

// A BatchGetItem answers at most 16 MB; the SDK's paginator asks for the rest.
func TestSDKBatchUnprocessed(t *testing.T) {
	var seen traffic
	client := dynamodb.NewFromConfig(config(t, serve(t, seen.wrap)))
	createOrders(t, client)
	var keys []map[string]types.AttributeValue
	for n := range 50 {
		keys = append(keys, key(t, "ada", n))
		item := key(t, "ada", n)
		item["text"] = &types.AttributeValueMemberS{Value: strings.Repeat("x", 390_000)}
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
		require.NoError(t, err)
	}
	got := map[int]bool{}
	first := 0
	for p := dynamodb.NewBatchGetItemPaginator(client, &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{"orders": {Keys: keys}},
	}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		for _, n := range numbers(t, page.Responses["orders"]) {
			got[n] = true
		}
		if first == 0 {
			first = len(got)
			require.Len(t, page.UnprocessedKeys["orders"].Keys, 50-first)
		}
	}
	require.Len(t, got, 50)
	require.InDelta(t, 43, first, 1, "items of 390 KB in 16 MB")
	requests, _ := seen.of("BatchGetItem")
	require.Equal(t, 2, requests)
}
