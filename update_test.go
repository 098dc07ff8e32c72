package stator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

func TestUpdateExpressions(t *testing.T) {
	one := stator.Int(1)
	tests := map[string]struct {
		actions []stator.UpdateOption
		text    string
		names   map[string]string
		values  map[string]stator.Value
	}{
		"Set": {
			[]stator.UpdateOption{stator.Set("home.city", "Oslo"), stator.Set("phones[1]", 1)},
			"SET #u0.#u1 = :u0, #u2[1] = :u1",
			map[string]string{"#u0": "home", "#u1": "city", "#u2": "phones"},
			map[string]stator.Value{":u0": stator.S("Oslo"), ":u1": one},
		},
		"SetIfAbsent": {
			[]stator.UpdateOption{stator.SetIfAbsent("year", 1)},
			"SET #u0 = if_not_exists(#u0, :u0)",
			map[string]string{"#u0": "year"}, map[string]stator.Value{":u0": one},
		},
		"Append": {
			[]stator.UpdateOption{stator.Append("tags", "a", 1)},
			"SET #u0 = list_append(if_not_exists(#u0, :u0), :u1)",
			map[string]string{"#u0": "tags"},
			map[string]stator.Value{":u0": stator.L(), ":u1": stator.L(stator.S("a"), one)},
		},
		"Append of nothing": {
			[]stator.UpdateOption{stator.Append("tags")},
			"SET #u0 = list_append(if_not_exists(#u0, :u0), :u1)",
			map[string]string{"#u0": "tags"}, map[string]stator.Value{":u0": stator.L(), ":u1": stator.L()},
		},
		"sections in any order": {
			[]stator.UpdateOption{
				stator.DeleteFromSet("old", stator.SS("x")), stator.Add("visits", 1), stator.Remove("a", "b.c"),
				stator.Set("d", 1), stator.Add("seen", stator.NS("1")), stator.Remove("e"),
			},
			"SET #u0 = :u0 REMOVE #u1, #u2.#u3, #u4 ADD #u5 :u1, #u6 :u2 DELETE #u7 :u3",
			map[string]string{"#u0": "d", "#u1": "a", "#u2": "b", "#u3": "c", "#u4": "e", "#u5": "visits", "#u6": "seen", "#u7": "old"},
			map[string]stator.Value{":u0": one, ":u1": one, ":u2": stator.NS("1"), ":u3": stator.SS("x")},
		},
		"Expr alone is left as it is": {
			[]stator.UpdateOption{stator.Expr("SET a = b + ? REMOVE c", 1)},
			"SET #u0 = #u1 + :u0 REMOVE #u2",
			map[string]string{"#u0": "a", "#u1": "b", "#u2": "c"}, map[string]stator.Value{":u0": one},
		},
		"Expr among others": {
			[]stator.UpdateOption{
				stator.Set("x", 1),
				stator.Expr("remove c set a = b + ?, setting = ? ADD #set ?", 2, 3, 4), stator.Names{"#set": "set"},
				stator.Remove("d"),
			},
			"SET #u0 = :u0, #u1 = #u2 + :u1, #u3 = :u2 REMOVE #u4, #u5 ADD #set :u3",
			map[string]string{"#u0": "x", "#u1": "a", "#u2": "b", "#u3": "setting", "#u4": "c", "#u5": "d", "#set": "set"},
			map[string]stator.Value{":u0": one, ":u1": stator.Int(2), ":u2": stator.Int(3), ":u3": stator.Int(4)},
		},
		"with a condition": {
			[]stator.UpdateOption{stator.If("a < ?", 1), stator.Set("a", 1)},
			"SET #u0 = :u0",
			map[string]string{"#u0": "a", "#c0": "a"}, map[string]stator.Value{":u0": one, ":c0": one},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, users := fakeUsers()
			_, err := users.Update(t.Context(), stator.Key("u1"), tt.actions...)
			require.NoError(t, err)
			in := last[*api.UpdateItemInput](t, f)
			require.Equal(t, tt.text, *in.UpdateExpression)
			require.Equal(t, tt.names, in.ExpressionAttributeNames)
			require.True(t, stator.Item(tt.values).Equal(in.ExpressionAttributeValues), in.ExpressionAttributeValues)
			require.Equal(t, api.ReturnValueAllNew, *in.ReturnValues)
		})
	}
}

func TestUpdateWithoutActionsCreatesTheItem(t *testing.T) {
	_, users := newUsers(t)
	u, err := users.Update(t.Context(), stator.Key("u1"))
	require.NoError(t, err)
	require.Equal(t, user{ID: "u1"}, u)
}

func TestUpdateReturns(t *testing.T) {
	_, users := newUsers(t)
	ctx, key := t.Context(), stator.Key("u1")
	update := func(o stator.UpdateOption) user {
		u, err := users.Update(ctx, key, stator.Add("visits", 1), o)
		require.NoError(t, err)
		return u
	}
	require.Equal(t, user{}, update(stator.ReturnOld()), "there was none")
	require.Equal(t, user{ID: "u1", Visits: 1}, update(stator.ReturnOld()))
	require.Equal(t, user{Visits: 2}, update(stator.ReturnUpdatedOld()))
	require.Equal(t, user{Visits: 4}, update(stator.ReturnUpdatedNew()))
	require.Equal(t, user{}, update(stator.ReturnNothing()))
	require.Equal(t, user{ID: "u1", Name: "Ann", Visits: 6}, update(stator.Set("name", "Ann")))
}

func TestActionsOnRealItems(t *testing.T) {
	db, _ := newUsers(t)
	items, key := db.Table("users"), stator.KeyItem(stator.Item{"id": stator.S("u1")})
	steps := []struct {
		action stator.Action
		want   stator.Item
	}{
		{stator.Append("list", 1), stator.Item{"list": stator.L(stator.Int(1))}},
		{stator.Append("list", 2, "x"), stator.Item{"list": stator.L(stator.Int(1), stator.Int(2), stator.S("x"))}},
		{stator.Remove("list[0]", "nothing"), stator.Item{"list": stator.L(stator.Int(2), stator.S("x"))}},
		{stator.Add("group", stator.SS("a", "b")), stator.Item{"list": stator.L(stator.Int(2), stator.S("x")), "group": stator.SS("a", "b")}},
		{stator.Remove("list"), stator.Item{"group": stator.SS("a", "b")}},
		{stator.DeleteFromSet("group", stator.SS("a", "c")), stator.Item{"group": stator.SS("b")}},
		{stator.SetIfAbsent("group", 1), stator.Item{"group": stator.SS("b")}},
		{stator.DeleteFromSet("group", stator.SS("b")), stator.Item{}},
		{stator.Expr("SET a = ?, b = ? - ?", nil, 5, 3), stator.Item{"a": stator.NULL(), "b": stator.Int(2)}},
	}
	for i, s := range steps {
		got, err := items.Update(t.Context(), key, s.action)
		require.NoErrorf(t, err, "step %d", i)
		s.want["id"] = stator.S("u1")
		require.Truef(t, s.want.Equal(got), "step %d: %v", i, got)
	}
}
