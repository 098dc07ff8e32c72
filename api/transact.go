package api

import "github.com/statordb/stator/attr"

// TransactGetItemsInput reads up to 100 items, of at most 4 MB, of one or more
// tables as of one moment.
type TransactGetItemsInput struct {
	// TransactItems are the reads: 1 to 100. Required.
	TransactItems []TransactGetItem

	ReturnConsumedCapacity *ReturnConsumedCapacity
}

// TransactGetItem is one read of a transaction.
type TransactGetItem struct {
	// Get is required.
	Get *Get
}

// Get reads an item in a transaction.
type Get struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// Key is the whole primary key. Required.
	Key attr.Item

	// ProjectionExpression lists the attributes wanted; all without it.
	ProjectionExpression *string

	// ExpressionAttributeNames are the #names of the expression.
	ExpressionAttributeNames map[string]string
}

// TransactGetItemsOutput is the output of TransactGetItems.
type TransactGetItemsOutput struct {
	// Responses has an entry for each read, in the request's order.
	Responses []ItemResponse

	// ConsumedCapacity has an entry for each table; nil unless asked for.
	ConsumedCapacity []ConsumedCapacity
}

// ItemResponse is what one read of a transaction found.
type ItemResponse struct {
	// Item is absent (IsZero) when the table has no such item.
	Item Attributes
}

// TransactWriteItemsInput does up to 100 writes and checks on distinct items,
// of at most 4 MB, all or none.
type TransactWriteItemsInput struct {
	// TransactItems are the actions: 1 to 100, no two on the same item. Required.
	TransactItems []TransactWriteItem

	// ClientRequestToken makes the transaction idempotent: for 10 minutes the
	// same token with the same contents writes nothing more, and with other
	// contents fails with CodeIdempotentParameterMismatch. 1 to 36 characters.
	ClientRequestToken *string

	ReturnConsumedCapacity      *ReturnConsumedCapacity
	ReturnItemCollectionMetrics *ReturnItemCollectionMetrics
}

// TransactWriteItem is one action of a transaction: exactly one member is set.
type TransactWriteItem struct {
	ConditionCheck *ConditionCheck
	Put            *Put
	Delete         *Delete
	Update         *Update
}

// ConditionCheck tests an item in a transaction without changing it.
type ConditionCheck struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// Key is the whole primary key. Required.
	Key attr.Item

	// ConditionExpression is required.
	ConditionExpression *string

	// ExpressionAttributeNames and ExpressionAttributeValues are the #names and :values.
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues map[string]attr.Value

	// ReturnValuesOnConditionCheckFailure asks for the item in the cancellation reason.
	ReturnValuesOnConditionCheckFailure *ReturnValuesOnConditionCheckFailure
}

// Put puts an item in a transaction, as PutItem does.
type Put struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// Item is the whole item: ItemOf(item). Required.
	Item Attributes

	ConditionExpression *string

	// ExpressionAttributeNames and ExpressionAttributeValues are the #names and :values.
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues map[string]attr.Value

	// ReturnValuesOnConditionCheckFailure asks for the item in the cancellation reason.
	ReturnValuesOnConditionCheckFailure *ReturnValuesOnConditionCheckFailure
}

// Delete deletes an item in a transaction, as DeleteItem does.
type Delete struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// Key is the whole primary key. Required.
	Key attr.Item

	ConditionExpression *string

	// ExpressionAttributeNames and ExpressionAttributeValues are the #names and :values.
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues map[string]attr.Value

	// ReturnValuesOnConditionCheckFailure asks for the item in the cancellation reason.
	ReturnValuesOnConditionCheckFailure *ReturnValuesOnConditionCheckFailure
}

// Update changes an item in a transaction, as UpdateItem does.
type Update struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// Key is the whole primary key. Required.
	Key attr.Item

	// UpdateExpression is required.
	UpdateExpression *string

	ConditionExpression *string

	// ExpressionAttributeNames and ExpressionAttributeValues are the #names and :values.
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues map[string]attr.Value

	// ReturnValuesOnConditionCheckFailure asks for the item in the cancellation reason.
	ReturnValuesOnConditionCheckFailure *ReturnValuesOnConditionCheckFailure
}

// TransactWriteItemsOutput is the output of TransactWriteItems.
type TransactWriteItemsOutput struct {
	// ItemCollectionMetrics has the item collections of each table that the
	// transaction touched; nil unless asked for.
	ItemCollectionMetrics map[string][]ItemCollectionMetrics

	// ConsumedCapacity has an entry for each table; nil unless asked for.
	ConsumedCapacity []ConsumedCapacity
}
