package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/stretchr/testify/require"
)

// The expected texts are facts about the service. Each table names where its texts were seen:
//
//	dynalite     the validations and tests of architect/dynalite, recorded from the service
//	conformance  paritysuite/dynamodb-conformance, captured from the service in 2026
//	quirks       the message catalogue of ACK's service probes, October 2026
//	local        Amazon DynamoDB Local 2.6.1, where the service's own text is not known

type validation struct {
	name string
	in   api.Request
	want string // the message; "" when the request is good
}

const (
	oneError = "1 validation error detected: "
	invalid  = "One or more parameter values were invalid: "
)

func runValidations(t *testing.T, cases []validation) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.in.Validate()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			var e *api.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.want, e.Message)
			code := api.CodeValidation
			if strings.HasPrefix(c.want, "Subscriber limit") {
				code = api.CodeLimitExceeded
			}
			require.Equal(t, code, e.Code)
		})
	}
}

func table() *string { return new("abc") }

func key() attr.Item { return attr.Item{"a": attr.S("1")} }

func null(at string) string {
	return "Value null at '" + at + "' failed to satisfy constraint: Member must not be null"
}

func enumFault(value, at, set string) string {
	return "Value '" + value + "' at '" + at + "' failed to satisfy constraint: Member must satisfy enum value set: [" + set + "]"
}

func lengthFault(value, at, bound string) string {
	return "Value '" + value + "' at '" + at + "' failed to satisfy constraint: Member must have length " + bound
}

func patternFault(value, at string) string {
	return "Value '" + value + "' at '" + at + "' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
}

// TestTableName: conformance (length 1, 255, pattern), dynalite (both faults of "a;"), local (ARN).
func TestTableName(t *testing.T) {
	get := func(name *string) api.Request { return &api.GetItemInput{TableName: name, Key: key()} }
	describe := func(name *string) api.Request { return &api.DescribeTableInput{TableName: name} }
	long := strings.Repeat("a", 256)
	const arnFormat = "Valid ARN format is 'arn:<awsPartition>:<vendor>:<region>:<subscriber>:resourceType/resourceName', " +
		"where Resource name must have length less than or equal to 255, Resource name must have length greater than or equal to 3, " +
		"Resource name must satisfyregular expression pattern: [a-zA-Z0-9_.-]+"
	runValidations(t, []validation{
		{"absent", get(nil), oneError + null("tableName")},
		{"absent, control plane", describe(nil), "The parameter 'TableName' is required but was not present in the request"},
		{"empty", get(new("")), oneError + lengthFault("", "tableName", "greater than or equal to 1")},
		{"short", get(new("ab")), oneError + lengthFault("ab", "tableName", "greater than or equal to 3")},
		{"short, control plane", describe(new("ab")), oneError + lengthFault("ab", "tableName", "greater than or equal to 3")},
		{"short and wrong", get(new("a;")), "2 validation errors detected: " + patternFault("a;", "tableName") + "; " +
			lengthFault("a;", "tableName", "greater than or equal to 3")},
		{"wrong", get(new("bad table!@#")), oneError + patternFault("bad table!@#", "tableName")},
		{"longest", get(new(long[:255])), ""},
		{"long", get(&long), oneError + lengthFault(long, "tableName", "less than or equal to 255")},
		{"ARN", get(new("arn:aws:dynamodb:us-east-1:123456789012:table/users")), ""},
		{"no ARN", get(new("arn:x")), oneError + arnFormat},
		{"ARN of an index", get(new("arn:aws:dynamodb:us-east-1:123456789012:table/users/index/x")), oneError + arnFormat},
		{"ARN with a short name", get(new("arn:aws:dynamodb:us-east-1:123456789012:table/ab")), oneError + arnFormat},
	})
}

