package api_test

import (
	"strings"
	"testing"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

type conditions = map[string]api.Condition

// TestQuery: dynalite; Select and ConditionalOperator: local.
func TestQuery(t *testing.T) {
	query := func(change func(*api.QueryInput)) api.Request {
		in := &api.QueryInput{TableName: table(), KeyConditionExpression: new("a = :a"), ExpressionAttributeValues: values{":a": attr.S("x")}}
		change(in)
		return in
	}
	legacy := func(change func(*api.QueryInput)) api.Request {
		in := &api.QueryInput{TableName: table(), KeyConditions: conditions{"a": equal(attr.S("x"))}}
		change(in)
		return in
	}
	runValidations(t, []validation{
		{"good", query(func(*api.QueryInput) {}), ""},
		{"good, legacy", legacy(func(*api.QueryInput) {}), ""},
		{"legacy key with other expressions", legacy(func(in *api.QueryInput) {
			in.FilterExpression, in.ExpressionAttributeValues = new("b = :b"), values{":b": attr.S("y")}
		}), ""},
		{"every member", &api.QueryInput{
			TableName: new("abc;"), ReturnConsumedCapacity: new(api.ReturnConsumedCapacity("hi")), AttributesToGet: []string{},
			IndexName: new("a;"), Select: new(api.Select("hi")), Limit: new(int32(-1)),
			KeyConditions: conditions{"a": {}, "b": {ComparisonOperator: new(api.ComparisonOperator(""))}},
		}, "9 validation errors detected: " + strings.Join([]string{
			enumFault("hi", "select", "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES"),
			patternFault("a;", "indexName"),
			lengthFault("a;", "indexName", "greater than or equal to 3"),
			enumFault("hi", "returnConsumedCapacity", capacitySet),
			patternFault("abc;", "tableName"),
			lengthFault("[]", "attributesToGet", "greater than or equal to 1"),
			"Value '-1' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
			null("keyConditions.a.member.comparisonOperator"),
			enumFault("", "keyConditions.b.member.comparisonOperator", comparisonSet),
		}, "; ")},
		{"nothing to look for", &api.QueryInput{TableName: table()},
			"Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."},
		{"expression and non-expression", query(func(in *api.QueryInput) {
			in.KeyConditions, in.QueryFilter, in.AttributesToGet = conditions{}, conditions{}, []string{"a"}
			in.ConditionalOperator, in.FilterExpression, in.ProjectionExpression = new(api.ConditionalOperatorAnd), new(""), new("")
		}), "Can not use both expression and non-expression parameters in the same request: " +
			"Non-expression parameters: {AttributesToGet, QueryFilter, ConditionalOperator, KeyConditions} " +
			"Expression parameters: {ProjectionExpression, FilterExpression, KeyConditionExpression}"},
		{"values without an expression", legacy(func(in *api.QueryInput) { in.ExpressionAttributeValues = values{} }),
			"ExpressionAttributeValues can only be specified when using expressions: FilterExpression and KeyConditionExpression are null"},
		{"values with a projection only", legacy(func(in *api.QueryInput) {
			in.ProjectionExpression, in.ExpressionAttributeValues = new("a"), values{}
		}), "ExpressionAttributeValues can only be specified when using expressions: FilterExpression and KeyConditionExpression are null"},
		{"operator without filter", legacy(func(in *api.QueryInput) { in.ConditionalOperator = new(api.ConditionalOperatorAnd) }),
			"ConditionalOperator cannot be used without Filter or Expected"},
		{"filter", legacy(func(in *api.QueryInput) {
			in.QueryFilter = conditions{"b": {ComparisonOperator: new(api.ComparisonOperatorEq)}}
		}), invalid + "Invalid number of argument(s) for the EQ ComparisonOperator"},
		{"filter of a set", legacy(func(in *api.QueryInput) {
			in.QueryFilter = conditions{"b": {ComparisonOperator: new(api.ComparisonOperatorLt), AttributeValueList: []attr.Value{attr.SS("a")}}}
		}), invalid + "ComparisonOperator LT is not valid for SS AttributeValue type"},
		{"filter on a boolean", legacy(func(in *api.QueryInput) { in.QueryFilter = conditions{"b": equal(attr.BOOL(true))} }), ""},
		{"no key conditions", legacy(func(in *api.QueryInput) { in.KeyConditions = conditions{} }), "Conditions can be of length 1 or 2 only"},
		{"three key conditions", legacy(func(in *api.QueryInput) {
			in.KeyConditions = conditions{"a": equal(attr.S("x")), "b": equal(attr.S("x")), "c": equal(attr.S("x"))}
		}), "Conditions can be of length 1 or 2 only"},
		{"three on an index", legacy(func(in *api.QueryInput) {
			in.IndexName = new("byAll")
			in.KeyConditions = conditions{"a": equal(attr.S("x")), "b": equal(attr.S("x")), "c": equal(attr.S("x"))}
		}), ""},
		{"bad value in a key condition", legacy(func(in *api.QueryInput) { in.KeyConditions = conditions{"a": equal(attr.Value{})} }),
			"Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"all attributes and a projection", query(func(in *api.QueryInput) {
			in.Select, in.ProjectionExpression = new(api.SelectAllAttributes), new("a")
		}), "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"},
		{"count and attributes", legacy(func(in *api.QueryInput) { in.Select, in.AttributesToGet = new(api.SelectCount), []string{"a"} }),
			"Cannot specify the AttributesToGet when choosing to get only the Count"},
		{"projected attributes of a table", query(func(in *api.QueryInput) { in.Select = new(api.SelectAllProjectedAttributes) }),
			"ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"},
		{"specific attributes", query(func(in *api.QueryInput) { in.Select = new(api.SelectSpecificAttributes) }),
			"Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"},
	})
}

