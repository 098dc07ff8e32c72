package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/keyenc"
	"github.com/statordb/stator/internal/wire"
	"github.com/statordb/stator/kv"
)

// sinks are the goroutines that carry data streams out of the database, one for
// each stream of a table.
//
// A goroutine reads its window of the journal like any reader, gives a batch to the
// Sink, and saves how far it is. What the Sink took before a crash and
// was not saved comes again, under the same ids: at least once.
type sinks struct {
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	running map[sinkID]string // what troubles it, "" nothing; mu guards it
	stopped bool              // no goroutine is started any more; mu guards it
	left    error             // a Sink that did not end when it should; mu guards it
}

type sinkID struct{ tableID, windowID uint32 }

const (
	sinkBatch      = 500 // records in one Put, at most
	sinkMinBackoff = 100 * time.Millisecond
	sinkMaxBackoff = time.Minute

	sinkPatience = time.Minute      // how long a Put takes before it is told
	sinkGrace    = 10 * time.Second // how long a Put may take to return after its context ended
)

// startSinks goes on with the data streams that are enabled, or have not been carried out to their end.
func (e *Engine) startSinks(ctx context.Context) error {
	e.sinks.ctx, e.sinks.cancel = context.WithCancel(context.Background())
	if e.opt.Sinks == nil {
		return nil
	}
	var list []*journal
	err := e.store.View(ctx, func(r kv.Reader) (err error) {
		list, err = readJournals(r)
		return err
	})
	for _, j := range list {
		e.sinks.follow(e, j.TableID)
	}
	return err
}

// stop ends the goroutines. A Sink that does not return is left alone, and told in the error.
func (s *sinks) stop() error {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
	}
	s.done.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

// follow starts the goroutines of a table's data streams that have none yet.
func (s *sinks) follow(e *Engine, tableID uint32) {
	if e.opt.Sinks == nil || s.ctx == nil {
		return
	}
	var windows []window
	err := e.store.View(s.ctx, func(r kv.Reader) error {
		windows = nil
		j, err := readJournal(r, tableID)
		if err == nil && j != nil {
			windows = j.Windows
		}
		return err
	})
	if err != nil {
		return // of a store that answers nothing else either
	}
	for _, w := range windows {
		if w.Kind != windowDataStream {
			continue
		}
		sink := e.opt.Sinks(w.DataStream.StreamArn)
		if sink == nil {
			continue
		}
		id := sinkID{tableID, w.ID}
		s.mu.Lock()
		if _, running := s.running[id]; !running && !s.stopped {
			if s.running == nil {
				s.running = map[sinkID]string{}
			}
			s.running[id] = ""
			s.done.Go(func() { e.carry(s.ctx, id, sink) })
		}
		s.mu.Unlock()
	}
}

// trouble says what keeps a sink from taking records, "" nothing.
func (s *sinks) trouble(id sinkID) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[id]
}

func (s *sinks) tell(id sinkID, trouble string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[id] = trouble
}

func (s *sinks) forget(id sinkID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
}

