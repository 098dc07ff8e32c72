package clients_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
)

// order is an item as a program has it: every type of attribute that attributevalue makes.
type order struct {
	Customer string            `dynamodbav:"customer"`
	Number   int               `dynamodbav:"number"`
	Status   string            `dynamodbav:"status,omitempty"`
	Amount   float64           `dynamodbav:"amount"`
	Paid     bool              `dynamodbav:"paid"`
	Note     *string           `dynamodbav:"note"`
	Lines    []line            `dynamodbav:"lines"`
	Labels   map[string]string `dynamodbav:"labels"`
	Seal     []byte            `dynamodbav:"seal"`
	Colors   []string          `dynamodbav:"colors,stringset,omitempty"`
	Codes    []int             `dynamodbav:"codes,numberset,omitempty"`
	Blobs    [][]byte          `dynamodbav:"blobs,binaryset,omitempty"`
	At       time.Time         `dynamodbav:"at"`
	Expires  time.Time         `dynamodbav:"expires,unixtime"`
}

type line struct {
	Product string `dynamodbav:"product"`
	Count   int    `dynamodbav:"count"`
}

func newOrder(customer string, number int) order {
	return order{
		Customer: customer, Number: number, Status: "open", Amount: 12.5, Paid: true,
		Lines:  []line{{"lamp", 2}, {"", 0}},
		Labels: map[string]string{"a": "ä€🜚", "quote\"\\": "<&>\u2028\x00"},
		Seal:   []byte{0, 1, 254, 255}, Colors: []string{"blue", "red"}, Codes: []int{-1, 7}, Blobs: [][]byte{{1}, {2, 3}},
		At: time.Date(2026, 11, 22, 13, 14, 15, 16, time.UTC), Expires: time.Unix(2_000_000_000, 0),
	}
}

func marshal(t testing.TB, v any) map[string]types.AttributeValue {
	item, err := attributevalue.MarshalMap(v)
	require.NoError(t, err)
	return item
}

func unmarshal[T any](t testing.TB, item map[string]types.AttributeValue) (v T) {
	require.NoError(t, attributevalue.UnmarshalMap(item, &v))
	return v
}

func key(t testing.TB, customer string, number int) map[string]types.AttributeValue {
	return marshal(t, struct {
		Customer string `dynamodbav:"customer"`
		Number   int    `dynamodbav:"number"`
	}{customer, number})
}

func build(t testing.TB, b expression.Builder) expression.Expression {
	e, err := b.Build()
	require.NoError(t, err)
	return e
}

func TestSDKItems(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)
	table := aws.String("orders")

	put, err := client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: table, Item: marshal(t, newOrder("ada", 1)),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes, ReturnValues: types.ReturnValueAllOld,
	})
	require.NoError(t, err)
	require.Empty(t, put.Attributes)
	require.Equal(t, 2.0, *put.ConsumedCapacity.CapacityUnits)
	require.Equal(t, 1.0, *put.ConsumedCapacity.GlobalSecondaryIndexes["by-status"].CapacityUnits)

	got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key(t, "ada", 1), ConsistentRead: aws.Bool(true)})
	require.NoError(t, err)
	require.Equal(t, newOrder("ada", 1), unmarshal[order](t, got.Item))

	got, err = client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String("arn:aws:dynamodb:" + region + ":000000000000:table/orders"), Key: key(t, "ada", 1),
		ProjectionExpression: aws.String("#l[0].product, amount"), ExpressionAttributeNames: map[string]string{"#l": "lines"},
	})
	require.NoError(t, err)
	require.Equal(t, order{Amount: 12.5, Lines: []line{{Product: "lamp"}}}, unmarshal[order](t, got.Item))

	got, err = client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key(t, "ada", 404)})
	require.NoError(t, err)
	require.Nil(t, got.Item)

	change := build(t, expression.NewBuilder().
		WithUpdate(expression.
			Set(expression.Name("amount"), expression.Name("amount").Plus(expression.Value(1.25))).
			Set(expression.Name("lines"), expression.Name("lines").ListAppend(expression.Value([]line{{"bulb", 1}}))).
			Set(expression.Name("seen"), expression.Name("seen").IfNotExists(expression.Value(1))).
			Add(expression.Name("codes"), expression.Value(&types.AttributeValueMemberNS{Value: []string{"9"}})).
			Delete(expression.Name("colors"), expression.Value(&types.AttributeValueMemberSS{Value: []string{"red"}})).
			Remove(expression.Name("labels.a"))).
		WithCondition(expression.Name("paid").Equal(expression.Value(true)).And(expression.Name("labels").AttributeType(expression.Map))))
	updated, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: table, Key: key(t, "ada", 1), UpdateExpression: change.Update(), ConditionExpression: change.Condition(),
		ExpressionAttributeNames: change.Names(), ExpressionAttributeValues: change.Values(), ReturnValues: types.ReturnValueUpdatedNew,
	})
	require.NoError(t, err)
	require.Equal(t, &types.AttributeValueMemberN{Value: "13.75"}, updated.Attributes["amount"])
	require.NotContains(t, updated.Attributes, "paid")
	got, err = client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key(t, "ada", 1)})
	require.NoError(t, err)
	now := unmarshal[order](t, got.Item)
	require.Equal(t, []line{{"lamp", 2}, {"", 0}, {"bulb", 1}}, now.Lines)
	require.Equal(t, []string{"blue"}, now.Colors)
	require.ElementsMatch(t, []int{-1, 7, 9}, now.Codes)
	require.NotContains(t, now.Labels, "a")

	deleted, err := client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: table, Key: key(t, "ada", 1), ReturnValues: types.ReturnValueAllOld})
	require.NoError(t, err)
	require.Equal(t, now, unmarshal[order](t, deleted.Attributes))
	deleted, err = client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: table, Key: key(t, "ada", 1), ReturnValues: types.ReturnValueAllOld})
	require.NoError(t, err)
	require.Empty(t, deleted.Attributes)
}

