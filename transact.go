package stator

import (
	"context"
	"fmt"

	"github.com/statordb/stator/api"
)

// TransactOption is a part of a transaction: a Write, or Token or Consumed.
type TransactOption interface{ transact(*transaction) }

// TxOption qualifies a write in a transaction: If or Names.
type TxOption interface{ tx(*call) }

// TxUpdateOption is an Action, If or Names.
type TxUpdateOption interface{ txUpdate(*call) }

// Write is one action of a transaction: TxPut, TxUpdate, TxDelete or TxCheck.
type Write struct {
	learned *learned
	build   func(context.Context) (api.TransactWriteItem, error)
}

func (w Write) transact(t *transaction) { t.writes = append(t.writes, w) }

type idempotencyToken struct{ token string }

// Token makes a transaction idempotent: for 10 minutes the same token (1 to 36
// characters) with the same writes does nothing more and succeeds, and with
// other writes fails with the code IdempotentParameterMismatchException. With
// it, a transaction whose answer was lost is simply done again.
func Token(token string) TransactOption { return idempotencyToken{token} }

func (o idempotencyToken) transact(t *transaction) { t.token = &o.token }

// transaction is what the parts of a Transact add up to.
type transaction struct {
	writes []Write
	token  *string
	used   *Capacity
}

// Transact does up to 100 writes, on distinct items of any tables of one
// Client, all or none. When one cannot be done, the error is
// ErrTransactionCanceled, whose CancellationReasons say for each write, in
// order, what became of it, with the item that failed an If.
//
//	err := stator.Transact(ctx, db,
//		accounts.TxUpdate(stator.Key("alice"), stator.Add("balance", -25), stator.If("balance >= ?", 25)),
//		accounts.TxUpdate(stator.Key("bob"), stator.Add("balance", 25)),
//		ledger.TxPut(entry))
func Transact(ctx context.Context, c Client, parts ...TransactOption) error {
	var t transaction
	for _, p := range parts {
		p.transact(&t)
	}
	in := &api.TransactWriteItemsInput{
		TransactItems:          make([]api.TransactWriteItem, len(t.writes)),
		ClientRequestToken:     t.token,
		ReturnConsumedCapacity: t.used.wanted(),
	}
	for i, w := range t.writes {
		if w.build == nil {
			return faultf(nil, "Write %d of the transaction is a zero Write", i+1)
		}
		var err error
		if in.TransactItems[i], err = w.build(ctx); err != nil {
			return fmt.Errorf("stator: write %d of the transaction: %w", i+1, err)
		}
	}
	out, err := do(ctx, c, in)
	if err != nil {
		for _, w := range t.writes {
			w.learned.forget(err)
		}
		return err
	}
	t.used.add(out.ConsumedCapacity...)
	return nil
}

// TxPut is a Put in a transaction.
func (t TableOf[T]) TxPut(item T, options ...TxOption) Write {
	c := txCall(options)
	return Write{t.learned, func(context.Context) (api.TransactWriteItem, error) {
		put, err := t.putOf(item, c)
		return api.TransactWriteItem{Put: put}, err
	}}
}

// TxUpdate is an Update in a transaction.
func (t TableOf[T]) TxUpdate(key PrimaryKey, options ...TxUpdateOption) Write {
	var c call
	for _, o := range options {
		o.txUpdate(&c)
	}
	return Write{t.learned, func(ctx context.Context) (api.TransactWriteItem, error) {
		update, err := t.updateOf(ctx, key, &c)
		return api.TransactWriteItem{Update: update}, err
	}}
}

// TxDelete is a Delete in a transaction.
func (t TableOf[T]) TxDelete(key PrimaryKey, options ...TxOption) Write {
	c := txCall(options)
	return Write{t.learned, func(ctx context.Context) (api.TransactWriteItem, error) {
		del, err := t.deleteOf(ctx, key, c)
		return api.TransactWriteItem{Delete: del}, err
	}}
}

