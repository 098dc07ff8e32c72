package capacity_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/capacity"
)

// refusal takes until the Service refuses, and returns the error.
func refusal(t *testing.T, s *capacity.Service, u api.Usage) *api.Error {
	for range 1_000_000 {
		if err := s.Take(context.Background(), u); err != nil {
			var e *api.Error
			require.ErrorAs(t, err, &e)
			return e
		}
		s.Settle(u, u)
	}
	require.Fail(t, "nothing was refused")
	return nil
}

// TestErrors: codes, texts and reasons as AWS documents them.
func TestErrors(t *testing.T) {
	const (
		arn     = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
		table   = "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."
		index   = "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API"
		growing = "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly. If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
		indexes = "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically scaling your index so please try again shortly."
		maximum = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
		account = "Throughput exceeds the current throughput limit for your account. To request a limit increase, contact AWS Support at https://aws.amazon.com/support"
	)
	provisioned := func(table, index int64) *api.TableCapacity {
		return &api.TableCapacity{Name: "orders", ID: "1", Units: api.CapacityUnits{Read: table, Write: table},
			GlobalIndexes: []api.IndexCapacity{{Name: "other", Units: api.CapacityUnits{Read: 1, Write: 1}}, {Name: "byName", Units: api.CapacityUnits{Read: index, Write: index}}}}
	}
	demand := func(table, index api.CapacityUnits) *api.TableCapacity {
		c := provisioned(0, 0)
		c.OnDemand, c.Units, c.GlobalIndexes[1].Units = true, table, index
		return c
	}
	none, few := api.CapacityUnits{}, api.CapacityUnits{MaxRead: 10, MaxWrite: 10}
	warm := api.CapacityUnits{WarmRead: 50_000, WarmWrite: 50_000}
	usage := func(read, write, index float64, whole bool) api.Usage {
		u := api.Usage{Read: read, Write: write, Whole: whole}
		u.Indexes[1] = api.IndexUsage{Units: index, Touched: index > 0}
		return u
	}
	for _, c := range []struct {
		name    string
		table   *api.TableCapacity
		u       api.Usage
		code    api.Code
		message string
		reasons []string
		retry   time.Duration
	}{
		{"table read", provisioned(10, 10), usage(1, 0, 0, false), api.CodeProvisionedThroughput, table, []string{"TableReadProvisionedThroughputExceeded"}, time.Second / 10},
		{"table write", provisioned(10, 10), usage(0, 4, 0, false), api.CodeProvisionedThroughput, table, []string{"TableWriteProvisionedThroughputExceeded"}, time.Second / 5},
		{"index read", provisioned(10, 10), usage(0, 0, 1, false), api.CodeProvisionedThroughput, index, []string{"IndexReadProvisionedThroughputExceeded"}, time.Second / 10},
		{"index write", provisioned(100, 10), usage(0, 1, 1, false), api.CodeProvisionedThroughput, index, []string{"IndexWriteProvisionedThroughputExceeded"}, time.Second / 10},
		{"table and index", provisioned(10, 5), usage(0, 2, 1, false), api.CodeProvisionedThroughput, table, []string{"TableWriteProvisionedThroughputExceeded", "IndexWriteProvisionedThroughputExceeded"}, time.Second / 5},
		{"partition write", provisioned(9000, 9000), usage(0, 1, 0, false), api.CodeProvisionedThroughput, table, []string{"TableWriteKeyRangeThroughputExceeded"}, time.Second / 1000},
		{"partition read", provisioned(9000, 9000), usage(3, 0, 0, false), api.CodeProvisionedThroughput, table, []string{"TableReadKeyRangeThroughputExceeded"}, time.Second / 1000},
		{"partition of an index", provisioned(1, 9000), usage(0, 0, 3, false), api.CodeProvisionedThroughput, index, []string{"IndexReadKeyRangeThroughputExceeded"}, time.Second / 1000},
		{"partition on demand", demand(none, none), usage(0, 1, 0, false), api.CodeThrottling, growing, []string{"TableWriteKeyRangeThroughputExceeded"}, time.Second / 1000},
		{"twice the peak, write", demand(none, none), usage(0, 4, 0, true), api.CodeThrottling, growing, []string{"TableWriteKeyRangeThroughputExceeded"}, time.Second / 1000},
		{"twice the peak, read", demand(none, none), usage(12, 0, 0, true), api.CodeThrottling, growing, []string{"TableReadKeyRangeThroughputExceeded"}, time.Second / 1000},
		{"twice the peak, index write", demand(warm, none), usage(0, 1, 4, true), api.CodeThrottling, indexes, []string{"IndexWriteKeyRangeThroughputExceeded"}, time.Second / 1000},
		{"twice the peak, index read", demand(warm, none), usage(0, 0, 12, true), api.CodeThrottling, growing, []string{"IndexReadKeyRangeThroughputExceeded"}, time.Second / 1000},
		{"maximum write", demand(few, none), usage(0, 1, 0, false), api.CodeThrottling, maximum, []string{"TableWriteMaxOnDemandThroughputExceeded"}, time.Second / 10},
		{"maximum read", demand(few, none), usage(1, 0, 0, false), api.CodeThrottling, maximum, []string{"TableReadMaxOnDemandThroughputExceeded"}, time.Second / 10},
		{"maximum index write", demand(none, few), usage(0, 1, 1, false), api.CodeThrottling, maximum, []string{"IndexWriteMaxOnDemandThroughputExceeded"}, time.Second / 10},
		{"maximum index read", demand(none, few), usage(0, 0, 1, false), api.CodeThrottling, maximum, []string{"IndexReadMaxOnDemandThroughputExceeded"}, time.Second / 10},
		{"quota write", demand(warm, none), usage(0, 40, 0, true), api.CodeRequestLimit, account, []string{"TableWriteAccountLimitExceeded"}, time.Second / 1000},
		{"quota read", demand(warm, none), usage(40, 0, 0, true), api.CodeRequestLimit, account, []string{"TableReadAccountLimitExceeded"}, time.Second / 1000},
		{"quota index read", demand(none, warm), usage(0, 0, 40, true), api.CodeRequestLimit, account, []string{"IndexReadAccountLimitExceeded"}, time.Second / 1000},
		{"quota index write", demand(warm, warm), usage(0, 20, 40, true), api.CodeRequestLimit, account, []string{"IndexWriteAccountLimitExceeded"}, time.Second / 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newClock()
			s := capacity.New(&capacity.Options{Now: clock.Now, Region: "eu-west-1", AccountID: "123456789012"})
			c.u.Table = c.table
			e := refusal(t, s, c.u)
			require.Equal(t, c.code, e.Code)
			require.Equal(t, c.message, e.Message)
			var reasons []string
			for _, r := range e.ThrottlingReasons {
				reasons = append(reasons, r.Reason)
				require.Equal(t, map[byte]string{'T': arn, 'I': arn + "/index/byName"}[r.Reason[0]], r.Resource)
			}
			require.Equal(t, c.reasons, reasons)
			require.Positive(t, e.RetryAfter)
			require.InDelta(t, float64(c.retry), float64(e.RetryAfter), float64(c.retry))
			clock.add(e.RetryAfter - 2*time.Microsecond)
			require.Error(t, s.Take(context.Background(), c.u), "too early")
			clock.add(2 * time.Microsecond)
			require.NoError(t, s.Take(context.Background(), c.u), "on time")
		})
	}
}

