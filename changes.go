package stator

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/statordb/stator/api"
)

// Change is one change of an item, as the journal of its table has it. A write
// that changes nothing makes none.
//
// It is a value, copied freely and safe for concurrent use. Old, New and Keys
// are the caller's.
type Change[T any] struct {
	// EventName is EventInsert, EventModify or EventRemove.
	EventName EventName

	// Old is the item before the change, nil for EventInsert; New the one after
	// it, nil for EventRemove. Both are there whatever the view of the table's
	// stream is.
	Old, New *T

	// Keys is the item's key.
	Keys Item

	// Time is when the change was committed, in microseconds. It is the same for
	// all changes of a transaction.
	Time time.Time

	// SequenceNumber has 21 digits. It is unique in the table, and that of the
	// record of this change in the table's stream.
	SequenceNumber string

	// Expired is true when time to live deleted the item.
	Expired bool

	page  *delivered // nil when no reader made it
	index int        // in the page
}

// EventName says what a change did to an item.
type EventName = api.OperationType

// The values of EventName.
const (
	EventInsert EventName = api.OperationTypeInsert
	EventModify EventName = api.OperationTypeModify
	EventRemove EventName = api.OperationTypeRemove
)

// Position is a place between two changes of a table. String gives its text,
// which ParsePosition reads, so that a program can keep it, best in the same
// transaction as what it made of the changes.
type Position = api.Position

// ParsePosition reads what Position.String returned.
func ParsePosition(text string) (*Position, error) { return api.ParsePosition(text) }

// Changes yields the changes of the table, from now on or from where an option
// says, and waits for more of them, so that it does not end by itself:
//
//	for c, err := range users.Changes(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(c.EventName, c.Old, c.New)
//	}
//
// The changes of an item come in the order in which they were made, each once, and those
// of different items nearly so: by the parts that the table's journal has, merged by
// Time. Nothing is held open meanwhile, and a slow loop blocks no writer. One so
// slow that the journal no longer has its next change (a stream keeps
// them for 24 hours) gets ErrTrimmed.
//
// A place of "now", the end of the journal, is fixed when the loop begins. A
// write that is to be seen must come after that, or after a call of Position, whose
// result After takes, or of Subscribe, which has fixed its place when it returns.
//
// An error is always the last pair, also that of ctx, which ends the loop. With
// an item that cannot be stored in a T the error comes with the change, without
// images: the loop is over, but Ack still passes over it.
//
// The table must have a stream (the option Stream) or a data stream. The Client
// must know the native operations of package api: a DB does, a remote DynamoDB does not.
func (t TableOf[T]) Changes(ctx context.Context, options ...ChangesOption) iter.Seq2[Change[T], error] {
	var f following
	for _, o := range options {
		o.changes(&f)
	}
	return func(yield func(Change[T], error) bool) {
		r, err := openReader[T](ctx, t.table, f)
		if err != nil {
			yield(Change[T]{}, err)
			return
		}
		// That the session of a named reader could not be ended is found out by
		// the next one of its name: here the loop is over, and its error told.
		defer r.close(ctx)
		for {
			c, err := r.next(ctx)
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// Position returns the end of the table's journal: After it come the changes of all
// writes that were not acknowledged yet when it was called, and none before.
func (t TableOf[T]) Position(ctx context.Context) (*Position, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	out, err := serve(ctx, t.table, &api.ReadChangesInput{
		TableName: &t.name, Start: &api.ChangesStart{Type: api.ShardIteratorTypeLatest}, Limit: new(int32(1)),
	})
	if err != nil {
		return nil, err
	}
	return out.Position, nil
}

// Position returns the place after this change and all that were delivered
// before it by the same loop or Subscription: After goes on from there. It is
// nil when no reader made the Change.
func (c Change[T]) Position() *Position {
	if c.page == nil {
		return nil
	}
	return c.page.after(c.index)
}

// Ack saves that this change was dealt with, and all that were delivered before
// it by the same loop or Subscription: the next reader of the name (see As) gets
// none of them again. One Ack for many changes is cheaper than one for each, for
// each is a durable write. When a later change was acknowledged before, it does nothing.
//
// It is an error when the reader has no name, and ErrResourceInUse when another
// reader has taken over the name since.
func (c Change[T]) Ack(ctx context.Context) error {
	switch {
	case c.page == nil:
		return errors.New("stator: Ack: the Change comes from no loop and no Subscription") // a trigger's, whose handler returns what is done
	case c.page.session == nil:
		return errors.New("stator: Ack: the reader has no name to save its place under; the option As gives it one")
	}
	return c.page.session.ack(ctx, c.page, c.index)
}

// delivered is a page of changes as a reader hands them out: what tells the
// place after each of them, for less than a Position of each.
type delivered struct {
	session *session  // nil without a name
	first   int64     // how many the reader handed out before
	before  *Position // before the first of them
	places  []place
}

// place is where a change is in the journal.
type place struct {
	slot     int
	sequence uint64
}

// deliver makes a page of an output. The place before its changes is taken from
// those themselves, for the first page of a reader begins where the database says.
func deliver(s *session, first int64, out *api.ReadChangesOutput) *delivered {
	d := &delivered{session: s, first: first, places: make([]place, len(out.Changes))}
	d.before = &Position{TableID: out.Position.TableID, Next: slices.Clone(out.Position.Next)}
	for i, c := range slices.Backward(out.Changes) {
		d.places[i] = place{c.Slot, c.Sequence}
		if 0 <= c.Slot && c.Slot < len(d.before.Next) {
			d.before.Next[c.Slot] = c.Sequence
		}
	}
	return d
}

// after returns the place after one of the changes.
func (d *delivered) after(index int) *Position {
	p := &Position{TableID: d.before.TableID, Next: slices.Clone(d.before.Next)}
	for _, at := range d.places[:index+1] {
		if 0 <= at.slot && at.slot < len(p.Next) {
			p.Next[at.slot] = at.sequence + 1
		}
	}
	return p
}

// changeOf makes a Change of what the journal tells. With an error it has all
// but the images.
func changeOf[T any](table string, a *api.Change, page *delivered, index int) (Change[T], error) {
	c := Change[T]{
		EventName: a.EventName, Time: a.CommitTime, SequenceNumber: a.SequenceNumber,
		Expired: a.UserIdentity != nil && a.UserIdentity.Type != nil && *a.UserIdentity.Type == api.ServiceIdentityType,
		page:    page, index: index,
	}
	fault := func(part string, err error) error {
		return fmt.Errorf("stator: change %s of table %s, item %s: %s: %w", c.SequenceNumber, table, c.Keys, part, err)
	}
	var err error
	if c.Keys, err = decodeAs[Item](a.Keys); err != nil {
		return c, fault("keys", err)
	}
	before, err := imageOf[T](a.Old)
	if err != nil {
		return c, fault("old image", err)
	}
	after, err := imageOf[T](a.New)
	if err != nil {
		return c, fault("new image", err)
	}
	c.Old, c.New = before, after
	return c, nil
}

// imageOf decodes an image, nil when there is none.
func imageOf[T any](a api.Attributes) (*T, error) {
	if a.IsZero() {
		return nil, nil
	}
	v, err := decodeAs[T](a)
	if err != nil {
		return nil, err
	}
	return &v, nil
}
