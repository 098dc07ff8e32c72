package boltkv_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

// filled returns a store of 4 MiB with so many rows, "0", "1" and so on, that it takes no more.
func filled(t *testing.T, reserve int64) (store *boltkv.Store, rows int) {
	store, err := boltkv.Open(filepath.Join(t.TempDir(), "test.db"), &boltkv.Options{NoSync: true, MaxSizeBytes: 4 << 20, ReserveBytes: reserve})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	for _, size := range []int{10_000, 100} {
		for err = nil; err == nil; rows++ {
			err = put(store, fmt.Sprint(rows), strings.Repeat("v", size))
		}
		rows--
		require.ErrorIs(t, err, kv.ErrSizeLimit)
		require.ErrorIs(t, err, kv.ErrFull)
		require.NotErrorIs(t, err, kv.ErrDiskFull)
	}
	return store, rows
}

// record deletes a row and writes a record of that, as with a purpose.
func record(store kv.Store, purpose kv.Purpose, row int) error {
	ctx := kv.WithPurpose(context.Background(), purpose)
	return store.Update(ctx, func(w kv.Writer) error {
		return errors.Join(w.Delete(fmt.Append(nil, row)), w.Put(fmt.Append(nil, "record ", row), make([]byte, 1000)))
	})
}

func TestReserve(t *testing.T) {
	tests := map[string]struct {
		reserve       int64
		write, delete bool // that a transaction which deletes and writes succeeds, with either purpose
	}{
		"default":           {0, false, true},
		"chosen":            {256 << 10, false, true},
		"none, the control": {-1, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			store, rows := filled(t, test.reserve)
			works := func(err error) bool {
				if err != nil {
					require.ErrorIs(t, err, kv.ErrFull)
				}
				return err == nil
			}
			require.Equal(t, test.write, works(record(store, kv.PurposeWrite, rows-1)))
			require.Equal(t, test.delete, works(record(store, kv.PurposeDelete, rows-2)))
			require.Equal(t, test.delete, works(record(store, kv.PurposeReclaim, rows-3)))
			require.Equal(t, test.delete, works(store.Update(context.Background(), func(w kv.Writer) error {
				return w.Delete([]byte("0"))
			})), "what only deletes needs no purpose")
			require.NotEmpty(t, get(t, store, "1"))
		})
	}
}

// TestReclaimLast: deletions that write more than they free leave the last of the reserve to what frees.
func TestReclaimLast(t *testing.T) {
	store, rows := filled(t, 0)
	var err error
	n := 0
	for ; err == nil; n++ {
		require.Less(t, n, 10_000)
		err = store.Update(kv.WithPurpose(context.Background(), kv.PurposeDelete), func(w kv.Writer) error {
			return errors.Join(w.Delete(fmt.Append(nil, rows-1)), w.Put(fmt.Append(nil, "record ", n), make([]byte, 10_000)))
		})
	}
	require.ErrorIs(t, err, kv.ErrSizeLimit)
	require.ErrorContains(t, err, "for what is already deleted to be cleared away")
	require.NoError(t, record(store, kv.PurposeReclaim, 0))
	for i := range n {
		require.NoError(t, store.Update(context.Background(), func(w kv.Writer) error { return w.Delete(fmt.Append(nil, "record ", i)) }))
	}
	require.NoError(t, put(store, "again", strings.Repeat("v", 10_000)))
}

// TestReserveInOneCommit: of those who wait for the same commit, who deletes succeeds and who writes fails.
func TestReserveInOneCommit(t *testing.T) {
	store, rows := filled(t, 0)
	leave := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		_ = store.Update(context.Background(), func(kv.Writer) error { <-leave; return nil })
	})
	var deletes, writes [20]error
	for i := range deletes {
		group.Go(func() { deletes[i] = record(store, kv.PurposeDelete, rows-1-i) })
		group.Go(func() { writes[i] = put(store, fmt.Sprint("large", i), strings.Repeat("v", 1<<20)) })
	}
	time.Sleep(10 * time.Millisecond) // until most of them are there
	close(leave)
	group.Wait()
	for i := range deletes {
		require.NoError(t, deletes[i])
		require.ErrorIs(t, writes[i], kv.ErrSizeLimit)
	}
	require.NoError(t, put(store, "0", "small"), "and when all is over it goes on")
}

func TestReserveOptions(t *testing.T) {
	_, err := boltkv.Open(filepath.Join(t.TempDir(), "x.db"), &boltkv.Options{MaxSizeBytes: 4 << 20, ReserveBytes: 3 << 20})
	require.ErrorContains(t, err, "Options.ReserveBytes is 3145728, it may be at most half of MaxSizeBytes, which is 4194304")
}
