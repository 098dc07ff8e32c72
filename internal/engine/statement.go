package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/partiql"
)

func (e *Engine) executeStatement(ctx context.Context, in *api.ExecuteStatementInput) (*api.ExecuteStatementOutput, error) {
	b, err := e.bindStatement(in.Statement, in.Parameters)
	if err != nil {
		return nil, err
	}
	switch b.Statement().Kind() {
	case partiql.Exists:
		return nil, errExists()
	case partiql.Select:
		return e.selectStatement(ctx, in, b)
	}
	w, err := e.prepareStatement(b)
	if err != nil {
		return nil, err
	}
	w.onFailed, w.capacity = in.ReturnValuesOnConditionCheckFailure, in.ReturnConsumedCapacity
	done, err := e.writeStatement(ctx, w)
	if err != nil {
		return nil, err
	}
	out := &api.ExecuteStatementOutput{Items: []api.Attributes{}, ConsumedCapacity: done.capacity}
	if !done.attributes.IsZero() {
		out.Items = append(out.Items, done.attributes)
	}
	return out, nil
}

func errExists() error {
	return api.Validation("EXISTS can only be used in ExecuteTransaction write requests.")
}

func (e *Engine) bindStatement(text *string, params []attr.Value) (*partiql.Bound, error) {
	s, err := e.statements.Parse(*text)
	if err != nil {
		return nil, err
	}
	return s.Bind(params)
}

// source returns the keys of what a statement names.
func (t *table) source(x *index) partiql.Source {
	hash, sort := t.schema(x)
	src := partiql.Source{Hash: partiql.Key{Name: hash[0].name, Kind: hash[0].kind}}
	if len(sort) > 0 {
		src.Sort = partiql.Key{Name: sort[0].name, Kind: sort[0].kind}
	}
	return src
}

// statementWrite is a statement's write as a request: a PutItem, UpdateItem or DeleteItem.
type statementWrite struct {
	request  api.Request
	onFailed *api.ReturnValuesOnConditionCheckFailure
	capacity *api.ReturnConsumedCapacity
}

func (e *Engine) prepareStatement(b *partiql.Bound) (w statementWrite, err error) {
	t, err := e.statementTable(b.Statement())
	if err != nil {
		return w, err
	}
	w.request, err = b.Write(t.source(nil))
	return w, err
}

func (e *Engine) statementTable(s *partiql.Statement) (*table, error) {
	name := s.Table()
	if err := (&api.DescribeTableInput{TableName: &name}).Validate(); err != nil {
		return nil, api.Validation("Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', '-', '_', '.'.")
	}
	return e.table(&name)
}

func (e *Engine) writeStatement(ctx context.Context, w statementWrite) (done itemWritten, err error) {
	var write itemWrite
	switch in := w.request.(type) {
	case *api.PutItemInput:
		in.ReturnConsumedCapacity = w.capacity
		write, err = putOf(in), in.Validate()
	case *api.UpdateItemInput:
		in.ReturnConsumedCapacity, in.ReturnValuesOnConditionCheckFailure = w.capacity, w.onFailed
		write, err = updateOf(in), in.Validate()
	case *api.DeleteItemInput:
		in.ReturnConsumedCapacity, in.ReturnValuesOnConditionCheckFailure = w.capacity, w.onFailed
		write, err = deleteOf(in), in.Validate()
	}
	if err == nil {
		done, err = e.writeItem(ctx, write)
	}
	if _, insert := w.request.(*api.PutItemInput); insert && errors.Is(err, api.ErrConditionFailed) {
		err = errDuplicateItem()
	}
	return done, statementError(err)
}

func errDuplicateItem() error {
	return &api.Error{Code: api.CodeDuplicateItem, Message: "Duplicate primary key exists in table"}
}

// statementError takes out of a message what it says of the member of a
// request that the statement became.
func statementError(err error) error {
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Code != api.CodeValidation {
		return err
	}
	if member, text, found := strings.Cut(e.Message, "Expression: "); found && strings.HasPrefix(member, "Invalid ") {
		return api.Validation(text)
	}
	return err
}
