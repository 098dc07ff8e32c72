package api

import "github.com/statordb/stator/attr"

// ConditionalOperator joins the conditions of a legacy map.
type ConditionalOperator string

// The values of ConditionalOperator.
const (
	ConditionalOperatorAnd ConditionalOperator = "AND" // all must hold, the default
	ConditionalOperatorOr  ConditionalOperator = "OR"  // one must hold
)

// ComparisonOperator compares an attribute in a legacy condition.
type ComparisonOperator string

// The values of ComparisonOperator. Query's KeyConditions take EQ, LE, LT, GE,
// GT, BEGINS_WITH and BETWEEN only.
const (
	ComparisonOperatorEq          ComparisonOperator = "EQ"
	ComparisonOperatorNe          ComparisonOperator = "NE"
	ComparisonOperatorIn          ComparisonOperator = "IN"
	ComparisonOperatorLe          ComparisonOperator = "LE"
	ComparisonOperatorLt          ComparisonOperator = "LT"
	ComparisonOperatorGe          ComparisonOperator = "GE"
	ComparisonOperatorGt          ComparisonOperator = "GT"
	ComparisonOperatorBetween     ComparisonOperator = "BETWEEN"
	ComparisonOperatorNotNull     ComparisonOperator = "NOT_NULL" // the attribute exists
	ComparisonOperatorNull        ComparisonOperator = "NULL"     // the attribute does not exist
	ComparisonOperatorContains    ComparisonOperator = "CONTAINS"
	ComparisonOperatorNotContains ComparisonOperator = "NOT_CONTAINS"
	ComparisonOperatorBeginsWith  ComparisonOperator = "BEGINS_WITH"
)

// AttributeAction is what a legacy update does to an attribute.
type AttributeAction string

// The values of AttributeAction.
const (
	AttributeActionAdd    AttributeAction = "ADD"    // add to a number, elements to a set, or append to a list
	AttributeActionPut    AttributeAction = "PUT"    // replace, the default
	AttributeActionDelete AttributeAction = "DELETE" // remove the attribute, or elements of a set
)

// Condition is a legacy condition on one attribute (KeyConditions,
// QueryFilter, ScanFilter).
type Condition struct {
	// ComparisonOperator is required.
	ComparisonOperator *ComparisonOperator

	// AttributeValueList are the operands: none for NULL and NOT_NULL, two for
	// BETWEEN, one or more for IN, one for the others.
	AttributeValueList []attr.Value
}

// ExpectedAttributeValue is a legacy condition on one attribute of a write:
// either Value, Exists or both, or a ComparisonOperator with its operands.
type ExpectedAttributeValue struct {
	// Value is what the attribute must be equal to.
	Value *attr.Value

	// Exists says whether the attribute must exist; default true, which needs a Value.
	Exists *bool

	ComparisonOperator *ComparisonOperator
	AttributeValueList []attr.Value
}

// AttributeValueUpdate is a legacy update of one attribute.
type AttributeValueUpdate struct {
	// Action is PUT by default.
	Action *AttributeAction

	// Value is required unless the Action is DELETE.
	Value *attr.Value
}
