package stator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

func TestKeyAsksForTheNamesOnce(t *testing.T) {
	f := &fake{}
	table := stator.TableFor[stator.Item](f, "items")
	for range 3 {
		copied := table
		_, err := copied.Get(t.Context(), stator.Key("a", 1))
		require.ErrorIs(t, err, stator.ErrNotFound)
	}
	require.Equal(t, []string{"DescribeTable", "GetItem", "GetItem", "GetItem"}, f.names())
	require.Equal(t, stator.Item{"pk": stator.S("a"), "sk": stator.Int(1)}, f.requests[3].(*api.GetItemInput).Key)

	_, err := table.Get(t.Context(), stator.Key("a"))
	require.EqualError(t, err, "ValidationException: The key of table items has 2 attributes (pk, sk), Key was given 1 values")
}

func TestKeyOfAStructAsksForNothing(t *testing.T) {
	f, users := fakeUsers()
	_, err := users.Get(t.Context(), stator.Key("u1"))
	require.ErrorIs(t, err, stator.ErrNotFound)
	_, err = users.Get(t.Context(), stator.KeyItem(stator.Item{"other": stator.S("x")}))
	require.ErrorIs(t, err, stator.ErrNotFound)
	require.Equal(t, []string{"GetItem", "GetItem"}, f.names())
}

func TestKeyTypes(t *testing.T) {
	f := &fake{}
	type id string
	tests := map[string]struct {
		key  stator.PrimaryKey
		want stator.Item
	}{
		"string and int":   {stator.Key("a", 1), stator.Item{"pk": stator.S("a"), "sk": stator.Int(1)}},
		"named and bytes":  {stator.Key(id("a"), []byte("b")), stator.Item{"pk": stator.S("a"), "sk": stator.B([]byte("b"))}},
		"values":           {stator.Key(stator.N("1.50"), stator.S("b")), stator.Item{"pk": stator.N("1.50"), "sk": stator.S("b")}},
		"an item as it is": {stator.KeyItem(stator.Item{"x": stator.S("a")}), stator.Item{"x": stator.S("a")}},
	}
	table := stator.TableFor[stator.Item](f, "items")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := table.Get(t.Context(), tt.key)
			require.ErrorIs(t, err, stator.ErrNotFound)
			got := f.requests[len(f.requests)-1].(*api.GetItemInput).Key
			require.True(t, tt.want.Equal(got), got)
		})
	}
	_, err := table.Get(t.Context(), stator.PrimaryKey{})
	require.ErrorIs(t, err, stator.ErrValidation, "a zero key is refused as AWS does it")
}

// A handle that outlives its table learns the key of the next one.
func TestKeyOfATableThatWasMadeAnew(t *testing.T) {
	db := openMemory(t)
	ctx := t.Context()
	table, err := stator.CreateTable(ctx, db, "items", stator.HashKey("a", "S"))
	require.NoError(t, err)
	_, err = table.Update(ctx, stator.Key("x"))
	require.NoError(t, err)
	require.NoError(t, stator.DeleteTable(ctx, db, "items"))
	_, err = table.Get(ctx, stator.Key("x"))
	require.ErrorIs(t, err, stator.ErrTableNotFound)
	_, err = stator.CreateTable(ctx, db, "items", stator.HashKey("b", "S"))
	require.NoError(t, err)
	_, err = table.Update(ctx, stator.Key("x"))
	require.NoError(t, err)
}

func TestViaAnotherClient(t *testing.T) {
	db, users := newUsers(t)
	f := &fake{answer: func(in api.Request) (api.Response, error) { return db.Serve(t.Context(), in) }}
	through := users.Via(f)
	require.Equal(t, "users", through.Name())
	require.NoError(t, through.Put(t.Context(), user{ID: "u1"}))
	u, err := users.Get(t.Context(), stator.Key("u1"))
	require.NoError(t, err)
	require.Equal(t, "u1", u.ID)
	require.Equal(t, []string{"PutItem"}, f.names())
}

// A key of the field's own type becomes what the field becomes in the item.
func TestKeyFollowsTheTag(t *testing.T) {
	type reading struct {
		Sensor int       `dynamodbav:"sensor,string" stator:"hash"`
		At     time.Time `dynamodbav:"at,unixtime,omitempty" stator:"range"`
	}
	db := openMemory(t)
	ctx := t.Context()
	readings, err := stator.CreateTableFor[reading](ctx, db, "readings")
	require.NoError(t, err)
	want := reading{7, time.Unix(1_900_000_000, 0)}
	require.NoError(t, readings.Put(ctx, want))
	for _, key := range []stator.PrimaryKey{
		stator.Key(7, want.At), stator.Key("7", want.At.Unix()), stator.Key(stator.S("7"), stator.N("19E8")),
	} {
		got, err := readings.Get(ctx, key)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err = readings.Get(ctx, stator.Key(7, time.Time{}))
	require.ErrorIs(t, err, stator.ErrNotFound)
}

// A transaction lets a handle learn anew too.
func TestTransactionOnATableThatWasMadeAnew(t *testing.T) {
	db := openMemory(t)
	ctx := t.Context()
	table, err := stator.CreateTable(ctx, db, "items", stator.HashKey("a", "S"))
	require.NoError(t, err)
	write := func() error { return stator.Transact(ctx, db, table.TxUpdate(stator.Key("x"))) }
	update := func() error {
		return stator.Transact(ctx, db, table.TxUpdate(stator.Key("x"), stator.Set("n", 1)))
	}
	require.ErrorIs(t, write(), stator.ErrValidation, "a transaction's update needs an action")
	require.NoError(t, update())
	require.NoError(t, stator.DeleteTable(ctx, db, "items"))
	_, err = stator.CreateTable(ctx, db, "items", stator.HashKey("b", "S"))
	require.NoError(t, err)
	require.Error(t, update())
	require.NoError(t, update())
}
