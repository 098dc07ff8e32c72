package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// The answers are those of DynamoDB Local 2.6.1, but for these: an update that
// only deletes makes no item (ScyllaDB's Alternator, test_item.py, run against
// AWS), and where dynalite, which was recorded from AWS, has other words
// (duplicate names, conditions that are not indexable, faults before the item is read).

// conditions reads "name OPERATOR [operands]; …".
func conditions(t *testing.T, text string) map[string]api.Condition {
	m := map[string]api.Condition{}
	for part := range strings.SplitSeq(text, "; ") {
		if part == "" {
			continue
		}
		f := strings.SplitN(part, " ", 3)
		m[f[0]] = api.Condition{ComparisonOperator: new(api.ComparisonOperator(f[1])), AttributeValueList: item(t, "{v: "+f[2]+"}")["v"].List()}
	}
	return m
}

// expectations reads the same, and "name = value", "name ABSENT".
func expectations(t *testing.T, text string) map[string]api.ExpectedAttributeValue {
	m := map[string]api.ExpectedAttributeValue{}
	for part := range strings.SplitSeq(text, "; ") {
		f := strings.SplitN(part, " ", 3)
		switch f[1] {
		case "=":
			m[f[0]] = api.ExpectedAttributeValue{Value: new(item(t, "{v: "+f[2]+"}")["v"])}
		case "ABSENT":
			m[f[0]] = api.ExpectedAttributeValue{Exists: new(false)}
		default:
			c := conditions(t, part)[f[0]]
			m[f[0]] = api.ExpectedAttributeValue{ComparisonOperator: c.ComparisonOperator, AttributeValueList: c.AttributeValueList}
		}
	}
	return m
}

// updates reads "name ACTION [value]; …".
func updates(t *testing.T, text string) map[string]api.AttributeValueUpdate {
	m := map[string]api.AttributeValueUpdate{}
	for part := range strings.SplitSeq(text, "; ") {
		if part == "" {
			continue
		}
		f := strings.SplitN(part, " ", 3)
		u := api.AttributeValueUpdate{Action: new(api.AttributeAction(f[1]))}
		if len(f) > 2 {
			u.Value = new(item(t, "{v: "+f[2]+"}")["v"])
		}
		m[f[0]] = u
	}
	return m
}

const legacyTable = "users pk:S sk:N\ngsi gsi gp:S ls:N KEYS_ONLY\nlsi lsi ls:N KEYS_ONLY"

