package kvtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
)

// testModel runs random transactions on the store and on a map side by side,
// reading after every write, and now and then fails one or reopens the store.
func testModel(t *testing.T, config Config) {
	ops, seed := config.RandomOps, config.Seed
	if ops == 0 {
		ops = 2000
	}
	if testing.Short() {
		ops /= 10
	}
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("kvtest.Config.Seed: %d", seed)
	store := open(t, config)
	m := &model{random: rand.New(rand.NewPCG(seed, 1)), rows: map[string]string{}}
	for op := range ops {
		switch {
		case config.Reopen != nil && m.random.IntN(200) == 0:
			store = config.Reopen(t, store)
			t.Cleanup(func() { _ = store.Close() })
		case m.random.IntN(4) == 0:
			require.NoError(t, store.View(context.Background(), m.compare), "seed %d, transaction %d", seed, op)
		default:
			require.NoError(t, m.transact(store), "seed %d, transaction %d", seed, op)
		}
	}
	require.NoError(t, store.View(context.Background(), m.compareAll), "seed %d, at the end", seed)
}

type model struct {
	random *rand.Rand
	rows   map[string]string
}

var errRollback = errors.New("roll back")

// transact draws a transaction and runs it. fn may run again, so it is drawn
// before and works on a copy of the rows.
func (m *model) transact(store kv.Store) error {
	seed, fails := m.random.Uint64(), m.random.IntN(5) == 0
	steps := 1 + m.random.IntN(6)
	if m.random.IntN(30) == 0 {
		steps = 200
	}
	var after model
	err := store.Update(context.Background(), func(w kv.Writer) error {
		after = model{random: rand.New(rand.NewPCG(seed, 2)), rows: make(map[string]string, len(m.rows))}
		for key, value := range m.rows {
			after.rows[key] = value
		}
		for range steps {
			if err := after.step(w); err != nil {
				return err
			}
		}
		if fails {
			return errRollback
		}
		return nil
	})
	if fails && errors.Is(err, errRollback) {
		return nil
	}
	if err == nil {
		m.rows = after.rows
	}
	return err
}

func (m *model) step(w kv.Writer) error {
	switch m.random.IntN(8) {
	case 0, 1, 2:
		key, value := m.key(), strings.Repeat(m.key(), m.random.IntN(40))
		m.rows[key] = value
		return w.Put([]byte(key), []byte(value))
	case 3:
		key := m.key()
		delete(m.rows, key)
		return w.Delete([]byte(key))
	case 4:
		if m.random.IntN(4) > 0 {
			return nil
		}
		lo, hi := m.bound(), m.bound()
		for _, key := range m.keys(lo, hi) {
			delete(m.rows, key)
		}
		return w.DeleteRange(lo, hi)
	case 5:
		return m.writeInScan(w)
	default:
		return m.compare(w)
	}
}

// writeInScan writes while it scans and expects the rows from before.
func (m *model) writeInScan(w kv.Writer) error {
	lo, hi, reverse := m.bound(), m.bound(), m.random.IntN(2) == 0
	want := m.list(lo, hi, reverse)
	got := []string{}
	for pair, err := range w.Scan(lo, hi, reverse) {
		if err != nil {
			return err
		}
		got = append(got, string(pair.Key)+"="+string(pair.Value))
		key, value := m.key(), m.key()
		if m.random.IntN(3) == 0 {
			delete(m.rows, key)
			err = w.Delete([]byte(key))
		} else {
			m.rows[key] = value
			err = w.Put([]byte(key), []byte(value))
		}
		if err != nil {
			return err
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("scan with writes inside, %q to %q, reverse %v: got %q, expected %q", lo, hi, reverse, got, want)
	}
	return nil
}

// compare reads in a random way.
func (m *model) compare(r kv.Reader) error {
	if m.random.IntN(2) == 0 {
		key := m.key()
		want, found := m.rows[key]
		if !found {
			want = "absent"
		}
		return expect(r, key, want)
	}
	lo, hi, reverse := m.bound(), m.bound(), m.random.IntN(2) == 0
	got, err := list(r, lo, hi, reverse)
	if want := m.list(lo, hi, reverse); err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("scan %q to %q, reverse %v: got %q, expected %q", lo, hi, reverse, got, want)
	}
	return err
}

func (m *model) compareAll(r kv.Reader) error { return expectAll(r, m.list(nil, nil, false)...) }

// key draws one of some hundred keys, so that they meet often.
func (m *model) key() string {
	const letters = "\x00am\xff"
	key := make([]byte, 1+m.random.IntN(4))
	for i := range key {
		key[i] = letters[m.random.IntN(len(letters))]
	}
	return string(key)
}

func (m *model) bound() []byte {
	switch m.random.IntN(8) {
	case 0:
		return nil
	case 1:
		return []byte{}
	}
	return []byte(m.key())
}

func (m *model) keys(lo, hi []byte) []string {
	var keys []string
	for key := range m.rows {
		if key >= string(lo) && (hi == nil || key < string(hi)) {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}

func (m *model) list(lo, hi []byte, reverse bool) []string {
	rows := []string{}
	for _, key := range m.keys(lo, hi) {
		rows = append(rows, key+"="+m.rows[key])
	}
	if reverse {
		slices.Reverse(rows)
	}
	return rows
}
