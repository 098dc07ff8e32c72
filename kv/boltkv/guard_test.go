package boltkv_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

// TestGuardAcrossBranches: a branch whose pages are nearly all deleted is merged with the one beside it, and the page
// that is left in it with one that was below that. When that has a damaged row, which nobody has seen yet, it is not written again.
func TestGuardAcrossBranches(t *testing.T) {
	const rows, pageSize = 400, 1024
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: pageSize, NoSync: true})
	require.NoError(t, err)
	value := func(key string) []byte { return []byte(sealed(key, strings.Repeat(".", 80))) }
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucket([]byte("stator"))
		for i := 0; i < rows && err == nil; i++ {
			key := fmt.Sprintf("%04d-%030d", 2*i, 0)
			err = bucket.Put([]byte(key), value(key))
		}
		return err
	}))
	require.NoError(t, db.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)

	page := func(id uint64) []byte { return whole[id*pageSize : (id+1)*pageSize] }
	count := func(p []byte) int { return int(binary.NativeEndian.Uint16(p[10:])) }
	children := func(p []byte) (ids []uint64) {
		require.EqualValues(t, 1, binary.NativeEndian.Uint16(p[8:]), "a branch")
		for i := range count(p) {
			ids = append(ids, binary.NativeEndian.Uint64(p[16+16*i+8:]))
		}
		return ids
	}
	keys := func(p []byte) (keys []string) {
		for i := range count(p) {
			e := p[16+16*i:]
			at := binary.NativeEndian.Uint32(e[4:])
			keys = append(keys, string(e[at:at+binary.NativeEndian.Uint32(e[8:])]))
		}
		return keys
	}
	meta := page(0)
	if binary.NativeEndian.Uint64(page(1)[64:]) > binary.NativeEndian.Uint64(meta[64:]) {
		meta = page(1)
	}
	buckets := page(binary.NativeEndian.Uint64(meta[32:]))
	root := binary.NativeEndian.Uint64(buckets[16+16+len("stator"):])
	branches := children(page(root))
	require.Greater(t, len(branches), 3)

	for name, test := range map[string]struct{ emptied, kept, damaged int }{ // of the branches: the one emptied, its page that stays, the one of the damaged page
		"right": {0, -1, 1},
		"left":  {len(branches) - 1, 0, len(branches) - 2},
	} {
		t.Run(name, func(t *testing.T) {
			for range 12 { // bbolt merges in an order that it draws
				leaves := children(page(branches[test.emptied]))
				kept, beside := leaves[0], children(page(branches[test.damaged]))
				victim := beside[len(beside)-1]
				if test.kept < 0 {
					kept, victim = leaves[len(leaves)-1], beside[0]
				}
				b := append([]byte{}, whole...)
				lost := keys(page(victim))[1]
				wrong := lost[:3] + string(lost[3]^1) + lost[4:]
				at := strings.Index(string(b[victim*pageSize:]), lost)
				copy(b[int(victim)*pageSize+at:], wrong)
				path := filepath.Join(t.TempDir(), "damaged.db")
				require.NoError(t, os.WriteFile(path, b, 0o600))
				store, err := boltkv.Open(path, &boltkv.Options{NoSync: true, InitialMmapBytes: 1 << 20})
				require.NoError(t, err)
				store.CheckRows(checkSealed)
				elsewhere := keys(page(children(page(branches[len(branches)/2]))[2]))[1]
				for range 30 { // pages are free now that were visited
					require.NoError(t, put(store, elsewhere, string(value(elsewhere))))
				}
				err = store.Update(context.Background(), func(w kv.Writer) error {
					var errs []error
					for _, leaf := range leaves {
						remove := keys(page(leaf))
						if leaf == kept {
							remove = remove[1:]
						}
						for _, key := range remove {
							errs = append(errs, w.Delete([]byte(key)))
						}
					}
					return errors.Join(errs...)
				})
				if err != nil {
					require.ErrorIs(t, err, kv.ErrCorrupt)
				}
				require.ErrorIs(t, store.View(context.Background(), func(r kv.Reader) error {
					got, err := r.Get([]byte(lost))
					if err == nil {
						t.Logf("%s, which was written, is %q", lost, got)
					}
					return err
				}), kv.ErrCorrupt)
				require.NoError(t, store.Close())
			}
		})
	}
}