func TestLegacyExpected(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, legacyTable)
	const failed = "ConditionalCheckFailedException: The conditional request failed"
	for _, c := range []struct{ expected, operator, fault string }{
		{"n = 5", "", ""},
		{"n = 6", "", failed},
		{"q ABSENT", "", ""},
		{"n ABSENT", "", failed},
		{"n = 6; s = \"hello\"", "", failed},
		{"n = 6; s = \"hello\"", "OR", ""},
		{"n = 6; s = \"x\"", "OR", failed},
		{"pk = \"a\"; sk LT [2]", "", ""},
		{"m.a = 1", "", failed},
		{"q NE [1]", "", ""},
		{"q NOT_CONTAINS [1]", "", failed},
		{"s NOT_CONTAINS [1]", "", ""},
		{"n CONTAINS [[1]]", "", "One or more parameter values were invalid: ComparisonOperator CONTAINS is not valid for L AttributeValue type"},
		{"n CONTAINS [true]", "", failed},
		{"n BETWEEN [9, 10]; q NULL []", "OR", ""},
		{"n = 5", "OR", "ConditionalOperator can only be used when Filter or Expected has two or more elements"},
	} {
		put(t, e, "users", `{pk: "a", sk: 1, s: "hello", n: 5, m: {a: 1}}`)
		var operator *api.ConditionalOperator
		if c.operator != "" {
			operator = new(api.ConditionalOperator(c.operator))
		}
		expected := expectations(t, c.expected)
		for _, in := range []api.Request{
			&api.PutItemInput{TableName: new("users"), Item: api.ItemOf(item(t, `{pk: "a", sk: 1, s: "hello", n: 5}`)), Expected: expected, ConditionalOperator: operator},
			&api.UpdateItemInput{TableName: new("users"), Key: item(t, `{pk: "a", sk: 1}`), Expected: expected, ConditionalOperator: operator},
			&api.DeleteItemInput{TableName: new("users"), Key: item(t, `{pk: "a", sk: 1}`), Expected: expected, ConditionalOperator: operator},
		} {
			_, err := e.Serve(context.Background(), in)
			if c.fault == "" {
				require.NoError(t, err, c.expected)
				continue
			}
			require.ErrorContains(t, err, strings.TrimPrefix(c.fault, "ConditionalCheckFailedException: "), c.expected)
		}
	}

	put(t, e, "users", `{pk: "a", sk: 1, n: 5}`)
	err := fails(t, e, &api.DeleteItemInput{TableName: new("users"), Key: item(t, `{pk: "a", sk: 1}`), Expected: expectations(t, "n = 6"),
		ReturnValuesOnConditionCheckFailure: new(api.ReturnValuesOnConditionCheckFailureAllOld)})
	require.Equal(t, api.CodeConditionalCheckFailed, err.Code)
	require.Equal(t, `{n: 5, pk: "a", sk: 1}`, err.Item.String())
	err = fails(t, e, &api.PutItemInput{TableName: new("users"), Item: api.ItemOf(item(t, `{pk: "a", sk: 1}`)), Expected: map[string]api.ExpectedAttributeValue{},
		ConditionExpression: new("attribute_exists(n)")})
	require.Equal(t, "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected} "+
		"Expression parameters: {ConditionExpression}", err.Message)
}

func TestLegacyUpdates(t *testing.T) {
	const invalid = "One or more parameter values were invalid: "
	full := `{pk: "a", sk: 1, n: 5, s: "hello", ss: <"a", "b">, l: [1]}`
	for _, c := range []struct {
		old, updates string
		returns      api.ReturnValue
		answer       string // of the update
		item         string // after it
	}{
		{full, `n ADD 2; ss DELETE <"b", "z">; l ADD [9]; s DELETE`, "UPDATED_NEW", `{l: [1, 9], n: 7, ss: <"a">}`, `{pk: "a", sk: 1, l: [1, 9], n: 7, ss: <"a">}`},
		{full, `n ADD 2; q DELETE; s DELETE`, "UPDATED_OLD", `{n: 5, s: "hello"}`, `{pk: "a", sk: 1, l: [1], n: 7, ss: <"a", "b">}`},
		{full, `ss DELETE <"b", "a">`, "UPDATED_NEW", "absent", `{pk: "a", sk: 1, l: [1], n: 5, s: "hello"}`},
		{full, `ss DELETE <"q">`, "UPDATED_NEW", `{ss: <"a", "b">}`, full},
		{full, "", "ALL_NEW", full, full},
		{full, `s ADD 1`, "NONE", "Type mismatch for attribute to update", full},
		{full, `n PUT 6; s ADD 1`, "NONE", "Type mismatch for attribute to update", full},
		{full, `n ADD "x"`, "NONE", invalid + "ADD action is not supported for the type S", full},
		{full, `l DELETE [1]`, "NONE", invalid + "DELETE action with value is not supported for the type L", full},
		{full, `n ADD`, "NONE", invalid + "Only DELETE action is allowed when no attribute value is specified", full},
		{full, `sk ADD 1`, "NONE", invalid + "Cannot update attribute sk. This attribute is part of the key", full},
		{full, `gp PUT 1`, "NONE", invalid + "Type mismatch for Index Key gp Expected: S Actual: N IndexName: gsi", full},
		{full, `gp PUT ""`, "NONE", "One or more parameter values are not valid. A value specified for a secondary index key is not supported. " +
			"The AttributeValue for a key attribute cannot contain an empty string value. IndexName: gsi, IndexKey: gp", full},
		{"", `n ADD 2; gp PUT "g"; ls ADD 1`, "ALL_NEW", `{pk: "a", sk: 1, gp: "g", ls: 1, n: 2}`, `{pk: "a", sk: 1, gp: "g", ls: 1, n: 2}`},
		{"", `m.a PUT 7; l[0] PUT 8; size DELETE`, "UPDATED_NEW", `{l[0]: 8, m.a: 7}`, `{pk: "a", sk: 1, l[0]: 8, m.a: 7}`},
		{"", "", "ALL_NEW", `{pk: "a", sk: 1}`, `{pk: "a", sk: 1}`},
		{"", `n DELETE; ss DELETE <"a">`, "ALL_NEW", "absent", ""},
	} {
		e := open(t, openMemory(t))
		create(t, e, legacyTable)
		if c.old != "" {
			put(t, e, "users", c.old)
		}
		out, err := api.Do(t.Context(), e, &api.UpdateItemInput{TableName: new("users"), Key: item(t, `{pk: "a", sk: 1}`),
			AttributeUpdates: updates(t, c.updates), ReturnValues: &c.returns})
		switch {
		case !strings.HasPrefix(c.answer, "{") && c.answer != "absent":
			require.ErrorContains(t, err, c.answer, c.updates)
		case c.answer == "absent":
			require.NoError(t, err)
			require.True(t, out.Attributes.IsZero(), c.updates)
		default:
			require.NoError(t, err)
			require.Equal(t, item(t, c.answer).String(), out.Attributes.String(), c.updates)
		}
		got := do(t, e, &api.GetItemInput{TableName: new("users"), Key: item(t, `{pk: "a", sk: 1}`)})
		if c.item == "" {
			require.True(t, got.Item.IsZero())
			continue
		}
		require.Equal(t, item(t, c.item).String(), got.Item.String(), c.updates)
	}
}

