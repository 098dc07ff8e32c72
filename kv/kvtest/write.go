package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
)

var writeTests = map[string]func(*testing.T, kv.Store){
	"a writer reads its own writes":      testOwnWrites,
	"writes inside a scan are not in it": testWriteInScan,
	"range deletes":                      testDeleteRange,
	"a failed fn leaves nothing":         testRollback,
	"buffers can be used again":          testBuffers,
	"limits":                             testLimits,
	"empty key":                          testEmptyKey,
	"a transaction of 10,000 keys":       testLargeTransaction,
}

func testOwnWrites(t *testing.T, store kv.Store) {
	put(t, store, "a", "1", "b", "2", "c", "3")
	update(t, store, func(w kv.Writer) error {
		steps := []struct {
			write func() error
			want  []string
		}{
			{func() error { return putAll(w, "b", "22") }, []string{"a=1", "b=22", "c=3"}},
			{func() error { return w.Delete([]byte("a")) }, []string{"b=22", "c=3"}},
			{func() error { return putAll(w, "d", "4") }, []string{"b=22", "c=3", "d=4"}},
			{func() error { return w.Delete([]byte("d")) }, []string{"b=22", "c=3"}},
			{func() error { return w.Delete([]byte("absent")) }, []string{"b=22", "c=3"}},
			{func() error { return putAll(w, "a", "11") }, []string{"a=11", "b=22", "c=3"}},
			{func() error { return putAll(w, "a", "111") }, []string{"a=111", "b=22", "c=3"}},
			{func() error { return w.Delete([]byte("c")) }, []string{"a=111", "b=22"}},
		}
		for _, step := range steps {
			if err := step.write(); err != nil {
				return err
			}
			if err := expectAll(w, step.want...); err != nil {
				return err
			}
		}
		return errors.Join(expect(w, "a", "111"), expect(w, "c", "absent"), expect(w, "d", "absent"))
	})
	require.Equal(t, []string{"a=111", "b=22"}, scan(t, store, nil, nil, false))
}

func testWriteInScan(t *testing.T, store kv.Store) {
	for _, reverse := range []bool{false, true} {
		for _, own := range []bool{false, true} {
			update(t, store, func(w kv.Writer) error {
				if err := w.DeleteRange(nil, nil); err != nil {
					return err
				}
				return putAll(w, "b", "1", "d", "1", "f", "1")
			})
			update(t, store, func(w kv.Writer) error {
				if own { // some of the rows are the transaction's own
					if err := putAll(w, "d", "1", "e", "9"); err != nil {
						return err
					}
					if err := w.Delete([]byte("e")); err != nil {
						return err
					}
				}
				seen := 0
				for pair, err := range w.Scan(nil, nil, reverse) {
					if err != nil {
						return err
					}
					if string(pair.Value) != "1" {
						return fmt.Errorf("the scan sees %q = %q, written inside it", pair.Key, pair.Value)
					}
					seen++
					next, prev := string(pair.Key[0]+1), string(pair.Key[0]-1)
					if err := putAll(w, "b", "2", "d", "2", "f", "2", next, "2", prev, "2"); err != nil {
						return err
					}
					if err := w.Delete([]byte("d")); err != nil {
						return err
					}
					if err := expect(w, "f", "2"); err != nil {
						return err
					}
				}
				if seen != 3 {
					return fmt.Errorf("the scan saw %d rows, expected 3", seen)
				}
				return expectAll(w, "a=2", "b=2", "c=2", "e=2", "f=2", "g=2")
			})
		}
	}
}

func testDeleteRange(t *testing.T, store kv.Store) {
	fill := func(w kv.Writer) error { return putAll(w, "a", "", "b", "", "c", "", "d", "", "e", "") }
	tests := []struct {
		lo, hi []byte
		want   []string
	}{
		{nil, nil, nil},
		{[]byte("b"), []byte("d"), []string{"a=", "d=", "e="}},
		{[]byte("b"), nil, []string{"a="}},
		{nil, []byte("b"), []string{"b=", "c=", "d=", "e="}},
		{nil, []byte{}, []string{"a=", "b=", "c=", "d=", "e="}},
		{[]byte("d"), []byte("b"), []string{"a=", "b=", "c=", "d=", "e="}},
		{[]byte("aa"), []byte("dd"), []string{"a=", "e="}},
	}
	for _, test := range tests {
		name := fmt.Sprintf("%q to %q", test.lo, test.hi)
		update(t, store, fill)
		update(t, store, func(w kv.Writer) error { // committed rows
			if err := w.DeleteRange(test.lo, test.hi); err != nil {
				return err
			}
			return expectAll(w, test.want...)
		})
		require.Equal(t, append([]string{}, test.want...), scan(t, store, nil, nil, false), name)

		update(t, store, func(w kv.Writer) error { return w.DeleteRange(nil, nil) })
		update(t, store, func(w kv.Writer) error { // rows of the same transaction
			return errors.Join(fill(w), w.DeleteRange(test.lo, test.hi), expectAll(w, test.want...))
		})
		require.Equal(t, append([]string{}, test.want...), scan(t, store, nil, nil, false), name)

		update(t, store, fill)
		update(t, store, func(w kv.Writer) error { // both, and put again
			return errors.Join(putAll(w, "bb", "", "c", "3"), w.DeleteRange([]byte("b"), []byte("d")),
				putAll(w, "c", "4"), expectAll(w, "a=", "c=4", "d=", "e="))
		})
		require.Equal(t, []string{"a=", "c=4", "d=", "e="}, scan(t, store, nil, nil, false))
		update(t, store, func(w kv.Writer) error { return w.DeleteRange(nil, nil) })
		require.Empty(t, scan(t, store, nil, nil, false))
	}
}

