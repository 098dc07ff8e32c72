package wire_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/wire"
)

func TestAppendError(t *testing.T) {
	item := api.ItemOf(attr.Item{"pk": attr.S("a")})
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{api.Validation(`bad "value"`), 400, `{"__type":"com.amazon.coral.validate#ValidationException","message":"bad \"value\""}`},
		{fmt.Errorf("put: %w", api.Validation("x")), 400, `{"__type":"com.amazon.coral.validate#ValidationException","message":"x"}`},
		{&api.Error{Code: api.CodeSerialization}, 400, `{"__type":"com.amazon.coral.service#SerializationException"}`},
		{&api.Error{Code: api.CodeSerialization, Message: "Unexpected field type"}, 400, `{"__type":"com.amazon.coral.service#SerializationException","Message":"Unexpected field type"}`},
		{&api.Error{Code: api.CodeUnknownOperation}, 400, `{"__type":"com.amazon.coral.service#UnknownOperationException"}`},
		{&api.Error{Code: api.CodeAccessDenied, Message: "no"}, 400, `{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}`},
		{
			&api.Error{Code: "MissingAuthenticationTokenException", Message: "Request is missing Authentication Token"}, 400,
			`{"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}`,
		},
		{
			&api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found"}, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}`,
		},
		{
			&api.Error{Code: api.CodeConditionalCheckFailed, Message: "The conditional request failed", Item: item}, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"pk":{"S":"a"}}}`,
		},
		{
			&api.Error{
				Code: api.CodeTransactionCanceled, Message: "Transaction cancelled",
				CancellationReasons: []api.CancellationReason{
					{Code: "None"},
					{Code: "ConditionalCheckFailed", Message: new("The conditional request failed"), Item: stored(t, attr.Item{"id": attr.S("a")})},
				},
			}, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled",` +
				`"CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"The conditional request failed","Item":{"id":{"S":"a"}}}]}`,
		},
		{&api.Error{Code: api.CodeIdempotentParameterMismatch}, 400, `{"__type":"com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException"}`},
		{
			&api.Error{Code: api.CodeProvisionedThroughput, Message: "slow down"}, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`,
		},
		{
			&api.Error{Code: api.CodeProvisionedThroughput, Message: "slow down",
				ThrottlingReasons: []api.ThrottlingReason{{Reason: "TableWriteProvisionedThroughputExceeded", Resource: "arn:aws:dynamodb:local:000000000000:table/t"}, {Reason: "IndexWriteKeyRangeThroughputExceeded", Resource: "r"}}}, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down",` +
				`"ThrottlingReasons":[{"reason":"TableWriteProvisionedThroughputExceeded","resource":"arn:aws:dynamodb:local:000000000000:table/t"},{"reason":"IndexWriteKeyRangeThroughputExceeded","resource":"r"}]}`,
		},
		{
			&api.Error{Code: api.CodeThrottling, Message: "slow down", ThrottlingReasons: []api.ThrottlingReason{{Reason: "a", Resource: "b"}}}, 400,
			`{"__type":"com.amazon.coral.availability#ThrottlingException","message":"slow down","throttlingReasons":[{"reason":"a","resource":"b"}]}`,
		},
		{
			&api.Error{Code: api.CodeRequestLimit, ThrottlingReasons: []api.ThrottlingReason{{Reason: "a", Resource: "b"}}}, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#RequestLimitExceeded","ThrottlingReasons":[{"reason":"a","resource":"b"}]}`,
		},
		{
			&api.Error{Code: api.CodeExpiredIterator, Message: "Shard iterator has expired"}, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ExpiredIteratorException","message":"Shard iterator has expired"}`,
		},
		{
			&api.Error{Code: api.CodeTrimmedDataAccess, Message: "The data you are trying to access has been trimmed"}, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException","message":"The data you are trying to access has been trimmed"}`,
		},
		{&api.Error{Code: api.CodeLimitExceeded, Message: "many"}, 400, `{"__type":"com.amazonaws.dynamodb.v20120810#LimitExceededException","message":"many"}`},
		{&api.Error{Code: api.CodeThrottling, Message: "slow down"}, 400, `{"__type":"com.amazon.coral.availability#ThrottlingException","message":"slow down"}`},
		{
			&api.Error{Code: api.CodeInternalServerError, Message: "The store is closed", Cause: errors.New("secret")}, 500,
			`{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"The store is closed"}`,
		},
		{&api.Error{Code: api.CodeServiceUnavailable, Message: "full"}, 503, `{"__type":"com.amazonaws.dynamodb.v20120810#ServiceUnavailable","message":"full"}`},
		{errors.New("secret"), 500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}`},
		{context.Canceled, 500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}`},
		{&api.Error{Message: "no code"}, 500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}`},
	} {
		body, status := wire.AppendError(nil, c.err)
		require.Equal(t, c.want, string(body))
		require.Equal(t, c.status, status)
	}
}
