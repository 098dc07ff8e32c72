package kill_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/boltkv"
)

// TestBrokenStores runs the same rounds on stores that are broken on purpose: each must be found out.
func TestBrokenStores(t *testing.T) {
	t.Parallel()
	const most = 20 // a kill may happen to come between two transactions
	for store, want := range map[string]string{
		"early": "acknowledged operations of writer|ResourceNotFound", // writes are lost, or even a table
		"torn":  "",                                                   // what disagrees depends on where the halves are cut
	} {
		t.Run(store, func(t *testing.T) {
			g := newRig(t, startChild(store))
			for kills := 1; ; kills++ {
				require.LessOrEqual(t, kills, most, "nothing was found to be wrong")
				g.killOne(nil)
				f, err := openFile(t.Context(), g.path)
				if err == nil { // half a catalog may not even open
					var found *verdict
					if found, err = f.verify(t.Context(), g.book); err == nil {
						g.book.settle(found)
					}
					require.NoError(t, f.Close())
				}
				if err != nil {
					require.Regexp(t, want, err.Error())
					t.Logf("found out after %d kills: %.300v", kills, err)
					return
				}
			}
		})
	}
}

// TestChecker changes one thing of a file that was found to be right: it must be found to be wrong.
func TestChecker(t *testing.T) {
	t.Parallel()
	g := newRig(t, startChild(""))
	g.least = 5 * writers
	g.killOne(nil)
	f, err := openFile(t.Context(), g.path)
	require.NoError(t, err)
	v, err := f.verify(t.Context(), g.book)
	require.NoError(t, err)
	found, err := f.contents(t.Context(), true)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	// own is an item of a writer whose next operation would not touch it.
	var own attr.Item
	var row attr.Item
	var done op
	for writer := range writers {
		if v.last[writer].effect == nil {
			for _, it := range v.owned[writer] {
				if !it["sk"].IsZero() {
					own = it
				}
			}
		}
		for n := range g.book.mu.acked[writer] {
			if o := g.book.run.op(writer, n+1); o.kind == transfer {
				done, row = o, o.entry
			}
		}
	}
	require.NotNil(t, own)
	require.NotNil(t, row)
	changed := attr.Item{"pk": own["pk"], "sk": own["sk"], "v": attr.S("before")}
	again := *done.in.(*api.TransactWriteItemsInput)
	again.ClientRequestToken = new("another token")
	most := counter(0)
	for i := range counters {
		if n, _ := found[counter(i)]["hits"].Int(); n > v.counters[most] {
			most = counter(i)
		}
	}
	add := func(account string, n int) *api.UpdateItemInput {
		return &api.UpdateItemInput{TableName: new(bank), Key: attr.Item{"pk": attr.S(account)}, UpdateExpression: new("ADD balance :n"),
			ExpressionAttributeValues: attr.Item{":n": attr.Int(n)}}
	}
	for name, c := range map[string]struct {
		requests []api.Request
		space    byte // of a row to delete behind the engine's back
		want     string
	}{
		"nothing":                      {},
		"a write is lost":              {requests: []api.Request{&api.DeleteItemInput{TableName: new(items), Key: attr.Item{"pk": own["pk"], "sk": own["sk"]}}}, want: "is missing, it was"},
		"an older value":               {requests: []api.Request{&api.PutItemInput{TableName: new(items), Item: api.ItemOf(changed)}}, want: `"before"`},
		"an item nobody wrote":         {requests: []api.Request{&api.PutItemInput{TableName: new(items), Item: api.ItemOf(attr.Item{"pk": own["pk"], "sk": attr.Int(999)})}}, want: "should not be there"},
		"a row of the ledger is lost":  {requests: []api.Request{&api.DeleteItemInput{TableName: new(ledger), Key: attr.Item{"pk": row["pk"]}}}, want: "the ledger: 1 diff"},
		"half a transfer":              {requests: []api.Request{add(account(1), 5)}, want: "the sum of the accounts is 5"},
		"a transfer without its row":   {requests: []api.Request{add(account(1), 5), add(account(2), -5)}, want: "the ledger says"},
		"a transfer took place twice":  {requests: []api.Request{&again}, want: "the ledger says"},
		"an addition is lost":          {requests: []api.Request{&api.UpdateItemInput{TableName: new(bank), Key: attr.Item{"pk": attr.S(most.pk)}, UpdateExpression: new("SET hits = :zero"), ExpressionAttributeValues: attr.Item{":zero": attr.Int(0)}}}, want: most.pk + " is 0, of"},
		"an addition took place twice": {requests: []api.Request{&api.UpdateItemInput{TableName: new(bank), Key: attr.Item{"pk": attr.S(most.pk)}, UpdateExpression: new("ADD hits :n"), ExpressionAttributeValues: attr.Item{":n": attr.Int(writers + 1)}}}, want: most.pk + " is "},
		"an index entry is missing":    {space: 3, want: "lacks the entry"},
		"a change is missing":          {space: 6, want: "the store has"},
	} {
		path := filepath.Join(t.TempDir(), "db")
		bytes, err := os.ReadFile(g.path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, bytes, 0o600))
		if c.space > 0 {
			deleteOne(t, path, c.space)
		}
		f, err := openFile(t.Context(), path)
		require.NoError(t, err)
		for _, in := range c.requests {
			_, err := f.Serve(t.Context(), in)
			require.NoError(t, err, name)
		}
		_, err = f.verify(t.Context(), g.book)
		if c.want == "" {
			require.NoError(t, err, name)
			g.book.fault(errors.New("an answer was wrong"))
			_, err = f.verify(t.Context(), g.book)
			require.ErrorContains(t, err, "an answer was wrong")
			g.book.mu.faults = nil
		} else {
			require.ErrorContains(t, err, c.want, name)
		}
		require.NoError(t, f.Close())
	}
	f, err = openFile(t.Context(), g.path)
	require.NoError(t, err)
	changes, err := f.changes(t.Context(), items, nil)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	first := map[string]bool{changes[0].SequenceNumber: true}
	require.NoError(t, missed(changes, first, changes[1:]))
	require.ErrorContains(t, missed(changes, nil, changes[1:]), "missed change")
}

