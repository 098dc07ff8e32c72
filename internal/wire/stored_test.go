package wire_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/wire"
)

// compareBuilt reads an item that is put with and without its stored form, and requires that both are the same item. It
// reports whether it had one.
func compareBuilt(t *testing.T, item string) bool {
	t.Helper()
	op, body := lookup(t, "PutItem"), []byte(`{"TableName":"table","Item":`+item+`}`)
	put, err := wire.Decode(op, body)
	values, valuesErr := wire.DecodeValues(op, body)
	require.Equal(t, valuesErr, err)
	if err != nil {
		return false
	}
	require.Equal(t, values.Validate(), put.Validate(), "%.200s", item)
	key, err := values.(*api.PutItemInput).Item.Item()
	require.NoError(t, err)
	in := put.(*api.PutItemInput)
	stored, size, ok := in.Item.Built()
	if !ok {
		return false
	}
	canonical, err := itemcodec.AppendItem(nil, key)
	require.NoError(t, err, "%.200s", item)
	require.Equal(t, canonical, stored, "%.200s", item)
	require.Equal(t, key.Size(), size, "%.200s", item)
	require.Equal(t, size, in.Item.Size())
	for _, first := range [][]string{nil, {"b"}, {"z", "a"}, {"a", "absent"}} {
		canonical, err = itemcodec.AppendItem([]byte("x"), key, first...)
		require.NoError(t, err)
		require.Equal(t, canonical, itemcodec.AppendItemFirst([]byte("x"), stored, first...), "%q first of %.200s", first, item)
	}
	return true
}

