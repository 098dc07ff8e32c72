package boltkv

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/internal/overlay"
)

// committer is the one writer of a Store: it carries many Updates to the disk
// with one commit.
//
// A commit of bbolt costs two fsyncs, whatever it holds. The plain way, one
// db.Update a caller, therefore gives each caller one commit's time after the
// other, and 256 of them together no more than one alone. bbolt's db.Batch
// shares a commit, but it waits for its timer (10 ms by default), so that a
// caller who is alone gets a twentieth of the plain way; and because all its
// fns write into the same transaction, one that fails has already written: the
// batch is rolled back and every neighbour runs again.
//
// Here there is no timer. While one commit is on its way to the disk, the next
// callers gather in a queue by themselves, and the committer takes all that are
// there when it comes back (after yielding to those it has just answered). Each
// fn writes to a layer of its own, over the batch of those before it, over the
// bbolt transaction. A layer whose fn failed is dropped, which costs nobody
// anything; one whose fn succeeded is merged into the batch. At the end the
// batch is put into the transaction in key order, which visits every page once,
// and committed. Then all callers get their answers, the failed ones too: what
// they saw may have been a neighbour's write.
//
// It has a goroutine of its own, but a caller who comes while that is idle makes
// the commit himself (see queue). Whoever's turn it is owns everything in it.
type committer struct {
	store   *Store
	waiting []*call // taken from the queue, in order
	taken   []*call // run for the commit that is being made
	last    int     // how many were answered by the last commit
	settled bool    // the state that Open found is on the disk

	// So many calls share a commit at most, of those that write and of those that
	// delete, after more of them failed together; 0 is no bound.
	fewWrites, fewDeletes int
	deleted               bool // the last commit was one of deletions alone

	batch overlay.Layer // what the taken calls write
	layer overlay.Layer // what the running call writes
	arena overlay.Arena // holds the keys and values of both
}

func (c *committer) run() {
	debug.SetPanicOnFault(true) // of this goroutine
	ended := false
	defer func() {
		if ended {
			close(c.store.done)
			return
		}
		go c.run() // an fn ended the goroutine; its caller alone is to end
	}()
	for c.next() {
		c.commit()
	}
	ended = true
}

// lead makes a commit of call alone, in the goroutine of its caller.
func (c *committer) lead(call *call) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer c.store.queue.handBack() // also when fn ends the goroutine
	c.waiting = append(c.waiting[:0], call)
	c.commit()
}

// next fills waiting and reports whether there is anything to do.
func (c *committer) next() (ok bool) {
	c.waiting, ok = c.store.queue.drain(c.waiting, c.last)
	return ok
}

// commit carries one batch of waiting to the disk.
func (c *committer) commit() {
	if err := c.store.refusal(); err != nil {
		c.refuseWaiting(err)
		return
	}
	tx, err := c.store.begin(true)
	if err != nil {
		c.refuseWaiting(err)
		return
	}
	c.arena.Reset()
	c.batch.Reset()
	var base reader
	over := false
	defer func() {
		if !over { // an fn ended the goroutine
			base.end()
			_ = tx.Rollback()
			c.again()
		}
	}()
	if err := base.begin(c.store, tx); err != nil {
		over = true
		_ = tx.Rollback()
		c.refuseWaiting(err)
		return
	}
	c.gather(&base)
	over = true
	base.end()
	if c.batch.Len() == 0 {
		_ = tx.Rollback()
		c.answer(nil)
		return
	}
	txid := tx.ID()
	if err = c.settle(tx); err == nil {
		err = c.apply(tx)
	}
	if err != nil {
		_ = tx.Rollback() // bbolt has written nothing yet
	} else if err = c.store.tryCommit(tx); err != nil {
		err = c.store.fate(err, txid)
	}
	if err != nil && len(c.taken) > 1 && c.store.refusal() == nil {
		// There was no space for all of them, or one met a broken page. Those
		// who ask for less, or elsewhere, are not to suffer from it.
		*c.few() = max(len(c.taken)/2, 1)
		c.again()
		return
	}
	c.grown(err)
	c.answer(err)
}

