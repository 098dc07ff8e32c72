package api_test

import (
	"strings"
	"testing"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// TestLegacyOperands judges CONTAINS of every type (the answers are those of
// DynamoDB Local; AWS refuses lists, too) and the names of the attributes.
func TestLegacyOperands(t *testing.T) {
	contains := func(v attr.Value) api.Request {
		return &api.ScanInput{TableName: table(), ScanFilter: map[string]api.Condition{
			"a": {ComparisonOperator: new(api.ComparisonOperatorNotContains), AttributeValueList: []attr.Value{v}}}}
	}
	named := func(name string) []api.Request {
		cond := map[string]api.Condition{name: {ComparisonOperator: new(api.ComparisonOperatorNull)}}
		return []api.Request{
			&api.ScanInput{TableName: table(), ScanFilter: cond},
			&api.QueryInput{TableName: table(), KeyConditions: cond},
			&api.DeleteItemInput{TableName: table(), Key: key(), Expected: expected{name: {Exists: new(false)}}},
			&api.UpdateItemInput{TableName: table(), Key: key(), AttributeUpdates: map[string]api.AttributeValueUpdate{
				name: {Action: new(api.AttributeActionDelete)}}},
			&api.GetItemInput{TableName: table(), Key: key(), AttributesToGet: []string{name}},
		}
	}
	cases := []validation{}
	for _, v := range []attr.Value{attr.S("x"), attr.Int(1), attr.B([]byte{1}), attr.BOOL(true), attr.NULL()} {
		cases = append(cases, validation{v.Kind().String(), contains(v), ""})
	}
	for _, v := range []attr.Value{attr.L(), attr.M(nil), attr.SS("x"), attr.NS("1"), attr.BS([]byte{1})} {
		cases = append(cases, validation{v.Kind().String(), contains(v), "One or more parameter values were invalid: " +
			"ComparisonOperator NOT_CONTAINS is not valid for " + v.Kind().String() + " AttributeValue type"})
	}
	for _, in := range named("") {
		cases = append(cases, validation{"empty name in " + in.Operation(), in, "Empty attribute name"})
	}
	for _, in := range named(strings.Repeat("x", 65536)) {
		cases = append(cases, validation{"long name in " + in.Operation(), in, "Attribute name is too large, must be less than 65536 bytes"})
	}
	runValidations(t, cases)
}
