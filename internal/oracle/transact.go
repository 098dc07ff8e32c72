package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// tokenWindow is how long a ClientRequestToken is remembered.
const tokenWindow = 10 * time.Minute

// remembered is a transaction that had a ClientRequestToken.
type remembered struct {
	at   time.Time
	body string // everything that the transaction says

	sizes []int // of each item, before or after, whichever is larger
}

// part is one action of a TransactWriteItems.
type part struct {
	table  *string
	names  map[string]string
	values map[string]attr.Value
	update *string
	test   *string
	w      write
	t      *table
}

func partOf(i api.TransactWriteItem) part {
	switch {
	case i.Put != nil:
		a := i.Put
		return part{table: a.TableName, names: a.ExpressionAttributeNames, values: a.ExpressionAttributeValues, test: a.ConditionExpression,
			w: write{kind: writePut, item: valuesOf(a.Item), failOld: wantsAllOld(a.ReturnValuesOnConditionCheckFailure)}}
	case i.Update != nil:
		a := i.Update
		return part{table: a.TableName, names: a.ExpressionAttributeNames, values: a.ExpressionAttributeValues, test: a.ConditionExpression, update: a.UpdateExpression,
			w: write{kind: writeUpdate, key: a.Key, failOld: wantsAllOld(a.ReturnValuesOnConditionCheckFailure)}}
	case i.Delete != nil:
		a := i.Delete
		return part{table: a.TableName, names: a.ExpressionAttributeNames, values: a.ExpressionAttributeValues, test: a.ConditionExpression,
			w: write{kind: writeDelete, key: a.Key, failOld: wantsAllOld(a.ReturnValuesOnConditionCheckFailure)}}
	}
	a := i.ConditionCheck
	return part{table: a.TableName, names: a.ExpressionAttributeNames, values: a.ExpressionAttributeValues, test: a.ConditionExpression,
		w: write{kind: writeCheck, key: a.Key, failOld: wantsAllOld(a.ReturnValuesOnConditionCheckFailure)}}
}

// body writes a part out in full, for the comparison of two transactions with one token.
func (p *part) body() string {
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return fmt.Sprintf("%q", *s)
	}
	names := ""
	for _, n := range slices.Sorted(maps.Keys(p.names)) {
		names += fmt.Sprintf("%q=%q ", n, p.names[n])
	}
	return fmt.Sprint(p.w.kind, *p.table, canonicalItem(p.w.item), canonicalItem(p.w.key), text(p.update), text(p.test), names, canonicalItem(p.values))
}

