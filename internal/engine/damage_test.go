package engine_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// damageStore is a small store with rows of every space. An index projects every attribute, so that whatever changes in
// an item differs from its entry.
func damageStore(t testing.TB) (kv.Store, *engine.Engine) {
	store := openMemory(t)
	e, err := engine.OpenPaused(context.Background(), store, engine.Options{Now: newClock().Now})
	require.NoError(t, err)
	create(t, e, "tab pk:S sk:N\n gsi byOrg org:S n:N ALL\n lsi byN n:N KEYS_ONLY")
	_, err = e.Serve(t.Context(), &api.UpdateTableInput{TableName: new("tab"), StreamSpecification: &api.StreamSpecification{
		StreamEnabled: new(true), StreamViewType: new(api.StreamViewTypeKeysOnly)}})
	require.NoError(t, err)
	ttl(t, e, "tab", "n", true)
	for i := range 4 {
		put(t, e, "tab", text(`{pk: "p%d", sk: %d, org: "o", n: %d, m: {l: [1, "x", null, true]}, ss: <"a", "b">, ns: <1, 2>, bs: <b64:AA==>}`, i%2, i, i))
	}
	return store, e
}

// TestEveryByteIsChecked: whichever byte of a row changes, in its key or in its value, and whichever row goes, Check finds it.
func TestEveryByteIsChecked(t *testing.T) {
	store, e := damageStore(t)
	good := rows(t, store)
	step := 1
	if testing.Short() {
		step = 7
	}
	for _, space := range []byte{engine.SpaceHead, engine.SpaceRow, engine.SpaceIndex, engine.SpaceCollection, engine.SpaceExpiry} {
		for _, p := range rows(t, store, space) {
			try := func(now kv.Pair) {
				t.Helper()
				change(t, store, kv.Pair{Key: p.Key}, now)
				require.Error(t, e.Check(t.Context()), "%x=%x became %x=%x", p.Key, p.Value, now.Key, now.Value)
				change(t, store, kv.Pair{Key: now.Key}, p)
			}
			try(kv.Pair{Key: p.Key})
			for i := 0; i < len(p.Value); i += step {
				v := bytes.Clone(p.Value)
				v[i] ^= 1 << (i % 8)
				try(kv.Pair{Key: p.Key, Value: v})
				if space != engine.SpaceCollection || i != 8 { // the form without a checksum
					try(kv.Pair{Key: p.Key, Value: v[:i]})
				}
			}
			for i := 4; i < len(p.Key); i += step {
				k := bytes.Clone(p.Key)
				k[i] ^= 1 << (i % 8)
				if !slices.ContainsFunc(good, func(q kv.Pair) bool { return bytes.Equal(q.Key, k) }) {
					try(kv.Pair{Key: k, Value: p.Value})
				}
			}
		}
	}
	require.Equal(t, good, rows(t, store))
	finish(t, e)
}

// FuzzDamagedItem puts any bytes in the place of an item, with a checksum that is right: no request panics, and
// Check tells of it.
func FuzzDamagedItem(f *testing.F) {
	store, e := damageStore(f)
	defer func() { _ = e.Close() }()
	const header = 20
	base, entry := rows(f, store, engine.SpaceRow)[0], rows(f, store, engine.SpaceIndex)[0]
	f.Add(base.Value[header:], false)
	f.Add(entry.Value[header:], true)
	f.Add([]byte{}, false)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, true)
	f.Fuzz(func(t *testing.T, item []byte, ofIndex bool) {
		bound.Input(t, func() {
			good := base
			if ofIndex {
				good = entry
			}
			damaged := kv.Pair{Key: good.Key, Value: append(bytes.Clone(good.Value[:header]), item...)}
			damaged.Value = engine.Reseal(damaged.Key, damaged.Value)
			change(t, store, damaged)
			err := e.Check(t.Context())
			if bytes.Equal(damaged.Value, good.Value) {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
			}
			for _, in := range damageRequests(t) {
				out, err := e.Serve(t.Context(), in)
				_ = render(out, err)
			}
			change(t, store, good)
		})
	})
}

// damageRequests read whatever there is; the writes among them fail for their conditions.
func damageRequests(t testing.TB) []api.Request {
	list := []api.Request{
		&api.ScanInput{TableName: new("tab"), FilterExpression: new("m.l[1] = :x OR contains(ss, :x) OR size(ns) > :n"),
			ExpressionAttributeValues: item(t, `{:x: "x", :n: 1}`)},
		&api.ScanInput{TableName: new("tab"), IndexName: new("byOrg"), ProjectionExpression: new("m.l[0], m.l[3], pk")},
		&api.QueryInput{TableName: new("tab"), IndexName: new("byN"), KeyConditionExpression: new("pk = :p"), Select: new(api.SelectAllAttributes),
			ExpressionAttributeValues: item(t, `{:p: "p0"}`), Limit: new(int32(1))},
	}
	for i := range 4 {
		key := item(t, text(`{pk: "p%d", sk: %d}`, i%2, i))
		list = append(list,
			&api.GetItemInput{TableName: new("tab"), Key: key, ReturnConsumedCapacity: new(api.ReturnConsumedCapacityTotal)},
			&api.DeleteItemInput{TableName: new("tab"), Key: key, ConditionExpression: new("attribute_not_exists(pk) AND m.l[1] = pk"),
				ReturnValuesOnConditionCheckFailure: new(api.ReturnValuesOnConditionCheckFailureAllOld)})
	}
	return list
}
