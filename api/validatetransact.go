package api

import (
	"fmt"

	"github.com/statordb/stator/attr"
)

const (
	maxTransaction      = 100     // actions
	maxTransactionBytes = 4 << 20 // of all items and keys
)

// Validate: see Request.
func (in *TransactGetItemsInput) Validate() error {
	var c constraints
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	if c.actions(in.TransactItems != nil, len(in.TransactItems)) {
		items := path{name: "transactItems"}
		for i, t := range in.TransactItems {
			p := items.element(i)
			if c.notNull(&p, "get", t.Get != nil) {
				p := p.in("get")
				c.tableName(&p, t.Get.TableName)
				c.notNull(&p, "key", t.Get.Key != nil)
			}
		}
	}
	if err := c.err(); err != nil {
		return err
	}

	for _, t := range in.TransactItems {
		g := t.Get
		if err := checkProjection(g.ProjectionExpression, nil, g.ExpressionAttributeNames); err != nil {
			return err
		}
		if err := checkItem(g.Key); err != nil {
			return err
		}
		if err := checkPlaceholders(g.ExpressionAttributeNames, nil); err != nil {
			return err
		}
	}
	return nil
}

// actions checks the number of a transaction's actions. It reports whether each of
// them is to be looked at.
func (c *constraints) actions(present bool, n int) bool {
	switch {
	case !c.notNull(nil, "transactItems", present):
		return false
	case n == 0:
		c.fault("'[]'", nil, "transactItems", minLength(1))
	case n > maxTransaction:
		c.unechoed("TransactItems", maxLength(maxTransaction))
		return false
	}
	return true
}

// Validate: see Request.
func (in *TransactWriteItemsInput) Validate() error {
	var c constraints
	c.text(nil, "clientRequestToken", in.ClientRequestToken, tokenRule)
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	returnCollectionMetrics.check(&c, nil, "returnItemCollectionMetrics", in.ReturnItemCollectionMetrics)
	if c.actions(in.TransactItems != nil, len(in.TransactItems)) {
		items := path{name: "transactItems"}
		for i := range in.TransactItems {
			p := items.element(i)
			c.action(&p, &in.TransactItems[i])
		}
	}
	if err := c.err(); err != nil {
		return err
	}

	for i := range in.TransactItems {
		if err := checkAction(&in.TransactItems[i]); err != nil {
			return err
		}
	}
	size := 0
	for i := range in.TransactItems {
		a, _ := in.TransactItems[i].action()
		size += a.item.Size()
	}
	if size > maxTransactionBytes {
		return Validation(fmt.Sprintf("Transaction payload size cannot exceed 4MB. Payload Size: %d", size))
	}
	return nil
}

// action is what the four actions of a transaction have in common.
type action struct {
	member              string // of the request, as paths have it
	itemMember          string // "item" of a Put, "key" of the others
	table               *string
	item                Attributes
	update, condition   *string
	needsUpdate, isTest bool
	names               map[string]string
	values              map[string]attr.Value
	onFailure           *ReturnValuesOnConditionCheckFailure
}

// action returns the one action that is set, and how many are.
func (t *TransactWriteItem) action() (a action, set int) {
	if x := t.Update; x != nil {
		a = action{"update", "key", x.TableName, ItemOf(x.Key), x.UpdateExpression, x.ConditionExpression, true, false,
			x.ExpressionAttributeNames, x.ExpressionAttributeValues, x.ReturnValuesOnConditionCheckFailure}
		set++
	}
	if x := t.Put; x != nil {
		a = action{"put", "item", x.TableName, x.Item, nil, x.ConditionExpression, false, false,
			x.ExpressionAttributeNames, x.ExpressionAttributeValues, x.ReturnValuesOnConditionCheckFailure}
		set++
	}
	if x := t.Delete; x != nil {
		a = action{"delete", "key", x.TableName, ItemOf(x.Key), nil, x.ConditionExpression, false, false,
			x.ExpressionAttributeNames, x.ExpressionAttributeValues, x.ReturnValuesOnConditionCheckFailure}
		set++
	}
	if x := t.ConditionCheck; x != nil {
		a = action{"conditionCheck", "key", x.TableName, ItemOf(x.Key), nil, x.ConditionExpression, false, true,
			x.ExpressionAttributeNames, x.ExpressionAttributeValues, x.ReturnValuesOnConditionCheckFailure}
		set++
	}
	return a, set
}

// action checks the shape of one action, also of each of several.
func (c *constraints) action(p *path, t *TransactWriteItem) {
	for _, one := range [...]TransactWriteItem{{ConditionCheck: t.ConditionCheck}, {Delete: t.Delete}, {Put: t.Put}, {Update: t.Update}} {
		a, set := one.action()
		if set == 0 {
			continue
		}
		p := p.in(a.member)
		c.tableName(&p, a.table)
		c.notNull(&p, a.itemMember, !a.item.IsZero())
		if a.needsUpdate {
			c.notNull(&p, "updateExpression", a.update != nil)
		}
		if a.isTest {
			c.notNull(&p, "conditionExpression", a.condition != nil)
		}
		returnValuesOnFailure.check(c, &p, "returnValuesOnConditionCheckFailure", a.onFailure)
	}
}

// checkAction judges one action, whose shape is good. AWS judges them one by one, each wholly.
func checkAction(t *TransactWriteItem) error {
	a, set := t.action()
	switch {
	case set == 0:
		return Validation("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
	case set > 1:
		return Validation("TransactItems can only contain one of Check, Put, Update or Delete")
	}
	expressions := []parameter{{"UpdateExpression", a.update != nil}, {"ConditionExpression", a.condition != nil}}
	if !a.needsUpdate {
		expressions = expressions[1:]
	}
	if err := checkParameters(expressions, nil, a.names, a.values); err != nil {
		return err
	}
	values, size := checkSized(a.item)
	if values != nil {
		return values
	}
	if size != nil && t.Put != nil {
		return size
	}
	return checkPlaceholders(a.names, a.values)
}
