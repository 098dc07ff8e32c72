package expr_test

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/num"
)

func TestMatchAbsentItem(t *testing.T) {
	values := map[string]attr.Value{":n": attr.N("1")}
	for text, want := range map[string]bool{
		"attribute_not_exists(id)": true, "attribute_exists(id)": false, "id = :n": false, "id <> :n": true,
		"NOT id < :n": true, "size(id) = :n": false, "id IN (:n)": false, "a.b[0] = :n": false,
	} {
		c, err := expr.NewBinder(nil, nil, values).Condition(expr.ConditionMember, text)
		require.NoError(t, err)
		require.Equal(t, want, c.Match(nil), text)
		require.Equal(t, want, c.Match(encode(t, attr.Item{})), text)
	}
}

func TestConditionDocuments(t *testing.T) {
	b := expr.NewBinder(nil, map[string]string{"#m": "map"}, map[string]attr.Value{":n": attr.N("1")})
	c, err := b.Condition(expr.FilterMember, "a = :n AND #m.x = :n AND (l[0] <> a OR size(#m) > :n)")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "map", "l"}, c.Attributes())
	require.Equal(t, []string{"map", "l"}, c.Documents())
}

func TestCompareNumbers(t *testing.T) {
	texts := []string{"-1000", "-12.5", "-12", "-1", "-0.5", "-0.05", "0", "0.001", "0.5", "0.51", "1", "9", "10", "10.01", "99", "100"}
	for i, a := range texts {
		for j, b := range texts {
			require.Equal(t, cmp.Compare(i, j), expr.CompareNumbers(a, b), "%s, %s", a, b)
			require.Equal(t, num.CompareText(a, b), expr.CompareNumbers(a, b), "%s, %s", a, b)
		}
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	item := encode(t, wideItem())
	values := map[string]attr.Value{":n": attr.N("7"), ":s": attr.S("v"), ":l": attr.L(attr.N("1"))}
	for _, text := range []string{
		"a9 = :n", "a9 BETWEEN :n AND a8", "size(a1) > :n OR contains(a5, :s)", "NOT (a3 IN (:n, :s, :l))",
		"begins_with(a2, :s) AND attribute_type(a2, :s)",
	} {
		values := values
		if strings.Contains(text, "attribute_type") {
			values = map[string]attr.Value{":s": attr.S("S")}
		}
		c, err := expr.NewBinder(nil, nil, values).Condition(expr.FilterMember, text)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(100, func() { c.Match(item) }), text)
	}
}

// wideItem has ten attributes, a0 to a9, beside its key.
func wideItem() attr.Item {
	item := attr.Item{"id": attr.S("u1")}
	for i := range 10 {
		item["a"+strconv.Itoa(i)] = attr.S("value " + strconv.Itoa(i))
	}
	item["a9"] = attr.N("12.5")
	item["a8"] = attr.N("100")
	return item
}

// FuzzMatch compares Match with a naive evaluator that works on decoded values:
// the operands come from a pool, so that they meet often.
func FuzzMatch(f *testing.F) {
	for i := range 64 {
		f.Add(byte(i), byte(i*7), byte(i*13), byte(i*5))
	}
	pool := []attr.Value{
		{}, attr.S(""), attr.S("a"), attr.S("ab"), attr.S("é😀"), attr.N("0"), attr.N("1.0"), attr.N("-2"), attr.N("1E3"), attr.N("3"),
		attr.B(nil), attr.B([]byte("a")), attr.B([]byte("ab")), attr.BOOL(true), attr.BOOL(false), attr.NULL(),
		attr.SS("b", "a"), attr.SS("a", "b"), attr.SS("ab"), attr.NS("1", "3"), attr.NS("3.0", "1"), attr.BS([]byte("a"), []byte("ab")),
		attr.L(), attr.L(attr.S("a"), attr.N("1"), attr.SS("b", "a")), attr.L(attr.L(attr.N("3"))), attr.M(attr.Item{}),
		attr.M(attr.Item{"a": attr.N("1.00"), "b": attr.L(attr.NULL())}), attr.M(attr.Item{"b": attr.L(attr.NULL()), "a": attr.N("1")}),
	}
	texts := []string{
		"x = y", "x <> y", "x < y", "x <= y", "x > y", "x >= y", "x BETWEEN y AND z", "x IN (y, z)", "contains(x, y)",
		"begins_with(x, y)", "attribute_exists(x)", "attribute_not_exists(x)", "size(x) = y", "size(x) <> size(y)", "size(x) < y",
		"NOT x = y AND z = y", "x = y OR NOT (y = z AND x < z)", "contains(x, size(y))",
	}
	conditions := make([]*expr.Condition, len(texts))
	for i, text := range texts {
		var err error
		conditions[i], err = expr.NewBinder(nil, nil, nil).Condition(expr.FilterMember, text)
		require.NoError(f, err)
	}
	f.Fuzz(func(t *testing.T, which, a, b, c byte) {
		bound.Input(t, func() {
			item := attr.Item{"id": attr.S("k")}
			x, y, z := pool[int(a)%len(pool)], pool[int(b)%len(pool)], pool[int(c)%len(pool)]
			for name, v := range map[string]attr.Value{"x": x, "y": y, "z": z} {
				if !v.IsZero() {
					item[name] = v
				}
			}
			i := int(which) % len(texts)
			require.Equal(t, naive(texts[i], x, y, z), conditions[i].Match(encode(t, item)), "%s: x %v, y %v, z %v", texts[i], x, y, z)
		})
	})
}

