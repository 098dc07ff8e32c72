package api_test

import (
	"strings"
	"testing"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/stretchr/testify/require"
)

func TestValidateStatements(t *testing.T) {
	ok := new("SELECT * FROM users")
	for _, test := range []struct {
		in   api.Request
		want string
	}{
		{&api.ExecuteStatementInput{Statement: ok}, ""},
		{&api.ExecuteStatementInput{}, "1 validation error detected: Value null at 'statement' failed to satisfy constraint: Member must not be null"},
		{&api.ExecuteStatementInput{Statement: new("")},
			"1 validation error detected: Value '' at 'statement' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{&api.ExecuteStatementInput{Statement: new(strings.Repeat("é", 8192))}, ""},
		{&api.ExecuteStatementInput{Statement: ok, Parameters: []attr.Value{}, Limit: new(int32(0))},
			"2 validation errors detected: Value '[]' at 'parameters' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
				"Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{&api.ExecuteStatementInput{Statement: ok, NextToken: new("")},
			"1 validation error detected: Value '' at 'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{&api.BatchExecuteStatementInput{}, "1 validation error detected: Value null at 'statements' failed to satisfy constraint: Member must not be null"},
		{&api.BatchExecuteStatementInput{Statements: []api.BatchStatementRequest{}},
			"1 validation error detected: Value '[]' at 'statements' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{&api.BatchExecuteStatementInput{Statements: make([]api.BatchStatementRequest, 26)},
			"1 validation error detected: Value at 'Statements' failed to satisfy constraint: Member must have length less than or equal to 25"},
		{&api.BatchExecuteStatementInput{Statements: []api.BatchStatementRequest{{Statement: ok}, {}}},
			"1 validation error detected: Value null at 'statements.2.member.statement' failed to satisfy constraint: Member must not be null"},
		{&api.ExecuteTransactionInput{TransactStatements: make([]api.ParameterizedStatement, 101)},
			"1 validation error detected: Value at 'TransactStatements' failed to satisfy constraint: Member must have length less than or equal to 100"},
		{&api.ExecuteTransactionInput{TransactStatements: []api.ParameterizedStatement{{Statement: ok}}, ClientRequestToken: new("")},
			"1 validation error detected: Value '' at 'clientRequestToken' failed to satisfy constraint: Member must have length greater than or equal to 1"},
	} {
		err := test.in.Validate()
		if test.want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, "ValidationException: "+test.want)
	}
	long := &api.ExecuteStatementInput{Statement: new(strings.Repeat("é", 8193))}
	require.ErrorContains(t, long.Validate(), "Member must have length less than or equal to 8192")
}

// The texts are the service's (eu-west-2, October 2026).
func TestStatementParameterFault(t *testing.T) {
	deep := func(leaf attr.Value) attr.Value {
		for range 40 {
			leaf = attr.M(attr.Item{"n": leaf})
		}
		return leaf
	}
	const (
		unconvertible = "The parameter cannot be converted to a numeric value"
		nesting       = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
		underflow     = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
	)
	for _, test := range []struct {
		v    attr.Value
		want string
	}{
		{attr.S(""), ""},
		{attr.N("1e3"), ""},
		{attr.N("1E+3"), ""},
		{attr.N("1e99999999999"), unconvertible + ": 1e99999999999"},
		{attr.N("-1e99999999999"), unconvertible + ": -1e99999999999"},
		{attr.N("1e2147483648"), unconvertible + ": 1e2147483648"},
		{attr.N("1e-2147483648"), unconvertible + ": 1e-2147483648"},
		{attr.N("1e2147483647"), underflow},
		{attr.N(""), unconvertible},
		{attr.N("e5"), unconvertible + ": e5"},
		{attr.N("1e"), unconvertible + ": 1e"},
		{attr.N("1e126"), "Number overflow. Attempting to store a number with magnitude larger than supported range"},
		{attr.L(attr.Int(1), attr.N("1e99999999999")), unconvertible + ": 1e99999999999"},
		{attr.M(attr.Item{"x": attr.N("1e99999999999")}), unconvertible + ": 1e99999999999"},
		{attr.NS("1", "1e99999999999"), unconvertible + ": 1e99999999999"},
		{attr.SS(), "One or more parameter values were invalid: An string set  may not be empty"},
		{deep(attr.N("abc")), nesting},
		{attr.M(attr.Item{"bad": attr.N("abc"), "d": deep(attr.S(""))}), unconvertible + ": abc"},
		{attr.M(attr.Item{"d": deep(attr.S("")), "z": attr.N("abc")}), nesting},
	} {
		require.Equal(t, test.want, api.StatementParameterFault(test.v), "%v", test.v)
	}
}
