package api

import "time"

// OperationType is what a change did to an item.
type OperationType string

// The values of OperationType.
const (
	OperationTypeInsert OperationType = "INSERT"
	OperationTypeModify OperationType = "MODIFY"
	OperationTypeRemove OperationType = "REMOVE"
)

// ShardIteratorType says where in a shard to begin.
type ShardIteratorType string

// The values of ShardIteratorType.
const (
	ShardIteratorTypeTrimHorizon         ShardIteratorType = "TRIM_HORIZON"          // the oldest record that is kept
	ShardIteratorTypeLatest              ShardIteratorType = "LATEST"                // after the newest record
	ShardIteratorTypeAtSequenceNumber    ShardIteratorType = "AT_SEQUENCE_NUMBER"    // SequenceNumber itself
	ShardIteratorTypeAfterSequenceNumber ShardIteratorType = "AFTER_SEQUENCE_NUMBER" // the record after SequenceNumber
	ShardIteratorTypeAtTimestamp         ShardIteratorType = "AT_TIMESTAMP"          // the first record at or after Timestamp
)

// StreamStatus is the state of a stream.
type StreamStatus string

// The values of StreamStatus.
const (
	StreamStatusEnabling  StreamStatus = "ENABLING"
	StreamStatusEnabled   StreamStatus = "ENABLED"
	StreamStatusDisabling StreamStatus = "DISABLING"
	StreamStatusDisabled  StreamStatus = "DISABLED" // it can still be read, for 24 hours
)

// ShardFilterType says which shards a ShardFilter lets through.
type ShardFilterType string

// ShardFilterTypeChildShards are the shards that follow ShardFilter.ShardId.
const ShardFilterTypeChildShards ShardFilterType = "CHILD_SHARDS"

// ListStreamsInput lists the streams, open ones and those that were disabled
// within the last 24 hours.
type ListStreamsInput struct {
	// TableName, a name or an ARN, keeps the streams of one table.
	TableName *string

	// Limit is the most streams in a page: 1 to 100, the default.
	Limit *int32

	// ExclusiveStartStreamArn is the LastEvaluatedStreamArn of the page before.
	ExclusiveStartStreamArn *string
}

// ListStreamsOutput is one page of streams.
type ListStreamsOutput struct {
	Streams []Stream

	// LastEvaluatedStreamArn is where the next page starts; nil when this is
	// the last one.
	LastEvaluatedStreamArn *string
}

// Stream names a stream.
type Stream struct {
	StreamArn *string
	TableName *string

	// StreamLabel is when the stream was enabled, in ISO 8601; unique in the table.
	StreamLabel *string
}

// DescribeStreamInput asks for the description of a stream with its shards.
type DescribeStreamInput struct {
	// StreamArn has 37 to 1024 characters. Required.
	StreamArn *string

	// Limit is the most shards in a page: 1 to 100, the default.
	Limit *int32

	// ExclusiveStartShardId is the LastEvaluatedShardId of the page before.
	ExclusiveStartShardId *string

	// ShardFilter keeps some shards only.
	ShardFilter *ShardFilter
}

// ShardFilter keeps the shards that follow one.
type ShardFilter struct {
	Type *ShardFilterType

	// ShardId is the parent.
	ShardId *string
}

// DescribeStreamOutput is the output of DescribeStream.
type DescribeStreamOutput struct {
	StreamDescription *StreamDescription
}

// StreamDescription tells all about a stream.
type StreamDescription struct {
	StreamArn      *string
	StreamLabel    *string
	StreamStatus   *StreamStatus
	StreamViewType *StreamViewType

	CreationRequestDateTime *time.Time

	TableName *string
	KeySchema []KeySchemaElement

	// Shards are one page of them, parents before their children.
	Shards []Shard

	// LastEvaluatedShardId is where the next page starts; nil when this is the
	// last one.
	LastEvaluatedShardId *string
}

// Shard is a part of a stream: the changes of some of the items, in the order
// in which they were made, for some hours.
type Shard struct {
	ShardId *string

	SequenceNumberRange *SequenceNumberRange

	// ParentShardId is the shard that must be read before this one, so that the
	// changes of an item come in their order; nil when there was none or it is gone.
	ParentShardId *string
}

