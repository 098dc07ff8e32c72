package boltkv

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv"
)

// space decides before each commit how far the file may grow for it, so that a
// full store can still delete.
//
// A bbolt commit overwrites nothing: even one that only deletes writes the pages
// on the way to the row, and the list of free pages, to pages that are free. If
// ordinary writes may use the last of these, or the last block of the disk, nothing
// can be deleted any more, and the store can only be emptied by hand. The plain
// remedy, to let bbolt's MaxSize stop ordinary writes below the limit, does
// not last: deletions go beyond that and bring back pages below, which
// ordinary writes fill, and with each round less is left, for a file never
// shrinks.
//
// So what is counted is all that a commit can be written to: pages that are free
// in the file, and what is above them, up to where the file may grow. An
// ordinary commit must leave Options.ReserveBytes of it. How much it needs is estimated from what it
// writes and from the nodes of the tree that it has touched, on the high side; bbolt's own
// MaxSize stands behind the estimate. Free pages are only counted when the end is near.
//
// How far the file may grow is MaxSizeBytes, and what the disk has. The
// disk's promise is taken beforehand: blocks beyond the end of the file
// are allocated (fallocate, without making it longer), always those of the reserve and some for the next
// commits. When the disk has none, ordinary commits are refused, and each asks the disk
// again, though not more often than a pause allows: that is how writing goes on by itself. The blocks
// belong to the file, so that the reserve is there too when it is opened again on a full disk.
//
// All of it belongs to whoever makes the commit.
type space struct {
	file    *os.File
	limit   int64 // Options.MaxSizeBytes; 0: none
	reserve int64 // Options.ReserveBytes
	noDisk  bool  // the disk cannot be asked beforehand, or need not be
	secured int64 // up to here the file has blocks
	short   bool  // the disk had none when it was asked last, at tried
	tried   time.Time

	head [pageHeaderBytes + metaBytes]byte // to read the heads of pages into
}

const (
	askAgain = 100 * time.Millisecond

	// The default reserve is a part of the file, within these bounds. To delete one
	// of the largest items, with a record of it, the two leaves that they are in are written anew, some
	// 3 MB; in a file that is smaller than that there are no such leaves.
	reservePart       = 16
	minReserve        = 4 << 20
	maxReserve        = 16 << 20
	leastReserve      = 256 << 10 // of a file smaller than that
	reservePartOfSize = 4         // of MaxSizeBytes at most

	// Deletions leave this part of the reserve to what reclaims space, such as
	// the trimming of their own records.
	reclaimPart = 4
)

var errNoAllocate = errors.New("the disk cannot be asked for blocks")

func newSpace(file *os.File, o Options) space {
	p := space{file: file, limit: o.MaxSizeBytes, reserve: o.ReserveBytes, noDisk: o.ReserveBytes < 0}
	if runtime.GOOS == "windows" {
		p.limit = wholeMap(p.limit)
	}
	return p
}

// wholeMap returns the largest size up to limit that bbolt maps, which on
// Windows is the size of the file: a power of two, above a GiB whole GiB.
func wholeMap(limit int64) int64 {
	const gib = 1 << 30
	if limit >= gib {
		return limit / gib * gib
	}
	size := int64(0)
	for next := int64(minSizeBytes / 32); next <= limit; next *= 2 {
		size = next
	}
	return size
}

// keep returns how much a file whose pages end at top keeps for deletions.
func (p *space) keep(top int64) int64 {
	if p.reserve != 0 {
		return max(p.reserve, 0)
	}
	keep := min(max(top/reservePart, min(top, minReserve), leastReserve), maxReserve)
	if p.limit > 0 {
		keep = min(keep, p.limit/reservePartOfSize)
	}
	return keep
}

// admit lets tx, in which the batch of c was written, be committed, and sets
// how far the file may grow for that; or it says that there is no space for it.
func (p *space) admit(db *bolt.DB, tx *bolt.Tx, c *committer) error {
	page, top := int64(db.Info().PageSize), tx.Size()
	stats := tx.Stats()
	nodes := stats.GetNodeCount()
	// Each node is written anew, and when it has become too large, in two that are half full.
	need := 2*int64(c.batch.Bytes()) + (2*nodes+4)*page
	keep := p.keep(top)
	if keep == 0 {
		p.bound(db, top+need, p.limit, 0)
		return nil
	}
	if !p.noDisk {
		p.secure(top, top+need+keep, keep)
	}
	ceiling := p.ceiling()
	if top+need+keep <= ceiling {
		p.bound(db, top+need, p.backstop(top, ceiling, keep, ceiling-top, c.purpose(1)), keep)
		return nil
	}
	free, err := p.freePages(tx, page)
	if err != nil {
		return fmt.Errorf("boltkv: count the free pages: %w", err)
	}
	left := free*page + max(0, ceiling-top)
	puts, bytes := c.puts()
	purpose := c.purpose(puts)
	need = 2*bytes + (nodes+min(nodes, puts)+4)*page + free*8 // the list of free pages is written, too
	switch purpose {
	case kv.PurposeWrite:
		if left-need < keep {
			return p.full("%d bytes are left, and %d of them kept for deletions; this needs up to %d", left, keep, need)
		}
	case kv.PurposeDelete:
		if left < keep/reclaimPart {
			return p.full("of the %d bytes kept for deletions %d are left, for what is already deleted to be cleared away", keep, left)
		}
	}
	p.bound(db, top+need, p.backstop(top, ceiling, keep, left, purpose), keep)
	return nil
}

