package wire_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/wire"
)

func decode[In any](t *testing.T, name, body string) *In {
	in, err := wire.Decode(lookup(t, name), []byte(body))
	require.NoError(t, err, "%.300s", body)
	return any(in).(*In)
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		json string
		want attr.Value
	}{
		{`{"S":"a"}`, attr.S("a")},
		{`{"S":""}`, attr.S("")},
		{`{"S":"\"\\\/\b\f\n\r\t"}`, attr.S("\"\\/\b\f\n\r\t")},
		{`{"S":"\u0041\u00e9\u6f22\uD83D\ude00\u0000"}`, attr.S("Aé漢\U0001F600\x00")},
		{`{"S":"x\ud83dy"}`, attr.S("x\uFFFDy")}, // a half of a pair is no character
		{`{"S":"x\ud83d\u0041"}`, attr.S("x\uFFFDA")},
		{`{"S":"\ude00\ud83d"}`, attr.S("\uFFFD\uFFFD")},
		{`{"S":"\ud83d\n"}`, attr.S("\uFFFD\n")},
		{`{"S":"é漢😀 plain text that is longer than eight bytes\t"}`, attr.S("é漢😀 plain text that is longer than eight bytes\t")},
		{`{"N":"1.50"}`, attr.N("1.50")},
		{`{"N":"no number"}`, attr.N("no number")},
		{`{"N":"1e1000000"}`, attr.N("1e1000000")},
		{`{"B":"AAH/"}`, attr.B([]byte{0, 1, 255})},
		{`{"B":"AA=="}`, attr.B([]byte{0})},
		{`{"B":"AAE\u003d"}`, attr.B([]byte{0, 1})},
		{`{"B":""}`, attr.B(nil)},
		{`{"BOOL":true}`, attr.BOOL(true)},
		{`{"BOOL":"Yes"}`, attr.BOOL(true)},
		{`{"BOOL":"1"}`, attr.BOOL(true)},
		{`{"BOOL":"TRUE"}`, attr.BOOL(true)},
		{`{"BOOL":"no"}`, attr.BOOL(false)},
		{`{"BOOL":"0"}`, attr.BOOL(false)},
		{`{"BOOL":"False"}`, attr.BOOL(false)},
		{`{"NULL":true}`, attr.NULL()},
		{`{"NULL":false}`, attr.FalseNULL()},
		{`{"L":[]}`, attr.L()},
		{`{"L":[{"S":"a"},{"L":[{"N":"1"},{"N":"2"}]},{"S":"b"}]}`, attr.L(attr.S("a"), attr.L(attr.N("1"), attr.N("2")), attr.S("b"))},
		{`{"M":{}}`, attr.M(attr.Item{})},
		{`{"M":{"a":{"L":[{"M":{"b":{"S":"c"}}}]},"d":{"N":"1"}}}`, attr.M(attr.Item{"a": attr.L(attr.M(attr.Item{"b": attr.S("c")})), "d": attr.N("1")})},
		{`{"SS":["b","a","a"]}`, attr.SS("b", "a", "a")},
		{`{"SS":[]}`, attr.SS()},
		{`{"NS":["1","x"]}`, attr.NS("1", "x")},
		{`{"BS":["AA==","",null]}`, attr.BS([]byte{0}, nil, nil)},
		{`{"SS":["a",null]}`, attr.SS("a", "")},
		{` { "S" : "a" } `, attr.S("a")},

		// Nothing, or what AWS does not know.
		{`{}`, attr.Value{}},
		{`null`, attr.Value{}},
		{`{"S":null}`, attr.Value{}},
		{`{"X":"a"}`, attr.Value{}},
		{`{"X":[{"Y":[null,1e5,"\u0041",true]}],"S":"a"}`, attr.S("a")},
		{`{"s":"a"}`, attr.Value{}},
		{`{"L":[{},null]}`, attr.L(attr.Value{}, attr.Value{})},

		// More than one type; null is absent, and the last of a name counts.
		{`{"S":"a","N":"1"}`, attr.AmbiguousValue()},
		{`{"S":"a","NULL":true,"N":"1"}`, attr.AmbiguousValue()},
		{`{"S":"a","N":null}`, attr.S("a")},
		{`{"N":null,"S":"a"}`, attr.S("a")},
		{`{"S":"a","N":"1","N":null}`, attr.S("a")},
		{`{"S":"a","N":"1","S":null}`, attr.N("1")},
		{`{"S":"a","N":"1","S":null,"N":null}`, attr.Value{}},
		{`{"S":"a","N":"1","S":null,"S":"b"}`, attr.AmbiguousValue()},
		{`{"S":"a","S":"b"}`, attr.S("b")},
		{`{"S":"a","S":null}`, attr.Value{}},
		{`{"M":{"a":{"S":"1"}},"M":{"b":{"S":"2"}}}`, attr.M(attr.Item{"b": attr.S("2")})},
		{`{"M":{"a":{"S":"1"},"a":{"S":"2"}}}`, attr.M(attr.Item{"a": attr.S("2")})},
	} {
		in := decode[api.DeleteItemInput](t, "DeleteItem", `{"Key":{"v":`+c.json+`}}`)
		v, ok := in.Key["v"]
		require.True(t, ok, c.json)
		require.Equal(t, c.want.Kind(), v.Kind(), c.json)
		require.Equal(t, c.want.IsNull(), v.IsNull(), c.json)
		require.Equal(t, c.want.Len(), v.Len(), c.json)
		require.Equal(t, fmt.Sprint(model(valueOf(c.want))), fmt.Sprint(model(valueOf(v))), c.json)

		expected := decode[api.DeleteItemInput](t, "DeleteItem", `{"Expected":{"a":{"Value":`+c.json+`,"AttributeValueList":[`+c.json+`]}}}`).Expected["a"]
		require.Equal(t, c.json == "null", expected.Value == nil)
		require.Equal(t, c.want.Kind(), expected.AttributeValueList[0].Kind())
	}
}

