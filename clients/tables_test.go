package clients_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
)

// createOrders creates a table of orders by customer and number, with an index by status.
func createOrders(t testing.TB, client *dynamodb.Client) {
	out, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("orders"),
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("customer"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("number"), AttributeType: types.ScalarAttributeTypeN},
			{AttributeName: aws.String("status"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("customer"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("number"), KeyType: types.KeyTypeRange},
		},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String("by-status"),
			KeySchema:  []types.KeySchemaElement{{AttributeName: aws.String("status"), KeyType: types.KeyTypeHash}},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
		BillingMode: types.BillingModePayPerRequest,
		Tags:        []types.Tag{{Key: aws.String("team"), Value: aws.String("shop")}},
	})
	require.NoError(t, err)
	require.Equal(t, types.TableStatusCreating, out.TableDescription.TableStatus)
	require.Equal(t, "arn:aws:dynamodb:"+region+":000000000000:table/orders", *out.TableDescription.TableArn)
	ready, err := dynamodb.NewTableExistsWaiter(client, quickly[dynamodb.TableExistsWaiterOptions]).
		WaitForOutput(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")}, time.Minute)
	require.NoError(t, err)
	require.Equal(t, types.TableStatusActive, ready.Table.TableStatus)
}

// quickly makes a waiter ask often: what takes minutes on AWS is a moment here.
func quickly[O dynamodb.TableExistsWaiterOptions | dynamodb.TableNotExistsWaiterOptions](o *O) {
	switch o := any(o).(type) {
	case *dynamodb.TableExistsWaiterOptions:
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 100*time.Millisecond
	case *dynamodb.TableNotExistsWaiterOptions:
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 100*time.Millisecond
	}
}

func TestSDKTables(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)

	described, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
	require.NoError(t, err)
	table := described.Table
	require.Equal(t, types.BillingModePayPerRequest, table.BillingModeSummary.BillingMode)
	require.WithinDuration(t, time.Now(), *table.CreationDateTime, time.Minute)
	require.Len(t, table.AttributeDefinitions, 3)
	require.Equal(t, "by-status", *table.GlobalSecondaryIndexes[0].IndexName)
	require.Equal(t, types.IndexStatusActive, table.GlobalSecondaryIndexes[0].IndexStatus)

	tags, err := client.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: table.TableArn})
	require.NoError(t, err)
	require.Equal(t, []types.Tag{{Key: aws.String("team"), Value: aws.String("shop")}}, tags.Tags)
	_, err = client.TagResource(ctx, &dynamodb.TagResourceInput{ResourceArn: table.TableArn, Tags: []types.Tag{{Key: aws.String("stage"), Value: aws.String("test")}}})
	require.NoError(t, err)
	_, err = client.UntagResource(ctx, &dynamodb.UntagResourceInput{ResourceArn: table.TableArn, TagKeys: []string{"team"}})
	require.NoError(t, err)
	tags, err = client.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: table.TableArn})
	require.NoError(t, err)
	require.Equal(t, []types.Tag{{Key: aws.String("stage"), Value: aws.String("test")}}, tags.Tags)

	updated, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName:             aws.String("orders"),
		BillingMode:           types.BillingModeProvisioned,
		ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(6)},
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Update: &types.UpdateGlobalSecondaryIndexAction{
			IndexName:             aws.String("by-status"),
			ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1)},
		}}},
	})
	require.NoError(t, err)
	require.Equal(t, types.TableStatusUpdating, updated.TableDescription.TableStatus)
	require.Equal(t, int64(6), *updated.TableDescription.ProvisionedThroughput.WriteCapacityUnits)

	protected, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: aws.String("orders"), DeletionProtectionEnabled: aws.Bool(true)})
	require.NoError(t, err)
	require.True(t, *protected.TableDescription.DeletionProtectionEnabled)
	_, err = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("orders")})
	var fault smithy.APIError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "ValidationException", fault.ErrorCode())
	require.Contains(t, fault.ErrorMessage(), "protected against deletion")
	_, err = client.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: aws.String("orders"), DeletionProtectionEnabled: aws.Bool(false)})
	require.NoError(t, err)
	deleted, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("orders")})
	require.NoError(t, err)
	require.Equal(t, types.TableStatusDeleting, deleted.TableDescription.TableStatus)
	require.NoError(t, dynamodb.NewTableNotExistsWaiter(client, quickly[dynamodb.TableNotExistsWaiterOptions]).
		Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("orders")}, time.Minute))
}

func TestSDKListTables(t *testing.T) {
	client, ctx := connect(t), t.Context()
	var want []string
	for n := range 7 {
		name := fmt.Sprintf("table-%d", n)
		want = append(want, name)
		_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
			TableName:            aws.String(name),
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeB}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
			BillingMode:          types.BillingModePayPerRequest,
		})
		require.NoError(t, err)
	}
	var got []string
	pages := 0
	for p := dynamodb.NewListTablesPaginator(client, &dynamodb.ListTablesInput{Limit: aws.Int32(3)}); p.HasMorePages(); pages++ {
		page, err := p.NextPage(ctx)
		require.NoError(t, err)
		got = append(got, page.TableNames...)
	}
	require.Equal(t, want, got)
	require.Equal(t, 3, pages)
}

func TestSDKAccount(t *testing.T) {
	client, ctx := connect(t), t.Context()
	limits, err := client.DescribeLimits(ctx, &dynamodb.DescribeLimitsInput{})
	require.NoError(t, err)
	require.Positive(t, *limits.TableMaxReadCapacityUnits)
	endpoints, err := client.DescribeEndpoints(ctx, &dynamodb.DescribeEndpointsInput{})
	require.NoError(t, err)
	require.Len(t, endpoints.Endpoints, 1)
}

func TestSDKTableErrors(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)

	_, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("nowhere")})
	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "Requested resource not found: Table: nowhere not found", missing.ErrorMessage())

	_, err = client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("orders"),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	var inUse *types.ResourceInUseException
	require.ErrorAs(t, err, &inUse)
	require.Equal(t, "Table already exists: orders", inUse.ErrorMessage())

	// Faults of several members come in one message, and every error has a status and a request id.
	_, err = client.Query(ctx, &dynamodb.QueryInput{TableName: aws.String("a"), IndexName: aws.String("b"), Limit: aws.Int32(0)})
	var fault smithy.APIError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "ValidationException", fault.ErrorCode())
	require.Contains(t, fault.ErrorMessage(), "validation errors detected: ")
	var answered *smithyhttp.ResponseError
	require.ErrorAs(t, err, &answered)
	require.Equal(t, http.StatusBadRequest, answered.HTTPStatusCode())
	var withID interface{ ServiceRequestID() string }
	require.True(t, errors.As(err, &withID))
	require.Len(t, withID.ServiceRequestID(), 52)
}

// What the server does not have is refused once, by name, and is no failure that a client would try again.
func TestSDKUnsupportedOperation(t *testing.T) {
	var seen traffic
	client := dynamodb.NewFromConfig(config(t, serve(t, seen.wrap)))
	_, err := client.ListBackups(t.Context(), &dynamodb.ListBackupsInput{})
	var fault smithy.APIError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "UnknownOperationException", fault.ErrorCode())
	require.Contains(t, fault.ErrorMessage(), "ListBackups")
	requests, _ := seen.of("ListBackups")
	require.Equal(t, 1, requests)
}
