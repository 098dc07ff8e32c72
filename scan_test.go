package stator_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

func TestScanBuildsARequest(t *testing.T) {
	f, users := fakeUsers()
	_, err := users.Scan().Index("byOrg").Filter("visits > ?", 1).Project("id").Consistent().Limit(3).PageSize(9).
		Segment(2, 5).Page(t.Context(), stator.Item{"id": stator.S("u1")})
	require.NoError(t, err)
	require.Equal(t, &api.ScanInput{
		TableName: new("users"), IndexName: new("byOrg"),
		FilterExpression: new("#f0 > :f0"), ProjectionExpression: new("#p0"),
		ExpressionAttributeNames:  map[string]string{"#f0": "visits", "#p0": "id"},
		ExpressionAttributeValues: map[string]stator.Value{":f0": stator.Int(1)},
		ConsistentRead:            new(true), Limit: new(int32(9)),
		Segment: new(int32(2)), TotalSegments: new(int32(5)),
		ExclusiveStartKey: stator.Item{"id": stator.S("u1")},
	}, last[*api.ScanInput](t, f))
}

func TestScanReads(t *testing.T) {
	table := numbered(t, 100)
	ctx := t.Context()
	scans := map[string]stator.Scan[stator.Item]{
		"whole": table.Scan(), "small pages": table.Scan().PageSize(7),
		"parallel": table.Scan().Parallel(4), "parallel, small pages": table.Scan().Parallel(3).PageSize(7),
		"parallel by one": table.Scan().Parallel(1),
	}
	for name, s := range scans {
		t.Run(name, func(t *testing.T) {
			var used stator.Capacity
			all, err := collect(s.Consumed(&used).All(ctx))
			require.NoError(t, err)
			require.Positive(t, used.Units)
			got := ns(all)
			slices.Sort(got)
			require.Len(t, slices.Compact(got), 100)

			all, err = collect(s.Filter("even = ?", true).Limit(20).All(ctx))
			require.NoError(t, err)
			require.Len(t, all, 20)
			n, err := s.Filter("even = ?", true).Count(ctx)
			require.NoError(t, err)
			require.EqualValues(t, 50, n)
			_, err = s.One(ctx)
			require.NoError(t, err)
		})
	}
	total := 0
	for i := range 3 {
		all, err := collect(table.Scan().Segment(i, 3).All(ctx))
		require.NoError(t, err)
		total += len(all)
	}
	require.Equal(t, 100, total, "segments are the whole")
}

func TestParallelScanEndsWithItsLoop(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var served atomic.Int32
	f := &fake{answer: func(in api.Request) (api.Response, error) {
		if n := served.Add(1); n%50 == 0 {
			return nil, errors.New("the line is cut")
		}
		item := api.ItemOf(stator.Item{"id": stator.S("u1")})
		return &api.ScanOutput{Items: []api.Attributes{item}, Count: 1, LastEvaluatedKey: stator.Item{"id": stator.S("u1")}}, nil
	}}
	users := stator.TableFor[user](f, "users")
	for range 20 {
		read := 0
		for _, err := range users.Scan().Parallel(8).All(t.Context()) {
			if read++; err != nil || read == 5 {
				break
			}
		}
	}
	_, err := collect(users.Scan().Parallel(8).All(t.Context()))
	require.EqualError(t, err, "the line is cut")

	ctx, cancel := context.WithCancel(t.Context())
	f.answer = func(in api.Request) (api.Response, error) { cancel(); return nil, ctx.Err() }
	_, err = collect(users.Scan().Parallel(8).All(ctx))
	require.ErrorIs(t, err, context.Canceled)
	require.Panics(t, func() {
		f.answer = nil
		f.answer = func(in api.Request) (api.Response, error) {
			return &api.ScanOutput{Items: []api.Attributes{api.ItemOf(stator.Item{})}, Count: 1}, nil
		}
		for range users.Scan().Parallel(8).All(t.Context()) {
			panic("in the loop")
		}
	})
}

func TestSegmentsOutOfRange(t *testing.T) {
	_, users := newUsers(t)
	for _, s := range []stator.Scan[user]{
		users.Scan().Segment(0, 0), users.Scan().Segment(-1, 3), users.Scan().Segment(1<<40, 1<<40), users.Scan().Parallel(1001),
	} {
		_, err := collect(s.Limit(1).All(t.Context()))
		require.ErrorIs(t, err, stator.ErrValidation)
	}
	all, err := collect(users.Scan().Parallel(-1).All(t.Context()))
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestNamesAddUp(t *testing.T) {
	f, users := fakeUsers()
	q := users.Scan().Names(stator.Names{"#a": "x", "#b": "y"})
	_, err := q.Names(stator.Names{"#b": "z"}).Filter("#a = ? AND #b = ?", 1, 2).Page(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"#a": "x", "#b": "z"}, last[*api.ScanInput](t, f).ExpressionAttributeNames)
	_, err = q.Filter("#a = ? AND #b = ?", 1, 2).Page(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"#a": "x", "#b": "y"}, last[*api.ScanInput](t, f).ExpressionAttributeNames)
}

// A context that ends during a loop ends it with an error, never in silence.
func TestParallelScanIsNotCutShortInSilence(t *testing.T) {
	table := numbered(t, 200)
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		read, failed := 0, error(nil)
		for _, err := range table.Scan().Parallel(8).PageSize(5).All(ctx) {
			if err != nil {
				failed = err
				continue
			}
			if read++; read == 20 {
				cancel()
			}
		}
		require.ErrorIs(t, failed, context.Canceled)
		require.Less(t, read, 200)
		cancel()
	}
}
