package engine

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// dataStream is what a window holds of a data stream, which AWS calls a Kinesis
// streaming destination. The journal itself is the stream; a Sink can carry it elsewhere.
type dataStream struct {
	StreamArn string
	Precision api.ApproximateCreationDateTimePrecision `json:",omitempty"` // "" is MILLISECOND, and was never set
	Sent      []uint64                                 `json:",omitempty"` // per slot: the next sequence for the Sink
	Lost      int64                                    `json:",omitempty"` // records that were trimmed before the Sink took them
}

var kinesisARN = regexp.MustCompile(`^arn:[a-z0-9-]+:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[a-zA-Z0-9_.-]{1,128}$`)

const dataStreamState = "Table is not in a valid state to enable Kinesis Streaming Destination: "

// openDataStream returns the one of a table that is enabled, nil when there is none. AWS has one at most.
func (j *journal) openDataStream() *window {
	if j == nil {
		return nil
	}
	for i := range j.Windows {
		if w := &j.Windows[i]; w.Kind == windowDataStream && w.Ended == 0 {
			return w
		}
	}
	return nil
}

func (e *Engine) enableDataStream(ctx context.Context, in *api.EnableKinesisStreamingDestinationInput) (*api.EnableKinesisStreamingDestinationOutput, error) {
	arn := *in.StreamArn
	if !kinesisARN.MatchString(arn) {
		return nil, api.Validation("Invalid StreamArn: " + arn + " is not of the form arn:aws:kinesis:region:account:stream/name")
	}
	config := in.EnableKinesisStreamingConfiguration
	if config == nil {
		config = &api.EnableKinesisStreamingConfiguration{}
	}
	now := e.micros()
	name := tableName(in.TableName)
	t, err := e.changeTable(ctx, name, func(w kv.Writer, rec *tableRecord) error {
		j, err := readJournal(w, rec.ID)
		if err != nil {
			return err
		}
		if j.openDataStream() != nil {
			return api.Validation(dataStreamState + "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.")
		}
		d := &dataStream{StreamArn: arn}
		if config.ApproximateCreationDateTimePrecision != nil {
			d.Precision = *config.ApproximateCreationDateTimePrecision
		}
		return openWindow(w, rec, window{Kind: windowDataStream, Retention: e.opt.DataStreamRetention.Microseconds(), DataStream: d}, now)
	})
	if err != nil {
		return nil, err
	}
	e.sinks.follow(e, t.id)
	return &api.EnableKinesisStreamingDestinationOutput{
		TableName: new(name), StreamArn: new(arn), DestinationStatus: new(api.DestinationStatusEnabling),
		EnableKinesisStreamingConfiguration: &api.EnableKinesisStreamingConfiguration{
			ApproximateCreationDateTimePrecision: copyOf(config.ApproximateCreationDateTimePrecision)},
	}, nil
}

