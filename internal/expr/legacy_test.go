package expr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
)

// operatorTexts are the expressions that the comparison operators stand for.
var operatorTexts = map[string]string{
	"EQ": "#a = :v", "NE": "#a <> :v", "LT": "#a < :v", "LE": "#a <= :v", "GT": "#a > :v", "GE": "#a >= :v",
	"BETWEEN": "#a BETWEEN :v AND :w", "BEGINS_WITH": "begins_with(#a, :v)", "IN": "#a IN (:v, :w)",
	"NULL": "attribute_not_exists(#a)", "NOT_NULL": "attribute_exists(#a)",
	"CONTAINS": "contains(#a, :v)", "NOT_CONTAINS": "attribute_exists(#a) AND NOT contains(#a, :v)",
}

// TestLegacyOperators evaluates every operator, with operands of every type, on
// items with an attribute of every type and without it, and demands what the
// expression says that stands for it.
func TestLegacyOperators(t *testing.T) {
	values := []attr.Value{
		attr.S(""), attr.S("a"), attr.S("abc"), attr.N("1"), attr.N("-2.50"), attr.B([]byte{1}), attr.B([]byte{1, 2}), attr.BOOL(true), attr.NULL(),
		attr.L(), attr.L(attr.S("a"), attr.N("1"), attr.NULL()), attr.M(nil), attr.M(attr.Item{"a": attr.N("1.0")}),
		attr.SS("a", "b"), attr.NS("1", "-2.5"), attr.BS([]byte{1}, []byte{2}),
	}
	docs := [][]byte{encode(t, attr.Item{"id": attr.S("x")})}
	for _, v := range values {
		docs = append(docs, encode(t, attr.Item{"id": attr.S("x"), "a.b[0]": v}))
	}
	for operator, text := range operatorTexts {
		names := map[string]string{"#a": "a.b[0]"}
		for i, v := range values {
			args := map[string]attr.Value{":v": v, ":w": values[(i+1)%len(values)]}
			operands := []attr.Value{v, args[":w"]}
			switch {
			case !strings.Contains(text, ":v"):
				args, operands = nil, nil
			case !strings.Contains(text, ":w"):
				delete(args, ":w")
				operands = operands[:1]
			}
			want, err := expr.NewBinder(nil, names, args).Condition(expr.ConditionMember, text)
			if err != nil {
				continue // operands that neither form takes
			}
			got, err := expr.LegacyCondition([]expr.Comparison{{Name: "a.b[0]", Operator: operator, Values: operands}}, false)
			require.NoError(t, err)
			require.Equal(t, []string{"a.b[0]"}, got.Attributes())
			require.Empty(t, got.Documents())
			for _, doc := range docs {
				require.Equal(t, want.Match(doc), got.Match(doc), "%s %v on %x", operator, operands, doc)
			}
		}
	}
}

