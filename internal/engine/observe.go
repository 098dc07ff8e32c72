package engine

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/statordb/stator/api"
)

// observe counts a request that was served. took is how long that was.
func (e *Engine) observe(in api.Request, out api.Response, err error, took time.Duration) {
	op, name := operationOf(in)
	if isUserError(err) && (op < 0 || conditionOrConflict(err) == nil) {
		// It is one error, not one for each table. Whatever it names is not looked at: Validate
		// may have refused it, for its size too.
		e.meters.general.copies[e.meters.any()].userErrors.Add(1)
		return
	}
	if op < 0 {
		return
	}
	tables := e.catalog.Load().tables
	if name != nil {
		e.observeOn(tables[tableName(name)], op, out, err, took)
		return
	}
	names := e.namesOf(in)
	if len(names) == 0 {
		e.observeOn(nil, op, out, err, took)
	}
	for _, name := range names {
		e.observeOn(tables[name], op, out, err, took)
	}
}

func (e *Engine) observeOn(t *table, op int, out api.Response, err error, took time.Duration) {
	m := e.meters.general
	if t != nil {
		m = t.meters
	}
	c := uint32(took) & (e.meters.copies - 1) // as good as any
	if err == nil {
		n := &m.operation(op, e.meters.copies).copies[c]
		n.latency.Add(int64(took))
		n.buckets[latencyBucket(took)].Add(1)
		switch out := out.(type) {
		case *api.QueryOutput:
			n.items.Add(int64(len(out.Items)))
		case *api.ScanOutput:
			n.items.Add(int64(len(out.Items)))
		case *api.ExecuteStatementOutput:
			n.items.Add(int64(len(out.Items)))
		case *api.GetRecordsOutput:
			n.records.Add(int64(len(out.Records)))
			for i := range out.Records {
				n.bytes.Add(*out.Records[i].Dynamodb.SizeBytes)
			}
		}
		return
	}
	switch fault, _ := errors.AsType[*api.Error](err); {
	case fault == nil || fault.Code == api.CodeInternalServerError || fault.Code == api.CodeServiceUnavailable:
		m.operation(op, e.meters.copies).copies[c].failed.Add(1)
	case isThrottling(err) || isThrottledTransaction(fault):
		m.operation(op, e.meters.copies).copies[c].throttled.Add(1)
	default: // isUserError, and observe counts the others
		conditionOrConflict(err)(&m.copies[c]).Add(1)
	}
}

// conditionOrConflict returns the counter of its own that a user's error has, nil when it has none.
func conditionOrConflict(err error) func(*tableCounters) *atomic.Int64 {
	fault, ok := errors.AsType[*api.Error](err)
	if !ok {
		return nil
	}
	switch fault.Code {
	case api.CodeConditionalCheckFailed, api.CodeDuplicateItem:
		return func(c *tableCounters) *atomic.Int64 { return &c.conditions }
	case api.CodeTransactionConflict:
		return func(c *tableCounters) *atomic.Int64 { return &c.conflicts }
	}
	return nil
}

func isThrottledTransaction(fault *api.Error) bool {
	return slices.ContainsFunc(fault.CancellationReasons, func(r api.CancellationReason) bool {
		return r.Code == reasonThroughput || r.Code == reasonThrottling
	})
}

func isUserError(err error) bool {
	fault, ok := errors.AsType[*api.Error](err)
	return ok && fault.Code != api.CodeInternalServerError && fault.Code != api.CodeServiceUnavailable && !isThrottling(err) && !isThrottledTransaction(fault)
}

// operation returns the counters of an operation.
func (m *tableMeters) operation(op int, copies uint32) *operationMeters {
	if o := m.operations[op].Load(); o != nil {
		return o
	}
	m.operations[op].CompareAndSwap(nil, &operationMeters{copies: make([]operationCounters, copies)})
	return m.operations[op].Load()
}

// operationOf returns the measured operation that a request is, -1 for none, and
// the one table that it names.
func operationOf(in api.Request) (op int, table *string) {
	switch in := in.(type) {
	case *api.GetItemInput:
		return opGetItem, in.TableName
	case *api.PutItemInput:
		return opPutItem, in.TableName
	case *api.UpdateItemInput:
		return opUpdateItem, in.TableName
	case *api.DeleteItemInput:
		return opDeleteItem, in.TableName
	case *api.QueryInput:
		return opQuery, in.TableName
	case *api.ScanInput:
		return opScan, in.TableName
	case *api.ImportItemsInput:
		return opImportItems, in.TableName
	case *api.BatchGetItemInput:
		return opBatchGetItem, nil
	case *api.BatchWriteItemInput:
		return opBatchWriteItem, nil
	case *api.TransactGetItemsInput:
		return opTransactGetItems, nil
	case *api.TransactWriteItemsInput:
		return opTransactWriteItems, nil
	case *api.ExecuteStatementInput:
		return opExecuteStatement, nil
	case *api.BatchExecuteStatementInput:
		return opBatchExecuteStatement, nil
	case *api.ExecuteTransactionInput:
		return opExecuteTransaction, nil
	case *api.GetRecordsInput:
		return opGetRecords, nil
	}
	return -1, nil
}

// namesOf returns the names of the tables that a request of several, or a
// statement, is about, each once.
func (e *Engine) namesOf(in api.Request) (names []string) {
	add := func(nameOrARN *string) {
		if nameOrARN == nil {
			return
		}
		if name := tableName(nameOrARN); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	statement := func(text *string) {
		if text == nil {
			return
		}
		if s, err := e.statements.Parse(*text); err == nil {
			add(new(s.Table()))
		}
	}
	switch in := in.(type) {
	case *api.BatchGetItemInput:
		for name := range in.RequestItems {
			add(&name)
		}
	case *api.BatchWriteItemInput:
		for name := range in.RequestItems {
			add(&name)
		}
	case *api.TransactGetItemsInput:
		for _, item := range in.TransactItems {
			if item.Get != nil {
				add(item.Get.TableName)
			}
		}
	case *api.TransactWriteItemsInput:
		for _, item := range in.TransactItems {
			if n := item; n.Put != nil || n.Update != nil || n.Delete != nil || n.ConditionCheck != nil {
				add(actionOf(item).table)
			}
		}
	case *api.ExecuteStatementInput:
		statement(in.Statement)
	case *api.BatchExecuteStatementInput:
		for _, s := range in.Statements {
			statement(s.Statement)
		}
	case *api.ExecuteTransactionInput:
		for _, s := range in.TransactStatements {
			statement(s.Statement)
		}
	case *api.GetRecordsInput:
		if in.ShardIterator != nil {
			if it, _, err := decodeIterator(*in.ShardIterator); err == nil {
				for _, t := range e.catalog.Load().tables {
					if t.id == it.tableID {
						return []string{t.name}
					}
				}
			}
		}
	}
	return names
}
