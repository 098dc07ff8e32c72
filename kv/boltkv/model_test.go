package boltkv_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

var (
	modelSeeds = flag.Int("seeds", 4, "how many histories TestModel makes")
	modelSeed  = flag.Uint64("seed", 0, "the first history of TestModel; 0 is another one each time")
)

// TestModel: whatever is written, in whatever order, by this package or now and then by plain bbolt, no page
// of the file is taken for a damaged one, and what is read, forwards, backwards and by key, is what bbolt's own cursor and a map have.
func TestModel(t *testing.T) {
	seed := *modelSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) % 1_000_000_000
	}
	for i := range *modelSeeds {
		t.Run(fmt.Sprint("seed=", seed+uint64(i)), func(t *testing.T) { newModel(t, seed+uint64(i)).run() })
	}
}

// TestModelNoticesLoss is the control: a row that is missing is noticed.
func TestModelNoticesLoss(t *testing.T) {
	m := newModel(t, 1)
	m.open()
	m.commit()
	m.rows["a row that nobody wrote"] = sealed("x", "")
	require.Error(t, m.compare())
	require.NoError(t, m.store.Close())
}

// model is a file with what should be in it.
type model struct {
	t        *testing.T
	random   *rand.Rand
	path     string
	pageSize int
	options  boltkv.Options
	store    *boltkv.Store
	rows     map[string]string
	keys     []string // those in use are among them

	mu       sync.Mutex
	versions map[uint64]uint64 // the sum of all rows, by the version in them
}

var versionKey = []byte("\x80version")

func newModel(t *testing.T, seed uint64) *model {
	m := &model{t: t, random: rand.New(rand.NewPCG(seed, 7)), path: filepath.Join(t.TempDir(), "test.db"), rows: map[string]string{}, versions: map[uint64]uint64{}}
	m.pageSize = []int{0, 1 << 10, 1 << 10, 4 << 10, 16 << 10}[m.random.IntN(5)]
	m.options = boltkv.Options{
		NoSync:           true,
		MaxBatchBytes:    []int{0, 1, 10_000}[m.random.IntN(3)],
		InitialMmapBytes: []int64{0, -1, -1, 1 << 20}[m.random.IntN(4)],
		MaxSizeBytes:     []int64{0, 0, 8 << 20}[m.random.IntN(3)],
	}
	m.makeKeys()
	if m.pageSize > 0 {
		m.plain(&bolt.Options{PageSize: m.pageSize}, func(tx *bolt.Tx) error {
			_, err := tx.CreateBucket([]byte("stator"))
			return err
		})
	}
	return m
}

// makeKeys makes keys that are prefixes of each other, short ones, long ones, and the longest.
func (m *model) makeKeys() {
	seen := map[string]bool{string(versionKey): true}
	for range 200 + m.random.IntN(1500) {
		var key string
		switch m.random.IntN(12) {
		case 0:
			key = strings.Repeat("a", 1+m.random.IntN(300))
		case 1:
			key = strings.Repeat("\xff", 1+m.random.IntN(40))
		case 2:
			key = strings.Repeat("\x00", 1+m.random.IntN(40))
		case 3:
			key = fmt.Sprintf("long%0*d", m.random.IntN(3000), m.random.IntN(100))
		case 4:
			if m.random.IntN(20) == 0 {
				key = fmt.Sprintf("%0*d", bolt.MaxKeySize, m.random.IntN(10))
			}
		default:
			key = fmt.Sprintf("%0*d", 8+m.random.IntN(2)*30, m.random.IntN(5000))
		}
		if key != "" && !seen[key] {
			seen[key] = true
			m.keys = append(m.keys, key)
		}
	}
	slices.Sort(m.keys)
}

// sealed returns a value with a checksum of its key; short ones have none.
func sealed(key, value string) string {
	if len(value) < 8 {
		return value[:min(3, len(value))]
	}
	sum := crc32.ChecksumIEEE([]byte(key + value[4:]))
	return string(binary.BigEndian.AppendUint32(nil, sum)) + value[4:]
}