// carry puts the records of one data stream into its sink until the stream is
// at its end or the engine closes.
func (e *Engine) carry(ctx context.Context, id sinkID, sink api.Sink) {
	defer e.sinks.forget(id)
	defer e.readers.wake(id.tableID) // of whom it may be the last, of a table that never changes again
	failures := 0
	background := e.newBackground()
	for ctx.Err() == nil {
		woken, err := e.readers.next(id.tableID)
		if err != nil {
			return
		}
		sent, over, err := e.carrySome(ctx, id, sink)
		background.failed(err)
		var wait time.Duration
		switch {
		case over || errors.Is(err, kv.ErrClosed) || errors.Is(err, kv.ErrReadOnly):
			return // in the last two until the store is opened again
		case err != nil && ctx.Err() == nil:
			e.sinks.tell(id, err.Error())
			failures++
			wait = sinkBackoff(failures)
			woken = nil // a change makes it no better
		default:
			if e.sinks.trouble(id) != "" {
				e.sinks.tell(id, "")
			}
			failures = 0
			if sent > 0 {
				continue
			}
			wait = pollEvery
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// sinkBackoff doubles with each failure in a row, and is spread by a half.
func sinkBackoff(failures int) time.Duration {
	d := min(sinkMinBackoff<<min(failures-1, 20), sinkMaxBackoff)
	return d/2 + rand.N(d/2)
}

// carrySome puts one batch. over is true when there will be no more.
func (e *Engine) carrySome(ctx context.Context, id sinkID, sink api.Sink) (sent int, over bool, err error) {
	var j *journal
	var w *window
	var out *api.ReadChangesOutput
	var ended bool
	var lost int64
	err = e.store.View(ctx, func(r kv.Reader) error {
		j, w, out, ended, lost = nil, nil, nil, false, 0
		if j, err = e.journals.read(r, id.tableID); err != nil || j == nil {
			return err
		}
		if w = j.window(id.windowID); w == nil {
			return nil
		}
		if j.precedes(w) {
			out = &api.ReadChangesOutput{}
			return nil
		}
		sequences, err := j.sequences(r)
		if err != nil {
			return err
		}
		at := &api.Position{TableID: j.UUID, Next: make([]uint64, j.Slots)}
		ended = w.Ended != 0
		for slot := range at.Next {
			sequences[slot] = w.last(slot, sequences[slot])
			at.Next[slot] = w.Start[slot] + 1
			if len(w.DataStream.Sent) == j.Slots {
				at.Next[slot] = w.DataStream.Sent[slot]
			}
		}
		slots, err := j.slots(nil)
		if err != nil {
			return err
		}
		m := merge{r: r, j: j, e: e, limit: sinkBatch, sequences: sequences}
		if out, err = m.read(at, slots); err != nil && errors.Is(err, api.ErrTrimmed) {
			// The sink was away for longer than the stream keeps its changes.
			out, lost, err = m.skip(at, slots)
		}
		return err
	})
	switch {
	case err != nil:
		return 0, false, err
	case w == nil:
		return 0, true, nil
	case out.Position == nil:
		return 0, false, nil // it is the turn of another window
	}
	if len(out.Changes) > 0 {
		records, err := e.sinkRecords(j, w, out.Changes)
		if err != nil {
			return 0, false, err
		}
		if err := e.putInto(ctx, id, sink, records); err != nil {
			return 0, false, err
		}
	} else if ended {
		return 0, true, nil
	} else if len(w.DataStream.Sent) == j.Slots {
		return 0, false, nil
	}
	// Also when ctx has ended: what the sink has taken must not come again for no reason.
	if err := e.saveSent(context.WithoutCancel(ctx), id, out.Position.Next, lost); err != nil {
		return 0, false, fmt.Errorf("The sink took records, and how far it is could not be saved: %w", err)
	}
	return len(out.Changes), false, nil
}

// precedes reports whether the data stream had a window before w that is not carried out to its end: it
// was disabled and enabled again. An item may have records in both.
func (j *journal) precedes(w *window) bool {
	return slices.ContainsFunc(j.Windows, func(before window) bool {
		return before.Kind == windowDataStream && before.ID < w.ID && before.DataStream.StreamArn == w.DataStream.StreamArn && before.unsent()
	})
}

// unsent reports whether a window that has ended has records that its sink has not taken.
func (w *window) unsent() bool {
	for slot, end := range w.End {
		next := w.Start[slot] + 1
		if len(w.DataStream.Sent) == len(w.End) {
			next = w.DataStream.Sent[slot]
		}
		if next <= end {
			return true
		}
	}
	return false
}

// skip reads after what was trimmed, and returns how many records that were.
func (m *merge) skip(at *api.Position, slots []int) (out *api.ReadChangesOutput, lost int64, err error) {
	next := &api.Position{TableID: at.TableID, Next: append([]uint64(nil), at.Next...)}
	for _, slot := range slots {
		first, _, ok, err := firstRecord(m.r, m.j.TableID, byte(slot), at.Next[slot], m.sequences[slot])
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			first = max(at.Next[slot], m.sequences[slot]+1)
		}
		lost += int64(first - at.Next[slot])
		next.Next[slot] = first
	}
	out, err = m.read(next, slots)
	return out, lost, err
}

// putInto calls the sink, in a goroutine of its own. One that takes long is told, and waited for.
func (e *Engine) putInto(ctx context.Context, id sinkID, sink api.Sink, records []api.SinkRecord) error {
	result := make(chan error, 1)
	go callSink(ctx, sink, records, result)
	patience := time.NewTimer(sinkPatience)
	defer patience.Stop()
	for {
		select {
		case err := <-result:
			return err
		case <-patience.C:
			e.sinks.tell(id, "The sink has not returned for "+sinkPatience.String()+", and is waited for")
			continue
		case <-ctx.Done():
		}
		grace := time.NewTimer(sinkGrace)
		defer grace.Stop()
		select {
		case err := <-result:
			return err
		case <-grace.C:
			return e.sinks.leave()
		}
	}
}

// callSink calls the sink, whose panic is an error. What a sink fails with is of its own: it must not look like
// a failure of this store, also when the sink writes to another one.
func callSink(ctx context.Context, sink api.Sink, records []api.SinkRecord, result chan<- error) {
	err := errors.New("it ended its goroutine")
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		if err != nil {
			err = errors.New("The sink takes no records: " + err.Error())
		}
		result <- err
	}()
	err = sink.Put(ctx, records)
}

// leave remembers that a Sink still runs.
func (s *sinks) leave() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = fmt.Errorf("close: a Sink has not returned %s after its context ended, and still runs", sinkGrace)
	return s.left
}

