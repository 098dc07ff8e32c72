package soak_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/soak"
)

// TestOpenClose: a database that was opened and closed a thousand times has
// left nothing behind, whatever it was in the middle of. One that is not closed is seen.
func TestOpenClose(t *testing.T) {
	const times = 1000
	before, descriptors := goleak.IgnoreCurrent(), soak.Descriptors()
	path := filepath.Join(t.TempDir(), "app.db")
	db, err := stator.Open(path, nil)
	require.NoError(t, err)
	table, err := stator.CreateTableFor[item](t.Context(), db, "items", stator.Stream(api.StreamViewTypeNewImage))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	var began, ended soak.Sample
	start := time.Now()
	for i := range times {
		db, err := stator.Open(path, nil)
		require.NoError(t, err)
		table = table.Via(db)
		switch i % 100 {
		case 10:
			require.NoError(t, table.Put(t.Context(), item{ID: "a", Visits: i}))
		case 20: // a reader who waits
			ctx, cancel := context.WithCancel(t.Context())
			sub, err := table.Subscribe(ctx)
			require.NoError(t, err)
			cancel()
			require.NoError(t, sub.Close())
		case 30: // one who waits when the database is closed
			sub, err := table.Subscribe(t.Context())
			require.NoError(t, err)
			require.NoError(t, db.Close())
			for range sub.C() {
			}
			require.ErrorIs(t, sub.Err(), stator.ErrClosed)
			_ = sub.Close()
			continue
		}
		require.NoError(t, db.Close())
		if i == times/10 {
			began, err = soak.Take(start, path)
			require.NoError(t, err)
		}
	}
	ended, err = soak.Take(start, path)
	require.NoError(t, err)
	t.Logf("after %4d times: %s", times/10, began)
	t.Logf("after %4d times: %s", times, ended)
	require.Equal(t, descriptors, soak.Descriptors())
	require.NoError(t, goleak.Find(before))
	require.LessOrEqual(t, ended.File, began.File)

	db, err = stator.Open(path, nil)
	require.NoError(t, err)
	require.Error(t, goleak.Find(before), "control: one that is open")
	if runtime.GOOS == "linux" {
		require.Greater(t, soak.Descriptors(), descriptors, "control: one that is open")
	}
	require.NoError(t, db.Close())
}

// TestFailedOpens: whatever keeps a database from being opened, nothing is left
// of the attempt: no descriptor, no goroutine, and no lock.
func TestFailedOpens(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.db")
	db, err := stator.Open(whole, nil)
	require.NoError(t, err)
	table, err := stator.CreateTableFor[item](t.Context(), db, "items")
	require.NoError(t, err)
	_, err = table.Import(t.Context(), func(yield func(item) bool) {
		for i := 0; i < 200 && yield(item{ID: strings.Repeat("i", i+1), Fill: strings.Repeat("f", 500)}); i++ {
		}
	})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	content, err := os.ReadFile(whole)
	require.NoError(t, err)
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path
	}
	stored := func(name, key, value string) string {
		path := filepath.Join(dir, name)
		store, err := boltkv.Open(path, nil)
		require.NoError(t, err)
		require.NoError(t, store.Update(t.Context(), func(w kv.Writer) error { return w.Put([]byte(key), []byte(value)) }))
		require.NoError(t, store.Close())
		return path
	}
	page := os.Getpagesize()
	zeroed := append(make([]byte, 0, len(content)), content...)
	clear(zeroed[2*page:])
	wild := append(make([]byte, 0, len(content)), content...)
	for i := 2 * page; i < len(wild); i++ {
		wild[i] = byte(i*7 + i>>8)
	}
	open := func(path string) func() error {
		return func() error { _, err := stator.Open(path, nil); return err }
	}
	store := func(path string, o *stator.Options) func() error {
		return func() error {
			s, err := boltkv.Open(path, &boltkv.Options{LockTimeout: -1})
			if err == nil {
				_, err = stator.OpenStore(s, o)
			}
			return err
		}
	}
	for _, c := range []struct {
		name string
		open func() error
		want error // nil is any
	}{
		{"bad options", func() error { _, err := stator.Open(whole, &stator.Options{Region: "ÆØÅ"}); return err }, nil},
		{"bad options of a store", func() error { _, err := boltkv.Open(whole, &boltkv.Options{MaxSizeBytes: 1}); return err }, nil},
		{"bad options over a store", store(whole, &stator.Options{AccountID: "x"}), nil},
		{"a folder", open(dir), nil},
		{"a folder that is not there", open(filepath.Join(dir, "none", "app.db")), os.ErrNotExist},
		{"text", open(file("text.db", []byte(strings.Repeat("not a database. ", 1000)))), kv.ErrCorrupt},
		{"cut in the metas", open(file("metas.db", content[:page+100])), kv.ErrCorrupt},
		{"cut in the data", open(file("cut.db", content[:len(content)/4])), kv.ErrCorrupt},
		{"pages of nothing", open(file("zeroed.db", zeroed)), kv.ErrCorrupt},
		{"wild pages", open(file("wild.db", wild)), kv.ErrCorrupt},
		{"rows of somebody else", open(stored("foreign.db", "hello", "world")), nil},
		{"a header of no sense", open(stored("header.db", "\x00\x00\x00\x00\x00", "junk")), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, descriptors := goleak.IgnoreCurrent(), soak.Descriptors()
			for range 20 {
				err := c.open()
				require.Error(t, err)
				require.NotErrorIs(t, err, kv.ErrLocked, "the attempt before gave the lock back")
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				}
			}
			require.Equal(t, descriptors, soak.Descriptors())
			require.NoError(t, goleak.Find(before))
		})
	}
	t.Run("locked", func(t *testing.T) {
		db, err := stator.Open(whole, nil)
		require.NoError(t, err)
		before, descriptors := goleak.IgnoreCurrent(), soak.Descriptors()
		for range 20 {
			require.ErrorIs(t, store(whole, nil)(), kv.ErrLocked)
		}
		require.Equal(t, descriptors, soak.Descriptors())
		require.NoError(t, goleak.Find(before))
		require.NoError(t, db.Close())
	})
	t.Run("and then", func(t *testing.T) {
		db, err := stator.Open(whole, nil)
		require.NoError(t, err, "the whole one opens")
		require.NoError(t, db.Close())
	})
}