func checkSealed(key, value []byte) error {
	if len(value) >= 8 && string(value) != sealed(string(key), string(value)) {
		return errors.New("its checksum is wrong")
	}
	return nil
}

func (m *model) value(key string) string {
	n := m.random.IntN(40)
	switch m.random.IntN(30) {
	case 0:
		n = m.random.IntN(60_000)
	case 1, 2:
		n = m.random.IntN(5000)
	case 3, 4, 5:
		n = 0
	}
	return sealed(key, strings.Repeat(string(rune('a'+m.random.IntN(26))), n))
}

func (m *model) open() {
	var err error
	m.store, err = boltkv.Open(m.path, &m.options)
	require.NoError(m.t, err)
	m.store.CheckRows(checkSealed)
}

func (m *model) run() {
	rounds := 4 + m.random.IntN(4)
	for range rounds {
		m.open()
		require.NoError(m.t, m.spotCheck())
		ctx, stop := context.WithCancel(context.Background())
		var readers sync.WaitGroup
		for i := range 2 {
			seed := m.random.Uint64()
			readers.Go(func() { m.reader(ctx, i == 0, rand.New(rand.NewPCG(seed, 1))) })
		}
		for range m.random.IntN(60) {
			m.commit()
			if m.random.IntN(10) == 0 {
				require.NoError(m.t, m.spotCheck())
			}
		}
		stop()
		readers.Wait()
		require.NoError(m.t, m.compare())
		require.NoError(m.t, m.store.Close())
		m.afterClose()
		m.betweenTimes()
	}
}

