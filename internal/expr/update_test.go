package expr_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
)

func bindUpdate(t testing.TB, text string, values map[string]attr.Value) *expr.Update {
	t.Helper()
	u, err := expr.NewBinder(nil, nil, values).Update(text)
	require.NoError(t, err)
	return u
}

func TestUpdateCreates(t *testing.T) {
	values := map[string]attr.Value{":n": attr.N("1"), ":s": attr.SS("a")}
	for text, want := range map[string]bool{
		"SET a = :n": true, "ADD a :n": true, "REMOVE a": false, "DELETE a :s": false,
		"REMOVE a DELETE b :s": false, "REMOVE a ADD b :s": true,
	} {
		require.Equal(t, want, bindUpdate(t, text, values).Creates(), text)
	}
}

// TestApplyToKeyAlone updates an item that does not exist yet: its key is there
// to be read, and nothing else.
func TestApplyToKeyAlone(t *testing.T) {
	values := map[string]attr.Value{":n": attr.N("1.50"), ":s": attr.NS("2.0", "1")}
	item := attr.Item{"id": attr.S("k")}
	u := bindUpdate(t, "SET a = id, b = if_not_exists(b, :n) + :n ADD c :n, d :s REMOVE e DELETE f :s", values)
	require.NoError(t, u.Apply(item))
	require.Equal(t, `{a: "k", b: 3, c: 1.5, d: <1, 2>, id: "k"}`, item.String())
	oldPart, newPart := u.Updated(nil, item)
	require.Nil(t, oldPart)
	require.Equal(t, `{a: "k", b: 3, c: 1.5, d: <1, 2>}`, newPart.String())

	for text, want := range map[string]string{
		"SET a = b":         "The provided expression refers to an attribute that does not exist in the item",
		"SET a.b = :n":      "The document path provided in the update expression is invalid for update",
		"SET a = id + :n":   "An operand in the update expression has an incorrect data type",
		"ADD id :n":         "An operand in the update expression has an incorrect data type",
		"REMOVE a.b":        "The document path provided in the update expression is invalid for update",
		"SET a = b, c = :n": "The provided expression refers to an attribute that does not exist in the item",
	} {
		item := attr.Item{"id": attr.S("k")}
		require.EqualError(t, bindUpdate(t, text, values).Apply(item), want, text)
		require.Equal(t, attr.Item{"id": attr.S("k")}, item, text)
	}
}

func TestApplyNumberLimits(t *testing.T) {
	values := map[string]attr.Value{
		":big": attr.N("9.9E125"), ":e50": attr.N("1E50"), ":one": attr.N("1"), ":tiny": attr.N("1E-130"), ":near": attr.N("1.1E-130"),
	}
	for text, want := range map[string]string{
		"SET a = :big + :big":   "Number overflow. Attempting to store a number with magnitude larger than supported range",
		"SET a = :e50 + :one":   "Number overflow. Attempting to store a number with magnitude larger than supported range",
		"SET a = :one + :one":   "",
		"SET a = :tiny - :tiny": "",
	} {
		err := bindUpdate(t, text, values).Apply(attr.Item{})
		requireMessage(t, err, want)
	}
}

// TestApplySharesNothing updates documents that somebody else still looks at.
func TestApplySharesNothing(t *testing.T) {
	list := attr.L(attr.N("1"), attr.M(attr.Item{"x": attr.N("1")}))
	doc := attr.M(attr.Item{"l": list, "y": attr.N("2")})
	item := attr.Item{"m": doc}
	before := item.String()
	shared := item.Clone()
	u := bindUpdate(t, "SET m.l[1].x = :n, m.l[7] = :n REMOVE m.y, m.l[0]", map[string]attr.Value{":n": attr.N("9")})
	require.NoError(t, u.Apply(item))
	require.Equal(t, "{m: {l: [{x: 9}, 9]}}", item.String())
	require.Equal(t, before, shared.String())
}

func TestUpdateDocuments(t *testing.T) {
	u := bindUpdate(t, "SET a = b.c, d[0] = e + if_not_exists(f.g, :n) REMOVE h, i.j", map[string]attr.Value{":n": attr.N("1")})
	require.Equal(t, []string{"a", "d", "h", "i"}, u.Attributes())
	require.Equal(t, []string{"b", "d", "f", "i"}, u.Documents())
}

func TestApplyToLargeSets(t *testing.T) {
	var have, change []string
	for i := range 100 {
		have = append(have, strconv.Itoa(i))
		change = append(change, strconv.Itoa(i+50)+".0")
	}
	values := map[string]attr.Value{":n": attr.NS(change...), ":b": attr.BS([]byte("b"), []byte("c"))}
	item := attr.Item{"n": attr.NS(have...), "m": attr.NS(have...), "b": attr.BS([]byte("a"), []byte("b")), "c": attr.BS([]byte("b"))}
	require.NoError(t, bindUpdate(t, "ADD n :n, b :b DELETE m :n, c :b", values).Apply(item))
	require.Equal(t, 150, item["n"].Len())
	require.Equal(t, 50, item["m"].Len())
	require.Equal(t, 3, item["b"].Len())
	require.NotContains(t, item, "c")
	_, err := itemcodec.AppendItem(nil, item)
	require.NoError(t, err)
}

func TestKeyConditionTurnsOperators(t *testing.T) {
	values := map[string]attr.Value{":n": attr.N("1")}
	for text, want := range map[string]expr.Op{
		"a = :n": expr.Equal, ":n = a": expr.Equal, "a < :n": expr.Less, ":n < a": expr.Greater, "a <= :n": expr.LessOrEqual,
		":n <= a": expr.GreaterOrEqual, "a > :n": expr.Greater, ":n > a": expr.Less, "a >= :n": expr.GreaterOrEqual, ":n >= a": expr.LessOrEqual,
		"a BETWEEN :n AND :n": expr.Between,
	} {
		k, err := expr.NewBinder(nil, nil, values).KeyCondition(text)
		require.NoError(t, err)
		require.Len(t, k.Parts, 1)
		require.Equal(t, want, k.Parts[0].Op, text)
	}
}
