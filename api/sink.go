package api

import (
	"context"
	"time"
)

// Sink takes the changes of tables out of the database: what a Kinesis data
// stream is to DynamoDB, so that a message broker can stand behind it.
//
// Each record is put at least once. Records of one slot of a table are put in their order
// and by one goroutine at a time, so that order per item holds; those of
// different slots and tables may be put at the same time.
type Sink interface {
	// Put returns nil when all of the records are safe. After an error, all of
	// them are put again later: a Sink that took some drops them then by their
	// ID. It returns soon after ctx ends, which closing the database waits for, 10
	// seconds at most, and must neither change the records nor keep them.
	Put(ctx context.Context, records []SinkRecord) error
}

// SinkRecord is one change of an item on its way out.
type SinkRecord struct {
	// ID is table/shard/sequence: the same whenever the record is put again,
	// and no other record has it.
	ID string

	// PartitionKey is the text that decides which records must stay in order:
	// it is the same for all records of an item.
	PartitionKey string

	// Data is the JSON object that DynamoDB puts into Kinesis for a change.
	Data []byte

	// CommitTime is that of the change.
	CommitTime time.Time
}
