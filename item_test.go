package stator_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

func TestPutBuildsARequest(t *testing.T) {
	f, users := fakeUsers()
	var used stator.Capacity
	var old *user
	err := users.Put(t.Context(), user{ID: "u1", Visits: 2},
		stator.If("attribute_not_exists(id) OR visits < ?", 3), stator.If("name = ?", "Ann"),
		stator.OldInto(&old), stator.Consumed(&used))
	require.NoError(t, err)
	require.Nil(t, old)
	require.Equal(t, &api.PutItemInput{
		TableName:                           new("users"),
		Item:                                api.ItemOf(stator.Item{"id": stator.S("u1"), "visits": stator.Int(2)}),
		ConditionExpression:                 new("(attribute_not_exists(#c0) OR #c1 < :c0) AND #c2 = :c1"),
		ExpressionAttributeNames:            map[string]string{"#c0": "id", "#c1": "visits", "#c2": "name"},
		ExpressionAttributeValues:           map[string]stator.Value{":c0": stator.Int(3), ":c1": stator.S("Ann")},
		ReturnValues:                        new(api.ReturnValueAllOld),
		ReturnValuesOnConditionCheckFailure: new(api.ReturnValuesOnConditionCheckFailureAllOld),
		ReturnConsumedCapacity:              new(api.ReturnConsumedCapacityIndexes),
	}, last[*api.PutItemInput](t, f))

	require.NoError(t, users.Put(t.Context(), user{ID: "u1"}))
	require.Equal(t, &api.PutItemInput{TableName: new("users"), Item: api.ItemOf(stator.Item{"id": stator.S("u1")})},
		last[*api.PutItemInput](t, f), "nothing is sent that was not asked for")
}

func TestGetBuildsARequest(t *testing.T) {
	f, users := fakeUsers()
	_, err := users.Get(t.Context(), stator.Key("u1"), stator.Consistent(),
		stator.Project("name", "tags[0]", "#o"), stator.Names{"#o": "o-r-g"})
	require.ErrorIs(t, err, stator.ErrNotFound)
	require.EqualError(t, err, `stator: item not found: users {id: "u1"}`)
	require.Equal(t, &api.GetItemInput{
		TableName: new("users"), Key: stator.Item{"id": stator.S("u1")},
		ProjectionExpression:     new("#p0, #p1[0], #o"),
		ExpressionAttributeNames: map[string]string{"#p0": "name", "#p1": "tags", "#o": "o-r-g"},
		ConsistentRead:           new(true),
	}, last[*api.GetItemInput](t, f))
}

func TestDeleteBuildsARequest(t *testing.T) {
	f, users := fakeUsers()
	require.NoError(t, users.Delete(t.Context(), stator.Key("u1"), stator.If("attribute_exists(id)")))
	require.Equal(t, &api.DeleteItemInput{
		TableName: new("users"), Key: stator.Item{"id": stator.S("u1")},
		ConditionExpression:                 new("attribute_exists(#c0)"),
		ExpressionAttributeNames:            map[string]string{"#c0": "id"},
		ReturnValuesOnConditionCheckFailure: new(api.ReturnValuesOnConditionCheckFailureAllOld),
	}, last[*api.DeleteItemInput](t, f))
}

func TestPutAndDeleteHandBackTheOldItem(t *testing.T) {
	_, users := newUsers(t)
	ctx := t.Context()
	var old *user
	require.NoError(t, users.Put(ctx, user{ID: "u1", Visits: 1}, stator.OldInto(&old)))
	require.Nil(t, old)
	require.NoError(t, users.Put(ctx, user{ID: "u1", Visits: 2}, stator.OldInto(&old)))
	require.Equal(t, &user{ID: "u1", Visits: 1}, old)
	gone := stator.Item{"left": stator.S("over")}
	require.NoError(t, users.Delete(ctx, stator.Key("u1"), stator.OldInto(&gone)))
	require.True(t, gone.Equal(stator.Item{"id": stator.S("u1"), "visits": stator.Int(2)}), gone)
	require.NoError(t, users.Delete(ctx, stator.Key("u1"), stator.OldInto(&gone)))
	require.Nil(t, gone)
}

