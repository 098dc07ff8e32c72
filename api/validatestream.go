package api

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

// Validate: see Request.
func (in *ListStreamsInput) Validate() error {
	var c constraints
	if in.TableName != nil {
		c.tableName(nil, in.TableName)
	}
	atLeast(&c, nil, "limit", in.Limit, 1)
	atMost(&c, nil, "limit", in.Limit, maxListStreams)
	c.text(nil, "exclusiveStartStreamArn", in.ExclusiveStartStreamArn, streamARNRule)
	return c.err()
}

// Validate: see Request.
func (in *DescribeStreamInput) Validate() error {
	var c constraints
	c.requiredText(nil, "streamArn", in.StreamArn, streamARNRule)
	atLeast(&c, nil, "limit", in.Limit, 1)
	atMost(&c, nil, "limit", in.Limit, maxShards)
	c.text(nil, "exclusiveStartShardId", in.ExclusiveStartShardId, shardIDRule)
	if f := in.ShardFilter; f != nil {
		p := path{name: "shardFilter"}
		shardFilterTypes.check(&c, &p, "type", f.Type)
		c.text(&p, "shardId", f.ShardId, shardIDRule)
	}
	return c.err()
}

// Validate: see Request.
func (in *GetShardIteratorInput) Validate() error {
	var c constraints
	c.requiredText(nil, "streamArn", in.StreamArn, streamARNRule)
	c.requiredText(nil, "shardId", in.ShardId, shardIDRule)
	shardIteratorTypes.require(&c, nil, "shardIteratorType", in.ShardIteratorType)
	c.text(nil, "sequenceNumber", in.SequenceNumber, sequenceNumberRule)
	return c.err()
}

// Validate: see Request.
func (in *GetRecordsInput) Validate() error {
	var c constraints
	c.requiredText(nil, "shardIterator", in.ShardIterator, shardIteratorRule)
	atLeast(&c, nil, "limit", in.Limit, 1)
	atMost(&c, nil, "limit", in.Limit, maxRecords)
	return c.err()
}
