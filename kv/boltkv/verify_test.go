package boltkv_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

// churn makes a file of a tree that is three pages deep, by random writes and deletions, and returns its rows.
func churn(t *testing.T, path string) map[string]string {
	store := openAt(t, path)
	random := rand.New(rand.NewPCG(1, 3))
	rows := map[string]string{}
	for round := range 60 {
		require.NoError(t, store.Update(context.Background(), func(w kv.Writer) error {
			for range 200 {
				key := fmt.Sprintf("%040d", random.IntN(9000))
				if round%3 == 2 {
					delete(rows, key)
					if err := w.Delete([]byte(key)); err != nil {
						return err
					}
					continue
				}
				rows[key] = strings.Repeat(string(rune('a'+round%26)), random.IntN(200)+random.IntN(2)*random.IntN(2)*random.IntN(2)*9000)
				if err := w.Put([]byte(key), []byte(rows[key])); err != nil {
					return err
				}
			}
			return nil
		}))
		if round%20 == 19 {
			require.NoError(t, store.Update(context.Background(), func(w kv.Writer) error {
				lo, hi := fmt.Sprintf("%040d", round*50), fmt.Sprintf("%040d", round*50+900)
				for key := range rows {
					if key >= lo && key < hi {
						delete(rows, key)
					}
				}
				return w.DeleteRange([]byte(lo), []byte(hi))
			}))
		}
	}
	require.NoError(t, store.Close())
	return rows
}

// TestInspect: what random writes leave is whole, for Inspect as for bbolt, and every way to damage a page is found.
func TestInspect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	rows := churn(t, path)
	n, err := boltkv.Inspect(t.Context(), path, nil)
	require.NoError(t, err)
	require.Empty(t, n.Faults)
	require.EqualValues(t, len(rows), n.Rows)
	require.Greater(t, n.Branches, uint64(3))
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	require.NoError(t, err)
	require.NoError(t, db.View(func(tx *bolt.Tx) error {
		var errs []error
		for err := range tx.Check() {
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	}))
	require.NoError(t, db.Close())

	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	size := n.PageSize
	for page := 2; page < int(n.Pages); page += 3 {
		flags := binary.NativeEndian.Uint16(whole[page*size+8:])
		if flags != 1 || binary.NativeEndian.Uint64(whole[page*size:]) != uint64(page) {
			continue
		}
		for name, damage := range map[string]func(b []byte){
			"itself":      func(b []byte) { binary.NativeEndian.PutUint64(b[24:], uint64(page)) },
			"count":       func(b []byte) { b[10]-- },
			"overflow":    func(b []byte) { b[12]++ },
			"key":         func(b []byte) { b[size/2] ^= 0x40 },
			"wild number": func(b []byte) { b[31] = 0x7f },
			"zeros":       func(b []byte) { clear(b[:size]) },
		} {
			b := bytes.Clone(whole)
			damage(b[page*size:])
			require.NoError(t, os.WriteFile(path, b, 0o600))
			n, err := boltkv.Inspect(t.Context(), path, nil)
			require.NoError(t, err)
			if name != "key" && len(n.Faults) == 0 { // a free page has keys, too
				free, err := boltkv.Inspect(t.Context(), path, nil)
				require.NoError(t, err)
				require.EqualValues(t, len(rows), free.Rows, "page %d: %s", page, name)
			}
			// Reading ends, with the truth or an error.
			store, err := boltkv.Open(path, &boltkv.Options{LockTimeout: -1, InitialMmapBytes: 64 << 20})
			if err != nil {
				require.ErrorIs(t, err, kv.ErrCorrupt)
				continue
			}
			for key, want := range rows {
				err := store.View(t.Context(), func(r kv.Reader) error {
					v, err := r.Get([]byte(key))
					if err == nil {
						require.Equal(t, want, string(v), "page %d: %s", page, name)
					}
					return err
				})
				if err != nil {
					require.ErrorIs(t, err, kv.ErrCorrupt)
				}
			}
			require.NoError(t, store.Close())
		}
	}
}

// TestCheckRows: next to a row that is damaged, absence is not certain, and elsewhere it is.
func TestCheckRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	store := openAt(t, path)
	for i := range 300 {
		require.NoError(t, put(store, fmt.Sprintf("%03d", i*2), "good"+strings.Repeat(".", 40)))
	}
	require.NoError(t, store.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	b = bytes.ReplaceAll(b, []byte("100good"), []byte("101good")) // a key with another bit, in its place
	require.NoError(t, os.WriteFile(path, b, 0o600))
	store = openAt(t, path)
	store.CheckRows(func(key, value []byte) error {
		if string(key) == "101" {
			return errors.New("its checksum is wrong")
		}
		return nil
	})
	for key, ok := range map[string]bool{"098": true, "099": false, "100": false, "102": true, "103": true, "300": true, "301": true} {
		err := store.View(t.Context(), func(r kv.Reader) error { _, err := r.Get([]byte(key)); return err })
		require.Equal(t, ok, err == nil, "%s: %v", key, err)
	}
	// A page with a damaged row is not written again, for then it would be believed.
	require.ErrorIs(t, put(store, "098", "new"), kv.ErrCorrupt)
	require.ErrorIs(t, put(store, "101", "new"), kv.ErrCorrupt)
	require.NoError(t, put(store, "598", "new"))
	scan := func(lo, hi string, reverse bool) error {
		return store.View(t.Context(), func(r kv.Reader) error {
			for _, err := range r.Scan([]byte(lo), []byte(hi), reverse) {
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, reverse := range []bool{false, true} {
		require.NoError(t, scan("080", "096", reverse))
		require.NoError(t, scan("104", "120", reverse))
		require.ErrorIs(t, scan("090", "101", reverse), kv.ErrCorrupt, "it may have been below the end")
		require.ErrorIs(t, scan("100", "101", reverse), kv.ErrCorrupt)
	}
}

// TestListWithoutBuckets: a file that was written to and lists no bucket is damaged, and not as good as new; one that
// has nothing in it is new.
func TestListWithoutBuckets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	store := openAt(t, path)
	require.NoError(t, put(store, "a", "1"))
	require.NoError(t, store.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	found := 0
	size := os.Getpagesize()
	for at := 2 * size; at < len(whole); at += size {
		const leafPage, flagsAt, countAt = 0x02, 8, 10
		if binary.LittleEndian.Uint16(whole[at+flagsAt:]) != leafPage || binary.LittleEndian.Uint16(whole[at+countAt:]) != 1 {
			continue
		}
		b := bytes.Clone(whole)
		b[at+countAt] ^= 1 // a bit
		require.NoError(t, os.WriteFile(path, b, 0o600))
		damaged, err := boltkv.Open(path, nil)
		if err == nil { // not the list, or that of an earlier commit
			require.Equal(t, "1", get(t, damaged, "a"))
			require.NoError(t, damaged.Close())
			continue
		}
		require.ErrorIs(t, err, kv.ErrCorrupt)
		require.ErrorContains(t, err, "lists no bucket")
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, b, after)
		found++
	}
	require.Equal(t, 1, found)

	require.NoError(t, os.WriteFile(path, nil, 0o600))
	store = openAt(t, path)
	require.NoError(t, put(store, "a", "1"))
}
