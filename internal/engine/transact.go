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
	h := holds{e: e}
	defer h.release()
	if e.opt.Limiter != nil {
		for i := range gets {
			if err := h.take(ctx, gets[i].t, gets[i].t.readEstimate(in.Operation(), &gets[i].key, true, 2)); err != nil {
				return nil, reasons.refused(i, err)
			}
		}
	}
	n, err := e.readMany(ctx, gets, maxTransactGetBytes)
	if err != nil {
		return nil, err
	}
	if err := h.settle(true, func(i int, used *api.Usage) {
		if i < n {
			used.Read = 2 * readUnits(gets[i].size, true)
		}
	}); err != nil {
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
	e.countReads(&used)
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
	put      api.Attributes // the item of a put
	key      attr.Item      // of the others
	texts    expressionTexts
	onFailed *api.ReturnValuesOnConditionCheckFailure
}

func actionOf(i api.TransactWriteItem) action {
	switch {
	case i.Put != nil:
		a := i.Put
		return action{writePut, a.TableName, a.Item, nil, expressionTexts{condition: a.ConditionExpression,
			names: a.ExpressionAttributeNames, values: a.ExpressionAttributeValues}, a.ReturnValuesOnConditionCheckFailure}
	case i.Update != nil:
		a := i.Update
		return action{writeUpdate, a.TableName, api.Attributes{}, a.Key, expressionTexts{update: a.UpdateExpression, condition: a.ConditionExpression,
			names: a.ExpressionAttributeNames, values: a.ExpressionAttributeValues}, a.ReturnValuesOnConditionCheckFailure}
	case i.Delete != nil:
		a := i.Delete
		return action{writeDelete, a.TableName, api.Attributes{}, a.Key, expressionTexts{condition: a.ConditionExpression,
			names: a.ExpressionAttributeNames, values: a.ExpressionAttributeValues}, a.ReturnValuesOnConditionCheckFailure}
	}
	a := i.ConditionCheck
	return action{writeCheck, a.TableName, api.Attributes{}, a.Key, expressionTexts{condition: a.ConditionExpression,
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
			w, err = tables[i].preparePut(a.put, nil)
		} else {
			w, err = tables[i].prepareKeyed(a.kind, a.key, bound[i].update)
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
	h := holds{e: e}
	defer h.release()
	if e.opt.Limiter != nil {
		for i := range writes {
			if err := h.take(ctx, writes[i].t, writes[i].estimate(in.Operation(), 2)); err != nil {
				return nil, newReasons(len(writes)).refused(i, err)
			}
		}
	}
	now, visible := e.micros(), e.visibility()
	tok := newToken(in.ClientRequestToken, actions, now)
	var done writesDone
	var replayed *tableReads
	var replayedUnits []float64
	err := tok.update(forWrites(ctx, writes), e.store, func(kw kv.Writer) error {
		x := tx{w: kw, now: now, visible: visible}
		done, replayed, replayedUnits = writesDone{}, nil, nil
		sizes, seen, err := tok.seen(kw)
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
				size := row(rows[i]).size()
				if i < len(sizes) {
					size = sizes[i]
				}
				units := 2 * readUnits(size, true)
				replayed.add(w.t, w.name, units)
				replayedUnits = append(replayedUnits, units)
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
		canceled := func() error {
			done = writesDone{}
			for i, c := range changes {
				done.add(e, c.t, writes[i].name, writeUsage{table: 2 * writeUnits(c.old.size())})
			}
			return reasons.err()
		}
		if reasons.failed {
			return canceled()
		}
		for i, c := range changes {
			use, err := x.applyChange(c)
			if err != nil {
				if err = reasons.add(i, err); err != nil {
					return err
				}
				return canceled()
			}
			use.table *= 2
			done.add(e, c.t, writes[i].name, use)
		}
		if in.ReturnItemCollectionMetrics != nil && *in.ReturnItemCollectionMetrics == api.ReturnItemCollectionMetricsSize {
			if done.metrics, err = collectionsOf(kw, writes); err != nil {
				return err
			}
		}
		if err := tok.remember(kw, changes); err != nil {
			return err
		}
		return x.finish()
	})
	if err == nil {
		e.changedAll(writes)
	}
	if !wasUsed(err) {
		done = writesDone{}
	}
	e.countWrites(&done.used)
	use := done.use
	if err == nil && replayed != nil {
		e.countReads(replayed)
		use = func(i int, used *api.Usage) { used.Read = replayedUnits[i] }
	}
	if fault := h.settle(err == nil, use); err == nil {
		err = fault
	}
	if err != nil {
		return nil, err
	}
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

// The codes of CancellationReasons for what the Limiter refuses.
const (
	reasonThroughput = "ProvisionedThroughputExceeded"
	reasonThrottling = "ThrottlingError"
)

// refused returns the error of a transaction whose action i the Limiter refuses;
// those after it are not asked for. A limit on requests is no matter of one action.
func (r *reasons) refused(i int, err error) error {
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		return err
	}
	code := reasonThroughput
	switch e.Code {
	case api.CodeProvisionedThroughput:
	case api.CodeThrottling:
		code = reasonThrottling
	default:
		return err
	}
	r.list[i] = api.CancellationReason{Code: code, Message: new(e.Message)}
	r.failed = true
	canceled := r.err().(*api.Error)
	canceled.RetryAfter = e.RetryAfter
	return canceled
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
