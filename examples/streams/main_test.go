package main

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
)

func Example() {
	main()
	// Output:
	// Dear Ann, welcome!
	// Dear Bob, welcome!
	// u1 has ordered for 4200 cents
	// u2 has ordered for 950 cents
}

// TestTotalsAreRight ends ten lives of the program somewhere in the orders, and
// compares the totals with what the orders add up to.
func TestTotalsAreRight(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "shop.db")
	r := rand.New(rand.NewPCG(7, 7))
	written, counted := 0, 0
	for life := range 10 {
		require.NoError(t, open(ctx, file, func(s *Shop) error {
			for range 20 {
				o := Order{ID: "o" + strconv.Itoa(r.IntN(30)), User: "u" + strconv.Itoa(r.IntN(5)), Cents: written + 1}
				if err := s.orders.Put(ctx, o); err != nil {
					return err
				}
				written++
			}
			n := written - counted
			if life < 9 {
				n = 1 + r.IntN(n)
			}
			counted += n
			return s.Total(ctx, n)
		}))
	}
	require.NoError(t, open(ctx, file, func(s *Shop) error {
		want := map[string]int{}
		for o, err := range s.orders.Scan().All(ctx) {
			require.NoError(t, err)
			want[o.User] += o.Cents
		}
		for total, err := range s.totals.Scan().All(ctx) {
			require.NoError(t, err)
			require.Equal(t, want[total.User], total.Cents, total.User)
			delete(want, total.User)
		}
		require.Empty(t, want)
		return nil
	}))
}

// TestAMailThatFailsComesAgain: what was not acknowledged is seen again.
func TestAMailThatFailsComesAgain(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "shop.db")
	down := errors.New("the mail server is down")
	require.ErrorIs(t, open(ctx, file, func(s *Shop) error {
		require.NoError(t, s.users.Put(ctx, User{ID: "u1", Name: "Ann"}))
		for range s.users.Changes(ctx, stator.As("welcome")) {
			return down
		}
		return nil
	}), down)
	var mails bytes.Buffer
	require.NoError(t, open(context.WithoutCancel(ctx), file, func(s *Shop) error { return s.Welcome(ctx, &mails, 1) }))
	require.Equal(t, "Dear Ann, welcome!\n", mails.String())
}
