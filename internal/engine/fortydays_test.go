package engine_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
)

// TestFortyDays writes sessions that expire after six hours, for forty days of a fake clock, into a table with a stream, in a
// file: neither the rows nor the file grow after the second day, and the stream has all of the last day.
func TestFortyDays(t *testing.T) {
	days := 40
	if testing.Short() {
		days = 8
	}
	clock := newClock()
	path := filepath.Join(t.TempDir(), "test.db")
	store := openFile(t, path)
	e := openPaused(t, store, engine.Options{Now: clock.Now})
	arn := createStreamed(t, e, "sessions pk:S", newAndOld)
	ttl(t, e, "sessions", "expires", true)
	size := func() int64 {
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Size()
	}
	const anHour = 20
	var done api.MaintainOutput
	var early, rowsEarly int64
	for hour := range days * 24 {
		for i := range anHour {
			put(t, e, "sessions", text(`{pk: "session %d %d", expires: %d, data: "%s"}`, hour, i, clock.Now().Add(6*time.Hour).Unix(), long(500)))
		}
		clock.Advance(time.Hour)
		out := do(t, e, &api.MaintainInput{})
		done.Expired, done.Trimmed = done.Expired+out.Expired, done.Trimmed+out.Trimmed
		if hour == 2*24 {
			early, rowsEarly = size(), int64(len(rows(t, store)))
		}
	}
	written := int64(days * 24 * anHour)
	require.Equal(t, written-6*anHour, done.Expired)
	require.Equal(t, 2*written-6*anHour-int64(len(rows(t, store, engine.SpaceJournal))), done.Trimmed)
	require.InDelta(t, rowsEarly, len(rows(t, store)), 2*anHour)
	require.LessOrEqual(t, size(), early+early/4, "the file grew from %d bytes after two days to %d", early, size())
	records := readStream(t, e, arn)
	inserted, expired := 0, 0
	for _, r := range records {
		switch {
		case *r.EventName == api.OperationTypeInsert:
			inserted++
		case r.UserIdentity != nil && *r.UserIdentity.PrincipalId == api.ServicePrincipal:
			expired++
		}
	}
	require.Equal(t, len(records), inserted+expired)
	require.InDelta(t, 24*anHour, inserted, anHour)
	require.InDelta(t, 24*anHour, expired, anHour)
	t.Logf("%d sessions in %d days: the file has %d bytes, and had %d after two days", written, days, size(), early)
}
