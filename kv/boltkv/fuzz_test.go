package boltkv_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

// smallFile is a file with some keys, as it is on disk.
func smallFile(t testing.TB) []byte {
	path := filepath.Join(t.TempDir(), "good.db")
	store, err := boltkv.Open(path, &boltkv.Options{NoSync: true})
	require.NoError(t, err)
	for i := range 20 {
		require.NoError(t, put(store, fmt.Sprintf("key%03d", i*7), string(make([]byte, i*100))))
	}
	require.NoError(t, store.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

// FuzzOpen opens a file that somebody wrote into, reads and writes it. Whatever it
// holds, nothing panics, and the lock is given back.
func FuzzOpen(f *testing.F) {
	good := smallFile(f)
	f.Add(uint32(0), []byte{}, uint32(1<<31))
	for _, cut := range []uint32{0, 1, 15, 4096, 8192, 20_000} {
		f.Add(uint32(0), []byte{}, cut)
	}
	page := os.Getpagesize()
	for _, at := range []int{0, page, 2 * page, 3 * page, 4 * page, 5 * page} {
		for _, field := range []int{0, 8, 10, 12, 16, 24, 32, 40, 48, 64, 72} {
			f.Add(uint32(at+field), []byte{0xff, 0xff, 0xff, 0xff}, uint32(1<<31))
			f.Add(uint32(at+field), binary.LittleEndian.AppendUint64(nil, 1), uint32(1<<31))
		}
	}
	f.Add(uint32(0), make([]byte, 2*page), uint32(1<<31))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, size uint32) {
		bound.Input(t, func() {
			b := append([]byte{}, good...)
			b = b[:min(len(b), int(size))]
			if int(at) < len(b) {
				copy(b[at:], patch)
			}
			path := filepath.Join(t.TempDir(), "damaged.db")
			require.NoError(t, os.WriteFile(path, b, 0o600))
			for range 2 { // the second finds out whether the first gave the lock back
				store, err := boltkv.Open(path, &boltkv.Options{NoSync: true, LockTimeout: -1, InitialMmapBytes: -1})
				if err != nil {
					require.NotErrorIs(t, err, kv.ErrLocked)
					continue
				}
				_ = store.View(context.Background(), func(r kv.Reader) error {
					n := 0
					for p, err := range r.Scan([]byte{0}, []byte{0xff}, false) {
						if err != nil {
							return err
						}
						if n++; n > 10_000 {
							return errors.New("the keys do not end")
						}
						_, _ = r.Get(p.Key)
					}
					return nil
				})
				_ = put(store, "key050", "new")
				_ = store.Update(context.Background(), func(w kv.Writer) error { return w.DeleteRange([]byte("key"), []byte("kez")) })
				_ = store.Close()
			}
		})
	})
}