// SequenceNumberRange is what a shard has room for.
type SequenceNumberRange struct {
	StartingSequenceNumber *string

	// EndingSequenceNumber is nil while the shard is open.
	EndingSequenceNumber *string
}

// GetShardIteratorInput asks for a place in a shard to read from.
type GetShardIteratorInput struct {
	// StreamArn has 37 to 1024 characters. Required.
	StreamArn *string

	// ShardId has 28 to 65 characters. Required.
	ShardId *string

	// ShardIteratorType is required.
	ShardIteratorType *ShardIteratorType

	// SequenceNumber goes with AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER; it
	// has 21 to 40 characters.
	SequenceNumber *string

	// Timestamp goes with AT_TIMESTAMP, in milliseconds. One before the oldest
	// record is TRIM_HORIZON, one in the future an error.
	Timestamp *time.Time
}

// GetShardIteratorOutput is the output of GetShardIterator.
type GetShardIteratorOutput struct {
	// ShardIterator can be used for 15 minutes.
	ShardIterator *string
}

// GetRecordsInput reads records of a shard.
type GetRecordsInput struct {
	// ShardIterator is that of GetShardIterator, or the NextShardIterator of
	// the page before. It has 1 to 2048 characters. Required.
	ShardIterator *string

	// Limit is the most records in a page: 1 to 1000, the default. A page has 1 MB at most.
	Limit *int32
}

// GetRecordsOutput is one page of records; it may be empty though there are more.
type GetRecordsOutput struct {
	Records []Record

	// NextShardIterator is where the next page starts; nil when the shard is
	// closed and was read to its end.
	NextShardIterator *string
}

// Record is a change of an item, as streams tell it. It is also what a trigger
// of AWS gets; the names of its JSON begin with lower-case letters (awsRegion).
type Record struct {
	// EventID is unique in the stream.
	EventID   *string
	EventName *OperationType

	// EventVersion is "1.1".
	EventVersion *string

	// EventSource is "aws:dynamodb".
	EventSource *string
	AwsRegion   *string

	Dynamodb *StreamRecord

	// UserIdentity is nil, but for items that time to live deleted.
	UserIdentity *Identity
}

// StreamRecord is the item's side of a Record.
type StreamRecord struct {
	// ApproximateCreationDateTime is when the change was made, in whole seconds.
	ApproximateCreationDateTime *time.Time

	// Keys is the item's key.
	Keys Attributes

	// NewImage is the item after the change, OldImage the one before. Which of
	// them are there depends on StreamViewType.
	NewImage Attributes
	OldImage Attributes

	// SequenceNumber has 21 to 40 digits.
	SequenceNumber *string

	// SizeBytes is the size of the record's attributes.
	SizeBytes *int64

	StreamViewType *StreamViewType
}

// Identity is who made a change: {dynamodb.amazonaws.com, Service} for
// deletions by time to live.
type Identity struct {
	PrincipalId *string
	Type        *string
}

// The Identity of time to live.
const (
	ServicePrincipal    = "dynamodb.amazonaws.com"
	ServiceIdentityType = "Service"
)

// Operation returns "ListStreams".
func (*ListStreamsInput) Operation() string          { return "ListStreams" }
func (*ListStreamsInput) request()                   {}
func (*ListStreamsInput) output() *ListStreamsOutput { return nil }
func (*ListStreamsOutput) response()                 {}

// Operation returns "DescribeStream".
func (*DescribeStreamInput) Operation() string             { return "DescribeStream" }
func (*DescribeStreamInput) request()                      {}
func (*DescribeStreamInput) output() *DescribeStreamOutput { return nil }
func (*DescribeStreamOutput) response()                    {}

// Operation returns "GetShardIterator".
func (*GetShardIteratorInput) Operation() string               { return "GetShardIterator" }
func (*GetShardIteratorInput) request()                        {}
func (*GetShardIteratorInput) output() *GetShardIteratorOutput { return nil }
func (*GetShardIteratorOutput) response()                      {}

// Operation returns "GetRecords".
func (*GetRecordsInput) Operation() string         { return "GetRecords" }
func (*GetRecordsInput) request()                  {}
func (*GetRecordsInput) output() *GetRecordsOutput { return nil }
func (*GetRecordsOutput) response()                {}
