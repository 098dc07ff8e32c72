package api

import (
	"slices"
	"strings"
)

// Class says what an operation does, for caches, policies and limiters.
type Class uint8

// The classes.
const (
	Read    Class = iota // reads items, changes nothing
	Write                // changes items
	Control              // manages or describes tables and settings
)

// String returns "read", "write" or "control".
func (c Class) String() string {
	switch c {
	case Read:
		return "read"
	case Write:
		return "write"
	case Control:
		return "control"
	}
	return "unknown"
}

// The services that operations belong to, as the X-Amz-Target header names them.
const (
	DynamoDB        = "DynamoDB_20120810"
	DynamoDBStreams = "DynamoDBStreams_20120810"
)

// Operation describes one operation.
type Operation struct {
	// Name is the operation's name as AWS has it, such as "PutItem".
	Name string

	// API is the service: DynamoDB or DynamoDBStreams. Empty when Native.
	API string

	// Class says what it does.
	Class Class

	// Native is true when AWS has no such operation: it is never decoded from
	// the network, and a policy denies it unless it names it.
	Native bool

	// New returns a new, empty request.
	New func() Request
}

// Registry returns all operations, in the order of their names. The caller
// owns the slice.
func Registry() []Operation { return slices.Clone(registry[:]) }

// Lookup returns the operation called name (as AWS writes it), and false when there is none.
func Lookup(name string) (Operation, bool) {
	i, ok := slices.BinarySearchFunc(registry[:], name, func(op Operation, name string) int {
		return strings.Compare(op.Name, name)
	})
	if !ok {
		return Operation{}, false
	}
	return registry[i], true
}

// registry is never written to. It is in the order of the names.
var registry = [...]Operation{
	{Name: "BatchExecuteStatement", API: DynamoDB, Class: Write, New: func() Request { return new(BatchExecuteStatementInput) }},
	{Name: "BatchGetItem", API: DynamoDB, Class: Read, New: func() Request { return new(BatchGetItemInput) }},
	{Name: "BatchWriteItem", API: DynamoDB, Class: Write, New: func() Request { return new(BatchWriteItemInput) }},
	{Name: "CreateTable", API: DynamoDB, Class: Control, New: func() Request { return new(CreateTableInput) }},
	{Name: "DeleteItem", API: DynamoDB, Class: Write, New: func() Request { return new(DeleteItemInput) }},
	{Name: "DeleteSubscription", Class: Control, Native: true, New: func() Request { return new(DeleteSubscriptionInput) }},
	{Name: "DeleteTable", API: DynamoDB, Class: Control, New: func() Request { return new(DeleteTableInput) }},
	{Name: "DescribeEndpoints", API: DynamoDB, Class: Control, New: func() Request { return new(DescribeEndpointsInput) }},
	{Name: "DescribeKinesisStreamingDestination", API: DynamoDB, Class: Control, New: func() Request { return new(DescribeKinesisStreamingDestinationInput) }},
	{Name: "DescribeLimits", API: DynamoDB, Class: Control, New: func() Request { return new(DescribeLimitsInput) }},
	{Name: "DescribeStream", API: DynamoDBStreams, Class: Control, New: func() Request { return new(DescribeStreamInput) }},
	{Name: "DescribeTable", API: DynamoDB, Class: Control, New: func() Request { return new(DescribeTableInput) }},
	{Name: "DescribeTimeToLive", API: DynamoDB, Class: Control, New: func() Request { return new(DescribeTimeToLiveInput) }},
	{Name: "DisableKinesisStreamingDestination", API: DynamoDB, Class: Control, New: func() Request { return new(DisableKinesisStreamingDestinationInput) }},
	{Name: "EnableKinesisStreamingDestination", API: DynamoDB, Class: Control, New: func() Request { return new(EnableKinesisStreamingDestinationInput) }},
	{Name: "ExecuteStatement", API: DynamoDB, Class: Write, New: func() Request { return new(ExecuteStatementInput) }},
	{Name: "ExecuteTransaction", API: DynamoDB, Class: Write, New: func() Request { return new(ExecuteTransactionInput) }},
	{Name: "GetItem", API: DynamoDB, Class: Read, New: func() Request { return new(GetItemInput) }},
	{Name: "GetRecords", API: DynamoDBStreams, Class: Read, New: func() Request { return new(GetRecordsInput) }},
	{Name: "GetShardIterator", API: DynamoDBStreams, Class: Read, New: func() Request { return new(GetShardIteratorInput) }},
	{Name: "ImportItems", Class: Write, Native: true, New: func() Request { return new(ImportItemsInput) }},
	{Name: "ListStreams", API: DynamoDBStreams, Class: Control, New: func() Request { return new(ListStreamsInput) }},
	{Name: "ListSubscriptions", Class: Control, Native: true, New: func() Request { return new(ListSubscriptionsInput) }},
	{Name: "ListTables", API: DynamoDB, Class: Control, New: func() Request { return new(ListTablesInput) }},
	{Name: "ListTagsOfResource", API: DynamoDB, Class: Control, New: func() Request { return new(ListTagsOfResourceInput) }},
	{Name: "Maintain", Class: Control, Native: true, New: func() Request { return new(MaintainInput) }},
	{Name: "OpenSubscription", Class: Control, Native: true, New: func() Request { return new(OpenSubscriptionInput) }},
	{Name: "PutItem", API: DynamoDB, Class: Write, New: func() Request { return new(PutItemInput) }},
	{Name: "Query", API: DynamoDB, Class: Read, New: func() Request { return new(QueryInput) }},
	{Name: "ReadChanges", Class: Read, Native: true, New: func() Request { return new(ReadChangesInput) }},
	{Name: "ReadMetrics", Class: Control, Native: true, New: func() Request { return new(ReadMetricsInput) }},
	{Name: "SavePosition", Class: Control, Native: true, New: func() Request { return new(SavePositionInput) }},
	{Name: "Scan", API: DynamoDB, Class: Read, New: func() Request { return new(ScanInput) }},
	{Name: "TagResource", API: DynamoDB, Class: Control, New: func() Request { return new(TagResourceInput) }},
	{Name: "TransactGetItems", API: DynamoDB, Class: Read, New: func() Request { return new(TransactGetItemsInput) }},
	{Name: "TransactWriteItems", API: DynamoDB, Class: Write, New: func() Request { return new(TransactWriteItemsInput) }},
	{Name: "UntagResource", API: DynamoDB, Class: Control, New: func() Request { return new(UntagResourceInput) }},
	{Name: "UpdateItem", API: DynamoDB, Class: Write, New: func() Request { return new(UpdateItemInput) }},
	{Name: "UpdateKinesisStreamingDestination", API: DynamoDB, Class: Control, New: func() Request { return new(UpdateKinesisStreamingDestinationInput) }},
	{Name: "UpdateTable", API: DynamoDB, Class: Control, New: func() Request { return new(UpdateTableInput) }},
	{Name: "UpdateTimeToLive", API: DynamoDB, Class: Control, New: func() Request { return new(UpdateTimeToLiveInput) }},
}
