package isolation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
)

// Table "items" has the partition key pk and a global index byG of everything, whose key g is equal to pk.
const itemTable, itemIndex = "items", "byG"

func pkOf(k int) string { return "k" + strconv.Itoa(k) }

// text returns the operation's expressions: the update, and the condition.
func (o operation) text() (update, condition *string, values map[string]attr.Value) {
	values = map[string]attr.Value{}
	switch o.verb {
	case verbAdd:
		update, values[":n"] = new("SET g = :g ADD n :n"), attr.Int(o.n)
	case verbSet:
		update, values[":v"] = new("SET g = :g, v = :v"), attr.Int(o.v)
	case verbSetIfAbsent:
		update, values[":v"] = new("SET g = :g, v = if_not_exists(v, :v)"), attr.Int(o.v)
	case verbRemove:
		update = new("SET g = :g REMOVE n")
	}
	if update != nil {
		values[":g"] = attr.S(pkOf(o.key))
	}
	switch o.guard {
	case ifAbsent:
		condition = new("attribute_not_exists(pk)")
	case ifPresent:
		condition = new("attribute_exists(pk)")
	case ifVersion:
		condition, values[":w"] = new("v = :w"), attr.Int(o.want)
	}
	if len(values) == 0 {
		values = nil
	}
	return update, condition, values
}

func (o operation) item() attr.Item {
	item := attr.Item{"pk": attr.S(pkOf(o.key)), "g": attr.S(pkOf(o.key)), "v": attr.Int(o.v)}
	if o.n != absent {
		item["n"] = attr.Int(o.n)
	}
	return item
}

var allOldOnFailure = api.ReturnValuesOnConditionCheckFailureAllOld

// request is the operation alone: PutItem, UpdateItem or DeleteItem.
func (o operation) request() api.Request {
	update, condition, values := o.text()
	switch o.verb {
	case verbPut:
		return &api.PutItemInput{TableName: new(itemTable), Item: api.ItemOf(o.item()), ConditionExpression: condition, ExpressionAttributeValues: values,
			ReturnValues: &o.returns, ReturnValuesOnConditionCheckFailure: &allOldOnFailure}
	case verbDelete:
		return &api.DeleteItemInput{TableName: new(itemTable), Key: key(pkOf(o.key)), ConditionExpression: condition, ExpressionAttributeValues: values,
			ReturnValues: &o.returns, ReturnValuesOnConditionCheckFailure: &allOldOnFailure}
	}
	return &api.UpdateItemInput{TableName: new(itemTable), Key: key(pkOf(o.key)), UpdateExpression: update, ConditionExpression: condition,
		ExpressionAttributeValues: values, ReturnValues: &o.returns, ReturnValuesOnConditionCheckFailure: &allOldOnFailure}
}

// action is the operation as an action of a TransactWriteItems, which returns nothing.
func (o operation) action() api.TransactWriteItem {
	update, condition, values := o.text()
	switch o.verb {
	case verbPut:
		return api.TransactWriteItem{Put: &api.Put{TableName: new(itemTable), Item: api.ItemOf(o.item()), ConditionExpression: condition,
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: &allOldOnFailure}}
	case verbDelete:
		return api.TransactWriteItem{Delete: &api.Delete{TableName: new(itemTable), Key: key(pkOf(o.key)), ConditionExpression: condition,
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: &allOldOnFailure}}
	case verbCheck:
		return api.TransactWriteItem{ConditionCheck: &api.ConditionCheck{TableName: new(itemTable), Key: key(pkOf(o.key)), ConditionExpression: condition,
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: &allOldOnFailure}}
	}
	return api.TransactWriteItem{Update: &api.Update{TableName: new(itemTable), Key: key(pkOf(o.key)), UpdateExpression: update, ConditionExpression: condition,
		ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: &allOldOnFailure}}
}

// write carries out one operation by an operation of its own.
func write(ctx context.Context, c api.Client, o operation) (result, error) {
	res, err := c.Serve(ctx, o.request())
	if err != nil {
		return ended(err)
	}
	var shown api.Attributes
	switch out := res.(type) {
	case *api.PutItemOutput:
		shown = out.Attributes
	case *api.UpdateItemOutput:
		shown = out.Attributes
	case *api.DeleteItemOutput:
		shown = out.Attributes
	}
	r := registerOf(itemOf(shown))
	if o.returns == api.ReturnValueUpdatedOld || o.returns == api.ReturnValueUpdatedNew {
		r.exists = false // it shows only what was updated
	}
	return result{done, r}, nil
}

// ended is the result of a write that failed as it may.
func ended(err error) (result, error) {
	e, _ := errors.AsType[*api.Error](err)
	switch {
	case errors.Is(err, kv.ErrOutcomeUnknown):
		return result{ending: unknown}, nil
	case errors.Is(err, api.ErrConditionFailed):
		return result{failed, registerOf(itemOf(e.Item))}, nil
	}
	return result{}, err
}

