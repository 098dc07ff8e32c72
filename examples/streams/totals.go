package main

import (
	"context"
	"errors"

	"github.com/statordb/stator"
)

// Order is what somebody ordered.
type Order struct {
	ID    string `dynamodbav:"id" stator:"hash"`
	User  string `dynamodbav:"user"`
	Cents int    `dynamodbav:"cents"`
}

// Total is what somebody ordered in all.
type Total struct {
	User  string `dynamodbav:"user" stator:"hash"`
	Cents int    `dynamodbav:"cents"`
}

// Place is how far the orders are in the totals.
type Place struct {
	Name     string `dynamodbav:"name" stator:"hash"`
	Position string `dynamodbav:"position"`
}

// Total keeps the totals, until it has seen so many changes. Its place is
// written in the transaction that counts an order, so that each counts once.
func (s *Shop) Total(ctx context.Context, changes int) error {
	start := stator.FromStart()
	switch place, err := s.places.Get(ctx, stator.Key("totals")); {
	case err == nil:
		position, err := stator.ParsePosition(place.Position)
		if err != nil {
			return err
		}
		start = stator.After(position)
	case !errors.Is(err, stator.ErrNotFound):
		return err
	}
	for c, err := range s.orders.Changes(ctx, start) {
		if err != nil {
			return err
		}
		cents := map[string]int{} // by user; an order can go over to another one
		if c.Old != nil {
			cents[c.Old.User] -= c.Old.Cents
		}
		if c.New != nil {
			cents[c.New.User] += c.New.Cents
		}
		writes := []stator.TransactOption{s.places.TxPut(Place{"totals", c.Position().String()})}
		for user, n := range cents {
			writes = append(writes, s.totals.TxUpdate(stator.Key(user), stator.Add("cents", n)))
		}
		if err := stator.Transact(ctx, s.db, writes...); err != nil {
			return err
		}
		if changes--; changes == 0 {
			break
		}
	}
	return nil
}
