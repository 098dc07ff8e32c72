package readers_test

import (
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/readers"
)

// session is an item that expires.
type session struct {
	ID      string `dynamodbav:"id" stator:"hash"`
	User    string `dynamodbav:"user"`
	Expires int64  `dynamodbav:"expires" stator:"ttl"`
	Fill    string `dynamodbav:"fill"`
}

// TestBackground: the long work of the database itself goes in bites: no
// snapshot outlasts one of them.
func TestBackground(t *testing.T) {
	const sessions = 3000
	dir, opened := t.TempDir(), 0
	f := best(func() readers.Figures {
		opened++
		store, err := boltkv.Open(filepath.Join(dir, fmt.Sprint(opened, ".db")), &boltkv.Options{NoSync: true})
		require.NoError(t, err)
		views := readers.Watch(store)
		var late atomic.Int64 // seconds that the clock is ahead
		now := func() time.Time { return time.Now().Add(time.Duration(late.Load()) * time.Second) }
		db, err := stator.OpenStore(views, &stator.Options{Now: now, ExpiryRate: -1})
		require.NoError(t, err)
		defer func() { _ = db.Close() }()
		ctx := t.Context()
		table, err := stator.CreateTableFor[session](ctx, db, "sessions", stator.Stream(api.StreamViewTypeNewAndOldImages))
		require.NoError(t, err)
		soon := now().Add(time.Hour).Unix()
		_, err = table.Import(ctx, func() iter.Seq[session] {
			return func(yield func(session) bool) {
				for i := range sessions {
					if !yield(session{fmt.Sprintf("s%06d", i), fmt.Sprintf("u%03d", i%100), soon, strings.Repeat("f", 400)}) {
						return
					}
				}
			}
		}())
		require.NoError(t, err)

		var f readers.Figures
		step := func(name string, do func() error) {
			views.Reset()
			start := time.Now()
			require.NoError(t, do(), name)
			age, whose := views.Oldest()
			t.Logf("%s: %v, %d snapshots, the oldest %v (%s)", name, time.Since(start).Round(time.Millisecond), views.Count(), age.Round(time.Microsecond), whose)
			if age > f.Oldest {
				f.Oldest, f.Whose = age, whose
			}
		}
		step("an index is added", func() error {
			return stator.UpdateTable(ctx, db, "sessions", stator.AddIndex("byUser", stator.HashKey("user", api.ScalarAttributeTypeS)))
		})
		step("all items are counted", func() error {
			n, err := table.Scan().Count(ctx)
			if err == nil && n != sessions {
				err = fmt.Errorf("there are %d items", n)
			}
			return err
		})
		late.Store(2 * 3600)
		step("all items expire", func() error {
			done, err := db.Maintain(ctx)
			if err == nil && done.Expired != sessions {
				err = fmt.Errorf("%d items expired", done.Expired)
			}
			return err
		})
		late.Store(3 * 24 * 3600)
		step("the stream is trimmed", func() error {
			done, err := db.Maintain(ctx)
			if err == nil && done.Trimmed != 2*sessions {
				err = fmt.Errorf("%d records were trimmed", done.Trimmed)
			}
			return err
		})
		step("the index is deleted", func() error { return stator.UpdateTable(ctx, db, "sessions", stator.DropIndex("byUser")) })
		step("the table is deleted", func() error { return stator.DeleteTable(ctx, db, "sessions") })
		require.NoError(t, db.Close())
		return f
	})
	t.Log(f)
	require.Empty(t, f.Broken())
}

// TestCheckHolds: Check reads one snapshot, so that what it says is of one
// moment. It is for files that nobody writes to meanwhile, and lasts as long as is printed here.
func TestCheckHolds(t *testing.T) {
	g := newRig(t, &boltkv.Options{NoSync: true})
	require.NoError(t, g.db.Close())
	store, err := boltkv.Open(g.path, nil)
	require.NoError(t, err)
	views := readers.Watch(store)
	full, err := engine.Options{}.WithDefaults()
	require.NoError(t, err)
	e, err := engine.Open(t.Context(), views, full)
	require.NoError(t, err)
	views.Reset()
	require.NoError(t, e.Check(t.Context()))
	age, whose := views.Oldest()
	t.Logf("Check of %d items: one snapshot for %v (%s)", rows+parts, age.Round(time.Microsecond), whose)
	require.NoError(t, e.Close())
}
