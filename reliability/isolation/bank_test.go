package isolation_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
)

// The bank's accounts are rows, and x is the balance.
const (
	bankTable    = "bank"
	openingMoney = 50
)

// transfer moves money from an account that must have it to another, on condition that a third one exists.
func transfer(r *rand.Rand) *api.TransactWriteItemsInput {
	who := r.Perm(rowCount)[:3]
	move := func(i int, amount int64, condition *string) api.TransactWriteItem {
		values := attr.Item{":amount": attr.Int(amount)}
		if condition != nil {
			values[":least"] = attr.Int(-amount)
		}
		return api.TransactWriteItem{Update: &api.Update{TableName: new(bankTable), Key: rowKey(i), UpdateExpression: new("ADD x :amount"),
			ConditionExpression: condition, ExpressionAttributeValues: values}}
	}
	amount := 1 + r.Int64N(30)
	return &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{
		move(who[0], -amount, new("x >= :least")),
		move(who[1], amount, nil),
		{ConditionCheck: &api.ConditionCheck{TableName: new(bankTable), Key: rowKey(who[2]), ConditionExpression: new("attribute_exists(pk)")}}}}
}

// runBank lets clients make transfers and audits, n of both together, by turns.
// Audits read in all ways, and each must see all accounts and all the money.
func runBank(ctx context.Context, c api.Client, n int, seed uint64) (transfers, refused, audits int64, err error) {
	const clients = 6
	failures := make([]error, clients)
	var made, declined, seen atomic.Int64
	var wait sync.WaitGroup
	for i := range failures {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		wait.Go(func() {
			for range n / clients {
				if r.IntN(3) > 0 {
					name := viewNames[r.IntN(len(viewNames))]
					if err := audit(ctx, c, name); err != nil {
						failures[i] = fmt.Errorf("%s: %w", name, err)
						return
					}
					seen.Add(1)
					continue
				}
				switch _, err := c.Serve(ctx, transfer(r)); {
				case err == nil:
					made.Add(1)
				case errors.Is(err, api.ErrTransactionCanceled):
					declined.Add(1)
				case !errors.Is(err, kv.ErrOutcomeUnknown):
					failures[i] = err
					return
				}
			}
		})
	}
	wait.Wait()
	return made.Load(), declined.Load(), seen.Load(), errors.Join(failures...)
}

// audit reads all accounts in one way.
func audit(ctx context.Context, c api.Client, name string) error {
	p, err := views[name](ctx, c, bankTable, 0, nil)
	if err != nil {
		return err
	}
	accounts, err := allRows(p.rows)
	if err != nil {
		return err
	}
	var sum int64
	for _, x := range accounts {
		if sum += x; x < 0 {
			return fmt.Errorf("an account is overdrawn: %v", accounts)
		}
	}
	if sum != rowCount*openingMoney {
		return fmt.Errorf("the sum is %d instead of %d: %v", sum, rowCount*openingMoney, accounts)
	}
	return nil
}

// TestBank: transfers neither make money nor lose it, in no read of all accounts at once.
func TestBank(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	n := map[string]int{inMemory: 2400, inFile: 900, overHTTP: 600}
	onSurfaces(t, func(t *testing.T, s surface) {
		createRows(t, s.db, bankTable, openingMoney)
		made, refused, audits, err := runBank(t.Context(), s.client, n[s.name], seed)
		require.NoError(t, err)
		require.Positive(t, made)
		t.Logf("%s: %d transfers, %d refused, %d audits in %d ways", s.name, made, refused, audits, len(views))
	})
}

// TestBankWithUnknownOutcomes: nor do transfers of which nobody knows whether they took place.
func TestBankWithUnknownOutcomes(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	onFlaky(t, seed, func(t testing.TB, c api.Client) { createRows(t, c, bankTable, openingMoney) }, func(t *testing.T, name string, c api.Client) {
		made, refused, audits, err := runBank(t.Context(), c, 500, seed)
		require.NoError(t, err)
		t.Logf("%s: %d transfers acknowledged, %d refused, %d audits", name, made, refused, audits)
	})
}

