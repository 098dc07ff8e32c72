package boltkv_test

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv"
)

// TestFailedNeighbour: an fn that fails because of what another one of the same commit
// wrote tells nobody of it when that commit fails: what it saw may never have been.
func TestFailedNeighbour(t *testing.T) {
	for name, fail := range map[string]func(*bolt.Tx) error{
		"write of a data page": func(tx *bolt.Tx) error { return errors.Join(syscall.EIO, tx.Rollback()) },
		"last fsync":           func(tx *bolt.Tx) error { return errors.Join(tx.Commit(), syscall.EIO) },
		"broken page":          func(*bolt.Tx) error { panic("page 7: multiple references") },
	} {
		t.Run(name, func(t *testing.T) {
			store := openAt(t, filepath.Join(t.TempDir(), "test.db"))
			require.NoError(t, put(store, "a", "1"))
			busy, goOn := make(chan struct{}), make(chan struct{})
			store.SetCommit(func(tx *bolt.Tx) error {
				close(busy)
				<-goOn
				store.SetCommit(fail)
				return tx.Commit()
			})
			var group sync.WaitGroup
			defer group.Wait()
			group.Go(func() { _ = put(store, "b", "1") })
			<-busy // the next ones make a commit together
			var wrote, failed error
			group.Go(func() { wrote = put(store, "a", "2") })
			for store.Queued() < 1 {
				runtime.Gosched()
			}
			errSaw := errors.New("a is not 1")
			group.Go(func() {
				failed = store.Update(context.Background(), func(w kv.Writer) error {
					if v, err := w.Get([]byte("a")); err != nil || string(v) != "1" {
						return errSaw
					}
					return w.Put([]byte("c"), nil)
				})
			})
			for store.Queued() < 2 {
				runtime.Gosched()
			}
			close(goOn)
			group.Wait()
			require.Error(t, wrote)
			require.NotErrorIs(t, failed, errSaw)
			require.ErrorIs(t, failed, kv.ErrReadOnly, "nothing of it was written")
			require.NotErrorIs(t, failed, kv.ErrOutcomeUnknown)
		})
	}
}