func TestFailedConditionCarriesTheItem(t *testing.T) {
	_, users := newUsers(t)
	ctx := t.Context()
	var current user
	require.NoError(t, users.Put(ctx, user{ID: "u1", Visits: 7}))

	err := users.Put(ctx, user{ID: "u1"}, stator.If("attribute_not_exists(id)"))
	require.ErrorIs(t, err, stator.ErrConditionFailed)
	e, ok := errors.AsType[*stator.Error](err)
	require.True(t, ok)
	require.Equal(t, "The conditional request failed", e.Message)
	require.True(t, stator.FailedItem(err, &current))
	require.Equal(t, user{ID: "u1", Visits: 7}, current)

	err = users.Delete(ctx, stator.Key("u2"), stator.If("visits = ?", 1))
	require.ErrorIs(t, err, stator.ErrConditionFailed)
	require.False(t, stator.FailedItem(err, &current), "there is no item")
	require.False(t, stator.FailedItem(nil, &current))
	require.False(t, stator.FailedItem(stator.ErrNotFound, &current))
}

func TestConsumedAddsUp(t *testing.T) {
	_, users := newUsers(t)
	var used stator.Capacity
	for range 2 {
		require.NoError(t, users.Put(t.Context(), user{ID: "u1", Org: "acme", Name: "Ann"}, stator.Consumed(&used)))
	}
	require.Equal(t, stator.Capacity{Units: 3, Table: 2, Indexes: map[string]float64{"byOrg": 1}}, used)
}

func TestMistakesAreFoundBeforeAnythingIsSent(t *testing.T) {
	f, users := fakeUsers()
	ctx := t.Context()
	var zero stator.TableOf[user]
	get := func(key stator.PrimaryKey) error { _, err := users.Get(ctx, key); return err }
	update := func(o ...stator.UpdateOption) error {
		_, err := users.Update(ctx, stator.Key("u1"), o...)
		return err
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"too few arguments":      {users.Put(ctx, user{ID: "a"}, stator.If("visits < ?")), `"visits < ?" has 1 question marks, found 0 arguments`},
		"too many arguments":     {users.Put(ctx, user{ID: "a"}, stator.If("visits < ?", 1, 2)), `"visits < ?" has 1 question marks, found 2 arguments`},
		"argument of no type":    {users.Put(ctx, user{ID: "a"}, stator.If("visits < ?", func() {})), `Argument 1 of "visits < ?" cannot be marshalled`},
		"text is cut":            {users.Put(ctx, user{ID: "a"}, stator.If("visits <")), `unexpected end at position 9 of "visits <"`},
		"literal in the text":    {users.Put(ctx, user{ID: "a"}, stator.If("visits < 3")), "values are passed as arguments"},
		"key of too many values": {get(stator.Key("u1", 2)), "The key of table users has 1 attributes (id), Key was given 2 values"},
		"key of no type":         {get(stator.Key(make(chan int))), "The key attribute id of table users cannot be marshalled"},
		"text of no section":     {update(stator.Expr("total = ?", 1), stator.Set("a", 2)), `unexpected "total" at position 1 of "total = ?"`},
		"clashing placeholder":   {update(stator.Set("a", 1), stator.Names{"#u0": "b"}, stator.If("#u0 = ?", 2)), "Names uses the placeholder #u0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, tt.err, tt.want)
			require.ErrorIs(t, tt.err, stator.ErrValidation)
		})
	}
	require.Empty(t, f.requests)
	require.EqualError(t, zero.Put(ctx, user{}), "stator: a zero TableOf is no handle, TableFor makes one")
	_, err := zero.Query("id = ?", 1).One(ctx)
	require.Error(t, err)
	_, err = zero.Scan().Count(ctx)
	require.Error(t, err)
	_, err = zero.BatchPut(ctx, []user{{}})
	require.Error(t, err)
	require.EqualError(t, users.Via(nil).Put(ctx, user{}), "stator: PutItem: the Client is nil")
}