// TestBankControl: what loses money, or makes it look so for a moment, is found out.
func TestBankControl(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]api.Client{
		"torn transactions": &torn{Client: openStore(t, openMemory(t), nil), oneIn: 3, cut: halves},
		"blurred views":     openStore(t, blurred{openMemory(t)}, nil),
		"hasty store":       openStore(t, hasty{openMemory(t)}, nil),
	} {
		t.Run(name, func(t *testing.T) {
			createRows(t, c, bankTable, openingMoney)
			for i := range uint64(attempts) {
				if _, _, audits, err := runBank(t.Context(), c, 300, i); err != nil {
					t.Logf("%s: found after %d audits: %.100s", name, audits, err)
					return
				}
			}
			t.Fatal("no audit found it")
		})
	}
}

// goOffDuty takes one of two doctors off duty, if the other one is on.
func goOffDuty(me, other string) *api.TransactWriteItemsInput {
	onDuty := attr.Item{":yes": attr.BOOL(true)}
	return &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{
		{ConditionCheck: &api.ConditionCheck{TableName: new("doctors"), Key: key(other), ConditionExpression: new("duty = :yes"), ExpressionAttributeValues: onDuty}},
		{Update: &api.Update{TableName: new("doctors"), Key: key(me), UpdateExpression: new("SET duty = :no"),
			ExpressionAttributeValues: attr.Item{":no": attr.BOOL(false)}}}}}
}

// runDoctors lets both go off duty at once, in each round, and counts in how many rounds both did.
func runDoctors(t testing.TB, c api.Client, rounds int) (nobody int) {
	t.Helper()
	for range rounds {
		for _, name := range []string{"a", "b"} {
			must(t, c, &api.PutItemInput{TableName: new("doctors"), Item: api.ItemOf(attr.Item{"pk": attr.S(name), "duty": attr.BOOL(true)})})
		}
		var errs [2]error
		var wait sync.WaitGroup
		for i, names := range [][]string{{"a", "b"}, {"b", "a"}} {
			wait.Go(func() { _, errs[i] = c.Serve(t.Context(), goOffDuty(names[0], names[1])) })
		}
		wait.Wait()
		for _, err := range errs {
			if err != nil {
				require.ErrorIs(t, err, api.ErrTransactionCanceled)
			}
		}
		require.False(t, errs[0] != nil && errs[1] != nil, "none could go, and nobody had gone")
		if errs[0] == nil && errs[1] == nil {
			nobody++
		}
	}
	return nobody
}

func createDoctors(t testing.TB, c api.Client) {
	t.Helper()
	_, err := stator.CreateTable(t.Context(), c, "doctors", stator.HashKey("pk", "S"))
	require.NoError(t, err)
}

// TestWriteSkew: of two doctors, each of whom goes off duty when the other is on, one stays.
func TestWriteSkew(t *testing.T) {
	t.Parallel()
	rounds := map[string]int{inMemory: 1000, inFile: 100, overHTTP: 100}
	onSurfaces(t, func(t *testing.T, s surface) {
		createDoctors(t, s.db)
		require.Zero(t, runDoctors(t, s.client, rounds[s.name]))
		t.Logf("%s: %d rounds, and always one stayed", s.name, rounds[s.name])
	})
}

// TestWriteSkewControl: with a check that is made before the transaction, both go.
func TestWriteSkewControl(t *testing.T) {
	t.Parallel()
	var both sync.WaitGroup // have checked
	c := &torn{Client: openStore(t, openMemory(t), nil), oneIn: 1, cut: checksFirst, between: func() { both.Done(); both.Wait() }}
	createDoctors(t, c)
	both.Add(2)
	require.Equal(t, 1, runDoctors(t, c, 1))
}