func TestMembers(t *testing.T) {
	in := decode[api.QueryInput](t, "Query", `{
		"TableName": "old", "TableName": "\u0075sers", "Limit": 10, "ScanIndexForward": "no", "ConsistentRead": null,
		"Unknown": {"deep": [[[{"a": [1, -0.5e-3, "x\"", true, false, null]}]]]}, "tableName": 7, "": "",
		"ExclusiveStartKey": {"id": {"S": "a"}}, "ExclusiveStartKey": {},
		"ExpressionAttributeNames": {"#a": "x", "#b": "y", "#a": "z", "#b": null}, "AttributesToGet": [], "QueryFilter": {},
		"ExpressionAttributeValues": {":v": {"N": "1"}}, "KeyConditions": {"id": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}, "z": null}
	}`)
	require.Equal(t, "users", *in.TableName)
	require.Equal(t, int32(10), *in.Limit)
	require.False(t, *in.ScanIndexForward)
	require.Nil(t, in.ConsistentRead)
	require.Equal(t, attr.Item{}, in.ExclusiveStartKey)
	require.Equal(t, map[string]string{"#a": "z"}, in.ExpressionAttributeNames)
	require.Equal(t, []string{}, in.AttributesToGet)
	require.Equal(t, map[string]api.Condition{}, in.QueryFilter)
	require.Equal(t, "1", in.ExpressionAttributeValues[":v"].Num())
	require.Len(t, in.KeyConditions, 2)
	require.Equal(t, api.ComparisonOperatorEq, *in.KeyConditions["id"].ComparisonOperator)
	require.Equal(t, "a", in.KeyConditions["id"].AttributeValueList[0].Str())
	require.Nil(t, in.Select)

	require.Equal(t, &api.DescribeLimitsInput{}, decode[api.DescribeLimitsInput](t, "DescribeLimits", " {\r\n\t} "))

	// The last of a name counts, also when it is null, and replaces all of the one before.
	put := decode[api.PutItemInput](t, "PutItem", `{"TableName":"a","TableName":null,"Item":{"a":{"S":"x"}},"Item":null,"Expected":{"a":{}},"Expected":null}`)
	require.Equal(t, &api.PutItemInput{}, put)
	table := decode[api.CreateTableInput](t, "CreateTable", `{"Tags":[{"Key":"a","Value":"b"},{"Key":"c"}],"Tags":[{"Value":"d"},null],
		"SSESpecification":{"Enabled":true},"SSESpecification":{"SSEType":"KMS"}}`)
	require.Equal(t, []api.Tag{{Value: new("d")}, {}}, table.Tags)
	require.Equal(t, &api.SSESpecification{SSEType: new(api.SSETypeKms)}, table.SSESpecification)
	batch := decode[api.BatchGetItemInput](t, "BatchGetItem", `{"RequestItems":{"a":{"Keys":[{"k":{"S":"1"}},null,{}]},"a":{"ConsistentRead":true},"b":null}}`)
	require.Equal(t, map[string]api.KeysAndAttributes{"a": {ConsistentRead: new(true)}, "b": {}}, batch.RequestItems)
}

