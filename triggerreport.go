package stator

import (
	"context"
	"errors"
	"fmt"

	"github.com/statordb/stator/api"
)

// giveUp reports the first n records of a part and takes them out of the
// batch. It returns false when the trigger ended before they were reported.
func (t *Trigger) giveUp(l *lane, s part, n int, why TriggerCondition) bool {
	f := TriggerFailure{
		Condition: why, InvokeCount: s.invoked, Err: s.err, BatchSize: n, Records: make([]TriggerRecord, n),
	}
	for i := range f.Records {
		f.Records[i] = s.records[i].record
	}
	first, last := &f.Records[0], &f.Records[n-1]
	f.StartSequenceNumber, f.EndSequenceNumber = first.SequenceNumber, last.SequenceNumber
	f.FirstArrival, f.LastArrival = first.ApproximateCreationDateTime, last.ApproximateCreationDateTime
	if t.options.OnFailure != nil {
		f.ShardID = t.shardOf(first, l.slot)
	}
	if !t.report(l, f) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.discarded += int64(n)
	l.problem = nil
	t.drop(l, n)
	return true
}

// report gives a failure to OnFailure until it takes it. l is nil for the
// reader's. It returns false when the trigger ended before.
func (t *Trigger) report(l *lane, f TriggerFailure) bool {
	if t.options.OnFailure == nil {
		return true
	}
	source := t.source.Load()
	f.RequestID, f.Time, f.StreamArn = newRequestID(), t.options.Now(), source.streamArn
	f.FunctionArn = fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", source.arnPart(3), source.arnPart(4), t.name)
	for failures := 1; ; failures++ {
		if !t.gate() {
			return false
		}
		ok, err := t.call(l, func(ctx context.Context) error { return t.options.OnFailure(ctx, f) })
		if !ok {
			return false
		}
		if err == nil {
			return true
		}
		t.blame(l, fmt.Errorf("stator: trigger %s: OnFailure: %w", t.name, err))
		if !t.sleep(backoff(failures)) {
			return false
		}
	}
}

// shardOf returns the id of the shard that a record is in.
func (t *Trigger) shardOf(r *TriggerRecord, slot int) string {
	ctx, cancel := t.afterwards()
	defer cancel()
	in := &api.DescribeStreamInput{StreamArn: &r.EventSourceARN}
	for {
		out, err := do(ctx, t.client, in)
		if err != nil || out.StreamDescription == nil {
			return slotName(slot)
		}
		for _, shard := range out.StreamDescription.Shards {
			_, err := do(ctx, t.client, &api.GetShardIteratorInput{
				StreamArn: in.StreamArn, ShardId: shard.ShardId,
				ShardIteratorType: new(api.ShardIteratorTypeAtSequenceNumber), SequenceNumber: &r.SequenceNumber,
			})
			if (err == nil || errors.Is(err, api.ErrTrimmed)) && shard.ShardId != nil {
				return *shard.ShardId
			}
		}
		if out.StreamDescription.LastEvaluatedShardId == nil {
			return slotName(slot)
		}
		in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId
	}
}
