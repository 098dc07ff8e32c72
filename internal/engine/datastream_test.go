package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

const kinesis = "arn:aws:kinesis:local:000000000000:stream/changes"

func enableDataStream(table, arn string) *api.EnableKinesisStreamingDestinationInput {
	return &api.EnableKinesisStreamingDestinationInput{TableName: &table, StreamArn: &arn}
}

func disableDataStream(table, arn string) *api.DisableKinesisStreamingDestinationInput {
	return &api.DisableKinesisStreamingDestinationInput{TableName: &table, StreamArn: &arn}
}

// memorySink is a broker in memory. It drops what it has by its id, as the contract asks.
type memorySink struct {
	mu       sync.Mutex
	down     error // what Put fails with
	panics   bool
	forgets  bool // takes the records and fails, as when an answer is lost
	records  []api.SinkRecord
	repeated int
	puts     chan struct{}
}

func (s *memorySink) Put(_ context.Context, records []api.SinkRecord) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.puts <- struct{}{}:
	default:
	}
	switch {
	case s.panics:
		panic("the broker is gone")
	case errors.Is(s.down, errExit):
		runtime.Goexit()
	case s.down != nil:
		return s.down
	}
	for _, r := range records {
		if slices.ContainsFunc(s.records, func(have api.SinkRecord) bool { return have.ID == r.ID }) {
			s.repeated++
			continue
		}
		s.records = append(s.records, r)
	}
	if s.forgets {
		s.forgets = false
		return errors.New("the answer was lost")
	}
	return nil
}

func (s *memorySink) set(change func(*memorySink)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *memorySink) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.records)
}

func (s *memorySink) has(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return s.len() >= n }, 10*time.Second, time.Millisecond)
	require.Equal(t, n, s.len())
}

func withSink(c *clock, s *memorySink) engine.Options {
	s.puts = make(chan struct{}, 1)
	return engine.Options{Now: c.Now, Sinks: func(arn string) api.Sink {
		if arn != kinesis {
			return nil
		}
		return s
	}}
}

func destinations(t *testing.T, c api.Client, table string) []api.KinesisDataStreamDestination {
	return do(t, c, &api.DescribeKinesisStreamingDestinationInput{TableName: &table}).KinesisDataStreamDestinations
}

func TestDataStreamOfTable(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, "tab pk:S")
	require.Empty(t, destinations(t, e, "tab"))
	const state = "Table is not in a valid state to enable Kinesis Streaming Destination: "
	require.Equal(t, state+"KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.", fails(t, e, disableDataStream("tab", kinesis)).Message)
	require.Equal(t, "Requested resource not found: Table: other not found", fails(t, e, enableDataStream("other", kinesis)).Message)
	require.Contains(t, fails(t, e, enableDataStream("tab", "arn:aws:s3:local:000000000000:stream/changes")).Message, "Invalid StreamArn")

	out := do(t, e, enableDataStream("tab", kinesis))
	require.Equal(t, api.DestinationStatusEnabling, *out.DestinationStatus)
	require.Nil(t, out.EnableKinesisStreamingConfiguration.ApproximateCreationDateTimePrecision)
	require.Equal(t, []api.KinesisDataStreamDestination{{StreamArn: new(kinesis), DestinationStatus: new(api.DestinationStatusActive)}}, destinations(t, e, "tab"))
	require.Equal(t, state+"EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.",
		fails(t, e, enableDataStream("tab", kinesis+"2")).Message)

	update := func(arn string, p api.ApproximateCreationDateTimePrecision) *api.UpdateKinesisStreamingDestinationInput {
		return &api.UpdateKinesisStreamingDestinationInput{TableName: new("tab"), StreamArn: &arn,
			UpdateKinesisStreamingConfiguration: &api.UpdateKinesisStreamingConfiguration{ApproximateCreationDateTimePrecision: &p}}
	}
	require.Contains(t, fails(t, e, update(kinesis, api.ApproximateCreationDateTimePrecisionMillisecond)).Message, "Precision is already set to the desired value of MILLISECOND for tableId: ")
	require.Equal(t, state+"No streaming destination with streamArn: "+kinesis+"2", fails(t, e, update(kinesis+"2", api.ApproximateCreationDateTimePrecisionMicrosecond)).Message)
	require.Equal(t, api.DestinationStatusUpdating, *do(t, e, update(kinesis, api.ApproximateCreationDateTimePrecisionMicrosecond)).DestinationStatus)
	require.Equal(t, api.ApproximateCreationDateTimePrecisionMicrosecond, *destinations(t, e, "tab")[0].ApproximateCreationDateTimePrecision)

	require.Equal(t, api.DestinationStatusDisabling, *do(t, e, disableDataStream("tab", kinesis)).DestinationStatus)
	require.Equal(t, []api.KinesisDataStreamDestination{{StreamArn: new(kinesis), DestinationStatus: new(api.DestinationStatusDisabled)}}, destinations(t, e, "tab"))
	require.Contains(t, fails(t, e, update(kinesis, api.ApproximateCreationDateTimePrecisionMicrosecond)).Message, "Updates are only allowed in ACTIVE state")
	do(t, e, enableDataStream("tab", kinesis))
	require.Len(t, destinations(t, e, "tab"), 1, "re-enabling flips the entry")
}

