package api

// Validate: see Request. AWS takes the ARN of anything here, and tells later in
// the destination's status that it is no data stream.
func (in *EnableKinesisStreamingDestinationInput) Validate() error {
	var c constraints
	c.destination(in.TableName, in.StreamArn)
	c.enableKinesis(in.EnableKinesisStreamingConfiguration)
	return c.err()
}

// Validate: see Request.
func (in *DisableKinesisStreamingDestinationInput) Validate() error {
	var c constraints
	c.destination(in.TableName, in.StreamArn)
	c.enableKinesis(in.EnableKinesisStreamingConfiguration)
	if err := c.err(); err != nil {
		return err
	}
	if e := in.EnableKinesisStreamingConfiguration; e != nil && e.ApproximateCreationDateTimePrecision != nil {
		return Validation("Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters")
	}
	return nil
}

// Validate: see Request.
func (in *UpdateKinesisStreamingDestinationInput) Validate() error {
	var c constraints
	c.destination(in.TableName, in.StreamArn)
	u := in.UpdateKinesisStreamingConfiguration
	if u != nil {
		p := path{name: "updateKinesisStreamingConfiguration"}
		precisions.check(&c, &p, "approximateCreationDateTimePrecision", u.ApproximateCreationDateTimePrecision)
	}
	if err := c.err(); err != nil {
		return err
	}
	if u == nil || u.ApproximateCreationDateTimePrecision == nil {
		return Validation("Streaming destination cannot be updated with given parameters: " +
			"UpdateKinesisStreamingConfiguration cannot be null or contain only null values")
	}
	return nil
}

// Validate: see Request.
func (in *DescribeKinesisStreamingDestinationInput) Validate() error {
	var c constraints
	c.tableName(nil, in.TableName)
	return c.err()
}

func (c *constraints) destination(table, stream *string) {
	c.tableName(nil, table)
	c.requiredText(nil, "streamArn", stream, streamARNRule)
}

func (c *constraints) enableKinesis(e *EnableKinesisStreamingConfiguration) {
	if e != nil {
		p := path{name: "enableKinesisStreamingConfiguration"}
		precisions.check(c, &p, "approximateCreationDateTimePrecision", e.ApproximateCreationDateTimePrecision)
	}
}
