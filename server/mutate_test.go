package server_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/server"
)

var (
	mutations    = flag.Int("mutations", 5000, "how many mutated requests TestMutations sends")
	mutationSeed = flag.Uint64("seed", 0, "what TestMutations begins with; 0 is another one each time")
)

// fullStack is a Handler on a database in memory with a table or two, and its log.
func fullStack(t testing.TB) (*server.Handler, func() string) {
	t.Helper()
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	logger, log := logged(slog.LevelError)
	h := server.New(db, &server.Options{Logger: logger})
	for _, s := range [][2]string{
		{"CreateTable", `{"TableName":"users","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}`},
		{"CreateTable", `{"TableName":"orders","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"c","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"},{"AttributeName":"s","AttributeType":"B"}],` +
			`"KeySchema":[{"AttributeName":"c","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],` +
			`"GlobalSecondaryIndexes":[{"IndexName":"byS","KeySchema":[{"AttributeName":"s","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]}`},
		{"PutItem", `{"TableName":"users","Item":{"id":{"S":"ada"},"n":{"N":"1"},"l":{"L":[{"S":"x"}]}}}`},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, call{target: s[0], body: s[1]}.request())
		require.Equal(t, 200, w.Code, w.Body)
	}
	return h, log
}

// corpus are requests in order.
var corpus = [][2]string{
	{"CreateTable", `{"TableName":"more","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"N"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"Tags":[{"Key":"k","Value":"v"}]}`},
	{"DescribeTable", `{"TableName":"orders"}`},
	{"ListTables", `{"Limit":2,"ExclusiveStartTableName":"aaa"}`},
	{"UpdateTable", `{"TableName":"orders","AttributeDefinitions":[{"AttributeName":"c","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"byC","KeySchema":[{"AttributeName":"c","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}}]}`},
	{"DeleteTable", `{"TableName":"more"}`},
	{"PutItem", `{"TableName":"orders","Item":{"c":{"S":"ada"},"n":{"N":"1.5e3"},"s":{"B":"AAEC"},"m":{"M":{"x":{"L":[{"NULL":true},{"BOOL":false}]}}},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},"bs":{"BS":["AA==","AQ=="]}},"ConditionExpression":"attribute_not_exists(c) OR #n < :n","ExpressionAttributeNames":{"#n":"n"},"ExpressionAttributeValues":{":n":{"N":"9"}},"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"INDEXES"}`},
	{"GetItem", `{"TableName":"users","Key":{"id":{"S":"ada"}},"ConsistentRead":true,"ProjectionExpression":"id, l[0]"}`},
	{"UpdateItem", `{"TableName":"users","Key":{"id":{"S":"ada"}},"UpdateExpression":"SET n = n + :one, l = list_append(l, :l) REMOVE x ADD visits :one","ExpressionAttributeValues":{":one":{"N":"1"},":l":{"L":[{"S":"y"}]}},"ReturnValues":"ALL_NEW"}`},
	{"DeleteItem", `{"TableName":"users","Key":{"id":{"S":"bob"}},"ConditionExpression":"size(id) > :z","ExpressionAttributeValues":{":z":{"N":"0"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`},
	{"Query", `{"TableName":"orders","KeyConditionExpression":"c = :c AND n BETWEEN :a AND :b","FilterExpression":"contains(ss, :s)","ExpressionAttributeValues":{":c":{"S":"ada"},":a":{"N":"-1"},":b":{"N":"1E5"},":s":{"S":"a"}},"Limit":10,"ScanIndexForward":false,"ExclusiveStartKey":{"c":{"S":"ada"},"n":{"N":"7"}}}`},
	{"Scan", `{"TableName":"orders","Segment":0,"TotalSegments":2,"Select":"COUNT","FilterExpression":"attribute_type(m, :t)","ExpressionAttributeValues":{":t":{"S":"M"}}}`},
	{"BatchGetItem", `{"RequestItems":{"users":{"Keys":[{"id":{"S":"ada"}},{"id":{"S":"bob"}}],"ProjectionExpression":"id"}},"ReturnConsumedCapacity":"TOTAL"}`},
	{"BatchWriteItem", `{"RequestItems":{"users":[{"PutRequest":{"Item":{"id":{"S":"b1"}}}},{"DeleteRequest":{"Key":{"id":{"S":"b2"}}}}]}}`},
	{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"users","Key":{"id":{"S":"ada"}}}}]}`},
	{"TransactWriteItems", `{"ClientRequestToken":"t","TransactItems":[{"Put":{"TableName":"users","Item":{"id":{"S":"t1"}}}},{"Update":{"TableName":"users","Key":{"id":{"S":"ada"}},"UpdateExpression":"SET a = :a","ExpressionAttributeValues":{":a":{"S":"x"}}}},{"ConditionCheck":{"TableName":"users","Key":{"id":{"S":"none"}},"ConditionExpression":"attribute_not_exists(id)"}}]}`},
	{"TagResource", `{"ResourceArn":"arn:aws:dynamodb:local:000000000000:table/users","Tags":[{"Key":"k","Value":"v"}]}`},
	{"ListTagsOfResource", `{"ResourceArn":"arn:aws:dynamodb:local:000000000000:table/users"}`},
	{"UntagResource", `{"ResourceArn":"arn:aws:dynamodb:local:000000000000:table/users","TagKeys":["k"]}`},
	{"DescribeLimits", `{}`},
	{"DescribeEndpoints", `{}`},
}

// pieces are what mutations put in.
var pieces = []string{
	`{`, `}`, `[`, `]`, `"`, `:`, `,`, `null`, `true`, `-`, `0`, `1e1000000`, `99999999999999999999999999999999999999999`, `1E-131`, `""`, `{}`, `[]`, `{"S":null}`, `{"N":"NaN"}`, `{"NULL":false}`,
	`{"L":[{"L":[{"L":[`, `{"M":{"a":{"M":{"a":`, "\xff\xfe", `\ud800`, "\x00", `{"S":"x"}`, `{"B":"!"}`, `{"SS":["a","a"]}`, `#a`, `:v`, ` AND `, ` = `, `(`, `)`, `.`, `[0]`, `9223372036854775808`,
	"\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Content-Encoding: gzip\r\n", "Host: evil\r\n", "Origin: null\r\n", "GET ", "%00", "?X-Amz-Algorithm=x",
}