// The cases are from the tests of ScyllaDB's Alternator, which its authors run
// against AWS, and from the "Expected (legacy)" page of the developer guide.
func TestLegacyCondition(t *testing.T) {
	doc := encode(t, attr.Item{"s": attr.S("hello"), "n": attr.N("1"), "z": attr.NULL(), "ns": attr.NS("2", "4", "7"),
		"l": attr.L(attr.N("2"), attr.S("x"))})
	is := func(name, operator string, values ...attr.Value) expr.Comparison {
		return expr.Comparison{Name: name, Operator: operator, Values: values}
	}
	one, two, ell := attr.N("1"), attr.N("2"), attr.S("ell")
	for _, c := range []struct {
		list  []expr.Comparison
		anyOf bool
		want  bool
	}{
		{[]expr.Comparison{is("n", "EQ", attr.N("1.0"))}, false, true},
		{[]expr.Comparison{is("n", "EQ", attr.S("1"))}, false, false},
		{[]expr.Comparison{is("ns", "EQ", attr.NS("7", "2", "4.0"))}, false, true},
		{[]expr.Comparison{is("n", "NE", attr.S("1"))}, false, true},
		{[]expr.Comparison{is("absent", "NE", one)}, false, true},
		{[]expr.Comparison{is("absent", "LT", one)}, false, false},
		{[]expr.Comparison{is("n", "LE", attr.S("1"))}, false, false},
		{[]expr.Comparison{is("z", "NULL")}, false, false}, // a null is there
		{[]expr.Comparison{is("z", "NOT_NULL")}, false, true},
		{[]expr.Comparison{is("s", "CONTAINS", ell), is("ns", "CONTAINS", two), is("l", "CONTAINS", two)}, false, true},
		{[]expr.Comparison{is("s", "NOT_CONTAINS", one)}, false, true},
		{[]expr.Comparison{is("n", "NOT_CONTAINS", one)}, false, true},
		{[]expr.Comparison{is("s", "NOT_CONTAINS", ell)}, false, false},
		{[]expr.Comparison{is("absent", "NOT_CONTAINS", one)}, false, false},
		{[]expr.Comparison{is("absent", "CONTAINS", one)}, false, false},
		{[]expr.Comparison{is("ns", "IN", two)}, false, false},
		{[]expr.Comparison{is("n", "IN", attr.N("3"), one)}, false, true},
		{[]expr.Comparison{is("absent", "BETWEEN", attr.N("0"), attr.N("100"))}, false, false},
		{[]expr.Comparison{is("n", "BETWEEN", one, two), is("s", "BEGINS_WITH", attr.S("x"))}, false, false},
		{[]expr.Comparison{is("n", "BETWEEN", one, two), is("s", "BEGINS_WITH", attr.S("x"))}, true, true},
		{[]expr.Comparison{is("n", "EQ", two), is("s", "BEGINS_WITH", attr.S("x"))}, true, false},
	} {
		got, err := expr.LegacyCondition(c.list, c.anyOf)
		require.NoError(t, err)
		require.Equal(t, c.want, got.Match(doc), "%v", c)
	}

	many := make([]attr.Value, 150) // an expression takes 100
	for i := range many {
		many[i] = attr.Int(i)
	}
	got, err := expr.LegacyCondition([]expr.Comparison{{Name: "n", Operator: "IN", Values: many}}, false)
	require.NoError(t, err)
	require.True(t, got.Match(doc))

	none, err := expr.LegacyCondition(nil, true)
	require.NoError(t, err)
	require.Nil(t, none)
	for _, c := range []expr.Comparison{is("n", "EQ"), is("n", "NULL", one), is("n", "IN"), is("n", "BETWEEN", one), is("n", "eq", one), is("n", "EQ", attr.N("x"))} {
		_, err := expr.LegacyCondition([]expr.Comparison{c}, false)
		require.Error(t, err, "%v", c)
	}
}

func TestLegacyKeyCondition(t *testing.T) {
	for operator, want := range map[string]expr.Op{
		"EQ": expr.Equal, "LT": expr.Less, "LE": expr.LessOrEqual, "GT": expr.Greater, "GE": expr.GreaterOrEqual, "BEGINS_WITH": expr.BeginsWith,
		"NE": expr.Unindexable, "IN": expr.Unindexable, "CONTAINS": expr.Unindexable, "NOT_CONTAINS": expr.Unindexable,
	} {
		k, err := expr.LegacyKeyCondition([]expr.Comparison{{Name: "p", Operator: operator, Values: []attr.Value{attr.S("x")}}})
		require.NoError(t, err)
		require.Equal(t, []expr.KeyPart{{Name: "p", Op: want, Values: []attr.Value{attr.S("x")}}}, k.Parts)
	}
	k, err := expr.LegacyKeyCondition([]expr.Comparison{{Name: "p", Operator: "BETWEEN", Values: []attr.Value{attr.S("x"), attr.S("y")}}, {Name: "q", Operator: "NULL"}})
	require.NoError(t, err)
	require.Equal(t, expr.Between, k.Parts[0].Op)
	require.Equal(t, expr.Unindexable, k.Parts[1].Op)
	_, err = expr.LegacyKeyCondition([]expr.Comparison{{Name: "p", Operator: "EQ"}})
	require.Error(t, err)
}