// TestSinkTakesAll: a sink that fails, panics, loses answers and is down for a day has every record once, in the order of each item.
func TestSinkTakesAll(t *testing.T) {
	onStores(t, func(t *testing.T, store kv.Store) {
		c, sink := newClock(), &memorySink{}
		e := open(t, store, withSink(c, sink))
		create(t, e, "tab pk:S")
		put(t, e, "tab", `{pk: "before"}`)
		do(t, e, enableDataStream("tab", kinesis))
		for i := range 20 {
			put(t, e, "tab", text(`{pk: "p%d", n: %d}`, i%3, i))
		}
		sink.has(t, 20)

		sink.set(func(s *memorySink) { s.down = errors.New("the broker is down") })
		for i := 20; i < 40; i++ {
			put(t, e, "tab", text(`{pk: "p%d", n: %d}`, i%3, i))
		}
		<-sink.puts
		require.Eventually(t, func() bool {
			d := destinations(t, e, "tab")[0].DestinationStatusDescription
			return d != nil && *d == "The sink takes no records: the broker is down"
		}, 10*time.Second, time.Millisecond)
		c.Advance(30 * time.Hour)
		do(t, e, &api.MaintainInput{})
		sink.set(func(s *memorySink) { s.down, s.panics = nil, true })
		require.Eventually(t, func() bool {
			d := destinations(t, e, "tab")[0].DestinationStatusDescription
			return d != nil && strings.Contains(*d, "panic: the broker is gone")
		}, 10*time.Second, time.Millisecond)
		sink.set(func(s *memorySink) { s.panics, s.forgets = false, true })
		sink.has(t, 40)
		require.Eventually(t, func() bool { return destinations(t, e, "tab")[0].DestinationStatusDescription == nil }, 10*time.Second, time.Millisecond)
		require.Positive(t, sink.repeated, "what was taken and not acknowledged comes again")

		last := map[string]int{}
		for _, r := range sink.records {
			var data struct {
				Dynamodb struct {
					NewImage map[string]map[string]string
				}
				UserIdentity *string
			}
			require.NoError(t, json.Unmarshal(r.Data, &data))
			pk, n := data.Dynamodb.NewImage["pk"]["S"], 0
			require.NoError(t, json.Unmarshal([]byte(data.Dynamodb.NewImage["n"]["N"]), &n))
			before, ok := last[r.PartitionKey]
			require.True(t, !ok || n == before+3, "%s: %d after %d", pk, n, before)
			last[r.PartitionKey] = n
		}
		require.Len(t, last, 3)
	})
}

// TestSinkRecord is the JSON of a record, to the letter.
func TestSinkRecord(t *testing.T) {
	c, sink := newClock(), &memorySink{}
	e := open(t, openMemory(t), withSink(c, sink))
	create(t, e, "tab pk:S")
	do(t, e, enableDataStream("tab", kinesis))
	put(t, e, "tab", `{pk: "a", n: 1}`)
	sink.has(t, 1)
	do(t, e, &api.UpdateKinesisStreamingDestinationInput{TableName: new("tab"), StreamArn: new(kinesis), UpdateKinesisStreamingConfiguration: &api.UpdateKinesisStreamingConfiguration{
		ApproximateCreationDateTimePrecision: new(api.ApproximateCreationDateTimePrecisionMicrosecond)}})
	do(t, e, &api.DeleteItemInput{TableName: new("tab"), Key: item(t, `{pk: "a"}`)})
	sink.has(t, 2)
	id := func(r api.SinkRecord) string {
		var v struct{ EventID string }
		require.NoError(t, json.Unmarshal(r.Data, &v))
		require.Len(t, v.EventID, 32)
		return v.EventID
	}
	first, second := sink.records[0], sink.records[1]
	require.NotEqual(t, id(first), id(second))
	require.Equal(t, `{"awsRegion":"local","eventID":"`+id(first)+`","eventName":"INSERT","userIdentity":null,"recordFormat":"application/json","tableName":"tab",`+
		`"dynamodb":{"ApproximateCreationDateTime":1793534400000,"Keys":{"pk":{"S":"a"}},"NewImage":{"pk":{"S":"a"},"n":{"N":"1"}},"SizeBytes":9},"eventSource":"aws:dynamodb"}`, string(first.Data))
	require.Equal(t, `{"awsRegion":"local","eventID":"`+id(second)+`","eventName":"REMOVE","userIdentity":null,"recordFormat":"application/json","tableName":"tab",`+
		`"dynamodb":{"ApproximateCreationDateTime":1793534400000000,"Keys":{"pk":{"S":"a"}},"OldImage":{"pk":{"S":"a"},"n":{"N":"1"}},"SizeBytes":9,"ApproximateCreationDateTimePrecision":"MICROSECOND"},"eventSource":"aws:dynamodb"}`, string(second.Data))
	require.Equal(t, c.Now(), first.CommitTime)
	require.Regexp(t, `^[0-9a-f-]{36}/[0-3]/1$`, first.ID)
}

