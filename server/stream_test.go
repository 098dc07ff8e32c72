package server_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/server"
)

const streamsTarget = api.DynamoDBStreams + "."

// TestServices: each operation belongs to one of the two services, and asked of
// the other it is as unknown as one that nobody has. Native ones belong to none.
func TestServices(t *testing.T) {
	h := server.New(noTables, quiet(server.Options{}))
	for _, op := range api.Registry() {
		for _, service := range []string{api.DynamoDB, api.DynamoDBStreams} {
			res, body := do(t, h, call{target: service + "." + op.Name, body: "{}"})
			if op.API == service {
				require.NotContains(t, body, "UnknownOperation", op.Name)
				continue
			}
			require.Equal(t, 400, res.StatusCode)
			require.Equal(t, unknown, body, "%s of %s", op.Name, service)
		}
	}
}

// TestStreamFailures: the errors of streams have the same envelope as all others.
func TestStreamFailures(t *testing.T) {
	for _, c := range []struct {
		fault *api.Error
		want  string
	}{
		{
			&api.Error{Code: api.CodeExpiredIterator, Message: "Shard iterator has expired"},
			`{"__type":"com.amazonaws.dynamodb.v20120810#ExpiredIteratorException","message":"Shard iterator has expired"}`,
		},
		{
			&api.Error{Code: api.CodeTrimmedDataAccess, Message: "The data you are trying to access has been trimmed"},
			`{"__type":"com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException","message":"The data you are trying to access has been trimmed"}`,
		},
	} {
		client := clientFunc(func(context.Context, api.Request) (api.Response, error) { return nil, c.fault })
		res, body := do(t, server.New(client, quiet(server.Options{})), call{target: streamsTarget + "GetRecords", body: `{"ShardIterator":"i"}`})
		require.Equal(t, 400, res.StatusCode)
		require.Equal(t, c.want, body)
	}
	res, body := do(t, server.New(noTables, quiet(server.Options{})), call{target: streamsTarget + "GetRecords", body: `{"ShardIterator":1}`})
	require.Equal(t, 400, res.StatusCode)
	require.Equal(t, `{"__type":"com.amazon.coral.service#SerializationException","Message":"NUMBER_VALUE cannot be converted to String"}`, body)
}

// TestStreamOverHTTP reads a stream as a client of the protocol does, and
// compares what a record looks like with what AWS sends.
func TestStreamOverHTTP(t *testing.T) {
	now := time.Date(2026, 10, 8, 23, 7, 31, 275e6, time.UTC)
	db, err := stator.OpenMemory(&stator.Options{Now: func() time.Time { return now }, Rand: rand.NewChaCha8([32]byte{1})})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	h := server.New(db, quiet(server.Options{}))
	ask := func(target, body string) map[string]any {
		t.Helper()
		res, answer := do(t, h, call{target: target, body: body})
		require.Equal(t, 200, res.StatusCode, answer)
		var out map[string]any
		require.NoError(t, json.Unmarshal([]byte(answer), &out))
		return out
	}

	table := ask("CreateTable", `{"TableName":"users","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
		"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`)["TableDescription"].(map[string]any)
	arn := table["LatestStreamArn"].(string)
	require.True(t, strings.HasSuffix(arn, ":table/users/stream/2026-10-08T23:07:31.275"), arn)
	ask("PutItem", `{"TableName":"users","Item":{"pk":{"S":"a"},"n":{"N":"1"}}}`)
	ask("PutItem", `{"TableName":"users","Item":{"pk":{"S":"a"},"n":{"N":"1"}}}`) // changes nothing
	ask("DeleteItem", `{"TableName":"users","Key":{"pk":{"S":"a"}}}`)

	require.Equal(t, []any{map[string]any{"StreamArn": arn, "StreamLabel": "2026-10-08T23:07:31.275", "TableName": "users"}},
		ask(streamsTarget+"ListStreams", `{"TableName":"users"}`)["Streams"])
	require.Equal(t, []any{}, ask(streamsTarget+"ListStreams", `{"TableName":"nobody"}`)["Streams"])
	stream := ask(streamsTarget+"DescribeStream", `{"StreamArn":"`+arn+`"}`)["StreamDescription"].(map[string]any)
	require.Equal(t, "ENABLED", stream["StreamStatus"])
	require.Equal(t, 1791500851.275, stream["CreationRequestDateTime"])

	var records []any
	for _, shard := range stream["Shards"].([]any) {
		id := shard.(map[string]any)["ShardId"].(string)
		iterator := ask(streamsTarget+"GetShardIterator", `{"StreamArn":"`+arn+`","ShardId":"`+id+`","ShardIteratorType":"TRIM_HORIZON"}`)["ShardIterator"].(string)
		page := ask(streamsTarget+"GetRecords", `{"ShardIterator":"`+iterator+`"}`)
		require.Contains(t, page, "NextShardIterator", "the shard is open")
		records = append(records, page["Records"].([]any)...)
		atTime := ask(streamsTarget+"GetShardIterator", `{"StreamArn":"`+arn+`","ShardId":"`+id+`","ShardIteratorType":"AT_TIMESTAMP","Timestamp":1791500851.275}`)["ShardIterator"].(string)
		require.Equal(t, page["Records"], ask(streamsTarget+"GetRecords", `{"ShardIterator":"`+atTime+`"}`)["Records"])
	}
	require.Len(t, records, 2)
	first, last := records[0].(map[string]any), records[1].(map[string]any)
	require.NotEqual(t, first["eventID"], last["eventID"])
	require.NotContains(t, first, "userIdentity")
	change := first["dynamodb"].(map[string]any)
	require.Regexp(t, `^\d{21,40}$`, change["SequenceNumber"])
	require.Less(t, change["SequenceNumber"], last["dynamodb"].(map[string]any)["SequenceNumber"])
	delete(first, "eventID")
	delete(change, "SequenceNumber")
	region := strings.Split(arn, ":")[3]
	key, item := map[string]any{"pk": map[string]any{"S": "a"}}, map[string]any{"pk": map[string]any{"S": "a"}, "n": map[string]any{"N": "1"}}
	require.Equal(t, map[string]any{
		"eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": region,
		"dynamodb": map[string]any{
			"ApproximateCreationDateTime": 1791500851.0, "Keys": key, "NewImage": item, "SizeBytes": 9.0, "StreamViewType": "NEW_AND_OLD_IMAGES",
		},
	}, first)
	require.Equal(t, "REMOVE", last["eventName"])
	require.Equal(t, item, last["dynamodb"].(map[string]any)["OldImage"])
	require.NotContains(t, last["dynamodb"], "NewImage")

	for _, c := range []struct{ operation, body, want string }{
		{"DescribeStream", `{"StreamArn":"` + arn[:len(arn)-1] + `9"}`, "ResourceNotFoundException"},
		{"GetRecords", `{"ShardIterator":"x"}`, `"com.amazon.coral.validate#ValidationException","message":"Invalid ShardIterator"`},
		{"GetShardIterator", `{"StreamArn":"` + arn + `","ShardId":"shardId-00000000000000000000-00000000","ShardIteratorType":"LATEST"}`, "Requested resource not found: Shard does not exist"},
	} {
		res, body := do(t, h, call{target: streamsTarget + c.operation, body: c.body})
		require.Equal(t, 400, res.StatusCode)
		require.Contains(t, body, c.want)
	}
}
