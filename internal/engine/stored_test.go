package engine_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// TestCheckRow: a wrong bit in a record of the store's own, in a token, a head, a row, an entry or a record of the journal
// shows in the row alone; so does one in a key, but for those of tokens by time and of the expiry index.
func TestCheckRow(t *testing.T) {
	store, e := damageStore(t)
	name := "reader"
	do(t, e, &api.OpenSubscriptionInput{TableName: new("tab"), SubscriptionName: &name})
	add(t, e, "token", 1)
	create(t, e, "gone id:S")
	do(t, e, &api.DeleteTableInput{TableName: new("gone")})
	kinds := map[byte]bool{}
	for _, p := range rows(t, store) {
		require.NoError(t, engine.CheckRow(p.Key, p.Value), "%x", p.Key)
		own := bytes.HasPrefix(p.Key, make([]byte, 4))
		summed := p.Key[4] != engine.SpaceExpiry
		if own {
			summed = p.Key[4] != engine.SystemTokensByTime
			kinds[p.Key[4]] = true
		}
		if !summed {
			continue
		}
		for i := range len(p.Value) * 8 {
			v := bytes.Clone(p.Value)
			v[i/8] ^= 1 << (i % 8)
			require.Error(t, engine.CheckRow(p.Key, v), "%x: bit %d of %q", p.Key, i, p.Value)
		}
		for i := range len(p.Key) * 8 {
			k := bytes.Clone(p.Key)
			k[i/8] ^= 1 << (i % 8)
			if own && k[4] == 7 || !own && k[4] == engine.SpaceHead {
				continue // a subscription and a head do not know whose they are
			}
			require.Error(t, engine.CheckRow(k, p.Value), "bit %d of %x", i, p.Key)
		}
	}
	require.Len(t, kinds, 8)
	require.NoError(t, e.FinishJobs(t.Context()))
	finish(t, e)
}

// TestDamagedHeadOfStream: the shards of a stream are not told when a head of its table is damaged.
func TestDamagedHeadOfStream(t *testing.T) {
	store, e := damageStore(t)
	head := rows(t, store, engine.SpaceHead)[0]
	damaged := kv.Pair{Key: head.Key, Value: bytes.Clone(head.Value)}
	damaged.Value[20] ^= 1
	change(t, store, damaged)
	list := do(t, e, &api.ListStreamsInput{})
	require.Len(t, list.Streams, 1)
	_, err := e.Serve(t.Context(), &api.DescribeStreamInput{StreamArn: list.Streams[0].StreamArn})
	require.ErrorIs(t, err, kv.ErrCorrupt)
	change(t, store, head)
	finish(t, e)
}

// TestLostHeadOfStream: a table that has some of its heads is not one that is gone, or that has changed: its stream is
// damaged, whichever of them is missing.
func TestLostHeadOfStream(t *testing.T) {
	store, e := damageStore(t)
	list := do(t, e, &api.ListStreamsInput{})
	stream := do(t, e, &api.DescribeStreamInput{StreamArn: list.Streams[0].StreamArn}).StreamDescription
	heads := rows(t, store, engine.SpaceHead)
	require.Len(t, heads, len(stream.Shards))
	for slot, head := range heads {
		change(t, store, kv.Pair{Key: head.Key})
		for _, in := range []api.Request{
			&api.DescribeStreamInput{StreamArn: stream.StreamArn},
			&api.GetShardIteratorInput{StreamArn: stream.StreamArn, ShardId: stream.Shards[0].ShardId, ShardIteratorType: new(api.ShardIteratorTypeLatest)},
			&api.ReadChangesInput{TableName: new("tab"), Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}},
			&api.OpenSubscriptionInput{TableName: new("tab"), SubscriptionName: new("reader")},
		} {
			_, err := e.Serve(t.Context(), in)
			require.ErrorIs(t, err, kv.ErrCorrupt, "%s without the head of slot %d", in.Operation(), slot)
		}
		require.ErrorIs(t, e.Check(t.Context()), kv.ErrCorrupt)
		change(t, store, head)
	}
	finish(t, e)
}
