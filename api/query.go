package api

import "github.com/statordb/stator/attr"

// Select says which attributes a Query or Scan answers with.
type Select string

// The values of Select. The default is ALL_ATTRIBUTES for a table,
// ALL_PROJECTED_ATTRIBUTES for an index, and SPECIFIC_ATTRIBUTES with a
// projection.
const (
	SelectAllAttributes          Select = "ALL_ATTRIBUTES"
	SelectAllProjectedAttributes Select = "ALL_PROJECTED_ATTRIBUTES"
	SelectSpecificAttributes     Select = "SPECIFIC_ATTRIBUTES"
	SelectCount                  Select = "COUNT" // only Count and ScannedCount
)

// QueryInput reads items of one partition of a table or an index, in the order
// of the sort key.
type QueryInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// IndexName is the index to read; the table itself when nil.
	IndexName *string

	// KeyConditionExpression names the partition and, if wanted, a range of
	// the sort key. Required, unless the legacy KeyConditions are given.
	KeyConditionExpression *string

	// FilterExpression drops items after they were read and paid for.
	FilterExpression *string

	// ProjectionExpression lists the attributes wanted.
	ProjectionExpression *string

	// ExpressionAttributeNames are the #names of the expressions.
	ExpressionAttributeNames map[string]string

	// ExpressionAttributeValues are the :values of the expressions.
	ExpressionAttributeValues map[string]attr.Value

	Select *Select

	// ScanIndexForward false reads in descending order. Default true.
	ScanIndexForward *bool

	// Limit is the most items to evaluate (not to return) in this page, 1 or
	// more. A page ends at 1 MB in any case.
	Limit *int32

	// ExclusiveStartKey is the LastEvaluatedKey of the page before.
	ExclusiveStartKey attr.Item

	// ConsistentRead asks for strongly consistent reads, which a global
	// secondary index does not have. Default false.
	ConsistentRead *bool

	ReturnConsumedCapacity *ReturnConsumedCapacity

	// KeyConditions is the legacy form of KeyConditionExpression.
	KeyConditions map[string]Condition

	// QueryFilter and ConditionalOperator are the legacy form of FilterExpression.
	QueryFilter         map[string]Condition
	ConditionalOperator *ConditionalOperator

	// AttributesToGet is the legacy form of ProjectionExpression: at least one name.
	AttributesToGet []string
}

// QueryOutput is one page of a Query.
type QueryOutput struct {
	// Items are in the order of the sort key. It is nil with Select COUNT and
	// empty when nothing matched.
	Items []Attributes

	// Count is the number of items after the filter, ScannedCount before it.
	Count        int32
	ScannedCount int32

	// LastEvaluatedKey is where the next page starts; nil when this is the last one.
	LastEvaluatedKey attr.Item

	// ConsumedCapacity is nil unless asked for.
	ConsumedCapacity *ConsumedCapacity
}

// ScanInput reads all items of a table or an index, or one segment of them.
type ScanInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// IndexName is the index to read; the table itself when nil.
	IndexName *string

	// FilterExpression drops items after they were read and paid for.
	FilterExpression *string

	// ProjectionExpression lists the attributes wanted.
	ProjectionExpression *string

	// ExpressionAttributeNames are the #names of the expressions.
	ExpressionAttributeNames map[string]string

	// ExpressionAttributeValues are the :values of the expressions.
	ExpressionAttributeValues map[string]attr.Value

	Select *Select

	// Segment is the part to read of TotalSegments (1 to 1,000,000), counted
	// from 0. Both or none.
	Segment       *int32
	TotalSegments *int32

	// Limit is the most items to evaluate (not to return) in this page, 1 or
	// more. A page ends at 1 MB in any case.
	Limit *int32

	// ExclusiveStartKey is the LastEvaluatedKey of the page before.
	ExclusiveStartKey attr.Item

	// ConsistentRead asks for strongly consistent reads, which a global
	// secondary index does not have. Default false.
	ConsistentRead *bool

	ReturnConsumedCapacity *ReturnConsumedCapacity

	// ScanFilter and ConditionalOperator are the legacy form of FilterExpression.
	ScanFilter          map[string]Condition
	ConditionalOperator *ConditionalOperator

	// AttributesToGet is the legacy form of ProjectionExpression: at least one name.
	AttributesToGet []string
}

// ScanOutput is one page of a Scan.
type ScanOutput struct {
	// Items is nil with Select COUNT and empty when nothing matched.
	Items []Attributes

	// Count is the number of items after the filter, ScannedCount before it.
	Count        int32
	ScannedCount int32

	// LastEvaluatedKey is where the next page starts; nil when this is the last one.
	LastEvaluatedKey attr.Item

	// ConsumedCapacity is nil unless asked for.
	ConsumedCapacity *ConsumedCapacity
}
