package stator

import (
	"context"
	"errors"
	"reflect"
	"sync/atomic"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/expr"
)

// TableOf is a handle on a table whose items are read and written as T: a
// struct, by the rules of attr.Marshal and its `dynamodbav` tags, or an Item.
//
// It is a small value, made by TableFor or DB.Table without I/O and copied
// freely. It is safe for concurrent use.
type TableOf[T any] struct {
	table
}

// Table is a handle on a table whose items are Items.
type Table = TableOf[Item]

// TableFor returns a handle on a table of any Client.
func TableFor[T any](c Client, name string) TableOf[T] {
	return TableOf[T]{table{
		client: c, name: name,
		learned: &learned{typ: reflect.TypeFor[T](), texts: textsOf(c)},
	}}
}

// Name returns the table's name, or its ARN if that is what the handle was made of.
func (t TableOf[T]) Name() string { return t.name }

// Via returns a handle on the same table through another Client, such as a
// cache around the DB, or a remote DynamoDB.
func (t TableOf[T]) Via(c Client) TableOf[T] { return TableFor[T](c, t.name) }

// table is what handles of all types have.
type table struct {
	client  Client
	name    string
	learned *learned // shared by the copies of a handle
}

// learned is what a handle found out and what it keeps to go faster.
type learned struct {
	typ   reflect.Type
	key   atomic.Pointer[[]keyAttribute]
	texts *expr.Cache // of native texts
}

// handleTexts is how many native texts a handle keeps when its Client is no *DB,
// whose handles share what they translated.
const handleTexts = 256

func textsOf(c Client) *expr.Cache {
	if db, ok := c.(*DB); ok && db != nil {
		return db.texts
	}
	return expr.NewCache(handleTexts)
}

// check reports the handles that nobody made: a zero TableOf has no Client.
func (t table) check() error {
	if t.learned == nil {
		return errors.New("stator: a zero TableOf is no handle, TableFor makes one")
	}
	return nil
}

// serve sends a request of this table. When it is refused the handle forgets
// the key that it asked the description for: somebody may have deleted the
// table and made another one of that name.
func serve[Out api.Response](ctx context.Context, t table, in api.RequestOf[Out]) (Out, error) {
	out, err := do(ctx, t.client, in)
	t.learned.forget(err)
	return out, err
}

func (l *learned) forget(err error) {
	if err != nil && (errors.Is(err, ErrValidation) || errors.Is(err, ErrTableNotFound) || errors.Is(err, ErrTransactionCanceled)) {
		l.key.Store(nil)
	}
}

// do is api.Do for a Client that a user passed, which may be nil.
func do[Out api.Response](ctx context.Context, c Client, in api.RequestOf[Out]) (Out, error) {
	if c == nil {
		var none Out
		return none, errors.New("stator: " + in.Operation() + ": the Client is nil")
	}
	return api.Do(ctx, c, in)
}
