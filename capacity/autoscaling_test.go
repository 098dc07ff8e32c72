package capacity_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/capacity"
)

// fake is a Client of one provisioned table with one index. It counts decreases as DynamoDB
// does, and refuses those that are too many.
type fake struct {
	clock   func() time.Time
	service *capacity.Service
	d       api.TableDescription
	updates int
	fail    error
}

func newFake(clock func() time.Time, read, write int64) *fake {
	given := func() *api.ProvisionedThroughputDescription {
		return &api.ProvisionedThroughputDescription{ReadCapacityUnits: new(read), WriteCapacityUnits: new(write), NumberOfDecreasesToday: new(int64(0))}
	}
	return &fake{clock: clock, service: capacity.New(&capacity.Options{Now: clock, FullBurst: true}), d: api.TableDescription{
		TableName: new("orders"), TableId: new("1"), TableStatus: new(api.TableStatusActive), ProvisionedThroughput: given(),
		GlobalSecondaryIndexes: []api.GlobalSecondaryIndexDescription{{IndexName: new("byName"), IndexStatus: new(api.IndexStatusActive), ProvisionedThroughput: given()}},
	}}
}

func (f *fake) Serve(_ context.Context, in api.Request) (api.Response, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	switch in := in.(type) {
	case *api.DescribeTableInput:
		return &api.DescribeTableOutput{Table: &f.d}, nil
	case *api.UpdateTableInput:
		if err := in.Validate(); err != nil {
			return nil, err
		}
		f.updates++
		if p := in.ProvisionedThroughput; p != nil {
			if err := f.set(f.d.ProvisionedThroughput, p); err != nil {
				return nil, err
			}
		}
		for _, u := range in.GlobalSecondaryIndexUpdates {
			if err := f.set(f.d.GlobalSecondaryIndexes[0].ProvisionedThroughput, u.Update.ProvisionedThroughput); err != nil {
				return nil, err
			}
		}
		return &api.UpdateTableOutput{TableDescription: &f.d}, nil
	}
	return nil, errors.New("not served: " + in.Operation())
}

func (f *fake) set(d *api.ProvisionedThroughputDescription, p *api.ProvisionedThroughput) error {
	now := f.clock()
	if *p.ReadCapacityUnits < *d.ReadCapacityUnits || *p.WriteCapacityUnits < *d.WriteCapacityUnits {
		last := d.LastDecreaseDateTime
		if last == nil || last.YearDay() != now.YearDay() {
			d.NumberOfDecreasesToday = new(int64(0))
		}
		if *d.NumberOfDecreasesToday >= 4 && now.Sub(*last) < time.Hour {
			return &api.Error{Code: api.CodeLimitExceeded, Message: "too many decreases"}
		}
		d.NumberOfDecreasesToday, d.LastDecreaseDateTime = new(*d.NumberOfDecreasesToday+1), new(now)
	}
	d.ReadCapacityUnits, d.WriteCapacityUnits = p.ReadCapacityUnits, p.WriteCapacityUnits
	return nil
}

// caps are the table's settings as the store would hand them to a Limiter.
func (f *fake) caps() *api.TableCapacity {
	of := func(d *api.ProvisionedThroughputDescription) api.CapacityUnits {
		return api.CapacityUnits{Read: *d.ReadCapacityUnits, Write: *d.WriteCapacityUnits}
	}
	return &api.TableCapacity{Name: "orders", ID: "1", Units: of(f.d.ProvisionedThroughput),
		GlobalIndexes: []api.IndexCapacity{{Name: "byName", Units: of(f.d.GlobalSecondaryIndexes[0].ProvisionedThroughput)}}}
}

// minute writes for a minute, at a rate to the table and another to its index.
func (f *fake) minute(c *clock, table, index float64) (throttled int) {
	u := api.Usage{Table: f.caps(), Write: table, Whole: true}
	u.Indexes[0] = api.IndexUsage{Units: index, Touched: index > 0}
	for range 60 {
		if f.service.Take(context.Background(), u) == nil {
			f.service.Settle(u, u)
		} else {
			throttled++
		}
		c.add(time.Second)
	}
	return throttled
}

