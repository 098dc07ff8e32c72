package api_test

import (
	"strings"
	"testing"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

type (
	names    = map[string]string
	values   = map[string]attr.Value
	expected = map[string]api.ExpectedAttributeValue
	updates  = map[string]api.AttributeValueUpdate
)

const (
	capacitySet   = "INDEXES, TOTAL, NONE"
	metricsSet    = "SIZE, NONE"
	returnSet     = "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW"
	comparisonSet = "IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS"
)

// TestPutItem: dynalite; the limits of placeholders: local.
func TestPutItem(t *testing.T) {
	put := func(change func(*api.PutItemInput)) api.Request {
		in := &api.PutItemInput{TableName: table(), Item: api.ItemOf(key())}
		change(in)
		return in
	}
	// 409,600 bytes: a, 1, v and the text.
	sized := func(text int) api.Request {
		return put(func(in *api.PutItemInput) {
			in.Item = api.ItemOf(attr.Item{"a": attr.S("1"), "v": attr.S(strings.Repeat("x", text))})
		})
	}
	runValidations(t, []validation{
		{"good", put(func(in *api.PutItemInput) {
			in.ConditionExpression = new("#a = :a")
			in.ExpressionAttributeNames = names{"#a": "a"}
			in.ExpressionAttributeValues = values{":a": attr.S("x")}
			in.ReturnValues = new(api.ReturnValueAllOld)
			in.ReturnValuesOnConditionCheckFailure = new(api.ReturnValuesOnConditionCheckFailureAllOld)
		}), ""},
		{"empty", &api.PutItemInput{}, "2 validation errors detected: " + null("tableName") + "; " + null("item")},
		{"every member", &api.PutItemInput{
			TableName: new("abc;"), ReturnConsumedCapacity: new(api.ReturnConsumedCapacity("hi")), ReturnValues: new(api.ReturnValue("hi")),
			ReturnItemCollectionMetrics: new(api.ReturnItemCollectionMetrics("hi")), ConditionalOperator: new(api.ConditionalOperator("hi")),
			Expected: expected{"b": {ComparisonOperator: new(api.ComparisonOperator("hi"))}},
		}, "7 validation errors detected: " + strings.Join([]string{
			enumFault("hi", "returnConsumedCapacity", capacitySet),
			patternFault("abc;", "tableName"),
			null("item"),
			enumFault("hi", "conditionalOperator", "OR, AND"),
			enumFault("hi", "expected.b.member.comparisonOperator", comparisonSet),
			enumFault("hi", "returnValues", returnSet),
			enumFault("hi", "returnItemCollectionMetrics", metricsSet),
		}, "; ")},
		{"at most ten", put(func(in *api.PutItemInput) {
			in.Expected = expected{}
			for _, name := range strings.Split("abcdefghijkl", "") {
				in.Expected[name] = api.ExpectedAttributeValue{ComparisonOperator: new(api.ComparisonOperator("x"))}
			}
		}), "10 validation errors detected: " + strings.Join(func() (all []string) {
			for _, name := range strings.Split("abcdefghij", "") {
				all = append(all, enumFault("x", "expected."+name+".member.comparisonOperator", comparisonSet))
			}
			return all
		}(), "; ")},
		{"expression and non-expression", put(func(in *api.PutItemInput) {
			in.Expected, in.ConditionExpression = expected{"a": {}}, new("")
		}), "Can not use both expression and non-expression parameters in the same request: " +
			"Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"},
		{"names without an expression", put(func(in *api.PutItemInput) {
			in.ExpressionAttributeNames, in.ExpressionAttributeValues = names{}, values{}
		}), "ExpressionAttributeNames can only be specified when using expressions"},
		{"values without an expression", put(func(in *api.PutItemInput) { in.ExpressionAttributeValues = values{} }),
			"ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"},
		{"ReturnValues after the item", put(func(in *api.PutItemInput) {
			in.ReturnValues, in.Item = new(api.ReturnValueAllNew), api.ItemOf(attr.Item{"a": attr.Value{}})
		}), "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"ReturnValues", put(func(in *api.PutItemInput) { in.ReturnValues = new(api.ReturnValueAllNew) }),
			"ReturnValues can only be ALL_OLD or NONE"},
		{"largest item", sized(409_600 - 3), ""},
		{"too large", sized(409_600 - 2), "Item size has exceeded the maximum allowed size"},
		{"empty name", put(func(in *api.PutItemInput) { in.Item = api.ItemOf(attr.Item{"": attr.S("a")}) }), "Empty attribute name"},
		{"empty names", put(func(in *api.PutItemInput) {
			in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = new(""), names{}, values{}
		}), "ExpressionAttributeNames must not be empty"},
		{"empty values", put(func(in *api.PutItemInput) {
			in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = new(""), names{"#a": "a"}, values{}
		}), "ExpressionAttributeValues must not be empty"},
		{"bad key of names", put(func(in *api.PutItemInput) {
			in.ConditionExpression, in.ExpressionAttributeNames = new(""), names{"a": "a"}
		}), `ExpressionAttributeNames contains invalid key: Syntax error; key: "a"`},
		{"bad key of values", put(func(in *api.PutItemInput) {
			in.ConditionExpression, in.ExpressionAttributeValues = new(""), values{"b": attr.S("x"), ":a": attr.Value{}}
		}), `ExpressionAttributeValues contains invalid key: Syntax error; key: "b"`},
		{"only a mark", put(func(in *api.PutItemInput) {
			in.ConditionExpression, in.ExpressionAttributeNames = new(""), names{"#": "a"}
		}), `ExpressionAttributeNames contains invalid key: Syntax error; key: "#"`},
		{"empty attribute name", put(func(in *api.PutItemInput) {
			in.ConditionExpression, in.ExpressionAttributeNames = new(""), names{"#a": ""}
		}), "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"},
		{"values before what names stand for", put(func(in *api.PutItemInput) {
			in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = new(""), names{"#a": ""}, values{":v": attr.SS()}
		}), "ExpressionAttributeValues contains invalid value: " + invalid + "An string set  may not be empty for key :v"},
		{"long placeholder", put(func(in *api.PutItemInput) {
			in.ConditionExpression, in.ExpressionAttributeNames = new(""), names{"#" + strings.Repeat("a", 255): "a"}
		}), "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; size of key: 256"},
		{"too many bytes of values", put(func(in *api.PutItemInput) {
			in.ConditionExpression, in.ExpressionAttributeValues = new(""), values{":a": attr.S(strings.Repeat("x", 2_200_000))}
		}), "ExpressionAttributeValues exceeds max size"},
	})
}

// TestGetItem: dynalite.
func TestGetItem(t *testing.T) {
	runValidations(t, []validation{
		{"good", &api.GetItemInput{TableName: table(), Key: key(), ProjectionExpression: new("#a"), ExpressionAttributeNames: names{"#a": "b"}}, ""},
		{"every member", &api.GetItemInput{TableName: new("a;"), ReturnConsumedCapacity: new(api.ReturnConsumedCapacity("hi")), AttributesToGet: []string{}},
			"5 validation errors detected: " + strings.Join([]string{
				enumFault("hi", "returnConsumedCapacity", capacitySet),
				lengthFault("[]", "attributesToGet", "greater than or equal to 1"),
				patternFault("a;", "tableName"),
				lengthFault("a;", "tableName", "greater than or equal to 3"),
				null("key"),
			}, "; ")},
		{"expression and non-expression", &api.GetItemInput{TableName: table(), Key: key(), ProjectionExpression: new(""), AttributesToGet: []string{"a"}},
			"Can not use both expression and non-expression parameters in the same request: " +
				"Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"},
		{"names without an expression", &api.GetItemInput{TableName: table(), Key: key(), ExpressionAttributeNames: names{}, AttributesToGet: []string{"a"}},
			"ExpressionAttributeNames can only be specified when using expressions"},
		{"empty name", &api.GetItemInput{TableName: table(), Key: key(), AttributesToGet: []string{""}}, "Empty attribute name"},
		{"duplicates", &api.GetItemInput{TableName: table(), Key: key(), AttributesToGet: []string{"a", "b", "a"}},
			invalid + "Duplicate value in attribute name: a"},
	})
}

// TestUpdateItem: dynalite; the order of the members: conformance.
func TestUpdateItem(t *testing.T) {
	runValidations(t, []validation{
		{"good without an expression", &api.UpdateItemInput{TableName: table(), Key: key(), ReturnValues: new(api.ReturnValueUpdatedNew)}, ""},
		{"members in order", &api.UpdateItemInput{TableName: new(""), ReturnConsumedCapacity: new(api.ReturnConsumedCapacity("INVALID")), ReturnValues: new(api.ReturnValue("INVALID"))},
			"4 validation errors detected: " + strings.Join([]string{
				enumFault("INVALID", "returnConsumedCapacity", capacitySet),
				lengthFault("", "tableName", "greater than or equal to 1"),
				enumFault("INVALID", "returnValues", returnSet),
				null("key"),
			}, "; ")},
		{"operator before key", &api.UpdateItemInput{TableName: table(), ConditionalOperator: new(api.ConditionalOperator("XOR"))},
			"2 validation errors detected: " + enumFault("XOR", "conditionalOperator", "OR, AND") + "; " + null("key")},
		{"expression and non-expression", &api.UpdateItemInput{
			TableName: table(), Key: attr.Item{"a": {}}, Expected: expected{"a": {}}, AttributeUpdates: updates{},
			ExpressionAttributeNames: names{}, ExpressionAttributeValues: values{}, ConditionExpression: new(""), UpdateExpression: new(""),
		}, "Can not use both expression and non-expression parameters in the same request: " +
			"Non-expression parameters: {AttributeUpdates, Expected} Expression parameters: {UpdateExpression, ConditionExpression}"},
		{"values without an expression", &api.UpdateItemInput{TableName: table(), Key: attr.Item{"a": {}}, Expected: expected{"a": {}}, ExpressionAttributeValues: values{}},
			"ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression are null"},
		{"update without a value", &api.UpdateItemInput{TableName: table(), Key: key(), Expected: expected{"a": {}}, AttributeUpdates: updates{"a": {}}},
			invalid + "Only DELETE action is allowed when no attribute value is specified"},
		{"DELETE of an attribute", &api.UpdateItemInput{TableName: table(), Key: key(), AttributeUpdates: updates{"a": {Action: new(api.AttributeActionDelete)}}}, ""},
		{"DELETE of a value", &api.UpdateItemInput{TableName: table(), Key: key(), AttributeUpdates: updates{"a": {Action: new(api.AttributeActionDelete), Value: new(attr.Int(1))}}},
			invalid + "DELETE action with value is not supported for the type N"},
		{"ADD", &api.UpdateItemInput{TableName: table(), Key: key(), AttributeUpdates: updates{"a": {Action: new(api.AttributeActionAdd), Value: new(attr.B([]byte("b")))}}},
			invalid + "ADD action is not supported for the type B"},
	})
}

// TestDeleteItem: dynalite, conformance.
func TestDeleteItem(t *testing.T) {
	runValidations(t, []validation{
		{"good", &api.DeleteItemInput{TableName: table(), Key: key()}, ""},
		{"empty", &api.DeleteItemInput{}, "2 validation errors detected: " + null("tableName") + "; " + null("key")},
		{"ReturnValues", &api.DeleteItemInput{TableName: table(), Key: key(), ReturnValues: new(api.ReturnValueUpdatedNew)},
			"ReturnValues can only be ALL_OLD or NONE"},
		{"empty names", &api.DeleteItemInput{TableName: table(), Key: key(), ConditionExpression: new("x"), ExpressionAttributeNames: names{}},
			"ExpressionAttributeNames must not be empty"},
	})
}

// TestExpected: dynalite, conformance; the number of conditions and the types of operands: local.
func TestExpected(t *testing.T) {
	x, y := attr.S("x"), attr.S("y")
	for _, c := range []struct {
		name string
		e    api.ExpectedAttributeValue
		want string
	}{
		{"nothing", api.ExpectedAttributeValue{}, "Value must be provided when Exists is null for Attribute: a"},
		{"exists", api.ExpectedAttributeValue{Exists: new(true)}, "Value must be provided when Exists is true for Attribute: a"},
		{"exists not", api.ExpectedAttributeValue{Exists: new(false)}, ""},
		{"exists not, value", api.ExpectedAttributeValue{Exists: new(false), Value: &x}, "Value cannot be used when Exists is false for Attribute: a"},
		{"value and list", api.ExpectedAttributeValue{Value: &x, AttributeValueList: []attr.Value{}}, "Value and AttributeValueList cannot be used together for Attribute: a"},
		{"list alone", api.ExpectedAttributeValue{AttributeValueList: []attr.Value{x}}, "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"},
		{"exists and operator", api.ExpectedAttributeValue{Exists: new(true), ComparisonOperator: new(api.ComparisonOperatorEq)},
			"Exists and ComparisonOperator cannot be used together for Attribute: a"},
		{"operator alone", api.ExpectedAttributeValue{ComparisonOperator: new(api.ComparisonOperatorEq)},
			"Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a"},
		{"NULL", api.ExpectedAttributeValue{ComparisonOperator: new(api.ComparisonOperatorNull)}, ""},
		{"NULL of a value", api.ExpectedAttributeValue{ComparisonOperator: new(api.ComparisonOperatorNull), Value: &x},
			"Invalid number of argument(s) for the NULL ComparisonOperator"},
		{"BETWEEN of one", api.ExpectedAttributeValue{ComparisonOperator: new(api.ComparisonOperatorBetween), AttributeValueList: []attr.Value{x}},
			"Invalid number of argument(s) for the BETWEEN ComparisonOperator"},
		{"BETWEEN", api.ExpectedAttributeValue{ComparisonOperator: new(api.ComparisonOperatorBetween), AttributeValueList: []attr.Value{x, y}}, ""},
		{"types", api.ExpectedAttributeValue{ComparisonOperator: new(api.ComparisonOperatorIn), AttributeValueList: []attr.Value{x, attr.Int(1)}},
			"AttributeValues inside AttributeValueList must be of same type"},
		{"type", api.ExpectedAttributeValue{ComparisonOperator: new(api.ComparisonOperatorLt), AttributeValueList: []attr.Value{attr.BOOL(true)}},
			"ComparisonOperator LT is not valid for BOOL AttributeValue type"},
	} {
		want := c.want
		if want != "" {
			want = invalid + want
		}
		runValidations(t, []validation{{c.name, &api.DeleteItemInput{TableName: table(), Key: key(), Expected: expected{"a": c.e}}, want}})
	}
	runValidations(t, []validation{
		{"BETWEEN the wrong way", &api.DeleteItemInput{TableName: table(), Key: key(), Expected: expected{"a": {
			ComparisonOperator: new(api.ComparisonOperatorBetween), AttributeValueList: []attr.Value{y, x}}}},
			"The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"},
		{"operator without conditions", &api.DeleteItemInput{TableName: table(), Key: key(), ConditionalOperator: new(api.ConditionalOperatorOr)},
			"ConditionalOperator cannot be used without Filter or Expected"},
		{"operator for one", &api.DeleteItemInput{TableName: table(), Key: key(), ConditionalOperator: new(api.ConditionalOperatorOr), Expected: expected{"a": {Exists: new(false)}}},
			"ConditionalOperator can only be used when Filter or Expected has two or more elements"},
	})
}
