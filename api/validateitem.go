package api

// Validate: see Request.
func (in *PutItemInput) Validate() error {
	var c constraints
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	c.tableName(nil, in.TableName)
	c.notNull(nil, "item", !in.Item.IsZero())
	conditionalOperators.check(&c, nil, "conditionalOperator", in.ConditionalOperator)
	c.expected(in.Expected)
	returnValues.check(&c, nil, "returnValues", in.ReturnValues)
	returnCollectionMetrics.check(&c, nil, "returnItemCollectionMetrics", in.ReturnItemCollectionMetrics)
	returnValuesOnFailure.check(&c, nil, "returnValuesOnConditionCheckFailure", in.ReturnValuesOnConditionCheckFailure)
	if err := c.err(); err != nil {
		return err
	}

	if err := checkParameters(
		[]parameter{{"ConditionExpression", in.ConditionExpression != nil}},
		[]parameter{{"Expected", in.Expected != nil}, {"ConditionalOperator", in.ConditionalOperator != nil}},
		in.ExpressionAttributeNames, in.ExpressionAttributeValues,
	); err != nil {
		return err
	}
	values, size := checkSized(in.Item)
	if values != nil {
		return values
	}
	if err := checkReturnOld(in.ReturnValues); err != nil {
		return err
	}
	if size != nil {
		return size
	}
	if err := checkOperator(in.ConditionalOperator, len(in.Expected)); err != nil {
		return err
	}
	if err := checkExpected(in.Expected); err != nil {
		return err
	}
	return checkPlaceholders(in.ExpressionAttributeNames, in.ExpressionAttributeValues)
}

// Validate: see Request.
func (in *GetItemInput) Validate() error {
	var c constraints
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	c.names(nil, "attributesToGet", in.AttributesToGet, maxAttributesToGet)
	c.tableName(nil, in.TableName)
	c.notNull(nil, "key", in.Key != nil)
	if err := c.err(); err != nil {
		return err
	}

	if err := checkProjection(in.ProjectionExpression, in.AttributesToGet, in.ExpressionAttributeNames); err != nil {
		return err
	}
	if err := checkItem(in.Key); err != nil {
		return err
	}
	if err := checkAttributesToGet(in.AttributesToGet); err != nil {
		return err
	}
	return checkPlaceholders(in.ExpressionAttributeNames, nil)
}

const maxAttributesToGet = 255

// checkProjection reports a projection mixed with its legacy form.
func checkProjection(projection *string, attributesToGet []string, names map[string]string) error {
	return checkParameters(
		[]parameter{{projectionExpression, projection != nil}},
		[]parameter{{"AttributesToGet", attributesToGet != nil}},
		names, nil,
	)
}

// Validate: see Request.
func (in *UpdateItemInput) Validate() error {
	var c constraints
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	c.tableName(nil, in.TableName)
	returnCollectionMetrics.check(&c, nil, "returnItemCollectionMetrics", in.ReturnItemCollectionMetrics)
	returnValues.check(&c, nil, "returnValues", in.ReturnValues)
	conditionalOperators.check(&c, nil, "conditionalOperator", in.ConditionalOperator)
	c.notNull(nil, "key", in.Key != nil)
	c.expected(in.Expected)
	c.attributeUpdates(in.AttributeUpdates)
	returnValuesOnFailure.check(&c, nil, "returnValuesOnConditionCheckFailure", in.ReturnValuesOnConditionCheckFailure)
	if err := c.err(); err != nil {
		return err
	}

	if err := checkParameters(
		[]parameter{{"UpdateExpression", in.UpdateExpression != nil}, {"ConditionExpression", in.ConditionExpression != nil}},
		[]parameter{
			{"AttributeUpdates", in.AttributeUpdates != nil}, {"Expected", in.Expected != nil},
			{"ConditionalOperator", in.ConditionalOperator != nil},
		},
		in.ExpressionAttributeNames, in.ExpressionAttributeValues,
	); err != nil {
		return err
	}
	if err := checkItem(in.Key); err != nil {
		return err
	}
	if err := checkUpdates(in.AttributeUpdates); err != nil {
		return err
	}
	if err := checkOperator(in.ConditionalOperator, len(in.Expected)); err != nil {
		return err
	}
	if err := checkExpected(in.Expected); err != nil {
		return err
	}
	return checkPlaceholders(in.ExpressionAttributeNames, in.ExpressionAttributeValues)
}

// Validate: see Request.
func (in *DeleteItemInput) Validate() error {
	var c constraints
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	c.tableName(nil, in.TableName)
	returnValues.check(&c, nil, "returnValues", in.ReturnValues)
	returnCollectionMetrics.check(&c, nil, "returnItemCollectionMetrics", in.ReturnItemCollectionMetrics)
	conditionalOperators.check(&c, nil, "conditionalOperator", in.ConditionalOperator)
	c.notNull(nil, "key", in.Key != nil)
	c.expected(in.Expected)
	returnValuesOnFailure.check(&c, nil, "returnValuesOnConditionCheckFailure", in.ReturnValuesOnConditionCheckFailure)
	if err := c.err(); err != nil {
		return err
	}

	if err := checkParameters(
		[]parameter{{"ConditionExpression", in.ConditionExpression != nil}},
		[]parameter{{"Expected", in.Expected != nil}, {"ConditionalOperator", in.ConditionalOperator != nil}},
		in.ExpressionAttributeNames, in.ExpressionAttributeValues,
	); err != nil {
		return err
	}
	if err := checkItem(in.Key); err != nil {
		return err
	}
	if err := checkReturnOld(in.ReturnValues); err != nil {
		return err
	}
	if err := checkOperator(in.ConditionalOperator, len(in.Expected)); err != nil {
		return err
	}
	if err := checkExpected(in.Expected); err != nil {
		return err
	}
	return checkPlaceholders(in.ExpressionAttributeNames, in.ExpressionAttributeValues)
}

// checkReturnOld judges the ReturnValues of a write that leaves nothing new to return.
func checkReturnOld(v *ReturnValue) error {
	if v != nil && *v != ReturnValueNone && *v != ReturnValueAllOld {
		return Validation("ReturnValues can only be ALL_OLD or NONE")
	}
	return nil
}
