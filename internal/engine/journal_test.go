package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// TestDamagedRecord reads a journal with a damaged row: an error that says so, in a stream and natively.
func TestDamagedRecord(t *testing.T) {
	store := openMemory(t)
	e, err := engine.OpenPaused(t.Context(), store, engine.Options{})
	require.NoError(t, err)
	arn := createStreamed(t, e, "tab pk:S", newAndOld)
	put(t, e, "tab", `{pk: "a"}`)
	row := rows(t, store, engine.SpaceJournal)[0]
	for i := range row.Value {
		damaged := slices.Clone(row.Value)
		damaged[i] ^= 0x10
		change(t, store, kv.Pair{Key: row.Key, Value: damaged})
		_, err := e.Serve(t.Context(), &api.ReadChangesInput{TableName: new("tab"), Start: &api.ChangesStart{Type: atNumber, SequenceNumber: new(engine.SequenceNumber(int(row.Key[5]), 1))}})
		require.ErrorIs(t, err, kv.ErrCorrupt)
		require.ErrorIs(t, e.Check(t.Context()), kv.ErrCorrupt)
	}
	for _, d := range describeStream(t, e, arn).Shards {
		if it := iterator(t, e, arn, *d.ShardId, trimHorizon); strings.HasSuffix(*d.ShardId, text("%02x", row.Key[5])) {
			_, err = e.Serve(t.Context(), &api.GetRecordsInput{ShardIterator: &it})
			require.ErrorIs(t, err, kv.ErrCorrupt)
		}
	}
}

func FuzzReadRecord(f *testing.F) {
	store := openMemory(f)
	e, err := engine.OpenPaused(f.Context(), store, engine.Options{})
	require.NoError(f, err)
	createStreamed(f, e, "tab pk:S", newAndOld)
	put(f, e, "tab", `{pk: "a"}`)
	put(f, e, "tab", `{pk: "a", list: [1, {m: null}], set: <1, 2>}`)
	do(f, e, &api.DeleteItemInput{TableName: new("tab"), Key: item(f, `{pk: "a"}`)})
	for _, p := range rows(f, store, engine.SpaceJournal) {
		f.Add(p.Key, p.Value, false)
		f.Add(p.Key, p.Value, true)
	}
	f.Fuzz(func(t *testing.T, key, value []byte, sealed bool) {
		bound.Input(t, func() {
			p := kv.Pair{Key: key, Value: value}
			if sealed {
				p = engine.SealRecord(p)
			}
			_, _ = engine.ReadRecord(p, 1)
		})
	})
}