func TestLegacyQueryAndScan(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, legacyTable)
	for i := range 6 {
		put(t, e, "users", text(`{pk: "a", sk: %d, n: %d, m: {a: 1}, m.a: "dot", gp: "g", ls: %d}`, i, i, i%3))
	}
	or := new(api.ConditionalOperatorOr)
	const pk = `pk EQ ["a"]`
	for _, c := range []struct {
		in    api.QueryInput // KeyConditions pk when nil
		keys  string
		items string // "count: items" or the fault
	}{
		{keys: pk + "; sk BETWEEN [1, 2]", in: api.QueryInput{AttributesToGet: []string{"sk", "m.a"}}, items: `2: {m.a: "dot", sk: 1} {m.a: "dot", sk: 2}`},
		{keys: pk + "; sk LT [1]", in: api.QueryInput{AttributesToGet: []string{"absent"}}, items: "1: {}"},
		{keys: pk, in: api.QueryInput{QueryFilter: conditions(t, "n GT [3]; q NULL []"), AttributesToGet: []string{"n"}}, items: "2: {n: 4} {n: 5}"},
		{keys: pk, in: api.QueryInput{QueryFilter: conditions(t, "n GT [3]; n2 NOT_NULL []"), ConditionalOperator: or, Select: new(api.SelectCount)}, items: "2:"},
		{keys: pk, in: api.QueryInput{FilterExpression: new("n > :n"), ExpressionAttributeValues: item(t, "{:n: 4}"), ProjectionExpression: new("n")}, items: "1: {n: 5}"},
		{keys: `gp EQ ["g"]; ls EQ [2]`, in: api.QueryInput{IndexName: new("gsi"), AttributesToGet: []string{"ls"}}, items: "2: {ls: 2} {ls: 2}"},
		{keys: pk + "; ls EQ [2]", in: api.QueryInput{IndexName: new("lsi"), AttributesToGet: []string{"m.a"}}, items: `2: {m.a: "dot"} {m.a: "dot"}`},
		{keys: "", items: "Conditions can be of length 1 or 2 only"},
		{keys: "sk EQ [1]", items: "Query condition missed key schema element: pk"},
		{keys: pk + "; x NE [1]", items: "Query condition missed key schema element: sk"},
		{keys: pk + "; sk NE [1]", items: "Attempted conditional constraint is not an indexable operation"},
		{keys: pk + "; sk NULL []", items: "Attempted conditional constraint is not an indexable operation"},
		{keys: `pk IN ["a"]`, items: "Attempted conditional constraint is not an indexable operation"},
		{keys: `pk GE ["a"]`, items: "Query key condition not supported"},
		{keys: `pk GE [1]`, items: "One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{keys: pk + "; sk BEGINS_WITH [1]", items: "One or more parameter values were invalid: ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"},
		{keys: pk, in: api.QueryInput{QueryFilter: conditions(t, "n GT [3]; sk EQ [1]")}, items: "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"},
		{keys: `gp EQ ["g"]`, in: api.QueryInput{IndexName: new("gsi"), QueryFilter: conditions(t, "n GT [3]")},
			items: "One or more parameter values were invalid: Secondary index gsi does not project one or more filter attributes: [n]"},
		{keys: `gp EQ ["g"]`, in: api.QueryInput{IndexName: new("gsi"), AttributesToGet: []string{"n"}},
			items: "One or more parameter values were invalid: Global secondary index gsi does not project [n]"},
		{keys: pk, in: api.QueryInput{AttributesToGet: []string{"n"}, Select: new(api.SelectCount)}, items: "Cannot specify the AttributesToGet when choosing to get only the Count"},
		{keys: pk, in: api.QueryInput{AttributesToGet: []string{"n", "n"}}, items: "One or more parameter values were invalid: Duplicate value in attribute name: n"},
		{keys: pk, in: api.QueryInput{KeyConditionExpression: new("pk = :p"), ExpressionAttributeValues: item(t, `{:p: "a"}`)},
			items: "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {KeyConditions} Expression parameters: {KeyConditionExpression}"},
	} {
		c.in.TableName, c.in.KeyConditions = new("users"), conditions(t, c.keys)
		out, err := api.Do(t.Context(), e, &c.in)
		if err != nil {
			require.ErrorContains(t, err, c.items, c.keys)
			continue
		}
		require.Equal(t, c.items, listed(out.Count, out.Items), c.keys)
	}

	scanned := do(t, e, &api.ScanInput{TableName: new("users"), ScanFilter: conditions(t, `pk EQ ["a"]; n IN [1, 3]`), AttributesToGet: []string{"n"}})
	require.Equal(t, "2: {n: 1} {n: 3}", listed(scanned.Count, scanned.Items))
	require.EqualValues(t, 6, scanned.ScannedCount)
	scanned = do(t, e, &api.ScanInput{TableName: new("users"), ScanFilter: conditions(t, "")})
	require.EqualValues(t, 6, scanned.Count)
}