func (m *Model) transactWrite(in *api.TransactWriteItemsInput) (*api.TransactWriteItemsOutput, error) {
	parts := make([]part, len(in.TransactItems))
	body := ""
	for i := range parts {
		parts[i] = partOf(in.TransactItems[i])
		p := &parts[i]
		body += p.body() + "\n"
		b := newBindings(p.names, p.values)
		if err := p.w.bind(b, p.update, p.test); err != nil {
			return nil, err
		}
	}
	for i := range parts {
		var err error
		if parts[i].t, err = m.table(parts[i].table); err != nil {
			return nil, err
		}
		if err := parts[i].t.checkPaths(parts[i].w.paths()); err != nil {
			return nil, err // as all faults of expressions: of the request, not of the action
		}
	}
	reasons := make([]api.CancellationReason, len(parts))
	for i := range parts {
		reasons[i].Code = "None"
	}
	var fault error
	faultAt := 0
	seen := map[string]bool{}
	for i := range parts {
		p := &parts[i]
		if err := p.w.check(p.t); err != nil {
			if failsWhole(err) {
				return nil, err
			}
			if fault == nil {
				fault, faultAt = err, i
			}
			continue
		}
		id := p.t.name + "|" + p.t.id(p.w.key)
		if seen[id] {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[id] = true
	}
	if fault != nil {
		return nil, canceled(invalidPart(reasons, faultAt, fault))
	}

	if in.ClientRequestToken != nil {
		if tok, ok := m.tokens[*in.ClientRequestToken]; ok && m.now().Sub(tok.at) < tokenWindow {
			if tok.body != body {
				return nil, &api.Error{Code: api.CodeIdempotentParameterMismatch}
			}
			var used uses
			for i := range parts {
				p := &parts[i]
				used.add(p.t, *p.table, usage{table: 2 * readUnits(tok.sizes[i], new(true))})
			}
			return &api.TransactWriteItemsOutput{ConsumedCapacity: allTransactional(used.consumed(in.ReturnConsumedCapacity), false)}, nil
		}
	}

	results := make([]decision, len(parts))
	failed := false
	for i := range parts {
		p := &parts[i]
		var err error
		results[i], err = m.decide(p.t, &p.w)
		if err == nil {
			continue
		}
		e := err.(*api.Error)
		if e.Code == api.CodeValidation {
			failure := canceled(invalidPart(reasons, i, err))
			failure.Cause = e.Cause
			return nil, failure
		}
		failed = true
		reasons[i] = api.CancellationReason{Code: "ConditionalCheckFailed", Message: new(e.Message), Item: e.Item}
	}
	if failed {
		return nil, canceled(reasons)
	}
	var used uses
	var all collections
	var sizes []int
	for i := range parts {
		p := &parts[i]
		d := results[i]
		sizes = append(sizes, max(d.old.Size(), d.new.Size()))
		used.add(p.t, *p.table, p.t.writeUsage(d.old, d.new, 2))
		m.carryOut(p.t, &p.w, d)
	}
	for i := range parts {
		all.add(parts[i].t, in.ReturnItemCollectionMetrics, parts[i].w.key)
	}
	if in.ClientRequestToken != nil {
		m.tokens[*in.ClientRequestToken] = remembered{at: m.now(), body: body, sizes: sizes}
	}
	return &api.TransactWriteItemsOutput{
		ItemCollectionMetrics: all,
		ConsumedCapacity:      allTransactional(used.consumed(in.ReturnConsumedCapacity), true),
	}, nil
}

// failsWhole reports whether a fault fails a transaction as a bad request,
// not as a cancellation: those of empty keys.
func failsWhole(err error) bool {
	return strings.HasPrefix(err.(*api.Error).Message, "One or more parameter values are not valid.")
}

// invalidPart says that one action is invalid, and nothing of the others.
func invalidPart(reasons []api.CancellationReason, i int, err error) []api.CancellationReason {
	for j := range reasons {
		reasons[j] = api.CancellationReason{Code: "None"}
	}
	reasons[i] = api.CancellationReason{Code: "ValidationError", Message: new(err.(*api.Error).Message)}
	return reasons
}

func canceled(reasons []api.CancellationReason) *api.Error {
	var codes []string
	for _, r := range reasons {
		codes = append(codes, r.Code)
	}
	return &api.Error{
		Code:                api.CodeTransactionCanceled,
		Message:             "Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]",
		CancellationReasons: reasons,
	}
}

func allTransactional(list []api.ConsumedCapacity, write bool) []api.ConsumedCapacity {
	for i := range list {
		transactional(&list[i], write)
	}
	return list
}

func (m *Model) transactGet(in *api.TransactGetItemsInput) (*api.TransactGetItemsOutput, error) {
	projections := make([][][]step, len(in.TransactItems))
	for i, item := range in.TransactItems {
		b := newBindings(item.Get.ExpressionAttributeNames, nil)
		var err error
		if projections[i], err = b.projection(item.Get.ProjectionExpression); err != nil {
			return nil, err
		}
		if err := b.unused(); err != nil {
			return nil, err
		}
	}
	tables := make([]*table, len(in.TransactItems))
	reasons := make([]api.CancellationReason, len(in.TransactItems))
	for i, item := range in.TransactItems {
		reasons[i].Code = "None"
		var err error
		if tables[i], err = m.table(item.Get.TableName); err != nil {
			return nil, err
		}
		if err := tables[i].checkPaths(projections[i]); err != nil {
			return nil, err
		}
	}
	out := &api.TransactGetItemsOutput{Responses: make([]api.ItemResponse, len(tables))}
	var fault error
	faultAt := 0
	var used uses
	seen := map[string]bool{}
	for i, item := range in.TransactItems {
		t, key := tables[i], item.Get.Key
		got, err := m.get(t, key, projections[i])
		if err != nil {
			if failsWhole(err) {
				return nil, err
			}
			if fault == nil {
				fault, faultAt = err, i
			}
			continue
		}
		if id := t.name + "|" + t.id(key); seen[id] {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		} else {
			seen[id] = true
		}
		out.Responses[i].Item = got
		used.add(t, *item.Get.TableName, usage{table: 2 * readUnits(t.items[t.id(key)].Size(), new(true))})
	}
	if fault != nil {
		return nil, canceled(invalidPart(reasons, faultAt, fault))
	}
	out.ConsumedCapacity = allTransactional(used.consumed(in.ReturnConsumedCapacity), false)
	return out, nil
}