// TestStoredForm: an item that is put is read straight into its stored form, which is the one that its values have; and
// whatever is wrong or rare about it is as if there were no such form.
func TestStoredForm(t *testing.T) {
	many := func(n int, form string) string { return strings.TrimSuffix(strings.Repeat(form+",", n), ",") }
	for _, c := range []struct {
		item  string
		built bool
	}{
		{`{"a":{"S":"x"}}`, true},
		{" {\t\"a\" :\n{ \"S\" : \"x\" } , \"b\":{\"S\":\"\"}} ", true},
		{`{"z":{"S":"1"},"b":{"N":"2"},"a":{"BOOL":false},"y":{"NULL":true}}`, true},
		{`{"é\u00e9\"":{"S":"\ud83d\ude00\n"},"a\u0062":{"S":"x\ud83dy"}}`, true},
		{`{"a":{"N":"1.50"},"b":{"N":"-0"},"c":{"N":"1E125"},"d":{"N":"0.000000001"}}`, true},
		{`{"a":{"B":""},"b":{"B":"AA=="},"c":{"B":"AAE\u003d"},"d":{"B":"AAH/"}}`, true},
		{`{"a":{"L":[]},"b":{"M":{}},"c":{"L":[{"M":{"y":{"L":[{"S":"x"}]},"x":{"N":"1"}}},{"BOOL":true}]}}`, true},
		{`{"a":{"SS":["b","a",""]},"b":{"NS":["10","9","-1","1e1000"]},"c":{"BS":["/w==","AA==",""]}}`, false}, // 1e1000 is none
		{`{"a":{"SS":["b","a",""]},"b":{"NS":["10","9","-1","1e3"]},"c":{"BS":["/w==","AA==",""]}}`, true},
		{`{"a":{"L":[` + many(127, `{"N":"1"}`) + `]}}`, true},
		{`{"b":{"L":[` + many(128, `{"N":"1"}`) + `]},"a":{"L":[` + many(70000, `{"L":[]}`) + `]}}`, true},
		{`{` + attributes(300, `{"S":""}`) + `}`, true},
		{`{"m":{"M":{` + attributes(200, `{"M":{}}`) + `}},"a":{"N":"1"}}`, true},
		{`{"a":` + strings.Repeat(`{"L":[`, 31) + `{"S":"x"}` + strings.Repeat(`]}`, 31) + `}`, true},
		{`{"a":` + strings.Repeat(`{"M":{"a":`, 31) + `{"S":"x"}` + strings.Repeat(`}}`, 31) + `}`, true},
		{`{"a":` + strings.Repeat(`{"L":[`, 32) + `{"S":"x"}` + strings.Repeat(`]}`, 32) + `}`, false},
		{`{"` + strings.Repeat("n", 65535) + `":{"S":"x"}}`, true},
		{`{"` + strings.Repeat("n", 65536) + `":{"S":"x"}}`, false},
		{`{"a":{"S":"` + strings.Repeat("x", 500<<10) + `"}}`, true}, // too large, which Validate says

		{`{}`, false}, {`null`, false}, {`[]`, false}, {`{"a":{}}`, false}, {`{"a":null}`, false}, {`{"":{"S":"x"}}`, false},
		{`{"a":{"S":"x"},"a":{"S":"y"}}`, false}, {`{"m":{"M":{"a":{"S":"x"},"b":{"S":"x"},"a":{"S":"y"}}}}`, false},
		{`{"a":{"S":null}}`, false}, {`{"a":{"S":"x","N":"1"}}`, false}, {`{"a":{"S":"x","S":"y"}}`, false}, {`{"a":{"S":"x","X":1}}`, false},
		{`{"a":{"N":"x"}}`, false}, {`{"a":{"N":""}}`, false}, {`{"a":{"N":1}}`, false}, {`{"a":{"N":"1e1000000"}}`, false},
		{`{"a":{"BOOL":"true"}}`, false}, {`{"a":{"BOOL":1}}`, false}, {`{"a":{"NULL":false}}`, false}, {`{"a":{"NULL":"true"}}`, false},
		{`{"a":{"B":"A"}}`, false}, {`{"a":{"B":"AB=="}}`, false}, {`{"a":{"B":"A\n==="}}`, false}, {`{"a":{"B":"===="}}`, false}, {`{"a":{"B":"AA\u000a=\u000a="}}`, false},
		{`{"a":{"SS":[]}}`, false}, {`{"a":{"SS":["a","b","a"]}}`, false}, {`{"a":{"NS":["1","2","1.0"]}}`, false}, {`{"a":{"BS":["AA==","","AA=="]}}`, false},
		{`{"a":{"SS":["a",null]}}`, false}, {`{"a":{"SS":"a"}}`, false}, {`{"a":{"L":{}}}`, false}, {`{"a":{"M":[]}}`, false},
		{`{"a":{"S":"x"}`, false}, {`{"a":{"S":"x"}}}`, false}, {`{"a" {"S":"x"}}`, false}, {`{"a":{"S":"x"},}`, false}, {`{"a":{"S":"\x"}}`, false},
	} {
		require.Equal(t, c.built, compareBuilt(t, c.item), "%.200s", c.item)
	}
	r := rand.New(rand.NewPCG(11, 12))
	for range 2000 {
		body, err := wire.AppendRequest(nil, &api.DeleteItemInput{Key: randomItem(r, 0)})
		require.NoError(t, err)
		compareBuilt(t, string(body[len(`{"Key":`):len(body)-1]))
	}
}

// attributes returns n attributes in no order.
func attributes(n int, value string) string {
	var b strings.Builder
	for i := range n {
		name, _ := json.Marshal(string(rune('a'+(i*37+11)%n)) + "x")
		b.WriteString(string(name) + ":" + value + ",")
	}
	return strings.TrimSuffix(b.String(), ",")
}

// FuzzStoredForm is TestStoredForm with any item.
func FuzzStoredForm(f *testing.F) {
	for _, s := range []string{
		`{"z":{"S":"1"},"b":{"N":"2.0"},"a":{"BOOL":false},"y":{"NULL":true}}`,
		`{"a":{"SS":["b","a",""]},"b":{"NS":["10","9","-1"]},"c":{"BS":["/w==","AA==",""]},"d":{"B":"AAE\u003d"}}`,
		`{"c":{"L":[{"M":{"y":{"L":[{"S":"\ud83d\ude00"}]},"x":{"N":"1"}}},{"BOOL":"yes"}]},"m":{"M":{"a":{},"a":null}}}`,
		`{"a":{"L":[` + strings.Repeat(`{"N":"1E125"},`, 1<<15) + `{"M":{}}]}}`,
		`{` + attributes(1<<13, `{"M":{"b":{"L":[]},"a":{"S":""}}}`) + `}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, item string) {
		bound.Input(t, func() { compareBuilt(t, item) })
	})
}
