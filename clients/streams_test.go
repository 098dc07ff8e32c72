package clients_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
)

// follow reads a stream to its end as a program does that knows nothing of slots: shard by
// shard, parents first, page by page.
func follow(t testing.TB, streams *dynamodbstreams.Client, arn *string) (records []streamtypes.Record) {
	ctx := t.Context()
	described := &dynamodbstreams.DescribeStreamInput{StreamArn: arn, Limit: aws.Int32(3)}
	for {
		page, err := streams.DescribeStream(ctx, described)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.StreamDescription.Shards), 3)
		for _, shard := range page.StreamDescription.Shards {
			it, err := streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard.ShardId,
				ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon})
			require.NoError(t, err)
			for next := it.ShardIterator; next != nil; {
				got, err := streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: next, Limit: aws.Int32(10)})
				require.NoError(t, err)
				records = append(records, got.Records...)
				if next = got.NextShardIterator; len(got.Records) == 0 {
					break
				}
			}
		}
		if described.ExclusiveStartShardId = page.StreamDescription.LastEvaluatedShardId; described.ExclusiveStartShardId == nil {
			return records
		}
	}
}

func TestSDKStreams(t *testing.T) {
	cfg, ctx := config(t, serve(t)), t.Context()
	client, streams := dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)
	created, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("orders"),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("customer"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("customer"), KeyType: types.KeyTypeHash}},
		BillingMode:          types.BillingModePayPerRequest,
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	require.NoError(t, err)
	arn := created.TableDescription.LatestStreamArn
	require.Equal(t, *created.TableDescription.TableArn+"/stream/"+*created.TableDescription.LatestStreamLabel, *arn)

	const customers, changes = 20, 5
	for n := range changes {
		for c := range customers {
			_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: map[string]types.AttributeValue{
				"customer": &types.AttributeValueMemberS{Value: fmt.Sprintf("c%d", c)}, "total": &types.AttributeValueMemberN{Value: fmt.Sprint(n)}}})
			require.NoError(t, err)
		}
	}
	records := follow(t, streams, arn)
	require.Len(t, records, customers*changes)
	totals, ids := map[string]int{}, map[string]bool{}
	for _, r := range records {
		var image struct {
			Customer string `dynamodbav:"customer"`
			Total    int    `dynamodbav:"total"`
		}
		converted, err := attributevalue.FromDynamoDBStreamsMap(r.Dynamodb.NewImage)
		require.NoError(t, err)
		require.NoError(t, attributevalue.UnmarshalMap(converted, &image))
		require.Equal(t, totals[image.Customer], image.Total, "of one item they come in order")
		require.Equal(t, image.Total == 0, r.EventName == streamtypes.OperationTypeInsert)
		require.Equal(t, image.Total == 0, r.Dynamodb.OldImage == nil)
		totals[image.Customer]++
		require.False(t, ids[*r.EventID])
		ids[*r.EventID] = true
		require.WithinDuration(t, time.Now(), *r.Dynamodb.ApproximateCreationDateTime, time.Minute)
		require.Zero(t, r.Dynamodb.ApproximateCreationDateTime.Nanosecond())
		require.Equal(t, streamtypes.StreamViewTypeNewAndOldImages, r.Dynamodb.StreamViewType)
		require.Equal(t, region, *r.AwsRegion)
		require.Positive(t, *r.Dynamodb.SizeBytes)
	}

	_, err = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("orders")})
	require.NoError(t, err)
	described, err := streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	require.NoError(t, err)
	require.Equal(t, streamtypes.StreamStatusDisabled, described.StreamDescription.StreamStatus)
	require.Len(t, follow(t, streams, arn), customers*changes)
}

func TestSDKStreamFaults(t *testing.T) {
	cfg, ctx := config(t, serve(t)), t.Context()
	client, streams := dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg)
	createOrders(t, client)
	listed, err := streams.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{})
	require.NoError(t, err)
	require.Empty(t, listed.Streams)
	arn := "arn:aws:dynamodb:" + region + ":000000000000:table/orders/stream/2026-01-01T00:00:00.000"
	_, err = streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	missing, ok := errors.AsType[*streamtypes.ResourceNotFoundException](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, "Requested resource not found: Stream: "+arn+" not found", *missing.Message)
	_, err = streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: aws.String("none")})
	var fault smithy.APIError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "ValidationException", fault.ErrorCode())
	require.Equal(t, "Invalid ShardIterator", fault.ErrorMessage())
}
