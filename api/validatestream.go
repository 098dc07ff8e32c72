package api

import "strings"

const (
	maxListStreams    = 100
	maxShards         = 100
	maxRecords        = 1000
	minStreamARN      = 37
	maxStreamARN      = 1024
	minShardID        = 28
	maxShardID        = 65
	minSequenceNumber = 21
	maxSequenceNumber = 40
	maxShardIterator  = 2048
)

var (
	streamARNRule      = textRule{min: minStreamARN, max: maxStreamARN}
	shardIDRule        = textRule{min: minShardID, max: maxShardID}
	sequenceNumberRule = textRule{min: minSequenceNumber, max: maxSequenceNumber}
	shardIteratorRule  = textRule{min: 1, max: maxShardIterator}
)

// Validate: see Request. The TableName of this operation is no ARN.
func (in *ListStreamsInput) Validate() error {
	var c constraints
	c.text(nil, "exclusiveStartStreamArn", in.ExclusiveStartStreamArn, streamARNRule)
	atLeast(&c, nil, "limit", in.Limit, 1)
	c.text(nil, "tableName", in.TableName, textRule{min: minTableName, max: maxTableName, name: true})
	if err := c.err(); err != nil {
		return err
	}
	if in.Limit != nil && *in.Limit > maxListStreams {
		return Validation(invalidParameter + "Limit cannot be greater than the maximum allowed size: 100")
	}
	return checkStreamARN(in.ExclusiveStartStreamArn)
}

// Validate: see Request.
func (in *DescribeStreamInput) Validate() error {
	var c constraints
	c.requiredText(nil, "streamArn", in.StreamArn, streamARNRule)
	atLeast(&c, nil, "limit", in.Limit, 1)
	c.text(nil, "exclusiveStartShardId", in.ExclusiveStartShardId, shardIDRule)
	f := in.ShardFilter
	if f != nil {
		p := path{name: "shardFilter"}
		shardFilterTypes.check(&c, &p, "type", f.Type)
		c.text(&p, "shardId", f.ShardId, shardIDRule)
	}
	if err := c.err(); err != nil {
		return err
	}
	switch {
	case in.Limit != nil && *in.Limit > maxShards:
		return Validation(invalidParameter + "Limit cannot be greater than the maximum: 100")
	case f != nil && (f.Type == nil || f.ShardId == nil):
		return Validation(invalidParameter + "ShardFilter must have both Type and ShardId")
	}
	return checkStreamARN(in.StreamArn)
}

// Validate: see Request. Whether the shard has the sequence number, and whether
// the timestamp is in the future, are the engine's to judge.
func (in *GetShardIteratorInput) Validate() error {
	var c constraints
	c.requiredText(nil, "streamArn", in.StreamArn, streamARNRule)
	c.requiredText(nil, "shardId", in.ShardId, shardIDRule)
	shardIteratorTypes.require(&c, nil, "shardIteratorType", in.ShardIteratorType)
	c.text(nil, "sequenceNumber", in.SequenceNumber, sequenceNumberRule)
	if err := c.err(); err != nil {
		return err
	}
	if err := checkStreamARN(in.StreamArn); err != nil {
		return err
	}
	bySequence, byTime := in.ShardIteratorType.place()
	switch {
	case bySequence && (in.SequenceNumber == nil || !isSequenceNumber(*in.SequenceNumber)):
		return Validation(invalidParameter + "Invalid SequenceNumber")
	case !bySequence && in.SequenceNumber != nil:
		return Validation(invalidParameter + "SequenceNumber should not be passed for this iterator type")
	case byTime && in.Timestamp == nil:
		return Validation(invalidParameter + "Timestamp must be provided for iterator type AT_TIMESTAMP")
	case !byTime && in.Timestamp != nil:
		return Validation(invalidParameter + "Timestamp should not be passed for this iterator type")
	}
	return nil
}

// Validate: see Request.
func (in *GetRecordsInput) Validate() error {
	var c constraints
	atLeast(&c, nil, "limit", in.Limit, 1)
	c.requiredText(nil, "shardIterator", in.ShardIterator, shardIteratorRule)
	if err := c.err(); err != nil {
		return err
	}
	if in.Limit != nil && *in.Limit > maxRecords {
		return Validation(invalidParameter + "Limit should be less than or equal to 1000")
	}
	return nil
}

// place says what goes with a type: a sequence number, a time or neither.
func (t ShardIteratorType) place() (bySequence, byTime bool) {
	return t == ShardIteratorTypeAtSequenceNumber || t == ShardIteratorTypeAfterSequenceNumber, t == ShardIteratorTypeAtTimestamp
}

// checkStreamARN judges the form of a stream's ARN that may be absent.
func checkStreamARN(v *string) error {
	if v != nil {
		if _, _, ok := ParseStreamARN(*v); !ok {
			return Validation("Invalid StreamArn")
		}
	}
	return nil
}

// isSequenceNumber reports whether s is all digits.
func isSequenceNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }
