package wire_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/wire"
)

func TestAppendStreams(t *testing.T) {
	key := attr.Item{"pk": attr.S("a")}
	at := time.Date(2026, 10, 8, 23, 7, 31, 275e6, time.UTC)
	for _, c := range []struct {
		out  api.Response
		want string
	}{
		{&api.ListStreamsOutput{}, `{"Streams":[]}`},
		{
			&api.ListStreamsOutput{Streams: []api.Stream{{StreamArn: new("arn"), TableName: new("t"), StreamLabel: new("l")}}, LastEvaluatedStreamArn: new("arn")},
			`{"Streams":[{"StreamArn":"arn","TableName":"t","StreamLabel":"l"}],"LastEvaluatedStreamArn":"arn"}`,
		},
		{
			&api.DescribeStreamOutput{StreamDescription: &api.StreamDescription{StreamStatus: new(api.StreamStatusEnabled), CreationRequestDateTime: &at}},
			`{"StreamDescription":{"StreamStatus":"ENABLED","CreationRequestDateTime":1791500851.275,"Shards":[]}}`,
		},
		{
			&api.DescribeStreamOutput{StreamDescription: &api.StreamDescription{
				Shards: []api.Shard{{ShardId: new("s"), SequenceNumberRange: &api.SequenceNumberRange{StartingSequenceNumber: new("1")}}},
			}},
			`{"StreamDescription":{"Shards":[{"ShardId":"s","SequenceNumberRange":{"StartingSequenceNumber":"1"}}]}}`,
		},
		{&api.GetShardIteratorOutput{ShardIterator: new("i")}, `{"ShardIterator":"i"}`},
		{&api.GetRecordsOutput{}, `{"Records":[]}`},
		{
			// Names as AWS has them: small letters in a Record, capital ones in
			// what it holds, its identity too.
			&api.GetRecordsOutput{
				Records: []api.Record{{
					EventID: new("e"), EventName: new(api.OperationTypeModify), EventVersion: new("1.1"), EventSource: new("aws:dynamodb"), AwsRegion: new("r"),
					Dynamodb: &api.StreamRecord{
						ApproximateCreationDateTime: new(at.Truncate(time.Second)),
						Keys:                        stored(t, key), NewImage: stored(t, attr.Item{"pk": attr.S("a"), "n": attr.N("1")}), OldImage: api.ItemOf(key),
						SequenceNumber: new("100"), SizeBytes: new(int64(9)), StreamViewType: new(api.StreamViewTypeNewAndOldImages),
					},
					UserIdentity: &api.Identity{PrincipalId: new(api.ServicePrincipal), Type: new(api.ServiceIdentityType)},
				}},
				NextShardIterator: new("i"),
			},
			`{"Records":[{"eventID":"e","eventName":"MODIFY","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"r",` +
				`"dynamodb":{"ApproximateCreationDateTime":1791500851,"Keys":{"pk":{"S":"a"}},"NewImage":{"n":{"N":"1"},"pk":{"S":"a"}},"OldImage":{"pk":{"S":"a"}},` +
				`"SequenceNumber":"100","SizeBytes":9,"StreamViewType":"NEW_AND_OLD_IMAGES"},` +
				`"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}}],"NextShardIterator":"i"}`,
		},
		{
			&api.GetRecordsOutput{Records: []api.Record{{EventName: new(api.OperationTypeInsert), Dynamodb: &api.StreamRecord{Keys: api.ItemOf(key)}}}},
			`{"Records":[{"eventName":"INSERT","dynamodb":{"Keys":{"pk":{"S":"a"}}}}]}`,
		},
		{
			&api.DescribeTimeToLiveOutput{TimeToLiveDescription: &api.TimeToLiveDescription{TimeToLiveStatus: new(api.TimeToLiveStatusDisabled)}},
			`{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}`,
		},
		{
			&api.UpdateTimeToLiveOutput{TimeToLiveSpecification: &api.TimeToLiveSpecification{Enabled: new(false), AttributeName: new("ttl")}},
			`{"TimeToLiveSpecification":{"Enabled":false,"AttributeName":"ttl"}}`,
		},
		{&api.DescribeKinesisStreamingDestinationOutput{TableName: new("t")}, `{"TableName":"t","KinesisDataStreamDestinations":[]}`},
		{
			&api.EnableKinesisStreamingDestinationOutput{
				TableName: new("t"), StreamArn: new("arn"), DestinationStatus: new(api.DestinationStatusEnabling),
				EnableKinesisStreamingConfiguration: &api.EnableKinesisStreamingConfiguration{},
			},
			`{"TableName":"t","StreamArn":"arn","DestinationStatus":"ENABLING","EnableKinesisStreamingConfiguration":{}}`,
		},
	} {
		body, err := wire.Append(nil, c.out)
		require.NoError(t, err)
		require.Equal(t, c.want, string(body))
	}

	damaged := api.StoredItem([]byte{1, 2, 3})
	body, err := wire.Append(nil, &api.GetRecordsOutput{Records: []api.Record{{Dynamodb: &api.StreamRecord{OldImage: damaged}}}})
	require.ErrorContains(t, err, "damaged")
	require.Empty(t, body)
}

func TestTimestamp(t *testing.T) {
	for json, want := range map[string]time.Time{
		`1791316726.480`: time.UnixMilli(1791316726480),
		`1791316726`:     time.Unix(1791316726, 0),
		`1.791316726e9`:  time.Unix(1791316726, 0),
		`0.0005`:         time.UnixMilli(1), // to the nearest millisecond
		`-1.25`:          time.UnixMilli(-1250),
		`1e999`:          time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		`-1e999`:         time.Unix(-253402300799, 0),
	} {
		in := decode[api.GetShardIteratorInput](t, "GetShardIterator", `{"Timestamp":`+json+`}`)
		require.Equal(t, want.UTC(), *in.Timestamp, json)
	}
	require.Nil(t, decode[api.GetShardIteratorInput](t, "GetShardIterator", `{"Timestamp":null}`).Timestamp)
}
