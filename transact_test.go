package stator_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

func TestTransactBuildsARequest(t *testing.T) {
	f, users := fakeUsers()
	items := stator.TableFor[stator.Item](f, "items")
	err := stator.Transact(t.Context(), f,
		users.TxPut(user{ID: "u1"}, stator.If("attribute_not_exists(id)")),
		users.TxUpdate(stator.Key("u2"), stator.Add("visits", 1), stator.If("visits < ?", 10)),
		items.TxDelete(stator.KeyItem(stator.Item{"k": stator.Int(1)})),
		items.TxCheck(stator.KeyItem(stator.Item{"k": stator.Int(2)}), stator.If("#o = ?", 5), stator.Names{"#o": "o-k"}),
		stator.Token("token-1"))
	require.NoError(t, err)
	allOld := new(api.ReturnValuesOnConditionCheckFailureAllOld)
	require.Equal(t, &api.TransactWriteItemsInput{
		ClientRequestToken: new("token-1"),
		TransactItems: []api.TransactWriteItem{
			{Put: &api.Put{
				TableName: new("users"), Item: api.ItemOf(stator.Item{"id": stator.S("u1")}),
				ConditionExpression: new("attribute_not_exists(#c0)"), ExpressionAttributeNames: map[string]string{"#c0": "id"},
				ReturnValuesOnConditionCheckFailure: allOld,
			}},
			{Update: &api.Update{
				TableName: new("users"), Key: stator.Item{"id": stator.S("u2")},
				UpdateExpression: new("ADD #u0 :u0"), ConditionExpression: new("#c0 < :c0"),
				ExpressionAttributeNames:            map[string]string{"#u0": "visits", "#c0": "visits"},
				ExpressionAttributeValues:           map[string]stator.Value{":u0": stator.Int(1), ":c0": stator.Int(10)},
				ReturnValuesOnConditionCheckFailure: allOld,
			}},
			{Delete: &api.Delete{TableName: new("items"), Key: stator.Item{"k": stator.Int(1)}}},
			{ConditionCheck: &api.ConditionCheck{
				TableName: new("items"), Key: stator.Item{"k": stator.Int(2)},
				ConditionExpression: new("#o = :c0"), ExpressionAttributeNames: map[string]string{"#o": "o-k"},
				ExpressionAttributeValues:           map[string]stator.Value{":c0": stator.Int(5)},
				ReturnValuesOnConditionCheckFailure: allOld,
			}},
		},
	}, last[*api.TransactWriteItemsInput](t, f))
}

func TestCanceledTransaction(t *testing.T) {
	db, users := newUsers(t)
	ctx := t.Context()
	require.NoError(t, users.Put(ctx, user{ID: "u1", Visits: 1}))
	err := stator.Transact(ctx, db,
		users.TxPut(user{ID: "u2"}),
		users.TxUpdate(stator.Key("u1"), stator.Add("visits", 1), stator.If("visits > ?", 5)))
	require.ErrorIs(t, err, stator.ErrTransactionCanceled)
	e, ok := errors.AsType[*stator.Error](err)
	require.True(t, ok)
	require.Len(t, e.CancellationReasons, 2)
	require.Equal(t, "None", e.CancellationReasons[0].Code)
	require.Equal(t, "ConditionalCheckFailed", e.CancellationReasons[1].Code)
	var current user
	require.True(t, stator.FailedItem(err, &current))
	require.Equal(t, user{ID: "u1", Visits: 1}, current)
	_, err = users.Get(ctx, stator.Key("u2"))
	require.ErrorIs(t, err, stator.ErrNotFound, "all or none")
}

func TestTokenMakesATransactionIdempotent(t *testing.T) {
	db, users := newUsers(t)
	ctx := t.Context()
	visit := func(by int) error {
		return stator.Transact(ctx, db, users.TxUpdate(stator.Key("u1"), stator.Add("visits", by)), stator.Token("once"))
	}
	require.NoError(t, visit(1))
	require.NoError(t, visit(1))
	u, err := users.Get(ctx, stator.Key("u1"))
	require.NoError(t, err)
	require.Equal(t, 1, u.Visits)
	e, ok := errors.AsType[*stator.Error](visit(2))
	require.True(t, ok)
	require.Equal(t, api.CodeIdempotentParameterMismatch, e.Code)
}

func TestTransactGet(t *testing.T) {
	db, users := newUsers(t)
	ctx := t.Context()
	us, _ := manyUsers(3)
	_, err := users.BatchPut(ctx, us)
	require.NoError(t, err)

	var a, b, c user
	var raw stator.Item
	var used stator.Capacity
	found := true
	err = stator.TransactGet(ctx, db,
		users.TxGet(stator.Key("u0002"), &a, stator.Project("visits")),
		users.TxGet(stator.Key("nobody"), &b, stator.Found(&found)),
		db.Table("users").TxGet(stator.Key("u0001"), &raw), stator.Consumed(&used))
	require.NoError(t, err)
	require.Equal(t, user{Visits: 2}, a)
	require.False(t, found)
	require.True(t, raw["id"].Equal(stator.S("u0001")))
	require.Equal(t, 6.0, used.Units)

	b = user{Name: "left over"}
	err = stator.TransactGet(ctx, db, users.TxGet(stator.Key("nobody"), &b), users.TxGet(stator.Key("u0001"), &c))
	require.EqualError(t, err, `stator: item not found: users {id: "nobody"}`)
	require.ErrorIs(t, err, stator.ErrNotFound)
	require.Zero(t, b)
	require.Equal(t, us[1], c, "the others are stored")
}

func TestFaultyTransactions(t *testing.T) {
	f, users := fakeUsers()
	ctx := t.Context()
	require.EqualError(t, stator.Transact(ctx, f, stator.Write{}), "ValidationException: Write 1 of the transaction is a zero Write")
	require.EqualError(t, stator.TransactGet(ctx, f, stator.Read{}), "ValidationException: Read 1 of the transaction is a zero Read")
	err := stator.Transact(ctx, f, users.TxPut(user{ID: "u1"}), users.TxDelete(stator.Key("u1", 2)))
	require.ErrorContains(t, err, "stator: write 2 of the transaction: ")
	require.ErrorIs(t, err, stator.ErrValidation)
	require.Empty(t, f.requests)
	require.ErrorIs(t, stator.Transact(ctx, f), stator.ErrValidation)
	require.Error(t, stator.Transact(ctx, nil, users.TxPut(user{ID: "u1"})))
}
