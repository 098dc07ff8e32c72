package api

import "github.com/statordb/stator/attr"

// BatchGetItemInput reads up to 100 items, of at most 16 MB, of one or more
// tables. Each item is read on its own: the batch is no snapshot.
type BatchGetItemInput struct {
	// RequestItems has the keys for each table, by its name or ARN. Required.
	RequestItems map[string]KeysAndAttributes

	ReturnConsumedCapacity *ReturnConsumedCapacity
}

// KeysAndAttributes says which items of one table to read, and how.
type KeysAndAttributes struct {
	// Keys are whole primary keys, without duplicates: 1 to 100. Required.
	Keys []attr.Item

	// ProjectionExpression lists the attributes wanted; all without it.
	ProjectionExpression *string

	// ExpressionAttributeNames are the #names of the expression.
	ExpressionAttributeNames map[string]string

	// ConsistentRead asks for strongly consistent reads. Default false.
	ConsistentRead *bool

	// AttributesToGet is the legacy form of ProjectionExpression: at least one name.
	AttributesToGet []string
}

// BatchGetItemOutput is the output of BatchGetItem.
type BatchGetItemOutput struct {
	// Responses has, for each table as the request named it, the items that
	// were found, in no order that means anything.
	Responses map[string][]Attributes

	// UnprocessedKeys is what was not read, in the form of RequestItems, ready
	// for the next request. It is empty when all was done.
	UnprocessedKeys map[string]KeysAndAttributes

	// ConsumedCapacity has an entry for each table; nil unless asked for.
	ConsumedCapacity []ConsumedCapacity
}

// BatchWriteItemInput puts and deletes up to 25 items, of at most 16 MB, of one
// or more tables. Each write stands alone: the batch is not atomic.
type BatchWriteItemInput struct {
	// RequestItems has the writes for each table, by its name or ARN: 1 to 25
	// in all, no two on the same item. Required.
	RequestItems map[string][]WriteRequest

	ReturnConsumedCapacity      *ReturnConsumedCapacity
	ReturnItemCollectionMetrics *ReturnItemCollectionMetrics
}

// WriteRequest is one write of a batch: exactly one member is set.
type WriteRequest struct {
	PutRequest    *PutRequest
	DeleteRequest *DeleteRequest
}

// PutRequest puts an item, as PutItem does.
type PutRequest struct {
	// Item is the whole item: ItemOf(item). Required.
	Item Attributes
}

// DeleteRequest deletes an item, as DeleteItem does.
type DeleteRequest struct {
	// Key is the whole primary key. Required.
	Key attr.Item
}

// BatchWriteItemOutput is the output of BatchWriteItem.
type BatchWriteItemOutput struct {
	// UnprocessedItems is what was not written, in the form of RequestItems,
	// ready for the next request. It is empty when all was done.
	UnprocessedItems map[string][]WriteRequest

	// ItemCollectionMetrics has the item collections of each table that the
	// batch touched; nil unless asked for.
	ItemCollectionMetrics map[string][]ItemCollectionMetrics

	// ConsumedCapacity has an entry for each table; nil unless asked for.
	ConsumedCapacity []ConsumedCapacity
}
