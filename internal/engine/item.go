package engine

import (
	"context"
	"errors"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
)

// itemWrite is what PutItem, UpdateItem and DeleteItem have in common.
type itemWrite struct {
	operation string // the request's name
	table     *string
	texts     expressionTexts
	returns   *api.ReturnValue
	onFailed  *api.ReturnValuesOnConditionCheckFailure
	capacity  *api.ReturnConsumedCapacity
	metrics   *api.ReturnItemCollectionMetrics

	prepare func(t *table, x expressions, room []byte) (write, error)
}

// itemWritten is what their answers have in common.
type itemWritten struct {
	attributes api.Attributes
	capacity   *api.ConsumedCapacity
	metrics    *api.ItemCollectionMetrics

	failed *tableWrite // what the write cost whose condition failed
}

func (e *Engine) putItem(ctx context.Context, in *api.PutItemInput) (*api.PutItemOutput, error) {
	out, err := e.writeItem(ctx, putOf(in))
	if err != nil {
		return nil, err
	}
	return &api.PutItemOutput{Attributes: out.attributes, ConsumedCapacity: out.capacity, ItemCollectionMetrics: out.metrics}, nil
}

func putOf(in *api.PutItemInput) itemWrite {
	return itemWrite{
		operation: in.Operation(),
		table:     in.TableName,
		texts: expressionTexts{condition: in.ConditionExpression, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
			legacy: legacyParameters{expected: in.Expected, operator: in.ConditionalOperator}},
		returns:  in.ReturnValues,
		onFailed: in.ReturnValuesOnConditionCheckFailure,
		capacity: in.ReturnConsumedCapacity,
		metrics:  in.ReturnItemCollectionMetrics,
		prepare:  func(t *table, _ expressions, room []byte) (write, error) { return t.preparePut(in.Item, room) },
	}
}

func (e *Engine) deleteItem(ctx context.Context, in *api.DeleteItemInput) (*api.DeleteItemOutput, error) {
	out, err := e.writeItem(ctx, deleteOf(in))
	if err != nil {
		return nil, err
	}
	return &api.DeleteItemOutput{Attributes: out.attributes, ConsumedCapacity: out.capacity, ItemCollectionMetrics: out.metrics}, nil
}

func deleteOf(in *api.DeleteItemInput) itemWrite {
	return itemWrite{
		operation: in.Operation(),
		table:     in.TableName,
		texts: expressionTexts{condition: in.ConditionExpression, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
			legacy: legacyParameters{expected: in.Expected, operator: in.ConditionalOperator}},
		returns:  in.ReturnValues,
		onFailed: in.ReturnValuesOnConditionCheckFailure,
		capacity: in.ReturnConsumedCapacity,
		metrics:  in.ReturnItemCollectionMetrics,
		prepare: func(t *table, _ expressions, _ []byte) (write, error) {
			return t.prepareKeyed(writeDelete, in.Key, nil)
		},
	}
}

func (e *Engine) updateItem(ctx context.Context, in *api.UpdateItemInput) (*api.UpdateItemOutput, error) {
	out, err := e.writeItem(ctx, updateOf(in))
	if err != nil {
		return nil, err
	}
	return &api.UpdateItemOutput{Attributes: out.attributes, ConsumedCapacity: out.capacity, ItemCollectionMetrics: out.metrics}, nil
}

func updateOf(in *api.UpdateItemInput) itemWrite {
	return itemWrite{
		operation: in.Operation(),
		table:     in.TableName,
		texts: expressionTexts{update: in.UpdateExpression, condition: in.ConditionExpression,
			names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
			legacy: legacyParameters{updates: in.AttributeUpdates, expected: in.Expected, operator: in.ConditionalOperator}},
		returns:  in.ReturnValues,
		onFailed: in.ReturnValuesOnConditionCheckFailure,
		capacity: in.ReturnConsumedCapacity,
		metrics:  in.ReturnItemCollectionMetrics,
		prepare: func(t *table, x expressions, room []byte) (write, error) {
			w, err := t.prepareKeyed(writeUpdate, in.Key, x.update)
			if err == nil {
				err = t.checkUpdatedValues(in.AttributeUpdates)
			}
			w.room = room
			return w, err
		},
	}
}

// writeItem carries out one item's write from its request to its answer.
func (e *Engine) writeItem(ctx context.Context, in itemWrite) (out itemWritten, err error) {
	x, err := e.bind(in.texts)
	if err != nil {
		return out, err
	}
	returns := api.ReturnValueNone
	if in.returns != nil {
		returns = *in.returns
	}
	s := e.newSingle(needsOf(returns, in.metrics))
	err = e.prepared(ctx, func() error {
		t, err := e.table(in.table)
		if err != nil {
			return err
		}
		if s.write, err = in.prepare(t, x, s.row); err != nil {
			return err
		}
		if err := t.checkDocuments(x.documents()); err != nil {
			return err
		}
		s.condition, s.failOld = x.condition, wantsOldOnFailure(in.onFailed)
		if err := e.commit(ctx, s, in.operation); err != nil {
			if errors.Is(err, api.ErrConditionFailed) {
				out.failed = &tableWrite{t, *in.table, s.out.usage}
			}
			return err
		}
		out.capacity = s.out.usage.consumed(in.capacity, t, *in.table)
		out.metrics = s.out.metrics
		out.attributes, err = returnedAttributes(returns, x.update, &s.out)
		return err
	})
	e.release(s)
	return out, err
}

// needsOf says which copies the answer to a write needs.
func needsOf(returns api.ReturnValue, metrics *api.ReturnItemCollectionMetrics) answerNeeds {
	updated := returns == api.ReturnValueUpdatedOld || returns == api.ReturnValueUpdatedNew
	return answerNeeds{
		old:     updated || returns == api.ReturnValueAllOld,
		new:     updated || returns == api.ReturnValueAllNew,
		metrics: metrics != nil && *metrics == api.ReturnItemCollectionMetricsSize,
	}
}

func wantsOldOnFailure(v *api.ReturnValuesOnConditionCheckFailure) bool {
	return v != nil && *v == api.ReturnValuesOnConditionCheckFailureAllOld
}

// returnedAttributes returns what ReturnValues asks for.
func returnedAttributes(returns api.ReturnValue, u *expr.Update, done *writeOutcome) (api.Attributes, error) {
	switch returns {
	case api.ReturnValueAllOld:
		return storedItem(done.old), nil
	case api.ReturnValueAllNew:
		return storedItem(done.new), nil
	case api.ReturnValueUpdatedOld, api.ReturnValueUpdatedNew:
		if u == nil {
			return api.Attributes{}, nil
		}
		old, err := decodeItem(done.old)
		if err != nil {
			return api.Attributes{}, err
		}
		new, err := decodeItem(done.new)
		if err != nil {
			return api.Attributes{}, err
		}
		oldPart, newPart := u.Updated(old, new)
		part := newPart
		if returns == api.ReturnValueUpdatedOld {
			part = oldPart
		}
		if len(part) > 0 {
			return api.ItemOf(part), nil
		}
	}
	return api.Attributes{}, nil
}

// storedItem returns an item's copy for an answer; the zero Attributes when it is absent.
func storedItem(item itemcodec.Item) api.Attributes {
	if item == nil {
		return api.Attributes{}
	}
	return api.StoredItem(item)
}

func decodeItem(item itemcodec.Item) (attr.Item, error) {
	if item == nil {
		return nil, nil
	}
	return itemcodec.DecodeItem(item)
}
