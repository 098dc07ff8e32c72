package itemcodec_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/itemcodec"
)

// sample is an item of ten attributes and about 1 KB: strings, numbers, a list, a nested map.
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

// everyKind has a value of each type, empty and not.
func everyKind() attr.Item {
	return attr.Item{
		"S": attr.S("text"), "S0": attr.S(""), "N": attr.N("-12.5"), "B": attr.B([]byte{0, 1, 255}), "B0": attr.B(nil),
		"T": attr.BOOL(true), "F": attr.BOOL(false), "NULL": attr.NULL(),
		"L": attr.L(attr.S("a"), attr.L(), attr.M(attr.Item{})), "L0": attr.L(),
		"M": attr.M(attr.Item{"z": attr.NULL(), "a": attr.M(attr.Item{"b": attr.L(attr.Int(1))})}), "M0": attr.M(nil),
		"SS": attr.SS("b", "a"), "NS": attr.NS("10", "-1", "2"), "BS": attr.BS([]byte("b"), []byte("a"), nil),
	}
}

func encode(t testing.TB, item attr.Item, first ...string) itemcodec.Item {
	b, err := itemcodec.AppendItem(nil, item, first...)
	require.NoError(t, err)
	return b
}

func TestRoundTrip(t *testing.T) {
	for _, item := range []attr.Item{{}, sample(), everyKind()} {
		stored := encode(t, item)
		decoded, err := itemcodec.DecodeItem(stored)
		require.NoError(t, err)
		require.True(t, item.Equal(decoded), "%v != %v", item, decoded)
		require.Equal(t, item.Size(), stored.Size())
		require.Equal(t, len(item), stored.Len())
		for name, v := range item {
			found := stored.Lookup(name)
			require.Equal(t, v.Kind(), found.Kind(), name)
			got, err := found.Decode()
			require.NoError(t, err)
			require.True(t, v.Equal(got), name)
			if v.Kind() != attr.Bool && v.Kind() != attr.Null {
				require.Equal(t, v.Len(), found.Len(), name)
			}
		}
		require.Nil(t, stored.Lookup("absent"))
	}
}

func TestCanonical(t *testing.T) {
	for _, c := range []struct{ a, b attr.Value }{
		{attr.N("1.0"), attr.N("1")},
		{attr.N("1E3"), attr.N("1000")},
		{attr.N("-0"), attr.N("0")},
		{attr.SS("b", "a"), attr.SS("a", "b")},
		{attr.NS("2", "10", "1E1"), attr.NS("10.0", "10", "2.0")},
		{attr.BS([]byte{2}, []byte{1}), attr.BS([]byte{1}, []byte{2})},
		{attr.M(attr.Item{"x": attr.N("01")}), attr.M(attr.Item{"x": attr.N("1")})},
	} {
		require.Equal(t, encode(t, attr.Item{"v": c.a}), encode(t, attr.Item{"v": c.b}), "%v and %v", c.a, c.b)
	}
	require.NotEqual(t, encode(t, attr.Item{"v": attr.S("1")}), encode(t, attr.Item{"v": attr.N("1")}))
}

func TestKeyComesFirst(t *testing.T) {
	item := attr.Item{"a": attr.Int(1), "pk": attr.S("p"), "sk": attr.Int(2), "b": attr.Int(3)}
	stored := encode(t, item, "pk", "sk")
	var order []string
	for name := range stored.All() {
		order = append(order, name)
	}
	require.Equal(t, []string{"pk", "sk", "a", "b"}, order)
	key := encode(t, attr.Item{"pk": attr.S("p"), "sk": attr.Int(2)}, "pk", "sk")
	require.Equal(t, []byte(key[1:]), stored.Prefix(2))
	require.Nil(t, stored.Prefix(5))

	part := itemcodec.Item(itemcodec.AppendSubset(nil, stored, 2, []string{"b", "absent"}))
	decoded, err := itemcodec.DecodeItem(part)
	require.NoError(t, err)
	require.True(t, attr.Item{"pk": attr.S("p"), "sk": attr.Int(2), "b": attr.Int(3)}.Equal(decoded))
}

func TestViews(t *testing.T) {
	stored := encode(t, everyKind())
	require.Equal(t, "text", stored.Lookup("S").Text())
	require.Equal(t, []byte{0, 1, 255}, stored.Lookup("B").Bytes())
	require.True(t, stored.Lookup("T").Bool())
	require.False(t, stored.Lookup("F").Bool())
	require.Equal(t, "a", stored.Lookup("L").Index(0).Text())
	require.Nil(t, stored.Lookup("L").Index(3))
	require.Nil(t, stored.Lookup("L").Index(-1))
	require.Equal(t, "1", stored.Lookup("M").Item().Lookup("a").Item().Lookup("b").Index(0).Text())
	var numbers []string
	for e := range stored.Lookup("NS").Set() {
		numbers = append(numbers, string(e))
	}
	require.Equal(t, []string{"-1", "2", "10"}, numbers)
	n := 0
	for range stored.Lookup("L").List() {
		n++
	}
	require.Equal(t, 3, n)
}

