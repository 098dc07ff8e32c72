package clients_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
)

// The SDK verifies the checksum of every answer, and says in its log when it is
// wrong, which all other tests fail for. This one shows that it does.
func TestSDKNoticesWrongChecksum(t *testing.T) {
	cfg := config(t, serve(t, faulty(faults[wrongChecksums])))
	var logged []string
	cfg.Logger = logging.LoggerFunc(func(_ logging.Classification, format string, args ...any) {
		logged = append(logged, fmt.Sprintf(format, args...))
	})
	client := dynamodb.NewFromConfig(cfg)
	createOrders(t, client)
	require.Empty(t, logged)
	_, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: key(t, "ada", 1)})
	require.NoError(t, err)
	require.Len(t, logged, 1)
	require.Contains(t, logged[0], "response did not match expected checksum, 12345")
}

// A failure of the server is tried again, with the same token, and counts once.
func TestSDKRetries(t *testing.T) {
	var seen traffic
	url := serve(t, failing("TransactWriteItems", 2), seen.wrap)
	client := dynamodb.NewFromConfig(config(t, url), func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 10 * time.Millisecond })
	})
	createOrders(t, client)
	_, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String("orders"), Item: key(t, "ada", 1)}},
	}})
	require.NoError(t, err)
	requests, _ := seen.of("TransactWriteItems")
	require.Equal(t, 3, requests)
}

// A body that is too large is refused with an answer that arrives: the server
// reads it to its end first, for the SDK takes an earlier answer for a broken connection.
func TestSDKTooLargeBody(t *testing.T) {
	client := connect(t)
	createOrders(t, client)
	item := key(t, "ada", 1)
	item["text"] = &types.AttributeValueMemberS{Value: strings.Repeat("x", 17<<20)}
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
	var answered *smithyhttp.ResponseError
	require.ErrorAs(t, err, &answered)
	require.Equal(t, http.StatusRequestEntityTooLarge, answered.HTTPStatusCode())

	item["text"] = &types.AttributeValueMemberS{Value: strings.Repeat("x", 15<<20)}
	_, err = client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: item})
	var fault smithy.APIError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "ValidationException", fault.ErrorCode())
	require.Equal(t, "Item size has exceeded the maximum allowed size", fault.ErrorMessage())
}