func mutate(rnd *rand.Rand, b []byte) []byte {
	b = slices.Clone(b)
	for range 1 + rnd.IntN(4) {
		i := rnd.IntN(len(b) + 1)
		j := min(len(b), i+rnd.IntN(24))
		switch rnd.IntN(7) {
		case 0: // a byte
			if i < len(b) {
				b[i] = byte(rnd.IntN(256))
			}
		case 1: // out
			b = slices.Delete(b, i, j)
		case 2: // twice
			b = slices.Insert(b, i, b[i:j]...)
		case 3: // something in
			b = slices.Insert(b, i, []byte(pieces[rnd.IntN(len(pieces))])...)
		case 4: // something else
			b = slices.Replace(b, i, j, []byte(pieces[rnd.IntN(len(pieces))])...)
		case 5: // many
			b = slices.Insert(b, i, bytes.Repeat([]byte(pieces[rnd.IntN(len(pieces))]), 1+rnd.IntN(2000))...)
		case 6: // the end
			if rnd.IntN(8) == 0 {
				b = b[:i]
			}
		}
	}
	return b
}

// TestMutations sends requests that were bent in all ways to the whole of the
// server: every answer is one that a client is at fault for, or a success.
func TestMutations(t *testing.T) {
	seed := *mutationSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d: -args -seed=%d -mutations=%d", seed, seed, *mutations)
	rnd := rand.New(rand.NewPCG(seed, 1))
	h, log := fullStack(t)
	statuses := map[int]int{}
	var largest, dearest uint64
	var slowest time.Duration
	for n := range *mutations {
		s := corpus[rnd.IntN(len(corpus))]
		var request []byte
		switch body := []byte(s[1]); rnd.IntN(4) {
		case 0: // the whole request
			request = mutate(rnd, []byte(rawCall(s[0], body)))
		case 1: // compressed, and then bent
			request = []byte(rawCall(s[0], mutate(rnd, []byte(zipped(t, s[1]))), "Content-Encoding: gzip"))
		default:
			request = []byte(rawCall(s[0], mutate(rnd, body)))
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
		if err != nil {
			statuses[0]++ // net/http refuses it
			continue
		}
		w := httptest.NewRecorder()
		cost := bound.Of(func() { h.ServeHTTP(w, r) })
		statuses[w.Code]++
		slowest, dearest = max(slowest, cost.Time), max(dearest, cost.Bytes)
		if cost.Excess() != "" { // it was the machine's fault, unless it happens each time
			require.Empty(t, again(h, request).Excess(), "mutation %d of seed %d: %.2000q", n, seed, request)
		}
		require.Less(t, w.Code, 500, "mutation %d of seed %d: %q\n%s\n%s", n, seed, request, w.Body, log())
		if n%250 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			largest = max(largest, m.HeapAlloc)
		}
	}
	require.Empty(t, log())
	require.Less(t, largest, uint64(64<<20))
	t.Logf("statuses %v, largest heap after collection %d KB; the dearest request allocated %d KB, the slowest took %s", statuses, largest>>10, dearest>>10, slowest)
	require.Greater(t, statuses[200], *mutations/50, "some still work, or the mutations prove little")
}

