package stator_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// fake is a Client that keeps what it is asked, refuses what DynamoDB would
// refuse at sight, and answers as it is told.
type fake struct {
	mu       sync.Mutex
	requests []api.Request
	answer   func(api.Request) (api.Response, error)
}

func (f *fake) Serve(_ context.Context, in api.Request) (api.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, in)
	if err := in.Validate(); err != nil {
		return nil, err
	}
	if f.answer != nil {
		return f.answer(in)
	}
	return emptyAnswer(in), nil
}

// emptyAnswer is what a database without items and capacity answers.
func emptyAnswer(in api.Request) api.Response {
	switch in := in.(type) {
	case *api.PutItemInput:
		return &api.PutItemOutput{}
	case *api.GetItemInput:
		return &api.GetItemOutput{}
	case *api.UpdateItemInput:
		return &api.UpdateItemOutput{}
	case *api.DeleteItemInput:
		return &api.DeleteItemOutput{}
	case *api.QueryInput:
		return &api.QueryOutput{}
	case *api.ScanInput:
		return &api.ScanOutput{}
	case *api.BatchGetItemInput:
		return &api.BatchGetItemOutput{}
	case *api.BatchWriteItemInput:
		return &api.BatchWriteItemOutput{}
	case *api.TransactWriteItemsInput:
		return &api.TransactWriteItemsOutput{}
	case *api.TransactGetItemsInput:
		return &api.TransactGetItemsOutput{Responses: make([]api.ItemResponse, len(in.TransactItems))}
	case *api.CreateTableInput:
		return &api.CreateTableOutput{}
	case *api.UpdateTableInput:
		return &api.UpdateTableOutput{}
	case *api.DescribeTableInput:
		return &api.DescribeTableOutput{Table: &api.TableDescription{
			TableStatus: new(api.TableStatusActive),
			KeySchema: []api.KeySchemaElement{
				{AttributeName: new("pk"), KeyType: new(api.KeyTypeHash)},
				{AttributeName: new("sk"), KeyType: new(api.KeyTypeRange)},
			},
		}}
	}
	return nil
}

// last returns the only request since the last call of last.
func last[In api.Request](t *testing.T, f *fake) In {
	t.Helper()
	require.Len(t, f.requests, 1)
	in, ok := f.requests[0].(In)
	require.Truef(t, ok, "%T", f.requests[0])
	f.requests = nil
	return in
}

// names returns the operations that the fake was asked for, in order.
func (f *fake) names() []string {
	var names []string
	for _, in := range f.requests {
		names = append(names, in.Operation())
	}
	return names
}

// user is the struct of most tests.
type user struct {
	ID     string   `dynamodbav:"id" stator:"hash"`
	Org    string   `dynamodbav:"org,omitempty" stator:"index:byOrg,hash"`
	Name   string   `dynamodbav:"name,omitempty" stator:"index:byOrg,range"`
	Visits int      `dynamodbav:"visits,omitempty"`
	Tags   []string `dynamodbav:"tags,omitempty"`
}

func fakeUsers() (*fake, stator.TableOf[user]) {
	f := &fake{}
	return f, stator.TableFor[user](f, "users")
}

func openMemory(t *testing.T) *stator.DB {
	t.Helper()
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func newUsers(t *testing.T) (*stator.DB, stator.TableOf[user]) {
	t.Helper()
	db := openMemory(t)
	users, err := stator.CreateTableFor[user](t.Context(), db, "users")
	require.NoError(t, err)
	return db, users
}
