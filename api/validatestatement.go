package api

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/statordb/stator/attr"
)

const maxBatchStatements = 25

var (
	statementRule = textRule{min: 1, max: 8192}
	nextTokenRule = textRule{min: 1, max: 32768}
)

// Validate: see Request. What the statement's text says, and its parameters, are the engine's to judge.
func (in *ExecuteStatementInput) Validate() error {
	var c constraints
	c.requiredText(nil, "statement", in.Statement, statementRule)
	c.parameters(nil, in.Parameters)
	c.text(nil, "nextToken", in.NextToken, nextTokenRule)
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	atLeast(&c, nil, "limit", in.Limit, 1)
	returnValuesOnFailure.check(&c, nil, "returnValuesOnConditionCheckFailure", in.ReturnValuesOnConditionCheckFailure)
	return c.err()
}

// Validate: see Request.
func (in *BatchExecuteStatementInput) Validate() error {
	var c constraints
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	if c.statements("statements", in.Statements != nil, len(in.Statements), maxBatchStatements) {
		list := path{name: "statements"}
		for i, s := range in.Statements {
			p := list.element(i)
			c.requiredText(&p, "statement", s.Statement, statementRule)
			c.parameters(&p, s.Parameters)
			returnValuesOnFailure.check(&c, &p, "returnValuesOnConditionCheckFailure", s.ReturnValuesOnConditionCheckFailure)
		}
	}
	return c.err()
}

// Validate: see Request.
func (in *ExecuteTransactionInput) Validate() error {
	var c constraints
	c.text(nil, "clientRequestToken", in.ClientRequestToken, tokenRule)
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	if c.statements("transactStatements", in.TransactStatements != nil, len(in.TransactStatements), maxTransaction) {
		list := path{name: "transactStatements"}
		for i, s := range in.TransactStatements {
			p := list.element(i)
			c.requiredText(&p, "statement", s.Statement, statementRule)
			c.parameters(&p, s.Parameters)
			returnValuesOnFailure.check(&c, &p, "returnValuesOnConditionCheckFailure", s.ReturnValuesOnConditionCheckFailure)
		}
	}
	return c.err()
}

// statements checks the number of the statements. It reports whether each of
// them is to be looked at.
func (c *constraints) statements(name string, present bool, n, most int) bool {
	switch {
	case !c.notNull(nil, name, present):
		return false
	case n == 0:
		c.fault("'[]'", nil, name, minLength(1))
	case n > most:
		c.unechoed(strings.ToUpper(name[:1])+name[1:], maxLength(most))
		return false
	}
	return true
}

// parameters checks that a list of parameters that is there is not empty.
func (c *constraints) parameters(p *path, list []attr.Value) {
	if list != nil && len(list) == 0 {
		c.fault("'[]'", p, "parameters", minLength(1))
	}
}

// StatementParameterFault returns what is wrong with a parameter of a PartiQL
// statement, in AWS's words, and "" when nothing is. It differs from what is
// wrong with a value elsewhere in how numbers are read: an exponent beyond 32
// bits is no number, and one that leaves 32 bits together with the digits is an underflow.
// The part that comes first is told, the attributes of a map in alphabetical order.
func StatementParameterFault(v attr.Value) string { return parameterFault(v, 1) }

func parameterFault(v attr.Value, level int) string {
	if level > maxNesting {
		return faultNesting
	}
	switch v.Kind() {
	case attr.Number:
		if f := exponentFault(v.Num()); f != "" {
			return f
		}
	case attr.NumberSet:
		for _, text := range v.Strings() {
			if f := exponentFault(text); f != "" {
				return f
			}
		}
	case attr.List:
		for _, e := range v.List() {
			if f := parameterFault(e, level+1); f != "" {
				return f
			}
		}
		return ""
	case attr.Map:
		m := v.Map()
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if f := parameterFault(m[name], level+1); f != "" {
				return f
			}
		}
		if _, ok := m[""]; ok {
			return faultEmptyName
		}
		return ""
	}
	return valueFault(v)
}

// exponentFault judges the exponent of a number as Java's BigDecimal reads it.
func exponentFault(text string) string {
	i := strings.IndexAny(text, "eE")
	if i < 0 {
		return ""
	}
	exp, err := strconv.ParseInt(text[i+1:], 10, 32)
	if err != nil {
		return faultNotNumeric + ": " + text
	}
	digits, point := 0, int64(0)
	for j := range i {
		switch c := text[j]; {
		case c == '.':
			point = int64(i - j - 1)
		case '0' <= c && c <= '9':
			digits++
		}
	}
	if digits == 0 {
		return faultNotNumeric + ": " + text
	}
	scale := point - exp
	if scale != int64(int32(scale)) {
		return faultNotNumeric + ": " + text
	}
	if magnitude := int64(digits) - scale; magnitude != int64(int32(magnitude)) {
		return faultUnderflow
	}
	return ""
}