// TestSinkGoesOn: after the database was closed a sink gets what it has not had; a stream that was disabled, and one
// whose table was deleted, are carried out to their end.
func TestSinkGoesOn(t *testing.T) {
	c, sink := newClock(), &memorySink{}
	path := t.TempDir() + "/test.db"
	e, err := engine.Open(t.Context(), openFile(t, path), withSink(c, sink))
	require.NoError(t, err)
	create(t, e, "tab pk:S")
	do(t, e, enableDataStream("tab", kinesis))
	put(t, e, "tab", `{pk: "a"}`)
	sink.has(t, 1)
	sink.set(func(s *memorySink) { s.down = errors.New("down") })
	put(t, e, "tab", `{pk: "b"}`)
	require.NoError(t, e.Close())

	sink.set(func(s *memorySink) { s.down = nil })
	e, err = engine.Open(t.Context(), openFile(t, path), withSink(c, sink))
	require.NoError(t, err)
	sink.has(t, 2)
	sink.set(func(s *memorySink) { s.down = errors.New("down") })
	put(t, e, "tab", `{pk: "c"}`)
	do(t, e, disableDataStream("tab", kinesis))
	put(t, e, "tab", `{pk: "not in the stream"}`)
	sink.set(func(s *memorySink) { s.down = nil })
	sink.has(t, 3)

	do(t, e, enableDataStream("tab", kinesis))
	sink.set(func(s *memorySink) { s.down = errors.New("down") })
	put(t, e, "tab", `{pk: "d"}`)
	do(t, e, &api.DeleteTableInput{TableName: new("tab")})
	sink.set(func(s *memorySink) { s.down = nil })
	sink.has(t, 4)
	require.Zero(t, sink.repeated)
	require.Eventually(t, func() bool { return e.Waiting() == 0 }, 10*time.Second, time.Millisecond, "writers have nobody to wake any more")
	finish(t, e)
}

// TestSinkOfStreamThatIsEnabledAgain: a sink that was down when its data stream was disabled and enabled again
// gets the records of before first. Else an item would go back to what it was.
func TestSinkOfStreamThatIsEnabledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, sink := newClock(), &memorySink{}
		e := open(t, openMemory(t), withSink(c, sink))
		create(t, e, "tab pk:S")
		sink.set(func(s *memorySink) { s.down = errors.New("down") })
		const rounds = 5
		for n := range rounds {
			do(t, e, enableDataStream("tab", kinesis))
			put(t, e, "tab", text(`{pk: "a", n: %d}`, n))
			if n < rounds-1 {
				do(t, e, disableDataStream("tab", kinesis))
			}
			<-sink.puts // so that the pauses before the next try are of different length
		}
		sink.set(func(s *memorySink) { s.down = nil })
		sink.has(t, rounds)
		for n, r := range sink.records {
			require.Contains(t, string(r.Data), text(`"NewImage":{"pk":{"S":"a"},"n":{"N":"%d"}}`, n))
		}
	})
}

// funcSink is a sink that is a func.
type funcSink func(ctx context.Context, records []api.SinkRecord) error

func (f funcSink) Put(ctx context.Context, records []api.SinkRecord) error { return f(ctx, records) }

// TestSinkThatHangs: a sink that does not return is told, and does not keep the database from being closed.
func TestSinkThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		sink := funcSink(func(context.Context, []api.SinkRecord) error { <-release; return nil })
		e, err := engine.Open(t.Context(), openMemory(t), engine.Options{Sinks: func(string) api.Sink { return sink }})
		require.NoError(t, err)
		create(t, e, "tab pk:S")
		do(t, e, enableDataStream("tab", kinesis))
		put(t, e, "tab", `{pk: "a"}`)
		time.Sleep(time.Hour)
		require.Equal(t, "The sink has not returned for 1m0s, and is waited for", *destinations(t, e, "tab")[0].DestinationStatusDescription)
		began := time.Now()
		require.ErrorContains(t, e.Close(), "a Sink has not returned 10s after its context ended, and still runs")
		require.Equal(t, 10*time.Second, time.Since(began))
		close(release)
	})
}

