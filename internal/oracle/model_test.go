package oracle_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/oracle"
)

func newModel(t *testing.T) *oracle.Model {
	m := oracle.New(oracle.Options{})
	_, err := api.Do(t.Context(), m, &api.CreateTableInput{
		TableName:            new("films"),
		BillingMode:          new(api.BillingModePayPerRequest),
		KeySchema:            []api.KeySchemaElement{{AttributeName: new("pk"), KeyType: new(api.KeyTypeHash)}},
		AttributeDefinitions: []api.AttributeDefinition{{AttributeName: new("pk"), AttributeType: new(api.ScalarAttributeTypeS)}},
	})
	require.NoError(t, err)
	return m
}

func sample() attr.Item {
	return attr.Item{
		"pk": attr.S("a"), "s": attr.S("hé"), "n": attr.N("5"), "b": attr.B([]byte("ab")), "t": attr.BOOL(true), "u": attr.NULL(),
		"l": attr.L(attr.N("1"), attr.S("x"), attr.L()), "m": attr.M(attr.Item{"a": attr.N("1"), "b": attr.S("q")}),
		"ss": attr.SS("a", "b"), "ns": attr.NS("1", "2"), "e": attr.S(""),
	}
}

func message(err error) string {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e.Message
	}
	return ""
}

var values = map[string]attr.Value{
	":s": attr.S("x"), ":a": attr.S("a"), ":n": attr.N("1"), ":nn": attr.N("1.0"), ":two": attr.N("2"), ":l": attr.L(), ":set": attr.SS("a"),
	":ba": attr.SS("b", "a"), ":bin": attr.B([]byte("b")), ":big": attr.N("9e125"), ":t": attr.S("S"),
}

