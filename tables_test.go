package stator_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

func TestOptionsMakeATable(t *testing.T) {
	f := &fake{}
	_, err := stator.CreateTable(t.Context(), f, "music",
		stator.HashKey("artist", "S"), stator.RangeKey("song", "S"),
		stator.LocalIndex("byYear", stator.RangeKey("year", "N"), stator.KeysOnly()),
		stator.GlobalIndex("byGenre", stator.HashKey("genre", "S"), stator.HashKey("mood", "S"), stator.RangeKey("year", "N"), stator.Include("price")),
		stator.GlobalIndex("byPrice", stator.HashKey("price", "N"), stator.Provisioned(1, 2)),
		stator.Provisioned(5, 6), stator.Tags{"b": "2", "a": "1"}, stator.DeletionProtection(true),
		stator.Class(api.TableClassStandardInfrequentAccess), stator.NoWait())
	require.NoError(t, err)
	units := func(r, w int64) *api.ProvisionedThroughput {
		return &api.ProvisionedThroughput{ReadCapacityUnits: &r, WriteCapacityUnits: &w}
	}
	hash, sort := api.KeyTypeHash, api.KeyTypeRange
	require.Equal(t, &api.CreateTableInput{
		TableName: new("music"), BillingMode: new(api.BillingModeProvisioned), ProvisionedThroughput: units(5, 6),
		KeySchema: []api.KeySchemaElement{element("artist", hash), element("song", sort)},
		AttributeDefinitions: []api.AttributeDefinition{
			definition("artist", "S"), definition("song", "S"), definition("year", "N"), definition("genre", "S"),
			definition("mood", "S"), definition("price", "N")},
		LocalSecondaryIndexes: []api.LocalSecondaryIndex{
			{IndexName: new("byYear"), KeySchema: []api.KeySchemaElement{element("artist", hash), element("year", sort)}, Projection: &api.Projection{ProjectionType: new(api.ProjectionTypeKeysOnly)}},
		},
		GlobalSecondaryIndexes: []api.GlobalSecondaryIndex{
			{IndexName: new("byGenre"), KeySchema: []api.KeySchemaElement{element("genre", hash), element("mood", hash), element("year", sort)}, Projection: &api.Projection{ProjectionType: new(api.ProjectionTypeInclude), NonKeyAttributes: []string{"price"}}, ProvisionedThroughput: units(5, 6)},
			{IndexName: new("byPrice"), KeySchema: []api.KeySchemaElement{element("price", hash)}, Projection: &api.Projection{ProjectionType: new(api.ProjectionTypeAll)}, ProvisionedThroughput: units(1, 2)},
		},
		Tags:       []api.Tag{{Key: new("a"), Value: new("1")}, {Key: new("b"), Value: new("2")}},
		TableClass: new(api.TableClassStandardInfrequentAccess), DeletionProtectionEnabled: new(true),
	}, last[*api.CreateTableInput](t, f))
}

func TestTablesComeAndGo(t *testing.T) {
	db := openMemory(t)
	ctx := t.Context()
	var want []string
	for i := range 105 {
		name := fmt.Sprintf("table%03d", i)
		_, err := stator.CreateTable(ctx, db, name, stator.HashKey("id", "S"))
		require.NoError(t, err)
		want = append(want, name)
	}
	names, err := collect(stator.ListTables(ctx, db))
	require.NoError(t, err)
	require.Equal(t, want, names, "over two pages")
	for name := range stator.ListTables(ctx, db) {
		require.Equal(t, "table000", name)
		break
	}

	require.NoError(t, stator.DeleteTable(ctx, db, "table000"))
	_, err = stator.DescribeTable(ctx, db, "table000")
	require.ErrorIs(t, err, stator.ErrTableNotFound)
	require.ErrorIs(t, stator.DeleteTable(ctx, db, "table000"), stator.ErrTableNotFound)
	_, err = stator.CreateTable(ctx, db, "table001", stator.HashKey("id", "S"))
	require.ErrorIs(t, err, stator.ErrResourceInUse)
}