// deleteOne deletes one row of a space of the table with the id 1; docs/format.md has the keys.
func deleteOne(t *testing.T, path string, space byte) {
	store, err := boltkv.Open(path, nil)
	require.NoError(t, err)
	err = store.Update(context.Background(), func(w kv.Writer) error {
		for p, err := range w.Scan([]byte{0, 0, 0, 1, space}, []byte{0, 0, 0, 1, space + 1}, false) {
			if err != nil {
				return err
			}
			return w.Delete(p.Key)
		}
		return os.ErrNotExist
	})
	require.NoError(t, err)
	require.NoError(t, store.Close())
}

// writeBytes is the child of TestEntry: it writes ten bytes, a call each, from one thread.
func writeBytes() {
	runtime.LockOSThread()
	f, err := os.Create(os.Getenv("STATOR_KILL_FILE"))
	if err != nil {
		panic(err)
	}
	for i := range int64(10) {
		if _, err := f.WriteAt([]byte{'x'}, i); err != nil {
			panic(err)
		}
	}
	os.Exit(0)
}

// TestEntry proves what strace does: the Nth call of a thread is not carried out, and all before it are.
func TestEntry(t *testing.T) {
	if !hasStrace() {
		t.Skip(noStrace)
	}
	t.Parallel()
	for _, n := range []int{1, 2, 3, 10, 11} {
		path := filepath.Join(t.TempDir(), "bytes")
		inject := injection{"pwrite64", n}
		v, err := spawn(t.TempDir(), &inject, func(string) {}, []string{childVariable + "=entry", "STATOR_KILL_FILE=" + path}, os.Args[0])
		require.NoError(t, err)
		err = v.wait()
		if n > 10 {
			require.ErrorContains(t, err, "the process was not killed")
			continue
		}
		require.NoError(t, err)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, int64(n-1), info.Size())
	}
}