// used returns the values that a text mentions.
func used(text string) map[string]attr.Value {
	out := map[string]attr.Value{}
	for _, word := range oracle.Words(text) {
		if v, ok := values[word]; ok {
			out[word] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// The answers below are those of Amazon's DynamoDB Local 2.6.1, whose
// expressions behave as the service's do.

func TestConditions(t *testing.T) {
	const failed = "The conditional request failed"
	ice := func(text string) string { return "Invalid ConditionExpression: " + text }
	for _, c := range []struct{ text, want string }{
		{"zz <> zy", ""}, {"zz <> s", ""}, {"s <> zz", ""}, {"zz = zy", failed}, {"NOT zz = :s", ""}, {"zz < :s", failed},
		{"size(n) <> :s", ""}, {"size(n) = :s", failed}, {"size(s) = :two", ""}, {"size(l) > :two", ""}, {"zz BETWEEN s AND e", failed},
		{"zz IN (zy)", failed}, {"ss IN (:ba)", ""}, {"ss = :ba", ""}, {"contains(ss, :set)", failed}, {"contains(l, :nn)", ""},
		{"contains(l, :l)", ""}, {"contains(m, :a)", failed}, {"contains(ns, :nn)", ""}, {"contains(b, :bin)", ""}, {"contains(s, e)", ""},
		{"s < :bin", failed}, {"b < :bin", ""}, {"begins_with(n, :a)", failed}, {"attribute_type(l[1], :t)", ""}, {"attribute_exists(l[3])", failed},
		{"attribute_exists(m.a.b)", failed}, {"not attribute_exists(s[0]) and t <> u", ""},
		{"s = :s :s", ice(`Syntax error; token: ":s", near: ":s :s"`)},
		{" = :s", ice(`Syntax error; token: "=", near: " = :s"`)},
		{"(s = :s", ice(`Syntax error; token: "<EOF>", near: ":s"`)},
		{"s[0.5] = :s", ice(`Syntax error; token: ".", near: "0.5"`)},
		{"s = 'é'", ice(`Syntax error; token: "'", near: "= 'é"`)},
		{"((s)) = :s", ice("The expression has redundant parentheses;")},
		{"((s))", ice(`Syntax error; token: "<EOF>", near: ")"`)},
		{"((s = :s)) AND", ice("The expression has redundant parentheses;")},
		{"foo(s) AND name = :s", ice("Invalid function name; function: foo")},
		{"name = :s AND foo(s)", ice("Attribute name is a reserved keyword; reserved keyword: name")},
		{"size(s)", ice("The function is not allowed to be used this way in an expression; function: size")},
		{"s = if_not_exists(s, :s)", ice("The function is not allowed in a condition expression; function: if_not_exists")},
		{"#a = :zz", ice("An expression attribute name used in the document path is not defined; attribute name: #a")},
		{"s = s AND n < :l", ice("The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [s]")},
		{"n < :l AND s = s", ice("Incorrect operand type for operator or function; operator or function: <, operand type: L")},
		{"attribute_exists(:s)", ice("Operator or function requires a document path; operator or function: attribute_exists")},
		{"size(s) = :n AND size(size(s)) = :n", ice("Incorrect operand type for operator or function; operator or function: size, operand type: N")},
		{"begins_with(s)", ice("Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1")},
		{"s BETWEEN :s AND :n", ice("The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {S:x}, upper bound operand: AttributeValue: {N:1}")},
		{"pk.a = :s", "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"},
	} {
		m := newModel(t)
		_, err := api.Do(t.Context(), m, &api.PutItemInput{TableName: new("films"), Item: api.ItemOf(sample())})
		require.NoError(t, err)
		_, err = api.Do(t.Context(), m, &api.DeleteItemInput{TableName: new("films"), Key: attr.Item{"pk": attr.S("a")},
			ConditionExpression: new(c.text), ExpressionAttributeValues: used(c.text)})
		require.Equal(t, c.want, message(err), c.text)
	}
}

func TestUpdates(t *testing.T) {
	const (
		missing = "The provided expression refers to an attribute that does not exist in the item"
		path    = "The document path provided in the update expression is invalid for update"
		operand = "An operand in the update expression has an incorrect data type"
	)
	iue := func(text string) string { return "Invalid UpdateExpression: " + text }
	for _, c := range []struct{ text, want string }{ // want is the message, or the UPDATED_NEW attributes
		{"SET l[7] = :s, l[5] = :n REMOVE l[0]", `{l: ["x"]}`},
		{"SET m.b = m.a, m.a = :s", `{m: {a: "x", b: 1}}`},
		{"SET m.b = m.zz", missing}, {"SET q.x = :s", path}, {"REMOVE m.zz.x", path}, {"REMOVE l[9]", `{}`}, {"REMOVE l[0]", `{l: ["x"]}`},
		{"SET n = n + s", operand}, {"ADD s :n", operand}, {"ADD n :n", `{n: 6}`}, {"ADD q :ba", `{q: <"a", "b">}`},
		{"ADD m.zz :n", `{m: {zz: 1}}`}, {"DELETE ss :ba", `{}`}, {"DELETE ss :set", `{ss: <"b">}`}, {"DELETE zz :set", `{}`}, {"DELETE n :set", operand},
		{"SET q = if_not_exists(s, zz)", missing}, {"SET q = if_not_exists(s, :n)", `{q: "hé"}`}, {"SET q = list_append(l, :l)", `{q: [1, "x", []]}`},
		{"SET n = :big + :big", "Number overflow. Attempting to store a number with magnitude larger than supported range"},
		{"SET q = n + n, n = :n", `{n: 1, q: 10}`},
		{"SET pk = :s", "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"},
		{"SET q = :zz, #q = :s", iue("An expression attribute name used in the document path is not defined; attribute name: #q")},
		{"SET q = :zz, q = :s", iue("Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [q], path two: [q]")},
		{"REMOVE m.a, m[0]", iue("Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m, [0]]")},
		{"SET q = :s SET r = :s", iue(`The "SET" section can only be used once in an update expression;`)},
		{"SET q = n + :n + :n", iue(`Syntax error; token: "+", near: ":n + :n"`)},
		{"ADD q :s DELETE r :n", iue("Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND")},
		{"DELETE r :n ADD q :s", iue("Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND")},
		{"SET q = list_append(list_append(l, :l), :l)", iue("The function is not allowed to be used this way in an expression; function: list_append")},
		{"SET q = size(l)", iue("The function is not allowed in an update expression; function: size")},
	} {
		m := newModel(t)
		_, err := api.Do(t.Context(), m, &api.PutItemInput{TableName: new("films"), Item: api.ItemOf(sample())})
		require.NoError(t, err)
		out, err := api.Do(t.Context(), m, &api.UpdateItemInput{TableName: new("films"), Key: attr.Item{"pk": attr.S("a")},
			UpdateExpression: new(c.text), ExpressionAttributeValues: used(c.text), ReturnValues: new(api.ReturnValueUpdatedNew)})
		got := message(err)
		if err == nil {
			got = out.Attributes.String()
		}
		require.Equal(t, c.want, got, c.text)
	}
}

// liar is a client that now and then tells of one item too few.
type liar struct {
	api.Client
	calls *int
}

func (l liar) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	out, err := l.Client.Serve(ctx, in)
	if page, ok := out.(*api.QueryOutput); ok && len(page.Items) > 1 {
		if *l.calls++; *l.calls > 3 {
			page.Items = page.Items[1:]
			page.Count--
		}
	}
	return out, err
}

// TestDifferenceIsFound: the driver notices a client that errs, and makes its script short.
func TestDifferenceIsFound(t *testing.T) {
	script := oracle.Script(5, 800)
	run := func(script []oracle.Step) error {
		clock := oracle.NewClock()
		calls := 0
		return oracle.Run(t.Context(), clock, []oracle.Subject{
			{Name: "oracle", Client: oracle.New(oracle.Options{Now: clock.Now})},
			{Name: "liar", Client: liar{oracle.New(oracle.Options{Now: clock.Now}), &calls}},
		}, script)
	}
	err := run(script)
	d, ok := errors.AsType[*oracle.Difference](err)
	require.True(t, ok, "%v", err)
	short := oracle.Shrink(script[:d.Step+1], 5_000, func(s []oracle.Step) bool {
		_, differs := errors.AsType[*oracle.Difference](run(s))
		return differs
	})
	require.Less(t, len(short), d.Step/2)
	require.NotEmpty(t, oracle.Describe(short))
	require.Equal(t, oracle.Describe(script), oracle.Describe(oracle.Script(5, 800)), "a seed makes one script")
}
