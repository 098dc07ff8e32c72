package stator_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// A native call and the raw request that it stands for fail alike, with the
// same code and the same message.
func TestNativeAndRawErrorsAgree(t *testing.T) {
	db, users := newUsers(t)
	ctx := t.Context()
	require.NoError(t, users.Put(ctx, user{ID: "u1", Name: "Ann", Visits: 1}))
	items := db.Table("users")
	key := stator.Item{"id": stator.S("u1")}
	byItem := stator.KeyItem
	name := new("users")
	tests := map[string]struct {
		native func() error
		raw    api.Request
		code   api.Code
	}{
		"table is missing": {
			func() error { return db.Table("nothing").Put(ctx, key) },
			&api.PutItemInput{TableName: new("nothing"), Item: api.ItemOf(key)}, api.CodeResourceNotFound,
		},
		"table name is too short": {
			func() error { return db.Table("x").Put(ctx, key) },
			&api.PutItemInput{TableName: new("x"), Item: api.ItemOf(key)}, api.CodeValidation,
		},
		"condition fails": {
			func() error { return users.Delete(ctx, stator.Key("u1"), stator.If("visits > ?", 1)) },
			&api.DeleteItemInput{TableName: name, Key: key, ConditionExpression: new("visits > :v"), ExpressionAttributeValues: stator.Item{":v": stator.Int(1)}},
			api.CodeConditionalCheckFailed,
		},
		"key does not fit": {
			func() error {
				_, err := items.Get(ctx, byItem(stator.Item{"other": stator.S("x")}))
				return err
			},
			&api.GetItemInput{TableName: name, Key: stator.Item{"other": stator.S("x")}}, api.CodeValidation,
		},
		"key is absent": {
			func() error { _, err := items.Get(ctx, stator.PrimaryKey{}); return err },
			&api.GetItemInput{TableName: name}, api.CodeValidation,
		},
		"key is empty": {
			func() error { _, err := users.Get(ctx, stator.Key("")); return err },
			&api.GetItemInput{TableName: name, Key: stator.Item{"id": stator.S("")}}, api.CodeValidation,
		},
		"item without its key": {
			func() error { return items.Put(ctx, stator.Item{"name": stator.S("x")}) },
			&api.PutItemInput{TableName: name, Item: api.ItemOf(stator.Item{"name": stator.S("x")})}, api.CodeValidation,
		},
		"number is none": {
			func() error { return items.Put(ctx, stator.Item{"id": stator.S("x"), "n": stator.N("1x")}) },
			&api.PutItemInput{TableName: name, Item: api.ItemOf(stator.Item{"id": stator.S("x"), "n": stator.N("1x")})}, api.CodeValidation,
		},
		"index is missing": {
			func() error { _, err := users.Query("id = ?", "u1").Index("nothing").One(ctx); return err },
			&api.QueryInput{
				TableName: name, IndexName: new("nothing"), KeyConditionExpression: new("id = :v"),
				ExpressionAttributeValues: stator.Item{":v": stator.S("u1")},
			}, api.CodeValidation,
		},
		"consistent read of a global index": {
			func() error { _, err := users.Query("org = ?", "x").Index("byOrg").Consistent().One(ctx); return err },
			&api.QueryInput{
				TableName: name, IndexName: new("byOrg"), KeyConditionExpression: new("org = :v"), ConsistentRead: new(true),
				ExpressionAttributeValues: stator.Item{":v": stator.S("x")},
			}, api.CodeValidation,
		},
		"key condition on another attribute": {
			func() error { _, err := users.Query("name = ?", "x").One(ctx); return err },
			&api.QueryInput{
				TableName: name, KeyConditionExpression: new("#k0 = :k0"),
				ExpressionAttributeNames: map[string]string{"#k0": "name"}, ExpressionAttributeValues: stator.Item{":k0": stator.S("x")},
			}, api.CodeValidation,
		},
		"update adds a number to a string": {
			func() error { _, err := users.Update(ctx, stator.Key("u1"), stator.Add("name", 1)); return err },
			&api.UpdateItemInput{
				TableName: name, Key: key, UpdateExpression: new("ADD #u0 :u0"),
				ExpressionAttributeNames: map[string]string{"#u0": "name"}, ExpressionAttributeValues: stator.Item{":u0": stator.Int(1)},
			}, api.CodeValidation,
		},
		"update of the key": {
			func() error { _, err := users.Update(ctx, stator.Key("u1"), stator.Set("id", "u2")); return err },
			&api.UpdateItemInput{
				TableName: name, Key: key, UpdateExpression: new("SET #u0 = :u0"),
				ExpressionAttributeNames: map[string]string{"#u0": "id"}, ExpressionAttributeValues: stator.Item{":u0": stator.S("u2")},
			}, api.CodeValidation,
		},
		"paths overlap": {
			func() error {
				_, err := users.Update(ctx, stator.Key("u1"), stator.Set("a", 1), stator.Remove("a.b"))
				return err
			},
			&api.UpdateItemInput{
				TableName: name, Key: key, UpdateExpression: new("SET #u0 = :u0 REMOVE #u0.#u1"),
				ExpressionAttributeNames: map[string]string{"#u0": "a", "#u1": "b"}, ExpressionAttributeValues: stator.Item{":u0": stator.Int(1)},
			}, api.CodeValidation,
		},
		"unknown function": {
			func() error { return users.Delete(ctx, stator.Key("u1"), stator.If("exists(id)")) },
			&api.DeleteItemInput{
				TableName: name, Key: key, ConditionExpression: new("exists(#c0)"), ExpressionAttributeNames: map[string]string{"#c0": "id"},
			}, api.CodeValidation,
		},
		"segments out of range": {
			func() error { _, err := users.Scan().Segment(5, 5).One(ctx); return err },
			&api.ScanInput{TableName: name, Segment: new(int32(5)), TotalSegments: new(int32(5)), Limit: new(int32(1))}, api.CodeValidation,
		},
		"transaction on one item twice": {
			func() error {
				return stator.Transact(ctx, db, users.TxPut(user{ID: "u1"}), users.TxDelete(stator.Key("u1")))
			},
			&api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{
				{Put: &api.Put{TableName: name, Item: api.ItemOf(key)}}, {Delete: &api.Delete{TableName: name, Key: key}},
			}}, api.CodeValidation,
		},
		"transaction is canceled": {
			func() error {
				return stator.Transact(ctx, db, users.TxPut(user{ID: "u9"}), users.TxCheck(stator.Key("u1"), stator.If("visits = ?", 5)))
			},
			&api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{
				{Put: &api.Put{TableName: name, Item: api.ItemOf(stator.Item{"id": stator.S("u9")})}},
				{ConditionCheck: &api.ConditionCheck{
					TableName: name, Key: key, ConditionExpression: new("visits = :v"),
					ExpressionAttributeValues: stator.Item{":v": stator.Int(5)},
				}},
			}}, api.CodeTransactionCanceled,
		},
		"table exists": {
			func() error { _, err := stator.CreateTableFor[user](ctx, db, "users"); return err },
			&api.CreateTableInput{
				TableName: name, BillingMode: new(api.BillingModePayPerRequest),
				KeySchema:            []api.KeySchemaElement{element("id", api.KeyTypeHash)},
				AttributeDefinitions: []api.AttributeDefinition{definition("id", "S")},
			}, api.CodeResourceInUse,
		},
	}
	for about, tt := range tests {
		t.Run(about, func(t *testing.T) {
			native, ok := errors.AsType[*stator.Error](tt.native())
			require.True(t, ok)
			_, err := db.Serve(ctx, tt.raw)
			raw, ok := errors.AsType[*stator.Error](err)
			require.True(t, ok)
			require.Equal(t, tt.code, native.Code)
			require.Equal(t, raw.Code, native.Code)
			require.Equal(t, raw.Message, native.Message)
		})
	}
}

func TestItemThatIsNoT(t *testing.T) {
	db, users := newUsers(t)
	ctx := t.Context()
	require.NoError(t, db.Table("users").Put(ctx, stator.Item{"id": stator.S("u1"), "visits": stator.S("many")}))
	_, err := users.Get(ctx, stator.Key("u1"))
	require.ErrorContains(t, err, "stator: read item as stator_test.user: ")
	_, err = collect(users.Scan().All(ctx))
	require.ErrorContains(t, err, "stator: read item as stator_test.user: ")
}

func TestCanceledContext(t *testing.T) {
	_, users := newUsers(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, users.Put(ctx, user{ID: "u1"}), context.Canceled)
	_, err := users.Get(t.Context(), stator.Key("u1"))
	require.ErrorIs(t, err, stator.ErrNotFound)
}
