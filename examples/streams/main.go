// Streams is a program that reacts to what happens in its tables: it welcomes
// those who sign up, each once, and keeps totals of the orders, that are
// right however often and wherever the program stops: see main_test.go.
//
//	go run ./examples/streams
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/statordb/stator"
)

func main() {
	dir, err := os.MkdirTemp("", "stator")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := story(context.Background(), os.Stdout, filepath.Join(dir, "shop.db")); err != nil {
		log.Fatal(err)
	}
}

// story runs the shop twice: the first time it stops in the middle.
func story(ctx context.Context, w io.Writer, file string) error {
	first := func(s *Shop) error {
		return errors.Join(
			s.users.Put(ctx, User{ID: "u1", Name: "Ann"}),
			s.users.Put(ctx, User{ID: "u2", Name: "Bob"}),
			s.orders.Put(ctx, Order{ID: "o1", User: "u1", Cents: 4200}),
			s.orders.Put(ctx, Order{ID: "o2", User: "u2", Cents: 900}),
			s.orders.Put(ctx, Order{ID: "o3", User: "u1", Cents: 700}),
			s.Welcome(ctx, w, 1),
			s.Total(ctx, 2))
	}
	second := func(s *Shop) error {
		return errors.Join(
			s.users.Put(ctx, User{ID: "u2", Name: "Bobby"}), // no sign-up
			s.orders.Put(ctx, Order{ID: "o2", User: "u2", Cents: 950}),
			s.orders.Delete(ctx, stator.Key("o3")),
			s.Welcome(ctx, w, 2),
			s.Total(ctx, 3))
	}
	for _, life := range []func(*Shop) error{first, second} {
		if err := open(ctx, file, life); err != nil {
			return err
		}
	}
	return open(ctx, file, func(s *Shop) error {
		for _, id := range []string{"u1", "u2"} {
			total, err := s.totals.Get(ctx, stator.Key(id))
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s has ordered for %d cents\n", id, total.Cents)
		}
		return nil
	})
}

// open opens the shop in a file for one life of the program.
func open(ctx context.Context, file string, life func(*Shop) error) (err error) {
	db, err := stator.Open(file, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	shop, err := NewShop(ctx, db)
	if err != nil {
		return err
	}
	return life(shop)
}
