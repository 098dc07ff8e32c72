package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/statordb/stator/api"
	"github.com/stretchr/testify/require"
)

const (
	someStream   = "arn:aws:dynamodb:us-east-1:123456789012:table/users/stream/2026-10-08T23:07:31.275"
	someShard    = "shardId-00000001791316726480-00000001"
	someSequence = "100000000000000000257"

	positive       = "Member must have value greater than or equal to 1"
	iteratorTypes  = "AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON"
	invalidStream  = "Invalid StreamArn"
	noSequence     = invalid + "SequenceNumber should not be passed for this iterator type"
	wrongSequence  = invalid + "Invalid SequenceNumber"
	limitIsNothing = oneError + "Value '0' at 'limit' failed to satisfy constraint: " + positive
)

func TestListStreams(t *testing.T) { // local (limits), the API's model (lengths), alternator (no stream's ARN)
	runValidations(t, []validation{
		{"all", &api.ListStreamsInput{}, ""},
		{"a table", &api.ListStreamsInput{TableName: table(), Limit: new(int32(100)), ExclusiveStartStreamArn: new(someStream)}, ""},
		{"no limit", &api.ListStreamsInput{Limit: new(int32(0))}, limitIsNothing},
		{"negative", &api.ListStreamsInput{Limit: new(int32(-1))}, oneError + "Value '-1' at 'limit' failed to satisfy constraint: " + positive},
		{"many", &api.ListStreamsInput{Limit: new(int32(101))}, invalid + "Limit cannot be greater than the maximum allowed size: 100"},
		{"a short name", &api.ListStreamsInput{TableName: new("ab")}, oneError + lengthFault("ab", "tableName", "greater than or equal to 3")},
		{"a table's ARN", &api.ListStreamsInput{TableName: new("arn:aws:dynamodb:us-east-1:123456789012:table/users")},
			oneError + patternFault("arn:aws:dynamodb:us-east-1:123456789012:table/users", "tableName")},
		{"a short ARN", &api.ListStreamsInput{ExclusiveStartStreamArn: new("x")}, oneError + lengthFault("x", "exclusiveStartStreamArn", "greater than or equal to 37")},
		{"no stream's ARN", &api.ListStreamsInput{ExclusiveStartStreamArn: new(strings.Repeat("x", 50))}, invalidStream},
		{"three faults", &api.ListStreamsInput{Limit: new(int32(0)), TableName: new("a;"), ExclusiveStartStreamArn: new("")},
			"4 validation errors detected: " + lengthFault("", "exclusiveStartStreamArn", "greater than or equal to 37") + "; " +
				"Value '0' at 'limit' failed to satisfy constraint: " + positive + "; " + patternFault("a;", "tableName") + "; " +
				lengthFault("a;", "tableName", "greater than or equal to 3")},
	})
}

func TestDescribeStream(t *testing.T) { // as ListStreams
	in := func(change func(*api.DescribeStreamInput)) *api.DescribeStreamInput {
		in := &api.DescribeStreamInput{StreamArn: new(someStream)}
		change(in)
		return in
	}
	filter := func(f api.ShardFilter) *api.DescribeStreamInput {
		return in(func(in *api.DescribeStreamInput) { in.ShardFilter = &f })
	}
	children := new(api.ShardFilterTypeChildShards)
	long := "arn:aws:dynamodb:us-east-1:123456789012:table/" + strings.Repeat("t", 255) + "/stream/" + strings.Repeat("1", 800)
	runValidations(t, []validation{
		{"good", in(func(in *api.DescribeStreamInput) { in.Limit, in.ExclusiveStartShardId = new(int32(1)), new(someShard) }), ""},
		{"nothing", &api.DescribeStreamInput{}, oneError + null("streamArn")},
		{"empty", &api.DescribeStreamInput{StreamArn: new("")}, oneError + lengthFault("", "streamArn", "greater than or equal to 37")},
		{"long", &api.DescribeStreamInput{StreamArn: &long}, oneError + lengthFault(long, "streamArn", "less than or equal to 1024")},
		{"not an ARN", &api.DescribeStreamInput{StreamArn: new(strings.Repeat("x", 50))}, invalidStream},
		{"a table's ARN", &api.DescribeStreamInput{StreamArn: new("arn:aws:dynamodb:us-east-1:123456789012:table/users")}, invalidStream},
		{"a data stream's ARN", &api.DescribeStreamInput{StreamArn: new("arn:aws:kinesis:us-east-1:123456789012:stream/x")}, invalidStream},
		{"no label", &api.DescribeStreamInput{StreamArn: new("arn:aws:dynamodb:us-east-1:123456789012:table/users/stream/")}, invalidStream},
		{"an index", &api.DescribeStreamInput{StreamArn: new("arn:aws:dynamodb:us-east-1:123456789012:table/users/index/a/stream/b")}, invalidStream},
		{"no limit", in(func(in *api.DescribeStreamInput) { in.Limit = new(int32(0)) }), limitIsNothing},
		{"many", in(func(in *api.DescribeStreamInput) { in.Limit = new(int32(101)) }), invalid + "Limit cannot be greater than the maximum: 100"},
		{"a short shard", in(func(in *api.DescribeStreamInput) { in.ExclusiveStartShardId = new("x") }),
			oneError + lengthFault("x", "exclusiveStartShardId", "greater than or equal to 28")},
		{"a filter", filter(api.ShardFilter{Type: children, ShardId: new(someShard)}), ""},
		{"an empty filter", filter(api.ShardFilter{}), invalid + "ShardFilter must have both Type and ShardId"},
		{"a filter without its shard", filter(api.ShardFilter{Type: children}), invalid + "ShardFilter must have both Type and ShardId"},
		{"a filter without its type", filter(api.ShardFilter{ShardId: new(someShard)}), invalid + "ShardFilter must have both Type and ShardId"},
		{"a wrong filter", filter(api.ShardFilter{Type: new(api.ShardFilterType("X")), ShardId: new("x")}),
			"2 validation errors detected: " + enumFault("X", "shardFilter.type", "CHILD_SHARDS") + "; " + lengthFault("x", "shardFilter.shardId", "greater than or equal to 28")},
	})
}

