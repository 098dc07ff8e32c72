package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
)

// openShop returns a shop on an empty database, and the hands of its clock.
func openShop(t *testing.T) (*Shop, func(time.Duration)) {
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	db, err := stator.OpenMemory(&stator.Options{Now: clock})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	shop, err := NewShop(t.Context(), db, clock)
	require.NoError(t, err)
	return shop, func(d time.Duration) { now = now.Add(d) }
}

func TestCouponIsRedeemedOnce(t *testing.T) {
	shop, _ := openShop(t)
	require.NoError(t, shop.Issue(t.Context(), "SPRING", time.Hour))
	require.ErrorIs(t, shop.Issue(t.Context(), "SPRING", time.Hour), stator.ErrConditionFailed)
	require.NoError(t, shop.Redeem(t.Context(), "SPRING", "Ann"))
	require.ErrorIs(t, shop.Redeem(t.Context(), "SPRING", "Bob"), ErrRedeemed)
	require.ErrorIs(t, shop.Redeem(t.Context(), "AUTUMN", "Bob"), ErrUnknown)
}

func TestCouponExpires(t *testing.T) {
	shop, wait := openShop(t)
	require.NoError(t, shop.Issue(t.Context(), "SPRING", time.Hour))
	wait(time.Hour)
	require.ErrorIs(t, shop.Redeem(t.Context(), "SPRING", "Ann"), ErrExpired)
}

func Example() {
	main()
	// Output:
	// issued: <nil>
	// Ann: <nil>
	// Bob: the coupon was redeemed before
}
