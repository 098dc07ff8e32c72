package corrupt_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/memkv"
	"github.com/statordb/stator/reliability/internal/ram"
)

// TestControlNothing: a whole file is whole, before and after.
func TestControlNothing(t *testing.T) {
	path := filepath.Join(ram.Dir(t), "whole.db")
	build(t, path)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	report, err := stator.CheckFile(t.Context(), path)
	require.NoError(t, err)
	require.Empty(t, report.Faults)
	require.Equal(t, 3, report.Tables)
	require.EqualValues(t, live+orders+blobs, report.Items)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after, "the check changes no byte")
}

// TestControlServed reads flips as a store without checksums would, in which a row is what its bytes are: the comparison
// of the answers catches wrong ones, in the values and in the keys of rows.
func TestControlServed(t *testing.T) {
	path := filepath.Join(ram.Dir(t), "whole.db")
	build(t, path)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	names := regions(whole)
	truth := blindAnswers(t, whole)
	require.NotEmpty(t, truth)
	wrong := map[string]int{}
	for _, f := range choose(names, len(whole)/1000) {
		region := names[f.Offset]
		if region != "leaf, value of a row" && region != "leaf, key of a row" && region != "root, key" && region != "leaf, value of the store's tokens" {
			continue
		}
		b := append([]byte(nil), whole...)
		b[f.Offset] ^= f.Mask
		for key, value := range blindAnswers(t, b) {
			if truth[key] != value {
				wrong[region]++
				break
			}
		}
	}
	t.Logf("without checksums, wrong answers were served: %v", wrong)
	require.Positive(t, wrong["leaf, value of a row"])
	require.Positive(t, wrong["leaf, key of a row"])
	require.Positive(t, wrong["leaf, value of the store's tokens"])
}

// blindAnswers are the answers of the rows of a file, which are put into memory with checksums that are right.
func blindAnswers(t *testing.T, b []byte) (all map[string]string) {
	db, err := bolt.Open(copyOf(t, b), 0o600, &bolt.Options{ReadOnly: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	store, err := memkv.Open(nil)
	require.NoError(t, err)
	err = store.Update(context.Background(), func(w kv.Writer) error {
		return db.View(func(tx *bolt.Tx) error {
			return tx.Bucket([]byte("stator")).ForEach(func(k, v []byte) error {
				return w.Put(k, resealed(k, v))
			})
		})
	})
	require.NoError(t, err)
	served, err := stator.OpenStore(store, options())
	require.NoError(t, err)
	defer func() { require.NoError(t, served.Close()) }()
	return answers(t.Context(), served)
}

// resealed returns a row or a token with a checksum that is right for whatever is in it, as docs/format.md describes them.
func resealed(key, value []byte) []byte {
	const checksumAt, headerBytes = 16, 20
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	if bytes.HasPrefix(key, []byte{0, 0, 0, 0, 4}) && len(value) > 5 {
		value = bytes.Clone(value)
		binary.BigEndian.PutUint32(value[1:], crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value[5:]))
		return value
	}
	if binary.BigEndian.Uint32(key) == 0 || len(key) < 5 || key[4] != 2 && key[4] != 3 || len(value) < headerBytes {
		return value
	}
	value = bytes.Clone(value)
	sum := crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value[:checksumAt])
	binary.BigEndian.PutUint32(value[checksumAt:], crc32.Update(sum, castagnoli, value[headerBytes:]))
	return value
}

// TestControlDead: a child that panics, or does not come back in time, is noticed.
func TestControlDead(t *testing.T) {
	path := filepath.Join(ram.Dir(t), "whole.db")
	build(t, path)
	for offset, want := range map[int]string{1 << 40: "index out of range", hang: "signal: killed"} {
		p := start(t, os.Args[0], path)
		_, alive := p.try(flip{Offset: 5000}, flipDeadline)
		require.True(t, alive)
		o, alive := p.try(flip{Offset: offset}, time.Second)
		require.False(t, alive)
		require.Contains(t, o.Died, want)
		p.stop()
	}
}

// TestControlTable: a death, a wrong answer, damage that nobody found and damage that the check did not find count as faults.
func TestControlTable(t *testing.T) {
	var told table
	told.add("leaf, header", flip{}, outcome{Died: "signal: killed"})
	told.add("leaf, header", flip{}, outcome{Wrong: []string{"absent"}})
	told.add("leaf, header", flip{}, outcome{})
	told.add("leaf, header", flip{}, outcome{Refused: "damaged"})
	require.Len(t, told.faults, 4)
	told.add("leaf, header", flip{}, outcome{Refused: "damaged", Check: []string{"damaged"}})
	told.add("free page", flip{}, outcome{})
	require.Len(t, told.faults, 4, "these are none")
	errs, wrong := compare(map[string]string{"a": "1", "b": "2", "c": "3"}, map[string]string{"a": "1", "b": failure(kv.ErrCorrupt), "c": failure(errors.New("another one"))})
	require.Equal(t, 1, errs)
	require.Len(t, wrong, 1)
}
