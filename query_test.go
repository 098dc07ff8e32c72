package stator_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// collect returns the items of a loop up to its error.
func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for v, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, v)
	}
	return all, nil
}

// numbered are items of one partition, n = 1 to count.
func numbered(t *testing.T, count int) stator.Table {
	t.Helper()
	table, err := stator.CreateTable(t.Context(), openMemory(t), "numbered", stator.HashKey("p", "S"), stator.RangeKey("n", "N"))
	require.NoError(t, err)
	var items []stator.Item
	for i := range count {
		items = append(items, stator.Item{"p": stator.S("a"), "n": stator.Int(i + 1), "even": stator.BOOL(i%2 == 1)})
	}
	n, err := table.BatchPut(t.Context(), items)
	require.NoError(t, err)
	require.Equal(t, count, n)
	return table
}

// ns returns the numbers of items.
func ns(items []stator.Item) []int64 {
	all := make([]int64, len(items))
	for i, it := range items {
		all[i], _ = it["n"].Int()
	}
	return all
}

func TestQueryBuildsARequest(t *testing.T) {
	f, users := fakeUsers()
	q := users.Query("org = ? AND begins_with(name, ?)", "acme", "A").Index("byOrg").Desc().
		Filter("visits > ? OR #v = ?", 3, true).Names(stator.Names{"#v": "v.i.p"}).Filter("attribute_exists(tags)").
		Project("id", "visits").Consistent().PageSize(7)
	require.Empty(t, f.requests, "a query that nobody reads asks nothing")
	all, err := collect(q.All(t.Context()))
	require.NoError(t, err)
	require.Empty(t, all)
	require.Equal(t, &api.QueryInput{
		TableName: new("users"), IndexName: new("byOrg"),
		KeyConditionExpression: new("#k0 = :k0 AND begins_with(#k1, :k1)"),
		FilterExpression:       new("(#f0 > :f0 OR #v = :f1) AND attribute_exists(#f1)"),
		ProjectionExpression:   new("#p0, #p1"),
		ExpressionAttributeNames: map[string]string{
			"#k0": "org", "#k1": "name", "#f0": "visits", "#f1": "tags", "#v": "v.i.p", "#p0": "id", "#p1": "visits"},
		ExpressionAttributeValues: map[string]stator.Value{
			":k0": stator.S("acme"), ":k1": stator.S("A"), ":f0": stator.Int(3), ":f1": stator.BOOL(true)},
		ScanIndexForward: new(false), ConsistentRead: new(true), Limit: new(int32(7)),
	}, last[*api.QueryInput](t, f))

	_, err = users.Query("id = ?", "u1").Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, &api.QueryInput{
		TableName: new("users"), KeyConditionExpression: new("#k0 = :k0"), Select: new(api.SelectCount),
		ExpressionAttributeNames:  map[string]string{"#k0": "id"},
		ExpressionAttributeValues: map[string]stator.Value{":k0": stator.S("u1")},
	}, last[*api.QueryInput](t, f))
}

func TestQueryIsImmutable(t *testing.T) {
	f, users := fakeUsers()
	args := []string{"mutable"}
	base := users.Query("id = ?", "u1").Filter("a = ?", args)
	args[0] = "changed"
	left, right := base.Filter("b = ?", 1), base.Filter("c = ?", 2).Desc()
	filters := map[string]stator.Query[user]{
		"#f0 = :f0": base, "#f0 = :f0 AND #f1 = :f1": left,
	}
	for want, q := range filters {
		_, err := q.Page(t.Context(), nil)
		require.NoError(t, err)
		in := last[*api.QueryInput](t, f)
		require.Equal(t, want, *in.FilterExpression)
		require.Nil(t, in.ScanIndexForward)
		require.True(t, stator.L(stator.S("mutable")).Equal(in.ExpressionAttributeValues[":f0"]))
	}
	_, err := right.Page(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "c", last[*api.QueryInput](t, f).ExpressionAttributeNames["#f1"])
}