// few returns the bound for the taken calls.
func (c *committer) few() *int {
	if c.purpose(1) == kv.PurposeWrite {
		return &c.fewWrites
	}
	return &c.fewDeletes
}

// grown lets more calls share a commit again after one that succeeded, and
// not after one call that failed by itself: the next may fail too.
func (c *committer) grown(err error) {
	const many = 1000
	if c.fewWrites == 0 && c.fewDeletes == 0 {
		return
	}
	few := c.few()
	switch {
	case *few == 0:
	case err != nil:
		*few = 1
	case 2**few > many:
		*few = 0
	default:
		*few *= 2
	}
}

// share brings those of waiting to its beginning that make the next commit,
// and returns how many they are. That is all, until some failed together. Then those that delete, which
// may have a reserve that the others have not, are apart from the others, and have every
// second commit: they make room, and are not to wait for all who are refused.
func (c *committer) share() int {
	if c.fewWrites == 0 && c.fewDeletes == 0 {
		return len(c.waiting)
	}
	writes := 0
	for _, call := range c.waiting {
		if call.purpose == kv.PurposeWrite {
			writes++
		}
	}
	c.deleted = writes == 0 || writes < len(c.waiting) && !c.deleted
	n, few := writes, c.fewWrites
	if c.deleted {
		n, few = len(c.waiting)-writes, c.fewDeletes
	}
	rank := func(call *call) int {
		if (call.purpose != kv.PurposeWrite) == c.deleted {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(c.waiting, func(a, b *call) int { return rank(a) - rank(b) })
	if few > 0 {
		n = min(n, few)
	}
	return n
}

// gather runs calls on top of base until all that share the commit have, or the batch is
// large enough.
func (c *committer) gather(base *reader) {
	under := overlay.Over{Layer: &c.batch, Under: base}
	for n := c.share(); n > 0 && c.batch.Bytes() < c.store.options.MaxBatchBytes; n-- {
		call := c.waiting[0]
		c.waiting[0] = nil
		c.waiting = c.waiting[1:]
		if call.claim() {
			c.runCall(call, under)
		}
	}
}

func (c *committer) runCall(call *call, under overlay.Over) {
	if call.err = call.ctx.Err(); call.err != nil {
		call.answer()
		return
	}
	c.taken = append(c.taken, call)
	tx := overlay.Begin(&c.layer, under, c.store.limits, c.arena.CopyRow)
	call.run(tx)
	tx.End()
	if !call.failed() {
		call.err = call.ctx.Err()
	}
	if call.failed() {
		c.layer.Reset()
	}
	if c.batch.Len() == 0 && c.layer.Len() == 0 {
		// It neither wrote nor saw anything that is not on the disk.
		c.taken = c.taken[:len(c.taken)-1]
		call.answer()
		return
	}
	c.batch.Merge(&c.layer)
}

// apply puts the batch into tx.
func (c *committer) apply(tx *bolt.Tx) (err error) {
	defer recoverCorrupt(&err)
	if err := c.store.guardBatch(tx, c.batch.All()); err != nil {
		return err
	}
	bucket := tx.Bucket(bucketName)
	for key, value := range c.batch.All() {
		if value == nil {
			err = bucket.Delete(key)
		} else {
			err = bucket.Put(key, value)
		}
		if err != nil {
			return fmt.Errorf("boltkv: write a row: %w", err)
		}
	}
	return c.store.space.admit(c.store.db, tx, c)
}

// puts returns how many rows the batch puts, and their bytes.
func (c *committer) puts() (n, bytes int64) {
	for key, value := range c.batch.All() {
		if value != nil {
			n++
			bytes += int64(len(key) + len(value))
		}
	}
	return n, bytes
}

// purpose returns what the commit of a batch with so many puts is for: the
// least of what its calls say. Where there are none, all that they do is make room.
func (c *committer) purpose(puts int64) kv.Purpose {
	purpose := kv.PurposeReclaim
	if puts == 0 {
		return purpose
	}
	for _, call := range c.taken {
		if !call.failed() {
			purpose = min(purpose, call.purpose)
		}
	}
	return purpose
}

// again puts the taken calls back before those that wait, except for one that
// ended the goroutine: it is answered.
func (c *committer) again() {
	calls := make([]*call, 0, len(c.taken)+len(c.waiting))
	for _, call := range c.taken {
		if call.exited {
			call.answer()
			continue
		}
		call.err, call.panicked, call.reason = nil, false, nil
		calls = append(calls, call)
	}
	c.waiting = append(calls, c.waiting...)
	c.forget()
}

// answer lets the taken calls return, with err unless they failed themselves.
//
// Of those, too, each ran after one whose writes it could see (runCall has answered
// the others). When the commit failed, what it saw may never have been, and must not be told, as the item is
// that fails a condition: it is refused, as it would be if it came now.
func (c *committer) answer(err error) {
	for _, call := range c.taken {
		switch {
		case !call.failed():
			call.err = err
		case err != nil && call.err != nil:
			call.err = cmp.Or(c.store.refusal(), call.err)
		}
		call.answer()
	}
	c.last = len(c.taken)
	c.forget()
}

func (c *committer) forget() {
	clear(c.taken)
	c.taken = c.taken[:0]
}

// refuseWaiting answers everybody who waits with err.
func (c *committer) refuseWaiting(err error) {
	for _, call := range c.waiting {
		if call.claim() {
			call.err = err
			call.answer()
		}
	}
	clear(c.waiting)
	c.waiting = c.waiting[:0]
}

// tryCommit commits tx and leaves it closed.
func (s *Store) tryCommit(tx *bolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = corrupt(p)
			func() {
				defer func() { _ = recover() }()
				_ = tx.Rollback()
			}()
		}
	}()
	return s.commit(tx)
}