func TestIntegers(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "17": 17, "1.9": 1, "-1.1": -2, "-0.0": 0, "1e3": 1000, "1E-3": 0, "1.5e1": 15, "9223372036854775807": math.MaxInt64,
		"9223372036854775808": math.MaxInt64, "-9223372036854775809": math.MinInt64, "1e400": math.MaxInt64, "-1e400": math.MinInt64,
		"1e1000000": math.MaxInt64, "-1e1000000": math.MinInt64, "1e-1000000": 0, "1" + strings.Repeat("0", 100_000): math.MaxInt64,
	} {
		in := decode[api.CreateTableInput](t, "CreateTable", `{"ProvisionedThroughput":{"ReadCapacityUnits":`+text+`}}`)
		require.Equal(t, want, *in.ProvisionedThroughput.ReadCapacityUnits, "%.30s", text)
		list := decode[api.ListTablesInput](t, "ListTables", `{"Limit":`+text+`}`)
		require.Equal(t, int32(min(max(want, math.MinInt32), math.MaxInt32)), *list.Limit, "%.30s", text)
	}
}

// TestNoSharing: a request stays as it is when the body's memory is used again, however it was read.
func TestNoSharing(t *testing.T) {
	for name, body := range map[string]string{
		"PutItem": `{"TableName":"users","Item":{"name":{"S":"plain"},"b":{"B":"AAAA"},"m":{"M":{"x":{"SS":["a\n"]}}}},"ConditionExpression":"a = :a AND #b = :b",
			"ExpressionAttributeNames":{"#b":"b","#c\u0041":"c\n"},"ExpressionAttributeValues":{":a":{"S":"x"},":b\t":{"L":[{"N":"1"},{"S":"y\n"},{"BS":["AAAA"]},{"SS":["a","b\n"]}]}},
			"Expected":{"q":{"ComparisonOperator":"EQ","AttributeValueList":[{"M":{"k":{"S":"v"}}}]}},"ReturnValues":"NONE"}`,
		"UpdateItem": `{"TableName":"users","Key":{"name":{"S":"plain"}},"UpdateExpression":"SET a = :\u0061","ExpressionAttributeValues":{":a":{"S":"x\n"}}}`,
	} {
		op := lookup(t, name)
		for way, decode := range map[string]func(op api.Operation, body []byte) (api.Request, error){
			"copied": wire.Decode,
			"values": wire.DecodeValues,
			"passing": func(op api.Operation, body []byte) (api.Request, error) {
				in, _, err := wire.DecodeBuffer(op, body, wire.Passing)
				return in, err
			},
		} {
			buffer := append(make([]byte, 0, len(body)+8), body...)
			in, err := decode(op, buffer)
			require.NoError(t, err)
			require.Equal(t, body, string(buffer))
			before := fmt.Sprint(model(valueOf(in)))
			clear(buffer)
			_, err = decode(op, []byte(`{"TableName":"other","Item":{"name":{"S":"other"},"b":{"B":"////"},"m":{"M":{"x":{"SS":["zzzz"]}}}}}`))
			require.NoError(t, err)
			require.Equal(t, before, fmt.Sprint(model(valueOf(in))), way)
		}
	}
	// An item that is lent is good until the lease ends, and all else stays.
	put := lookup(t, "PutItem")
	body := append(make([]byte, 0, 128), `{"TableName":"users","Item":{"name":{"S":"plain"}}}`...)
	lent, lease, err := wire.DecodeBuffer(put, body, wire.Lent)
	require.NoError(t, err)
	clear(body)
	item := lent.(*api.PutItemInput).Item
	require.Equal(t, "plain", item.Value("name").Str())
	require.Equal(t, "users", *lent.(*api.PutItemInput).TableName)
	changed := false
	for i := range 100 { // the pool may give another reader, and drop this one
		held, _, ok := item.Built()
		require.True(t, ok)
		before := string(held)
		lease.End()
		body = fmt.Appendf(body[:0], `{"TableName":"other","Item":{"name":{"S":"other%d"}}}`, i)
		in, next, err := wire.DecodeBuffer(put, body, wire.Lent)
		require.NoError(t, err)
		changed = changed || string(held) != before
		item, lease = in.(*api.PutItemInput).Item, next
	}
	lease.End()
	require.True(t, changed, "its memory is used again")
	require.Equal(t, "users", *lent.(*api.PutItemInput).TableName)

	op, buffer := lookup(t, "ListTables"), append(make([]byte, 0, 64), `{"ExclusiveStartTableName":"users"}`...)
	in, _, err := wire.DecodeBuffer(op, buffer, wire.Owned) // which saves the copy
	require.NoError(t, err)
	require.Equal(t, "users", *in.(*api.ListTablesInput).ExclusiveStartTableName)
	clear(buffer)
	require.NotEqual(t, "users", *in.(*api.ListTablesInput).ExclusiveStartTableName)
}