// ceiling returns up to where the file may grow, with blocks that are sure.
func (p *space) ceiling() int64 {
	ceiling := int64(math.MaxInt64)
	if p.limit > 0 {
		ceiling = p.limit
	}
	if !p.noDisk {
		ceiling = min(ceiling, p.secured)
	}
	return ceiling
}

// backstop returns where bbolt itself stops a commit, also one that needs more
// than was thought: an ordinary one below the reserve, and a deletion, once less than half of the reserve is left, below the
// part that only reclaims; though free pages may stand for these, for a large item needs its pages in
// one piece. 0 is nowhere: while the disk has space the file may outgrow its blocks.
func (p *space) backstop(top, ceiling, keep, left int64, purpose kv.Purpose) int64 {
	if !p.short {
		ceiling = p.limit
	}
	switch {
	case ceiling == 0:
	case purpose == kv.PurposeWrite:
		return max(top, ceiling-keep)
	case purpose == kv.PurposeDelete && left < keep/2:
		return max(top, ceiling-keep/reclaimPart)
	}
	return ceiling
}

// bound sets how far the file may grow, 0 is without bound, and by how much at
// a time: little while it is small, and in larger steps later, for each step
// costs an fsync; but not so much that a commit which has the space it
// needs, up to end or so much past it, finds the step too long.
func (p *space) bound(db *bolt.DB, end, bound, past int64) {
	step := growth(end)
	if bound > 0 {
		step = min(step, max(0, bound-end-past)/2)
		if runtime.GOOS == "windows" {
			bound = p.limit
		}
	}
	db.AllocSize, db.MaxSize = int(step), int(min(bound, math.MaxInt))
}

// growth returns by how much a file of a size grows at a time.
func growth(size int64) int64 { return min(max(size/4, 1<<20), 16<<20) }

// secure sees to it that the file has blocks from top to want, and when it
// must ask for them, asks for more.
func (p *space) secure(top, want, keep int64) {
	if p.limit > 0 {
		want = min(want, p.limit)
	}
	p.secured = max(p.secured, top) // what is below has been written
	if want <= p.secured {
		return
	}
	if p.short && time.Since(p.tried) < askAgain {
		return
	}
	more := want + min(growth(top), keep)
	if p.limit > 0 {
		more = min(more, p.limit)
	}
	if p.ask(more) || p.ask(want) {
		p.short = false
		return
	}
	if p.noDisk {
		return
	}
	// What is there is taken for the reserve.
	p.short, p.tried = true, time.Now()
	for part := min(keep, want-p.secured) / 2; part >= 32<<10 && p.secured < top+keep; part /= 2 {
		p.ask(p.secured + part)
	}
}

// ask has the disk give the file blocks up to an offset, and reports whether it did.
func (p *space) ask(to int64) bool {
	switch err := allocate(p.file, p.secured, to); {
	case err == nil:
		p.secured = to
		return true
	case errors.Is(err, errNoAllocate):
		p.noDisk, p.short = true, false
	}
	return false
}

// full returns the error for what finds no space.
func (p *space) full(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if p.limit > 0 && p.ceiling() == p.limit {
		return fmt.Errorf("%w, Options.MaxSizeBytes %d: %s", kv.ErrSizeLimit, p.limit, text)
	}
	return fmt.Errorf("%w: %s", kv.ErrDiskFull, text)
}

// freePages returns how many pages are free in the state that tx began with. bbolt does not
// tell without a lock that all its readers take, so that the count is read
// where it stands, in the head of the list of free pages.
func (p *space) freePages(tx *bolt.Tx, pageSize int64) (int64, error) {
	m, _, err := metaBefore(p.file, tx, p.head[:])
	if err != nil {
		return 0, err
	}
	if m.freelist == noFreelist {
		return 0, nil // the first commit makes it
	}
	head := p.head[:pageHeaderBytes+8]
	if _, err := p.file.ReadAt(head, int64(m.freelist)*pageSize); err != nil {
		return 0, err
	}
	n, _, err := freeCount(head, m.freelist)
	return int64(n), err
}
