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
		return errors.Join(w.Delete(fmt.Append(nil, row)), w.Put(fmt.Append(nil, "record ", row), make([]byte, 5000)))
	})
}

// deleteAll deletes the rows from..to, without a purpose: what only deletes needs none.
func deleteAll(store kv.Store, from, to int) error {
	for row := from; row < to; row++ {
		if err := store.Update(context.Background(), func(w kv.Writer) error { return w.Delete(fmt.Append(nil, row)) }); err != nil {
			return err
		}
	}
	return nil
}

// TestReserve: which of the transactions that delete and write succeed in a full store. Where free pages lie is up to
// bbolt, so that one alone may find a place by chance, without any reserve.
func TestReserve(t *testing.T) {
	const tries = 20
	tests := map[string]struct {
		reserve int64
		delete  bool // all deletions succeed
	}{
		"default":           {0, true},
		"chosen":            {512 << 10, true},
		"none, the control": {-1, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			store, rows := filled(t, test.reserve)
			succeeded := func(purpose kv.Purpose) (n int) {
				for range tries {
					rows--
					err := record(store, purpose, rows)
					if err == nil {
						n++
						continue
					}
					require.ErrorIs(t, err, kv.ErrFull)
				}
				return n
			}
			require.Less(t, succeeded(kv.PurposeWrite), tries)
			require.Equal(t, test.delete, succeeded(kv.PurposeDelete) == tries)
			require.Equal(t, test.delete, succeeded(kv.PurposeReclaim) == tries)
			if test.delete {
				require.NoError(t, deleteAll(store, 2, 5))
			}
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
	require.NoError(t, record(store, kv.PurposeReclaim, 0))
	for i := range n {
		require.NoError(t, store.Update(context.Background(), func(w kv.Writer) error { return w.Delete(fmt.Append(nil, "record ", i)) }))
	}
	require.NoError(t, deleteAll(store, 1, 50))
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
	require.NoError(t, deleteAll(store, 0, 50))
	require.NoError(t, put(store, "0", "small"), "and when there is space it goes on")
}

func TestReserveOptions(t *testing.T) {
	_, err := boltkv.Open(filepath.Join(t.TempDir(), "x.db"), &boltkv.Options{MaxSizeBytes: 4 << 20, ReserveBytes: 3 << 20})
	require.ErrorContains(t, err, "Options.ReserveBytes is 3145728, it may be at most half of MaxSizeBytes, which is 4194304")
}
