package api

import (
	"fmt"
	"strings"

	"github.com/statordb/stator/attr"
)

const (
	maxTotalSegments = 1_000_000

	// maxKeyConditions of a table, and of an index whose key may have up to
	// four partition and four sort attributes.
	maxKeyConditions      = 2
	maxIndexKeyConditions = 8
)

// Validate: see Request.
func (in *QueryInput) Validate() error {
	var c constraints
	selects.check(&c, nil, "select", in.Select)
	c.text(nil, "indexName", in.IndexName, indexNameRule)
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	c.conditions("queryFilter", in.QueryFilter)
	c.tableName(nil, in.TableName)
	conditionalOperators.check(&c, nil, "conditionalOperator", in.ConditionalOperator)
	c.names(nil, "attributesToGet", in.AttributesToGet, maxAttributesToGet)
	atLeast(&c, nil, "limit", in.Limit, 1)
	c.conditions("keyConditions", in.KeyConditions)
	if err := c.err(); err != nil {
		return err
	}

	if err := checkParameters(
		[]parameter{
			{projectionExpression, in.ProjectionExpression != nil},
			{"FilterExpression", in.FilterExpression != nil},
			{"KeyConditionExpression", in.KeyConditionExpression != nil},
		},
		[]parameter{
			{"AttributesToGet", in.AttributesToGet != nil},
			{"QueryFilter", in.QueryFilter != nil},
			{"ConditionalOperator", in.ConditionalOperator != nil},
			// With no expression for the key, its legacy form goes with the other expressions.
			{"KeyConditions", in.KeyConditions != nil && in.KeyConditionExpression != nil},
		},
		in.ExpressionAttributeNames, in.ExpressionAttributeValues,
	); err != nil {
		return err
	}
	if err := checkOperator(in.ConditionalOperator, len(in.QueryFilter)); err != nil {
		return err
	}
	if err := checkConditions(in.QueryFilter); err != nil {
		return err
	}
	if err := checkAttributesToGet(in.AttributesToGet); err != nil {
		return err
	}
	if err := checkStartKey(in.ExclusiveStartKey); err != nil {
		return err
	}
	if in.KeyConditions == nil && in.KeyConditionExpression == nil {
		return Validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	if err := checkPlaceholders(in.ExpressionAttributeNames, in.ExpressionAttributeValues); err != nil {
		return err
	}
	if err := checkSelect(in.Select, in.ProjectionExpression, in.AttributesToGet, in.IndexName); err != nil {
		return err
	}
	return checkKeyConditions(in.KeyConditions, in.IndexName)
}

// checkKeyConditions judges the legacy form of a key condition, nil when absent.
func checkKeyConditions(m map[string]Condition, index *string) error {
	if m == nil {
		return nil
	}
	if err := checkConditions(m); err != nil {
		return err
	}
	most := maxKeyConditions
	if index != nil {
		most = maxIndexKeyConditions
	}
	if len(m) < 1 || len(m) > most {
		return Validation("Conditions can be of length 1 or 2 only")
	}
	return nil
}

// Validate: see Request.
func (in *ScanInput) Validate() error {
	var c constraints
	selects.check(&c, nil, "select", in.Select)
	c.text(nil, "indexName", in.IndexName, indexNameRule)
	atLeast(&c, nil, "totalSegments", in.TotalSegments, 1)
	atMost(&c, nil, "totalSegments", in.TotalSegments, maxTotalSegments)
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	c.tableName(nil, in.TableName)
	conditionalOperators.check(&c, nil, "conditionalOperator", in.ConditionalOperator)
	c.conditions("scanFilter", in.ScanFilter)
	atLeast(&c, nil, "segment", in.Segment, 0)
	atMost(&c, nil, "segment", in.Segment, maxTotalSegments-1)
	atLeast(&c, nil, "limit", in.Limit, 1)
	c.names(nil, "attributesToGet", in.AttributesToGet, maxAttributesToGet)
	if err := c.err(); err != nil {
		return err
	}

	if err := checkParameters(
		[]parameter{
			{projectionExpression, in.ProjectionExpression != nil},
			{"FilterExpression", in.FilterExpression != nil},
		},
		[]parameter{
			{"AttributesToGet", in.AttributesToGet != nil},
			{"ScanFilter", in.ScanFilter != nil},
			{"ConditionalOperator", in.ConditionalOperator != nil},
		},
		in.ExpressionAttributeNames, in.ExpressionAttributeValues,
	); err != nil {
		return err
	}
	if err := checkAttributesToGet(in.AttributesToGet); err != nil {
		return err
	}
	if err := checkOperator(in.ConditionalOperator, len(in.ScanFilter)); err != nil {
		return err
	}
	if err := checkConditions(in.ScanFilter); err != nil {
		return err
	}
	if err := checkStartKey(in.ExclusiveStartKey); err != nil {
		return err
	}
	if err := checkSegments(in.Segment, in.TotalSegments); err != nil {
		return err
	}
	if err := checkPlaceholders(in.ExpressionAttributeNames, in.ExpressionAttributeValues); err != nil {
		return err
	}
	return checkSelect(in.Select, in.ProjectionExpression, in.AttributesToGet, in.IndexName)
}

func checkSegments(segment, total *int32) error {
	switch {
	case segment == nil && total == nil:
		return nil
	case total == nil:
		return Validation("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case segment == nil:
		return Validation("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case *segment >= *total:
		return Validation(fmt.Sprintf("The Segment parameter is zero-based and must be less than parameter TotalSegments: "+
			"Segment: %d is not less than TotalSegments: %d", *segment, *total))
	}
	return nil
}

// checkSelect judges Select against the projection and the index. What it
// asks of the index's own projection is judged with the table.
func checkSelect(v *Select, projection *string, attributesToGet []string, index *string) error {
	if v == nil {
		return nil
	}
	list := ""
	switch {
	case projection != nil:
		list = projectionExpression
	case attributesToGet != nil:
		list = "AttributesToGet"
	}
	switch {
	case *v == SelectSpecificAttributes:
		if list == "" {
			return Validation("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
		}
	case list != "" && *v == SelectCount:
		return Validation("Cannot specify the " + list + " when choosing to get only the Count")
	case list != "":
		return Validation("Cannot specify the " + list + " when choosing to get " + string(*v))
	case *v == SelectAllProjectedAttributes && index == nil:
		return Validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	}
	return nil
}

// checkStartKey judges the values of an ExclusiveStartKey. AWS introduces some of the
// faults with a sentence and others not.
func checkStartKey(key attr.Item) error {
	f := itemFault(key)
	if f == "" {
		return nil
	}
	for _, bare := range [...]string{"contains duplicates", "number set", "numeric value", "significant digits", "number with magnitude"} {
		if strings.Contains(f, bare) {
			return Validation(f)
		}
	}
	return Validation("The provided starting key is invalid: " + f)
}
