package wire_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/wire"
)

func TestAppend(t *testing.T) {
	key := attr.Item{"pk": attr.S("a")}
	for _, c := range []struct {
		out  api.Response
		want string
	}{
		// What is absent and what is empty.
		{&api.GetItemOutput{}, `{}`},
		{&api.GetItemOutput{Item: api.ItemOf(attr.Item{})}, `{"Item":{}}`},
		{&api.PutItemOutput{}, `{}`},
		{&api.QueryOutput{}, `{"Count":0,"ScannedCount":0}`},
		{&api.QueryOutput{Items: []api.Attributes{}, ScannedCount: 3}, `{"Items":[],"Count":0,"ScannedCount":3}`},
		{
			&api.ScanOutput{Items: []api.Attributes{api.ItemOf(key), api.ItemOf(attr.Item{})}, Count: 2, ScannedCount: 2, LastEvaluatedKey: key},
			`{"Items":[{"pk":{"S":"a"}},{}],"Count":2,"ScannedCount":2,"LastEvaluatedKey":{"pk":{"S":"a"}}}`,
		},
		{&api.BatchGetItemOutput{}, `{"Responses":{},"UnprocessedKeys":{}}`},
		{
			&api.BatchGetItemOutput{
				Responses:       map[string][]api.Attributes{"b": {}, "a": {api.ItemOf(key)}, "c": nil},
				UnprocessedKeys: map[string]api.KeysAndAttributes{"b": {Keys: []attr.Item{key}, ConsistentRead: new(true)}},
			},
			`{"Responses":{"a":[{"pk":{"S":"a"}}],"b":[],"c":[]},"UnprocessedKeys":{"b":{"Keys":[{"pk":{"S":"a"}}],"ConsistentRead":true}}}`,
		},
		{&api.BatchWriteItemOutput{}, `{"UnprocessedItems":{}}`},
		{&api.TransactWriteItemsOutput{}, `{}`},
		{
			&api.TransactGetItemsOutput{Responses: []api.ItemResponse{{Item: api.ItemOf(key)}, {}, {Item: api.ItemOf(attr.Item{})}}},
			`{"Responses":[{"Item":{"pk":{"S":"a"}}},{},{"Item":{}}]}`,
		},
		{&api.ListTablesOutput{}, `{"TableNames":[]}`},
		{&api.ListTablesOutput{TableNames: []string{"a", "b"}, LastEvaluatedTableName: new("b")}, `{"TableNames":["a","b"],"LastEvaluatedTableName":"b"}`},
		{&api.ListTagsOfResourceOutput{}, `{"Tags":[]}`},
		{&api.TagResourceOutput{}, ``},
		{&api.UntagResourceOutput{}, ``},
		{
			&api.DescribeEndpointsOutput{Endpoints: []api.Endpoint{{Address: new("127.0.0.1:8000"), CachePeriodInMinutes: 1440}}},
			`{"Endpoints":[{"Address":"127.0.0.1:8000","CachePeriodInMinutes":1440}]}`,
		},

		// Capacity and sizes.
		{
			&api.PutItemOutput{
				ConsumedCapacity: &api.ConsumedCapacity{
					TableName: new("t"), CapacityUnits: new(2.0), Table: &api.Capacity{CapacityUnits: new(0.5)},
					GlobalSecondaryIndexes: map[string]api.Capacity{"y": {CapacityUnits: new(0.0)}, "x": {CapacityUnits: new(12345678.0)}},
				},
				ItemCollectionMetrics: &api.ItemCollectionMetrics{ItemCollectionKey: key, SizeEstimateRangeGB: []float64{0, 1}},
			},
			`{"ConsumedCapacity":{"TableName":"t","CapacityUnits":2.0,"Table":{"CapacityUnits":0.5},` +
				`"GlobalSecondaryIndexes":{"x":{"CapacityUnits":12345678.0},"y":{"CapacityUnits":0.0}}},` +
				`"ItemCollectionMetrics":{"ItemCollectionKey":{"pk":{"S":"a"}},"SizeEstimateRangeGB":[0.0,1.0]}}`,
		},

		// Times, in seconds.
		{
			&api.DescribeTableOutput{Table: &api.TableDescription{
				TableName: new("t"), TableStatus: new(api.TableStatusActive), CreationDateTime: new(time.Unix(1421866952, 62_999_999)), ItemCount: new(int64(7)),
				ProvisionedThroughput: &api.ProvisionedThroughputDescription{LastIncreaseDateTime: new(time.Unix(1421866952, 0)), LastDecreaseDateTime: new(time.Unix(-1, 5e8))},
			}},
			`{"Table":{"TableName":"t","TableStatus":"ACTIVE","CreationDateTime":1421866952.062,"ItemCount":7,` +
				`"ProvisionedThroughput":{"LastIncreaseDateTime":1421866952,"LastDecreaseDateTime":-0.5}}}`,
		},
	} {
		body, err := wire.Append(nil, c.out)
		require.NoError(t, err)
		require.Equal(t, c.want, string(body))
		body, err = wire.Append([]byte("before"), c.out)
		require.NoError(t, err)
		require.Equal(t, "before"+c.want, string(body))
	}
}

