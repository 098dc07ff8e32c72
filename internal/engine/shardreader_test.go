package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
)

// shardReader reads a stream as the Kinesis Client Library does: a shard when its parent was read out, page by
// page, and now and then by another worker, who goes on after the last record that was dealt with.
type shardReader struct {
	*testing.T
	*rand.Rand
	e       *engine.Engine
	arn     string
	unruly  bool // reads children before their parents are read out
	leases  map[string]*lease
	items   map[string]string // what the records make of the items
	records int
}

// lease is how far a shard was read.
type lease struct {
	iterator, checkpoint *string
	done                 bool
}

// read reads so many pages of each shard that is due. The error is of a record that does not begin with what the one before it left.
func (s *shardReader) read(pages int) (moved bool, err error) {
	shards := describeStream(s, s.e, s.arn).Shards
	for _, d := range shards {
		if s.leases[*d.ShardId] == nil {
			s.leases[*d.ShardId] = &lease{}
		}
	}
	if s.unruly {
		slices.Reverse(shards)
	}
	for _, d := range shards {
		l := s.leases[*d.ShardId]
		if d.ParentShardId != nil && !s.unruly {
			if parent := s.leases[*d.ParentShardId]; parent != nil && !parent.done {
				continue
			}
		}
		for range pages {
			if l.done {
				break
			}
			if l.iterator == nil || s.IntN(4) == 0 {
				in := &api.GetShardIteratorInput{StreamArn: &s.arn, ShardId: d.ShardId, ShardIteratorType: new(trimHorizon)}
				if l.checkpoint != nil {
					in.ShardIteratorType, in.SequenceNumber = new(afterNumber), l.checkpoint
				}
				l.iterator = do(s, s.e, in).ShardIterator
			}
			out, err := api.Do(s.Context(), s.e, &api.GetRecordsInput{ShardIterator: l.iterator, Limit: new(int32(1 + s.IntN(5)))})
			if e, ok := errors.AsType[*api.Error](err); ok && e.Code == api.CodeExpiredIterator {
				l.iterator = nil
				continue
			}
			require.NoError(s, err)
			for _, r := range out.Records {
				key := show(r.Dynamodb.Keys)
				if before := s.items[key]; before != show(r.Dynamodb.OldImage) {
					return moved, fmt.Errorf("record %s begins with %s, and the one before it left %s", *r.Dynamodb.SequenceNumber, show(r.Dynamodb.OldImage), before)
				}
				s.items[key] = show(r.Dynamodb.NewImage)
				l.checkpoint = r.Dynamodb.SequenceNumber
				s.records++
				moved = true
			}
			l.iterator = out.NextShardIterator
			l.done = l.iterator == nil
			moved = moved || l.done
		}
	}
	return moved, nil
}

// TestReaderOfShards follows a stream for a month, while its shards close and are forgotten, to the end of its table.
func TestReaderOfShards(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	arn := createStreamed(t, e, "tab pk:S", newAndOld)
	s := &shardReader{T: t, Rand: newRandom(t), e: e, arn: arn, leases: map[string]*lease{}, items: map[string]string{}}
	written := 0
	for range 700 {
		for range s.IntN(12) {
			put(t, e, "tab", text(`{pk: "k%d", n: %d}`, s.IntN(9), written))
			written++
		}
		clock.Advance(time.Duration(s.IntN(120)) * time.Minute)
		if s.IntN(2) == 0 {
			maintain(t, e)
		}
		_, err := s.read(1 + s.IntN(3))
		require.NoError(t, err)
	}
	do(t, e, &api.DeleteTableInput{TableName: new("tab")})
	for moved := true; moved; {
		var err error
		moved, err = s.read(100)
		require.NoError(t, err)
	}
	require.Equal(t, written, s.records)
	require.Greater(t, len(s.leases), 100)
	for _, d := range describeStream(t, e, arn).Shards {
		require.True(t, s.leases[*d.ShardId].done)
	}
}

// TestReaderOfShardsControl: who reads children before their parents are read out is found out.
func TestReaderOfShardsControl(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	arn := createStreamed(t, e, "tab pk:S", newAndOld)
	for range 2 {
		put(t, e, "tab", text(`{pk: "a", n: %d}`, clock.Now().Unix()))
		clock.Advance(5 * time.Hour)
		maintain(t, e)
	}
	s := &shardReader{T: t, Rand: newRandom(t), e: e, arn: arn, unruly: true, leases: map[string]*lease{}, items: map[string]string{}}
	_, err := s.read(1)
	require.ErrorContains(t, err, "and the one before it left")
}