func (e *Engine) disableDataStream(ctx context.Context, in *api.DisableKinesisStreamingDestinationInput) (*api.DisableKinesisStreamingDestinationOutput, error) {
	now := e.micros()
	name := tableName(in.TableName)
	t, err := e.changeTable(kv.WithPurpose(ctx, kv.PurposeDelete), name, func(w kv.Writer, rec *tableRecord) error {
		j, err := readJournal(w, rec.ID)
		if err != nil {
			return err
		}
		open := j.openDataStream()
		if open == nil || open.DataStream.StreamArn != *in.StreamArn {
			return api.Validation(dataStreamState + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
		}
		return closeWindow(w, rec, now, func(w *window) bool { return w.ID == open.ID })
	})
	if err != nil {
		return nil, err
	}
	e.readers.wake(t.id) // its sink has an end to come to
	return &api.DisableKinesisStreamingDestinationOutput{
		TableName: new(name), StreamArn: copyOf(in.StreamArn), DestinationStatus: new(api.DestinationStatusDisabling)}, nil
}

func (e *Engine) updateDataStream(ctx context.Context, in *api.UpdateKinesisStreamingDestinationInput) (*api.UpdateKinesisStreamingDestinationOutput, error) {
	name, arn := tableName(in.TableName), *in.StreamArn
	precision := *in.UpdateKinesisStreamingConfiguration.ApproximateCreationDateTimePrecision
	_, err := e.changeTable(ctx, name, func(w kv.Writer, rec *tableRecord) error {
		j, err := readJournal(w, rec.ID)
		if err != nil {
			return err
		}
		open := j.openDataStream()
		switch {
		case open != nil && open.DataStream.StreamArn == arn:
		case j != nil && j.dataStreams()[arn] != nil:
			return api.Validation(dataStreamState + "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: " + name + ", kdsArn: " + arn)
		default:
			return api.Validation(dataStreamState + "No streaming destination with streamArn: " + arn)
		}
		if open.DataStream.precision() == precision {
			return api.Validation("Invalid Request: Precision is already set to the desired value of " + string(precision) + " for tableId: " + rec.UUID + ", kdsArn: " + arn)
		}
		open.DataStream.Precision = precision
		return j.store(w)
	})
	if err != nil {
		return nil, err
	}
	return &api.UpdateKinesisStreamingDestinationOutput{
		TableName: new(name), StreamArn: new(arn), DestinationStatus: new(api.DestinationStatusUpdating),
		UpdateKinesisStreamingConfiguration: &api.UpdateKinesisStreamingConfiguration{ApproximateCreationDateTimePrecision: new(precision)},
	}, nil
}

func (d *dataStream) precision() api.ApproximateCreationDateTimePrecision {
	if d.Precision == "" {
		return api.ApproximateCreationDateTimePrecisionMillisecond
	}
	return d.Precision
}

// dataStreams returns the last window of each data stream, by ARN.
func (j *journal) dataStreams() map[string]*window {
	list := map[string]*window{}
	for i := range j.Windows {
		if w := &j.Windows[i]; w.Kind == windowDataStream {
			list[w.DataStream.StreamArn] = w
		}
	}
	return list
}

func (e *Engine) describeDataStreams(ctx context.Context, in *api.DescribeKinesisStreamingDestinationInput) (*api.DescribeKinesisStreamingDestinationOutput, error) {
	name := tableName(in.TableName)
	t := e.catalog.Load().tables[name]
	if t == nil {
		return nil, tableNotFound(name)
	}
	var out *api.DescribeKinesisStreamingDestinationOutput
	err := e.store.View(ctx, func(r kv.Reader) error {
		out = &api.DescribeKinesisStreamingDestinationOutput{TableName: new(name), KinesisDataStreamDestinations: []api.KinesisDataStreamDestination{}}
		j, err := readJournal(r, t.id)
		if err != nil || j == nil {
			return err
		}
		last := j.dataStreams()
		for i := range j.Windows {
			w := &j.Windows[i]
			if w.Kind != windowDataStream || last[w.DataStream.StreamArn] != w {
				continue
			}
			d := api.KinesisDataStreamDestination{StreamArn: new(w.DataStream.StreamArn), DestinationStatus: new(api.DestinationStatusDisabled)}
			if w.Ended == 0 {
				d.DestinationStatus = new(api.DestinationStatusActive)
				if w.DataStream.Precision != "" {
					d.ApproximateCreationDateTimePrecision = new(w.DataStream.Precision)
				}
			}
			trouble := e.sinks.trouble(sinkID{t.id, w.ID})
			if w.DataStream.Lost > 0 {
				trouble = strings.TrimSpace(fmt.Sprintf("%d records were no longer kept when the sink would take them. %s", w.DataStream.Lost, trouble))
			}
			if trouble != "" {
				d.DestinationStatusDescription = &trouble
			}
			out.KinesisDataStreamDestinations = append(out.KinesisDataStreamDestinations, d)
		}
		return nil
	})
	return out, err
}
