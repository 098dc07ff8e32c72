package clients_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/guregu/dynamo/v2"
	"github.com/stretchr/testify/require"
)

// widget is the struct of guregu/dynamo's README, with an index of each kind.
type widget struct {
	UserID  int       `dynamo:"UserID,hash"`
	Time    time.Time `dynamo:"Time,range"`
	Msg     string    `dynamo:"Message" index:"Message-index,hash"`
	Seq     int64     `localIndex:"Seq-index,range"`
	Count   int       `dynamo:",omitempty"`
	Friends []string  `dynamo:",set"`
	Meta    map[string]string
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func newWidget(user, n int) widget {
	return widget{
		UserID: user, Time: noon.Add(time.Duration(n) * time.Minute), Msg: "hello-" + strconv.Itoa(n%2), Seq: int64(100 - n),
		Count: n, Friends: []string{"ann", "joe"}, Meta: map[string]string{"n": strconv.Itoa(n)},
	}
}

func widgets(t testing.TB) (*dynamo.DB, dynamo.Table) {
	db := dynamo.New(config(t, serve(t)))
	require.NoError(t, db.CreateTable("Widgets", widget{}).Provision(4, 2).ProvisionIndex("Message-index", 1, 1).
		Project("Message-index", dynamo.IncludeProjection, "Count").Run(t.Context()))
	table := db.Table("Widgets")
	require.NoError(t, table.Wait(t.Context()))
	return db, table
}

func TestGureguTables(t *testing.T) {
	db, table := widgets(t)
	ctx := t.Context()
	desc, err := table.Describe().Run(ctx)
	require.NoError(t, err)
	require.True(t, desc.Active())
	require.Equal(t, []string{"UserID", "Time"}, []string{desc.HashKey, desc.RangeKey})
	require.Equal(t, dynamo.NumberType, desc.HashKeyType)
	require.Equal(t, int64(4), desc.Throughput.Read)
	require.Len(t, desc.GSI, 1)
	require.Equal(t, "Message", desc.GSI[0].HashKey)
	require.Len(t, desc.LSI, 1)
	require.Equal(t, "Seq", desc.LSI[0].RangeKey)

	_, err = table.UpdateTable().Provision(5, 6).Run(ctx)
	require.NoError(t, err)
	require.NoError(t, table.Wait(ctx))
	require.NoError(t, db.CreateTable("Others", widget{}).OnDemand(true).Run(ctx))
	names, err := db.ListTables().All(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"Others", "Widgets"}, names)
	require.NoError(t, table.DeleteTable().Wait(ctx))
	names, err = db.ListTables().All(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"Others"}, names)
}

func TestGureguItems(t *testing.T) {
	_, table := widgets(t)
	ctx := t.Context()
	w := newWidget(613, 1)
	require.NoError(t, table.Put(w).If("attribute_not_exists(UserID)").Run(ctx))
	err := table.Put(w).If("attribute_not_exists(UserID)").Run(ctx)
	require.True(t, dynamo.IsCondCheckFailed(err), "%v", err)

	var got widget
	require.NoError(t, table.Get("UserID", 613).Range("Time", dynamo.Equal, w.Time).Consistent(true).One(ctx, &got))
	require.Equal(t, w, got)
	require.ErrorIs(t, table.Get("UserID", 614).Range("Time", dynamo.Equal, w.Time).One(ctx, &got), dynamo.ErrNotFound)

	var cc dynamo.ConsumedCapacity
	got = widget{}
	require.NoError(t, table.Update("UserID", 613).Range("Time", w.Time).
		Set("'Message'", "bye").Add("'Count'", 41).SetExpr("Meta.$ = ?", "color", "red").AddStringsToSet("Friends", "kim").Remove("Meta.n").
		If("'Count' = ? AND Message = ?", 1, "hello-1").ConsumedCapacity(&cc).Value(ctx, &got))
	require.Equal(t, "bye", got.Msg)
	require.Equal(t, 42, got.Count)
	require.Equal(t, map[string]string{"color": "red"}, got.Meta)
	require.ElementsMatch(t, []string{"ann", "joe", "kim"}, got.Friends)
	require.Positive(t, cc.Total)

	err = table.Delete("UserID", 613).Range("Time", w.Time).If("'Count' < ?", 10).Run(ctx)
	require.True(t, dynamo.IsCondCheckFailed(err), "%v", err)
	var old widget
	require.NoError(t, table.Delete("UserID", 613).Range("Time", w.Time).OldValue(ctx, &old))
	require.Equal(t, "bye", old.Msg)
	require.ErrorIs(t, table.Get("UserID", 613).Range("Time", dynamo.Equal, w.Time).One(ctx, &got), dynamo.ErrNotFound)
}

