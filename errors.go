package stator

import (
	"errors"
	"fmt"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
)

// Error is what every operation fails with: errors.As finds it and gives the
// Code and Message of AWS, the Item that failed a condition, and the
// CancellationReasons of a transaction.
//
//	if e, ok := errors.AsType[*stator.Error](err); ok { … e.Code, e.Message, e.Item … }
type Error = api.Error

// CancellationReason tells what became of one action of a canceled transaction.
type CancellationReason = api.CancellationReason

// Sentinels for errors.Is.
var (
	// ErrNotFound: the table has no item with this key. It is the one error
	// that AWS does not have: there, a Get of an absent item succeeds without one.
	ErrNotFound = errors.New("stator: item not found")

	// ErrConditionFailed: an If did not hold. Nothing was written. The
	// Error's Item is the item as it is; see FailedItem.
	ErrConditionFailed = api.ErrConditionFailed

	// ErrTransactionCanceled: nothing of the transaction was done; the
	// Error's CancellationReasons say why, action by action.
	ErrTransactionCanceled = api.ErrTransactionCanceled

	// ErrTableNotFound: there is no such table (ResourceNotFoundException).
	ErrTableNotFound = api.ErrTableNotFound

	// ErrResourceInUse: the table exists already, or it is being created,
	// changed or deleted and cannot be changed now; or the name of a reader of
	// changes is taken (see As).
	ErrResourceInUse = api.ErrResourceInUse

	// ErrValidation: the request is faulty. Nothing was done.
	ErrValidation = api.ErrValidation

	// ErrThrottled: the table has no capacity left now, however it is billed; the Error's RetryAfter
	// says when it will, if that is known.
	ErrThrottled = api.ErrThrottled

	// ErrTrimmed: the change at a reader's place is no longer kept; the message
	// says how many it missed. A named reader begins anew after DeleteSubscription.
	ErrTrimmed = api.ErrTrimmed

	// ErrClosed: the DB was closed.
	ErrClosed = kv.ErrClosed

	// ErrLocked: another process has the file open.
	ErrLocked = kv.ErrLocked

	// ErrFull: the disk is full, or the file is as large as Options.MaxSizeBytes allows. Nothing was
	// written. Reads work, deletions do too (see Options.ReserveBytes), and
	// writes as soon as there is space again.
	ErrFull = kv.ErrFull

	// ErrOutcomeUnknown: the disk failed while it committed, so that the write
	// may have taken place or not. The DB refuses writes until it is opened again.
	ErrOutcomeUnknown = kv.ErrOutcomeUnknown
)

// FailedItem stores the item that failed a condition in what into points to (a
// struct, an Item, …) and reports whether err carries one: an If on an item
// that is absent fails without.
//
//	var current User
//	if stator.FailedItem(err, &current) { … }
//
// For a canceled transaction it is the item of the first action that has one.
func FailedItem[V any](err error, into *V) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	item := e.Item
	for _, r := range e.CancellationReasons {
		if item.IsZero() {
			item = r.Item
		}
	}
	if item.IsZero() {
		return false
	}
	v, err := decodeAs[V](item)
	if err != nil {
		return false
	}
	*into = v
	return true
}

// notFound is ErrNotFound with the key that was looked for.
type notFound struct {
	table string
	key   Item
}

func (e *notFound) Error() string { return ErrNotFound.Error() + ": " + e.table + " " + e.key.String() }
func (e *notFound) Unwrap() error { return ErrNotFound }

// faultf is a mistake that is found before there is a request to send: an
// argument that cannot be marshalled, a key of three parts. It is a
// ValidationException, as the mistakes that AWS finds are.
func faultf(cause error, format string, args ...any) error {
	return &api.Error{Code: api.CodeValidation, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// decodeAs turns an item of a response into a T.
func decodeAs[T any](a api.Attributes) (T, error) {
	var out T
	item, err := a.Item()
	if err != nil {
		return out, err
	}
	if whole, ok := any(&out).(*Item); ok {
		if _, own := a.Stored(); !own {
			item = item.Clone() // a caching Client may keep that map
		}
		*whole = item
		return out, nil
	}
	if err := attr.UnmarshalItem(item, &out); err != nil {
		var none T
		return none, fmt.Errorf("stator: read item as %T: %w", out, err)
	}
	return out, nil
}