func equal(v attr.Value) api.Condition {
	return api.Condition{ComparisonOperator: new(api.ComparisonOperatorEq), AttributeValueList: []attr.Value{v}}
}

// TestScan: dynalite, conformance.
func TestScan(t *testing.T) {
	runValidations(t, []validation{
		{"good", &api.ScanInput{TableName: table(), Segment: new(int32(3)), TotalSegments: new(int32(4)), Limit: new(int32(1))}, ""},
		{"ranges", &api.ScanInput{TableName: table(), Segment: new(int32(-1)), TotalSegments: new(int32(1_000_001)), Limit: new(int32(0))},
			"3 validation errors detected: " +
				"Value '1000001' at 'totalSegments' failed to satisfy constraint: Member must have value less than or equal to 1000000; " +
				"Value '-1' at 'segment' failed to satisfy constraint: Member must have value greater than or equal to 0; " +
				"Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"segment alone", &api.ScanInput{TableName: table(), Segment: new(int32(0))},
			"The TotalSegments parameter is required but was not present in the request when Segment parameter is present"},
		{"total alone", &api.ScanInput{TableName: table(), TotalSegments: new(int32(4))},
			"The Segment parameter is required but was not present in the request when parameter TotalSegments is present"},
		{"segment too large", &api.ScanInput{TableName: table(), Segment: new(int32(5)), TotalSegments: new(int32(5))},
			"The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than TotalSegments: 5"},
		{"filter both ways", &api.ScanInput{TableName: table(), FilterExpression: new("a = :a"), ExpressionAttributeValues: values{":a": attr.S("")},
			ScanFilter: conditions{"a": {ComparisonOperator: new(api.ComparisonOperatorNull)}}},
			"Can not use both expression and non-expression parameters in the same request: " +
				"Non-expression parameters: {ScanFilter} Expression parameters: {FilterExpression}"},
		{"values without a filter", &api.ScanInput{TableName: table(), ExpressionAttributeValues: values{}},
			"ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null"},
		{"BETWEEN the wrong way", &api.ScanInput{TableName: table(), ScanFilter: conditions{"a": {
			ComparisonOperator: new(api.ComparisonOperatorBetween), AttributeValueList: []attr.Value{attr.N("10"), attr.N("9")}}}},
			"The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"},
	})
}
