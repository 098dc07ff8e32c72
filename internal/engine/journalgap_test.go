package engine_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

// TestJournalGap takes a record out of a journal in a file: Check names it, and a reader does not pass over it.
func TestJournalGap(t *testing.T) {
	store, err := boltkv.Open(filepath.Join(t.TempDir(), "db"), nil)
	require.NoError(t, err)
	e, err := engine.Open(t.Context(), store, engine.Options{})
	require.NoError(t, err)
	createStreamed(t, e, "tab pk:S", api.StreamViewTypeKeysOnly)
	for _, pk := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "a", "b", "c", "d"} {
		do(t, e, &api.UpdateItemInput{TableName: new("tab"), Key: item(t, `{pk: "`+pk+`"}`), UpdateExpression: new("ADD n :one"),
			ExpressionAttributeValues: item(t, "{:one: 1}")})
	}
	require.NoError(t, e.Check(t.Context()))

	list := rows(t, store, engine.SpaceJournal)
	row := list[len(list)/2]
	change(t, store, kv.Pair{Key: row.Key})
	require.Error(t, e.Check(t.Context()), "the journal lacks a record")
	at := do(t, e, &api.ReadChangesInput{TableName: new("tab")}).Position
	at.Next = slices.Repeat([]uint64{1}, len(at.Next)) // where the journal began
	for err = nil; err == nil; {
		var out *api.ReadChangesOutput
		if out, err = api.Do(t.Context(), e, &api.ReadChangesInput{TableName: new("tab"), Position: at}); err == nil {
			require.NotEmpty(t, out.Changes, "a reader passed over a record that is not there")
			at = out.Position
		}
	}
	require.ErrorIs(t, err, api.ErrTrimmed)
	change(t, store, row)
	finish(t, e)
}

// show is an image as text, "" when there is none.
func show(image api.Attributes) string {
	if image.IsZero() {
		return ""
	}
	return image.String()
}
