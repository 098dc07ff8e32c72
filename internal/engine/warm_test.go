package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
)

// Warm throughput follows what tables are given, can be asked for, and never falls. The figures and texts are those that
// were seen on the service in October 2026 (aws-controllers-k8s quirks DDB-TABLE-039, 059, 061 and 179).
func TestWarmThroughput(t *testing.T) {
	l := &ledger{t: t}
	e := open(t, openMemory(t), engine.Options{Now: newClock().Now, Limiter: l})
	units := func(r, w int64) *api.ProvisionedThroughput {
		return &api.ProvisionedThroughput{ReadCapacityUnits: &r, WriteCapacityUnits: &w}
	}
	asked := func(r, w int64) *api.WarmThroughput {
		return &api.WarmThroughput{ReadUnitsPerSecond: &r, WriteUnitsPerSecond: &w}
	}
	has := func() []int64 {
		d := do(t, e, &api.DescribeTableInput{TableName: new("users")}).Table
		x := d.GlobalSecondaryIndexes[0].WarmThroughput
		require.Equal(t, api.TableStatusActive, *d.WarmThroughput.Status)
		require.Equal(t, api.IndexStatusActive, *x.Status)
		return []int64{*d.WarmThroughput.ReadUnitsPerSecond, *d.WarmThroughput.WriteUnitsPerSecond, *x.ReadUnitsPerSecond, *x.WriteUnitsPerSecond}
	}
	index := func(u api.UpdateGlobalSecondaryIndexAction) []api.GlobalSecondaryIndexUpdate {
		u.IndexName = new("byN")
		return []api.GlobalSecondaryIndexUpdate{{Update: &u}}
	}
	made := func() *api.CreateTableInput {
		in, err := parseCreate("users id:S\ngsi byN n:N ALL")
		require.NoError(t, err)
		return in
	}
	const prefix = "One or more parameter values were invalid: Requested "

	// New tables.
	in := made()
	in.WarmThroughput = asked(11_999, 4_000)
	require.Equal(t, prefix+"ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. See: "+
		"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial", fails(t, e, in).Message)
	in.BillingMode, in.ProvisionedThroughput, in.GlobalSecondaryIndexes[0].ProvisionedThroughput = nil, units(10, 10), units(1, 1)
	in.WarmThroughput = asked(5, 5)
	require.Equal(t, prefix+"ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits of ProvisionedThroughput", fails(t, e, in).Message)
	in.WarmThroughput = &api.WarmThroughput{WriteUnitsPerSecond: new(int64(20))}
	d := do(t, e, in).TableDescription
	require.Equal(t, int64(20), *d.WarmThroughput.WriteUnitsPerSecond)
	require.Nil(t, d.GlobalSecondaryIndexes[0].WarmThroughput)
	require.Equal(t, []int64{10, 20, 1, 1}, has())

	// The most that was ever provisioned.
	do(t, e, &api.UpdateTableInput{TableName: new("users"), ProvisionedThroughput: units(30, 30), GlobalSecondaryIndexUpdates: index(api.UpdateGlobalSecondaryIndexAction{ProvisionedThroughput: units(3, 3)})})
	do(t, e, &api.UpdateTableInput{TableName: new("users"), ProvisionedThroughput: units(2, 1), GlobalSecondaryIndexUpdates: index(api.UpdateGlobalSecondaryIndexAction{ProvisionedThroughput: units(1, 1)})})
	require.Equal(t, []int64{30, 30, 3, 3}, has())

	// More is asked for, and less refused.
	do(t, e, &api.UpdateTableInput{TableName: new("users"), WarmThroughput: asked(50, 50)})
	do(t, e, &api.UpdateTableInput{TableName: new("users"), WarmThroughput: asked(50, 50)})
	do(t, e, &api.UpdateTableInput{TableName: new("users"), WarmThroughput: &api.WarmThroughput{WriteUnitsPerSecond: new(int64(60))}})
	do(t, e, &api.UpdateTableInput{TableName: new("users"), GlobalSecondaryIndexUpdates: index(api.UpdateGlobalSecondaryIndexAction{WarmThroughput: asked(4, 5)})})
	require.Equal(t, []int64{50, 60, 4, 5}, has())
	require.Equal(t, prefix+"WriteUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, decreasing WarmThroughput is not supported",
		fails(t, e, &api.UpdateTableInput{TableName: new("users"), WarmThroughput: asked(50, 59)}).Message)
	do(t, e, &api.GetItemInput{TableName: new("users"), Key: item(t, `{id: "a"}`)})
	c := l.entries[0].estimate.Table
	require.Equal(t, api.CapacityUnits{Read: 2, Write: 1, WarmRead: 50, WarmWrite: 60}, c.Units)
	require.Equal(t, api.CapacityUnits{Read: 1, Write: 1, WarmRead: 4, WarmWrite: 5}, c.GlobalIndexes[0].Units)

	// On demand, and back.
	do(t, e, &api.UpdateTableInput{TableName: new("users"), BillingMode: new(api.BillingModePayPerRequest)})
	require.Equal(t, []int64{12_000, 4_000, 12_000, 4_000}, has())
	do(t, e, &api.UpdateTableInput{TableName: new("users"), BillingMode: new(api.BillingModeProvisioned), ProvisionedThroughput: units(1, 1),
		GlobalSecondaryIndexUpdates: index(api.UpdateGlobalSecondaryIndexAction{ProvisionedThroughput: units(1, 1)})})
	require.Equal(t, []int64{12_000, 4_000, 12_000, 4_000}, has())
}