// TestGetShardIterator: local (texts about sequence numbers), alternator (that
// they are faults); those about timestamps are ours.
func TestGetShardIterator(t *testing.T) {
	in := func(kind string, change func(*api.GetShardIteratorInput)) *api.GetShardIteratorInput {
		in := &api.GetShardIteratorInput{StreamArn: new(someStream), ShardId: new(someShard), ShardIteratorType: new(api.ShardIteratorType(kind))}
		if change != nil {
			change(in)
		}
		return in
	}
	sequence := func(s string) func(*api.GetShardIteratorInput) {
		return func(in *api.GetShardIteratorInput) { in.SequenceNumber = &s }
	}
	timed := func(in *api.GetShardIteratorInput) { in.Timestamp = new(time.Unix(1791316726, 0)) }
	runValidations(t, []validation{
		{"TRIM_HORIZON", in("TRIM_HORIZON", nil), ""},
		{"LATEST", in("LATEST", nil), ""},
		{"AT_SEQUENCE_NUMBER", in("AT_SEQUENCE_NUMBER", sequence(someSequence)), ""},
		{"AFTER_SEQUENCE_NUMBER", in("AFTER_SEQUENCE_NUMBER", sequence(someSequence)), ""},
		{"AT_TIMESTAMP", in("AT_TIMESTAMP", timed), ""},
		{"nothing", &api.GetShardIteratorInput{}, "3 validation errors detected: " + null("streamArn") + "; " + null("shardId") + "; " + null("shardIteratorType")},
		{"an unknown type", in("BULLE", nil), oneError + enumFault("BULLE", "shardIteratorType", iteratorTypes)},
		{"an empty type", in("", nil), oneError + enumFault("", "shardIteratorType", iteratorTypes)},
		{"a short shard", in("LATEST", func(in *api.GetShardIteratorInput) { in.ShardId = new("x") }), oneError + lengthFault("x", "shardId", "greater than or equal to 28")},
		{"a long shard", in("LATEST", func(in *api.GetShardIteratorInput) { in.ShardId = new(strings.Repeat("x", 66)) }),
			oneError + lengthFault(strings.Repeat("x", 66), "shardId", "less than or equal to 65")},
		{"not an ARN", in("LATEST", func(in *api.GetShardIteratorInput) { in.StreamArn = new(strings.Repeat("x", 50)) }), invalidStream},
		{"TRIM_HORIZON at a number", in("TRIM_HORIZON", sequence(someSequence)), noSequence},
		{"LATEST at a number", in("LATEST", sequence(someSequence)), noSequence},
		{"AT_TIMESTAMP at a number", in("AT_TIMESTAMP", sequence(someSequence)), noSequence},
		{"AT_SEQUENCE_NUMBER without", in("AT_SEQUENCE_NUMBER", nil), wrongSequence},
		{"AFTER_SEQUENCE_NUMBER without", in("AFTER_SEQUENCE_NUMBER", nil), wrongSequence},
		{"no number", in("AT_SEQUENCE_NUMBER", sequence(strings.Repeat("x", 30))), wrongSequence},
		{"a sign", in("AT_SEQUENCE_NUMBER", sequence("-"+someSequence)), wrongSequence},
		{"a short number", in("AT_SEQUENCE_NUMBER", sequence("1")), oneError + lengthFault("1", "sequenceNumber", "greater than or equal to 21")},
		{"a long number", in("AT_SEQUENCE_NUMBER", sequence(strings.Repeat("9", 41))),
			oneError + lengthFault(strings.Repeat("9", 41), "sequenceNumber", "less than or equal to 40")},
		{"AT_TIMESTAMP without", in("AT_TIMESTAMP", nil), invalid + "Timestamp must be provided for iterator type AT_TIMESTAMP"},
		{"LATEST at a time", in("LATEST", timed), invalid + "Timestamp should not be passed for this iterator type"},
	})
}

func TestGetRecords(t *testing.T) { // local
	in := func(limit int32) *api.GetRecordsInput {
		return &api.GetRecordsInput{ShardIterator: new("i"), Limit: &limit}
	}
	long := strings.Repeat("x", 2049)
	runValidations(t, []validation{
		{"good", &api.GetRecordsInput{ShardIterator: new(long[:2048])}, ""},
		{"most", in(1000), ""},
		{"nothing", &api.GetRecordsInput{}, oneError + null("shardIterator")},
		{"empty", &api.GetRecordsInput{ShardIterator: new("")}, oneError + lengthFault("", "shardIterator", "greater than or equal to 1")},
		{"long", &api.GetRecordsInput{ShardIterator: &long}, oneError + lengthFault(long, "shardIterator", "less than or equal to 2048")},
		{"no limit", in(0), limitIsNothing},
		{"many", in(1001), invalid + "Limit should be less than or equal to 1000"},
	})
}

func TestParseStreamARN(t *testing.T) {
	table, label, ok := api.ParseStreamARN(someStream)
	require.True(t, ok)
	require.Equal(t, api.ARN{Partition: "aws", Region: "us-east-1", Account: "123456789012", Table: "users"}, table)
	require.Equal(t, "2026-10-08T23:07:31.275", label)
	require.Equal(t, someStream, table.String()+"/stream/"+label)
}