// Numbers arrive as they were sent, with 38 digits, and not as floats.
func TestSDKNumbers(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)
	for sent, want := range map[string]string{
		"0": "0", "-0": "0", "1.50": "1.5", "1e3": "1000", "-12345678901234567890123456789012345678": "-12345678901234567890123456789012345678",
		"0.1": "0.1", "1E-130": "0." + strings.Repeat("0", 129) + "1",
		"9.9999999999999999999999999999999999999E+125": strings.Repeat("9", 38) + strings.Repeat("0", 88),
	} {
		item := key(t, "ada", 1)
		item["n"] = &types.AttributeValueMemberN{Value: sent}
		_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
		require.NoError(t, err, sent)
		got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: key(t, "ada", 1)})
		require.NoError(t, err)
		require.Equal(t, &types.AttributeValueMemberN{Value: want}, got.Item["n"], sent)
	}
	for _, refused := range []string{"1e126", "1e1000000", "123456789012345678901234567890123456789", "one", ""} {
		item := key(t, "ada", 1)
		item["n"] = &types.AttributeValueMemberN{Value: refused}
		_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
		var fault smithy.APIError
		require.ErrorAs(t, err, &fault, refused)
		require.Equal(t, "ValidationException", fault.ErrorCode(), refused)
	}
}

func TestSDKConditions(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)
	create := &dynamodb.PutItemInput{
		TableName: aws.String("orders"), Item: marshal(t, newOrder("ada", 1)),
		ConditionExpression:                 aws.String("attribute_not_exists(customer)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	_, err := client.PutItem(ctx, create)
	require.NoError(t, err)
	_, err = client.PutItem(ctx, create)
	var failed *types.ConditionalCheckFailedException
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "The conditional request failed", failed.ErrorMessage())
	require.Equal(t, newOrder("ada", 1), unmarshal[order](t, failed.Item))

	_, err = client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: aws.String("orders"), Key: key(t, "ada", 1), ConditionExpression: aws.String("amount > :t"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":t": &types.AttributeValueMemberN{Value: "100"}},
	})
	failed = nil
	require.ErrorAs(t, err, &failed)
	require.Nil(t, failed.Item)

	_, err = client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String("orders"), Key: key(t, "ada", 1), UpdateExpression: aws.String("SET customer = :c"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":c": &types.AttributeValueMemberS{Value: "eve"}},
	})
	var fault smithy.APIError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "ValidationException", fault.ErrorCode())
	require.Equal(t, "One or more parameter values were invalid: Cannot update attribute customer. This attribute is part of the key", fault.ErrorMessage())
}

// Sixteen connections count to 400 on one item, and none is lost.
func TestSDKConcurrency(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for range 25 {
				_, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
					TableName: aws.String("orders"), Key: key(t, "ada", 1), UpdateExpression: aws.String("ADD hits :one"),
					ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: key(t, "ada", 1)})
	require.NoError(t, err)
	require.Equal(t, &types.AttributeValueMemberN{Value: "400"}, got.Item["hits"])
}
