package wire_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/wire"
)

// FuzzScanner: what is JSON to encoding/json is JSON here, and nothing else.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{`{}`, `[1,-0.5e+3,"a\u00e9\n",true,false,null,{"a":[]}]`, `{"a":{"b":{"c":"\ud83d\ude00"}}}`, `01`, `"\`, "\"\x1f\"", `[1,]`, `{"a":1,}`, `tru`} {
		f.Add(s)
	}
	op := lookup(f, "DescribeLimits")
	f.Fuzz(func(t *testing.T, s string) {
		bound.Input(t, func() {
			body := `{"unknown":` + s + `}`
			_, err := wire.Decode(op, []byte(body))
			if depth(s) < 1000 {
				require.Equal(t, json.Valid([]byte(body)) && utf8.ValidString(body), err == nil, "%q", s)
			}
		})
	})
}

// depth is an upper bound of how deep s nests.
func depth(s string) int { return strings.Count(s, "[") + strings.Count(s, "{") }

// FuzzItem compares items with what encoding/json makes of them.
func FuzzItem(f *testing.F) {
	body, err := wire.AppendRequest(nil, &api.PutItemInput{Item: api.ItemOf(sample())})
	require.NoError(f, err)
	for _, s := range []string{
		string(body[len(`{"Item":`) : len(body)-1]),
		`{"a":{"S":"a","N":"1"},"b":{},"c":null,"d":{"X":[1]},"e":{"BOOL":"yes"},"f":{"NULL":false}}`,
		`{"a":{"BS":["AAAA",null]},"b":{"B":"AA=="},"c":{"NS":["1","2"]},"d":{"SS":[]},"e":{"L":[{"M":{"a":{"L":[]}}},null]}}`,
		`{"a":{"S":1}}`, `{"a":{"B":"A"}}`, `{"a":{"S":"a","S":"b","S":null}}`, `[]`, `"\ud83d\ude00"`,
		`{"a":{"SS":[` + strings.Repeat(`"x",`, 20<<10) + `"x"]}}`, `{"a":{"NS":[` + strings.Repeat(`"1e0","1.0",`, 8<<10) + `"1"]}}`, `{"a":{"N":"1e1000000"},"b":{"N":"` + strings.Repeat("9", 200<<10) + `"}}`,
		`{"a":` + strings.Repeat(`{"L":[`, 10<<10) + `]}`, `{"a":` + strings.Repeat(`{"M":{"a":`, 10<<10), `{` + strings.Repeat(`"a":{"S":"x"},`, 8<<10) + `"b":{"B":"` + strings.Repeat("A", 200<<10) + `"}}`,
		`{"a":{"S":"` + strings.Repeat(`\u00e9`, 50<<10) + `"}}`,
	} {
		f.Add(s)
	}
	op := lookup(f, "DeleteItem")
	f.Fuzz(func(t *testing.T, s string) {
		bound.Input(t, func() {
			body := `{"Key":` + s + `}`
			in, err := wire.Decode(op, []byte(body))
			if err == nil {
				_ = in.Validate()
			}
			if depth(s) >= 60 {
				return // cut
			}
			if !utf8.ValidString(body) || !json.Valid([]byte(body)) {
				requireBare(t, err)
				return
			}
			var naive map[string]any
			dec := json.NewDecoder(strings.NewReader(body))
			dec.UseNumber() // 9E99999 is JSON
			require.NoError(t, dec.Decode(&naive))
			if hasDuplicates(body) {
				return // here the types of all of them count
			}
			for name := range naive {
				if name != "Key" {
					return // s broke out of its place
				}
			}
			want, ok := unjsonItem(naive["Key"])
			if !ok {
				require.Error(t, err)
				require.NotEmpty(t, err.(*api.Error).Message, "%q", s)
				return
			}
			require.NoError(t, err, "%q", s)
			require.Equal(t, modelItem(want), modelItem(in.(*api.DeleteItemInput).Key), "%q", s)
		})
	})
}

func requireBare(t *testing.T, err error) {
	require.Equal(t, &api.Error{Code: api.CodeSerialization}, err)
}