func TestUnlessExists(t *testing.T) {
	db, users := newUsers(t)
	ctx := t.Context()
	require.NoError(t, users.Put(ctx, user{ID: "u1"}))
	again, err := stator.CreateTableFor[user](ctx, db, "users", stator.UnlessExists())
	require.NoError(t, err)
	_, err = again.Get(ctx, stator.Key("u1"))
	require.NoError(t, err)
	_, err = stator.CreateTable(ctx, db, "users", stator.HashKey("id", "N"), stator.UnlessExists())
	require.EqualError(t, err, "ValidationException: Table users exists with the key (id S HASH), wanted is (id N HASH)")
}

func TestUpdateTable(t *testing.T) {
	db, users := newUsers(t)
	ctx := t.Context()
	us, _ := manyUsers(500)
	for i := range us {
		us[i].Name = fmt.Sprint("name", i%10)
	}
	_, err := users.BatchPut(ctx, us)
	require.NoError(t, err)
	require.NoError(t, stator.UpdateTable(ctx, db, "users",
		stator.AddIndex("byName", stator.HashKey("name", "S"), stator.RangeKey("visits", "N")),
		stator.DropIndex("byOrg"),
		stator.DeletionProtection(true)))
	n, err := users.Query("name = ?", "name3").Index("byName").Count(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 50, n)
	_, err = users.Query("org = ?", "acme").Index("byOrg").Count(ctx)
	require.EqualError(t, err, "ValidationException: The table does not have the specified index: byOrg")
	require.ErrorIs(t, stator.DeleteTable(ctx, db, "users"), stator.ErrValidation)

	require.NoError(t, stator.UpdateTable(ctx, db, "users",
		stator.DeletionProtection(false), stator.Provisioned(10, 20), stator.Provisioned(11, 20)))
	d, err := stator.DescribeTable(ctx, db, "users")
	require.NoError(t, err)
	require.EqualValues(t, 11, *d.ProvisionedThroughput.ReadCapacityUnits)
	require.EqualValues(t, 10, *d.GlobalSecondaryIndexes[0].ProvisionedThroughput.ReadCapacityUnits)
	require.NoError(t, stator.UpdateTable(ctx, db, "users", stator.OnDemand(), stator.Class(api.TableClassStandardInfrequentAccess)))
	require.NoError(t, stator.DeleteTable(ctx, db, "users"))
}

func TestWaitingForATable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		describe := func(in api.Request) (api.Response, error) {
			if _, ok := in.(*api.DescribeTableInput); !ok {
				return emptyAnswer(in), nil
			}
			d := &api.TableDescription{TableStatus: new(api.TableStatusActive)}
			switch since := time.Since(start); {
			case since < 10*time.Second:
				d.TableStatus = new(api.TableStatusCreating)
			case since < 20*time.Second:
				d.GlobalSecondaryIndexes = []api.GlobalSecondaryIndexDescription{{IndexStatus: new(api.IndexStatusCreating)}}
			}
			return &api.DescribeTableOutput{Table: d}, nil
		}
		f := &fake{answer: describe}
		_, err := stator.CreateTable(t.Context(), f, "slow", stator.HashKey("id", "S"))
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(start), 20*time.Second)
		require.Less(t, len(f.requests), 50)

		start = time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = stator.CreateTable(ctx, f, "slow", stator.HashKey("id", "S"))
		require.ErrorIs(t, err, context.DeadlineExceeded)

		f.answer = func(in api.Request) (api.Response, error) {
			if _, ok := in.(*api.DescribeTableInput); !ok {
				return emptyAnswer(in), nil
			}
			return &api.DescribeTableOutput{Table: &api.TableDescription{TableStatus: new(api.TableStatusDeleting)}}, nil
		}
		_, err = stator.CreateTable(t.Context(), f, "gone", stator.HashKey("id", "S"))
		require.EqualError(t, err, "stator: wait for table gone: its status is DELETING")
	})
}
