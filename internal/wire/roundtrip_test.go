package wire_test

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/wire"
)

// outputs has a response of every operation that the protocol has.
var outputs = []api.Response{
	&api.BatchGetItemOutput{}, &api.BatchWriteItemOutput{}, &api.CreateTableOutput{}, &api.DeleteItemOutput{}, &api.DeleteTableOutput{},
	&api.DescribeEndpointsOutput{}, &api.DescribeLimitsOutput{}, &api.DescribeTableOutput{}, &api.GetItemOutput{}, &api.ListTablesOutput{},
	&api.BatchExecuteStatementOutput{}, &api.ExecuteStatementOutput{}, &api.ExecuteTransactionOutput{},
	&api.ListTagsOfResourceOutput{}, &api.PutItemOutput{}, &api.QueryOutput{}, &api.ScanOutput{}, &api.TagResourceOutput{},
	&api.TransactGetItemsOutput{}, &api.TransactWriteItemsOutput{}, &api.UntagResourceOutput{}, &api.UpdateItemOutput{}, &api.UpdateTableOutput{},
	&api.ListStreamsOutput{}, &api.DescribeStreamOutput{}, &api.GetShardIteratorOutput{}, &api.GetRecordsOutput{},
	&api.UpdateTimeToLiveOutput{}, &api.DescribeTimeToLiveOutput{}, &api.EnableKinesisStreamingDestinationOutput{},
	&api.DisableKinesisStreamingDestinationOutput{}, &api.UpdateKinesisStreamingDestinationOutput{}, &api.DescribeKinesisStreamingDestinationOutput{},
}

func TestEveryOperationHasAnOutput(t *testing.T) {
	have := map[string]bool{}
	for _, out := range outputs {
		have[reflect.TypeOf(out).Elem().Name()] = true
	}
	for _, op := range api.Registry() {
		require.Equal(t, !op.Native, have[op.Name+"Output"], op.Name)
	}
}

// TestRequestsRoundTrip writes random requests of all operations, compares
// them with what encoding/json reads, and reads them again.
func TestRequestsRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, op := range api.Registry() {
		if op.Native {
			continue
		}
		for range 50 {
			in := op.New()
			fill(r, reflect.ValueOf(in).Elem())
			canonical(t, reflect.ValueOf(in))
			body, err := wire.AppendRequest(nil, in)
			require.NoError(t, err)
			sameJSON(t, in, body)
			again, err := wire.Decode(op, body)
			require.NoError(t, err, "%s", body)
			require.Equal(t, model(reflect.ValueOf(in)), model(reflect.ValueOf(again)), "%s", body)
		}
	}
}

// TestResponses compares random responses with what encoding/json reads.
func TestResponses(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, zero := range outputs {
		for range 50 {
			out := reflect.New(reflect.TypeOf(zero).Elem())
			fill(r, out.Elem())
			if out.Elem().NumField() == 0 {
				continue // no body
			}
			presentAlways(out.Elem())
			body, err := wire.Append([]byte(" "), out.Interface().(api.Response))
			require.NoError(t, err)
			sameJSON(t, out.Interface(), body[1:])
		}
	}
}

// presentAlways makes empty those nil collections that AWS writes all the same.
func presentAlways(out reflect.Value) {
	if d, ok := out.Addr().Interface().(*api.DescribeStreamOutput); ok && d.StreamDescription != nil {
		out = reflect.ValueOf(d.StreamDescription).Elem()
	}
	for _, name := range []string{
		"Responses", "UnprocessedKeys", "UnprocessedItems", "TableNames", "Tags", "Endpoints",
		"Streams", "Shards", "Records", "KinesisDataStreamDestinations",
	} {
		f := out.FieldByName(name)
		switch {
		case !f.IsValid() || !f.IsNil():
		case f.Kind() == reflect.Map:
			f.Set(reflect.MakeMap(f.Type()))
		default:
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		}
	}
}

// TestStoredItems: an item is the same JSON from its bytes as from its values.
func TestStoredItems(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		item := randomItem(r, 0)
		b, err := itemcodec.AppendItem(nil, item)
		require.NoError(t, err)
		canonical, err := itemcodec.DecodeItem(b)
		require.NoError(t, err)
		fromBytes, err := wire.Append(nil, &api.GetItemOutput{Item: api.StoredItem(b)})
		require.NoError(t, err)
		fromValues, err := wire.Append(nil, &api.GetItemOutput{Item: api.ItemOf(canonical)})
		require.NoError(t, err)
		require.Equal(t, string(fromValues), string(fromBytes))
	}
}
