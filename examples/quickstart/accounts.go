package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/statordb/stator"
)

// Account has money.
type Account struct {
	Owner   string `dynamodbav:"owner" stator:"hash"`
	Balance int    `dynamodbav:"balance"`
}

// Entry is a transfer that took place.
type Entry struct {
	Owner  string `dynamodbav:"owner" stator:"hash"`
	Number int    `dynamodbav:"number" stator:"range"`
	To     string `dynamodbav:"to"`
	Amount int    `dynamodbav:"amount"`
}

// accounts is the chapter of transfers, which are done in whole or not at all.
func accounts(ctx context.Context, s *story, db *stator.DB, _ string) error {
	s.title("Two accounts and a ledger")
	accounts, err := stator.CreateTableFor[Account](ctx, db, "accounts", stator.UnlessExists())
	if err != nil {
		return err
	}
	ledger, err := stator.CreateTableFor[Entry](ctx, db, "ledger", stator.UnlessExists())
	if err != nil {
		return err
	}
	if _, err := accounts.BatchPut(ctx, []Account{{"Alice", 100}, {"Bob", 20}}); err != nil {
		return err
	}
	transfer := func(e Entry) error {
		return stator.Transact(ctx, db,
			accounts.TxUpdate(stator.Key(e.Owner), stator.Add("balance", -e.Amount), stator.If("balance >= ?", e.Amount)),
			accounts.TxUpdate(stator.Key(e.To), stator.Add("balance", e.Amount)),
			ledger.TxPut(e))
	}

	done := s.clock()
	if err := transfer(Entry{"Alice", 1, "Bob", 70}); err != nil {
		return err
	}
	s.say("Alice gives Bob 70: done in %s", done())
	err = transfer(Entry{"Alice", 2, "Bob", 70})
	e, ok := errors.AsType[*stator.Error](err)
	if !ok || !errors.Is(err, stator.ErrTransactionCanceled) {
		return fmt.Errorf("a second transfer was to be canceled: %w", err)
	}
	s.say("Alice gives Bob 70 again: %s", e.Message)
	for i, r := range e.CancellationReasons {
		if r.Message != nil {
			s.say("  write %d: %s, the item is %s", i+1, *r.Message, r.Item)
		}
	}

	var alice, bob Account
	if err := stator.TransactGet(ctx, db, accounts.TxGet(stator.Key("Alice"), &alice), accounts.TxGet(stator.Key("Bob"), &bob)); err != nil {
		return err
	}
	entries, err := ledger.Query("owner = ?", "Alice").Count(ctx)
	if err != nil {
		return err
	}
	s.say("Alice has %d and Bob has %d, together 120 as before; the ledger has %d entry", alice.Balance, bob.Balance, entries)
	return join(s.count(ctx, db, "accounts"), s.count(ctx, db, "ledger"))
}
