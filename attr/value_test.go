package attr_test

import (
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
)

// everyKind has a value of each type, with contents and without.
func everyKind() map[attr.Kind][]attr.Value {
	return map[attr.Kind][]attr.Value{
		attr.Invalid:   {{}},
		attr.String:    {attr.S("text"), attr.S("")},
		attr.Number:    {attr.N("-12.50"), attr.N(""), attr.N("no number"), attr.Int(7), attr.Uint(uint8(7)), attr.Float(7.5)},
		attr.Binary:    {attr.B([]byte("abc")), attr.B([]byte{}), attr.B(nil)},
		attr.Bool:      {attr.BOOL(true), attr.BOOL(false)},
		attr.Null:      {attr.NULL(), attr.FalseNULL()},
		attr.List:      {attr.L(attr.S("a"), attr.Int(1)), attr.L(), attr.L([]attr.Value{}...)},
		attr.Map:       {attr.M(attr.Item{"a": attr.Int(1)}), attr.M(attr.Item{}), attr.M(nil)},
		attr.StringSet: {attr.SS("a", ""), attr.SS(), attr.SS([]string{}...)},
		attr.NumberSet: {attr.NS("1", "2"), attr.NS()},
		attr.BinarySet: {attr.BS([]byte("a"), nil), attr.BS()},
		attr.Ambiguous: {attr.AmbiguousValue()},
	}
}

func TestKind(t *testing.T) {
	for kind, values := range everyKind() {
		for _, v := range values {
			require.Equal(t, kind, v.Kind(), "%v", v)
			require.Equal(t, kind == attr.Invalid, v.IsZero())
		}
	}
	require.Equal(t, "NS", attr.NumberSet.String())
	require.Empty(t, attr.Invalid.String())
	require.Empty(t, attr.Kind(200).String())
	require.True(t, attr.BinarySet.IsSet())
	require.False(t, attr.List.IsSet())
	require.True(t, attr.Binary.IsScalar())
	require.False(t, attr.Bool.IsScalar())
}

// TestAccessors reads each value by every accessor: those of other types find nothing.
func TestAccessors(t *testing.T) {
	for kind, values := range everyKind() {
		for _, v := range values {
			_ = v.Size()
			_ = v.String()
			if kind != attr.String {
				require.Empty(t, v.Str())
			}
			if kind != attr.Number {
				require.Empty(t, v.Num())
				_, isInt := v.Int()
				_, isFloat := v.Float()
				require.False(t, isInt || isFloat)
			}
			if kind != attr.Binary {
				require.Nil(t, v.Bytes())
			}
			if kind != attr.Bool {
				require.False(t, v.Bool())
			}
			if kind != attr.Null {
				require.False(t, v.IsNull())
			}
			if kind != attr.List {
				require.Nil(t, v.List())
			}
			if kind != attr.Map {
				require.Nil(t, v.Map())
			}
			if kind != attr.StringSet && kind != attr.NumberSet {
				require.Nil(t, v.Strings())
			}
			if kind != attr.BinarySet {
				require.Nil(t, v.Binaries())
			}
		}
	}
}

func TestContents(t *testing.T) {
	require.Equal(t, "text", attr.S("text").Str())
	require.Equal(t, 4, attr.S("text").Len())
	require.Equal(t, "-12.50", attr.N("-12.50").Num())
	require.Equal(t, []byte("abc"), attr.B([]byte("abc")).Bytes())
	require.True(t, attr.BOOL(true).Bool())
	require.Zero(t, attr.BOOL(true).Len())
	require.True(t, attr.NULL().IsNull())
	require.False(t, attr.FalseNULL().IsNull())
	require.Zero(t, attr.NULL().Len())
	require.Len(t, attr.L(attr.S("a"), attr.NULL()).List(), 2)
	require.Equal(t, 1, attr.M(attr.Item{"a": attr.NULL()}).Len())
	require.Equal(t, []string{"b", "a"}, attr.SS("b", "a").Strings())
	require.Equal(t, []string{"1"}, attr.NS("1").Strings())
	require.Equal(t, [][]byte{nil, []byte("x")}, attr.BS(nil, []byte("x")).Binaries())
	require.Equal(t, "-9223372036854775808", attr.Int(int64(math.MinInt64)).Num())
	require.Equal(t, "18446744073709551615", attr.Uint(uint64(math.MaxUint64)).Num())
	require.Equal(t, "0.1", attr.Float(0.1).Num())
}

