package api

import (
	"maps"
	"slices"
	"strconv"

	"github.com/statordb/stator/attr"
)

// The legacy parameters, which AWS still serves: Expected, AttributeUpdates,
// KeyConditions, QueryFilter and ScanFilter.

// conditions checks the shape of a map of legacy conditions.
func (c *constraints) conditions(name string, m map[string]Condition) {
	for _, key := range sortedKeys(m) {
		list := path{name: name}
		p := list.key(key)
		comparisonOperators.require(c, &p, "comparisonOperator", m[key].ComparisonOperator)
	}
}

// expected checks the shape of Expected.
func (c *constraints) expected(m map[string]ExpectedAttributeValue) {
	for _, key := range sortedKeys(m) {
		list := path{name: "expected"}
		p := list.key(key)
		comparisonOperators.check(c, &p, "comparisonOperator", m[key].ComparisonOperator)
	}
}

// attributeUpdates checks the shape of AttributeUpdates.
func (c *constraints) attributeUpdates(m map[string]AttributeValueUpdate) {
	for _, key := range sortedKeys(m) {
		list := path{name: "attributeUpdates"}
		p := list.key(key)
		attributeActions.check(c, &p, "action", m[key].Action)
	}
}

// sortedKeys returns the keys in order, nil for an empty map.
func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	keys := slices.AppendSeq(make([]string, 0, len(m)), maps.Keys(m))
	slices.Sort(keys)
	return keys
}

// checkOperator judges a ConditionalOperator by the number of conditions that it joins.
func checkOperator(op *ConditionalOperator, conditions int) error {
	switch {
	case op == nil || conditions > 1:
		return nil
	case conditions == 0:
		return Validation("ConditionalOperator cannot be used without Filter or Expected")
	}
	return Validation("ConditionalOperator can only be used when Filter or Expected has two or more elements")
}

// checkNamesOf judges the names of the attributes that a legacy map is about.
func checkNamesOf[V any](m map[string]V) error {
	if _, ok := m[""]; ok {
		return Validation(faultEmptyName)
	}
	for name := range m {
		if len(name) > maxAttributeName {
			return Validation(faultLongName)
		}
	}
	return nil
}

// checkConditions judges legacy conditions whose shape is good.
func checkConditions(m map[string]Condition) error {
	if err := checkNamesOf(m); err != nil {
		return err
	}
	for _, key := range sortedKeys(m) {
		cond := m[key]
		for _, v := range cond.AttributeValueList {
			if f := valueFault(v); f != "" {
				return Validation(f)
			}
		}
		if err := checkOperands(*cond.ComparisonOperator, cond.AttributeValueList); err != nil {
			return err
		}
	}
	return nil
}

// checkExpected judges Expected, whose shape is good.
func checkExpected(m map[string]ExpectedAttributeValue) error {
	if err := checkNamesOf(m); err != nil {
		return err
	}
	for _, key := range sortedKeys(m) {
		if err := checkExpectation(m[key], " for Attribute: "+key); err != nil {
			return err
		}
	}
	return nil
}

func checkExpectation(e ExpectedAttributeValue, forAttribute string) error {
	invalid := func(text string) error { return Validation(invalidParameter + text + forAttribute) }
	list := e.AttributeValueList
	switch {
	case list != nil && e.Value != nil:
		return invalid("Value and AttributeValueList cannot be used together")
	case e.ComparisonOperator == nil && list != nil:
		return invalid("AttributeValueList can only be used with a ComparisonOperator")
	case e.ComparisonOperator == nil:
		return checkExists(e, invalid)
	case e.Exists != nil:
		return invalid("Exists and ComparisonOperator cannot be used together")
	}
	op := *e.ComparisonOperator
	if e.Value != nil {
		list = []attr.Value{*e.Value}
	} else if list == nil && op != ComparisonOperatorNull && op != ComparisonOperatorNotNull {
		return invalid("Value or AttributeValueList must be used with ComparisonOperator: " + string(op))
	}
	for _, v := range list {
		if f := valueFault(v); f != "" {
			return Validation(f)
		}
	}
	return checkOperands(op, list)
}

func checkExists(e ExpectedAttributeValue, invalid func(string) error) error {
	exists := "null"
	if e.Exists != nil {
		exists = strconv.FormatBool(*e.Exists)
	}
	switch {
	case exists != "false" && e.Value == nil:
		return invalid("Value must be provided when Exists is " + exists)
	case e.Value == nil:
		return nil
	case exists == "false":
		return invalid("Value cannot be used when Exists is false")
	}
	if f := valueFault(*e.Value); f != "" {
		return Validation(f)
	}
	return nil
}

// checkOperands judges the operands of a comparison: their number, that they
// are of one type, that the operator knows that type, and the order of BETWEEN's.
func checkOperands(op ComparisonOperator, operands []attr.Value) error {
	if !operandCountFits(op, len(operands)) {
		return Validation(invalidParameter + "Invalid number of argument(s) for the " + string(op) + " ComparisonOperator")
	}
	for _, v := range operands {
		if v.Kind() != operands[0].Kind() {
			return Validation(invalidParameter + "AttributeValues inside AttributeValueList must be of same type")
		}
	}
	if len(operands) == 0 {
		return nil
	}
	if kind := operands[0].Kind(); !operandFits(op, kind) {
		return Validation(invalidParameter + "ComparisonOperator " + string(op) + " is not valid for " + kind.String() + " AttributeValue type")
	}
	if op == ComparisonOperatorBetween {
		if order, ok := attr.Compare(operands[0], operands[1]); ok && order > 0 {
			return Validation("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
		}
	}
	return nil
}

func operandCountFits(op ComparisonOperator, n int) bool {
	switch op {
	case ComparisonOperatorNull, ComparisonOperatorNotNull:
		return n == 0
	case ComparisonOperatorIn:
		return n > 0
	case ComparisonOperatorBetween:
		return n == 2
	}
	return n == 1
}

// operandFits reports whether op takes an operand of kind.
func operandFits(op ComparisonOperator, kind attr.Kind) bool {
	switch op {
	case ComparisonOperatorEq, ComparisonOperatorNe:
		return true
	case ComparisonOperatorContains, ComparisonOperatorNotContains:
		return kind.IsScalar() || kind == attr.Bool || kind == attr.Null
	case ComparisonOperatorBeginsWith:
		return kind == attr.String || kind == attr.Binary
	}
	return kind.IsScalar()
}

// checkUpdates judges AttributeUpdates, whose shape is good.
func checkUpdates(m map[string]AttributeValueUpdate) error {
	if err := checkNamesOf(m); err != nil {
		return err
	}
	for _, key := range sortedKeys(m) {
		if err := checkUpdate(m[key]); err != nil {
			return err
		}
	}
	return nil
}

func checkUpdate(u AttributeValueUpdate) error {
	action := AttributeActionPut
	if u.Action != nil {
		action = *u.Action
	}
	if u.Value == nil {
		if action != AttributeActionDelete {
			return Validation(invalidParameter + "Only DELETE action is allowed when no attribute value is specified")
		}
		return nil
	}
	if f := valueFault(*u.Value); f != "" {
		return Validation(f)
	}
	kind := u.Value.Kind()
	switch {
	case action == AttributeActionDelete && !kind.IsSet():
		return Validation(invalidParameter + "DELETE action with value is not supported for the type " + kind.String())
	case action == AttributeActionAdd && !kind.IsSet() && kind != attr.Number && kind != attr.List:
		return Validation(invalidParameter + "ADD action is not supported for the type " + kind.String())
	}
	return nil
}