// TxCheck tests an item in a transaction without changing it.
func (t TableOf[T]) TxCheck(key PrimaryKey, condition Condition, options ...TxOption) Write {
	c := txCall(append([]TxOption{condition}, options...))
	return Write{t.learned, func(ctx context.Context) (api.TransactWriteItem, error) {
		d, err := t.deleteOf(ctx, key, c)
		if err != nil {
			return api.TransactWriteItem{}, err
		}
		check := api.ConditionCheck(*d) // the members are the same
		return api.TransactWriteItem{ConditionCheck: &check}, nil
	}}
}

func txCall(options []TxOption) *call {
	var c call
	for _, o := range options {
		o.tx(&c)
	}
	return &c
}

// TransactGetOption is a part of a TransactGet: a Read or Consumed.
type TransactGetOption interface{ transactGet(*readsOfTx) }

// TxGetOption is Project, Names or Found.
type TxGetOption interface{ txGet(*call) }

// Read is one read of a TransactGet, made by TxGet.
type Read struct {
	learned *learned
	build   func(context.Context) (api.TransactGetItem, error)
	store   func(key Item, a api.Attributes) error
}

func (r Read) transactGet(t *readsOfTx) { t.reads = append(t.reads, r) }

// readsOfTx is what the parts of a TransactGet add up to.
type readsOfTx struct {
	reads []Read
	used  *Capacity
}

type presence struct{ found *bool }

// Found stores whether the item is there, and keeps its absence from being an error.
func Found(found *bool) TxGetOption { return presence{found} }

func (o presence) txGet(c *call) { c.found = o.found }

// TransactGet reads up to 100 items, of any tables of one Client, as of one
// moment. An item that is absent is ErrNotFound, as it is for Get, unless its TxGet
// has the option Found; the other items are stored all the same.
//
//	var a, b Account
//	err := stator.TransactGet(ctx, db,
//		accounts.TxGet(stator.Key("alice"), &a),
//		accounts.TxGet(stator.Key("bob"), &b))
func TransactGet(ctx context.Context, c Client, parts ...TransactGetOption) error {
	var t readsOfTx
	for _, p := range parts {
		p.transactGet(&t)
	}
	in := &api.TransactGetItemsInput{
		TransactItems:          make([]api.TransactGetItem, len(t.reads)),
		ReturnConsumedCapacity: t.used.wanted(),
	}
	for i, r := range t.reads {
		if r.build == nil {
			return faultf(nil, "Read %d of the transaction is a zero Read", i+1)
		}
		var err error
		if in.TransactItems[i], err = r.build(ctx); err != nil {
			return fmt.Errorf("stator: read %d of the transaction: %w", i+1, err)
		}
	}
	out, err := do(ctx, c, in)
	if err != nil {
		for _, r := range t.reads {
			r.learned.forget(err)
		}
		return err
	}
	t.used.add(out.ConsumedCapacity...)
	if len(out.Responses) != len(t.reads) {
		return fmt.Errorf("stator: TransactGetItems answered %d reads with %d items", len(t.reads), len(out.Responses))
	}
	var first error
	for i, r := range t.reads {
		if err := r.store(in.TransactItems[i].Get.Key, out.Responses[i].Item); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// TxGet is a read in a TransactGet, which stores the item in into.
func (t TableOf[T]) TxGet(key PrimaryKey, into *T, options ...TxGetOption) Read {
	var c call
	for _, o := range options {
		o.txGet(&c)
	}
	return Read{
		learned: t.learned,
		build: func(ctx context.Context) (api.TransactGetItem, error) {
			if into == nil {
				return api.TransactGetItem{}, faultf(nil, "TxGet has nowhere to store the item: the pointer is nil")
			}
			item, err := t.keyItem(ctx, key)
			if err != nil {
				return api.TransactGetItem{}, err
			}
			get := &api.Get{TableName: &t.name, Key: item}
			e := t.expression(c.names)
			get.ProjectionExpression, err = e.projection(c.paths)
			get.ExpressionAttributeNames = e.names
			return api.TransactGetItem{Get: get}, err
		},
		store: func(key Item, a api.Attributes) error {
			var none T
			*into = none
			if c.found != nil {
				*c.found = !a.IsZero()
			}
			if a.IsZero() {
				if c.found != nil {
					return nil
				}
				return &notFound{table: t.name, key: key}
			}
			v, err := decodeAs[T](a)
			*into = v
			return err
		},
	}
}