func listed(count int32, items []api.Attributes) string {
	out := text("%d:", count)
	for _, it := range items {
		out += " " + it.String()
	}
	return out
}

func TestLegacyAttributesToGet(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, legacyTable)
	put(t, e, "users", `{pk: "a", sk: 1, n: 5, m: {a: 1}, m.a: "dot"}`)
	key := item(t, `{pk: "a", sk: 1}`)
	got := do(t, e, &api.GetItemInput{TableName: new("users"), Key: key, AttributesToGet: []string{"n", "m.a"}})
	require.Equal(t, `{m.a: "dot", n: 5}`, got.Item.String())
	got = do(t, e, &api.GetItemInput{TableName: new("users"), Key: key, AttributesToGet: []string{"absent"}})
	require.False(t, got.Item.IsZero())
	require.Zero(t, got.Item.Len())
	many := do(t, e, &api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{"users": {Keys: []attr.Item{key}, AttributesToGet: []string{"n", "m.a"}}}})
	require.Equal(t, `{m.a: "dot", n: 5}`, many.Responses["users"][0].String())
	err := fails(t, e, &api.GetItemInput{TableName: new("users"), Key: key, AttributesToGet: []string{"n"}, ProjectionExpression: new("n")})
	require.Equal(t, "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributesToGet} "+
		"Expression parameters: {ProjectionExpression}", err.Message)
}