func TestPagesAreFetchedWhenTheyAreNeeded(t *testing.T) {
	pages := 0
	f := &fake{answer: func(in api.Request) (api.Response, error) {
		pages++
		if pages == 4 {
			return nil, context.DeadlineExceeded
		}
		start := in.(*api.QueryInput).ExclusiveStartKey
		require.Equal(t, pages > 1, start != nil)
		item := api.ItemOf(stator.Item{"id": stator.S(fmt.Sprint("u", pages))})
		return &api.QueryOutput{
			Items: []api.Attributes{item, item}, Count: 2, ScannedCount: 2,
			LastEvaluatedKey: stator.Item{"id": stator.S(fmt.Sprint("u", pages))},
		}, nil
	}}
	q := stator.TableFor[user](f, "users").Query("id = ?", 1)
	read := 0
	for u, err := range q.All(t.Context()) {
		require.NoError(t, err)
		read++
		require.Equal(t, (read+1)/2, pages)
		if u.ID == "u2" {
			break
		}
	}
	require.Equal(t, 2, pages)

	pages = 0
	var errs []error
	for _, err := range q.All(t.Context()) {
		errs = append(errs, err)
	}
	require.Len(t, errs, 7)
	require.ErrorIs(t, errs[6], context.DeadlineExceeded, "an error is the last pair")
}

func TestQueryReads(t *testing.T) {
	table := numbered(t, 10)
	ctx := t.Context()
	q := table.Query("p = ?", "a")
	even := q.Filter("even = ?", true)
	tests := map[string]struct {
		query stator.Query[stator.Item]
		want  []int64
	}{
		"all":                           {q, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		"small pages":                   {q.PageSize(3), []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		"descending":                    {q.Desc().Limit(2), []int64{10, 9}},
		"range":                         {table.Query("p = ? AND n BETWEEN ? AND ?", "a", 3, 5), []int64{3, 4, 5}},
		"limit over pages":              {q.PageSize(2).Limit(5), []int64{1, 2, 3, 4, 5}},
		"limit counts what passed":      {even.Limit(3), []int64{2, 4, 6}},
		"filter, small pages and limit": {even.PageSize(3).Limit(3), []int64{2, 4, 6}},
		"nothing":                       {table.Query("p = ?", "b"), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := collect(tt.query.All(ctx))
			require.NoError(t, err)
			require.Equal(t, len(tt.want), len(got))
			if tt.want != nil {
				require.Equal(t, tt.want, ns(got))
			}
			n, err := tt.query.Count(ctx)
			require.NoError(t, err)
			require.EqualValues(t, len(tt.want), n)
			first, err := tt.query.One(ctx)
			if tt.want == nil {
				require.ErrorIs(t, err, stator.ErrNotFound)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want[:1], ns([]stator.Item{first}))
		})
	}
}

func TestPageByPage(t *testing.T) {
	table := numbered(t, 5)
	q := table.Query("p = ?", "a").Limit(2)
	var all []int64
	var start stator.Item
	for pages := 1; ; pages++ {
		page, err := q.Page(t.Context(), start)
		require.NoError(t, err)
		require.Equal(t, len(page.Items), page.Count)
		all = append(all, ns(page.Items)...)
		if start = page.LastEvaluatedKey; start == nil {
			require.Equal(t, 3, pages)
			break
		}
	}
	require.Equal(t, []int64{1, 2, 3, 4, 5}, all)
	page, err := q.Filter("even = ?", true).Page(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, 1, page.Count)
	require.Equal(t, 2, page.ScannedCount)
}

func TestLimitsOutOfRange(t *testing.T) {
	f, users := fakeUsers()
	_, err := collect(users.Query("id = ?", 1).Limit(-1).All(t.Context()))
	require.EqualError(t, err, "ValidationException: Limit is -1, allowed are 0 (no limit) and more")
	_, err = users.Scan().PageSize(-1).Page(t.Context(), nil)
	require.EqualError(t, err, "ValidationException: PageSize is -1, allowed are 0 (what fits 1 MB) and more")
	require.Empty(t, f.requests)
}

// The loop body may write what the query reads, and take its time.
func TestWritingInsideALoop(t *testing.T) {
	table := numbered(t, 60)
	seen := 0
	for item, err := range table.Query("p = ?", "a").PageSize(7).All(t.Context()) {
		require.NoError(t, err)
		require.NoError(t, table.Delete(t.Context(), stator.Key(item["p"], item["n"])))
		seen++
	}
	require.Equal(t, 60, seen)
	left, err := table.Scan().Count(t.Context())
	require.NoError(t, err)
	require.Zero(t, left)
}