func TestLegacyProjection(t *testing.T) {
	p, err := expr.LegacyProjection([]string{"m.a", "l[0]", "size", "absent"})
	require.NoError(t, err)
	require.Equal(t, []string{"m.a", "l[0]", "size", "absent"}, p.Attributes())
	require.Empty(t, p.Documents())
	doc := encode(t, attr.Item{"m": attr.M(attr.Item{"a": attr.N("1")}), "l": attr.L(attr.N("1")), "m.a": attr.S("dot"), "size": attr.N("2")})
	require.Equal(t, []byte(encode(t, attr.Item{"m.a": attr.S("dot"), "size": attr.N("2")})), p.Append(nil, doc))
}

// The cases are from the tests of ScyllaDB's Alternator and from DynamoDB Local.
func TestLegacyUpdate(t *testing.T) {
	const mismatch = "Type mismatch for attribute to update"
	list := attr.L(attr.N("9"))
	for _, c := range []struct {
		action     string
		old, value attr.Value // zero: absent
		want       attr.Value
		fault      string
	}{
		{action: "PUT", old: attr.N("7"), value: attr.S("x"), want: attr.S("x")},
		{action: "PUT", value: attr.N("1.50"), want: attr.N("1.5")},
		{action: "DELETE", old: attr.N("7")},
		{action: "DELETE"},
		{action: "DELETE", old: attr.NS("1", "2", "3"), value: attr.NS("2", "9"), want: attr.NS("1", "3")},
		{action: "DELETE", old: attr.SS("a", "b"), value: attr.SS("b", "a")},
		{action: "DELETE", value: attr.SS("a")},
		{action: "DELETE", old: attr.NS("1"), value: attr.SS("1"), fault: mismatch},
		{action: "DELETE", old: attr.NULL(), value: attr.SS("1"), fault: mismatch},
		{action: "ADD", old: attr.N("7"), value: attr.N("-3.5"), want: attr.N("3.5")},
		{action: "ADD", value: attr.N("2"), want: attr.N("2")},
		{action: "ADD", old: attr.S("7"), value: attr.N("2"), fault: mismatch},
		{action: "ADD", old: attr.SS("a"), value: attr.SS("b", "a"), want: attr.SS("a", "b")},
		{action: "ADD", old: attr.N("1"), value: attr.NS("1"), fault: mismatch},
		{action: "ADD", old: attr.L(attr.S("x")), value: list, want: attr.L(attr.S("x"), attr.N("9"))},
		{action: "ADD", value: list, want: list},
		{action: "ADD", old: attr.NS("1"), value: list, fault: mismatch},
		{action: "ADD", old: attr.N("9e125"), value: attr.N("9e125"), fault: "Number overflow. Attempting to store a number with magnitude larger than supported range"},
	} {
		u, err := expr.LegacyUpdate([]expr.AttributeUpdate{{Name: "a.b", Action: c.action, Value: c.value}})
		require.NoError(t, err)
		require.Equal(t, []string{"a.b"}, u.Attributes())
		require.Empty(t, u.Documents())
		require.Equal(t, c.action != "DELETE", u.Creates())
		item, want := attr.Item{"id": attr.S("x")}, attr.Item{"id": attr.S("x")}
		if !c.old.IsZero() {
			item["a.b"] = c.old
		}
		old := item.Clone()
		err = u.Apply(item)
		if c.fault != "" {
			require.EqualError(t, err, c.fault)
			require.Equal(t, old, item)
			continue
		}
		require.NoError(t, err)
		if !c.want.IsZero() {
			want["a.b"] = c.want
		}
		require.Equal(t, want.String(), item.String(), "%v", c)
		oldPart, newPart := u.Updated(old, item)
		require.Equal(t, len(old) > 1, oldPart != nil)
		require.Equal(t, len(want) > 1, newPart != nil)
	}
	none, err := expr.LegacyUpdate(nil)
	require.NoError(t, err)
	require.Nil(t, none)
	_, err = expr.LegacyUpdate([]expr.AttributeUpdate{{Name: "a", Action: "SET", Value: list}})
	require.Error(t, err)
	_, err = expr.LegacyUpdate([]expr.AttributeUpdate{{Name: "a", Action: "PUT"}})
	require.Error(t, err)
}
