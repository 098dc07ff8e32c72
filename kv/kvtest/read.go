package kvtest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
)

var readTests = map[string]func(*testing.T, kv.Store){
	"empty store":                        testEmptyStore,
	"empty value is not absent":          testEmptyValue,
	"get many":                           testGetMany,
	"order is that of bytes":             testOrder,
	"bounds and directions":              testBounds,
	"gets and scans inside a scan":       testNestedReads,
	"a scan can be left and run again":   testScanAgain,
	"slices are good until fn returns":   testSlicesStay,
	"reader refuses after its fn":        testFinishedReader,
	"large values":                       testLargeValues,
	"thousands of rows, both directions": testManyRows,
}

func testEmptyStore(t *testing.T, store kv.Store) {
	view(t, store, func(r kv.Reader) error { return expect(r, "a", "absent") })
	for _, reverse := range []bool{false, true} {
		require.Empty(t, scan(t, store, nil, nil, reverse))
		require.Empty(t, scan(t, store, []byte("a"), []byte("b"), reverse))
	}
	update(t, store, func(w kv.Writer) error { return w.DeleteRange(nil, nil) })
}

func testEmptyValue(t *testing.T, store kv.Store) {
	check := func(r kv.Reader) error {
		for _, key := range []string{"empty", "nil"} {
			value, err := r.Get([]byte(key))
			if err != nil {
				return err
			}
			if value == nil || len(value) != 0 {
				return fmt.Errorf("the value of %q is %v (nil: %v)", key, value, value == nil)
			}
		}
		for pair, err := range r.Scan(nil, nil, false) {
			if err != nil || pair.Value == nil {
				return fmt.Errorf("scanned %q = %v, %w", pair.Key, pair.Value, err)
			}
		}
		return expect(r, "other", "absent")
	}
	update(t, store, func(w kv.Writer) error {
		if err := w.Put([]byte("empty"), []byte{}); err != nil {
			return err
		}
		if err := w.Put([]byte("nil"), nil); err != nil {
			return err
		}
		return check(w)
	})
	view(t, store, check)
}

func testGetMany(t *testing.T, store kv.Store) {
	put(t, store, "a", "1", "c", "", "d", "4")
	check := func(r kv.Reader) error {
		values, err := r.GetMany([][]byte{[]byte("d"), []byte("b"), []byte("c"), []byte("d"), []byte("a")})
		if err != nil {
			return err
		}
		if want := [][]byte{[]byte("4"), nil, {}, []byte("4"), []byte("1")}; fmt.Sprintf("%#v", values) != fmt.Sprintf("%#v", want) {
			return fmt.Errorf("got %#v, expected %#v", values, want)
		}
		values, err = r.GetMany(nil)
		if err == nil && len(values) != 0 {
			err = fmt.Errorf("no keys gave %v", values)
		}
		return err
	}
	view(t, store, check)
	update(t, store, func(w kv.Writer) error { return check(w) })
}

func testOrder(t *testing.T, store kv.Store) {
	keys := []string{"\x00", "\x00\x00", "\x01", "a", "a\x00", "aa", "b", "\x7f", "\x80", "\xff", "\xff\x00", "\xff\xff"}
	update(t, store, func(w kv.Writer) error {
		for _, i := range []int{5, 3, 11, 0, 8, 1, 9, 2, 10, 4, 7, 6} {
			if err := putAll(w, keys[i], ""); err != nil {
				return err
			}
		}
		return nil
	})
	var want []string
	for _, key := range keys {
		want = append(want, key+"=")
	}
	require.Equal(t, want, scan(t, store, nil, nil, false))
	slices.Reverse(want)
	require.Equal(t, want, scan(t, store, nil, nil, true))
}

func testBounds(t *testing.T, store kv.Store) {
	put(t, store, "b", "", "d", "", "f", "", "h", "")
	tests := []struct {
		lo, hi []byte
		want   []string
	}{
		{nil, nil, []string{"b=", "d=", "f=", "h="}},
		{[]byte{}, nil, []string{"b=", "d=", "f=", "h="}},
		{nil, []byte{}, nil},
		{[]byte("b"), []byte("h"), []string{"b=", "d=", "f="}},
		{[]byte("a"), []byte("z"), []string{"b=", "d=", "f=", "h="}},
		{[]byte("c"), []byte("g"), []string{"d=", "f="}},
		{[]byte("d"), nil, []string{"d=", "f=", "h="}},
		{nil, []byte("d"), []string{"b="}},
		{nil, []byte("d\x00"), []string{"b=", "d="}},
		{[]byte("d\x00"), nil, []string{"f=", "h="}},
		{[]byte("d"), []byte("d"), nil},
		{[]byte("f"), []byte("d"), nil},
		{[]byte("i"), nil, nil},
		{nil, []byte("a"), nil},
		{[]byte("e"), []byte("e\xff"), nil},
	}
	check := func(r kv.Reader) error {
		for _, test := range tests {
			for _, reverse := range []bool{false, true} {
				want := slices.Clone(test.want)
				if reverse {
					slices.Reverse(want)
				}
				got, err := list(r, test.lo, test.hi, reverse)
				if err != nil {
					return err
				}
				if !slices.Equal(got, want) {
					return fmt.Errorf("%q to %q, reverse %v: got %q, expected %q", test.lo, test.hi, reverse, got, want)
				}
			}
		}
		return nil
	}
	view(t, store, check)
	// The same rows, half of them in the transaction's own writes.
	put(t, store, "a", "", "c", "")
	update(t, store, func(w kv.Writer) error { return w.DeleteRange([]byte("d"), []byte("i")) })
	update(t, store, func(w kv.Writer) error {
		if err := w.Delete([]byte("a")); err != nil {
			return err
		}
		if err := w.DeleteRange([]byte("c"), []byte("d")); err != nil {
			return err
		}
		if err := putAll(w, "h", "", "f", "", "d", ""); err != nil {
			return err
		}
		return check(w)
	})
	view(t, store, check)
}

