package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/sdk"
)

func open(t testing.TB) *dynamodb.Client {
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return sdk.Client(db)
}

func createOrders(t testing.TB, client *dynamodb.Client) {
	ctx := t.Context()
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("orders"),
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("customer"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("number"), AttributeType: types.ScalarAttributeTypeN},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("customer"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("number"), KeyType: types.KeyTypeRange},
		},
		BillingMode: types.BillingModePayPerRequest,
	})
	require.NoError(t, err)
	require.NoError(t, dynamodb.NewTableExistsWaiter(client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("orders")}, time.Minute))
}

func order(n int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"customer": &types.AttributeValueMemberS{Value: "ada"},
		"number":   &types.AttributeValueMemberN{Value: strconv.Itoa(n)},
		"lines":    &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberS{Value: "lamp"}}},
	}
}

func TestItems(t *testing.T) {
	client, ctx := open(t), t.Context()
	createOrders(t, client)
	for n := range 10 {
		_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: order(n)})
		require.NoError(t, err)
	}
	got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("orders"),
		Key: map[string]types.AttributeValue{"customer": order(3)["customer"], "number": order(3)["number"]}})
	require.NoError(t, err)
	require.Equal(t, order(3), got.Item)

	pages, items := 0, 0
	paginator := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{TableName: aws.String("orders"), Limit: aws.Int32(4),
		KeyConditionExpression:    aws.String("customer = :c"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":c": &types.AttributeValueMemberS{Value: "ada"}}})
	for paginator.HasMorePages() {
		page, err := paginator.NextPage(ctx)
		require.NoError(t, err)
		pages++
		items += len(page.Items)
	}
	require.Equal(t, 3, pages)
	require.Equal(t, 10, items)
}

func TestErrors(t *testing.T) {
	client, ctx := open(t), t.Context()
	createOrders(t, client)
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: order(1)})
	require.NoError(t, err)

	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: order(1),
		ConditionExpression:                 aws.String("attribute_not_exists(customer)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, order(1), failed.Item)

	_, err = client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String("orders"), Item: order(2)}},
		{Put: &types.Put{TableName: aws.String("orders"), Item: order(1), ConditionExpression: aws.String("attribute_not_exists(customer)")}},
	}})
	canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
	require.True(t, ok, "%v", err)
	require.Len(t, canceled.CancellationReasons, 2)
	require.Equal(t, "ConditionalCheckFailed", *canceled.CancellationReasons[1].Code)

	_, err = client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("absent")})
	_, ok = errors.AsType[*types.ResourceNotFoundException](err)
	require.True(t, ok, "%v", err)

	_, err = client.ListBackups(ctx, &dynamodb.ListBackupsInput{})
	require.ErrorContains(t, err, "UnknownOperationException")

	canceledCtx, cancel := context.WithCancel(ctx)
	cancel()
	_, err = client.ListTables(canceledCtx, &dynamodb.ListTablesInput{})
	require.ErrorIs(t, err, context.Canceled)
}

// TestStreamsClient writes with one client and reads the stream with the other, to the error.
func TestStreamsClient(t *testing.T) {
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	defer db.Close()
	client, streams, ctx := sdk.Client(db), sdk.StreamsClient(db), t.Context()
	createOrders(t, client)
	updated, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: aws.String("orders"),
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage}})
	require.NoError(t, err)
	arn := updated.TableDescription.LatestStreamArn
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: order(1)})
	require.NoError(t, err)

	listed, err := streams.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{TableName: aws.String("orders")})
	require.NoError(t, err)
	require.Len(t, listed.Streams, 1)
	require.Equal(t, arn, listed.Streams[0].StreamArn)
	described, err := streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	require.NoError(t, err)
	var records []streamtypes.Record
	for _, shard := range described.StreamDescription.Shards {
		it, err := streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard.ShardId,
			ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon})
		require.NoError(t, err)
		got, err := streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: it.ShardIterator})
		require.NoError(t, err)
		require.NotNil(t, got.NextShardIterator)
		records = append(records, got.Records...)
	}
	require.Len(t, records, 1)
	require.Equal(t, streamtypes.OperationTypeInsert, records[0].EventName)
	require.Equal(t, &streamtypes.AttributeValueMemberS{Value: "ada"}, records[0].Dynamodb.NewImage["customer"])
	require.Equal(t, &streamtypes.AttributeValueMemberN{Value: "1"}, records[0].Dynamodb.Keys["number"])
	require.Nil(t, records[0].Dynamodb.OldImage)

	_, err = streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String(*arn + "1")})
	_, ok := errors.AsType[*streamtypes.ResourceNotFoundException](err)
	require.True(t, ok, "%v", err)
}

func ExampleClient() {
	ctx := context.Background()
	db, err := stator.OpenMemory(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	client := sdk.Client(db)
	out, err := client.ListTables(ctx, &dynamodb.ListTablesInput{})
	fmt.Println(len(out.TableNames), err)
	// Output: 0 <nil>
}

func ExampleStreamsClient() {
	ctx := context.Background()
	db, err := stator.OpenMemory(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	streams := sdk.StreamsClient(db)
	out, err := streams.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{})
	fmt.Println(len(out.Streams), err)
	// Output: 0 <nil>
}

// BenchmarkGetItem says what a call costs; most of it is the SDK's own.
func BenchmarkGetItem(b *testing.B) {
	client := open(b)
	createOrders(b, client)
	_, err := client.PutItem(b.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: order(1)})
	require.NoError(b, err)
	in := &dynamodb.GetItemInput{TableName: aws.String("orders"),
		Key: map[string]types.AttributeValue{"customer": order(1)["customer"], "number": order(1)["number"]}}
	for b.Loop() {
		if _, err := client.GetItem(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}