func TestGureguBatchesAndQueries(t *testing.T) {
	_, table := widgets(t)
	ctx := t.Context()
	var all []any
	var keys []dynamo.Keyed
	for user := range 4 {
		for n := range 30 {
			w := newWidget(user, n)
			all = append(all, w)
			if n%10 == 0 {
				keys = append(keys, dynamo.Keys{user, w.Time})
			}
		}
	}
	wrote, err := table.Batch("UserID", "Time").Write().Put(all...).Run(ctx)
	require.NoError(t, err)
	require.Equal(t, 120, wrote)

	var some []widget
	require.NoError(t, table.Batch("UserID", "Time").Get(keys...).All(ctx, &some))
	require.Len(t, some, 12)

	some = nil
	require.NoError(t, table.Get("UserID", 2).Range("Time", dynamo.Between, noon.Add(5*time.Minute), noon.Add(20*time.Minute)).
		Filter("contains(Friends, ?) AND 'Count' <> ?", "joe", 7).Order(dynamo.Descending).Limit(3).All(ctx, &some))
	require.Equal(t, []widget{newWidget(2, 20), newWidget(2, 19), newWidget(2, 18)}, some)

	some = nil
	require.NoError(t, table.Get("UserID", 2).Range("Seq", dynamo.Less, 75).Index("Seq-index").All(ctx, &some))
	require.Equal(t, []widget{newWidget(2, 29), newWidget(2, 28), newWidget(2, 27), newWidget(2, 26)}, some)

	count, err := table.Get("Message", "hello-1").Index("Message-index").Count(ctx)
	require.NoError(t, err)
	require.Equal(t, 60, count)

	// Page by page from the key that the library made of the last item.
	var pages int
	var from dynamo.PagingKey
	seen := map[int]bool{}
	for {
		var page []widget
		from, err = table.Get("UserID", 1).StartFrom(from).SearchLimit(8).AllWithLastEvaluatedKey(ctx, &page)
		require.NoError(t, err)
		pages++
		for _, w := range page {
			seen[w.Count] = true
		}
		if from == nil {
			break
		}
	}
	require.Len(t, seen, 30)
	require.Equal(t, 4, pages)

	some = nil
	require.NoError(t, table.Scan().Filter("'Count' >= ?", 28).AllParallel(ctx, 4, &some))
	require.Len(t, some, 8)

	deleted, err := table.Batch("UserID", "Time").Write().Delete(keys...).Run(ctx)
	require.NoError(t, err)
	require.Equal(t, 12, deleted)
	left, err := table.Scan().Count(ctx)
	require.NoError(t, err)
	require.Equal(t, 108, left)
}

func TestGureguTransactions(t *testing.T) {
	db, table := widgets(t)
	ctx := t.Context()
	require.NoError(t, table.Put(newWidget(1, 0)).Run(ctx))
	transfer := func() error {
		return db.WriteTx().Idempotent(true).
			Check(table.Check("UserID", 1).Range("Time", noon).IfExists()).
			Put(table.Put(newWidget(1, 1)).If("attribute_not_exists(UserID)")).
			Update(table.Update("UserID", 1).Range("Time", newWidget(1, 2).Time).Set("'Count'", 2).Set("'Message'", "hello-0")).
			Delete(table.Delete("UserID", 1).Range("Time", newWidget(1, 3).Time)).
			Run(ctx)
	}
	require.NoError(t, transfer())
	err := transfer()
	require.True(t, dynamo.IsCondCheckFailed(err), "%v", err)
	var canceled *types.TransactionCanceledException
	require.True(t, errors.As(err, &canceled))
	require.Len(t, canceled.CancellationReasons, 4)
	require.Equal(t, "ConditionalCheckFailed", *canceled.CancellationReasons[1].Code)

	var one, two widget
	require.NoError(t, db.GetTx().
		GetOne(table.Get("UserID", 1).Range("Time", dynamo.Equal, noon), &one).
		GetOne(table.Get("UserID", 1).Range("Time", dynamo.Equal, newWidget(1, 2).Time), &two).
		Run(ctx))
	require.Equal(t, newWidget(1, 0), one)
	require.Equal(t, 2, two.Count)
}