func TestAppendValues(t *testing.T) {
	item := attr.Item{
		"S": attr.S("a\"\\/\b\f\n\r\t\x00\x1f\x7fé漢😀"), "N": attr.N("-12.5"), "B": attr.B([]byte{0, 1, 255, 0}), "B0": attr.B(nil), "T": attr.BOOL(true), "F": attr.BOOL(false),
		"NULL": attr.NULL(), "L": attr.L(attr.S(""), attr.L(), attr.M(attr.Item{})), "M": attr.M(attr.Item{"b": attr.NULL(), "a": attr.M(attr.Item{})}),
		"SS": attr.SS("a", "b"), "NS": attr.NS("-1", "10"), "BS": attr.BS([]byte{0}, []byte{1}), "é\n": attr.S("name"),
	}
	const want = `{"Item":{"B":{"B":"AAH/AA=="},"B0":{"B":""},"BS":{"BS":["AA==","AQ=="]},"F":{"BOOL":false},` +
		`"L":{"L":[{"S":""},{"L":[]},{"M":{}}]},"M":{"M":{"a":{"M":{}},"b":{"NULL":true}}},"N":{"N":"-12.5"},"NS":{"NS":["-1","10"]},"NULL":{"NULL":true},` +
		`"S":{"S":"a\"\\/\b\f\n\r\t\u0000\u001f` + "\x7f" + `é漢😀"},"SS":{"SS":["a","b"]},"T":{"BOOL":true},"é\n":{"S":"name"}}}`
	for _, attributes := range []api.Attributes{api.ItemOf(item), stored(t, item)} {
		body, err := wire.Append(nil, &api.GetItemOutput{Item: attributes})
		require.NoError(t, err)
		require.Equal(t, want, string(body))
	}

	// A program can build strings that are no UTF-8; what leaves is JSON all the same.
	for _, s := range []string{"\xff", "a\xc3", "plain text \xe6\xbc and more of it", "\xed\xa0\x80\"", "\xf0\x9f\x98"} {
		body, err := wire.Append(nil, &api.GetItemOutput{Item: api.ItemOf(attr.Item{"s": attr.S(s)})})
		require.NoError(t, err)
		var out struct{ Item map[string]jsonValue }
		require.NoError(t, json.Unmarshal(body, &out))
		require.Equal(t, string([]rune(s)), *out.Item["s"].S)
	}
}

// TestAppendFaults: what has no form is an error, and dst is as it was.
func TestAppendFaults(t *testing.T) {
	sound, ok := stored(t, attr.Item{"l": attr.L(attr.S("abc"), attr.M(attr.Item{"x": attr.SS("a", "b")})), "z": attr.N("1")}).Stored()
	require.True(t, ok)
	deep := attr.NULL()
	for range 100 {
		deep = attr.L(deep)
	}
	deepMap := attr.NULL()
	for range 100 {
		deepMap = attr.M(attr.Item{"a": deepMap})
	}
	faulty := []api.Attributes{
		api.ItemOf(attr.Item{"a": {}}), api.ItemOf(attr.Item{"a": attr.AmbiguousValue()}), api.ItemOf(attr.Item{"a": attr.L(attr.Value{})}),
		api.ItemOf(attr.Item{"a": deep}), api.ItemOf(attr.Item{"a": deepMap}), stored(t, attr.Item{"a": deep}), stored(t, attr.Item{"a": deepMap}),
	}
	for n := range sound {
		faulty = append(faulty, api.StoredItem(sound[:n:n]))
	}
	for i, a := range faulty {
		dst, err := wire.Append([]byte("before"), &api.QueryOutput{Items: []api.Attributes{api.ItemOf(attr.Item{}), a}})
		var e *api.Error
		require.ErrorAs(t, err, &e, "%d: %.200s", i, dst)
		require.Equal(t, api.CodeInternalServerError, e.Code)
		require.Equal(t, "before", string(dst))

		// An error that carries such an item is told without it.
		dst, status := wire.AppendError(nil, &api.Error{Code: api.CodeConditionalCheckFailed, Message: "The conditional request failed", Item: a})
		require.Equal(t, 500, status)
		require.Equal(t, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}`, string(dst))
	}
}
