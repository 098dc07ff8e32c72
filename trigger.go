package stator

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/statordb/stator/api"
)

// Trigger hands the changes of a table over to a Go func, in batches, as an
// event source mapping of AWS Lambda does with a function. It is safe for concurrent use.
//
// It is a named reader of the table's journal: how far it has come is saved after
// each batch, so that a trigger of the same name goes on there when the program starts
// again. Each record is handed over at least once; those of an item one after the other, in their order.
// Records that were handed over and not finished come again after a restart, and with a ParallelizationFactor
// also finished ones of the same shard behind them.
//
// It has one goroutine while nothing happens. While there are batches, there is one for each of them.
type Trigger struct {
	client  Client
	table   string
	name    string
	handler TriggerHandler
	options triggerSettings
	session string
	tableID string
	seed    maphash.Seed // of the keys' hashes, which choose the lane

	reading context.Context    // ends when no batch begins any more
	stop    context.CancelFunc // ends reading
	calls   context.Context    // what handlers get; ends with that of StartTrigger
	cancel  context.CancelFunc // ends calls

	running sync.WaitGroup // the reader and the lanes
	ended   chan struct{}  // closed when all of them ended and the position is saved
	nudge   chan struct{}  // wakes the reader when it may read more, or less
	source  atomic.Pointer[eventSource]

	saving sync.Mutex // held over a SavePosition, and taken before mu

	mu        sync.Mutex         // guards all below, and the lanes
	saved     []uint64           // the position that is saved
	savedAt   time.Time          // when that was tried last
	next      []uint64           // per slot: the sequence of the next change to read
	slots     []triggerSlot      // by number
	interrupt context.CancelFunc // of the ReadChanges under way; nil when there is none
	partial   bool               // that one does not read all slots
	paused    bool
	resumed   chan struct{} // closed by Resume
	problems  problems
	counts    triggerCounts
	err       error // what ended the trigger
}

// triggerSlot is a part of the journal: what a shard is in a stream.
type triggerSlot struct {
	lanes   []*lane
	records int   // read and not done
	bytes   int64 // of them
	full    bool  // nothing more of this slot is read for now
}

// StartTrigger hands the changes of a table over to handler from now on, under a name that no
// other trigger or reader of the table has. Where it begins when the
// name is new, options say; a known name goes on where it was.
//
//	trigger, err := stator.StartTrigger(ctx, db, "users", "welcome", func(ctx context.Context, e stator.TriggerEvent) error {
//		for _, r := range e.Records {
//			…
//		}
//		return nil
//	}, &stator.TriggerOptions{FilterCriteria: []string{`{"eventName": ["INSERT"]}`}})
//	defer trigger.Close()
//
// The trigger ends with Close, with ctx (the handler's context, too), and when it cannot go on
// for ever: the table was deleted, the database closed, the name taken by another process. Close it before the DB.
//
// The table must have a stream (the option Stream) or a data stream. The Client
// must know the native operations of package api: a DB does, a remote DynamoDB does not.
// A name that is in use is ErrResourceInUse. TableOf.Trigger is the same with typed items.
func StartTrigger(ctx context.Context, c Client, table, name string, handler TriggerHandler, options *TriggerOptions) (*Trigger, error) {
	settings, err := options.settings()
	if err != nil {
		return nil, fmt.Errorf("stator: %w", err)
	}
	if handler == nil {
		return nil, errors.New("stator: StartTrigger: the handler is nil")
	}
	t := &Trigger{
		client: c, table: table, name: name, handler: handler, options: settings, seed: maphash.MakeSeed(),
		ended: make(chan struct{}), nudge: make(chan struct{}, 1), resumed: make(chan struct{}), paused: settings.Paused,
	}
	if err := t.describe(ctx); err != nil {
		return nil, err
	}
	out, err := do(ctx, c, &api.OpenSubscriptionInput{
		TableName: &table, SubscriptionName: &name, Start: &api.ChangesStart{Type: settings.StartingPosition},
	})
	if err != nil {
		return nil, err
	}
	t.session, t.tableID, t.next, t.saved = out.Session, out.Position.TableID, out.Position.Next, slices.Clone(out.Position.Next)
	t.slots = make([]triggerSlot, len(t.next))
	for i := range t.slots {
		for range settings.ParallelizationFactor {
			t.slots[i].lanes = append(t.slots[i].lanes, &lane{slot: i, wake: make(chan struct{}, 1)})
		}
	}
	t.calls, t.cancel = context.WithCancel(ctx)
	t.reading, t.stop = context.WithCancel(t.calls)
	t.running.Go(t.read)
	go t.end()
	return t, nil
}

