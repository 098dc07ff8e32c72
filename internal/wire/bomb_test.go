package wire_test

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/wire"
)

func valueOf(v any) reflect.Value { return reflect.ValueOf(v) }

// TestNesting: deep values are no deep recursion, and no request that AWS
// would take: 32 levels are read as they are, and what is cut off is refused.
func TestNesting(t *testing.T) {
	for _, levels := range []int{1, 32, 33, 40, 41, 42, 100, 400, 1000} {
		for _, wrap := range [][2]string{{`{"L":[`, `]}`}, {`{"M":{"a":`, `}}`}, {`{"S":"x","L":[`, `]}`}} {
			value := strings.Repeat(wrap[0], levels-1) + `{"S":"leaf"}` + strings.Repeat(wrap[1], levels-1)
			in, err := wire.Decode(lookup(t, "PutItem"), []byte(`{"TableName":"table","Item":{"a":`+value+`}}`))
			if 2*levels > 1000 {
				require.Equal(t, &api.Error{Code: api.CodeSerialization}, err)
				continue
			}
			require.NoError(t, err)
			v, found := in.(*api.PutItemInput).Item.Value("a"), 1
			for v.Kind() == attr.List || v.Kind() == attr.Map {
				found++
				if v.Kind() == attr.List {
					v = v.List()[0]
				} else {
					v = v.Map()["a"]
				}
			}
			err = in.Validate()
			if levels == 1 || levels <= 32 && wrap[0][2] != 'S' {
				require.Equal(t, levels, found)
				require.Equal(t, "leaf", v.Str())
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, api.ErrValidation)
				require.LessOrEqual(t, found, 41)
			}
			if levels == 33 && wrap[0][2] != 'S' {
				require.ErrorContains(t, err, "Nesting Levels have exceeded supported limits")
			}
		}
	}
}