// TestContentsShareMemory: what a Value hands out cannot grow into its neighbour's memory.
func TestContentsShareMemory(t *testing.T) {
	buf := []byte("abcdef")
	v := attr.B(buf[:3])
	_ = append(v.Bytes(), 'X')
	require.Equal(t, "abcdef", string(buf))

	list := []attr.Value{attr.S("a"), attr.S("b")}
	_ = append(attr.L(list[:1]...).List(), attr.S("X"))
	require.Equal(t, "b", list[1].Str())
	require.Equal(t, "", attr.S("abc"[3:]).Str())
}

func TestNumbersAsGoNumbers(t *testing.T) {
	for _, c := range []struct {
		text    string
		i       int64
		isInt   bool
		f       float64
		isFloat bool
	}{
		{"12", 12, true, 12, true},
		{"12.0", 12, true, 12, true},
		{"1E3", 1000, true, 1000, true},
		{"-0", 0, true, 0, true},
		{"9223372036854775807", math.MaxInt64, true, math.MaxInt64, true},
		{"9223372036854775808", 0, false, 9223372036854775808, true},
		{"0.5", 0, false, 0.5, true},
		{"1E125", 0, false, 1e125, true},
		{"1E126", 0, false, 0, false},
		{"NaN", 0, false, 0, false},
		{"0x10", 0, false, 0, false},
		{"", 0, false, 0, false},
	} {
		i, isInt := attr.N(c.text).Int()
		f, isFloat := attr.N(c.text).Float()
		require.Equal(t, c.isInt, isInt, c.text)
		require.Equal(t, c.i, i, c.text)
		require.Equal(t, c.isFloat, isFloat, c.text)
		if isFloat {
			require.Equal(t, c.f, f, c.text)
		}
	}
}

func TestEqual(t *testing.T) {
	values := everyKind()
	for k, vs := range values {
		for _, v := range vs {
			require.True(t, v.Equal(v), "%v", v)
			for l, ws := range values {
				if k != l {
					require.False(t, v.Equal(ws[0]), "%v and %v", v, ws[0])
				}
			}
		}
	}
	for _, c := range []struct {
		a, b  attr.Value
		equal bool
	}{
		{attr.N("1"), attr.N("1.0"), true},
		{attr.N("100"), attr.N("1e2"), true},
		{attr.N("1"), attr.N("2"), false},
		{attr.N("x"), attr.N("x"), true},
		{attr.N("x"), attr.N("y"), false},
		{attr.B(nil), attr.B([]byte{}), true},
		{attr.NULL(), attr.FalseNULL(), false},
		{attr.BOOL(true), attr.BOOL(false), false},
		{attr.SS("a", "b"), attr.SS("b", "a"), true},
		{attr.SS("a", "b"), attr.SS("a", "c"), false},
		{attr.SS("a"), attr.SS("a", "b"), false},
		{attr.SS("a", "a"), attr.SS("a", "b"), false},
		{attr.SS("a", "b"), attr.SS("a", "a"), false},
		{attr.NS("1", "2"), attr.NS("2.0", "1E0"), true},
		{attr.NS("1", "x"), attr.NS("x", "1.0"), true},
		{attr.BS([]byte("a"), []byte("b")), attr.BS([]byte("b"), []byte("a")), true},
		{attr.L(attr.N("1")), attr.L(attr.N("1.0")), true},
		{attr.L(attr.S("a"), attr.S("b")), attr.L(attr.S("b"), attr.S("a")), false},
		{attr.L(), attr.L(attr.S("a")), false},
		{attr.M(nil), attr.M(attr.Item{}), true},
		{attr.M(attr.Item{"a": attr.N("1")}), attr.M(attr.Item{"a": attr.N("1.0")}), true},
		{attr.M(attr.Item{"a": attr.N("1")}), attr.M(attr.Item{"b": attr.N("1")}), false},
	} {
		require.Equal(t, c.equal, c.a.Equal(c.b), "%v and %v", c.a, c.b)
		require.Equal(t, c.equal, c.b.Equal(c.a), "%v and %v", c.b, c.a)
	}
}