func write(least, most int64, target float64) capacity.Policy {
	return capacity.Policy{Table: "orders", Dimension: capacity.WriteCapacity, MinCapacity: least, MaxCapacity: most, TargetUtilization: target}
}

// TestAutoScalingFollows: what a table of 100 units is given after minutes of some use.
func TestAutoScalingFollows(t *testing.T) {
	times := func(n int, rate float64) (out []float64) {
		for range n {
			out = append(out, rate)
		}
		return out
	}
	cat := func(parts ...[]float64) (out []float64) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	cooling := write(10, 1000, 70)
	cooling.ScaleInCooldown, cooling.ScaleOutCooldown = time.Hour, time.Hour
	never := write(10, 1000, 70)
	never.DisableScaleIn = true
	for _, c := range []struct {
		name   string
		policy capacity.Policy
		rates  []float64 // of each minute
		want   int64
	}{
		{"at the target", write(10, 1000, 70), times(40, 70), 100},
		{"one minute above", write(10, 1000, 70), []float64{60, 90, 60, 90, 60}, 100},
		{"two minutes above", write(10, 1000, 70), []float64{90, 90}, 129},
		{"and not again for the same", write(10, 1000, 70), times(14, 90), 129},
		{"the higher of two", write(10, 1000, 70), []float64{140, 84}, 200},
		{"beyond the maximum", write(10, 110, 70), times(10, 90), 110},
		{"fourteen minutes low", write(10, 1000, 70), times(14, 30), 100},
		{"fifteen minutes low", write(10, 1000, 70), times(15, 30), 43},
		{"a busy minute among them", write(10, 1000, 70), cat(times(10, 30), times(1, 60), times(14, 30)), 100},
		{"room for the busiest", write(10, 1000, 70), cat(times(5, 49), times(10, 10)), 70},
		{"less than the target, not 20 % less", write(10, 1000, 70), times(40, 51), 100},
		{"below the minimum", write(40, 1000, 70), times(15, 5), 40},
		{"a low target", write(10, 1000, 20), times(15, 9), 45},
		{"a low target, half of it", write(10, 1000, 20), times(15, 11), 100},
		{"a high target", write(10, 1000, 90), times(15, 69), 77},
		{"no use at all", write(10, 1000, 70), times(15, 0), 10},
		{"scale-in is off", never, times(40, 5), 100},
		{"the minimum is more", write(150, 1000, 70), times(1, 10), 150},
		{"the maximum is less", write(10, 50, 70), times(1, 10), 50},
		{"after a scale-in at once", write(10, 1000, 70), cat(times(15, 30), times(15, 10)), 15},
		{"after a scale-in with a cooldown", cooling, cat(times(15, 30), times(15, 10)), 43},
		{"after a scale-out with a cooldown, a smaller one", cooling, cat(times(2, 105), times(2, 110)), 150},
		{"after a scale-out with a cooldown, a larger one", cooling, cat(times(2, 77), times(2, 140)), 200},
		{"a scale-out in the cooldown of a scale-in", cooling, cat(times(15, 30), times(2, 43)), 62},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newClock()
			f := newFake(clock.Now, 100, 100)
			a, err := capacity.NewAutoScaling(f, f.service, &capacity.AutoScalingOptions{Policies: []capacity.Policy{c.policy}})
			require.NoError(t, err)
			for _, rate := range c.rates {
				f.minute(clock, rate, 0)
				require.NoError(t, a.Step(t.Context()))
				require.NoError(t, a.Step(t.Context())) // again in the same minute: nothing
			}
			require.Equal(t, c.want, *f.d.ProvisionedThroughput.WriteCapacityUnits)
			require.EqualValues(t, 100, *f.d.ProvisionedThroughput.ReadCapacityUnits)
		})
	}
}

