package engine_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// ttl turns the time to live of a table on or off.
func ttl(t testing.TB, c api.Client, table, attribute string, enabled bool) {
	t.Helper()
	do(t, c, setTTL(table, attribute, enabled))
}

func setTTL(table, attribute string, enabled bool) *api.UpdateTimeToLiveInput {
	return &api.UpdateTimeToLiveInput{TableName: &table,
		TimeToLiveSpecification: &api.TimeToLiveSpecification{AttributeName: &attribute, Enabled: &enabled}}
}

// ttlOf returns what DescribeTimeToLive tells of the table tab.
func ttlOf(t testing.TB, c api.Client) string {
	t.Helper()
	return render(c.Serve(context.Background(), &api.DescribeTimeToLiveInput{TableName: new("tab")}))
}

const noSuchTable = "ResourceNotFoundException: Requested resource not found: Table: tab not found\n"

// TestTTLWithStatusDelay: the status of the time to live goes through what it does on AWS, and nothing expires before it is ENABLED.
func TestTTLWithStatusDelay(t *testing.T) {
	clock := newClock()
	store := openMemory(t)
	e := openPaused(t, store, engine.Options{Now: clock.Now, StatusDelay: 10 * time.Second, HideExpired: true})
	seen := func() string {
		return render(e.Serve(t.Context(), &api.GetItemInput{TableName: new("tab"), Key: item(t, `{pk: "a"}`), ProjectionExpression: new("pk")}))
	}
	expires := clock.Now().Unix()
	create(t, e, "tab pk:S")
	require.Equal(t, "ValidationException: Cannot describe time to live while table is in CREATING state: Current table state is CREATING\n", ttlOf(t, e))
	require.Equal(t, "ResourceInUseException: Attempt to change a resource which is still in use: Table is being created: tab\n",
		render(nil, fails(t, e, setTTL("tab", "exp", true))))
	clock.Advance(10 * time.Second)

	// A table that is UPDATING takes it.
	do(t, e, &api.UpdateTableInput{TableName: new("tab"), DeletionProtectionEnabled: new(false)})
	ttl(t, e, "tab", "exp", true)
	put(t, e, "tab", text(`{pk: "a", exp: %d}`, expires))
	require.Equal(t, "ENABLING\nattribute exp\n", ttlOf(t, e))
	clock.Advance(10*time.Second - time.Microsecond)
	require.Equal(t, "ENABLING\nattribute exp\n", ttlOf(t, e))
	require.Zero(t, sweep(t, e, 10))
	require.Equal(t, "{pk: \"a\"}\n", seen())
	clock.Advance(time.Microsecond)
	require.Equal(t, "absent\n", seen())
	require.Equal(t, "ENABLED\nattribute exp\n", ttlOf(t, e))
	require.Equal(t, 1, sweep(t, e, 10))

	clock.Advance(time.Hour)
	put(t, e, "tab", text(`{pk: "a", exp: %d}`, expires))
	ttl(t, e, "tab", "exp", false)
	require.NoError(t, e.FinishJobs(t.Context()))
	require.Equal(t, "DISABLING\nattribute exp\n", ttlOf(t, e))
	require.Equal(t, "{pk: \"a\"}\n", seen())
	require.Zero(t, sweep(t, e, 10))
	clock.Advance(10 * time.Second)
	require.Equal(t, "DISABLED\n", ttlOf(t, e))

	do(t, e, &api.DeleteTableInput{TableName: new("tab")})
	require.Equal(t, "ValidationException: Cannot describe time to live while table is in DELETING state: Current table state is DELETING\n", ttlOf(t, e))
	require.Equal(t, api.CodeResourceInUse, fails(t, e, setTTL("tab", "exp", true)).Code)
	clock.Advance(10 * time.Second)
	require.Equal(t, noSuchTable, ttlOf(t, e))
}

// TestTTLStays: the setting, its attribute and the wait between changes outlive the process.
func TestTTLStays(t *testing.T) {
	onStores(t, func(t *testing.T, store kv.Store) {
		clock := newClock()
		o := engine.Options{Now: clock.Now}
		e, err := engine.OpenPaused(t.Context(), borrowed{store}, o)
		require.NoError(t, err)
		create(t, e, "tab pk:S")
		ttl(t, e, "tab", "exp", true)
		put(t, e, "tab", text(`{pk: "a", exp: %d}`, clock.Now().Unix()))
		require.NoError(t, e.Close())

		clock.Advance(time.Minute)
		e = openPaused(t, store, o)
		require.Equal(t, "ENABLED\nattribute exp\n", ttlOf(t, e))
		require.ErrorContains(t, fails(t, e, setTTL("tab", "exp", false)), "within a fixed interval")
		require.Equal(t, 1, sweep(t, e, 10))
	})
}