// fate makes the error of Update out of that of bbolt's Commit.
//
// Commit writes data pages that nobody refers to yet, syncs them, writes one
// meta page that makes them the state of the store, and syncs that. Its error
// does not say how far it came, but the meta page does: bbolt reads it through
// the memory map, so that a new reader gets the new transaction's number if and
// only if the write of the meta page reached the system's cache. If it did, the
// failure was that of the last fsync and nobody knows what the disk will hold.
// If it did not, the old state stands; but a disk that cannot write pages is not
// to be trusted further, unless all that it said was that it is full.
func (s *Store) fate(err error, txid int) error {
	switch {
	case errors.Is(err, berrors.ErrMaxSizeReached):
		return s.space.full("the file may not grow as far as this needs")
	case s.lastCommit() < txid && noSpace(err):
		return fmt.Errorf("%w: %w", kv.ErrDiskFull, err)
	case s.lastCommit() < txid && errors.Is(err, kv.ErrCorrupt):
		s.refuse(err)
		return err
	}
	s.refuse(err)
	return fmt.Errorf("%w: %w", kv.ErrOutcomeUnknown, err)
}

// lastCommit returns the number of the transaction that readers see, the
// largest int when that cannot be told.
func (s *Store) lastCommit() int {
	tx, err := s.begin(false)
	if err != nil {
		return math.MaxInt
	}
	defer func() { _ = tx.Rollback() }()
	return tx.ID()
}

// noSpace reports whether err says that the disk, a quota or the largest
// allowed file is full. bbolt passes on the text of some errors alone.
func noSpace(err error) bool {
	full := []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}
	if runtime.GOOS == "windows" {
		full = []syscall.Errno{39, 112} // ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL
	}
	for _, errno := range full {
		if errors.Is(err, errno) || strings.Contains(err.Error(), errno.Error()) {
			return true
		}
	}
	return false
}
