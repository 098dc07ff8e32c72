package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

const journalCrashFile = "STATOR_TEST_JOURNAL_CRASH_FILE"

// TestJournalKilled kills a process in which 16 writers change the items of a table with a stream, and a reader with a name
// follows them, who is himself stopped at random. Afterwards the journal from its start makes
// exactly the table, in the order of each item; the reader has seen everything that he said he had; and a
// record that is taken away is missed.
func TestJournalKilled(t *testing.T) {
	if path := os.Getenv(journalCrashFile); path != "" {
		changeUntilKilled(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "db")
	random := newRandom(t)
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for range rounds {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestJournalKilled$")
		cmd.Env = append(os.Environ(), journalCrashFile+"="+path)
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(300+random.IntN(400)) * time.Millisecond)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())

		store, err := boltkv.Open(path, nil)
		require.NoError(t, err)
		e, err := engine.Open(t.Context(), store, engine.Options{})
		require.NoError(t, err)
		changes := allChanges(t, e, nil)
		require.NotEmpty(t, changes)
		items, err := replayed(changes)
		require.NoError(t, err)
		table := scanAll(t, e, api.ScanInput{TableName: new("tab")})
		require.ElementsMatch(t, table, items)
		require.NoError(t, e.Check(t.Context()))

		seen, err := os.ReadFile(path + ".seen")
		require.NoError(t, err)
		saved := do(t, e, &api.ListSubscriptionsInput{TableName: new("tab")}).Subscriptions
		require.Len(t, saved, 1)
		rest := allChanges(t, e, saved[0].Position)
		require.NoError(t, missed(changes, strings.Fields(string(seen)), rest))

		t.Run("control", func(t *testing.T) { journalControls(t, e, store, changes, rest, strings.Fields(string(seen))) })
		require.NoError(t, e.Close())
		t.Logf("%d changes, %d of them not acknowledged by the reader", len(changes), len(rest))
	}
}

// journalControls drops one record on purpose: every check must find it.
func journalControls(t *testing.T, e *engine.Engine, store kv.Store, changes, rest []api.Change, seen []string) {
	at := slices.IndexFunc(changes, func(c api.Change) bool { return c.EventName == api.OperationTypeModify })
	require.GreaterOrEqual(t, at, 0)
	_, err := replayed(slices.Delete(slices.Clone(changes), at, at+1))
	require.Error(t, err, "a change is missing in the history of an item")

	number := changes[at].SequenceNumber
	seen = slices.DeleteFunc(seen, func(s string) bool { return s == number })
	rest = slices.DeleteFunc(slices.Clone(rest), func(c api.Change) bool { return c.SequenceNumber == number })
	require.Error(t, missed(changes, seen, rest), "a change was never seen")

	list := rows(t, store, engine.SpaceJournal)
	row := list[len(list)/2]
	change(t, store, kv.Pair{Key: row.Key})
	require.Error(t, e.Check(t.Context()), "the journal lacks a record")
	start := do(t, e, &api.ReadChangesInput{TableName: new("tab")}).Position
	start.Next = slices.Repeat([]uint64{1}, len(start.Next)) // where the journal began
	for err = nil; err == nil; {
		var out *api.ReadChangesOutput
		if out, err = api.Do(t.Context(), e, &api.ReadChangesInput{TableName: new("tab"), Position: start}); err == nil {
			require.NotEmpty(t, out.Changes, "a reader passed over a record that is not there")
			start = out.Position
		}
	}
	require.ErrorIs(t, err, api.ErrTrimmed)
	change(t, store, row)
	require.NoError(t, e.Check(t.Context()))
}

// allChanges reads a journal to its end, from a position or from its start.
func allChanges(t testing.TB, c api.Client, at *api.Position) (list []api.Change) {
	in := &api.ReadChangesInput{TableName: new("tab"), Position: at, Limit: new(int32(10_000)), Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}}
	for {
		out := do(t, c, in)
		if len(out.Changes) == 0 {
			return list
		}
		list = append(list, out.Changes...)
		in.Position = out.Position
	}
}