// An option that does not fit a call does not compile: its type is not of the
// call's interface.
func TestOptionsFitTheirCalls(t *testing.T) {
	type set = map[string]bool
	calls := map[string]reflect.Type{
		"put": reflect.TypeFor[stator.PutOption](), "get": reflect.TypeFor[stator.GetOption](),
		"update": reflect.TypeFor[stator.UpdateOption](), "delete": reflect.TypeFor[stator.DeleteOption](),
		"batchGet": reflect.TypeFor[stator.BatchGetOption](), "batchWrite": reflect.TypeFor[stator.BatchWriteOption](),
		"tx": reflect.TypeFor[stator.TxOption](), "txUpdate": reflect.TypeFor[stator.TxUpdateOption](),
		"txGet": reflect.TypeFor[stator.TxGetOption](), "transact": reflect.TypeFor[stator.TransactOption](),
		"transactGet": reflect.TypeFor[stator.TransactGetOption](),
		"create":      reflect.TypeFor[stator.TableOption](), "index": reflect.TypeFor[stator.IndexOption](),
		"change": reflect.TypeFor[stator.TableChange](),
	}
	var old, found = user{}, false
	options := map[string]struct {
		option any
		fits   set
	}{
		"If":           {stator.If("a = ?", 1), set{"put": true, "update": true, "delete": true, "tx": true, "txUpdate": true}},
		"Names":        {stator.Names{}, set{"put": true, "get": true, "update": true, "delete": true, "batchGet": true, "tx": true, "txUpdate": true, "txGet": true}},
		"OldInto":      {stator.OldInto(&old), set{"put": true, "delete": true}},
		"Consumed":     {stator.Consumed(nil), set{"put": true, "get": true, "update": true, "delete": true, "batchGet": true, "batchWrite": true, "transact": true, "transactGet": true}},
		"Consistent":   {stator.Consistent(), set{"get": true, "batchGet": true}},
		"Project":      {stator.Project("a"), set{"get": true, "batchGet": true, "txGet": true}},
		"Set":          {stator.Set("a", 1), set{"update": true, "txUpdate": true}},
		"ReturnOld":    {stator.ReturnOld(), set{"update": true}},
		"Found":        {stator.Found(&found), set{"txGet": true}},
		"Token":        {stator.Token("t"), set{"transact": true}},
		"Write":        {stator.Write{}, set{"transact": true}},
		"Read":         {stator.Read{}, set{"transactGet": true}},
		"HashKey":      {stator.HashKey("a", "S"), set{"create": true, "index": true}},
		"GlobalIndex":  {stator.GlobalIndex("a"), set{"create": true}},
		"AddIndex":     {stator.AddIndex("a"), set{"change": true}},
		"KeysOnly":     {stator.KeysOnly(), set{"index": true}},
		"Provisioned":  {stator.Provisioned(1, 1), set{"create": true, "index": true, "change": true}},
		"OnDemand":     {stator.OnDemand(), set{"change": true}},
		"Protection":   {stator.DeletionProtection(true), set{"create": true, "change": true}},
		"UnlessExists": {stator.UnlessExists(), set{"create": true}},
	}
	for name, o := range options {
		for call, want := range calls {
			require.Equalf(t, o.fits[call], reflect.TypeOf(o.option).Implements(want), "%s in %s", name, call)
		}
	}
}

// TestNowhereToStore: a nil pointer is found before anything is written or read.
func TestNowhereToStore(t *testing.T) {
	ctx := t.Context()
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	defer db.Close()
	table, err := stator.CreateTable(ctx, db, "notes", stator.HashKey("id", "S"))
	require.NoError(t, err)
	note := stator.Item{"id": stator.S("a")}
	require.NoError(t, table.Put(ctx, note, stator.OldInto[stator.Item](nil)))
	require.NoError(t, table.Put(ctx, note, stator.OldInto[stator.Item](nil)))
	require.ErrorContains(t, stator.TransactGet(ctx, db, table.TxGet(stator.Key("a"), nil)), "the pointer is nil")
}