// commit writes one of several kinds of transactions.
func (m *model) commit() {
	next := maps.Clone(m.rows)
	kind, n := m.random.IntN(20), 1+m.random.IntN(1+m.random.IntN(300))
	from := m.random.IntN(len(m.keys))
	type change struct {
		key, value string
		end        string // of a range that is deleted
		delete     bool
	}
	var changes []change
	remove := func(lo, hi string) {
		changes = append(changes, change{key: lo, end: hi})
		maps.DeleteFunc(next, func(key, _ string) bool { return key >= lo && key < hi })
	}
	for i := range n {
		key := m.keys[m.random.IntN(len(m.keys))]
		if kind%2 == 0 {
			key = m.keys[(from+i)%len(m.keys)]
		}
		switch {
		case kind < 12 || kind < 14 && i%2 == 0:
			value := m.value(key)
			changes = append(changes, change{key: key, value: value})
			next[key] = value
		default:
			changes = append(changes, change{key: key, delete: true})
			delete(next, key)
		}
	}
	switch kind {
	case 18:
		lo := m.random.IntN(len(m.keys))
		remove(m.keys[lo], m.keys[min(lo+m.random.IntN(400), len(m.keys)-1)])
	case 19:
		if m.random.IntN(2) == 0 { // everything, down to an empty bucket or nearly so
			remove("", "\xff\xff\xff")
		}
	}
	version := uint64(len(m.versions) + 1)
	if kind == 19 && m.random.IntN(2) == 0 {
		delete(next, string(versionKey))
		changes = append(changes, change{key: string(versionKey), delete: true})
	} else {
		next[string(versionKey)] = string(binary.BigEndian.AppendUint64(nil, version))[2:]
		changes = append(changes, change{key: string(versionKey), value: next[string(versionKey)]})
		m.mu.Lock()
		m.versions[version] = sumOf(next)
		m.mu.Unlock()
	}
	err := m.store.Update(context.Background(), func(w kv.Writer) error {
		for _, c := range changes {
			var err error
			switch {
			case c.end != "":
				err = w.DeleteRange([]byte(c.key), []byte(c.end))
			case c.delete:
				err = w.Delete([]byte(c.key))
			default:
				err = w.Put([]byte(c.key), []byte(c.value))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if m.options.MaxSizeBytes > 0 && errors.Is(err, kv.ErrFull) {
		return
	}
	require.NoError(m.t, err)
	m.rows = next
}

func sumOf(rows map[string]string) uint64 {
	var sum uint64
	for key, value := range rows {
		sum += sumOfRow([]byte(key), []byte(value))
	}
	return sum
}

func sumOfRow(key, value []byte) uint64 {
	sum := crc32.ChecksumIEEE(key)
	return uint64(sum)*0x9E3779B97F4A7C15 ^ uint64(crc32.Update(sum, crc32.IEEETable, value))
}

// reader compares snapshots with the version that they say they are, while others are committed.
func (m *model) reader(ctx context.Context, reverse bool, random *rand.Rand) {
	for ctx.Err() == nil {
		err := m.store.View(context.Background(), func(r kv.Reader) error {
			for range 1 + random.IntN(3) {
				version, err := r.Get(versionKey)
				if err != nil {
					return err
				}
				var sum uint64
				for pair, err := range r.Scan(nil, nil, reverse) {
					if err != nil {
						return err
					}
					sum += sumOfRow(pair.Key, pair.Value)
				}
				if version == nil {
					continue
				}
				m.mu.Lock()
				want, ok := m.versions[binary.BigEndian.Uint64(append([]byte{0, 0}, version...))]
				m.mu.Unlock()
				if !ok || want != sum {
					return fmt.Errorf("version %x has the sum %x, want %x", version, sum, want)
				}
				time.Sleep(time.Duration(random.IntN(3)) * time.Millisecond) // some commits go by
			}
			return nil
		})
		if err != nil {
			m.t.Errorf("a reader: %v", err)
			return
		}
	}
}

// spotCheck gets some keys and scans some ranges.
func (m *model) spotCheck() error {
	sorted := slices.Sorted(maps.Keys(m.rows))
	return m.store.View(context.Background(), func(r kv.Reader) error {
		for range 50 {
			key := m.keys[m.random.IntN(len(m.keys))]
			if m.random.IntN(3) == 0 {
				key += "\x00"
			}
			value, err := r.Get([]byte(key))
			if err != nil {
				return err
			}
			if want, ok := m.rows[key]; ok != (value != nil) || want != string(value) {
				return fmt.Errorf("%.40q is %.40q, want %.40q", key, value, want)
			}
		}
		for i := range 20 {
			lo, hi := m.keys[m.random.IntN(len(m.keys))], m.keys[m.random.IntN(len(m.keys))]
			first, _ := slices.BinarySearch(sorted, lo)
			end, _ := slices.BinarySearch(sorted, hi)
			want := slices.Clone(sorted[first:max(first, end)])
			if i%2 == 1 {
				slices.Reverse(want)
			}
			if err := sameScan(r, []byte(lo), []byte(hi), i%2 == 1, want, m.rows); err != nil {
				return err
			}
		}
		return nil
	})
}

func sameScan(r kv.Reader, lo, hi []byte, reverse bool, want []string, rows map[string]string) error {
	n := 0
	for pair, err := range r.Scan(lo, hi, reverse) {
		if err != nil {
			return err
		}
		if n == len(want) || string(pair.Key) != want[n] || string(pair.Value) != rows[want[n]] {
			return fmt.Errorf("row %d of a scan (reverse %v) is %.40q", n, reverse, pair.Key)
		}
		n++
	}
	if n != len(want) {
		return fmt.Errorf("a scan (reverse %v) has %d rows, want %d", reverse, n, len(want))
	}
	return nil
}

// compare compares everything.
func (m *model) compare() error { return compareStore(m.store, m.rows, m.keys) }

func compareStore(store *boltkv.Store, rows map[string]string, keys []string) error {
	want := slices.Sorted(maps.Keys(rows))
	return store.View(context.Background(), func(r kv.Reader) error {
		if err := sameScan(r, nil, nil, false, want, rows); err != nil {
			return err
		}
		for _, key := range keys {
			value, err := r.Get([]byte(key))
			if err != nil {
				return err
			}
			if want, ok := rows[key]; ok != (value != nil) || want != string(value) {
				return fmt.Errorf("%.40q is %.40q, want %.40q", key, value, want)
			}
		}
		backwards := slices.Clone(want)
		slices.Reverse(backwards)
		return sameScan(r, nil, nil, true, backwards, rows)
	})
}

// afterClose compares the file as bbolt, Inspect and two who open it for reading see it.
func (m *model) afterClose() {
	db, err := bolt.Open(m.path, 0o600, &bolt.Options{ReadOnly: true})
	require.NoError(m.t, err)
	require.NoError(m.t, db.View(func(tx *bolt.Tx) error {
		var errs []error
		for err := range tx.Check() {
			errs = append(errs, err)
		}
		n := 0
		cursor := tx.Bucket([]byte("stator")).Cursor()
		for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
			n++
			if want, ok := m.rows[string(key)]; !ok || want != string(value) {
				errs = append(errs, fmt.Errorf("bbolt has %.40q", key))
			}
		}
		if n != len(m.rows) {
			errs = append(errs, fmt.Errorf("bbolt has %d rows, want %d", n, len(m.rows)))
		}
		return errors.Join(errs...)
	}))
	require.NoError(m.t, db.Close())
	found, err := boltkv.Inspect(context.Background(), m.path, checkSealed)
	require.NoError(m.t, err)
	require.Empty(m.t, found.Faults)
	require.Empty(m.t, found.RowFaults)
	require.EqualValues(m.t, len(m.rows), found.Rows)
	var stores [2]*boltkv.Store
	for i := range stores {
		stores[i], err = boltkv.Open(m.path, &boltkv.Options{ReadOnly: true})
		require.NoError(m.t, err)
		stores[i].CheckRows(checkSealed)
	}
	for _, store := range stores {
		require.NoError(m.t, compareStore(store, m.rows, m.keys))
	}
	for _, store := range stores {
		require.NoError(m.t, store.Close())
	}
}

// betweenTimes does to the file what others may do: bbolt writes to it, with and without its list of free
// pages, or it is copied, which puts the newest meta page into the first place.
func (m *model) betweenTimes() {
	switch kind := m.random.IntN(5); kind {
	case 0, 1:
		m.plain(&bolt.Options{NoFreelistSync: kind == 0, FreelistType: bolt.FreelistArrayType}, func(tx *bolt.Tx) error {
			for range m.random.IntN(100) {
				key := m.keys[m.random.IntN(len(m.keys))]
				var err error
				if m.random.IntN(2) == 0 {
					m.rows[key] = m.value(key)
					err = tx.Bucket([]byte("stator")).Put([]byte(key), []byte(m.rows[key]))
				} else {
					delete(m.rows, key)
					err = tx.Bucket([]byte("stator")).Delete([]byte(key))
				}
				if err != nil {
					return err
				}
			}
			// The next commit of the model makes a version again.
			delete(m.rows, string(versionKey))
			return tx.Bucket([]byte("stator")).Delete(versionKey)
		})
	case 2:
		db, err := bolt.Open(m.path, 0o600, &bolt.Options{ReadOnly: true})
		require.NoError(m.t, err)
		var copied bytes.Buffer
		require.NoError(m.t, db.View(func(tx *bolt.Tx) error { _, err := tx.WriteTo(&copied); return err }))
		require.NoError(m.t, db.Close())
		require.NoError(m.t, os.WriteFile(m.path, copied.Bytes(), 0o600))
	}
}

// plain writes with bbolt itself.
func (m *model) plain(o *bolt.Options, fn func(*bolt.Tx) error) {
	o.NoSync = true
	db, err := bolt.Open(m.path, 0o600, o)
	require.NoError(m.t, err)
	require.NoError(m.t, db.Update(fn))
	require.NoError(m.t, db.Close())
}
