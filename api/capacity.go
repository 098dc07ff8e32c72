package api

import "github.com/statordb/stator/attr"

// ReturnConsumedCapacity says how much detail about consumed capacity an
// output has.
type ReturnConsumedCapacity string

// The values of ReturnConsumedCapacity.
const (
	ReturnConsumedCapacityIndexes ReturnConsumedCapacity = "INDEXES" // the total, the table and each index
	ReturnConsumedCapacityTotal   ReturnConsumedCapacity = "TOTAL"   // the total
	ReturnConsumedCapacityNone    ReturnConsumedCapacity = "NONE"    // nothing, the default
)

// ReturnItemCollectionMetrics says whether an output tells the size of the
// item collections that it changed.
type ReturnItemCollectionMetrics string

// The values of ReturnItemCollectionMetrics.
const (
	ReturnItemCollectionMetricsSize ReturnItemCollectionMetrics = "SIZE"
	ReturnItemCollectionMetricsNone ReturnItemCollectionMetrics = "NONE" // the default
)

// ConsumedCapacity is the capacity that an operation used on one table, in capacity units.
type ConsumedCapacity struct {
	// TableName is the table as the request named it.
	TableName *string

	// CapacityUnits is the total of the table and its indexes.
	CapacityUnits *float64

	// ReadCapacityUnits and WriteCapacityUnits split the total; set by transactions only.
	ReadCapacityUnits  *float64
	WriteCapacityUnits *float64

	// The parts of the total, with INDEXES.
	Table                  *Capacity
	LocalSecondaryIndexes  map[string]Capacity
	GlobalSecondaryIndexes map[string]Capacity
	VectorIndexes          map[string]VectorCapacity
}

// Capacity is the capacity used on a table or an index, in capacity units.
type Capacity struct {
	CapacityUnits *float64

	// ReadCapacityUnits and WriteCapacityUnits split CapacityUnits; set by transactions only.
	ReadCapacityUnits  *float64
	WriteCapacityUnits *float64
}

// VectorCapacity is what an operation used on a vector index, in bytes.
type VectorCapacity struct {
	// VectorSearchRequestBytes are what a search used.
	VectorSearchRequestBytes *float64

	// VectorWriteRequestBytes are what writing entries used.
	VectorWriteRequestBytes *float64
}

// ItemCollectionMetrics estimates the size of the item collection (all items
// of a table and its local secondary indexes with one partition key) that a
// write changed. Only tables with a local secondary index have it.
type ItemCollectionMetrics struct {
	// ItemCollectionKey is the partition key.
	ItemCollectionKey attr.Item

	// SizeEstimateRangeGB is a lower and an upper bound, in gigabytes.
	SizeEstimateRangeGB []float64
}
