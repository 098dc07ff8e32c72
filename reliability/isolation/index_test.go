package isolation_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// fillers are items that make the filling of an index last while others write.
const fillers = 4000

// runIndexCreation lets clients work on a table, adds its index meanwhile, and lets
// them read the index from the moment on in which it is ACTIVE. It returns the history, how much of it had
// happened when the index came and when it was ACTIVE, and whatever is not in the index exactly once.
func runIndexCreation(t testing.TB, db, c api.Client, n, clients int, seed uint64) (history []porcupine.Operation, came, active int64, wrong error) {
	t.Helper()
	_, err := stator.CreateTable(t.Context(), db, itemTable, stator.HashKey("pk", "S"))
	require.NoError(t, err)
	in := &api.ImportItemsInput{TableName: new(itemTable)}
	for i := range fillers {
		in.Items = append(in.Items, attr.Item{"pk": attr.S(fmt.Sprint("filler", i)), "g": attr.S("filler")})
	}
	must(t, db, in)

	run := &linearRun{client: c, reached: make(chan struct{})}
	run.noIndex.Store(true)
	done := make(chan error, 1)
	go func() {
		<-run.reached
		came = run.ticks.last.Load()
		err := stator.UpdateTable(t.Context(), db, itemTable, stator.AddIndex(itemIndex, stator.HashKey("g", "S")))
		active = run.ticks.last.Load()
		run.goOn() // for the index is yet to be read
		run.noIndex.Store(false)
		done <- err
	}()
	history = run.work(t, n, clients, seed)
	require.NoError(t, <-done)
	return history, came, active, sameItems(t, c)
}

// sameItems compares the items of the table with those of its index.
func sameItems(t testing.TB, c api.Client) error {
	t.Helper()
	base, index := scanItems(t, c, ""), scanItems(t, c, itemIndex)
	for pk, item := range base {
		if len(index[pk]) != 1 || !index[pk][0].Equal(item[0]) {
			return fmt.Errorf("the index has %v of the item %v", index[pk], item[0])
		}
	}
	if len(index) != len(base) {
		return fmt.Errorf("the index has %d items of %d", len(index), len(base))
	}
	return nil
}

// scanItems returns all items, by their key.
func scanItems(t testing.TB, c api.Client, index string) map[string][]attr.Item {
	t.Helper()
	all := map[string][]attr.Item{}
	in := &api.ScanInput{TableName: new(itemTable)}
	if index != "" {
		in.IndexName = &index
	}
	for {
		out := must(t, c, in)
		for _, item := range itemsOf(out.Items) {
			all[item["pk"].Str()] = append(all[item["pk"].Str()], item)
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			return all
		}
	}
}

// TestIndexCreationIsLinearizable: an index that is added while others write has each
// item once, from the moment on in which it is ACTIVE, and what it has is what the table has.
func TestIndexCreationIsLinearizable(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	ops := map[string]int{inMemory: 5000, inFile: 3000, overHTTP: 1200}
	onSurfaces(t, func(t *testing.T, s surface) {
		began := time.Now()
		history, came, active, wrong := runIndexCreation(t, s.db, s.client, ops[s.name], linearShares[s.name].clients, seed)
		require.NoError(t, wrong)
		require.Equal(t, porcupine.Ok, judge(t, s.name, history, time.Since(began)))
		var during, read int
		for _, o := range history {
			if o.Call >= came && o.Call <= active {
				during++
			}
			if o.Input.(operation).how == "Query of the index" {
				read++
			}
		}
		require.Positive(t, during, "nothing was done while the index came")
		require.Positive(t, read, "nobody read the index")
		t.Logf("%s: an index of %d items came while %d operations were done, and was read %d times", s.name, fillers, during, read)
	})
}

// TestIndexControl: an index that lags behind its table is found out, and so is one that lacks an item.
func TestIndexControl(t *testing.T) {
	t.Parallel()
	db := openStore(t, openMemory(t), nil)
	history, _, _, wrong := runIndexCreation(t, db, newStale(db, 10), 4000, 16, newSeed(t))
	require.NoError(t, wrong)
	require.Equal(t, porcupine.Illegal, judge(t, "stale index", history, 0))
	must(t, db, &api.PutItemInput{TableName: new(itemTable), Item: api.ItemOf(key("without g"))})
	require.ErrorContains(t, sameItems(t, db), "without g")
}