// TestConcurrent: sixteen goroutines get together what one would get, to the unit.
func TestConcurrent(t *testing.T) {
	clock := newClock()
	s := capacity.New(&capacity.Options{Now: clock.Now, FullBurst: true})
	table := &api.TableCapacity{Name: "t", ID: "1", Units: api.CapacityUnits{Read: 1000, Write: 1000}, GlobalIndexes: []api.IndexCapacity{{Name: "i", Units: api.CapacityUnits{Read: 1, Write: 900}}}}
	var done, estimated atomic.Int64
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				u := api.Usage{Table: table, Write: 1, Partition: hash(g<<32 + i)}
				u.Indexes[0].Touched = true
				if s.Take(context.Background(), u) != nil {
					return
				}
				estimated.Add(1)
				used := u
				if i%2 == 0 {
					used.Indexes[0].Units = 1
					done.Add(1)
				}
				s.Settle(u, used)
			}
		})
	}
	wg.Wait()
	state, ok := s.State("t")
	require.True(t, ok)
	require.EqualValues(t, 300_000, estimated.Load(), "the burst of the table")
	require.InDelta(t, 0, state.Write.Tokens, 0.001)
	require.EqualValues(t, 300_000, state.Write.Consumed)
	require.InDelta(t, 270_000-done.Load(), state.Indexes[0].Write.Tokens, 0.001)
	require.EqualValues(t, done.Load(), state.Indexes[0].Write.Consumed)
}

