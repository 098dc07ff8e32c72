// Package kvtest is the contract of package kv as a test suite that any store
// runs, and stores that make trouble on purpose for the tests of what stands
// on a store.
package kvtest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/kv"
)

// Config says how the suite gets its stores.
type Config struct {
	// Open returns an empty store that nothing else uses. The suite closes it;
	// a store that is closed already must be fine with that.
	Open func(t *testing.T) kv.Store

	// Reopen closes store and opens it again with everything that was
	// committed. Leave it nil for a store that does not outlive Close.
	Reopen func(t *testing.T, store kv.Store) kv.Store

	// RandomOps is how many random transactions run against the model, 0 for
	// 2,000; under -short a tenth of them.
	RandomOps int

	// Seed makes the random transactions; 0 draws one. It is printed.
	Seed uint64
}

// Run runs the whole suite.
func Run(t *testing.T, config Config) {
	require.NotNil(t, config.Open, "kvtest.Config.Open")
	groups := []struct {
		name  string
		tests map[string]func(*testing.T, kv.Store)
	}{
		{"Read", readTests},
		{"Write", writeTests},
		{"Isolation", isolationTests},
		{"Failure", failureTests},
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			for name, test := range group.tests {
				t.Run(name, func(t *testing.T) { test(t, open(t, config)) })
			}
		})
	}
	t.Run("Model", func(t *testing.T) { testModel(t, config) })
	if config.Reopen != nil {
		t.Run("Reopen", func(t *testing.T) { testReopen(t, config) })
	}
}

func open(t *testing.T, config Config) kv.Store {
	store := config.Open(t)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func testReopen(t *testing.T, config Config) {
	store := open(t, config)
	put(t, store, "a", "1", "b", "", "c", "3")
	update(t, store, func(w kv.Writer) error { return w.Delete([]byte("c")) })
	store = config.Reopen(t, store)
	t.Cleanup(func() { _ = store.Close() })
	require.Equal(t, []string{"a=1", "b="}, scan(t, store, nil, nil, false))
	put(t, store, "d", "4")
	store = config.Reopen(t, store)
	t.Cleanup(func() { _ = store.Close() })
	require.Equal(t, []string{"a=1", "b=", "d=4"}, scan(t, store, nil, nil, false))
}

// put writes keys and values, in turn, in one transaction.
func put(t *testing.T, store kv.Store, keysAndValues ...string) {
	t.Helper()
	update(t, store, func(w kv.Writer) error { return putAll(w, keysAndValues...) })
}

func putAll(w kv.Writer, keysAndValues ...string) error {
	for i := 0; i < len(keysAndValues); i += 2 {
		if err := w.Put([]byte(keysAndValues[i]), []byte(keysAndValues[i+1])); err != nil {
			return err
		}
	}
	return nil
}

func update(t *testing.T, store kv.Store, fn func(kv.Writer) error) {
	t.Helper()
	require.NoError(t, store.Update(context.Background(), fn))
}

func view(t *testing.T, store kv.Store, fn func(kv.Reader) error) {
	t.Helper()
	require.NoError(t, store.View(context.Background(), fn))
}

// get returns the value of key, "absent" when there is none.
func get(r kv.Reader, key string) (string, error) {
	value, err := r.Get([]byte(key))
	if err == nil && value == nil {
		return "absent", nil
	}
	return string(value), err
}

func expect(r kv.Reader, key, want string) error {
	switch value, err := get(r, key); {
	case err != nil:
		return err
	case value != want:
		return fmt.Errorf("%q is %q, expected %q", key, value, want)
	}
	return nil
}

// list returns what a scan yields as "key=value".
func list(r kv.Reader, lo, hi []byte, reverse bool) ([]string, error) {
	rows := []string{}
	for pair, err := range r.Scan(lo, hi, reverse) {
		if err != nil {
			return rows, err
		}
		rows = append(rows, string(pair.Key)+"="+string(pair.Value))
	}
	return rows, nil
}

// expectAll compares everything that r sees with want.
func expectAll(r kv.Reader, want ...string) error {
	got, err := list(r, nil, nil, false)
	if err != nil {
		return err
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Errorf("the store holds %q, expected %q", got, want)
	}
	return nil
}

func scan(t *testing.T, store kv.Store, lo, hi []byte, reverse bool) (rows []string) {
	t.Helper()
	view(t, store, func(r kv.Reader) (err error) {
		rows, err = list(r, lo, hi, reverse)
		return err
	})
	return rows
}