// TestSinkAtTheEnd: a batch that a sink takes while the database is closed does not come again.
func TestSinkAtTheEnd(t *testing.T) {
	path := t.TempDir() + "/test.db"
	called := make(chan struct{}, 1)
	sink := funcSink(func(ctx context.Context, _ []api.SinkRecord) error {
		called <- struct{}{}
		<-ctx.Done()
		return nil
	})
	e, err := engine.Open(t.Context(), openFile(t, path), engine.Options{Sinks: func(string) api.Sink { return sink }})
	require.NoError(t, err)
	create(t, e, "tab pk:S")
	do(t, e, enableDataStream("tab", kinesis))
	put(t, e, "tab", `{pk: "a"}`)
	<-called
	require.NoError(t, e.Close())

	c, next := newClock(), &memorySink{}
	e, err = engine.Open(t.Context(), openFile(t, path), withSink(c, next))
	require.NoError(t, err)
	put(t, e, "tab", `{pk: "b"}`)
	next.has(t, 1)
	require.Contains(t, string(next.records[0].Data), `"b"`)
	finish(t, e)
}

// TestSinkIntoAnotherStore: a sink whose own store is closed is down, and no more than that.
func TestSinkIntoAnotherStore(t *testing.T) {
	for _, of := range []error{kv.ErrClosed, kv.ErrReadOnly, errExit} {
		c, sink := newClock(), &memorySink{}
		e := open(t, openMemory(t), withSink(c, sink))
		create(t, e, "tab pk:S")
		sink.set(func(s *memorySink) { s.down = of })
		do(t, e, enableDataStream("tab", kinesis))
		put(t, e, "tab", `{pk: "a"}`)
		<-sink.puts
		<-sink.puts
		sink.set(func(s *memorySink) { s.down = nil })
		sink.has(t, 1)
	}
}

// errExit lets a sink end its goroutine.
var errExit = errors.New("exit")

// TestSinkTellsWhatItMissed: what is trimmed before a sink takes it is told.
func TestSinkTellsWhatItMissed(t *testing.T) {
	c, sink := newClock(), &memorySink{}
	e := open(t, openMemory(t), withSink(c, sink))
	create(t, e, "tab pk:S")
	do(t, e, enableDataStream("tab", kinesis))
	sink.set(func(s *memorySink) { s.down = errors.New("down") })
	put(t, e, "tab", `{pk: "a", n: 1}`)
	put(t, e, "tab", `{pk: "a", n: 2}`)
	c.Advance(7*24*time.Hour + time.Second)
	require.EqualValues(t, 2, do(t, e, &api.MaintainInput{}).Trimmed)
	put(t, e, "tab", `{pk: "a", n: 3}`)
	for range 3 {
		<-sink.puts // the last of them began after the records were trimmed
	}
	sink.set(func(s *memorySink) { s.down = nil })
	sink.has(t, 1)
	require.Eventually(t, func() bool {
		d := destinations(t, e, "tab")[0].DestinationStatusDescription
		return d != nil && *d == "2 records were no longer kept when the sink would take them."
	}, 10*time.Second, time.Millisecond)
}

// TestDataStreamReaders: without a sink the journal is the stream. It keeps a change for its own retention, beside a stream of
// 24 hours, for any number of readers with positions of their own.
func TestDataStreamReaders(t *testing.T) {
	c := newClock()
	e := open(t, openMemory(t), engine.Options{Now: c.Now, DataStreamRetention: 365 * 24 * time.Hour})
	create(t, e, "tab pk:S")
	do(t, e, enableStream("tab", api.StreamViewTypeKeysOnly))
	do(t, e, enableDataStream("tab", kinesis))
	for i := range 10 {
		put(t, e, "tab", text(`{pk: "a", n: %d}`, i))
		c.Advance(24 * time.Hour)
	}
	do(t, e, &api.MaintainInput{})
	for _, name := range []string{"one", "two"} {
		s := do(t, e, &api.OpenSubscriptionInput{TableName: new("tab"), SubscriptionName: &name})
		require.Len(t, do(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: s.Position}).Changes, 10)
	}
	arn := *do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table.LatestStreamArn
	require.Empty(t, readStream(t, e, arn), "the stream's own window is 24 hours")
	do(t, e, disableDataStream("tab", kinesis))
	c.Advance(300 * 24 * time.Hour)
	require.Zero(t, do(t, e, &api.MaintainInput{}).Trimmed)
	c.Advance(66 * 24 * time.Hour)
	require.EqualValues(t, 10, do(t, e, &api.MaintainInput{}).Trimmed)
}

func TestDataStreamOptions(t *testing.T) {
	_, err := engine.Options{DataStreamRetention: time.Hour}.WithDefaults()
	require.EqualError(t, err, "Options.DataStreamRetention is 1h0m0s, allowed are 24h0m0s to 8760h0m0s")
}
