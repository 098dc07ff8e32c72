package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
)

// maxTransactGetBytes bounds the items that one TransactGetItems answers.
const maxTransactGetBytes = 4 << 20

func (e *Engine) transactGetItems(ctx context.Context, in *api.TransactGetItemsInput) (out *api.TransactGetItemsOutput, err error) {
	err = e.prepared(ctx, func() error {
		out, err = e.tryTransactGet(ctx, in)
		return err
	})
	return out, err
}

func (e *Engine) tryTransactGet(ctx context.Context, in *api.TransactGetItemsInput) (*api.TransactGetItemsOutput, error) {
	gets := make([]get, len(in.TransactItems))
	for i, item := range in.TransactItems {
		x, err := e.bind(expressionTexts{projection: item.Get.ProjectionExpression, names: item.Get.ExpressionAttributeNames})
		if err != nil {
			return nil, err
		}
		gets[i].projection = x.projection
	}
	for i, item := range in.TransactItems {
		var err error
		if gets[i].t, err = e.table(item.Get.TableName); err != nil {
			return nil, err
		}
		gets[i].name = *item.Get.TableName
		if gets[i].projection != nil {
			if err := gets[i].t.checkDocuments(gets[i].projection.Documents()); err != nil {
				return nil, err
			}
		}
	}
	reasons := newReasons(len(gets))
	for i, item := range in.TransactItems {
		k, err := gets[i].t.parseKey(item.Get.Key)
		if err != nil {
			if isEmptyKey(err) {
				return nil, err
			}
			reasons.invalid(i, err)
			continue
		}
		if slices.ContainsFunc(gets[:i], func(g get) bool { return string(g.key.row) == string(k.row) }) {
			return nil, errSameItem()
		}
		gets[i].key = k
	}
	if err := reasons.err(); err != nil {
		return nil, err
	}
	n, err := e.readMany(ctx, gets, maxTransactGetBytes)
	if err != nil {
		return nil, err
	}
	if n < len(gets) {
		reasons.invalid(n, api.Validation("Transaction payload size cannot exceed 4MB"))
		return nil, reasons.err()
	}
	out := &api.TransactGetItemsOutput{Responses: make([]api.ItemResponse, len(gets))}
	var used tableReads
	for i, g := range gets {
		out.Responses[i].Item = storedItem(g.item)
		used.add(g.t, g.name, 2*readUnits(g.size, true))
	}
	out.ConsumedCapacity = used.consumed(in.ReturnConsumedCapacity, true)
	return out, nil
}

func errSameItem() error {
	return api.Validation("Transaction request cannot include multiple operations on one item")
}

// action is one entry of TransactItems, whichever it is.
type action struct {
	kind     writeKind
	table    *string
	item     attr.Item // of a put the item, of the others the key
	texts    expressionTexts
	onFailed *api.ReturnValuesOnConditionCheckFailure
}

func actionOf(i api.TransactWriteItem) action {
	switch {
	case i.Put != nil:
		a := i.Put
		return action{writePut, a.TableName, a.Item, expressionTexts{condition: a.ConditionExpression,
			names: a.ExpressionAttributeNames, values: a.ExpressionAttributeValues}, a.ReturnValuesOnConditionCheckFailure}
	case i.Update != nil:
		a := i.Update
		return action{writeUpdate, a.TableName, a.Key, expressionTexts{update: a.UpdateExpression, condition: a.ConditionExpression,
			names: a.ExpressionAttributeNames, values: a.ExpressionAttributeValues}, a.ReturnValuesOnConditionCheckFailure}
	case i.Delete != nil:
		a := i.Delete
		return action{writeDelete, a.TableName, a.Key, expressionTexts{condition: a.ConditionExpression,
			names: a.ExpressionAttributeNames, values: a.ExpressionAttributeValues}, a.ReturnValuesOnConditionCheckFailure}
	}
	a := i.ConditionCheck
	return action{writeCheck, a.TableName, a.Key, expressionTexts{condition: a.ConditionExpression,
		names: a.ExpressionAttributeNames, values: a.ExpressionAttributeValues}, a.ReturnValuesOnConditionCheckFailure}
}

func (e *Engine) transactWriteItems(ctx context.Context, in *api.TransactWriteItemsInput) (out *api.TransactWriteItemsOutput, err error) {
	actions := make([]action, len(in.TransactItems))
	bound := make([]expressions, len(actions))
	for i, item := range in.TransactItems {
		actions[i] = actionOf(item)
		if bound[i], err = e.bind(actions[i].texts); err != nil {
			return nil, err
		}
	}
	err = e.prepared(ctx, func() error {
		writes, err := e.prepareActions(actions, bound)
		if err != nil {
			return err
		}
		out, err = e.transact(ctx, in, actions, writes)
		return err
	})
	return out, err
}