// transact carries out operations on different items in one transaction. When it
// is canceled, those whose conditions held come back as checks of these.
func transact(ctx context.Context, c api.Client, ops []operation) ([]result, error) {
	in := &api.TransactWriteItemsInput{}
	for i := range ops {
		ops[i].returns = api.ReturnValueNone
		in.TransactItems = append(in.TransactItems, ops[i].action())
	}
	_, err := c.Serve(ctx, in)
	results := make([]result, len(ops))
	if err == nil || errors.Is(err, kv.ErrOutcomeUnknown) {
		for i := range results {
			if results[i] = (result{done, noItem}); err != nil {
				results[i] = result{ending: unknown}
			}
		}
		return results, nil
	}
	e, _ := errors.AsType[*api.Error](err)
	if !errors.Is(err, api.ErrTransactionCanceled) || len(e.CancellationReasons) != len(ops) {
		return nil, err
	}
	for i, r := range e.CancellationReasons {
		switch r.Code {
		case "None":
			ops[i].verb, results[i] = verbCheck, result{done, noItem}
		case "ConditionalCheckFailed":
			results[i] = result{failed, registerOf(itemOf(r.Item))}
		default:
			return nil, err
		}
	}
	return results, nil
}

// batchWrite puts or deletes different items.
func batchWrite(ctx context.Context, c api.Client, ops []operation) ([]result, error) {
	var writes []api.WriteRequest
	for i := range ops {
		ops[i].guard, ops[i].returns = always, api.ReturnValueNone
		if ops[i].verb == verbDelete {
			writes = append(writes, api.WriteRequest{DeleteRequest: &api.DeleteRequest{Key: key(pkOf(ops[i].key))}})
		} else {
			ops[i].verb = verbPut
			writes = append(writes, api.WriteRequest{PutRequest: &api.PutRequest{Item: api.ItemOf(ops[i].item())}})
		}
	}
	_, err := c.Serve(ctx, &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{itemTable: writes}})
	all := result{done, noItem}
	if err != nil {
		if all, err = ended(err); err != nil {
			return nil, err
		}
	}
	return slices.Repeat([]result{all}, len(ops)), nil
}

// get reads one item, in one of the ways that there are.
func get(ctx context.Context, c api.Client, k int, how string) (result, error) {
	var found []api.Attributes
	switch how {
	case "GetItem", "GetItem, eventually":
		out, err := api.Do(ctx, c, &api.GetItemInput{TableName: new(itemTable), Key: key(pkOf(k)), ConsistentRead: new(how == "GetItem")})
		if err != nil {
			return result{}, err
		}
		if !out.Item.IsZero() {
			found = append(found, out.Item)
		}
	case "Query", "Query of the index":
		in := &api.QueryInput{TableName: new(itemTable), KeyConditionExpression: new("pk = :p"), ExpressionAttributeValues: attr.Item{":p": attr.S(pkOf(k))}}
		if how != "Query" {
			in.IndexName, in.KeyConditionExpression = new(itemIndex), new("g = :p")
		}
		out, err := api.Do(ctx, c, in)
		if err != nil {
			return result{}, err
		}
		found = out.Items
	}
	switch len(found) {
	case 0:
		return result{done, noItem}, nil
	case 1:
		return result{done, registerOf(itemOf(found[0]))}, nil
	}
	return result{}, fmt.Errorf("%s of %s found %v", how, pkOf(k), found)
}

// getMany reads items in one request.
func getMany(ctx context.Context, c api.Client, keys []int, inTransaction bool) ([]result, error) {
	results := make([]result, len(keys))
	if inTransaction {
		in := &api.TransactGetItemsInput{}
		for _, k := range keys {
			in.TransactItems = append(in.TransactItems, api.TransactGetItem{Get: &api.Get{TableName: new(itemTable), Key: key(pkOf(k))}})
		}
		out, err := api.Do(ctx, c, in)
		if err != nil {
			return nil, err
		}
		for i, r := range out.Responses {
			results[i] = result{done, registerOf(itemOf(r.Item))}
		}
		return results, nil
	}
	table := api.KeysAndAttributes{}
	for i, k := range keys {
		table.Keys = append(table.Keys, key(pkOf(k)))
		results[i] = result{done, noItem}
	}
	out, err := api.Do(ctx, c, &api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{itemTable: table}})
	if err != nil {
		return nil, err
	}
	for _, item := range itemsOf(out.Responses[itemTable]) {
		for i, k := range keys {
			if item["pk"].Str() == pkOf(k) {
				results[i] = result{done, registerOf(item)}
			}
		}
	}
	return results, nil
}
