package boltkv

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv"
)

// settle makes the state that the first commit after Open builds on durable,
// before that commit writes anything.
//
// bbolt takes the state that it finds for one that is on the disk, and the pages
// which that state no longer needs for free. But what it finds came out of the
// system's cache. Who opens a file after a process that was killed
// between the write of a meta page and its fsync, or after an fsync that failed
// (Linux then takes the pages for written, and forgets them at will), finds a
// state that the disk may not have. Its first commit would write over the pages of the state before, which is the
// one that the disk does have, and a loss of power in that moment would leave a file of which neither meta page
// leads to a whole tree.
//
// An fsync alone is not enough, for a page that is taken for written is not
// written again. So the meta page is written once more, as it is, and synced. The pages
// that it leads to were synced before it was first written. The name of the file is made sure of, too: who made it
// may have been killed before he did.
func (c *committer) settle(tx *bolt.Tx) error {
	if c.settled || c.store.options.NoSync {
		return nil
	}
	err := rewriteMeta(c.store.space.file, tx)
	if err == nil {
		err = c.store.db.Sync()
	}
	if err == nil {
		// A folder that may not be read, or has no fsync, keeps nobody from writing.
		if dirErr := syncDir(c.store.dir); errors.Is(dirErr, syscall.EIO) || dirErr != nil && noSpace(dirErr) {
			err = dirErr
		}
	}
	switch {
	case err == nil:
		c.settled = true
		return nil
	case noSpace(err):
		return fmt.Errorf("%w: %w", kv.ErrDiskFull, err)
	}
	c.store.refuse(fmt.Errorf("make sure of the state that was found: %w", err))
	return c.store.refusal()
}

// rewriteMeta writes the meta page that tx began with as it is.
func rewriteMeta(file *os.File, tx *bolt.Tx) error {
	page := make([]byte, tx.DB().Info().PageSize)
	_, place, err := metaBefore(file, tx, page)
	if err != nil {
		return err
	}
	if _, err := file.WriteAt(page, place*int64(len(page))); err != nil {
		return fmt.Errorf("boltkv: write meta page %d: %w", place, err)
	}
	return nil
}