// again sends a request twice more and returns the lower cost.
func again(h http.Handler, request []byte) (least bound.Cost) {
	for n := range 2 {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
		if err != nil {
			return bound.Cost{}
		}
		w := httptest.NewRecorder()
		cost := bound.Of(func() { h.ServeHTTP(w, r) })
		if n == 0 {
			least = cost
		}
		least = bound.Cost{Time: min(least.Time, cost.Time), Bytes: min(least.Bytes, cost.Bytes)}
	}
	return least
}

// TestDearRequestIsFound: a handler that does too much for a request is over the price each time.
func TestDearRequestIsFound(t *testing.T) {
	kept := 0
	greedy := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { kept += len(make([]byte, bound.Bytes+1<<20)) })
	require.NotEmpty(t, again(greedy, []byte(rawCall("ListTables", []byte("{}")))).Excess())
	require.Positive(t, kept)
	h, _ := fullStack(t)
	require.Empty(t, again(h, []byte(rawCall("ListTables", []byte("{}")))).Excess())
}

func rawCall(operation string, body []byte, headers ...string) string {
	r := raw("localhost:8000", string(body), headers...)
	return strings.Replace(r, "ListTables", operation, 1)
}

// TestBombs: bodies as large as they may be, and small ones that want much, are answered by a fault at a bounded price.
func TestBombs(t *testing.T) {
	h, log := fullStack(t)
	const size = 16<<20 - 1<<10
	put := func(value string) string {
		return `{"TableName":"users","Item":{"id":{"S":"bomb"},"v":` + value + `}}`
	}
	// each returns what form makes of 0, 1, 2, … until it has about n bytes.
	each := func(form string, n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(strings.ReplaceAll(form, "%", strconv.FormatInt(int64(i), 36)) + ",")
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	const room = size - 1<<10
	maps := `{"M":{"a":{"S":""}}}`
	for name, c := range map[string]call{
		"strings in a set":  {target: "PutItem", body: put(`{"SS":[` + each(`"%"`, room) + `]}`)},
		"numbers in a set":  {target: "PutItem", body: put(`{"NS":[` + each(`"1"`, room) + `]}`)},
		"large exponents":   {target: "PutItem", body: put(`{"L":[` + each(`{"N":"1E125"}`, room) + `]}`)},
		"many attributes":   {target: "PutItem", body: `{"TableName":"users","Item":{"id":{"S":"bomb"},` + each(`"%":{"M":{}}`, room) + `}}`},
		"attributes twice":  {target: "PutItem", body: put(`{"M":{` + each(`"a":{"N":"1E125"}`, room) + `}}`)},
		"puts of maps":      {target: "BatchWriteItem", body: `{"RequestItems":{"users":[` + each(`{"PutRequest":{"Item":{"id":{"S":"%"},"v":{"L":[`+each(maps, size/30)+`]}}}}`, size*5/6) + `]}}`},
		"values of maps":    {target: "UpdateItem", body: `{"TableName":"users","Key":{"id":{"S":"bomb"}},"UpdateExpression":"SET a = :v","ExpressionAttributeValues":{":v":{"L":[` + each(maps, room) + `]}}}`},
		"many names":        {target: "Scan", body: `{"TableName":"users","FilterExpression":"a = :v","ExpressionAttributeNames":{` + each(`"#%":"x"`, room) + `}}`},
		"a set of names":    {target: "Scan", body: `{"TableName":"users","AttributesToGet":[` + each(`"%"`, room) + `]}`},
		"maps, packed":      {target: "UpdateItem", body: packed(t, `{"TableName":"users","Key":{"id":{"S":"bomb"}},"UpdateExpression":"SET a = :v","ExpressionAttributeValues":{":v":{"L":[`+each(maps, room)+`]}}}`), headers: []string{"Content-Encoding: gzip"}},
		"maps, compressed":  {target: "PutItem", body: zipped(t, put(`{"L":[`+each(maps, room)+`]}`)), headers: []string{"Content-Encoding: gzip"}},
		"deep lists":        {target: "PutItem", body: put(strings.Repeat(`{"L":[`, size/6))},
		"deep lists, whole": {target: "PutItem", body: put(strings.Repeat(`{"L":[`, size/9) + strings.Repeat(`]}`, size/9))},
		"deep maps":         {target: "PutItem", body: put(strings.Repeat(`{"M":{"a":`, size/10))},
		"deep unknown":      {target: "PutItem", body: `{"x":` + strings.Repeat(`[`, size) + `}`},
		"deep in error":     {target: "none", body: strings.Repeat(`[`, size)},
		"a long number":     {target: "PutItem", body: put(`{"N":"` + strings.Repeat("9", size) + `"}`)},
		"a huge exponent":   {target: "PutItem", body: put(`{"N":"1e1000000"}`)},
		"a huge limit":      {target: "Scan", body: `{"TableName":"users","Limit":1e1000000}`},
		"a long string":     {target: "PutItem", body: put(`{"S":"` + strings.Repeat("x", size) + `"}`)},
		"escapes":           {target: "PutItem", body: put(`{"S":"` + strings.Repeat(`\u0000`, size/6) + `"}`)},
		"many members":      {target: "PutItem", body: put(`{"L":[` + strings.Repeat(`{"S":""},`, size/9) + `{"S":""}]}`)},
		"many maps":         {target: "PutItem", body: put(`{"L":[` + strings.Repeat(`{"M":{"a":{"S":""}}},`, size/21) + `{"S":""}]}`)},
		"many keys":         {target: "BatchGetItem", body: `{"RequestItems":{"users":{"Keys":[` + strings.Repeat(`{},`, size/3) + `{}]}}}`},
		"invalid UTF-8":     {target: "PutItem", body: put("{\"S\":\"\xff\xfe\"}")},
		"many tables":       {target: "BatchWriteItem", body: `{` + strings.Repeat(" ", size*6/7) + `"RequestItems":{` + each(`"tab%":null`, size/7) + `}}`},
		"a long expression": {target: "Scan", body: `{"TableName":"users","FilterExpression":"` + strings.Repeat("(", size) + `"}`},
		"zeros, compressed": {target: "PutItem", body: zipped(t, strings.Repeat("\x00", 64<<20)), headers: []string{"Content-Encoding: gzip"}},
		"a long statement":  {target: "ExecuteStatement", body: `{"Statement":"SELECT * FROM users WHERE ` + strings.Repeat("(", room) + `"}`},
		"a long name":       {target: "DescribeTable", body: `{"TableName":"` + strings.Repeat(`\u0001`, room/6) + `"}`},
		"maps in a fault":   {target: "BatchWriteItem", body: `{"RequestItems":{"u":[` + each(`{"PutRequest":{"Item":{"id":{"S":"%"},"v":{"L":[`+each(maps, size/5)+`]}}}}`, size*3/5) + `]}}`},
		"maps as keys":      {target: "BatchWriteItem", body: `{"RequestItems":{"users":[` + each(`{"PutRequest":{"Item":{"id":{"L":[`+each(maps, 1300<<10)+`]}}}}`, 11*1300<<10) + `]}}`},
		"a long auth":       {body: "{}", headers: []string{"Authorization: AWS4-HMAC-SHA256 " + strings.Repeat("=,", 7000)}},
	} {
		t.Run(name, func(t *testing.T) {
			r := c.request()
			w := httptest.NewRecorder()
			w.Body = nil
			cost := bound.Of(func() { h.ServeHTTP(w, r) })
			if cost.Excess() != "" {
				w = httptest.NewRecorder()
				r = c.request()
				cost = bound.Of(func() { h.ServeHTTP(w, r) })
			}
			require.LessOrEqual(t, cost.Time, bound.Time)
			require.LessOrEqual(t, cost.Bytes, uint64(bound.Bytes))
			require.Less(t, w.Code, 500, log())
			if name != "a huge limit" && name != "puts of maps" { // the one is as good as none, the other may be
				require.GreaterOrEqual(t, w.Code, 400)
			}
			t.Logf("%d, allocated %d MB for %d KB, took %s", w.Code, cost.Bytes>>20, len(c.body)>>10, cost.Time)
		})
	}
	require.Empty(t, log())
}

func FuzzHandler(f *testing.F) {
	for _, s := range corpus {
		f.Add("DynamoDB_20120810."+s[0], "application/x-amz-json-1.0", "", "localhost", s[1])
	}
	f.Add("x", "application/json", "gzip", "[::1]:1", zipped(f, "{}"))
	h, log := fullStack(f)
	f.Fuzz(func(t *testing.T, target, contentType, encoding, host, body string) {
		bound.Input(t, func() {
			r := httptest.NewRequest(http.MethodPost, "/", io.NopCloser(strings.NewReader(body)))
			r.Host = host
			for name, value := range map[string]string{"X-Amz-Target": target, "Content-Type": contentType, "Content-Encoding": encoding, "X-Amz-Date": date, "Authorization": signature} {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Fatal(fmt.Sprint(w.Code, w.Body, log()))
			}
		})
	})
}