// TestBombs reads bodies that are as expensive as bodies can be, and requires
// the bounds of the package documentation.
func TestBombs(t *testing.T) {
	const size = 4 << 20
	repeat := func(head, part, tail string) string {
		return head + strings.TrimSuffix(strings.Repeat(part, size/len(part)), ",") + tail
	}
	numbered := func(head, form, tail string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, form, i)
			b.WriteByte(',')
		}
		return strings.TrimSuffix(b.String(), ",") + tail
	}
	refused := 0
	for _, c := range []struct{ name, op, body string }{
		{"brackets", "PutItem", strings.Repeat("[", size)},
		{"unknown brackets", "PutItem", `{"X":` + strings.Repeat("[", size)},
		{"unknown objects", "PutItem", `{"X":` + strings.Repeat(`{"a":`, size/5)},
		{"deep lists", "PutItem", `{"Item":{"a":` + strings.Repeat(`{"L":[`, size/6)},
		{"deep maps", "PutItem", `{"Item":` + strings.Repeat(`{"a":{"M":`, size/10)},
		{"many lists", "PutItem", repeat(`{"Item":{"a":{"L":[`, `{"L":[]},`, `]}}}`)},
		{"many values", "PutItem", repeat(`{"Item":{"a":{"L":[`, `{},`, `]}}}`)},
		{"many maps", "PutItem", repeat(`{"Item":{"a":{"L":[`, `{"M":{}},`, `]}}}`)},
		{"maps of one", "PutItem", repeat(`{"Item":{"a":{"L":[`, `{"M":{"a":{}}},`, `]}}}`)},
		{"maps of nine", "PutItem", repeat(`{"Item":{"a":{"L":[`, `{"M":{"a":{},"b":{},"c":{},"d":{},"e":{},"f":{},"g":{},"h":{},"i":{}}},`, `]}}}`)},
		{"maps in maps", "PutItem", repeat(`{"Item":{"a":{"L":[`, strings.Repeat(`{"M":{"a":`, 30)+`{}`+strings.Repeat(`}}`, 30)+`,`, `]}}}`)},
		{"two types", "PutItem", repeat(`{"Item":{"a":{"L":[`, `{"S":"","N":""},`, `]}}}`)},
		{"many attributes", "PutItem", numbered(`{"Item":{`, `"%x":{}`, `}}`)},
		{"one attribute again and again", "PutItem", repeat(`{"Item":{`, `"a":{},`, `}}`)},
		{"one item again and again", "PutItem", repeat(`{`, `"Item":{"a":{}},`, `}`)},
		{"strings", "PutItem", repeat(`{"Item":{"a":{"SS":[`, `"",`, `]}}}`)},
		{"binaries", "PutItem", repeat(`{"Item":{"a":{"BS":[`, `"",`, `]}}}`)},
		{"binaries of one byte", "PutItem", repeat(`{"Item":{"a":{"BS":[`, `"AA==",`, `]}}}`)},
		{"a long string", "PutItem", `{"Item":{"a":{"S":"` + strings.Repeat("x", size) + `"}}}`},
		{"escapes", "PutItem", `{"Item":{"a":{"S":"` + strings.Repeat(`\u0000`, size/6) + `"}}}`},
		{"a long number", "ListTables", `{"Limit":` + strings.Repeat("9", size) + `.5}`},
		{"names", "PutItem", numbered(`{"ExpressionAttributeNames":{`, `"%x":""`, `}}`)},
		{"values of expressions", "PutItem", numbered(`{"ExpressionAttributeValues":{`, `"%x":{}`, `}}`)},
		{"expected", "PutItem", numbered(`{"Expected":{`, `"%x":{}`, `}}`)},
		{"expected with values", "PutItem", numbered(`{"Expected":{`, `"%x":{"Value":{}}`, `}}`)},
		{"updates", "UpdateItem", numbered(`{"AttributeUpdates":{`, `"%x":{}`, `}}`)},
		{"conditions", "Query", numbered(`{"KeyConditions":{`, `"%x":{}`, `}}`)},
		{"tables to read", "BatchGetItem", numbered(`{"RequestItems":{`, `"%x":{}`, `}}`)},
		{"keys", "BatchGetItem", repeat(`{"RequestItems":{"a":{"Keys":[`, `{},`, `]}}}`)},
		{"tables to write", "BatchWriteItem", numbered(`{"RequestItems":{`, `"%x":[]`, `}}`)},
		{"tables with a write", "BatchWriteItem", numbered(`{"RequestItems":{`, `"%x":[{}]`, `}}`)},
		{"writes", "BatchWriteItem", repeat(`{"RequestItems":{"a":[`, `{},`, `]}}`)},
		{"puts", "BatchWriteItem", repeat(`{"RequestItems":{"a":[`, `{"PutRequest":{}},`, `]}}`)},
		{"actions", "TransactWriteItems", repeat(`{"TransactItems":[`, `{},`, `]}`)},
		{"updates in a transaction", "TransactWriteItems", repeat(`{"TransactItems":[`, `{"Update":{}},`, `]}`)},
		{"indexes", "CreateTable", repeat(`{"GlobalSecondaryIndexes":[`, `{},`, `]}`)},
		{"index lists", "CreateTable", repeat(`{`, `"GlobalSecondaryIndexes":[{}],`, `}`)},
		{"projections", "CreateTable", repeat(`{"GlobalSecondaryIndexes":[`, `{"Projection":{}},`, `]}`)},
		{"tags", "TagResource", repeat(`{"Tags":[`, `{},`, `]}`)},
		{"tag keys", "UntagResource", repeat(`{"TagKeys":[`, `"",`, `]}`)},
		{"parameters", "ExecuteStatement", repeat(`{"Parameters":[`, `{},`, `]}`)},
	} {
		op := lookup(t, c.op)
		body := append(make([]byte, 0, len(c.body)+8), c.body...)
		_, _ = wire.Decode(op, []byte("{}")) // compiles the plan
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		in, _, err := wire.DecodeBuffer(op, body, wire.Owned)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		t.Logf("%-30s %-18s %5.1f bytes a byte, %4d MB/s, error %v", c.name, c.op, float64(allocated)/float64(len(body)), int(float64(len(body))/1e6/took.Seconds()), err)
		require.LessOrEqual(t, allocated, uint64(40<<20), c.name)
		if fault, ok := errors.AsType[*api.Error](err); ok && strings.Contains(fault.Message, "24 MB") {
			refused++
		}
		require.Less(t, took, 10*time.Second, c.name)
		if err == nil {
			require.Error(t, in.Validate(), c.name)
		}
	}
	require.Greater(t, refused, 10)
}

// TestUsualMemory: what an item in earnest costs.
func TestUsualMemory(t *testing.T) {
	body, err := wire.AppendRequest(nil, &api.PutItemInput{TableName: new("customers"), Item: api.ItemOf(sample())})
	require.NoError(t, err)
	op := lookup(t, "PutItem")
	const runs = 1000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		_, err := wire.Decode(op, body)
		require.NoError(t, err)
	}
	runtime.ReadMemStats(&after)
	require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(4*len(body)*runs))
}