// TestDebtIsSeenByAll: a stripe that holds tokens does not grant while the table is in debt.
func TestDebtIsSeenByAll(t *testing.T) {
	clock := newClock()
	s := capacity.New(&capacity.Options{Now: clock.Now, FullBurst: true})
	u := api.Usage{Table: &api.TableCapacity{Name: "t", ID: "1", Units: api.CapacityUnits{Read: 1000, Write: 1000}}, Read: 0.5}
	take := func(i int) error {
		u.Partition = hash(i)
		return s.Take(context.Background(), u)
	}
	for i := range 100 { // every stripe holds some
		require.NoError(t, take(i))
	}
	used := u
	used.Read = 300_100
	s.Settle(u, used)
	for i := range 100 {
		require.ErrorIs(t, take(i), api.ErrThrottled)
	}
	clock.add(time.Second)
	require.NoError(t, take(1))
}

// TestOldSettings: an operation that began before the settings changed does not bring them back.
func TestOldSettings(t *testing.T) {
	clock := newClock()
	s := capacity.New(&capacity.Options{Now: clock.Now})
	of := func(id string, write int64) api.Usage {
		return api.Usage{Table: &api.TableCapacity{Name: "t", ID: id, Units: api.CapacityUnits{Read: 1, Write: write}}, Write: 1}
	}
	rate := func() float64 {
		state, _ := s.State("t")
		return state.Write.Rate
	}
	ctx := context.Background()
	first, second := of("1", 10), of("1", 20)
	require.NoError(t, s.Take(ctx, first))
	require.NoError(t, s.Take(ctx, second))
	require.Equal(t, 20.0, rate())
	require.NoError(t, s.Take(ctx, first)) // of before
	s.Settle(first, first)
	require.Equal(t, 20.0, rate())
	clock.add(time.Minute) // nothing lasts so long: these are the settings
	require.NoError(t, s.Take(ctx, first))
	require.Equal(t, 10.0, rate())
	clock.add(time.Minute)
	require.NoError(t, s.Take(ctx, second))
	require.Equal(t, 20.0, rate())
	other := of("2", 30)
	require.NoError(t, s.Take(ctx, other))
	require.NoError(t, s.Take(ctx, second)) // of the table before
	require.Equal(t, 30.0, rate())
	for i := range 200 { // many changes, and all of them settle
		next := of("2", int64(i+1))
		require.NoError(t, s.Take(ctx, next))
		used := next
		used.Write = 0
		s.Settle(next, used)
	}
	require.Equal(t, 200.0, rate())
}

