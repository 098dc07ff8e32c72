package engine_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/kvtest"
)

const randomSchema = "tab pk:S sk:N\n gsi byOrg org:S n:N ALL\n lsi byN n:N KEYS_ONLY"

// randomRequest is any request, most of them sensible, to the table tab.
func randomRequest(t testing.TB, r *rand.Rand) api.Request {
	switch r.IntN(30) {
	case 0:
		return addIndex("tab", []string{"added org:S ALL", "added n:N INCLUDE:s"}[r.IntN(2)])
	case 1:
		return dropIndex("tab", []string{"added", "byOrg"}[r.IntN(2)])
	case 2:
		if r.IntN(4) > 0 {
			return &api.DescribeTableInput{TableName: new("tab")}
		}
		return &api.DeleteTableInput{TableName: new("tab")}
	case 3, 4:
		in, err := parseCreate(randomSchema)
		require.NoError(t, err)
		return in
	case 5, 6:
		w := api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, text(`{pk: "token", sk: %d, n: %d}`, r.IntN(2), r.IntN(2))))}
		return &api.TransactWriteItemsInput{ClientRequestToken: new(text("t%d", r.IntN(4))), TransactItems: []api.TransactWriteItem{{Put: &w}},
			ReturnConsumedCapacity: new(api.ReturnConsumedCapacityTotal)}
	case 7:
		return &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{
			{ConditionCheck: &api.ConditionCheck{TableName: new("tab"), Key: item(t, text(`{pk: "p%d", sk: %d}`, r.IntN(4), r.IntN(5))),
				ConditionExpression: new("attribute_exists(org)")}},
			{Delete: &api.Delete{TableName: new("tab"), Key: item(t, text(`{pk: "q", sk: %d}`, r.IntN(3)))}}}}
	case 8, 9:
		return &api.ScanInput{TableName: new("tab"), IndexName: []*string{nil, new("byOrg"), new("byN"), new("added")}[r.IntN(4)],
			Limit: new(int32(1 + r.IntN(9))), ReturnConsumedCapacity: new(api.ReturnConsumedCapacityIndexes)}
	case 10, 11:
		return &api.QueryInput{TableName: new("tab"), KeyConditionExpression: new("pk = :p AND sk >= :s"), ScanIndexForward: new(r.IntN(2) == 0),
			FilterExpression:          new("attribute_exists(n) OR n < :s"),
			ExpressionAttributeValues: item(t, text(`{:p: "p%d", :s: %d}`, r.IntN(4), r.IntN(5)))}
	case 12:
		return &api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{"tab": {Keys: []attr.Item{
			item(t, text(`{pk: "p%d", sk: %d}`, r.IntN(4), r.IntN(5))), item(t, `{pk: "nobody", sk: 1}`)}}}}
	case 13:
		return []api.Request{setTTL("tab", "exp", true), setTTL("tab", "exp", false),
			enableStream("tab", api.StreamViewTypeKeysOnly), disableStream("tab")}[r.IntN(4)]
	}
	in := randomWrite(t, r)
	switch in := in.(type) {
	case *api.PutItemInput:
		in.ReturnValues, in.ReturnConsumedCapacity = new(api.ReturnValueAllOld), new(api.ReturnConsumedCapacityIndexes)
		if r.IntN(2) == 0 {
			item, err := in.Item.Item()
			require.NoError(t, err)
			item["exp"] = attr.Int(int(newClock().Now().Unix()) + r.IntN(100_000))
		}
	case *api.UpdateItemInput:
		in.ReturnValues = []*api.ReturnValue{nil, new(api.ReturnValueAllNew), new(api.ReturnValueUpdatedOld)}[r.IntN(3)]
	case *api.DeleteItemInput:
		in.ConditionExpression, in.ReturnValuesOnConditionCheckFailure = new("attribute_exists(n)"), new(api.ReturnValuesOnConditionCheckFailureAllOld)
		in.ReturnItemCollectionMetrics = new(api.ReturnItemCollectionMetricsSize)
	}
	return in
}

func randomCount() int {
	if testing.Short() {
		return 400
	}
	return 3000
}

// TestStoresAgree runs the same random requests on memory, on disk, and where every fn runs twice: each answer is
// the same.
func TestStoresAgree(t *testing.T) {
	seed := newRandom(t).Uint64()
	var want []string
	for _, name := range []string{"memory", "twice", "file"} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			e := openPaused(t, stores[name](t), engine.Options{Now: clock.Now})
			r := rand.New(rand.NewPCG(seed, 2))
			var got []string
			for range randomCount() {
				in := randomRequest(t, r)
				got = append(got, in.Operation()+" "+render(e.Serve(t.Context(), in)))
				if r.IntN(20) == 0 {
					n, err := e.SweepExpired(t.Context(), 1+r.IntN(9))
					require.NoError(t, err)
					got = append(got, text("%d expired", n))
				}
				clock.Advance(time.Duration(r.IntN(100)) * time.Second)
				if r.IntN(20) == 0 {
					require.NoError(t, e.FinishJobs(t.Context()))
				}
			}
			if want == nil {
				want = got
			}
			for i := range want {
				require.Equal(t, want[i], got[i], "request %d", i)
			}
		})
	}
}

