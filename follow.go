package stator

import (
	"time"

	"github.com/statordb/stator/api"
)

// ChangesOption is FromNow, FromStart, FromTime, AtSequence, AfterSequence,
// After or As.
type ChangesOption interface{ changes(*following) }

// SubscribeOption is a ChangesOption, or Buffer.
type SubscribeOption interface{ subscribe(*following) }

// following is what the options of Changes and Subscribe add up to.
type following struct {
	start  StartingPosition
	name   *string // nil without As
	buffer *int    // nil without Buffer
}

// StartingPosition is an option made by FromNow, FromStart, FromTime,
// AtSequence, AfterSequence or After. Of several the last counts.
type StartingPosition struct {
	start    *api.ChangesStart
	position *Position
	given    bool // also when After was given nil
}

func (o StartingPosition) changes(f *following)   { f.start = o }
func (o StartingPosition) subscribe(f *following) { f.start = o }

func from(s api.ChangesStart) StartingPosition { return StartingPosition{start: &s, given: true} }

// FromNow begins after the newest change there is: see TableOf.Changes for when
// that is fixed. A reader without a name begins there unless it is told otherwise.
func FromNow() StartingPosition {
	return from(api.ChangesStart{Type: api.ShardIteratorTypeLatest})
}

// FromStart begins with the oldest change that is kept. A new named reader
// begins there unless it is told otherwise.
func FromStart() StartingPosition {
	return from(api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon})
}

// FromTime begins with the first change that was committed at t or later, and
// with the oldest that is kept when t is before it. A t in the future is ErrValidation.
func FromTime(t time.Time) StartingPosition {
	return from(api.ChangesStart{Type: api.ShardIteratorTypeAtTimestamp, Timestamp: &t})
}

// AtSequence begins with the change that has this SequenceNumber, and elsewhere in the
// table with what was committed since. A number that no change has had yet is
// ErrValidation, one that is no longer kept ErrTrimmed.
//
// For going on after a change, After with its Position is exact, and needs
// no change to be kept.
func AtSequence(number string) StartingPosition {
	return from(api.ChangesStart{Type: api.ShardIteratorTypeAtSequenceNumber, SequenceNumber: &number})
}

// AfterSequence begins after the change that has this SequenceNumber; otherwise as AtSequence.
func AfterSequence(number string) StartingPosition {
	return from(api.ChangesStart{Type: api.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: &number})
}

// After begins at a place that was kept: that of TableOf.Position, of
// Change.Position or of ParsePosition. One of another table, also of an earlier
// one of the same name, is ErrValidation; one whose next change is no longer
// kept is ErrTrimmed.
func After(p *Position) StartingPosition { return StartingPosition{position: p, given: true} }

// ReaderName is an option made by As.
type ReaderName struct{ name string }

// As gives a reader a name, of 1 to 255 letters, digits, "_", "-" and ".", under which the
// database keeps how far Change.Ack says that it has come. The next reader
// of the name in the table goes on there, also after a restart: it misses nothing,
// and gets again what was not acknowledged.
//
// A StartingPosition counts for the first reader of a name alone, which begins
// with the oldest change that is kept if there is none.
//
// A name has one reader at a time: for a second one the error is
// ErrResourceInUse, until the loop of the first is over or its process has ended.
func As(name string) ReaderName { return ReaderName{name} }

func (o ReaderName) changes(f *following)   { f.name = &o.name }
func (o ReaderName) subscribe(f *following) { f.name = &o.name }

type buffered struct{ changes int }

// Buffer sets how many changes a Subscription decodes ahead of its reader, 16
// without it. 0 is none; a negative number is an error.
func Buffer(changes int) SubscribeOption { return buffered{changes} }

func (o buffered) subscribe(f *following) { f.buffer = &o.changes }
