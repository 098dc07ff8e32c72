package api

// Validate: see Request. AWS takes any attribute, a key too.
func (in *UpdateTimeToLiveInput) Validate() error {
	if err := controlTableName(in.TableName); err != nil {
		return err
	}
	var c constraints
	if c.notNull(nil, "timeToLiveSpecification", in.TimeToLiveSpecification != nil) {
		p := path{name: "timeToLiveSpecification"}
		c.requiredText(&p, "attributeName", in.TimeToLiveSpecification.AttributeName, attributeNameRule)
		c.notNull(&p, "enabled", in.TimeToLiveSpecification.Enabled != nil)
	}
	return c.err()
}

// Validate: see Request.
func (in *DescribeTimeToLiveInput) Validate() error { return controlTableName(in.TableName) }
