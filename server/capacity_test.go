package server_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/wire"
	"github.com/statordb/stator/server"
)

// TestCapacityOnBothSurfaces serves the same requests natively and over HTTP: the capacity is told alike, TOTAL and
// INDEXES. The figures have their sources in the engine's testdata/capacity.txt.
func TestCapacityOnBothSurfaces(t *testing.T) {
	open := func() *stator.DB {
		db, err := stator.OpenMemory(nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	native, remote := open(), open()
	h := server.New(remote, nil)
	big := strings.Repeat("x", 3000)
	for _, c := range []struct{ op, body, want string }{
		{"CreateTable", `{"TableName":"idx","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],` +
			`"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"l","AttributeType":"S"}],` +
			`"GlobalSecondaryIndexes":[{"IndexName":"gsi","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],` +
			`"LocalSecondaryIndexes":[{"IndexName":"lsi","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]}`, ``},
		{"PutItem", `{"TableName":"idx","Item":{"pk":{"S":"a"},"sk":{"S":"1"},"g":{"S":"g"},"l":{"S":"l"},"v":{"S":"` + big + `"}},MODE}`,
			`{"ConsumedCapacity":{"TableName":"idx","CapacityUnits":7.0,"Table":{"CapacityUnits":3.0},"LocalSecondaryIndexes":{"lsi":{"CapacityUnits":3.0}},"GlobalSecondaryIndexes":{"gsi":{"CapacityUnits":1.0}}}}`},
		{"UpdateItem", `{"TableName":"idx","Key":{"pk":{"S":"a"},"sk":{"S":"1"}},"UpdateExpression":"SET g = :g","ExpressionAttributeValues":{":g":{"S":"h"}},MODE}`,
			`{"ConsumedCapacity":{"TableName":"idx","CapacityUnits":8.0,"Table":{"CapacityUnits":3.0},"LocalSecondaryIndexes":{"lsi":{"CapacityUnits":3.0}},"GlobalSecondaryIndexes":{"gsi":{"CapacityUnits":2.0}}}}`},
		{"PutItem", `{"TableName":"idx","Item":{"pk":{"S":"a"},"sk":{"S":"1"}},"ConditionExpression":"attribute_not_exists(pk)",MODE}`,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}`},
		{"GetItem", `{"TableName":"idx","Key":{"pk":{"S":"b"},"sk":{"S":"1"}},"ConsistentRead":true,MODE}`,
			`{"ConsumedCapacity":{"TableName":"idx","CapacityUnits":1.0,"Table":{"CapacityUnits":1.0}}}`},
		{"Query", `{"TableName":"idx","IndexName":"gsi","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"h"}},"Select":"COUNT",MODE}`, ``},
		{"Scan", `{"TableName":"idx","IndexName":"lsi","Select":"COUNT",MODE}`, ``},
		{"BatchGetItem", `{"RequestItems":{"idx":{"Keys":[{"pk":{"S":"b"},"sk":{"S":"1"}},{"pk":{"S":"c"},"sk":{"S":"1"}}]}},MODE}`, ``},
		{"BatchWriteItem", `{"RequestItems":{"idx":[{"PutRequest":{"Item":{"pk":{"S":"b"},"sk":{"S":"1"},"g":{"S":"g"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"d"},"sk":{"S":"1"}}}}]},MODE}`,
			`{"ConsumedCapacity":[{"TableName":"idx","CapacityUnits":3.0,"Table":{"CapacityUnits":2.0},"GlobalSecondaryIndexes":{"gsi":{"CapacityUnits":1.0}}}],"UnprocessedItems":{}}`},
		{"TransactWriteItems", `{"ClientRequestToken":"t","TransactItems":[{"Delete":{"TableName":"idx","Key":{"pk":{"S":"a"},"sk":{"S":"1"}}}}],MODE}`, ``},
		{"TransactWriteItems", `{"ClientRequestToken":"t","TransactItems":[{"Delete":{"TableName":"idx","Key":{"pk":{"S":"a"},"sk":{"S":"1"}}}}],MODE}`,
			`{"ConsumedCapacity":[{"TableName":"idx","CapacityUnits":2.0,"ReadCapacityUnits":2.0,"Table":{"CapacityUnits":2.0,"ReadCapacityUnits":2.0}}]}`},
		{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"idx","Key":{"pk":{"S":"b"},"sk":{"S":"1"}}}}],MODE}`, ``},
		{"ExecuteStatement", `{"Statement":"SELECT * FROM idx WHERE pk = 'b'",MODE}`, ``},
		{"BatchExecuteStatement", `{"Statements":[{"Statement":"INSERT INTO idx VALUE {'pk':'b','sk':'1'}"},{"Statement":"INSERT INTO idx VALUE {'pk':'e','sk':'1'}"}],MODE}`, ``},
		{"ExecuteTransaction", `{"TransactStatements":[{"Statement":"DELETE FROM idx WHERE pk = 'e' AND sk = '1'"}],MODE}`,
			`{"ConsumedCapacity":[{"TableName":"idx","CapacityUnits":2.0,"WriteCapacityUnits":2.0,"Table":{"CapacityUnits":2.0,"WriteCapacityUnits":2.0}}],"Responses":[]}`},
	} {
		answer := func(mode string) string {
			body := strings.Replace(c.body, "MODE", `"ReturnConsumedCapacity":"`+mode+`"`, 1)
			op, ok := api.Lookup(c.op)
			require.True(t, ok)
			in, err := wire.Decode(op, []byte(body))
			require.NoError(t, err, body)
			var want []byte
			if out, err := native.Serve(t.Context(), in); err != nil {
				want, _ = wire.AppendError(nil, err)
			} else {
				want, err = wire.Append(nil, out)
				require.NoError(t, err)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, call{target: c.op, body: body}.request())
			if c.op != "CreateTable" { // its time and id differ
				require.Equal(t, string(want), w.Body.String(), body)
			}
			return w.Body.String()
		}
		got := answer("INDEXES")
		if c.want != "" {
			require.JSONEq(t, c.want, got, c.body)
		}
		if strings.Contains(c.op, "Get") || c.op == "Query" || c.op == "Scan" { // again, and the same in total
			total := regexp.MustCompile(`"CapacityUnits":[0-9.]+`)
			require.Equal(t, total.FindString(got), total.FindString(answer("TOTAL")), c.body)
		}
	}
}
