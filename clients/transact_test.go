package clients_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

func TestSDKTransactions(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)
	table := aws.String("orders")
	one := map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}}
	// Each call has a token of its own, which the SDK puts into the input.
	write := dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: table, Item: marshal(t, newOrder("ada", 1)), ConditionExpression: aws.String("attribute_not_exists(customer)"),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}},
		{Update: &types.Update{TableName: table, Key: key(t, "ada", 0), UpdateExpression: aws.String("ADD orders :one"), ExpressionAttributeValues: one}},
		{ConditionCheck: &types.ConditionCheck{TableName: table, Key: key(t, "bob", 0), ConditionExpression: aws.String("attribute_not_exists(blocked)")}},
		{Delete: &types.Delete{TableName: table, Key: key(t, "eve", 9)}},
	}, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}
	first, second := write, write
	_, err := client.TransactWriteItems(ctx, &first)
	require.NoError(t, err)

	_, err = client.TransactWriteItems(ctx, &second)
	var canceled *types.TransactionCanceledException
	require.ErrorAs(t, err, &canceled)
	require.Equal(t, "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None, None, None]", canceled.ErrorMessage())
	require.Len(t, canceled.CancellationReasons, 4)
	require.Equal(t, "ConditionalCheckFailed", *canceled.CancellationReasons[0].Code)
	require.Equal(t, "The conditional request failed", *canceled.CancellationReasons[0].Message)
	require.Equal(t, newOrder("ada", 1), unmarshal[order](t, canceled.CancellationReasons[0].Item))
	require.Equal(t, "None", *canceled.CancellationReasons[1].Code)
	require.Nil(t, canceled.CancellationReasons[1].Message)

	got, err := client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
		{Get: &types.Get{TableName: table, Key: key(t, "ada", 0), ProjectionExpression: aws.String("orders")}},
		{Get: &types.Get{TableName: table, Key: key(t, "eve", 9)}},
		{Get: &types.Get{TableName: table, Key: key(t, "ada", 1)}},
	}})
	require.NoError(t, err)
	require.Len(t, got.Responses, 3)
	require.Equal(t, map[string]types.AttributeValue{"orders": &types.AttributeValueMemberN{Value: "1"}}, got.Responses[0].Item)
	require.Empty(t, got.Responses[1].Item)
	require.Equal(t, newOrder("ada", 1), unmarshal[order](t, got.Responses[2].Item))
}

func TestSDKIdempotency(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)
	count := func(by string) error {
		_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
			ClientRequestToken: aws.String("a-token"),
			TransactItems: []types.TransactWriteItem{{Update: &types.Update{
				TableName: aws.String("orders"), Key: key(t, "ada", 0), UpdateExpression: aws.String("ADD orders :by"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":by": &types.AttributeValueMemberN{Value: by}},
			}}},
		})
		return err
	}
	require.NoError(t, count("1"))
	require.NoError(t, count("1"))
	var other *types.IdempotentParameterMismatchException
	require.ErrorAs(t, count("2"), &other)
	got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: key(t, "ada", 0)})
	require.NoError(t, err)
	require.Equal(t, &types.AttributeValueMemberN{Value: "1"}, got.Item["orders"])
}
