package wire_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/wire"
)

// What AWS says of each type of member, recorded from the service in the test
// helper assertType of dynalite (github.com/architect/dynalite). JSON → text.
var (
	ofScalar = func(name string) [][2]string {
		return [][2]string{
			{`[]`, "Unrecognized collection type class java.lang." + name},
			{`{}`, "Start of structure or map found where not expected"},
		}
	}
	ofString = append(ofScalar("String"), [][2]string{
		{`true`, "TRUE_VALUE cannot be converted to String"},
		{`false`, "FALSE_VALUE cannot be converted to String"},
		{`23`, "NUMBER_VALUE cannot be converted to String"},
		{`-2147483648`, "NUMBER_VALUE cannot be converted to String"},
		{`34.56`, "DECIMAL_VALUE cannot be converted to String"},
	}...)
	ofBoolean = append(ofScalar("Boolean"), [][2]string{
		{`"23"`, "Unexpected token received from parser"},
		{`23`, "NUMBER_VALUE cannot be converted to Boolean"},
		{`34.56`, "DECIMAL_VALUE cannot be converted to Boolean"},
	}...)
	ofNumber = func(name string) [][2]string {
		return append(ofScalar(name), [][2]string{
			{`"23"`, "STRING_VALUE cannot be converted to " + name},
			{`true`, "TRUE_VALUE cannot be converted to " + name},
			{`false`, "FALSE_VALUE cannot be converted to " + name},
		}...)
	}
	ofInteger, ofLong = ofNumber("Integer"), ofNumber("Long")

	// Not recorded: put together from the texts of the other types.
	ofTime = [][2]string{
		{`"23"`, "STRING_VALUE cannot be converted to milliseconds since epoch"},
		{`true`, "TRUE_VALUE cannot be converted to milliseconds since epoch"},
		{`[]`, "Unrecognized collection type class java.util.Date"},
		{`{}`, "Start of structure or map found where not expected"},
	}

	ofBlob = [][2]string{
		{`true`, "only base-64-encoded strings are convertible to bytes"},
		{`23`, "only base-64-encoded strings are convertible to bytes"},
		{`34.56`, "only base-64-encoded strings are convertible to bytes"},
		{`[]`, "Unrecognized collection type class java.nio.ByteBuffer"},
		{`{}`, "Start of structure or map found where not expected"},
		{`"23456"`, "Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
		{`"=+/="`, "Invalid last non-pad Base64 character dectected"},
		{`"+/+="`, "Invalid last non-pad Base64 character dectected"},
		{`"===="`, "Invalid last non-pad Base64 character dectected"},
		{`"AB\n\n"`, "Invalid last non-pad Base64 character dectected"},
		{`"AAA\n"`, "Invalid last non-pad Base64 character dectected"},
	}
	ofList = scalars("Unexpected field type", [2]string{`{}`, "Start of structure or map found where not expected"})
	ofMap  = func(elem string) [][2]string {
		return scalars("Unexpected field type", [2]string{`[]`, "Unrecognized collection type java.util.Map<java.lang.String, " + elem + ">"})
	}
	ofStructure = func(name string) [][2]string { // as a member
		return scalars("Unexpected field type", [2]string{`[]`, "Unrecognized collection type class com.amazonaws.dynamodb.v20120810." + name})
	}
	ofElement = func(name string) [][2]string { // in a list or map
		return scalars("Unexpected value type in payload", [2]string{`[]`, "Unrecognized collection type class com.amazonaws.dynamodb.v20120810." + name})
	}
	cast = "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class " +
		"(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of loader 'bootstrap')"
	ofListElement = scalars(cast, [2]string{`{}`, "Start of structure or map found where not expected"})
	ofMapElement  = scalars(cast, [2]string{`[]`, "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"})
)

func scalars(text string, more ...[2]string) [][2]string {
	for _, s := range []string{`"23"`, `true`, `23`, `-2147483648`, `34.56`} {
		more = append(more, [2]string{s, text})
	}
	return more
}

func TestTypes(t *testing.T) {
	type test struct {
		op, path string // "Item.*.S": * is an element of a map, 0 of a list
		faults   [][2]string
	}
	tests := []test{
		{"BatchGetItem", "RequestItems", ofMap("com.amazonaws.dynamodb.v20120810.KeysAndAttributes")},
		{"BatchGetItem", "RequestItems.*", ofElement("KeysAndAttributes")},
		{"BatchGetItem", "RequestItems.*.Keys", ofList},
		{"BatchGetItem", "RequestItems.*.Keys.0", ofMapElement},
		{"BatchGetItem", "RequestItems.*.AttributesToGet", ofList},
		{"BatchGetItem", "RequestItems.*.AttributesToGet.0", ofString},
		{"BatchGetItem", "RequestItems.*.ConsistentRead", ofBoolean},
		{"BatchGetItem", "RequestItems.*.ExpressionAttributeNames", ofMap("java.lang.String")},
		{"BatchGetItem", "RequestItems.*.ExpressionAttributeNames.*", ofString},
		{"BatchGetItem", "ReturnConsumedCapacity", ofString},
		{"BatchWriteItem", "RequestItems", ofMap("java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>")},
		{"BatchWriteItem", "RequestItems.*", ofListElement},
		{"BatchWriteItem", "RequestItems.*.0", ofElement("WriteRequest")},
		{"BatchWriteItem", "RequestItems.*.0.PutRequest", ofStructure("PutRequest")},
		{"BatchWriteItem", "RequestItems.*.0.PutRequest.Item", ofMap("com.amazonaws.dynamodb.v20120810.AttributeValue")},
		{"BatchWriteItem", "RequestItems.*.0.DeleteRequest", ofStructure("DeleteRequest")},
		{"CreateTable", "AttributeDefinitions", ofList},
		{"CreateTable", "AttributeDefinitions.0", ofElement("AttributeDefinition")},
		{"CreateTable", "AttributeDefinitions.0.AttributeName", ofString},
		{"CreateTable", "ProvisionedThroughput", ofStructure("ProvisionedThroughput")},
		{"CreateTable", "ProvisionedThroughput.ReadCapacityUnits", ofLong},
		{"CreateTable", "KeySchema.0", ofElement("KeySchemaElement")},
		{"CreateTable", "GlobalSecondaryIndexes.0.Projection", ofStructure("Projection")},
		{"CreateTable", "GlobalSecondaryIndexes.0.Projection.NonKeyAttributes.0", ofString},
		{"CreateTable", "DeletionProtectionEnabled", ofBoolean},
		{"DeleteItem", "Expected", ofMap("com.amazonaws.dynamodb.v20120810.ExpectedAttributeValue")},
		{"DeleteItem", "Expected.*", ofElement("ExpectedAttributeValue")},
		{"DeleteItem", "Expected.*.Exists", ofBoolean},
		{"DeleteItem", "Expected.*.AttributeValueList", ofList},
		{"DeleteItem", "Expected.*.AttributeValueList.0", ofElement("AttributeValue")},
		{"DeleteItem", "Expected.*.Value", ofStructure("AttributeValue")},
		{"DescribeTable", "TableName", ofString},
		{"GetItem", "ConsistentRead", ofBoolean},
		{"GetRecords", "Limit", ofInteger},
		{"GetShardIterator", "Timestamp", ofTime},
		{"DescribeStream", "ShardFilter", ofStructure("ShardFilter")},
		{"UpdateTimeToLive", "TimeToLiveSpecification.Enabled", ofBoolean},
		{"GetItem", "AttributesToGet", ofList},
		{"ListTables", "Limit", ofInteger},
		{"Query", "KeyConditions.*", ofElement("Condition")},
		{"Query", "Select", ofString},
		{"Query", "ScanIndexForward", ofBoolean},
		{"Scan", "TotalSegments", ofInteger},
		{"TagResource", "Tags.0", ofElement("Tag")},
		{"TransactWriteItems", "TransactItems", ofList},
		{"TransactWriteItems", "TransactItems.0", ofElement("TransactWriteItem")},
		{"TransactWriteItems", "TransactItems.0.Put", ofStructure("Put")},
		{"UpdateItem", "AttributeUpdates.*", ofElement("AttributeValueUpdate")},
		{"UpdateItem", "AttributeUpdates.*.Value", ofStructure("AttributeValue")},
		{"UpdateTable", "GlobalSecondaryIndexUpdates.0.Update", ofStructure("UpdateGlobalSecondaryIndexAction")},
		{"UpdateTable", "VectorIndexUpdates.0.Create.Dimensions", ofLong},
	}
	// Where an attribute value stands, and what it is there.
	for op, path := range map[string]string{
		"PutItem": "Item.*", "GetItem": "Key.*", "Query": "ExclusiveStartKey.*", "Scan": "ExpressionAttributeValues.*",
		"BatchGetItem": "RequestItems.*.Keys.0.*", "TransactWriteItems": "TransactItems.0.Update.Key.*",
	} {
		attributeValues := ofMap("com.amazonaws.dynamodb.v20120810.AttributeValue")
		for _, p := range []string{path, path + ".L.0", path + ".M.*", path + ".M.*.L.0"} {
			tests = append(
				tests,
				test{op, p, ofElement("AttributeValue")},
				test{op, p + ".S", ofString}, test{op, p + ".N", ofString}, test{op, p + ".B", ofBlob},
				test{op, p + ".BOOL", ofBoolean}, test{op, p + ".NULL", ofBoolean},
				test{op, p + ".SS", ofList}, test{op, p + ".SS.0", ofString},
				test{op, p + ".NS", ofList}, test{op, p + ".NS.0", ofString},
				test{op, p + ".BS", ofList}, test{op, p + ".BS.0", ofBlob},
				test{op, p + ".L", ofList}, test{op, p + ".M", attributeValues},
			)
		}
	}
	for _, test := range tests {
		op := lookup(t, test.op)
		for _, f := range test.faults {
			value, want := f[0], f[1]
			body := nest(strings.Split(test.path, "."), value)
			requireSerialization(t, op, body, want)
			requireSerialization(t, op, strings.ReplaceAll(body, ":", " :\n\t"), want)
			requireSerialization(t, op, body[:len(body)-1], "") // no JSON: no text
			requireSerialization(t, op, body+"{", "")
		}
		// null is absent, everywhere.
		_, err := wire.Decode(op, []byte(nest(strings.Split(test.path, "."), "null")))
		require.NoError(t, err, test.path)
	}
}

// nest returns the document that has value at a path.
func nest(path []string, value string) string {
	if len(path) == 0 {
		return value
	}
	switch inner := nest(path[1:], value); path[0] {
	case "0":
		return "[" + inner + "]"
	case "*":
		return `{"abc":` + inner + "}"
	default:
		return fmt.Sprintf(`{%q:%s}`, path[0], inner)
	}
}

func requireSerialization(t *testing.T, op api.Operation, body, want string) {
	in, err := wire.Decode(op, []byte(body))
	require.Equal(t, &api.Error{Code: api.CodeSerialization, Message: want}, err, "%s %.300s", op.Name, body)
	require.Nil(t, in)
}

// TestNotJSON: AWS has no text for what is no JSON (dynalite, index.js).
func TestNotJSON(t *testing.T) {
	for _, body := range []string{
		"", " ", "null", "true", "1", `"a"`, "[]", "[{}]", "{", "}", "{}}", "{} {}", "{}x", "\x00", "{}\x00", "\ufeff{}",
		`{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{a:1}`, `{'a':1}`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a":[}`, `{"a":{]}`,
		`{"a":tru}`, `{"a":nul}`, `{"a":falsy}`, `{"a":NaN}`, `{"a":Infinity}`, `{"a":undefined}`, `{"a":// x` + "\n1}",
		`{"a":01}`, `{"a":+1}`, `{"a":.5}`, `{"a":5.}`, `{"a":1e}`, `{"a":1e+}`, `{"a":-}`, `{"a":0x1}`, `{"a":--1}`,
		`{"a":"`, `{"a":"\`, `{"a":"\"}`, `{"a":"\x41"}`, `{"a":"\u12"}`, `{"a":"\u12G4"}`, "{\"a\":\"\n\"}", "{\"a\":\"\x00\"}",
		"{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xc0\x80\"}", "{\"\xc3\":1}",
		`{"TableName":"`, `{"TableName":"\`, `{"TableName":"\u00`, `{"TableName":"a" "b"}`, `{"TableName":nulll}`, `{"TableName":nil}`,
		`{"TableName":-}`, `{"Item":{"a":{"S":tru}}}`, `{"Item":{"a":{"BOOL":tru}}}`, `{"Item":{"a":{"S":"\uD8"}}}`,
		`{"Item":{"a":{"L":[{"S":"a"},]}}}`, `{"Item":{"a":{"SS":["a",]}}}`, `{"Item":{"a":{"BS":["",]}}}`, `{"Item":{"a":{"S":"a",}}}`, `{"Item":{"a":nope}}`,
		`{"Item":{"a":{"BS":[nope]}}}`, `{"Item":{"a":{"SS":[nope]}}}`, `{"ExpressionAttributeNames":{"#a":nope}}`, `{"ExpressionAttributeNames":{"#a":"b",}}`,
	} {
		for _, name := range []string{"PutItem", "ListTables"} {
			requireSerialization(t, lookup(t, name), body, "")
		}
	}
}

func TestNativeOperationsHaveNoForm(t *testing.T) {
	_, err := wire.Decode(lookup(t, "ImportItems"), []byte("{}"))
	require.Equal(t, &api.Error{Code: api.CodeUnknownOperation}, err)
}
