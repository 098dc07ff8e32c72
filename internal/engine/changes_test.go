package engine_test

import (
	"testing"

	"github.com/statordb/stator/api"
)

func fromStart() *api.ChangesStart { return &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon} }

// readAll reads changes to their end.
func readAll(t testing.TB, c api.Client, in *api.ReadChangesInput) (changes []api.Change) {
	t.Helper()
	for {
		out := do(t, c, in)
		changes = append(changes, out.Changes...)
		if len(out.Changes) == 0 {
			return changes
		}
		next := *in
		next.Start, next.Position = nil, out.Position
		in = &next
	}
}