func TestNotStorable(t *testing.T) {
	for _, v := range []attr.Value{{}, attr.AmbiguousValue(), attr.N("x"), attr.NS("1", "y"), attr.L(attr.Value{}), attr.M(attr.Item{"a": attr.N("")})} {
		_, err := itemcodec.AppendItem(nil, attr.Item{"v": v})
		require.ErrorContains(t, err, `attribute "v"`)
	}
}

func TestMalformed(t *testing.T) {
	stored := encode(t, everyKind())
	for n := range stored {
		_, err := itemcodec.DecodeItem(stored[:n])
		require.ErrorIs(t, err, itemcodec.ErrMalformed, "cut at %d", n)
	}
	_, err := itemcodec.DecodeItem(append(slices.Clone(stored), 0))
	require.ErrorIs(t, err, itemcodec.ErrMalformed)
	deep := []byte{6}
	for range 100 {
		list := []byte{7, 0, 0, 0, 0, 1}
		list[1], list[2] = byte(len(deep)+1), byte((len(deep)+1)>>8)
		deep = append(list, deep...)
	}
	_, err = itemcodec.DecodeItem(append([]byte{1, 1, 'a'}, deep...))
	require.ErrorIs(t, err, itemcodec.ErrMalformed)
}

// FuzzDecode: no bytes panic a view or the decoder, and what decodes encodes to
// a form that decodes to the same.
func FuzzDecode(f *testing.F) {
	for _, item := range []attr.Item{sample(), everyKind()} {
		f.Add([]byte(encode(f, item)))
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f})                              // an announced length
	f.Add(bytes.Repeat([]byte{1, 1, 'a'}, 100<<10))                          // as deep as it is long, if it is a map
	f.Add(append([]byte{1, 1, 'a'}, bytes.Repeat([]byte{9, 1}, 100<<10)...)) // and if it is a list
	f.Add(bytes.Repeat([]byte{0xff, 0x7f}, 200<<10))
	f.Fuzz(func(t *testing.T, b []byte) {
		bound.Input(t, func() {
			view := itemcodec.Item(b)
			view.Size()
			view.Prefix(3)
			view.Lookup("x").Index(2)
			itemcodec.AppendSubset(nil, view, 1, []string{"x"})
			item, err := itemcodec.DecodeItem(view)
			if err != nil {
				return
			}
			again, err := itemcodec.AppendItem(nil, item)
			if err != nil {
				return // numbers that no encoder writes
			}
			back, err := itemcodec.DecodeItem(again)
			require.NoError(t, err)
			require.True(t, item.Equal(back))
		})
	})
}

// FuzzRoundTrip builds items from the fuzzer's bytes.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		bound.Input(t, func() {
			r := rand.New(rand.NewPCG(a, b))
			item := attr.Item{}
			for i := range r.IntN(12) {
				item[fmt.Sprint("n", r.IntN(100), i)] = randomValue(r, 0)
			}
			stored := encode(t, item, "n1")
			decoded, err := itemcodec.DecodeItem(stored)
			require.NoError(t, err)
			require.True(t, item.Equal(decoded), "%v != %v", item, decoded)
			require.Equal(t, item.Size(), stored.Size())
			require.Equal(t, stored, encode(t, decoded, "n1"))
		})
	})
}

func randomValue(r *rand.Rand, depth int) attr.Value {
	text := func() string { return fmt.Sprintf("%x", r.Uint64()>>r.IntN(64)) }
	number := func() string { return fmt.Sprintf("%d.%dE%d", r.IntN(1000)-500, r.IntN(1000), r.IntN(60)-30) }
	kinds := 9
	if depth > 4 {
		kinds = 7
	}
	switch r.IntN(kinds) {
	case 0:
		return attr.S(text())
	case 1:
		return attr.N(number())
	case 2:
		return attr.B([]byte(text()))
	case 3:
		return attr.BOOL(r.IntN(2) == 0)
	case 4:
		return attr.NULL()
	case 5:
		return attr.SS("a"+text(), "b"+text())
	case 6:
		return attr.NS("1"+fmt.Sprint(r.IntN(100)), "-2")
	case 7:
		var list []attr.Value
		for range r.IntN(4) {
			list = append(list, randomValue(r, depth+1))
		}
		return attr.L(list...)
	}
	m := attr.Item{}
	for range r.IntN(4) {
		m[text()] = randomValue(r, depth+1)
	}
	return attr.M(m)
}

func BenchmarkEncode(b *testing.B) {
	item := sample()
	b.ReportAllocs()
	buf := make([]byte, 0, 2048)
	for b.Loop() {
		if _, err := itemcodec.AppendItem(buf, item, "id"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	stored := encode(b, sample(), "id")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := itemcodec.DecodeItem(stored); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	stored := encode(b, sample(), "id")
	b.ReportAllocs()
	for b.Loop() {
		if stored.Lookup("visits") == nil {
			b.Fatal("absent")
		}
	}
}
