package boltkv_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

// BenchmarkFreePages is a durable Put of one caller into a file from which so many
// rows of 1 KB were deleted, half a page each. Every commit writes the list of all free pages, 8
// bytes for each: that is what is measured. The floor is what a commit cannot do without: two writes of
// pages, each with its fsync, in the same folder and in turns. Medians, in µs.
//
// Not to write the list (bbolt's NoFreelistSync) would make commits cost the
// same whatever is free. But then bbolt reads every page when it opens the file, in a goroutine of its
// own, where what a damaged page makes it do ends the process and cannot be recovered.
func BenchmarkFreePages(b *testing.B) {
	for _, deleted := range []int{0, 10_000, 100_000, 500_000} {
		b.Run(fmt.Sprint("deleted=", deleted), func(b *testing.B) {
			dir := b.TempDir()
			path := filepath.Join(dir, "store.db")
			store, err := boltkv.Open(path, &boltkv.Options{NoSync: true})
			require.NoError(b, err)
			const kept, batch = 10_000, 5000
			value := make([]byte, 1000)
			key := func(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }
			for from := 0; from < kept+deleted; from += batch {
				require.NoError(b, store.Update(context.Background(), func(w kv.Writer) error {
					for i := from; i < from+batch; i++ {
						if err := w.Put(key(i), value); err != nil {
							return err
						}
					}
					return nil
				}))
			}
			for from := kept; from < kept+deleted; from += batch {
				require.NoError(b, store.Update(context.Background(), func(w kv.Writer) error {
					return w.DeleteRange(key(from), key(from+batch))
				}))
			}
			require.NoError(b, store.Close())
			start := time.Now()
			store, err = boltkv.Open(path, nil)
			require.NoError(b, err)
			opened := time.Since(start)
			defer func() { require.NoError(b, store.Close()) }()
			floor, err := os.Create(filepath.Join(dir, "floor"))
			require.NoError(b, err)
			defer func() { require.NoError(b, floor.Close()) }()
			_, err = floor.Write(make([]byte, 1<<20))
			require.NoError(b, err)

			var puts, floors []time.Duration
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				require.NoError(b, store.Update(context.Background(), func(w kv.Writer) error { return w.Put(key(i*7919%kept), value) }))
				puts = append(puts, time.Since(start))
				start = time.Now()
				for _, pages := range []int{4, 1} {
					_, err := floor.WriteAt(make([]byte, pages*os.Getpagesize()), int64(i%64)*4096)
					require.NoError(b, err)
					require.NoError(b, floor.Sync())
				}
				floors = append(floors, time.Since(start))
			}
			slices.Sort(puts)
			slices.Sort(floors)
			put, least := puts[len(puts)/2], floors[len(floors)/2]
			b.ReportMetric(float64(put.Nanoseconds())/1000, "put-µs")
			b.ReportMetric(float64(least.Nanoseconds())/1000, "floor-µs")
			b.ReportMetric(float64(put)/float64(least), "x-of-floor")
			b.ReportMetric(float64(opened.Nanoseconds())/1000, "open-µs")
		})
	}
}