// TestAutoScalingActivities: the words of Application Auto Scaling.
func TestAutoScalingActivities(t *testing.T) {
	clock := newClock()
	f := newFake(clock.Now, 100, 100)
	index := write(5, 1000, 50)
	index.Index, index.Name = "byName", "mine"
	a, err := capacity.NewAutoScaling(f, f.service, &capacity.AutoScalingOptions{Policies: []capacity.Policy{write(10, 1000, 70), index}})
	require.NoError(t, err)
	for range 2 {
		f.minute(clock, 90, 80)
		require.NoError(t, a.Step(t.Context()))
	}
	require.Equal(t, 1, f.updates, "one request for table and index")
	got := a.Activities()
	require.Len(t, got, 2)
	require.Equal(t, capacity.Activity{
		ResourceID: "table/orders", ScalableDimension: "dynamodb:table:WriteCapacityUnits", From: 100, To: 129,
		Description:   "Setting write capacity units to 129.",
		Cause:         "monitor alarm TargetTracking-table/orders-AlarmHigh-" + got[1].Cause[len("monitor alarm TargetTracking-table/orders-AlarmHigh-"):][:36] + " in state ALARM triggered policy DynamoDBWriteCapacityUtilization:table/orders",
		StartTime:     clock.Now(),
		EndTime:       clock.Now(),
		StatusCode:    capacity.StatusSuccessful,
		StatusMessage: "Successfully set write capacity units to 129. Change successfully fulfilled by dynamodb.",
	}, got[1])
	require.Equal(t, "table/orders/index/byName", got[0].ResourceID)
	require.Equal(t, "dynamodb:index:WriteCapacityUnits", got[0].ScalableDimension)
	require.EqualValues(t, 160, got[0].To)
	require.True(t, strings.HasSuffix(got[0].Cause, " triggered policy mine"))

	f.fail = errors.New("no connection")
	clock.add(time.Minute)
	require.EqualError(t, a.Step(t.Context()), `scale table "orders": no connection`)
	require.Len(t, a.Activities(), 2)
}

// TestAutoScalingFails: a change that is refused is listed, and tried again.
func TestAutoScalingFails(t *testing.T) {
	clock := newClock()
	f := newFake(clock.Now, 100, 100)
	refuse := &refusing{Client: f}
	a, err := capacity.NewAutoScaling(refuse, f.service, &capacity.AutoScalingOptions{Policies: []capacity.Policy{write(10, 1000, 70)}})
	require.NoError(t, err)
	f.minute(clock, 90, 0)
	f.minute(clock, 90, 0)
	require.Error(t, a.Step(t.Context()))
	refuse.off = true
	f.minute(clock, 90, 0)
	require.NoError(t, a.Step(t.Context()))
	got := a.Activities()
	require.Len(t, got, 2)
	require.Equal(t, capacity.StatusSuccessful, got[0].StatusCode)
	require.Equal(t, capacity.StatusFailed, got[1].StatusCode)
	require.Equal(t, "Failed to set write capacity units to 129. Reason: ResourceInUseException: busy", got[1].StatusMessage)
}

type refusing struct {
	api.Client
	off bool
}

func (r *refusing) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	if in.Operation() == "UpdateTable" && !r.off {
		return nil, &api.Error{Code: api.CodeResourceInUse, Message: "busy"}
	}
	return r.Client.Serve(ctx, in)
}

// TestAutoScalingDecreases: traffic that falls all day is followed as often as
// DynamoDB allows, and never more: the fake refuses what is too many.
func TestAutoScalingDecreases(t *testing.T) {
	clock := newClock()
	f := newFake(clock.Now, 100, 40_000)
	a, err := capacity.NewAutoScaling(f, f.service, &capacity.AutoScalingOptions{Policies: []capacity.Policy{write(1, 40_000, 70)}})
	require.NoError(t, err)
	rate := 10_000.0
	counts := map[int]int{}
	for range 36 * 60 {
		f.minute(clock, rate, 0)
		rate *= 0.99
		require.NoError(t, a.Step(t.Context()))
	}
	for _, x := range a.Activities() {
		require.Less(t, x.To, x.From)
		counts[x.StartTime.Day()]++
	}
	require.Greater(t, counts[1], 10)
	require.LessOrEqual(t, counts[1], 4+12)
	require.Greater(t, counts[2], 4)
}