// TestEqualOfLargeSets would take minutes if each element were looked for.
func TestEqualOfLargeSets(t *testing.T) {
	var up, down []string
	for i := range 100_000 {
		up = append(up, attr.Int(i).Num())
		down = append(down, attr.Int(99_999-i).Num())
	}
	require.True(t, attr.SS(up...).Equal(attr.SS(down...)))
	require.True(t, attr.NS(up...).Equal(attr.NS(down...)))
	require.Equal(t, "0", up[0], "the sets themselves keep their order")
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		a, b  attr.Value
		order int
		ok    bool
	}{
		{attr.S("a"), attr.S("b"), -1, true},
		{attr.S("Z"), attr.S("a"), -1, true},
		{attr.S("é"), attr.S("z"), 1, true},
		{attr.S(""), attr.S(""), 0, true},
		{attr.N("9"), attr.N("10"), -1, true},
		{attr.N("-1E-130"), attr.N("0"), -1, true},
		{attr.N("10"), attr.N("1e1"), 0, true},
		{attr.N("x"), attr.N("1"), 0, false},
		{attr.B([]byte{0xff}), attr.B([]byte{1, 2}), 1, true},
		{attr.B(nil), attr.B([]byte{0}), -1, true},
		{attr.S("1"), attr.N("1"), 0, false},
		{attr.BOOL(true), attr.BOOL(true), 0, false},
		{attr.Value{}, attr.Value{}, 0, false},
	} {
		order, ok := attr.Compare(c.a, c.b)
		require.Equal(t, c.ok, ok, "%v and %v", c.a, c.b)
		require.Equal(t, c.order, order, "%v and %v", c.a, c.b)
		back, _ := attr.Compare(c.b, c.a)
		require.Equal(t, -c.order, back)
	}
}

func TestSize(t *testing.T) {
	for _, c := range []struct {
		item attr.Item
		size int
	}{
		{attr.Item{}, 0},
		{nil, 0},
		{attr.Item{"shirt-color": attr.S("R"), "shirt-size": attr.S("M")}, 23},
		{attr.Item{"a": attr.S("é")}, 3},
		{attr.Item{"a": attr.B(make([]byte, 10))}, 11},
		{attr.Item{"a": attr.BOOL(false), "b": attr.NULL()}, 4},
		{attr.Item{"a": attr.L()}, 4},
		{attr.Item{"a": attr.L(attr.S("xy"), attr.BOOL(true))}, 1 + 3 + 2 + 3},
		{attr.Item{"a": attr.M(attr.Item{"bc": attr.S("xy")})}, 1 + 3 + 1 + 4},
		{attr.Item{"a": attr.SS("x", "yz")}, 4},
		{attr.Item{"a": attr.BS([]byte("x"), []byte("yz"))}, 4},
		{attr.Item{"a": {}}, 1},
	} {
		require.Equal(t, c.size, c.item.Size(), "%v", c.item)
	}
	require.Equal(t, attr.N("12").Size(), attr.N("0012.00").Size(), "what counts is the canonical form")
	require.Equal(t, attr.N("1").Size()+attr.N("123").Size(), attr.NS("1", "123").Size())
	require.Equal(t, 3, attr.N("abc").Size())
	require.LessOrEqual(t, attr.N(strings.Repeat("9", 38)).Size(), 21)
}

func TestString(t *testing.T) {
	item := attr.Item{
		"s": attr.S("a\"b"), "n": attr.N("1.50"), "b": attr.B([]byte("hi")), "t": attr.BOOL(true), "x": attr.NULL(),
		"l": attr.L(attr.S("a"), attr.L()), "m": attr.M(attr.Item{"k": attr.Int(1)}),
		"ss": attr.SS("a", "b"), "ns": attr.NS("1", "2"), "bs": attr.BS([]byte("x"), []byte("y")),
		"z": {}, "am": attr.AmbiguousValue(),
	}
	require.Equal(t, `{am: ambiguous, b: b64:aGk=, bs: <b64:eA==, b64:eQ==>, l: ["a", []], m: {k: 1}, n: 1.50, ns: <1, 2>, `+
		`s: "a\"b", ss: <"a", "b">, t: true, x: null, z: invalid}`, item.String())
}

func TestItemClone(t *testing.T) {
	item := attr.Item{"a": attr.Int(1)}
	clone := item.Clone()
	clone["a"], clone["b"] = attr.Int(2), attr.Int(3)
	require.True(t, item.Equal(attr.Item{"a": attr.Int(1)}))
	clone = attr.Item(nil).Clone()
	clone["a"] = attr.Int(1)
	require.Len(t, clone, 1)
}

func TestValueAllocations(t *testing.T) {
	var sink attr.Value
	text, bytes, texts, item := "text", []byte("x"), []string{"a"}, attr.Item{}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, v := range []attr.Value{
			attr.S(text), attr.N(text), attr.B(bytes), attr.BOOL(true), attr.NULL(), attr.SS(texts...), attr.M(item),
		} {
			sink = v
		}
	}))
	require.False(t, sink.IsZero())
}

func TestValuesAreSafeForConcurrentUse(t *testing.T) {
	v := attr.M(attr.Item{"a": attr.L(attr.S("x"), attr.NS("1", "2"))})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				_ = v.String()
				_ = v.Size()
				_ = v.Equal(v)
			}
		})
	}
	wg.Wait()
}
