package api

// Validate: see Request.
func (in *EnableKinesisStreamingDestinationInput) Validate() error {
	var c constraints
	c.tableName(nil, in.TableName)
	c.requiredText(nil, "streamArn", in.StreamArn, streamARNRule)
	c.enableKinesis(in.EnableKinesisStreamingConfiguration)
	return c.err()
}

// Validate: see Request.
func (in *DisableKinesisStreamingDestinationInput) Validate() error {
	var c constraints
	c.tableName(nil, in.TableName)
	c.requiredText(nil, "streamArn", in.StreamArn, streamARNRule)
	c.enableKinesis(in.EnableKinesisStreamingConfiguration)
	return c.err()
}

// Validate: see Request.
func (in *UpdateKinesisStreamingDestinationInput) Validate() error {
	var c constraints
	c.tableName(nil, in.TableName)
	c.requiredText(nil, "streamArn", in.StreamArn, streamARNRule)
	if u := in.UpdateKinesisStreamingConfiguration; u != nil {
		p := path{name: "updateKinesisStreamingConfiguration"}
		precisions.check(&c, &p, "approximateCreationDateTimePrecision", u.ApproximateCreationDateTimePrecision)
	}
	return c.err()
}

// Validate: see Request.
func (in *DescribeKinesisStreamingDestinationInput) Validate() error {
	var c constraints
	c.tableName(nil, in.TableName)
	return c.err()
}

func (c *constraints) enableKinesis(e *EnableKinesisStreamingConfiguration) {
	if e != nil {
		p := path{name: "enableKinesisStreamingConfiguration"}
		precisions.check(c, &p, "approximateCreationDateTimePrecision", e.ApproximateCreationDateTimePrecision)
	}
}
