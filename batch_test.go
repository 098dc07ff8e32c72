package stator_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

func manyUsers(n int) (us []user, keys []stator.PrimaryKey) {
	for i := range n {
		id := fmt.Sprintf("u%04d", i)
		us, keys = append(us, user{ID: id, Visits: i}), append(keys, stator.Key(id))
	}
	return us, keys
}

func TestBatchesOfAnySize(t *testing.T) {
	_, users := newUsers(t)
	ctx := t.Context()
	for _, size := range []int{0, 1, 25, 26, 100, 101, 330} {
		var used stator.Capacity
		us, keys := manyUsers(size)
		n, err := users.BatchPut(ctx, us, stator.Consumed(&used))
		require.NoError(t, err)
		require.Equal(t, size, n)
		require.GreaterOrEqual(t, used.Units, float64(size))

		got, err := collect(users.BatchGet(ctx, append(keys, stator.Key("nobody")), stator.Consistent()))
		require.NoError(t, err)
		slices.SortFunc(got, func(a, b user) int { return a.Visits - b.Visits })
		require.Equal(t, us, got)

		n, err = users.BatchDelete(ctx, append(keys, keys...))
		require.NoError(t, err)
		require.Equal(t, 2*size, n)
		left, err := users.Scan().Count(ctx)
		require.NoError(t, err)
		require.Zero(t, left)
	}
}

func TestBatchGetProjects(t *testing.T) {
	_, users := newUsers(t)
	us, keys := manyUsers(3)
	_, err := users.BatchPut(t.Context(), us)
	require.NoError(t, err)
	got, err := collect(users.BatchGet(t.Context(), keys, stator.Project("#v"), stator.Names{"#v": "visits"}))
	require.NoError(t, err)
	require.ElementsMatch(t, []user{{}, {Visits: 1}, {Visits: 2}}, got)
}

func TestDuplicatesInABatch(t *testing.T) {
	_, users := newUsers(t)
	ctx := t.Context()
	n, err := users.BatchPut(ctx, []user{{ID: "a", Visits: 1}, {ID: "b"}, {ID: "a", Visits: 2}, {ID: "a", Visits: 3}})
	require.NoError(t, err)
	require.Equal(t, 4, n)
	a, err := users.Get(ctx, stator.Key("a"))
	require.NoError(t, err)
	require.Equal(t, 3, a.Visits, "the last one remains")
	got, err := collect(users.BatchGet(ctx, []stator.PrimaryKey{stator.Key("a"), stator.Key("b"), stator.Key("a")}))
	require.NoError(t, err)
	require.Len(t, got, 2, "a key that is listed twice is read once")

	table := numbered(t, 3)
	key := func(n string) stator.PrimaryKey { return stator.Key("a", stator.N(n)) }
	items, err := collect(table.BatchGet(ctx, []stator.PrimaryKey{key("1"), key("1.0"), key("10E-1"), key("2")}))
	require.NoError(t, err)
	require.Len(t, items, 2, "numbers are equal by value")
}

func TestBatchWriteSendsAgainWhatWasNotProcessed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sizes := []int{}
		f := &fake{answer: func(in api.Request) (api.Response, error) {
			writes := in.(*api.BatchWriteItemInput).RequestItems["users"]
			sizes = append(sizes, len(writes))
			switch len(sizes) {
			case 2:
				return nil, &api.Error{Code: api.CodeProvisionedThroughput, Message: "slow down", RetryAfter: time.Minute}
			case 1, 3:
				left := map[string][]api.WriteRequest{"users": slices.Clone(writes[len(writes)/2:])}
				return &api.BatchWriteItemOutput{UnprocessedItems: left}, nil
			}
			return &api.BatchWriteItemOutput{}, nil
		}}
		us, _ := manyUsers(30)
		start := time.Now()
		n, err := stator.TableFor[user](f, "users").BatchPut(t.Context(), us)
		require.NoError(t, err)
		require.Equal(t, 30, n)
		require.Equal(t, []int{25, 13, 13, 7, 5}, sizes)
		require.GreaterOrEqual(t, time.Since(start), time.Minute, "RetryAfter is kept to")
	})
}

func TestBatchGivesUpWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(in api.Request) (api.Response, error) {
			switch in := in.(type) {
			case *api.BatchWriteItemInput:
				return &api.BatchWriteItemOutput{UnprocessedItems: map[string][]api.WriteRequest{"users": slices.Clone(in.RequestItems["users"])}}, nil
			case *api.BatchGetItemInput:
				return nil, &api.Error{Code: api.CodeProvisionedThroughput, Message: "slow down"}
			}
			return nil, nil
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		users := stator.TableFor[user](f, "users")
		us, keys := manyUsers(30)
		n, err := users.BatchPut(ctx, us)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Zero(t, n)
		require.Less(t, len(f.requests), 60, "the pauses grow")

		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = collect(users.BatchGet(ctx, keys))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, stator.ErrThrottled, "and says why it waited")
	})
}

func TestBatchGetAsksAgainForWhatWasNotProcessed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.answer = func(in api.Request) (api.Response, error) {
			keys := in.(*api.BatchGetItemInput).RequestItems["users"]
			out := &api.BatchGetItemOutput{Responses: map[string][]api.Attributes{"users": {api.ItemOf(keys.Keys[0])}}}
			if keys.Keys = keys.Keys[1:]; len(keys.Keys) > 0 {
				out.UnprocessedKeys = map[string]api.KeysAndAttributes{"users": keys}
			}
			return out, nil
		}
		_, keys := manyUsers(4)
		got, err := collect(stator.TableFor[user](f, "users").BatchGet(t.Context(), keys))
		require.NoError(t, err)
		require.Len(t, got, 4)
		require.Len(t, f.requests, 4)
	})
}

func TestFailedBatchTellsHowFarItCame(t *testing.T) {
	_, users := newUsers(t)
	us, _ := manyUsers(60)
	us[40].ID = ""
	n, err := users.BatchPut(t.Context(), us)
	require.ErrorIs(t, err, stator.ErrValidation)
	require.Equal(t, 25, n)
	left, err := users.Scan().Count(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 25, left)
}