// saveSent keeps how far a sink is.
func (e *Engine) saveSent(ctx context.Context, id sinkID, next []uint64, lost int64) error {
	return e.store.Update(forReaders(ctx), func(w kv.Writer) error {
		j, err := readJournal(w, id.tableID)
		if err != nil || j == nil {
			return err
		}
		win := j.window(id.windowID)
		if win == nil {
			return nil
		}
		win.DataStream.Sent = next
		win.DataStream.Lost += lost
		return j.store(w)
	})
}

func (e *Engine) sinkRecords(j *journal, w *window, changes []api.Change) ([]api.SinkRecord, error) {
	records := make([]api.SinkRecord, len(changes))
	for i := range changes {
		c := &changes[i]
		data, err := e.appendKinesisRecord(nil, j, w, c)
		if err != nil {
			return nil, fmt.Errorf("record %s: %w", c.SequenceNumber, err)
		}
		keys, _ := c.Keys.Stored()
		records[i] = api.SinkRecord{
			ID:           j.UUID + "/" + strconv.Itoa(c.Slot) + "/" + strconv.FormatUint(c.Sequence, 10),
			PartitionKey: partitionText(keys), Data: data, CommitTime: c.CommitTime,
		}
	}
	return records, nil
}

// partitionText returns a text that is the same for all records of an item.
func partitionText(keys itemcodec.Item) string {
	hash := keyenc.Hash(keys)
	return hex.EncodeToString(hash[:])
}

// appendKinesisRecord appends the JSON object that DynamoDB puts into Kinesis for a change.
//
// Source: Amazon DynamoDB Developer Guide, "Using Kinesis Data Streams to capture changes to DynamoDB".
func (e *Engine) appendKinesisRecord(dst []byte, j *journal, w *window, c *api.Change) ([]byte, error) {
	dst = append(dst, `{"awsRegion":"`+e.opt.Region+`","eventID":"`+c.EventID+`","eventName":"`+string(c.EventName)+`","userIdentity":`...)
	if u := c.UserIdentity; u != nil {
		dst = append(dst, `{"principalId":"`+*u.PrincipalId+`","type":"`+*u.Type+`"}`...)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"recordFormat":"application/json","tableName":"`+j.Table+`","dynamodb":{"ApproximateCreationDateTime":`...)
	if w.DataStream.precision() == api.ApproximateCreationDateTimePrecisionMicrosecond {
		dst = strconv.AppendInt(dst, c.CommitTime.UnixMicro(), 10)
	} else {
		dst = strconv.AppendInt(dst, c.CommitTime.UnixMilli(), 10)
	}
	var err error
	for _, part := range []struct {
		name string
		item api.Attributes
	}{{"Keys", c.Keys}, {"NewImage", c.New}, {"OldImage", c.Old}} {
		if part.item.IsZero() {
			continue
		}
		dst = append(dst, `,"`+part.name+`":`...)
		if dst, err = wire.AppendAttributes(dst, part.item); err != nil {
			return nil, err
		}
	}
	dst = strconv.AppendInt(append(dst, `,"SizeBytes":`...), c.SizeBytes, 10)
	if w.DataStream.precision() == api.ApproximateCreationDateTimePrecisionMicrosecond {
		dst = append(dst, `,"ApproximateCreationDateTimePrecision":"MICROSECOND"`...)
	}
	return append(dst, `},"eventSource":"aws:dynamodb"}`...), nil
}