// TestTTLWaitsForItsJob: while an index is filled or emptied, however long that takes, no other change begins.
func TestTTLWaitsForItsJob(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	create(t, e, "tab pk:S")
	put(t, e, "tab", `{pk: "a", exp: 1}`)
	for _, enabled := range []bool{true, false} {
		ttl(t, e, "tab", "exp", enabled)
		clock.Advance(24 * time.Hour)
		require.Equal(t, "Time to live has been modified multiple times within a fixed interval", fails(t, e, setTTL("tab", "exp", !enabled)).Message)
		require.NoError(t, e.FinishJobs(t.Context()))
	}
	ttl(t, e, "tab", "other", true)
}

// TestTTLRequest: an answer shares nothing with its request.
func TestTTLRequest(t *testing.T) {
	e := openPaused(t, openMemory(t))
	create(t, e, "tab pk:S")
	in := setTTL("tab", "exp", true)
	out := do(t, e, in)
	*in.TimeToLiveSpecification.AttributeName = "changed"
	*out.TimeToLiveSpecification.Enabled = false
	require.Equal(t, "exp", *out.TimeToLiveSpecification.AttributeName)
	require.Equal(t, "ENABLED\nattribute exp\n", ttlOf(t, e))
}

// TestTTLOfTwoEngines: an engine whose catalog is behind keeps the index that another one has defined, and does not
// expire what another one has disabled.
func TestTTLOfTwoEngines(t *testing.T) {
	clock := newClock()
	store := openMemory(t)
	o := engine.Options{Now: clock.Now}
	e := openPaused(t, store, o)
	create(t, e, "tab pk:S")
	other, err := engine.OpenPaused(t.Context(), borrowed{store}, o)
	require.NoError(t, err)
	past := clock.Now().Unix()
	clock.Advance(time.Minute)

	put(t, e, "tab", text(`{pk: "a", exp: %d}`, past))
	ttl(t, e, "tab", "exp", true)
	put(t, other, "tab", text(`{pk: "b", exp: %d}`, past))
	var workers sync.WaitGroup
	for _, worker := range []*engine.Engine{e, other} {
		workers.Go(func() {
			if err := worker.FinishJobs(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	require.NoError(t, e.Check(t.Context()))
	put(t, e, "tab", `{pk: "c"}`) // an engine whose job the other one has ended hears of it with its next write
	require.Equal(t, 2, sweep(t, e, 10))

	put(t, other, "tab", text(`{pk: "a", exp: %d}`, past)) // and other knows that there is an index
	clock.Advance(time.Hour)
	ttl(t, e, "tab", "exp", false)
	require.Zero(t, sweep(t, other, 10))
	require.NoError(t, e.FinishJobs(t.Context()))
	require.Empty(t, rows(t, store, engine.SpaceExpiry))
	require.ElementsMatch(t, []string{text(`{exp: %d, pk: "a"}`, past), `{pk: "c"}`}, scanAll(t, other, api.ScanInput{TableName: new("tab")}))
	require.NoError(t, other.Close())
}

// TestTTLRace lets a write that was prepared before a change of the time to live be carried out after it.
func TestTTLRace(t *testing.T) {
	for name, write := range raceWrites {
		for _, enabled := range []bool{true, false} {
			t.Run(text("%s, %t", name, enabled), func(t *testing.T) {
				clock := newClock()
				g := &gate{Store: openMemory(t)}
				e := openPaused(t, g, engine.Options{Now: clock.Now})
				create(t, e, "tab pk:S")
				put(t, e, "tab", text(`{pk: "a", org: "old", exp: %d}`, clock.Now().Unix()))
				put(t, e, "tab", text(`{pk: "z", exp: %d}`, clock.Now().Unix()))
				want := 0
				if !enabled {
					ttl(t, e, "tab", "exp", true)
					require.NoError(t, e.FinishJobs(t.Context()))
					clock.Advance(time.Hour)
				}
				g.before.Store(new(func() {
					ttl(t, e, "tab", "exp", enabled)
					require.NoError(t, e.FinishJobs(t.Context()))
				}))
				_, err := e.Serve(t.Context(), write(t))
				require.NoError(t, err)
				require.NoError(t, e.Check(t.Context()))
				clock.Advance(time.Minute)
				if enabled {
					want = 1
					if name == "UpdateItem" {
						want = 2 // the item keeps its time
					}
				}
				require.Equal(t, want, sweep(t, e, 10))
			})
		}
	}
}
