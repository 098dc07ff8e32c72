package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// labelLayout is the form of a stream's label, which tells when it was created.
const labelLayout = "2006-01-02T15:04:05.000"

// startStream opens a stream on a table, in the transaction that changes its record.
func startStream(w kv.Writer, rec *tableRecord, view api.StreamViewType, now int64) error {
	label, err := newLabel(w, rec.Name, now)
	if err != nil {
		return err
	}
	rec.Stream = &streamRecord{Label: label, ViewType: view, Enabled: true}
	return openWindow(w, rec, window{Kind: windowStream, Retention: streamRetention, Label: label, ViewType: view}, now)
}

// newLabel returns a label that no stream of a table with this name has had
// that is still known: two may be created in one millisecond.
func newLabel(r kv.Reader, table string, now int64) (string, error) {
	list, err := readJournalsOf(r, table)
	if err != nil {
		return "", err
	}
	taken := map[string]bool{}
	for _, j := range list {
		for _, w := range j.Windows {
			taken[w.Label] = true
		}
	}
	for at := time.UnixMicro(now).UTC(); ; at = at.Add(time.Millisecond) {
		if label := at.Format(labelLayout); !taken[label] {
			return label, nil
		}
	}
}

// updateStream carries out the StreamSpecification of UpdateTable.
func updateStream(w kv.Writer, rec *tableRecord, s *api.StreamSpecification, now int64) error {
	enabled := rec.Stream != nil && rec.Stream.Enabled
	switch {
	case s == nil:
		return nil
	case *s.StreamEnabled && enabled:
		return &api.Error{Code: api.CodeValidation, Message: "Table already has an enabled stream: TableName: " + rec.Name}
	case *s.StreamEnabled:
		return startStream(w, rec, *s.StreamViewType, now)
	case !enabled:
		return api.Validation("Table has no stream to disable: TableName: " + rec.Name)
	}
	rec.Stream.Enabled = false
	return closeWindow(w, rec, now, func(w *window) bool { return w.Kind == windowStream })
}

// describeLatestStream tells of the last stream of a table in the table's description.
func (e *Engine) describeLatestStream(rec *tableRecord, d *api.TableDescription) {
	if rec.Stream == nil {
		return
	}
	d.LatestStreamLabel = new(rec.Stream.Label)
	d.LatestStreamArn = new(e.streamARN(rec.Name, rec.Stream.Label))
	if rec.Stream.Enabled {
		d.StreamSpecification = &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: new(rec.Stream.ViewType)}
	}
}

func (e *Engine) streamARN(table, label string) string { return e.arn(table) + "/stream/" + label }

// stream finds a stream, open or not, also of a table that is gone, and its shards.
func (e *Engine) stream(r kv.Reader, arn string, now int64) (*journal, *window, []shard, error) {
	named, label, _ := api.ParseStreamARN(arn)
	if arn == e.streamARN(named.Table, label) {
		list, err := readJournalsOf(r, named.Table)
		if err != nil {
			return nil, nil, nil, err
		}
		for _, j := range list {
			for i := range j.Windows {
				if w := &j.Windows[i]; w.Kind == windowStream && w.Label == label && !w.over(now) {
					sequences, err := j.sequences(r)
					if err != nil {
						return nil, nil, nil, err
					}
					return j, w, w.shards(sequences, now), nil
				}
			}
		}
	}
	return nil, nil, nil, &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found: Stream: " + arn + " not found"}
}

// over reports whether a window ended so long ago that nothing of it is left.
func (w *window) over(now int64) bool { return w.Ended != 0 && w.Ended <= now-w.Retention }

const maxListStreams = 100

func (e *Engine) listStreams(ctx context.Context, in *api.ListStreamsInput) (*api.ListStreamsOutput, error) {
	now := e.micros()
	var all []api.Stream
	err := e.store.View(ctx, func(r kv.Reader) error {
		all = nil
		read := readJournals
		if in.TableName != nil {
			read = func(r kv.Reader) ([]*journal, error) { return readJournalsOf(r, tableName(in.TableName)) }
		}
		list, err := read(r)
		if err != nil {
			return err
		}
		for _, j := range list {
			for _, w := range j.Windows {
				if w.Kind != windowStream || w.over(now) {
					continue
				}
				all = append(all, api.Stream{StreamArn: new(e.streamARN(j.Table, w.Label)), StreamLabel: new(w.Label), TableName: new(j.Table)})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b api.Stream) int {
		return cmp.Or(cmp.Compare(*a.TableName, *b.TableName), cmp.Compare(*a.StreamLabel, *b.StreamLabel))
	})
	if in.ExclusiveStartStreamArn != nil {
		after, label, _ := api.ParseStreamARN(*in.ExclusiveStartStreamArn)
		all = slices.DeleteFunc(all, func(f api.Stream) bool {
			return cmp.Or(cmp.Compare(*f.TableName, after.Table), cmp.Compare(*f.StreamLabel, label)) <= 0
		})
	}
	limit := maxListStreams
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	out := &api.ListStreamsOutput{Streams: []api.Stream{}}
	for _, f := range all {
		if len(out.Streams) == limit {
			out.LastEvaluatedStreamArn = out.Streams[limit-1].StreamArn
			break
		}
		out.Streams = append(out.Streams, f)
	}
	return out, nil
}

const maxDescribeShards = 100

func (e *Engine) describeStream(ctx context.Context, in *api.DescribeStreamInput) (*api.DescribeStreamOutput, error) {
	now := e.micros()
	var d *api.StreamDescription
	err := e.store.View(ctx, func(r kv.Reader) error {
		j, w, shards, err := e.stream(r, *in.StreamArn, now)
		if err != nil {
			return err
		}
		status := api.StreamStatusEnabled
		if w.Ended != 0 {
			status = api.StreamStatusDisabled
		}
		d = &api.StreamDescription{
			StreamArn: new(*in.StreamArn), StreamLabel: new(w.Label), StreamStatus: new(status), StreamViewType: new(w.ViewType),
			TableName: new(j.Table), KeySchema: copySchema(j.KeySchema), CreationRequestDateTime: timeOf(w.Started), Shards: []api.Shard{},
		}
		if f := in.ShardFilter; f != nil {
			shards = slices.DeleteFunc(shards, func(s shard) bool { return s.parent() != *f.ShardId })
		}
		if start := in.ExclusiveStartShardId; start != nil {
			shards = slices.DeleteFunc(shards, func(s shard) bool { return s.id() <= *start })
		}
		limit := maxDescribeShards
		if in.Limit != nil {
			limit = int(*in.Limit)
		}
		for _, s := range shards {
			if len(d.Shards) == limit {
				d.LastEvaluatedShardId = d.Shards[limit-1].ShardId
				break
			}
			d.Shards = append(d.Shards, s.describe())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DescribeStreamOutput{StreamDescription: d}, nil
}