func (e *Engine) prepareActions(actions []action, bound []expressions) ([]write, error) {
	tables := make([]*table, len(actions))
	for i, a := range actions {
		var err error
		if tables[i], err = e.table(a.table); err != nil {
			return nil, err
		}
		if err := tables[i].checkDocuments(bound[i].documents()); err != nil {
			return nil, err
		}
	}
	writes := make([]write, len(actions))
	reasons := newReasons(len(actions))
	for i, a := range actions {
		var w write
		var err error
		if a.kind == writePut {
			w, err = tables[i].preparePut(a.item, nil)
		} else {
			w, err = tables[i].prepareKeyed(a.kind, a.item, bound[i].update)
		}
		if err != nil {
			if isEmptyKey(err) {
				return nil, err
			}
			reasons.invalid(i, err)
			continue
		}
		if slices.ContainsFunc(writes[:i], func(o write) bool { return string(o.key.row) == string(w.key.row) }) {
			return nil, errSameItem()
		}
		w.condition, w.failOld = bound[i].condition, wantsOldOnFailure(a.onFailed)
		w.name = *a.table
		writes[i] = w
	}
	return writes, reasons.err()
}

// transact carries out the writes in one transaction, or none of them.
func (e *Engine) transact(ctx context.Context, in *api.TransactWriteItemsInput, actions []action, writes []write) (*api.TransactWriteItemsOutput, error) {
	now, visible := e.micros(), e.visibility()
	tok := newToken(in.ClientRequestToken, actions, now)
	var done writesDone
	var replayed *tableReads
	err := e.store.Update(ctx, func(kw kv.Writer) error {
		x := tx{w: kw, now: now, visible: visible}
		done, replayed = writesDone{}, nil
		seen, err := tok.seen(kw)
		if err != nil {
			return err
		}
		rows, err := x.loadAll(writes)
		if err != nil {
			return err
		}
		if seen {
			replayed = &tableReads{}
			for i, w := range writes {
				replayed.add(w.t, w.name, 2*readUnits(row(rows[i]).size(), true))
			}
			return nil
		}
		reasons := newReasons(len(writes))
		changes := make([]change, len(writes))
		for i := range writes {
			if changes[i], err = writes[i].plan(rows[i], visible); err != nil {
				if err = reasons.add(i, err); err != nil {
					return err
				}
			}
		}
		if err := reasons.err(); err != nil {
			return err
		}
		for i, c := range changes {
			use, err := x.applyChange(c)
			if err != nil {
				if err = reasons.add(i, err); err != nil {
					return err
				}
				return reasons.err()
			}
			use.table *= 2
			done.used.add(c.t, writes[i].name, use)
		}
		if in.ReturnItemCollectionMetrics != nil && *in.ReturnItemCollectionMetrics == api.ReturnItemCollectionMetricsSize {
			if done.metrics, err = collectionsOf(kw, writes); err != nil {
				return err
			}
		}
		if err := tok.remember(kw); err != nil {
			return err
		}
		return x.finish()
	})
	if err != nil {
		return nil, err
	}
	e.changedAll(writes)
	if replayed != nil {
		return &api.TransactWriteItemsOutput{ConsumedCapacity: replayed.consumed(in.ReturnConsumedCapacity, true)}, nil
	}
	return &api.TransactWriteItemsOutput{
		ItemCollectionMetrics: done.metrics,
		ConsumedCapacity:      done.used.consumed(in.ReturnConsumedCapacity, true),
	}, nil
}

// isEmptyKey tells the faults of a key that AWS answers for the whole
// transaction from those that it answers as a cancellation.
func isEmptyKey(err error) bool {
	e, ok := errors.AsType[*api.Error](err)
	return ok && strings.HasPrefix(e.Message, "One or more parameter values are not valid.")
}

// reasons collects what is wrong with each action of a transaction.
type reasons struct {
	list   []api.CancellationReason
	failed bool
	// fault: an action is invalid. Only the first such is told, and no failed condition with it.
	fault bool
}

func newReasons(n int) *reasons {
	r := &reasons{list: make([]api.CancellationReason, n)}
	for i := range r.list {
		r.list[i].Code = "None"
	}
	return r
}

// invalid notes that action i is invalid.
func (r *reasons) invalid(i int, err error) {
	if r.fault {
		return
	}
	for j := range r.list {
		r.list[j] = api.CancellationReason{Code: "None"}
	}
	message := err.Error()
	if e, ok := errors.AsType[*api.Error](err); ok {
		message = e.Message
	}
	r.list[i] = api.CancellationReason{Code: "ValidationError", Message: new(message)}
	r.failed, r.fault = true, true
}

// add notes why action i fails. It returns err itself when that is no reason
// for a cancellation but a failure of the operation.
func (r *reasons) add(i int, err error) error {
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		return err
	}
	switch e.Code {
	case api.CodeValidation:
		r.invalid(i, e)
	case api.CodeConditionalCheckFailed, api.CodeItemCollectionSizeLimit:
		if !r.fault {
			code := strings.TrimSuffix(string(e.Code), "Exception")
			r.list[i] = api.CancellationReason{Code: code, Message: new(e.Message), Item: e.Item}
			r.failed = true
		}
	default:
		return err
	}
	return nil
}

// err returns the TransactionCanceledException, nil when nothing is wrong.
func (r *reasons) err() error {
	if !r.failed {
		return nil
	}
	codes := make([]string, len(r.list))
	for i, reason := range r.list {
		codes[i] = reason.Code
	}
	return &api.Error{
		Code: api.CodeTransactionCanceled,
		Message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" +
			strings.Join(codes, ", ") + "]",
		CancellationReasons: r.list,
	}
}
