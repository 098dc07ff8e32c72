package stator_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// oneAtATime is a Limiter that refuses while it is closed.
type oneAtATime struct {
	closed  bool
	settled float64
}

func (l *oneAtATime) Take(context.Context, api.Usage) error {
	if l.closed {
		return &api.Error{Code: api.CodeProvisionedThroughput, Message: "The level of configured provisioned throughput for the table was exceeded."}
	}
	return nil
}

func (l *oneAtATime) Settle(_, used api.Usage) { l.settled += used.Read + used.Write }

func TestLimiterOption(t *testing.T) {
	ctx := t.Context()
	limiter := &oneAtATime{}
	db, err := stator.OpenMemory(&stator.Options{Limiter: limiter})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	users, err := stator.CreateTable(ctx, db, "users", stator.HashKey("id", "S"))
	require.NoError(t, err)
	require.NoError(t, users.Put(ctx, stator.Item{"id": stator.S("a")}))
	_, err = users.Get(ctx, stator.Key("a"))
	require.NoError(t, err)
	require.Equal(t, 1.5, limiter.settled)

	limiter.closed = true
	require.ErrorIs(t, users.Put(ctx, stator.Item{"id": stator.S("b")}), stator.ErrThrottled)
	limiter.closed = false

	m, err := db.Metrics(ctx)
	require.NoError(t, err)
	require.Equal(t, 1.0, m.Sum(api.MetricConsumedWriteCapacityUnits, "users"))
	require.Equal(t, 0.5, m.Sum(api.MetricConsumedReadCapacityUnits, ""))
	require.Equal(t, 1.0, m.Sum(api.MetricThrottledRequests, "users"))
	require.Equal(t, 1.0, m.Sum(api.MetricWriteThrottleEvents, "users"))
	require.Zero(t, m.Sum(api.MetricUserErrors, ""))

	_, err = api.Do(ctx, db, &api.ReadMetricsInput{TableName: new("nobody")})
	require.ErrorIs(t, err, stator.ErrTableNotFound)
	_, err = api.Do(ctx, db, &api.ReadMetricsInput{TableName: new("")})
	require.ErrorIs(t, err, api.ErrValidation)
}

func ExampleDB_Metrics() {
	ctx := context.Background()
	db, err := stator.OpenMemory(nil)
	if err != nil {
		panic(err)
	}
	defer db.Close()
	users, err := stator.CreateTable(ctx, db, "users", stator.HashKey("id", "S"))
	if err != nil {
		panic(err)
	}
	for _, id := range []string{"ada", "grace"} {
		if err := users.Put(ctx, stator.Item{"id": stator.S(id)}); err != nil {
			panic(err)
		}
	}
	m, err := db.Metrics(ctx)
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Sum(api.MetricConsumedWriteCapacityUnits, "users"))
	for _, x := range m.All {
		if x.Name == api.MetricSuccessfulRequestLatency {
			fmt.Println(x.TableName, x.Operation, x.Count)
		}
	}
	// Output:
	// 2
	// users PutItem 2
}