// TestUnknownOutcomes runs random requests on a store whose commits now and then have an unknown outcome. Such a request
// has taken place or it has not, and says that it does not know.
func TestUnknownOutcomes(t *testing.T) {
	random := newRandom(t)
	clock := newClock()
	base := openMemory(t)
	first, err := engine.OpenPaused(t.Context(), borrowed{base}, engine.Options{})
	require.NoError(t, err)
	require.NoError(t, first.Close())
	e, err := engine.OpenPaused(t.Context(), kvtest.Flaky(base, kvtest.FlakyOptions{Seed: random.Uint64(), OneIn: 5}), engine.Options{Now: clock.Now})
	require.NoError(t, err)
	twinStore := openMemory(t)
	twin := openPaused(t, twinStore, engine.Options{Now: clock.Now}) // has what is known of e

	finishBoth := func() {
		require.NoError(t, twin.FinishJobs(t.Context()))
		for {
			err := e.FinishJobs(t.Context())
			if err == nil {
				return
			}
			require.ErrorIs(t, err, kv.ErrOutcomeUnknown)
		}
	}
	old, new := 0, 0
	for i := range randomCount() {
		clock.Advance(time.Second)
		in := randomRequest(t, random)
		out, err := e.Serve(t.Context(), in)
		if errors.Is(err, kv.ErrOutcomeUnknown) {
			fault, ok := errors.AsType[*api.Error](err)
			require.True(t, ok)
			require.Equal(t, api.CodeInternalServerError, fault.Code)
			require.Equal(t, "It is unknown whether the write took place", fault.Message)
			now := dump(t, e) + tokens(t, base)
			if now == dump(t, twin)+tokens(t, twinStore) {
				old++
				continue
			}
			new++
			_, err := twin.Serve(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, dump(t, twin)+tokens(t, twinStore), now, "request %d: %s is neither done nor not done", i, in.Operation())
			continue
		}
		require.Equal(t, render(twin.Serve(t.Context(), in)), render(out, err), "request %d: %s", i, in.Operation())
		if random.IntN(20) == 0 {
			finishBoth()
		}
	}
	finishBoth()
	require.Equal(t, dump(t, twin), dump(t, e))
	require.NotZero(t, old)
	require.NotZero(t, new)
	require.NoError(t, e.Check(t.Context()))
	require.NoError(t, e.Close())
}

// dump returns everything that requests can see: tables, items and what indexes hold.
func dump(t testing.TB, c api.Client) string {
	t.Helper()
	ctx := context.Background()
	var all []string
	names := do(t, c, &api.ListTablesInput{}).TableNames
	for _, name := range names {
		d, err := c.Serve(ctx, &api.DescribeTableInput{TableName: &name})
		all = append(all, render(d, err))
		if err != nil {
			continue
		}
		table := d.(*api.DescribeTableOutput).Table
		if s := render(c.Serve(ctx, &api.DescribeTimeToLiveInput{TableName: &name})); s != "DISABLED\n" {
			all = append(all, s)
		}
		if table.LatestStreamLabel != nil {
			all = append(all, text("stream %s, enabled %t", *table.LatestStreamLabel, table.StreamSpecification != nil))
		}
		tags := &api.ListTagsOfResourceInput{ResourceArn: table.TableArn}
		all = append(all, render(c.Serve(ctx, tags)))
		scans := []*string{nil}
		for _, x := range table.LocalSecondaryIndexes {
			scans = append(scans, x.IndexName)
		}
		for _, x := range table.GlobalSecondaryIndexes {
			if *x.IndexStatus == api.IndexStatusActive {
				scans = append(scans, x.IndexName)
			}
		}
		for _, index := range scans {
			items := scanAll(t, c, api.ScanInput{TableName: &name, IndexName: index})
			slices.Sort(items)
			title := "items:"
			if index != nil {
				title = *index + ":"
			}
			all = append(all, title, strings.Join(items, "\n")+"\n")
		}
	}
	return strings.Join(all, "\n")
}

// tokens returns the client request tokens that a store remembers.
func tokens(t testing.TB, store kv.Store) string {
	var all strings.Builder
	for _, p := range rows(t, store) {
		if strings.HasPrefix(string(p.Key), string(engine.SystemKey(engine.SystemTokens, ""))) ||
			strings.HasPrefix(string(p.Key), string(engine.SystemKey(engine.SystemTokensByTime, ""))) {
			all.WriteString(text("%x %x\n", p.Key, p.Value))
		}
	}
	return all.String()
}