// TestBadInput has no effect: no panic, and nothing given or taken away.
func TestBadInput(t *testing.T) {
	clock := newClock()
	s := capacity.New(&capacity.Options{Now: clock.Now})
	ctx := context.Background()
	require.NoError(t, s.Take(ctx, api.Usage{Write: 1}))
	s.Settle(api.Usage{Write: 1}, api.Usage{})
	_, ok := s.State("t")
	require.False(t, ok)

	table := &api.TableCapacity{Name: "t", ID: "", Units: api.CapacityUnits{Read: -5, Write: 0, MaxRead: -1}}
	for range 25 {
		table.GlobalIndexes = append(table.GlobalIndexes, api.IndexCapacity{})
	}
	s.Settle(api.Usage{Table: table, Write: 1}, api.Usage{Table: table}) // never seen
	for _, x := range []float64{math.NaN(), -1, math.Inf(-1)} {
		u := api.Usage{Table: table, Read: x, Write: x}
		u.Indexes[3].Units = x
		require.NoError(t, s.Take(ctx, u))
		s.Settle(u, u)
		s.Settle(u, api.Usage{Table: table})
	}
	state, _ := s.State("t")
	require.Equal(t, 1.0, state.Read.Rate, "no table has less than one unit")
	require.Equal(t, 1.0, state.Write.Tokens)
	require.Zero(t, state.Write.Consumed)
	u := api.Usage{Table: table, Write: math.Inf(1)}
	require.NoError(t, s.Take(ctx, u)) // into debt
	s.Settle(u, api.Usage{Table: table})
	state, _ = s.State("t")
	require.InDelta(t, 1, state.Write.Tokens, 0.001)

	for _, d := range []time.Duration{-1 << 62, 1 << 62, 1 << 62, 1 << 62, -time.Nanosecond, -time.Hour} {
		clock.add(d)
		_ = s.Take(ctx, api.Usage{Table: table, Write: 1})
		state, _ = s.State("t")
		require.LessOrEqual(t, state.Write.Tokens, 300.0)
		require.GreaterOrEqual(t, state.Write.Tokens, 0.0)
	}
}

// TestMemory: neither keys nor tables that come and go make the Service grow.
func TestMemory(t *testing.T) {
	s := capacity.New(nil)
	table := busy(0)
	size := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	use := func(u api.Usage) {
		require.NoError(t, s.Take(context.Background(), u))
		s.Settle(u, u)
	}
	for i := range 1000 {
		use(api.Usage{Table: table, Write: 1, Partition: hash(i)})
	}
	before := size()
	for i := range 200_000 {
		use(api.Usage{Table: table, Write: 1, Partition: hash(i)})
	}
	require.Less(t, size(), before+100_000)
	for i := range 10_050 {
		use(api.Usage{Table: &api.TableCapacity{Name: fmt.Sprint(i), ID: fmt.Sprint(i), Units: api.CapacityUnits{Read: 1, Write: 1}}, Write: 1})
	}
	require.Len(t, s.States(), 10_000)
	runtime.KeepAlive(s)
}

// TestHotKeyAmongMany: a key above its ceiling is held to it among more keys
// than are remembered.
func TestHotKeyAmongMany(t *testing.T) {
	clock := newClock()
	s := capacity.New(&capacity.Options{Now: clock.Now, FullBurst: true})
	table := &api.TableCapacity{Name: "t", ID: "1", Units: api.CapacityUnits{Read: 1, Write: 40_000}}
	hot, others := 0, 0
	for i := range 100_000 { // 10 s: 2,000 a second of one key, 8,000 of 8,000 keys
		u := api.Usage{Table: table, Write: 1, Partition: hash(i % 8000)}
		if i%5 == 0 {
			u.Partition = hash(-1)
		}
		if err := s.Take(context.Background(), u); err == nil {
			if i%5 == 0 {
				hot++
			} else {
				others++
			}
		}
		clock.add(100 * time.Microsecond)
	}
	require.Equal(t, 80_000, others)
	require.InDelta(t, 11_000, hot, 100)
}