// TestAutoScalingLeavesAlone: tables that cannot be scaled now, or at all.
func TestAutoScalingLeavesAlone(t *testing.T) {
	index := write(10, 1000, 70)
	index.Index = "byName"
	for _, c := range []struct {
		name   string
		change func(*fake)
		err    string
	}{
		{"none", func(*fake) {}, ""},
		{"on demand", func(f *fake) {
			f.d.BillingModeSummary = &api.BillingModeSummary{BillingMode: new(api.BillingModePayPerRequest)}
		}, ""},
		{"updating", func(f *fake) { f.d.TableStatus = new(api.TableStatusUpdating) }, ""},
		{"an index that is created", func(f *fake) { f.d.GlobalSecondaryIndexes[0].IndexStatus = new(api.IndexStatusCreating) }, ""},
		{"no such index", func(f *fake) { f.d.GlobalSecondaryIndexes = nil }, `scale table "orders": it has no global index "byName"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newClock()
			f := newFake(clock.Now, 100, 100)
			a, err := capacity.NewAutoScaling(f, f.service, &capacity.AutoScalingOptions{Policies: []capacity.Policy{index}})
			require.NoError(t, err)
			f.minute(clock, 90, 90)
			f.minute(clock, 90, 90)
			c.change(f)
			if err := a.Step(t.Context()); c.err != "" {
				require.EqualError(t, err, c.err)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, c.name == "none", f.updates == 1)
		})
	}
}

// TestAutoScalingRuns: each minute, until the context ends.
func TestAutoScalingRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(time.Now, 100, 100)
		a, err := capacity.NewAutoScaling(f, f.service, &capacity.AutoScalingOptions{Policies: []capacity.Policy{write(10, 1000, 70)}})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		u := api.Usage{Table: f.caps(), Write: 90, Whole: true}
		go func() {
			for second := time.NewTicker(time.Second); ; {
				_ = f.service.Take(ctx, u)
				select {
				case <-second.C:
				case <-ctx.Done():
					return
				}
			}
		}()
		require.ErrorIs(t, a.Run(ctx), context.DeadlineExceeded)
		require.EqualValues(t, 129, *f.d.ProvisionedThroughput.WriteCapacityUnits)
		require.Equal(t, 1, f.updates)
	})
}

func TestPolicyFaults(t *testing.T) {
	f := newFake(time.Now, 1, 1)
	_, err := capacity.NewAutoScaling(f, f.service, &capacity.AutoScalingOptions{Policies: []capacity.Policy{
		{ScaleOutCooldown: -1, ScaleInCooldown: -1, MaxCapacity: -1},
		write(5, 4, math.NaN()), write(1, 1, 19.9), write(1, 1, 90.1), write(1, 1, 0),
	}})
	require.Error(t, err)
	require.Equal(t, `policy 0 of table/: Table is empty
Dimension is 0, allowed are ReadCapacity and WriteCapacity
MinCapacity is 0, allowed are 1 and more
MaxCapacity is -1, allowed are MinCapacity (0) and more
TargetUtilization is 0, allowed are 20 to 90 percent
ScaleOutCooldown is -1ns, allowed are 0 and more
ScaleInCooldown is -1ns, allowed are 0 and more
policy 1 of table/orders: MaxCapacity is 4, allowed are MinCapacity (5) and more
TargetUtilization is NaN, allowed are 20 to 90 percent
policy 2 of table/orders: TargetUtilization is 19.9, allowed are 20 to 90 percent
policy 2 of table/orders: another scales its write capacity units already
policy 3 of table/orders: TargetUtilization is 90.1, allowed are 20 to 90 percent
policy 3 of table/orders: another scales its write capacity units already
policy 4 of table/orders: TargetUtilization is 0, allowed are 20 to 90 percent
policy 4 of table/orders: another scales its write capacity units already`, fmt.Sprint(err))
	for _, target := range []float64{20, 90} {
		p := write(1, 1, target)
		require.NoError(t, p.Validate())
	}
}
