// Package kv is the contract of the ordered, transactional key-value store
// that Stator stands on.
//
// Everything above this package (tables, indexes, the journal) is rows in one
// ordered map of byte strings. A store has to give serializable transactions
// over that map and nothing else, so that a file (kv/boltkv), memory
// (kv/memkv) and a distributed SQL engine can stand behind the same database.
// kv/kvtest is this contract in executable form: a store that passes it works.
package kv

import (
	"context"
	"errors"
	"iter"
)

// Store is an ordered map of byte strings with serializable transactions.
// Keys are ordered as bytes.Compare orders them and are never empty; values
// may be. All methods are safe for concurrent use.
//
// The fn of a transaction must not call the store again, nor wait for somebody
// who does: a store may run it while it holds a lock or on its only writer.
type Store interface {
	// View runs fn on a snapshot: what it reads is the state after some
	// commit that was not older than the last one acknowledged before View was
	// called, and does not change while fn runs. fn may run more than once and
	// must have no effect of its own. An error of fn is returned as it is.
	//
	// The snapshot is held while fn runs, and a held snapshot can keep a store
	// from reusing space: fn must not wait for people, networks or locks.
	View(ctx context.Context, fn func(Reader) error) error

	// Update runs fn and commits what it wrote: serializable, all or nothing,
	// and durable when Update returns nil. When fn returns an error nothing
	// that it wrote remains and Update returns that error as it is, unless fn
	// saw what another one wrote whose commit then failed: the error is one of
	// the store then, for what fn saw may never have been. When fn
	// panics nothing remains either and Update panics with the same value. fn
	// may run more than once, in a goroutine that is not the caller's, and
	// must have no effect outside its Writer. When Update returns, whatever it
	// returns, fn has ended and will not run again: what it uses can serve for
	// something else.
	//
	// When the commit itself fails in a way that leaves its fate unknown the
	// error is ErrOutcomeUnknown: the writes may be there or not. Any other
	// error means that they are not.
	//
	// A context that ends before the commit begins gives its error and leaves
	// nothing behind; one that ends later is ignored, for a commit is never
	// abandoned half-way.
	Update(ctx context.Context, fn func(Writer) error) error

	// Limits says how much one key, value and transaction can hold.
	Limits() Limits

	// Close waits for the transactions under way and releases the store.
	// Afterwards, and on a second Close, every method returns ErrClosed.
	Close() error
}

// Reader reads one snapshot. It may be used only inside the fn that it was
// given to, and by one goroutine at a time.
type Reader interface {
	// Get returns the value of key, or nil when key is absent (an empty value
	// is not nil). The slice belongs to the store: it must not be changed and
	// is valid until fn returns.
	Get(key []byte) ([]byte, error)

	// GetMany returns the values of keys in their order, nil where one is
	// absent, as Get does. It costs one round trip where a round trip costs.
	GetMany(keys [][]byte) ([][]byte, error)

	// Scan yields the pairs with lo <= key < hi in order of their keys,
	// descending when reverse is set. A nil lo or hi is without bound; a hi
	// that is empty but not nil has nothing below it. An error is always the
	// last pair. A scan sees what was written before the loop over it began;
	// gets, puts and further scans inside the loop are fine.
	Scan(lo, hi []byte, reverse bool) iter.Seq2[Pair, error]
}

// Writer reads and writes one transaction and sees its own writes. It may be
// used only inside the fn that it was given to, and by one goroutine at a time.
type Writer interface {
	Reader

	// Put sets the value of key; a nil value is an empty one. The caller must
	// leave both slices unchanged until fn returns, and may reuse them
	// afterwards.
	Put(key, value []byte) error

	// Delete removes key; that it is absent is no error. key must be left
	// unchanged until fn returns.
	Delete(key []byte) error

	// DeleteRange removes the keys with lo <= key < hi; nil is without bound,
	// as in Scan. The keys that it removes count towards
	// Limits.TransactionBytes: to clear a large range, delete it in parts.
	DeleteRange(lo, hi []byte) error
}

// Pair is one key and its value. Both slices belong to the store, must not be
// changed and are valid until the fn that scanned them returns.
type Pair struct {
	Key, Value []byte
}

// Limits are the largest sizes, in bytes, that a store takes. A write that
// passes one fails with ErrTooBig, and fn must return that error.
type Limits struct {
	KeyBytes         int // one key
	ValueBytes       int // one value
	TransactionBytes int // keys and values that one transaction writes, and keys that it deletes
}

// The errors of a store. They are matched with errors.Is; the error itself
// says more.
var (
	// ErrOutcomeUnknown: the commit failed and nobody knows whether it took
	// place (a failed write of the meta page, a failed fsync, a lost
	// connection). It is never retried by the store. An embedded store
	// refuses writes after it, with an ErrReadOnly that wraps the cause, until
	// it is reopened.
	ErrOutcomeUnknown = errors.New("kv: outcome of the commit is unknown")

	// ErrReadOnly: the store refuses writes, because an earlier commit failed
	// with ErrOutcomeUnknown or because it was opened for reading alone.
	// Nothing was written.
	ErrReadOnly = errors.New("kv: store refuses writes")

	// ErrEmptyKey: a key of no bytes was put.
	ErrEmptyKey = errors.New("kv: key is empty")

	// ErrTooBig: a key, a value or a transaction is larger than Limits allows.
	ErrTooBig = errors.New("kv: larger than the store's limit")

	// ErrFull: there is no space for the write. Nothing was written; reads go
	// on, and so do writes once there is space again.
	ErrFull = errors.New("kv: no space left")

	// ErrCorrupt: the store holds something that it cannot have written.
	ErrCorrupt = errors.New("kv: store is corrupt")

	// ErrLocked: the store is open elsewhere.
	ErrLocked = errors.New("kv: store is in use")

	// ErrClosed: the store was closed.
	ErrClosed = errors.New("kv: store is closed")

	// ErrFinished: a Reader or Writer was used after its fn had returned.
	ErrFinished = errors.New("kv: transaction is over")

	// ErrConflict: transactions met each other so often that the store gave up
	// running fn again. Nothing was written.
	ErrConflict = errors.New("kv: too many conflicts")
)
