package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
)

// The text of a refused decrease, as seen on the service in October 2026; testdata/throughput.txt has the rules.
func TestDecreaseRefused(t *testing.T) {
	clock := newClock()
	e := open(t, openMemory(t), engine.Options{Now: clock.Now})
	units := func(n int64) *api.ProvisionedThroughput {
		return &api.ProvisionedThroughput{ReadCapacityUnits: &n, WriteCapacityUnits: &n}
	}
	in, err := parseCreate("users id:S\ngsi byN n:N ALL")
	require.NoError(t, err)
	in.BillingMode, in.ProvisionedThroughput, in.GlobalSecondaryIndexes[0].ProvisionedThroughput = nil, units(50), units(50)
	do(t, e, in)
	index := func(n int64) []api.GlobalSecondaryIndexUpdate {
		return []api.GlobalSecondaryIndexUpdate{{Update: &api.UpdateGlobalSecondaryIndexAction{IndexName: new("byN"), ProvisionedThroughput: units(n)}}}
	}
	clock.Advance(21*time.Minute + 34*time.Second)
	for n := int64(49); n > 45; n-- {
		do(t, e, &api.UpdateTableInput{TableName: new("users"), ProvisionedThroughput: units(n)})
	}
	clock.Advance(time.Minute)
	refused := fails(t, e, &api.UpdateTableInput{TableName: new("users"), ProvisionedThroughput: units(45), GlobalSecondaryIndexUpdates: index(40)})
	require.Equal(t, api.CodeLimitExceeded, refused.Code)
	require.Equal(t, "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first 4 decreases, "+
		"each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. Number of decreases today: 4. "+
		"Last decrease at Sunday, November 1, 2026 at 12:21:34 PM Coordinated Universal Time. "+
		"Next decrease can be made at Sunday, November 1, 2026 at 1:21:34 PM Coordinated Universal Time.", refused.Message)
	d := do(t, e, &api.DescribeTableInput{TableName: new("users")}).Table
	require.Equal(t, int64(46), *d.ProvisionedThroughput.ReadCapacityUnits)
	require.Equal(t, int64(50), *d.GlobalSecondaryIndexes[0].ProvisionedThroughput.ReadCapacityUnits, "nothing is half done")

	// An index has a budget of its own.
	for n := int64(49); n > 45; n-- {
		do(t, e, &api.UpdateTableInput{TableName: new("users"), GlobalSecondaryIndexUpdates: index(n)})
	}
	require.Equal(t, api.CodeLimitExceeded, fails(t, e, &api.UpdateTableInput{TableName: new("users"), GlobalSecondaryIndexUpdates: index(1)}).Code)

	// A clock that is set back to another day, and one that is set far ahead, leave it usable.
	clock.Advance(-48 * time.Hour)
	do(t, e, &api.UpdateTableInput{TableName: new("users"), ProvisionedThroughput: units(44)})
	clock.Advance(1000 * time.Hour)
	do(t, e, &api.UpdateTableInput{TableName: new("users"), ProvisionedThroughput: units(43)})
}
