package main

import (
	"context"
	"errors"

	"github.com/statordb/stator"
)

// Shop has two tables that are written, and two that are made of them.
type Shop struct {
	db     *stator.DB
	users  stator.TableOf[User]
	orders stator.TableOf[Order]
	totals stator.TableOf[Total]
	places stator.TableOf[Place]
}

// NewShop makes the tables that are not there.
func NewShop(ctx context.Context, db *stator.DB) (*Shop, error) {
	s, errs := &Shop{db: db}, [4]error{}
	stream := stator.Stream(stator.StreamNewAndOldImages)
	s.users, errs[0] = stator.CreateTableFor[User](ctx, db, "users", stream, stator.UnlessExists())
	s.orders, errs[1] = stator.CreateTableFor[Order](ctx, db, "orders", stream, stator.UnlessExists())
	s.totals, errs[2] = stator.CreateTableFor[Total](ctx, db, "totals", stator.UnlessExists())
	s.places, errs[3] = stator.CreateTableFor[Place](ctx, db, "places", stator.UnlessExists())
	return s, errors.Join(errs[:]...)
}
