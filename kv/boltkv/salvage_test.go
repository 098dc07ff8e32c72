package boltkv_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv/boltkv"
)

// TestSalvageOfForgedPage: a value that looks like a page, in the place where that page would be, is no page, when the tree
// above it is gone and leaves are looked for one by one.
func TestSalvageOfForgedPage(t *testing.T) {
	const pageSize, rows = 4096, 300
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: pageSize, NoSync: true})
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucket([]byte("stator"))
		for i := 0; i < rows && err == nil; i++ {
			err = bucket.Put(fmt.Appendf(nil, "%05d", i), make([]byte, 100))
		}
		if err == nil {
			err = bucket.Put([]byte("large"), make([]byte, 10*pageSize))
		}
		return err
	}))
	var root uint64
	require.NoError(t, db.View(func(tx *bolt.Tx) error { root = uint64(tx.Bucket([]byte("stator")).Root()); return nil }))
	require.NoError(t, db.Close())

	b, err := os.ReadFile(path)
	require.NoError(t, err)
	forged := 0
	for id := 2; id < len(b)/pageSize; id++ {
		p := b[id*pageSize:]
		if binary.NativeEndian.Uint16(p[8:]) != 2 || binary.NativeEndian.Uint32(p[12:]) < 5 || binary.NativeEndian.Uint64(p) != uint64(id) {
			continue
		}
		fake := p[4*pageSize:]
		binary.NativeEndian.PutUint64(fake, uint64(id+4))
		binary.NativeEndian.PutUint16(fake[8:], 2)
		binary.NativeEndian.PutUint16(fake[10:], 1)
		binary.NativeEndian.PutUint32(fake[20:], 16) // the position, and the lengths
		binary.NativeEndian.PutUint32(fake[24:], 6)
		binary.NativeEndian.PutUint32(fake[28:], 1)
		copy(fake[32:], "forgedv")
		forged++
		break
	}
	require.Equal(t, 1, forged)
	clear(b[root*pageSize : (root+1)*pageSize])
	require.NoError(t, os.WriteFile(path, b, 0o600))

	s, err := boltkv.OpenSalvage(context.Background(), path, func(_, _ []byte) int64 { return 0 })
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for _, free := range []bool{false, true} {
		found := map[string]int{}
		require.NoError(t, s.Rows(context.Background(), free, func(r boltkv.SalvagedRow) error {
			require.Equal(t, boltkv.FromLost, r.Source)
			found[string(r.Key)]++
			return nil
		}))
		require.Len(t, found, rows+1, "each row once, and no other")
		require.Equal(t, 1, found["large"])
	}
}