func testNestedReads(t *testing.T, store kv.Store) {
	put(t, store, "a", "1", "b", "2", "c", "3")
	check := func(r kv.Reader) error {
		seen := ""
		for outer, err := range r.Scan(nil, nil, false) {
			if err != nil {
				return err
			}
			if err := expect(r, "b", "2"); err != nil {
				return err
			}
			for inner, err := range r.Scan(nil, nil, true) {
				if err != nil {
					return err
				}
				seen += string(outer.Key) + string(inner.Key) + " "
			}
		}
		if want := "ac ab aa bc bb ba cc cb ca "; seen != want {
			return fmt.Errorf("saw %q, expected %q", seen, want)
		}
		return nil
	}
	view(t, store, check)
	update(t, store, func(w kv.Writer) error { return check(w) })
	update(t, store, func(w kv.Writer) error {
		if err := putAll(w, "b", "2"); err != nil {
			return err
		}
		return check(w)
	})
}

func testScanAgain(t *testing.T, store kv.Store) {
	put(t, store, "a", "", "b", "", "c", "")
	check := func(r kv.Reader) error {
		rows := r.Scan(nil, nil, false)
		for range 3 {
			for pair, err := range rows {
				if err != nil || string(pair.Key) != "a" {
					return fmt.Errorf("began with %q, %w", pair.Key, err)
				}
				break
			}
		}
		return expectAll(r, "a=", "b=", "c=")
	}
	view(t, store, check)
	update(t, store, func(w kv.Writer) error {
		if err := putAll(w, "a", ""); err != nil {
			return err
		}
		return check(w)
	})
}

func testSlicesStay(t *testing.T, store kv.Store) {
	put(t, store, "a", "1", "b", "2")
	update(t, store, func(w kv.Writer) error {
		before, err := w.Get([]byte("a"))
		if err != nil {
			return err
		}
		var pairs []kv.Pair
		for pair, err := range w.Scan(nil, nil, false) {
			if err != nil {
				return err
			}
			pairs = append(pairs, pair)
		}
		for i := range 100 {
			if err := putAll(w, "a", fmt.Sprint(i), fmt.Sprint("k", i), "x"); err != nil {
				return err
			}
		}
		if err := w.DeleteRange(nil, nil); err != nil {
			return err
		}
		if got := fmt.Sprintf("%s %s", before, pairs); got != "1 [{a 1} {b 2}]" {
			return fmt.Errorf("the slices became %s", got)
		}
		return nil
	})
}

func testFinishedReader(t *testing.T, store kv.Store) {
	put(t, store, "a", "1")
	var r kv.Reader
	var w kv.Writer
	view(t, store, func(given kv.Reader) error { r = given; return nil })
	update(t, store, func(given kv.Writer) error { w = given; return given.Put([]byte("b"), nil) })
	for _, kept := range []kv.Reader{r, w} {
		_, err := kept.Get([]byte("a"))
		require.ErrorIs(t, err, kv.ErrFinished)
		_, err = kept.GetMany([][]byte{[]byte("a")})
		require.ErrorIs(t, err, kv.ErrFinished)
		_, err = list(kept, nil, nil, false)
		require.ErrorIs(t, err, kv.ErrFinished)
	}
	require.ErrorIs(t, w.Put([]byte("c"), nil), kv.ErrFinished)
	require.ErrorIs(t, w.Delete([]byte("a")), kv.ErrFinished)
	require.ErrorIs(t, w.DeleteRange(nil, nil), kv.ErrFinished)
	put(t, store, "d", "")
	require.Equal(t, []string{"a=1", "b=", "d="}, scan(t, store, nil, nil, false))
}

func testLargeValues(t *testing.T, store kv.Store) {
	size := min(3<<20, store.Limits().ValueBytes, store.Limits().TransactionBytes-10)
	large := make([]byte, size)
	for i := range large {
		large[i] = byte(i * i >> 7)
	}
	update(t, store, func(w kv.Writer) error { return w.Put([]byte("large"), large) })
	put(t, store, "small", "s")
	view(t, store, func(r kv.Reader) error {
		value, err := r.Get([]byte("large"))
		if err == nil && !slices.Equal(value, large) {
			err = fmt.Errorf("%d bytes came back as %d others", len(large), len(value))
		}
		return err
	})
}

func testManyRows(t *testing.T, store kv.Store) {
	const rows, perTransaction = 5000, 500
	var want []string
	for first := 0; first < rows; first += perTransaction {
		update(t, store, func(w kv.Writer) error {
			for i := range perTransaction {
				key := fmt.Sprintf("%08d", (first+i)*7919%rows) // each once, out of order
				if err := putAll(w, key, "v"+key); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for i := range rows {
		want = append(want, fmt.Sprintf("%08d=v%08d", i, i))
	}
	require.Equal(t, want, scan(t, store, nil, nil, false))
	require.Equal(t, want[1000:4000], scan(t, store, []byte("00001000"), []byte("00004000"), false))
	slices.Reverse(want)
	require.Equal(t, want, scan(t, store, nil, nil, true))
}
