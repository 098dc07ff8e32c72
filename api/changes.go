package api

import "time"

// ReadChangesInput reads the changes of a table from its journal. It is native:
// AWS has streams and shards for it, which a reader must find his way through himself.
//
// A table has a journal while its stream or a data stream is enabled, and
// keeps a change for as long as the longest of them does.
type ReadChangesInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// Position is where to go on: that of the last output, or Position.After a
	// change. nil is Start.
	Position *Position

	// Start is where to begin when Position is nil, and not looked at
	// otherwise. nil is LATEST.
	Start *ChangesStart

	// Slots are the numbers of the slots to read; nil is all. A slot has the
	// changes of some of the items, as a shard has: an item is always in the same
	// one, and order is kept within it. Several readers can share a table by them.
	Slots []int

	// Limit is the most changes in an output: 1 to 10,000, by default 1,000. An
	// output also ends at about 1 MB.
	Limit *int32

	// Wait is how long to wait for a change when there is none: at most an
	// hour; 0 is not at all. After it, the output has no Changes.
	Wait time.Duration
}

// ReadChangesOutput is some changes.
type ReadChangesOutput struct {
	// Changes are in the order of their sequence within a slot; the slots are
	// merged by CommitTime.
	Changes []Change

	// Position is after the last of them, for the next ReadChanges.
	Position *Position
}

// ChangesStart is where a reader of changes begins.
type ChangesStart struct {
	// Type is required.
	Type ShardIteratorType

	// SequenceNumber goes with AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER. It
	// says where to begin in its own slot; the others begin at its commit time.
	SequenceNumber *string

	// Timestamp goes with AT_TIMESTAMP. One before the oldest change is
	// TRIM_HORIZON, one in the future an error.
	Timestamp *time.Time
}

// Change is one change of an item. Whatever the view type of the table's
// stream, it has both images.
type Change struct {
	EventName OperationType

	// EventID is that of the record in the table's streams: 32 hexadecimal
	// digits, which no other change has.
	EventID string

	// Keys is the item's key.
	Keys Attributes

	// Old is the item before the change, absent for INSERT; New the one after
	// it, absent for REMOVE.
	Old Attributes
	New Attributes

	// SequenceNumber is what the record of the stream has: unique in the table.
	SequenceNumber string

	// Slot and Sequence are the place in the journal.
	Slot     int
	Sequence uint64

	// CommitTime is the same for all changes of one transaction, in
	// microseconds. It never goes back within a slot.
	CommitTime time.Time

	// Origin is the replica that made the change; 0 is this one.
	Origin uint16

	// UserIdentity is that of the service for a deletion by time to live; nil otherwise.
	UserIdentity *Identity

	// SizeBytes is the size of the key and the images.
	SizeBytes int64
}

// Operation returns "ReadChanges".
func (*ReadChangesInput) Operation() string          { return "ReadChanges" }
func (*ReadChangesInput) request()                   {}
func (*ReadChangesInput) output() *ReadChangesOutput { return nil }
func (*ReadChangesOutput) response()                 {}