// FuzzDecode: any body is a request or a SerializationException; a request can
// be judged, and comes back as it was through its own body when it is sound.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		`{"TableName":"t","Item":{"a":{"S":"x"}},"ReturnValues":"NONE","Expected":{"a":{"Exists":"false"}}}`,
		`{"TableName":"t","Key":{"a":{"N":"1"}},"UpdateExpression":"SET a = :v","ExpressionAttributeValues":{":v":{"L":[{"BOOL":true}]}},"ExpressionAttributeNames":{"#a":"b"}}`,
		`{"TableName":"t","KeyConditions":{"a":{"AttributeValueList":[{"S":"x"}],"ComparisonOperator":"EQ"}},"Limit":1.5,"ScanIndexForward":false,"ExclusiveStartKey":{}}`,
		`{"RequestItems":{"t":{"Keys":[{"a":{"S":"x"}}],"ConsistentRead":true}}}`,
		`{"RequestItems":{"t":[{"PutRequest":{"Item":{"a":{"B":"AAAA"}}}},{"DeleteRequest":{"Key":{}}}]}}`,
		`{"TransactItems":[{"Put":{"TableName":"t","Item":{}}},{"ConditionCheck":{"Key":{"a":{"SS":["x"]}}}},null],"ClientRequestToken":"x"}`,
		`{"TableName":"t","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":1e3}}`,
		`{"StreamArn":"arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-02T03:04:05.678","ShardId":"shardId-00000001791316726480-00000001","ShardIteratorType":"AT_TIMESTAMP","Timestamp":1791316726.480,"SequenceNumber":"100000000000000000001"}`,
		`{"ShardIterator":"x","Limit":1000,"Timestamp":-1e300,"ShardFilter":{"Type":"CHILD_SHARDS","ShardId":"s"},"ExclusiveStartShardId":null}`,
		`{"TableName":"t","TimeToLiveSpecification":{"Enabled":"true","AttributeName":"ttl"}}`,
		`{"TableName":"t","StreamArn":"arn:aws:kinesis:us-east-1:123456789012:stream/s","EnableKinesisStreamingConfiguration":{"ApproximateCreationDateTimePrecision":"MICROSECOND"},"UpdateKinesisStreamingConfiguration":{}}`,
		`{"ResourceArn":"arn","Tags":[{"Key":"k","Value":"v"}],"TagKeys":["k"],"Statement":"SELECT","Parameters":[{"S":"a"}]}`,
	} {
		for i := range api.Registry() {
			f.Add(byte(i), body)
		}
	}
	ops := api.Registry()
	for i, body := range []string{
		`{"TransactItems":[` + strings.Repeat(`{"Put":{"TableName":"t","Item":{"a":{"S":"x"}}}},`, 5000) + `{}]}`, `{"RequestItems":{"t":{"Keys":[` + strings.Repeat(`{"a":{"S":"x"}},`, 20000) + `{}]}}}`,
		`{"TableName":"t","ExpressionAttributeNames":{` + strings.Repeat(`"#a":"b",`, 20000) + `"#c":"d"}}`, strings.Repeat("[", 400<<10), strings.Repeat(`{"a":`, 100<<10), `{"Limit":1e` + strings.Repeat("9", 400<<10) + `}`,
		`{"TableName":"t","AttributeDefinitions":[` + strings.Repeat(`{"AttributeName":"a","AttributeType":"S"},`, 8000) + `{}],"KeySchema":[` + strings.Repeat(`{"AttributeName":"a","KeyType":"HASH"},`, 8000) + `{}]}`,
		`{"Statement":"` + strings.Repeat("(", 400<<10) + `","Parameters":[` + strings.Repeat(`{"N":"1"},`, 20000) + `{}]}`, `{"TableName":"` + strings.Repeat("t", 400<<10) + `"}`,
	} {
		for j := range ops {
			if (i+j)%4 == 0 {
				f.Add(byte(j), body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, i byte, body string) {
		bound.Input(t, func() {
			op := ops[int(i)%len(ops)]
			if op.Native {
				return
			}
			in, err := wire.Decode(op, []byte(body))
			for _, tenure := range []wire.Tenure{wire.Copied, wire.Owned, wire.Passing, wire.Lent} {
				buffer := append(make([]byte, 0, len(body)+8), body...)
				other, lease, otherErr := wire.DecodeBuffer(op, buffer, tenure)
				require.Equal(t, err, otherErr)
				require.Equal(t, body, string(buffer))
				if tenure != wire.Owned {
					clear(buffer)
				}
				if err == nil {
					require.Equal(t, model(reflect.ValueOf(in)), model(reflect.ValueOf(other)))
				}
				lease.End()
			}
			if err != nil {
				var e *api.Error
				require.True(t, errors.As(err, &e) && e.Code == api.CodeSerialization)
				if e.Message != "" {
					require.True(t, json.Valid([]byte(body)))
				}
				return
			}
			require.True(t, json.Valid([]byte(body)))
			_ = in.Validate()
			again, err := wire.AppendRequest(nil, in)
			if err != nil {
				return // it holds a value that has no form
			}
			back, err := wire.Decode(op, again)
			require.NoError(t, err)
			canonical(t, reflect.ValueOf(in))
			canonical(t, reflect.ValueOf(back))
			require.Equal(t, model(reflect.ValueOf(in)), model(reflect.ValueOf(back)))
		})
	})
}

// FuzzStored: bytes that are no item are an error or JSON, never a panic.
func FuzzStored(f *testing.F) {
	b, err := itemcodec.AppendItem(nil, sample())
	require.NoError(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		bound.Input(t, func() {
			body, err := wire.Append(nil, &api.GetItemOutput{Item: api.StoredItem(b)})
			if err != nil {
				require.Empty(t, body)
				return
			}
			require.True(t, json.Valid(body), "%q", body)
		})
	})
}