func testRollback(t *testing.T, store kv.Store) {
	put(t, store, "a", "1", "b", "2")
	failure := errors.New("fn failed")
	err := store.Update(context.Background(), func(w kv.Writer) error {
		if err := errors.Join(putAll(w, "a", "x", "c", "x"), w.Delete([]byte("b")), w.DeleteRange(nil, nil), putAll(w, "d", "x")); err != nil {
			return err
		}
		return failure
	})
	require.Equal(t, failure, err, "the error of fn is returned as it is")
	require.Equal(t, []string{"a=1", "b=2"}, scan(t, store, nil, nil, false))
	err = store.View(context.Background(), func(kv.Reader) error { return failure })
	require.Equal(t, failure, err)
}

func testBuffers(t *testing.T, store kv.Store) {
	key, value := []byte("key-0"), []byte("value-0")
	for i := range byte(10) {
		update(t, store, func(w kv.Writer) error {
			key[4], value[6] = '0'+i, '0'+i
			return w.Put(key, value)
		})
		key[4], value[6] = 'x', 'x'
	}
	rows := scan(t, store, nil, nil, false)
	require.Len(t, rows, 10)
	for i, row := range rows {
		require.Equal(t, fmt.Sprintf("key-%d=value-%d", i, i), row)
	}
}

func testLimits(t *testing.T, store kv.Store) {
	limits := store.Limits()
	require.Positive(t, limits.KeyBytes)
	require.Positive(t, limits.ValueBytes)
	require.Positive(t, limits.TransactionBytes)
	put(t, store, "a", "1")
	key := bytes.Repeat([]byte("k"), limits.KeyBytes+1)
	update(t, store, func(w kv.Writer) error { return w.Put(key[1:], []byte("at the limit")) })
	err := store.Update(context.Background(), func(w kv.Writer) error {
		return errors.Join(putAll(w, "b", "2"), w.Put(key, nil))
	})
	require.ErrorIs(t, err, kv.ErrTooBig)
	update(t, store, func(w kv.Writer) error { return w.Delete(key) })
	view(t, store, func(r kv.Reader) error { return expect(r, string(key), "absent") })

	value := make([]byte, limits.ValueBytes+1) // never touched unless the store copies it
	err = store.Update(context.Background(), func(w kv.Writer) error {
		return errors.Join(putAll(w, "b", "2"), w.Put([]byte("large"), value))
	})
	require.ErrorIs(t, err, kv.ErrTooBig)

	chunk := value[:min(limits.ValueBytes, limits.TransactionBytes/8)]
	err = store.Update(context.Background(), func(w kv.Writer) error {
		for i := range 20 {
			if err := w.Put([]byte{'c', byte(i)}, chunk); err != nil {
				return err
			}
		}
		return nil
	})
	if len(chunk) > limits.TransactionBytes/20 {
		require.ErrorIs(t, err, kv.ErrTooBig)
	}
	require.Equal(t, []string{"a=1", string(key[1:]) + "=at the limit"}, scan(t, store, nil, nil, false))
}

func testEmptyKey(t *testing.T, store kv.Store) {
	for _, key := range [][]byte{nil, {}} {
		err := store.Update(context.Background(), func(w kv.Writer) error { return w.Put(key, []byte("v")) })
		require.ErrorIs(t, err, kv.ErrEmptyKey)
		update(t, store, func(w kv.Writer) error { return errors.Join(w.Delete(key), expect(w, "", "absent")) })
		view(t, store, func(r kv.Reader) error { return expect(r, "", "absent") })
	}
}

func testLargeTransaction(t *testing.T, store kv.Store) {
	const n = 10_000
	update(t, store, func(w kv.Writer) error {
		for i := range n {
			if err := putAll(w, fmt.Sprintf("%05d", i*7919%n), "v"); err != nil {
				return err
			}
		}
		for i := 0; i < n; i += 2 {
			if err := w.Delete(fmt.Appendf(nil, "%05d", i)); err != nil {
				return err
			}
		}
		rows, err := list(w, nil, nil, true)
		if err == nil && (len(rows) != n/2 || rows[0] != "09999=v") {
			err = fmt.Errorf("saw %d rows, expected %d", len(rows), n/2)
		}
		return err
	})
	require.Len(t, scan(t, store, nil, nil, false), n/2)
}
