package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/partiql"
)

// executeTransaction carries out its statements as one TransactGetItems or
// TransactWriteItems.
func (e *Engine) executeTransaction(ctx context.Context, in *api.ExecuteTransactionInput) (*api.ExecuteTransactionOutput, error) {
	list := make([]*partiql.Bound, len(in.TransactStatements))
	var reads, writes bool
	for i, s := range in.TransactStatements {
		parsed, err := e.statements.Parse(*s.Statement)
		if err != nil {
			return nil, transactStatementError(i, err)
		}
		if list[i], err = parsed.Bind(s.Parameters); err != nil {
			if len(s.Parameters) != parsed.Params() {
				err = transactStatementError(i, err)
			}
			return nil, err
		}
		switch {
		case parsed.HasReturning():
			return nil, transactStatementError(i, api.Validation("RETURNING clause is not supported in ExecuteTransaction."))
		case parsed.Index() != "":
			return nil, transactStatementError(i, api.Validation("Reads on indices are not supported within transactions."))
		}
		reads = reads || parsed.Kind().Reads()
		writes = writes || !parsed.Kind().Reads()
	}
	if reads && writes {
		return nil, api.Validation("ExecuteTransaction API does not support both read and write operations in the same request.")
	}
	tables := make([]*table, len(list))
	for i, b := range list {
		var err error
		if tables[i], err = e.statementTable(b.Statement()); err != nil {
			return nil, err
		}
	}
	if reads {
		return e.transactReads(ctx, in, list, tables)
	}
	return e.transactWrites(ctx, in, list, tables)
}

// transactStatementError says which statement of a transaction is at fault.
func transactStatementError(i int, err error) error {
	if e, ok := errors.AsType[*api.Error](err); ok && e.Code == api.CodeValidation {
		return api.Validation(fmt.Sprintf("Validation failed in TransactStatements[%d]: %s", i, e.Message))
	}
	return err
}

func (e *Engine) transactReads(ctx context.Context, in *api.ExecuteTransactionInput, list []*partiql.Bound, tables []*table) (*api.ExecuteTransactionOutput, error) {
	request := &api.TransactGetItemsInput{ReturnConsumedCapacity: in.ReturnConsumedCapacity,
		TransactItems: make([]api.TransactGetItem, len(list))}
	shapes := make([]*partiql.Reads, len(list))
	reasons := newReasons(len(list))
	for i, b := range list {
		get, shape, err := b.PointRead(tables[i].source(nil), nil)
		switch {
		case errors.Is(err, partiql.ErrNotOneItem):
			return nil, transactStatementError(i, api.Validation("Select statements within ExecuteTransaction must specify the primary key in the where clause."))
		case err != nil:
			reasons.invalid(i, err)
			continue
		}
		shapes[i] = shape
		request.TransactItems[i].Get = &api.Get{TableName: get.TableName, Key: get.Key,
			ProjectionExpression: get.ProjectionExpression, ExpressionAttributeNames: get.ExpressionAttributeNames}
	}
	if err := reasons.err(); err != nil {
		return nil, err
	}
	if err := request.Validate(); err != nil {
		return nil, statementError(err)
	}
	found, err := e.transactGetItems(ctx, request)
	if err != nil {
		return nil, statementError(err)
	}
	for i := range found.Responses {
		item := &found.Responses[i].Item
		if *item, err = shapes[i].Shape(*item); err != nil {
			return nil, err
		}
	}
	return &api.ExecuteTransactionOutput{Responses: found.Responses, ConsumedCapacity: found.ConsumedCapacity}, nil
}

func (e *Engine) transactWrites(ctx context.Context, in *api.ExecuteTransactionInput, list []*partiql.Bound, tables []*table) (*api.ExecuteTransactionOutput, error) {
	request := &api.TransactWriteItemsInput{ReturnConsumedCapacity: in.ReturnConsumedCapacity, ClientRequestToken: in.ClientRequestToken,
		TransactItems: make([]api.TransactWriteItem, len(list))}
	reasons := newReasons(len(list))
	for i, b := range list {
		src, onFailed := tables[i].source(nil), in.TransactStatements[i].ReturnValuesOnConditionCheckFailure
		to := &request.TransactItems[i]
		if b.Statement().Kind() == partiql.Exists {
			check, err := b.Check(src)
			if err != nil {
				return nil, transactStatementError(i, err)
			}
			check.ReturnValuesOnConditionCheckFailure = onFailed
			to.ConditionCheck = check
			continue
		}
		write, err := b.Write(src)
		if err != nil {
			reasons.invalid(i, err)
			continue
		}
		*to = transactItemOf(write, onFailed)
	}
	if err := reasons.err(); err != nil {
		return nil, err
	}
	if err := request.Validate(); err != nil {
		return nil, statementError(err)
	}
	done, err := e.transactWriteItems(ctx, request)
	if err != nil {
		return nil, canceledStatements(list, statementError(err))
	}
	return &api.ExecuteTransactionOutput{Responses: []api.ItemResponse{}, ConsumedCapacity: done.ConsumedCapacity}, nil
}

// transactItemOf returns a write as an action of a transaction.
func transactItemOf(in api.Request, onFailed *api.ReturnValuesOnConditionCheckFailure) (item api.TransactWriteItem) {
	switch in := in.(type) {
	case *api.PutItemInput:
		item.Put = &api.Put{TableName: in.TableName, Item: in.Item, ConditionExpression: in.ConditionExpression,
			ExpressionAttributeNames: in.ExpressionAttributeNames, ExpressionAttributeValues: in.ExpressionAttributeValues}
	case *api.UpdateItemInput:
		item.Update = &api.Update{TableName: in.TableName, Key: in.Key, UpdateExpression: in.UpdateExpression,
			ConditionExpression: in.ConditionExpression, ExpressionAttributeNames: in.ExpressionAttributeNames,
			ExpressionAttributeValues: in.ExpressionAttributeValues, ReturnValuesOnConditionCheckFailure: onFailed}
	case *api.DeleteItemInput:
		item.Delete = &api.Delete{TableName: in.TableName, Key: in.Key, ConditionExpression: in.ConditionExpression,
			ExpressionAttributeNames: in.ExpressionAttributeNames, ExpressionAttributeValues: in.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: onFailed}
	}
	return item
}

// canceledStatements tells an INSERT whose item is there already from other
// failed conditions.
func canceledStatements(list []*partiql.Bound, err error) error {
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Code != api.CodeTransactionCanceled {
		return err
	}
	r := &reasons{list: e.CancellationReasons, failed: true}
	for i, b := range list {
		if b.Statement().Kind() == partiql.Insert && r.list[i].Code == "ConditionalCheckFailed" {
			r.list[i] = api.CancellationReason{Code: "DuplicateItem", Message: new("Duplicate primary key exists in table")}
		}
	}
	return r.err()
}
