package api

import "github.com/statordb/stator/attr"

// ReturnValue says which attributes a write answers with.
type ReturnValue string

// The values of ReturnValue. PutItem and DeleteItem take the first two only.
const (
	ReturnValueNone       ReturnValue = "NONE"        // nothing, the default
	ReturnValueAllOld     ReturnValue = "ALL_OLD"     // the whole item as it was before
	ReturnValueUpdatedOld ReturnValue = "UPDATED_OLD" // the updated attributes as they were before
	ReturnValueAllNew     ReturnValue = "ALL_NEW"     // the whole item as it is now
	ReturnValueUpdatedNew ReturnValue = "UPDATED_NEW" // the updated attributes as they are now
)

// ReturnValuesOnConditionCheckFailure says whether the error of a failed
// condition carries the item.
type ReturnValuesOnConditionCheckFailure string

// The values of ReturnValuesOnConditionCheckFailure.
const (
	ReturnValuesOnConditionCheckFailureAllOld ReturnValuesOnConditionCheckFailure = "ALL_OLD"
	ReturnValuesOnConditionCheckFailureNone   ReturnValuesOnConditionCheckFailure = "NONE"
)

// PutItemInput creates an item, or replaces the whole item that has its key.
type PutItemInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// Item is the new item with its whole primary key, of at most 400 KB:
	// ItemOf(item). Required.
	Item Attributes

	// ConditionExpression must hold for the item that is there now, else the
	// operation fails with CodeConditionalCheckFailed. An absent item has no attributes.
	ConditionExpression *string

	// ExpressionAttributeNames are the #names of the expressions.
	ExpressionAttributeNames map[string]string

	// ExpressionAttributeValues are the :values of the expressions.
	ExpressionAttributeValues map[string]attr.Value

	// ReturnValues is NONE, the default, or ALL_OLD.
	ReturnValues *ReturnValue

	// ReturnValuesOnConditionCheckFailure asks for the item in the error of a failed condition.
	ReturnValuesOnConditionCheckFailure *ReturnValuesOnConditionCheckFailure

	ReturnConsumedCapacity      *ReturnConsumedCapacity
	ReturnItemCollectionMetrics *ReturnItemCollectionMetrics

	// Expected and ConditionalOperator are the legacy form of ConditionExpression.
	Expected            map[string]ExpectedAttributeValue
	ConditionalOperator *ConditionalOperator
}

// PutItemOutput is the output of PutItem.
type PutItemOutput struct {
	// Attributes is the replaced item, with ReturnValues ALL_OLD and when there was one.
	Attributes Attributes

	// ConsumedCapacity and ItemCollectionMetrics are nil unless asked for.
	ConsumedCapacity      *ConsumedCapacity
	ItemCollectionMetrics *ItemCollectionMetrics
}

// GetItemInput reads the item that has a key.
type GetItemInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// Key is the whole primary key and nothing else. Required.
	Key attr.Item

	// ProjectionExpression lists the attributes wanted; all without it.
	ProjectionExpression *string

	// ExpressionAttributeNames are the #names of the expression.
	ExpressionAttributeNames map[string]string

	// ConsistentRead asks for a strongly consistent read, at twice the price. Default false.
	ConsistentRead *bool

	ReturnConsumedCapacity *ReturnConsumedCapacity

	// AttributesToGet is the legacy form of ProjectionExpression: at least one name.
	AttributesToGet []string
}

// GetItemOutput is the output of GetItem.
type GetItemOutput struct {
	// Item is absent (IsZero) when the table has no item with this key.
	Item Attributes

	// ConsumedCapacity is nil unless asked for.
	ConsumedCapacity *ConsumedCapacity
}

// UpdateItemInput changes attributes of the item that has a key, or creates the
// item.
type UpdateItemInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// Key is the whole primary key and nothing else. Required.
	Key attr.Item

	// UpdateExpression says what to change (SET, REMOVE, ADD, DELETE). Without
	// it an absent item is created with its key alone.
	UpdateExpression *string

	// ConditionExpression must hold for the item that is there now, else the
	// operation fails with CodeConditionalCheckFailed. An absent item has no attributes.
	ConditionExpression *string

	// ExpressionAttributeNames are the #names of the expressions.
	ExpressionAttributeNames map[string]string

	// ExpressionAttributeValues are the :values of the expressions.
	ExpressionAttributeValues map[string]attr.Value

	// ReturnValues is any of the five; the default is NONE.
	ReturnValues *ReturnValue

	// ReturnValuesOnConditionCheckFailure asks for the item in the error of a failed condition.
	ReturnValuesOnConditionCheckFailure *ReturnValuesOnConditionCheckFailure

	ReturnConsumedCapacity      *ReturnConsumedCapacity
	ReturnItemCollectionMetrics *ReturnItemCollectionMetrics

	// AttributeUpdates is the legacy form of UpdateExpression.
	AttributeUpdates map[string]AttributeValueUpdate

	// Expected and ConditionalOperator are the legacy form of ConditionExpression.
	Expected            map[string]ExpectedAttributeValue
	ConditionalOperator *ConditionalOperator
}

// UpdateItemOutput is the output of UpdateItem.
type UpdateItemOutput struct {
	// Attributes is what ReturnValues asked for.
	Attributes Attributes

	// ConsumedCapacity and ItemCollectionMetrics are nil unless asked for.
	ConsumedCapacity      *ConsumedCapacity
	ItemCollectionMetrics *ItemCollectionMetrics
}

// DeleteItemInput deletes the item that has a key. That it is absent is no error.
type DeleteItemInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// Key is the whole primary key and nothing else. Required.
	Key attr.Item

	// ConditionExpression must hold for the item that is there now, else the
	// operation fails with CodeConditionalCheckFailed. An absent item has no attributes.
	ConditionExpression *string

	// ExpressionAttributeNames are the #names of the expression.
	ExpressionAttributeNames map[string]string

	// ExpressionAttributeValues are the :values of the expression.
	ExpressionAttributeValues map[string]attr.Value

	// ReturnValues is NONE, the default, or ALL_OLD.
	ReturnValues *ReturnValue

	// ReturnValuesOnConditionCheckFailure asks for the item in the error of a failed condition.
	ReturnValuesOnConditionCheckFailure *ReturnValuesOnConditionCheckFailure

	ReturnConsumedCapacity      *ReturnConsumedCapacity
	ReturnItemCollectionMetrics *ReturnItemCollectionMetrics

	// Expected and ConditionalOperator are the legacy form of ConditionExpression.
	Expected            map[string]ExpectedAttributeValue
	ConditionalOperator *ConditionalOperator
}

// DeleteItemOutput is the output of DeleteItem.
type DeleteItemOutput struct {
	// Attributes is the deleted item, with ReturnValues ALL_OLD and when there was one.
	Attributes Attributes

	// ConsumedCapacity and ItemCollectionMetrics are nil unless asked for.
	ConsumedCapacity      *ConsumedCapacity
	ItemCollectionMetrics *ItemCollectionMetrics
}
