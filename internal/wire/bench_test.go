package wire_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/wire"
)

// sample is the item of ten attributes and about 1 KB that itemcodec is measured with.
func sample() attr.Item {
	return attr.Item{
		"id":      attr.S("customer-00000017"),
		"name":    attr.S("customer number 17"),
		"email":   attr.S("customer17@example.com"),
		"balance": attr.N("119.17"),
		"visits":  attr.Int(17),
		"active":  attr.BOOL(true),
		"tags":    attr.L(attr.S("alpha"), attr.S("beta"), attr.S("gamma"), attr.Int(17)),
		"address": attr.M(attr.Item{"street": attr.S("1 Long Avenue of Trees"), "city": attr.S("Springfield"), "zip": attr.Int(10017)}),
		"created": attr.N("1700000000"),
		"notes":   attr.S(string(bytes.Repeat([]byte("All the notes that people wrote about it. "), 17))),
	}
}

func stored(t testing.TB, item attr.Item) api.Attributes {
	b, err := itemcodec.AppendItem(nil, item, "id")
	require.NoError(t, err)
	return api.StoredItem(b)
}

func lookup(t testing.TB, name string) api.Operation {
	op, ok := api.Lookup(name)
	require.True(t, ok, name)
	return op
}

// jsonValue is an attribute value for encoding/json, as an SDK has it.
type jsonValue struct {
	S    *string               `json:",omitempty"`
	N    *string               `json:",omitempty"`
	B    []byte                `json:",omitempty"`
	BOOL *bool                 `json:",omitempty"`
	NULL *bool                 `json:",omitempty"`
	L    *[]jsonValue          `json:",omitempty"`
	M    *map[string]jsonValue `json:",omitempty"`
	SS   []string              `json:",omitempty"`
	NS   []string              `json:",omitempty"`
	BS   [][]byte              `json:",omitempty"`
}

type jsonPutItem struct {
	TableName string
	Item      map[string]jsonValue
}

// reportRatio reports how many times longer than other an iteration of b took.
func reportRatio(b *testing.B, unit string, other func()) {
	const runs = 500
	best := time.Duration(math.MaxInt64)
	for range 5 {
		start := time.Now()
		for range runs {
			other()
		}
		best = min(best, time.Since(start)/runs)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(best.Nanoseconds()), unit)
}

// BenchmarkWriteItem is stored bytes to JSON: floor is a plain copy of the
// JSON, json the same values through encoding/json.
func BenchmarkWriteItem(b *testing.B) {
	out := &api.GetItemOutput{Item: stored(b, sample())}
	body, err := wire.Append(nil, out)
	require.NoError(b, err)
	dst := make([]byte, 0, 2*len(body))
	b.Run("floor", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			dst = append(dst[:0], body...)
		}
	})
	b.Run("wire", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if dst, err = wire.Append(dst[:0], out); err != nil {
				b.Fatal(err)
			}
		}
		reportRatio(b, "x-copy", func() { dst = append(dst[:0], body...) })
	})
	b.Run("json", func(b *testing.B) {
		var in struct{ Item map[string]jsonValue }
		require.NoError(b, json.Unmarshal(body, &in))
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(&in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkReadItem is the JSON of a PutItem to values: floor only asks
// encoding/json whether it is JSON, json reads it into an SDK's form of it.
func BenchmarkReadItem(b *testing.B) {
	item, err := wire.Append(nil, &api.GetItemOutput{Item: stored(b, sample())})
	require.NoError(b, err)
	body := append([]byte(`{"TableName":"customers",`), item[1:]...)
	put := lookup(b, "PutItem")
	b.Run("floor", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if !json.Valid(body) {
				b.Fatal("not JSON")
			}
		}
	})
	b.Run("wire", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := wire.Decode(put, body); err != nil {
				b.Fatal(err)
			}
		}
		reportRatio(b, "x-valid", func() { json.Valid(body) })
	})
	b.Run("wire+stored", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		row := make([]byte, 0, 2048)
		for b.Loop() {
			in, err := wire.Decode(put, body)
			if err != nil {
				b.Fatal(err)
			}
			stored, _, ok := in.(*api.PutItemInput).Item.Built()
			if !ok {
				b.Fatal("the item is not in its stored form")
			}
			row = itemcodec.AppendItemFirst(row[:0], stored, "id")
		}
	})
	b.Run("json", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			var in jsonPutItem
			if err := json.Unmarshal(body, &in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkQueryOutput is a page of 100 items.
func BenchmarkQueryOutput(b *testing.B) {
	items := make([]api.Attributes, 100)
	for i := range items {
		items[i] = stored(b, sample())
	}
	out := &api.QueryOutput{Items: items, Count: 100, ScannedCount: 100}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = wire.Append(dst[:0], out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/item")
}

// BenchmarkGetItemInput is the smallest request.
func BenchmarkGetItemInput(b *testing.B) {
	get := lookup(b, "GetItem")
	body := []byte(`{"TableName":"customers","Key":{"id":{"S":"customer-00000017"}},"ConsistentRead":true}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.Decode(get, body); err != nil {
			b.Fatal(err)
		}
	}
}
