package server_test

import (
	"errors"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/wire"
	"github.com/statordb/stator/server"
)

// TestStreamSurfacesAgree sends requests of streams, good ones and faulty ones, to one database natively and to
// another one over HTTP: they are answered alike to the letter.
func TestStreamSurfacesAgree(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	open := func() *stator.DB {
		db, err := stator.OpenMemory(&stator.Options{Now: func() time.Time { return now }, Rand: rand.NewChaCha8([32]byte{1})})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	native, remote := open(), open()
	h := server.New(remote, nil)
	answers := map[int]int{}
	// both serves a request on both surfaces and returns the native answer.
	both := func(in api.Request) api.Response {
		t.Helper()
		name := in.Operation()
		body, err := wire.AppendRequest(nil, in)
		require.NoError(t, err)
		want, status := []byte(nil), 200
		out, err := native.Serve(t.Context(), in)
		if err == nil {
			want, err = wire.Append(nil, out)
			require.NoError(t, err)
		} else {
			want, status = wire.AppendError(nil, err)
			fault, ok := errors.AsType[*api.Error](err)
			require.True(t, ok, "%v", err)
			require.NotEqual(t, api.CodeInternalServerError, fault.Code, "%v", err)
		}
		op, ok := api.Lookup(name)
		require.True(t, ok)
		r := call{target: op.API + "." + name, body: string(body)}.request()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, status, w.Code, "%s %s: %s", name, body, w.Body)
		require.Equal(t, string(want), w.Body.String(), "%s %s", name, body)
		answers[status]++
		return out
	}
	specification := func(on *bool, view *api.StreamViewType) *api.StreamSpecification {
		return &api.StreamSpecification{StreamEnabled: on, StreamViewType: view}
	}
	newAndOld := api.StreamViewTypeNewAndOldImages
	create := func(s *api.StreamSpecification) api.Request {
		return &api.CreateTableInput{TableName: new("tab"), BillingMode: new(api.BillingModePayPerRequest), StreamSpecification: s,
			KeySchema:            []api.KeySchemaElement{{AttributeName: new("pk"), KeyType: new(api.KeyTypeHash)}},
			AttributeDefinitions: []api.AttributeDefinition{{AttributeName: new("pk"), AttributeType: new(api.ScalarAttributeTypeS)}}}
	}
	both(create(specification(new(true), nil)))
	both(create(specification(new(false), &newAndOld)))
	both(create(specification(nil, nil)))
	both(create(specification(new(true), new(api.StreamViewType("X")))))
	created := both(create(specification(new(true), &newAndOld))).(*api.CreateTableOutput)
	arn := created.TableDescription.LatestStreamArn
	both(&api.UpdateTableInput{TableName: new("tab"), StreamSpecification: specification(new(true), &newAndOld)})
	both(&api.UpdateTableInput{TableName: new("tab"), StreamSpecification: specification(new(true), nil)})
	for i := range 20 {
		both(&api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(attr.Item{"pk": attr.S(string(rune('a' + i%7))), "n": attr.N(strings.Repeat("1", i+1)),
			"b": attr.B([]byte{0, byte(i)}), "l": attr.L(attr.NULL(), attr.S("ü<&"))})})
	}
	both(&api.DeleteItemInput{TableName: new("tab"), Key: attr.Item{"pk": attr.S("a")}})
	both(&api.ListStreamsInput{})
	both(&api.ListStreamsInput{Limit: new(int32(0))})
	both(&api.ListStreamsInput{TableName: new("unknown")})
	both(&api.ListStreamsInput{ExclusiveStartStreamArn: arn})
	both(&api.ListStreamsInput{ExclusiveStartStreamArn: new("x")})
	both(&api.DescribeStreamInput{})
	both(&api.DescribeStreamInput{StreamArn: new(*arn + "0")})
	both(&api.DescribeStreamInput{StreamArn: new(strings.Repeat("x", 40))})
	both(&api.DescribeStreamInput{StreamArn: arn, Limit: new(int32(101))})
	described := both(&api.DescribeStreamInput{StreamArn: arn}).(*api.DescribeStreamOutput)
	records := 0
	for _, shard := range described.StreamDescription.Shards {
		both(&api.DescribeStreamInput{StreamArn: arn, Limit: new(int32(1)), ExclusiveStartShardId: shard.ShardId})
		both(&api.DescribeStreamInput{StreamArn: arn, ShardFilter: &api.ShardFilter{Type: new(api.ShardFilterType("CHILD_SHARDS")), ShardId: shard.ShardId}})
		for _, kind := range []api.ShardIteratorType{"TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP", "X"} {
			for _, number := range []*string{nil, shard.SequenceNumberRange.StartingSequenceNumber, new(strings.Repeat("9", 21)), new("x")} {
				for _, at := range []*time.Time{nil, &now, new(now.Add(time.Second))} {
					in := &api.GetShardIteratorInput{StreamArn: arn, ShardId: shard.ShardId, ShardIteratorType: &kind, SequenceNumber: number, Timestamp: at}
					out, ok := both(in).(*api.GetShardIteratorOutput)
					if !ok {
						continue
					}
					for next := out.ShardIterator; next != nil; {
						got := both(&api.GetRecordsInput{ShardIterator: next, Limit: new(int32(3))}).(*api.GetRecordsOutput)
						records += len(got.Records)
						if next = got.NextShardIterator; len(got.Records) == 0 {
							break
						}
					}
					both(&api.GetRecordsInput{ShardIterator: out.ShardIterator, Limit: new(int32(1001))})
					both(&api.GetRecordsInput{ShardIterator: new(*out.ShardIterator + "A")})
				}
			}
		}
	}
	both(&api.GetShardIteratorInput{StreamArn: arn, ShardId: new(strings.Repeat("x", 30)), ShardIteratorType: new(api.ShardIteratorTypeLatest)})
	both(&api.GetRecordsInput{})
	both(&api.UpdateTableInput{TableName: new("tab"), StreamSpecification: specification(new(false), nil)})
	both(&api.DescribeTableInput{TableName: new("tab")})
	both(&api.DescribeStreamInput{StreamArn: arn})
	both(&api.UpdateTableInput{TableName: new("tab"), StreamSpecification: specification(new(false), nil)})
	both(&api.DeleteTableInput{TableName: new("tab")})
	both(&api.DescribeStreamInput{StreamArn: arn})
	require.Greater(t, records, 3*21, "each record by three kinds of iterators, and nearly all by another")
	require.Greater(t, answers[400], 100)
}
