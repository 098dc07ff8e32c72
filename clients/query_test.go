package clients_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

// putOrders writes orders 0 to n-1 of a customer; every third is shipped.
func putOrders(t testing.TB, client *dynamodb.Client, customer string, n int) {
	for number := range n {
		o := newOrder(customer, number)
		if number%3 == 0 {
			o.Status = "shipped"
		}
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: marshal(t, o)})
		require.NoError(t, err)
	}
}

func numbers(t testing.TB, items []map[string]types.AttributeValue) (numbers []int) {
	var orders []order
	require.NoError(t, attributevalue.UnmarshalListOfMaps(items, &orders))
	for _, o := range orders {
		numbers = append(numbers, o.Number)
	}
	return numbers
}

func TestSDKQuery(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)
	putOrders(t, client, "ada", 30)
	putOrders(t, client, "bob", 5)

	q := build(t, expression.NewBuilder().
		WithKeyCondition(expression.Key("customer").Equal(expression.Value("ada")).And(expression.Key("number").Between(expression.Value(3), expression.Value(21)))).
		WithFilter(expression.Name("status").NotEqual(expression.Value("shipped")).And(expression.Contains(expression.Name("colors"), "red"))).
		WithProjection(expression.NamesList(expression.Name("number"), expression.Name("status"))))
	var got []map[string]types.AttributeValue
	var scanned, pages int32
	for p := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName: aws.String("orders"), Limit: aws.Int32(7), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression: q.KeyCondition(), FilterExpression: q.Filter(), ProjectionExpression: q.Projection(),
		ExpressionAttributeNames: q.Names(), ExpressionAttributeValues: q.Values(),
	}); p.HasMorePages(); pages++ {
		page, err := p.NextPage(ctx)
		require.NoError(t, err)
		require.EqualValues(t, len(page.Items), page.Count)
		scanned += page.ScannedCount
		got = append(got, page.Items...)
	}
	require.Equal(t, []int{20, 19, 17, 16, 14, 13, 11, 10, 8, 7, 5, 4}, numbers(t, got))
	require.Len(t, got[0], 2)
	require.EqualValues(t, 19, scanned)
	require.EqualValues(t, 3, pages)

	byStatus := &dynamodb.QueryInput{
		TableName: aws.String("orders"), IndexName: aws.String("by-status"), Limit: aws.Int32(4), Select: types.SelectCount,
		KeyConditionExpression:    aws.String("#s = :s"),
		ExpressionAttributeNames:  map[string]string{"#s": "status"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":s": &types.AttributeValueMemberS{Value: "shipped"}},
	}
	var count int32
	for p := dynamodb.NewQueryPaginator(client, byStatus); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		require.NoError(t, err)
		require.Nil(t, page.Items)
		count += page.Count
	}
	require.EqualValues(t, 12, count)
}

func TestSDKScan(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)
	for _, customer := range []string{"ada", "bob", "cyd", "dan", "eve"} {
		putOrders(t, client, customer, 9)
	}
	seen := map[string]int{}
	for segment := range int32(3) {
		for p := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{
			TableName: aws.String("orders"), Limit: aws.Int32(4), Segment: aws.Int32(segment), TotalSegments: aws.Int32(3),
		}); p.HasMorePages(); {
			page, err := p.NextPage(ctx)
			require.NoError(t, err)
			for _, item := range page.Items {
				seen[unmarshal[order](t, item).Customer]++
			}
		}
	}
	require.Equal(t, map[string]int{"ada": 9, "bob": 9, "cyd": 9, "dan": 9, "eve": 9}, seen)
}

// A page ends at 1 MB: the paginator goes on from there, with and without compression.
func TestSDKLargePages(t *testing.T) {
	for name, gzip := range map[string]bool{"plain": false, "gzip": true} {
		t.Run(name, func(t *testing.T) {
			var seen traffic
			client := dynamodb.NewFromConfig(config(t, serve(t, seen.wrap)), func(o *dynamodb.Options) { o.EnableAcceptEncodingGzip = gzip })
			createOrders(t, client)
			for n := range 15 {
				item := key(t, "ada", n)
				item["text"] = &types.AttributeValueMemberS{Value: strings.Repeat("ä", 100_000)}
				_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
				require.NoError(t, err)
			}
			var got []int
			pages := 0
			for p := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: aws.String("orders")}); p.HasMorePages(); pages++ {
				page, err := p.NextPage(t.Context())
				require.NoError(t, err)
				for _, item := range page.Items {
					require.Equal(t, &types.AttributeValueMemberS{Value: strings.Repeat("ä", 100_000)}, item["text"])
				}
				got = append(got, numbers(t, page.Items)...)
			}
			require.Len(t, got, 15)
			require.Equal(t, 3, pages)
			_, gzipped := seen.of("Scan")
			require.Equal(t, gzip, gzipped == pages)
		})
	}
}

// An index that is added to a table with items is filled, and then found by a Query.
func TestSDKAddIndex(t *testing.T) {
	client, ctx := connect(t), t.Context()
	createOrders(t, client)
	putOrders(t, client, "ada", 9)
	_, err := client.UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: aws.String("orders"),
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("status"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("number"), AttributeType: types.ScalarAttributeTypeN},
		},
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
			IndexName: aws.String("by-status-and-number"),
			KeySchema: []types.KeySchemaElement{
				{AttributeName: aws.String("status"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("number"), KeyType: types.KeyTypeRange},
			},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"amount"}},
		}}},
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
		if err != nil || out.Table.TableStatus != types.TableStatusActive {
			return false
		}
		for _, index := range out.Table.GlobalSecondaryIndexes {
			if index.IndexStatus != types.IndexStatusActive {
				return false
			}
		}
		return len(out.Table.GlobalSecondaryIndexes) == 2
	}, 10*time.Second, 10*time.Millisecond)
	out, err := client.Query(ctx, &dynamodb.QueryInput{
		TableName: aws.String("orders"), IndexName: aws.String("by-status-and-number"), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression:   aws.String("#s = :s AND #n > :n"),
		ExpressionAttributeNames: map[string]string{"#s": "status", "#n": "number"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":s": &types.AttributeValueMemberS{Value: "shipped"}, ":n": &types.AttributeValueMemberN{Value: "0"},
		},
	})
	require.NoError(t, err)
	require.Equal(t, []int{6, 3}, numbers(t, out.Items))
	require.Len(t, out.Items[0], 4)
}
