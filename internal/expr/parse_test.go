package expr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/expr"
)

func TestLimits(t *testing.T) {
	values := map[string]attr.Value{":n": attr.N("1")}
	repeat := func(s, sep string, n int) string { return strings.TrimSuffix(strings.Repeat(s+sep, n), sep) }
	tests := []struct {
		name, text, want string
	}{
		{"4096 bytes", "b=:n" + strings.Repeat(" ", 4092), ""},
		{"4097 bytes", "b=:n" + strings.Repeat(" ", 4093), "Expression size has exceeded the maximum allowed size; expression size: 4097"},
		{"299 operators", repeat("b=:n", " OR ", 150), ""},
		{"301 operators", repeat("b=:n", " OR ", 151), "The expression contains too many operators; operator count: 301"},
		{"functions count", repeat("size(b)=:n", " OR ", 101), "The expression contains too many operators; operator count: 301"},
		{"299 NOT", strings.Repeat("NOT ", 299) + "b=:n", ""},
		{"300 NOT", strings.Repeat("NOT ", 300) + "b=:n", "The expression contains too many operators; operator count: 301"},
		{"IN 100", "b IN (" + repeat(":n", ",", 100) + ")", ""},
		{"IN 101", "b IN (" + repeat(":n", ",", 101) + ")", "The IN operator is provided with too many operands; number of operands: 101"},
		{"depth 32", "b" + strings.Repeat(".c", 31) + "=:n", ""},
		{"depth 33", "b" + strings.Repeat("[0]", 32) + "=:n", "The document path has too many nesting levels; nesting levels: 33"},
		{"index", "b[2147483647]=:n", ""},
		{"index too large", "b[2147483648]=:n", "List index is not within the allowable range; index: [2147483648]"},
		{"4096 open parentheses", strings.Repeat("(", 4096), `Syntax error; token: "<EOF>", near: "("`},
		{"redundant parentheses", strings.Repeat("(", 2000) + "b=:n" + strings.Repeat(")", 2000), "The expression has redundant parentheses;"},
		{"1000 NOT", strings.Repeat("NOT ", 1000), `Syntax error; token: "<EOF>", near: "NOT "`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := expr.NewBinder(nil, nil, values).Condition(expr.ConditionMember, test.text)
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, "Invalid ConditionExpression: "+test.want)
			}
		})
	}
}

func TestUpdateOperatorLimit(t *testing.T) {
	values := map[string]attr.Value{":n": attr.N("1")}
	for operators, want := range map[int]string{
		300: "",
		301: "Invalid UpdateExpression: The expression contains too many operators; operator count: 301",
	} {
		var text strings.Builder
		for i := range operators {
			fmt.Fprintf(&text, ",b%d=b+:n", i)
		}
		_, err := expr.NewBinder(nil, nil, values).Update("SET " + text.String()[1:])
		requireMessage(t, err, want)
	}
}

func requireMessage(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		require.NoError(t, err)
		return
	}
	require.EqualError(t, err, want)
}

// TestUnused compares with what the service answered, its order of keys too.
func TestUnused(t *testing.T) {
	one := attr.N("1")
	values := map[string]attr.Value{}
	for _, key := range []string{":n", ":z", ":y", ":abc", ":b1", ":foo", ":long_name_here", ":k", ":m", ":p", ":zz", ":q9", ":x"} {
		values[key] = one
	}
	b := expr.NewBinder(nil, map[string]string{"#q": "a", "#foo": "x", "#bar": "y"}, values)
	_, err := b.Condition(expr.ConditionMember, "b = :n")
	require.NoError(t, err)
	require.EqualError(t, b.Unused(), "Value provided in ExpressionAttributeNames unused in expressions: keys: {#bar, #foo, #q}")

	b = expr.NewBinder(nil, nil, values)
	_, err = b.Condition(expr.ConditionMember, "b = :n")
	require.NoError(t, err)
	require.EqualError(t, b.Unused(), "Value provided in ExpressionAttributeValues unused in expressions: "+
		"keys: {:z, :q9, :b1, :long_name_here, :k, :abc, :m, :p, :foo, :zz, :x, :y}")

	b = expr.NewBinder(nil, map[string]string{"#b": "b", "#c": "c"}, map[string]attr.Value{":n": one, ":l": attr.L(one), ":p": one})
	_, err = b.KeyCondition("#b = :n")
	require.NoError(t, err)
	_, err = b.Condition(expr.FilterMember, "c = :l OR c = :p")
	require.NoError(t, err)
	_, err = b.Projection("#c")
	require.NoError(t, err)
	require.NoError(t, b.Unused())

	// More placeholders than are looked for one by one.
	var text strings.Builder
	many := map[string]attr.Value{":unused": one}
	for i := range 30 {
		key := ":v" + strings.Repeat("i", i)
		many[key] = one
		text.WriteString(map[bool]string{true: "", false: ","}[i == 0] + key)
	}
	b = expr.NewBinder(nil, nil, many)
	_, err = b.Condition(expr.FilterMember, "c IN ("+text.String()+")")
	require.NoError(t, err)
	require.EqualError(t, b.Unused(), "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a = :v AND NOT (b.c[0] IN (:x, :y) OR size(#n) BETWEEN :a AND :b)", "attribute_not_exists(id)",
		"a, b.c[0], #n", "SET a = if_not_exists(a, :x) + :y, l = list_append(l, :z) REMOVE b[1] ADD c :n DELETE d :s",
		"((a))", "a..b", "é", "(a) = (:v)", "SET a = (b - :c)", "NOT NOT a<>b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		bound.Input(t, func() {
			printed, err := expr.PrintParsed(expr.ConditionText, text)
			if err == nil {
				again, err := expr.PrintParsed(expr.ConditionText, printed)
				require.NoError(t, err, printed)
				require.Equal(t, printed, again)
			}
			if printed, err = expr.PrintParsed(expr.ProjectionText, text); err == nil {
				again, err := expr.PrintParsed(expr.ProjectionText, printed)
				require.NoError(t, err, printed)
				require.Equal(t, printed, again)
			}
			if printed, err = expr.PrintParsed(expr.UpdateText, text); err == nil {
				again, err := expr.PrintParsed(expr.UpdateText, printed)
				require.NoError(t, err, printed)
				require.Equal(t, printed, again)
			}
		})
	})
}

func FuzzTranslate(f *testing.F) {
	f.Add(byte(0), "visits < ? AND größe = ? OR contains(a.b[0], :x)")
	f.Add(byte(4), "SET a = ? + #b REMOVE c")
	f.Add(byte(3), "a, b.c, _d")
	f.Fuzz(func(t *testing.T, member byte, text string) {
		bound.Input(t, func() {
			m := expr.Member(member % 5)
			n, err := expr.Translate(m, text)
			if err != nil {
				return
			}
			require.Len(t, n.Values, n.Args)
			// What comes out is AWS's grammar, and goes through again unchanged.
			again, err := expr.Translate(m, n.Text)
			require.NoError(t, err, n.Text)
			require.Equal(t, n.Text, again.Text)
			require.Empty(t, again.Names)
		})
	})
}