// replayed returns the items that changes leave, in the form of scanAll. An error says that a change does not begin with what the last
// one of its item left.
func replayed(changes []api.Change) ([]string, error) {
	items := map[string]string{}
	for _, c := range changes {
		key, old, new := show(c.Keys), show(c.Old), show(c.New)
		if items[key] != old {
			return nil, fmt.Errorf("change %s of %s begins with %q, and the last one left %q", c.SequenceNumber, key, old, items[key])
		}
		items[key] = new
	}
	var list []string
	for _, item := range items {
		if item != "" {
			list = append(list, item)
		}
	}
	return list, nil
}

// missed reports changes that a reader neither saw nor is still to see.
func missed(changes []api.Change, seen []string, rest []api.Change) error {
	known := map[string]bool{}
	for _, number := range seen {
		known[number] = true
	}
	for _, c := range rest {
		known[c.SequenceNumber] = true
	}
	for _, c := range changes {
		if !known[c.SequenceNumber] {
			return fmt.Errorf("the reader missed change %s", c.SequenceNumber)
		}
	}
	return nil
}

// show is an image as text, "" when there is none.
func show(image api.Attributes) string {
	if image.IsZero() {
		return ""
	}
	return image.String()
}

func changeUntilKilled(t *testing.T, path string) {
	store, err := boltkv.Open(path, nil)
	require.NoError(t, err)
	e, err := engine.Open(t.Context(), store, engine.Options{})
	require.NoError(t, err)
	time.AfterFunc(time.Minute, func() { os.Exit(2) }) // should nobody be left to kill it
	if len(do(t, e, &api.ListTablesInput{}).TableNames) == 0 {
		createStreamed(t, e, "tab pk:S", api.StreamViewTypeKeysOnly)
	}
	for worker := range 16 {
		go func() {
			for i := 0; ; i++ {
				key := attr.Item{"pk": attr.S(fmt.Sprint("item ", rand.IntN(200)))}
				var in api.Request = &api.UpdateItemInput{TableName: new("tab"), Key: key, UpdateExpression: new("SET writer = :w, i = :i"),
					ExpressionAttributeValues: attr.Item{":w": attr.Int(worker), ":i": attr.Int(i)}}
				if rand.IntN(5) == 0 {
					in = &api.DeleteItemInput{TableName: new("tab"), Key: key}
				}
				if _, err := e.Serve(t.Context(), in); err != nil {
					fmt.Println(err)
				}
			}
		}()
	}
	log, err := os.OpenFile(path+".seen", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	for {
		readUntilStopped(t, e, log)
	}
}

// readUntilStopped is the reader: it notes what it sees before it saves how far it is, and stops at random between any two steps.
func readUntilStopped(t *testing.T, e *engine.Engine, log *os.File) {
	s := do(t, e, &api.OpenSubscriptionInput{TableName: new("tab"), SubscriptionName: new("reader")})
	defer do(t, e, &api.SavePositionInput{TableName: new("tab"), SubscriptionName: new("reader"), Session: &s.Session, Release: true})
	at := s.Position
	for rand.IntN(20) > 0 {
		out, err := api.Do(context.Background(), e, &api.ReadChangesInput{TableName: new("tab"), Position: at, Limit: new(int32(1 + rand.IntN(50))), Wait: time.Second})
		require.NoError(t, err)
		for _, c := range out.Changes {
			if rand.IntN(500) == 0 {
				return
			}
			_, err := log.WriteString(c.SequenceNumber + "\n")
			require.NoError(t, err)
		}
		at = out.Position
		do(t, e, &api.SavePositionInput{TableName: new("tab"), SubscriptionName: new("reader"), Session: &s.Session, Position: at})
	}
}