func naive(text string, x, y, z attr.Value) bool {
	equal := func(a, b attr.Value) bool { return !a.IsZero() && a.Equal(b) }
	order := func(a, b attr.Value, ok func(int) bool) bool {
		o, comparable := attr.Compare(a, b)
		return comparable && ok(o)
	}
	less := func(o int) bool { return o < 0 }
	switch text {
	case "x = y":
		return equal(x, y)
	case "x <> y":
		return !equal(x, y)
	case "x < y":
		return order(x, y, less)
	case "x <= y":
		return order(x, y, func(o int) bool { return o <= 0 })
	case "x > y":
		return order(x, y, func(o int) bool { return o > 0 })
	case "x >= y":
		return order(x, y, func(o int) bool { return o >= 0 })
	case "x BETWEEN y AND z":
		return order(x, y, func(o int) bool { return o >= 0 }) && order(x, z, func(o int) bool { return o <= 0 })
	case "x IN (y, z)":
		return equal(x, y) || equal(x, z)
	case "contains(x, y)":
		return naiveContains(x, y)
	case "begins_with(x, y)":
		if x.Kind() == attr.String && y.Kind() == attr.String {
			return strings.HasPrefix(x.Str(), y.Str())
		}
		return x.Kind() == attr.Binary && y.Kind() == attr.Binary && bytes.HasPrefix(x.Bytes(), y.Bytes())
	case "attribute_exists(x)":
		return !x.IsZero()
	case "attribute_not_exists(x)":
		return x.IsZero()
	case "size(x) = y":
		return equal(naiveSize(x), y)
	case "size(x) <> size(y)":
		return !equal(naiveSize(x), naiveSize(y))
	case "size(x) < y":
		return order(naiveSize(x), y, less)
	case "NOT x = y AND z = y":
		return !equal(x, y) && equal(z, y)
	case "x = y OR NOT (y = z AND x < z)":
		return equal(x, y) || !(equal(y, z) && order(x, z, less))
	case "contains(x, size(y))":
		return naiveContains(x, naiveSize(y))
	}
	panic(text)
}

func naiveContains(x, y attr.Value) bool {
	var elems []attr.Value
	switch x.Kind() {
	case attr.String:
		return y.Kind() == attr.String && strings.Contains(x.Str(), y.Str())
	case attr.Binary:
		return y.Kind() == attr.Binary && bytes.Contains(x.Bytes(), y.Bytes())
	case attr.List:
		elems = x.List()
	case attr.StringSet:
		for _, e := range x.Strings() {
			elems = append(elems, attr.S(e))
		}
	case attr.NumberSet:
		for _, e := range x.Strings() {
			elems = append(elems, attr.N(e))
		}
	case attr.BinarySet:
		for _, e := range x.Binaries() {
			elems = append(elems, attr.B(e))
		}
	}
	return !y.IsZero() && slices.ContainsFunc(elems, y.Equal)
}

func naiveSize(x attr.Value) attr.Value {
	switch x.Kind() {
	case attr.Invalid, attr.Number, attr.Bool, attr.Null:
		return attr.Value{}
	case attr.String:
		return attr.Int(len(utf16.Encode([]rune(x.Str()))))
	}
	return attr.Int(x.Len())
}

// FuzzMatchBytes sees that damaged bytes make no trouble.
func FuzzMatchBytes(f *testing.F) {
	f.Add([]byte(encode(f, wideItem())))
	values := map[string]attr.Value{":n": attr.N("7"), ":s": attr.S("v")}
	c, err := expr.NewBinder(nil, nil, values).Condition(expr.FilterMember,
		"a1.b[0] = :s OR size(a2) > :n OR contains(a3, :s) OR a4 BETWEEN :n AND a5 OR begins_with(a6, :s) OR a9 < :n")
	require.NoError(f, err)
	p, err := expr.NewBinder(nil, nil, nil).Projection("a1, a2.x, a3[0].y, a3[2]")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, stored []byte) {
		bound.Input(t, func() {
			c.Match(itemcodec.Item(stored))
			p.Append(nil, itemcodec.Item(stored))
		})
	})
}
