package engine_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// TestCheckFinds damages a good store in one way at a time. A check that finds nothing is no check.
func TestCheckFinds(t *testing.T) {
	store := openMemory(t)
	e := openPaused(t, store)
	create(t, e, "tab pk:S sk:N\n gsi all a:S ALL\n gsi keys a:S b:N KEYS_ONLY\n lsi some b:N INCLUDE:c")
	for i := range 20 {
		put(t, e, "tab", text(`{pk: "p%d", sk: %d, a: "x", b: %d, c: "c", d: [1, {e: null}]}`, i%3, i, i))
	}
	put(t, e, "tab", `{pk: "bare", sk: 1}`)
	do(t, e, &api.TransactWriteItemsInput{ClientRequestToken: new("token"), TransactItems: []api.TransactWriteItem{
		{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "tx", sk: 1}`))}}}})
	create(t, e, "dead pk:S")
	put(t, e, "dead", `{pk: "a"}`)
	do(t, e, &api.DeleteTableInput{TableName: new("dead")})
	require.NoError(t, e.Check(t.Context()), "with a job under way")

	first := func(space byte) kv.Pair { return rows(t, store, space)[0] }
	system := func(kind byte) kv.Pair {
		for _, p := range rows(t, store) {
			if bytes.HasPrefix(p.Key, engine.SystemKey(kind, "")) {
				return p
			}
		}
		t.Fatalf("no system row of kind %d", kind)
		return kv.Pair{}
	}
	set := func(p kv.Pair, v []byte) kv.Pair { return kv.Pair{Key: p.Key, Value: v} }
	flip := func(p kv.Pair, at int) kv.Pair {
		p.Value[(at+len(p.Value))%len(p.Value)] ^= 1
		return p
	}
	rekey := func(p kv.Pair) kv.Pair {
		p.Key = append(p.Key, 'x')
		p.Value = engine.Reseal(p.Key, p.Value)
		return p
	}
	replace := func(p kv.Pair, old, new string) kv.Pair {
		return set(p, bytes.Replace(p.Value, []byte(old), []byte(new), 1))
	}
	edit := func(p kv.Pair, old, new string) kv.Pair {
		return set(p, engine.ResealRecord(replace(p, old, new).Value))
	}
	head := rows(t, store, engine.SpaceHead)
	for _, c := range []struct {
		name   string
		damage kv.Pair
		want   string
	}{
		{"header", set(system(engine.SystemHeader), []byte(`{"Magic":"other"}`)), "header"},
		{"catalog record", set(system(engine.SystemCatalog), []byte("{")), "catalog record"},
		{"catalog name", kv.Pair{Key: engine.SystemKey(engine.SystemCatalog, "other"), Value: system(engine.SystemCatalog).Value}, `under the name "other"`},
		{"next id", set(system(engine.SystemNextID), []byte{0, 0, 0, 1}), "but the next id is 1"},
		{"generation", edit(system(engine.SystemCatalog), `"Generation":1`, `"Generation":7`), "the catalog 7"},
		{"index without a job", edit(system(engine.SystemCatalog), `"Status":"ACTIVE"`, `"Status":"DELETING"`), "DELETING without a job"},
		{"slots", edit(system(engine.SystemCatalog), `"Slots":4`, `"Slots":3`), "3 slots"},
		{"job", set(system(engine.SystemJobs), []byte("{")), "job"},
		{"job of another kind", edit(system(engine.SystemJobs), `"DropTable"`, `"Polish"`), "this version does not know it"},
		{"job gone", set(system(engine.SystemJobs), nil), "rows of table id 2, which no table and no job has"},
		{"token", set(system(engine.SystemTokens), nil), "has no token as late"},
		{"token by time", set(system(engine.SystemTokensByTime), nil), "missing among those by time"},
		{"token cut", set(system(engine.SystemTokens), []byte("cut")), "it is cut short"},
		{"token damaged", flip(system(engine.SystemTokens), 20), "its checksum is wrong"},
		{"token without its mark", flip(system(engine.SystemTokens), 0), "of no form that this version knows"},
		{"token of no size", resealed(set(system(engine.SystemTokens), append(system(engine.SystemTokens).Value, 0x80))), "a size that no item has"},
		{"token of another time", resealed(flip(system(engine.SystemTokens), 5+7)), "missing among those by time"},
		{"token under another key", kv.Pair{Key: engine.SystemKey(engine.SystemTokens, "cut"), Value: system(engine.SystemTokens).Value}, "its key is not one of a token"},
		{"token by time of a value", set(system(engine.SystemTokensByTime), []byte{0}), "by time"},
		{"unknown kind", kv.Pair{Key: engine.SystemKey(99, ""), Value: []byte{}}, "of no kind"},
		{"head gone", set(head[len(head)-1], nil), "3 heads for 4 slots"},
		{"head damaged", flip(first(engine.SpaceHead), 20), "head"},
		{"counter", set(head[1], engine.CountHead(head[1].Value, 1)), "its head counts"},
		{"row gone", set(rows(t, store, engine.SpaceRow)[7], nil), "which is absent"},
		{"row damaged", flip(first(engine.SpaceRow), -1), "checksum of row"},
		{"row cut", set(first(engine.SpaceRow), []byte{1}), "cut short"},
		{"row under another key", rekey(first(engine.SpaceRow)), "holds the item whose key is"},
		{"row of a newer format", resealed(flip(first(engine.SpaceRow), 0)), "newer version"},
		{"row with another size", resealed(flip(first(engine.SpaceRow), 15)), "but it does"},
		{"row of the future", resealed(flip(first(engine.SpaceRow), 4)), "later than its slot's head"},
		{"row not canonical", resealed(set(first(engine.SpaceRow), append(first(engine.SpaceRow).Value, 0))), "row"},
		{"entry gone", set(first(engine.SpaceIndex), nil), "lacks the entry"},
		{"entry damaged", flip(first(engine.SpaceIndex), -1), "checksum of row"},
		{"entry under another key", rekey(first(engine.SpaceIndex)), "which has it at"},
		{"entry of no index", kv.Pair{Key: []byte{0, 0, 0, 1, engine.SpaceIndex, 9, 9}, Value: []byte{}}, "of an index that the table does not have"},
		{"entry of other content", resealed(replace(first(engine.SpaceIndex), "\x01c\x01\x01c", "\x01c\x01\x01d")), "differs from what row"},
		{"collection gone", set(first(engine.SpaceCollection), nil), "item collection"},
		{"collection size", set(first(engine.SpaceCollection), flip(first(engine.SpaceCollection), 7).Value[:8]), "has a size of"},
		{"collection damaged", flip(first(engine.SpaceCollection), 7), "size of item collection"},
		{"collection cut", set(first(engine.SpaceCollection), []byte{1}), "size of item collection"},
		{"collection of nobody", kv.Pair{Key: append([]byte{0, 0, 0, 1, engine.SpaceCollection}, make([]byte, 16)...), Value: make([]byte, 8)}, "which has no item"},
		{"unknown space", kv.Pair{Key: []byte{0, 0, 0, 1, 99}, Value: []byte{}}, "of no space"},
		{"unknown table", kv.Pair{Key: []byte{0, 0, 0, 99, 2}, Value: []byte{}}, "table id 99"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := rows(t, store)
			change(t, store, c.damage)
			err := e.Check(t.Context())
			restore(t, store, before)
			found, ok := errors.AsType[*engine.CheckError](err)
			require.True(t, ok, "%v", err)
			require.ErrorContains(t, found, c.want)
			require.NoError(t, e.Check(t.Context()))
		})
	}
}

func resealed(p kv.Pair) kv.Pair { return kv.Pair{Key: p.Key, Value: engine.Reseal(p.Key, p.Value)} }

// restore makes the store hold exactly these rows.
func restore(t testing.TB, store kv.Store, all []kv.Pair) {
	require.NoError(t, store.Update(context.Background(), func(w kv.Writer) error {
		if err := w.DeleteRange(nil, nil); err != nil {
			return err
		}
		for _, p := range all {
			if err := w.Put(p.Key, p.Value); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestCheckBounds(t *testing.T) {
	store := openMemory(t)
	e := openPaused(t, store)
	create(t, e, "tab pk:S")
	for i := range 150 {
		put(t, e, "tab", text(`{pk: "p%d"}`, i))
	}
	good := rows(t, store)
	for _, p := range rows(t, store, engine.SpaceRow) {
		p.Value[len(p.Value)-1] ^= 1
		change(t, store, p)
	}
	found, ok := errors.AsType[*engine.CheckError](e.Check(t.Context()))
	require.True(t, ok)
	require.Len(t, found.Faults, 100)
	require.Equal(t, 54, found.Omitted, "50 rows and the counters of 4 slots")
	require.ErrorIs(t, found, kv.ErrCorrupt)
	require.ErrorContains(t, found, "and 54 more")
	restore(t, store, good)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, e.Check(ctx), context.Canceled)
}
