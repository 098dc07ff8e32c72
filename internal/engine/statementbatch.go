package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/partiql"
)

// batchedStatement is one statement of a batch.
type batchedStatement struct {
	b     *partiql.Bound
	read  *api.GetItemInput // of a SELECT
	reads *partiql.Reads
	write statementWrite // of all others
	err   error          // the statement cannot be carried out
}

func (e *Engine) batchExecuteStatement(ctx context.Context, in *api.BatchExecuteStatementInput) (*api.BatchExecuteStatementOutput, error) {
	list := make([]batchedStatement, len(in.Statements))
	var reads, writes bool
	for i, s := range in.Statements {
		b, err := e.bindStatement(s.Statement, s.Parameters)
		if err == nil && b.Statement().Kind() == partiql.Exists {
			err = errExists()
		}
		if list[i].b, list[i].err = b, err; err != nil {
			continue
		}
		reads = reads || b.Statement().Kind().Reads()
		writes = writes || !b.Statement().Kind().Reads()
	}
	if reads && writes {
		return nil, api.Validation("Read and write requests together in the same batch is not supported.")
	}
	var keys []string
	for i := range list {
		s := &list[i]
		if s.err != nil {
			continue
		}
		t, key, err := e.prepareBatched(s, in.Statements[i])
		if s.err = err; err != nil {
			continue
		}
		k, err := t.parseKey(key)
		if err != nil {
			continue // the statement's own error
		}
		if slices.Contains(keys, string(k.row)) {
			return nil, api.Validation("Provided list of item keys contains duplicates")
		}
		keys = append(keys, string(k.row))
	}
	out := &api.BatchExecuteStatementOutput{Responses: make([]api.BatchStatementResponse, len(list))}
	var used statementUnits
	for i := range list {
		done, err := e.runBatched(ctx, &list[i], in.ReturnConsumedCapacity)
		if err != nil && ctx.Err() != nil {
			return nil, err
		}
		out.Responses[i] = list[i].response(done, err)
		used.add(done)
	}
	if in.ReturnConsumedCapacity != nil && *in.ReturnConsumedCapacity != api.ReturnConsumedCapacityNone {
		out.ConsumedCapacity = used.consumed()
	}
	return out, nil
}

// statementUnits sums what the statements of a batch used, by table in the order in which
// they first come. A table is told when one of its statements succeeded; those that
// failed by their condition are then in its total, and in no part of it: so the service was seen to do.
type statementUnits struct {
	list   []*api.ConsumedCapacity
	failed []*tableWrite
}

func (u *statementUnits) add(done itemWritten) {
	if done.failed != nil {
		u.failed = append(u.failed, done.failed)
	}
	if done.capacity == nil {
		return
	}
	if of := u.of(*done.capacity.TableName); of != nil {
		addConsumed(of, done.capacity)
		return
	}
	u.list = append(u.list, done.capacity)
}

func (u *statementUnits) of(name string) *api.ConsumedCapacity {
	for _, c := range u.list {
		if *c.TableName == name {
			return c
		}
	}
	return nil
}

func (u *statementUnits) consumed() []api.ConsumedCapacity {
	for _, f := range u.failed {
		if of := u.of(f.name); of != nil {
			*of.CapacityUnits += f.use.table
		}
	}
	var out []api.ConsumedCapacity
	for _, c := range u.list {
		out = append(out, *c)
	}
	return out
}

// prepareBatched translates one statement, and returns its table and its key.
func (e *Engine) prepareBatched(s *batchedStatement, in api.BatchStatementRequest) (*table, attr.Item, error) {
	t, err := e.statementTable(s.b.Statement())
	if err != nil {
		return nil, nil, err
	}
	if s.b.Statement().Kind() == partiql.Select {
		if _, err := t.statementIndex(s.b.Statement().Index(), in.ConsistentRead); err != nil {
			return nil, nil, err
		}
		if s.read, s.reads, err = s.b.PointRead(t.source(nil), in.ConsistentRead); err != nil {
			if errors.Is(err, partiql.ErrNotOneItem) {
				err = api.Validation("Select statements within BatchExecuteStatement must specify the primary key in the where clause.")
			}
			return nil, nil, err
		}
		return t, s.read.Key, nil
	}
	s.write.onFailed = in.ReturnValuesOnConditionCheckFailure
	if s.write.request, err = s.b.Write(t.source(nil)); err != nil {
		return nil, nil, err
	}
	return t, t.keyOfWrite(s.write.request), nil
}

// keyOfWrite returns the key of the item that a request writes.
func (t *table) keyOfWrite(in api.Request) attr.Item {
	switch in := in.(type) {
	case *api.UpdateItemInput:
		return in.Key
	case *api.DeleteItemInput:
		return in.Key
	case *api.PutItemInput:
		key := make(attr.Item, len(t.keys))
		for _, name := range t.keyNames {
			key[name] = in.Item.Value(name)
		}
		return key
	}
	return nil
}

func (e *Engine) runBatched(ctx context.Context, s *batchedStatement, level *api.ReturnConsumedCapacity) (done itemWritten, err error) {
	if s.err != nil {
		return done, s.err
	}
	if s.read == nil {
		s.write.capacity = level
		return e.writeStatement(ctx, s.write)
	}
	s.read.ReturnConsumedCapacity = level
	if err := s.read.Validate(); err != nil {
		return done, statementError(err)
	}
	out, err := e.getItem(ctx, s.read)
	if err != nil {
		return done, statementError(err)
	}
	done.capacity = out.ConsumedCapacity
	done.attributes, err = s.reads.Shape(out.Item)
	return done, err
}

// response returns what the answer to a batch says of the statement.
func (s *batchedStatement) response(done itemWritten, err error) (r api.BatchStatementResponse) {
	if s.b != nil {
		r.TableName = new(s.b.Statement().Table())
	}
	if err == nil {
		r.Item = done.attributes
		return r
	}
	e, _ := errors.AsType[*api.Error](asError(err))
	if e.Code == api.CodeValidation || e.Code == api.CodeResourceNotFound {
		r.TableName = nil // it did not reach its table
	}
	r.Error = &api.BatchStatementError{Code: batchCode(e.Code), Message: new(e.Message), Item: e.Item}
	return r
}

func batchCode(code api.Code) api.BatchStatementErrorCode {
	switch code {
	case api.CodeConditionalCheckFailed:
		return api.BatchStatementErrorConditionalCheckFailed
	case api.CodeItemCollectionSizeLimit:
		return api.BatchStatementErrorItemCollectionSizeLimitExceeded
	case api.CodeRequestLimit:
		return api.BatchStatementErrorRequestLimitExceeded
	case api.CodeValidation:
		return api.BatchStatementErrorValidationError
	case api.CodeProvisionedThroughput:
		return api.BatchStatementErrorProvisionedThroughputExceeded
	case api.CodeTransactionConflict:
		return api.BatchStatementErrorTransactionConflict
	case api.CodeThrottling:
		return api.BatchStatementErrorThrottlingError
	case api.CodeResourceNotFound:
		return api.BatchStatementErrorResourceNotFound
	case api.CodeAccessDenied:
		return api.BatchStatementErrorAccessDenied
	case api.CodeDuplicateItem:
		return api.BatchStatementErrorDuplicateItem
	}
	return api.BatchStatementErrorInternalServerError
}
