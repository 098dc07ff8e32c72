package soak_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/capacity"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/boltkv"
	"github.com/statordb/stator/reliability/soak"
)

var minutes = flag.Float64("minutes", 0, "how long the load goes on; 0 is 7 seconds")

func TestMain(m *testing.M) {
	// Go opens two descriptors of its own, for polling, with the first file that
	// can be polled. They are there before anybody counts.
	if r, w, err := os.Pipe(); err == nil {
		_, _ = r.Close(), w.Close()
	}
	goleak.VerifyTestMain(m)
}

// TestSoak: a process under a load of everything stays as it is, its file is
// whole, and after Close nothing is left of it.
func TestSoak(t *testing.T) {
	lasts := 7 * time.Second
	if *minutes > 0 {
		lasts = time.Duration(*minutes * float64(time.Minute))
	}
	every := max(lasts/200, 50*time.Millisecond)
	before := goleak.IgnoreCurrent()
	descriptors := soak.Descriptors()

	path := filepath.Join(t.TempDir(), "app.db")
	began := time.Now()
	// Twelve hours a second: items expire after half a second, and what is
	// trimmed after 24 hours is trimmed after two.
	now := func() time.Time { return began.Add(time.Since(began) * 12 * 3600) }
	db, err := stator.Open(path, &stator.Options{
		Now: now, Limiter: only{"limited", capacity.New(nil)}, BackgroundError: func(err error) { t.Error(err) },
	})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	l := &load{t: t, db: db, now: now}
	stop := l.start(ctx)

	var samples []soak.Sample
	for i := 0; ctx.Err() == nil; i++ {
		s, err := soak.Take(began, path)
		require.NoError(t, err)
		samples = append(samples, s)
		if i%20 == 0 {
			t.Log(s)
		}
		pause(ctx, every)
	}
	stop()
	require.NoError(t, db.Close())

	climbs, err := soak.Judge(samples)
	require.NoError(t, err)
	for _, c := range climbs {
		t.Log(c)
		require.False(t, c.Broken(), "%s", c)
	}
	t.Logf("soak: %v, %d operations, %d changes seen, %d throttled, %d canceled, %d readers trimmed",
		lasts, l.done.Load(), l.seen.Load(), l.throttled.Load(), l.canceled.Load(), l.trimmed.Load())
	require.Greater(t, l.done.Load(), int64(100))
	require.Positive(t, l.seen.Load())
	require.Positive(t, l.throttled.Load())

	check(t, path, now)
	require.NoError(t, goleak.Find(before))
	require.Equal(t, descriptors, soak.Descriptors(), "descriptors are given back")
}

// only limits one table.
type only struct {
	table string
	api.Limiter
}

func (o only) Take(ctx context.Context, estimate api.Usage) error {
	if estimate.Table.Name != o.table {
		return nil
	}
	return o.Limiter.Take(ctx, estimate)
}

func (o only) Settle(estimate, used api.Usage) {
	if estimate.Table.Name == o.table {
		o.Limiter.Settle(estimate, used)
	}
}

// check opens the file, which must be whole.
func check(t *testing.T, path string, now func() time.Time) {
	t.Helper()
	store, err := boltkv.Open(path, nil)
	require.NoError(t, err)
	full, err := engine.Options{Now: now}.WithDefaults()
	require.NoError(t, err)
	e, err := engine.Open(t.Context(), store, full)
	require.NoError(t, err)
	require.NoError(t, e.Check(t.Context()))
	require.NoError(t, e.Close())
	runtime.GC()
}