// Trigger is StartTrigger with typed items: the handler gets both images of
// each change, and FilterCriteria see both, whatever the view of the table's stream is. An item that cannot be stored in a T makes the batch
// fail before the handler is called. The Changes have no Ack: what the handler returns decides.
func (t TableOf[T]) Trigger(ctx context.Context, name string, handler func(ctx context.Context, changes []Change[T]) error, options *TriggerOptions) (*Trigger, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if handler == nil {
		return nil, errors.New("stator: Trigger: the handler is nil")
	}
	typed := func(ctx context.Context, e TriggerEvent) error {
		changes := make([]Change[T], len(e.Records))
		for i := range e.Records {
			var err error
			if changes[i], err = changeOf[T](t.name, e.Records[i].change, nil, 0); err != nil {
				return err
			}
		}
		return handler(ctx, changes)
	}
	var o TriggerOptions
	if options != nil {
		o = *options
	}
	if o.StreamViewType == "" {
		o.StreamViewType = StreamNewAndOldImages // for the filters
	}
	return StartTrigger(ctx, t.client, t.name, name, typed, &o)
}

// end waits until the trigger has ended, and says so.
func (t *Trigger) end() {
	<-t.reading.Done()
	t.running.Wait()
	err := t.save()
	ctx, cancel := t.afterwards()
	_, releaseErr := do(ctx, t.client, &api.SavePositionInput{TableName: &t.table, SubscriptionName: &t.name, Session: &t.session, Release: true})
	cancel()
	t.fail(errors.Join(err, releaseErr))
	t.cancel()
	close(t.ended)
}

// afterwards returns a context for what is still to be done when the trigger's own has ended.
func (t *Trigger) afterwards() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(t.calls), 30*time.Second)
}

// fail ends the trigger. The first error is kept.
func (t *Trigger) fail(err error) {
	t.mu.Lock()
	if t.err == nil && err != nil {
		t.err = err
	}
	t.mu.Unlock()
	t.stop()
}

// Close ends the trigger: batches that are with the handler are waited for and
// count when it returns nil; those that wait for another try, or for their window, come
// again when a trigger of this name is started. A handler that has passed its HandlerTimeout is
// waited for a second; it may still run when Close returns an error that says so. With a negative
// HandlerTimeout Close waits for as long as the handler takes; a handler must not call it, for it would wait
// for itself. Other errors are those that
// ended the trigger before. A second Close returns the same.
func (t *Trigger) Close() error {
	t.stop()
	<-t.ended
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Done returns a channel that is closed when the trigger has ended; Close tells why.
func (t *Trigger) Done() <-chan struct{} { return t.ended }

// Pause hands nothing over until Resume; batches that are with the handler are not
// waited for. Nothing is lost while a trigger is paused, as long as the journal keeps it (24 hours of
// a stream). When it does not, the trigger goes on with the oldest change that is
// kept, after it told OnFailure and State how many are gone.
func (t *Trigger) Pause() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paused = true
	if t.interrupt != nil {
		t.interrupt()
	}
}

// Resume goes on after Pause.
func (t *Trigger) Resume() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paused {
		t.paused = false
		close(t.resumed)
		t.resumed = make(chan struct{})
		t.readAgain()
	}
}

// gate waits while the trigger is paused. It returns false when it has ended.
func (t *Trigger) gate() bool {
	for {
		t.mu.Lock()
		paused, resumed := t.paused, t.resumed
		t.mu.Unlock()
		if t.reading.Err() != nil {
			return false
		}
		if !paused {
			return true
		}
		select {
		case <-resumed:
		case <-t.reading.Done():
		}
	}
}

// position returns what is done, before which there is no record that is not,
// and whether that is saved. mu is held.
func (t *Trigger) position() (done []uint64, saved bool) {
	done = slices.Clone(t.next)
	for slot := range t.slots {
		for _, l := range t.slots[slot].lanes {
			if first, ok := l.first(); ok {
				done[slot] = min(done[slot], first)
			}
		}
	}
	return done, slices.Equal(done, t.saved)
}

// save saves how far the trigger has come, unless that is saved. One of several callers
// saves for all of them.
func (t *Trigger) save() error {
	t.saving.Lock()
	defer t.saving.Unlock()
	t.mu.Lock()
	done, saved := t.position()
	t.mu.Unlock()
	if saved {
		return nil
	}
	ctx, cancel := t.afterwards()
	defer cancel()
	_, err := do(ctx, t.client, &api.SavePositionInput{
		TableName: &t.table, SubscriptionName: &t.name, Session: &t.session,
		Position: &api.Position{TableID: t.tableID, Next: done},
	})
	if err != nil {
		err = fmt.Errorf("stator: trigger %s: save the position: %w", t.name, err)
	}
	t.mu.Lock()
	t.savedAt, t.problems.save = time.Now(), err
	if err == nil {
		t.saved = done
	}
	t.mu.Unlock()
	if errors.Is(err, ErrResourceInUse) {
		t.fail(err) // another process has the name now
	}
	return err
}

// unsaved reports whether there is something to save, and whether it is a second since that was done last.
func (t *Trigger) unsaved() (some, due bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, saved := t.position()
	return !saved, !saved && time.Since(t.savedAt) >= time.Second
}
