package sdk_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/sdk"
)

// throttled is a Client that refuses everything.
type throttled struct{ code api.Code }

func (c throttled) Serve(context.Context, api.Request) (api.Response, error) {
	return nil, &api.Error{Code: c.code, Message: "slow down", ThrottlingReasons: []api.ThrottlingReason{
		{Reason: "TableReadProvisionedThroughputExceeded", Resource: "arn:aws:dynamodb:local:000000000000:table/users"}}}
}

// The SDK finds the reasons of each of the errors that have them.
func TestThrottlingReasons(t *testing.T) {
	want := []types.ThrottlingReason{{Reason: aws.String("TableReadProvisionedThroughputExceeded"),
		Resource: aws.String("arn:aws:dynamodb:local:000000000000:table/users")}}
	for _, code := range []api.Code{api.CodeProvisionedThroughput, api.CodeThrottling, api.CodeRequestLimit} {
		client := sdk.Client(throttled{code}, func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
		_, err := client.ListTables(t.Context(), &dynamodb.ListTablesInput{})
		var provisioned *types.ProvisionedThroughputExceededException
		var throttling *types.ThrottlingException
		var limit *types.RequestLimitExceeded
		switch code {
		case api.CodeProvisionedThroughput:
			require.ErrorAs(t, err, &provisioned)
			require.Equal(t, want, provisioned.ThrottlingReasons)
		case api.CodeThrottling:
			require.ErrorAs(t, err, &throttling)
			require.Equal(t, want, throttling.ThrottlingReasons)
		case api.CodeRequestLimit:
			require.ErrorAs(t, err, &limit)
			require.Equal(t, want, limit.ThrottlingReasons)
		}
	}
}
