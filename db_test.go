package stator_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/kv/memkv"
)

func TestFaultyOptionsAreReportedAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	faulty := &stator.Options{Region: "Über", AccountID: "12"}
	_, err := stator.Open(path, faulty)
	require.ErrorContains(t, err, `Options.Region is "Über"`)
	require.ErrorContains(t, err, `Options.AccountID is "12"`)
	require.NoFileExists(t, path)
	_, err = stator.OpenMemory(faulty)
	require.Error(t, err)

	store, err := memkv.Open(nil)
	require.NoError(t, err)
	_, err = stator.OpenStore(store, faulty)
	require.Error(t, err)
	require.ErrorIs(t, store.View(t.Context(), nil), stator.ErrClosed, "the store was taken over")
	_, err = stator.OpenStore(nil, nil)
	require.EqualError(t, err, "stator: OpenStore: the store is nil")
}

func TestOptionsReachTheTables(t *testing.T) {
	then := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	db, err := stator.OpenMemory(&stator.Options{
		Now: func() time.Time { return then }, Region: "eu-north-1", AccountID: "123456789012", ExpressionCache: -1,
	})
	require.NoError(t, err)
	defer db.Close()
	users, err := stator.CreateTableFor[user](t.Context(), db, "users")
	require.NoError(t, err)
	d, err := stator.DescribeTable(t.Context(), db, "users")
	require.NoError(t, err)
	require.Equal(t, "arn:aws:dynamodb:eu-north-1:123456789012:table/users", *d.TableArn)
	require.True(t, then.Equal(*d.CreationDateTime))
	require.NoError(t, users.Put(t.Context(), user{ID: "u1"}, stator.If("attribute_not_exists(id)")))
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	ctx := t.Context()
	db, err := stator.Open(path, nil)
	require.NoError(t, err)
	id := db.StoreID()
	require.NotEmpty(t, id)
	users, err := stator.CreateTableFor[user](ctx, db, "users")
	require.NoError(t, err)
	us, _ := manyUsers(100)
	_, err = users.BatchPut(ctx, us)
	require.NoError(t, err)

	_, err = stator.Open(path, nil)
	require.ErrorIs(t, err, stator.ErrLocked)

	require.NoError(t, db.Close())
	require.ErrorIs(t, users.Put(ctx, user{ID: "u1"}), stator.ErrClosed)
	_, err = collect(users.Scan().All(ctx))
	require.ErrorIs(t, err, stator.ErrClosed)

	db, err = stator.Open(path, nil)
	require.NoError(t, err)
	defer db.Close()
	require.Equal(t, id, db.StoreID())
	n, err := stator.TableFor[user](db, "users").Scan().Count(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 100, n)
}

// Everything works alike on every store.
func TestStores(t *testing.T) {
	opens := map[string]func(t *testing.T) (*stator.DB, error){
		"file":   func(t *testing.T) (*stator.DB, error) { return stator.Open(filepath.Join(t.TempDir(), "app.db"), nil) },
		"memory": func(t *testing.T) (*stator.DB, error) { return stator.OpenMemory(nil) },
		"store": func(t *testing.T) (*stator.DB, error) {
			store, err := boltkv.Open(filepath.Join(t.TempDir(), "app.db"), &boltkv.Options{NoSync: true})
			if err != nil {
				return nil, err
			}
			return stator.OpenStore(store, nil)
		},
	}
	for name, open := range opens {
		t.Run(name, func(t *testing.T) {
			db, err := open(t)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			ctx := t.Context()
			users, err := stator.CreateTableFor[user](ctx, db, "users")
			require.NoError(t, err)
			us, keys := manyUsers(250)
			for i := range us {
				us[i].Org, us[i].Name = "acme", us[i].ID
			}
			_, err = users.BatchPut(ctx, us)
			require.NoError(t, err)
			require.NoError(t, stator.Transact(ctx, db,
				users.TxUpdate(keys[0], stator.Add("visits", 1000)), users.TxDelete(keys[1], stator.If("visits = ?", 1))))
			got, err := collect(users.Query("org = ? AND name < ?", "acme", "u0010").Index("byOrg").Desc().Filter("visits >= ?", 8).All(ctx))
			require.NoError(t, err)
			require.Len(t, got, 3)
			require.Equal(t, []int{9, 8, 1000}, []int{got[0].Visits, got[1].Visits, got[2].Visits})
			require.NoError(t, stator.UpdateTable(ctx, db, "users", stator.AddIndex("byVisits", stator.HashKey("visits", "N"), stator.KeysOnly())))
			one, err := users.Query("visits = ?", 77).Index("byVisits").One(ctx)
			require.NoError(t, err)
			require.Equal(t, user{ID: "u0077", Visits: 77}, one)
		})
	}
}