// TestAttributeValues: dynalite; conformance (nesting, empty name); local (long name).
func TestAttributeValues(t *testing.T) {
	for _, c := range []struct {
		name string
		v    attr.Value
		want string
	}{
		{"zero", attr.Value{}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"zero in a list", attr.L(attr.S("a"), attr.Value{}), "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"several types", attr.AmbiguousValue(), "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"},
		{"false NULL", attr.FalseNULL(), invalid + "Null attribute value types must have the value of true"},
		{"empty SS", attr.SS(), invalid + "An string set  may not be empty"},
		{"empty NS", attr.NS(), invalid + "An number set  may not be empty"},
		{"empty BS", attr.BS(), invalid + "Binary sets should not be empty"},
		{"duplicates in SS", attr.SS("b", "a", "b"), invalid + "Input collection [b, a, b] contains duplicates."},
		{"duplicates in NS", attr.NS("1", "1.0"), "Input collection contains duplicates"},
		{"duplicates in BS", attr.BS([]byte{0xff}, []byte{0}, []byte{0}), invalid + "Input collection [/w==, AA==, AA==]of type BS contains duplicates."},
		{"duplicates far apart", attr.SS(append(strings.Split("abcdefghijklmnopqrstuvwxyz", ""), "a")...),
			invalid + "Input collection [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, a] contains duplicates."},
		{"empty N", attr.N(""), "The parameter cannot be converted to a numeric value"},
		{"no number", attr.N("b"), "The parameter cannot be converted to a numeric value: b"},
		{"space", attr.N(" 1"), "The parameter cannot be converted to a numeric value:  1"},
		{"no number in NS", attr.NS("1", "b"), "The parameter cannot be converted to a numeric value: b"},
		{"39 digits", attr.N("123456789012345678901234567890123456789"), "Attempting to store more than 38 significant digits in a Number"},
		{"overflow", attr.N("-1e126"), "Number overflow. Attempting to store a number with magnitude larger than supported range"},
		{"underflow", attr.N("1e-131"), "Number underflow. Attempting to store a number with magnitude smaller than supported range"},
		{"empty name in a map", attr.M(attr.Item{"": attr.S("a")}), "Empty attribute name"},
		{"long name in a map", attr.M(attr.Item{strings.Repeat("n", 65536): attr.S("a")}), "Attribute name is too large, must be less than 65536 bytes"},
		{"deepest map", nestedMap(31), ""},
		{"too deep map", nestedMap(32), "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"},
		{"too deep list", nestedList(32), "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"},
		{"very deep", nestedList(1_000_000), "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"},
		{"empty S, B and sets with empty members", attr.L(attr.S(""), attr.B(nil), attr.SS(""), attr.BS(nil, []byte{1}), attr.L(), attr.M(nil)), ""},
		{"numbers", attr.NS("+1", ".5", "1e125", "-0", "00012"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			item := attr.Item{"a": attr.S("1"), "v": c.v}
			inEAV := c.want
			if c.want != "" {
				inEAV = "ExpressionAttributeValues contains invalid value: " + c.want + " for key :v"
			}
			inKey := c.want
			if c.want != "" && !strings.Contains(c.want, "numeric value") && !strings.Contains(c.want, "contains duplicates") &&
				!strings.Contains(c.want, "significant digits") && !strings.Contains(c.want, "number with magnitude") && !strings.Contains(c.want, "number set") {
				inKey = "The provided starting key is invalid: " + c.want
			}
			runValidations(t, []validation{
				{"PutItem", &api.PutItemInput{TableName: table(), Item: api.ItemOf(item)}, c.want},
				{"GetItem", &api.GetItemInput{TableName: table(), Key: item}, c.want},
				{"UpdateItem", &api.UpdateItemInput{TableName: table(), Key: item}, c.want},
				{"DeleteItem", &api.DeleteItemInput{TableName: table(), Key: item}, c.want},
				{"placeholder", &api.UpdateItemInput{TableName: table(), Key: key(), UpdateExpression: new("SET v = :v"),
					ExpressionAttributeValues: map[string]attr.Value{":v": c.v}}, inEAV},
				{"start key", &api.ScanInput{TableName: table(), ExclusiveStartKey: item}, inKey},
				{"Expected", &api.DeleteItemInput{TableName: table(), Key: key(),
					Expected: map[string]api.ExpectedAttributeValue{"v": {Value: &c.v}}}, c.want},
				{"AttributeUpdates", &api.UpdateItemInput{TableName: table(), Key: key(),
					AttributeUpdates: map[string]api.AttributeValueUpdate{"v": {Value: &c.v}}}, c.want},
				{"BatchGetItem", &api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{"abc": {Keys: []attr.Item{item}}}}, c.want},
				{"BatchWriteItem", &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{
					"abc": {{PutRequest: &api.PutRequest{Item: api.ItemOf(item)}}}}}, c.want},
				{"TransactWriteItems", &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{
					{Put: &api.Put{TableName: table(), Item: api.ItemOf(item)}}}}, c.want},
				{"TransactGetItems", &api.TransactGetItemsInput{TransactItems: []api.TransactGetItem{
					{Get: &api.Get{TableName: table(), Key: item}}}}, c.want},
			})
		})
	}
}

func nestedMap(depth int) attr.Value {
	v := attr.S("leaf")
	for range depth {
		v = attr.M(attr.Item{"n": v})
	}
	return v
}

func nestedList(depth int) attr.Value {
	v := attr.S("leaf")
	for range depth {
		v = attr.L(v)
	}
	return v
}

// TestEchoIsBounded: AWS repeats faulty members; a huge or bottomless request must not.
func TestEchoIsBounded(t *testing.T) {
	deep := attr.Item{"a": nestedList(1_000_000), "b": attr.S(strings.Repeat("x", 300_000))}
	for _, in := range []api.Request{
		&api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"a;": {{PutRequest: &api.PutRequest{Item: api.ItemOf(deep)}}}}},
		&api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{"a;": {Keys: []attr.Item{deep}}}},
	} {
		err := in.Validate()
		require.Error(t, err)
		require.Less(t, len(err.Error()), 10_000)
	}
}

// TestWalkIsBounded: lists that share their elements are small in memory and endless to walk.
func TestWalkIsBounded(t *testing.T) {
	list, document := attr.L(), attr.M(nil)
	for range 29 {
		list = attr.L(list, list)
		document = attr.M(attr.Item{"a": document, "b": document})
	}
	for _, v := range []attr.Value{list, document} {
		item := attr.Item{"a": v}
		start := time.Now()
		for _, in := range []api.Request{
			&api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item)},
			&api.UpdateItemInput{TableName: new("tab"), Key: attr.Item{"id": attr.S("x")},
				UpdateExpression: new("SET a = :v"), ExpressionAttributeValues: map[string]attr.Value{":v": v}},
		} {
			require.ErrorContains(t, in.Validate(), "Item size has exceeded the maximum allowed size", in.Operation())
		}
		require.Less(t, time.Since(start), 10*time.Second) // seconds, where it would be an hour
	}
}

// TestNumberSizeIsBounded holds what Validate takes for granted where it
// decides that an item need not be measured.
func TestNumberSizeIsBounded(t *testing.T) {
	for _, text := range []string{
		"0", "1", "-1", "10", "-10", "12", "-12", "123", "-123", "1.5", "-1.5", ".5", "-.5", "1e5", "-1e5", "1e125", "-9e125", "1e-130", "-1e-130",
		"0.01", "-0.001", "99999999999999999999999999999999999999", "-9999999999999999999999999999999999999.9",
	} {
		require.LessOrEqual(t, attr.N(text).Size(), len(text)+2, text)
	}
}
