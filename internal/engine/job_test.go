package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// fill puts n items {pk: "p<i>", sk: i, org: "o<i%5>"} into tab.
func fill(t testing.TB, c api.Client, n int) {
	for i := 0; i < n; {
		var batch []api.WriteRequest
		for ; i < n && len(batch) < 25; i++ {
			batch = append(batch, api.WriteRequest{PutRequest: &api.PutRequest{Item: api.ItemOf(item(t, text(`{pk: "p%d", sk: %d, org: "o%d"}`, i/50, i, i%5)))}})
		}
		do(t, c, &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": batch}})
	}
}

const jobItems = 2*engine.MaxStepRows + 300

// crashes carries out the jobs of a store with a crash after every one or two transactions, and calls between before each
// life. It returns the number of lives.
func crashes(t *testing.T, store kv.Store, between func(*engine.Engine)) (lives int) {
	for {
		list, err := engine.Jobs(t.Context(), store)
		require.NoError(t, err)
		if len(list) == 0 {
			return lives
		}
		lives++
		require.Less(t, lives, 100, "the jobs do not end: %q", list)
		if between != nil {
			e, err := engine.OpenPaused(t.Context(), borrowed{store}, engine.Options{})
			require.NoError(t, err)
			between(e)
			require.NoError(t, e.Check(t.Context()))
			require.NoError(t, e.Close())
		}
		e, err := engine.OpenPaused(t.Context(), newMortal(store, 1+lives%2), engine.Options{})
		require.NoError(t, err)
		require.ErrorIs(t, e.FinishJobs(t.Context()), errCrash)
		require.NoError(t, e.Close())
	}
}

func TestJobsAfterCrashes(t *testing.T) {
	const schema = "tab pk:S sk:N\n gsi byOrg org:S sk:N ALL\n lsi local org:S KEYS_ONLY"
	prepared := openMemory(t)
	e := openPaused(t, prepared)
	create(t, e, schema)
	fill(t, e, jobItems)
	filled := rows(t, prepared)

	nothing := func() func(*engine.Engine) { return nil }
	always := func(do func(*engine.Engine)) func() func(*engine.Engine) {
		return func() func(*engine.Engine) { return do }
	}
	writes := func(e *engine.Engine) {
		for i := 0; i < jobItems; i += 97 {
			_, err := e.Serve(context.Background(), &api.UpdateItemInput{TableName: new("tab"), Key: item(t, text(`{pk: "p%d", sk: %d}`, i/50, i)),
				UpdateExpression: new("SET org = :o ADD n :one"), ExpressionAttributeValues: item(t, `{:o: "changed", :one: 1}`)})
			require.True(t, err == nil || errors.Is(err, api.ErrTableNotFound), "%v", err)
			_, err = e.Serve(context.Background(), &api.DeleteItemInput{TableName: new("tab"), Key: item(t, text(`{pk: "p%d", sk: %d}`, (i+11)/50, i+11))})
			require.True(t, err == nil || errors.Is(err, api.ErrTableNotFound), "%v", err)
		}
	}
	once := func(do func(*engine.Engine)) func() func(*engine.Engine) {
		return func() func(*engine.Engine) {
			lives := 0
			return func(e *engine.Engine) {
				if lives++; lives == 2 {
					do(e)
				}
			}
		}
	}
	gone := func(t *testing.T, store kv.Store, e *engine.Engine) {
		require.Empty(t, rows(t, store, engine.SpaceHead))
		require.Empty(t, rows(t, store, engine.SpaceRow))
		require.Empty(t, rows(t, store, engine.SpaceIndex))
		require.Empty(t, rows(t, store, engine.SpaceCollection))
	}
	full := func(t *testing.T, store kv.Store, e *engine.Engine) {
		require.Equal(t, len(scanAll(t, e, api.ScanInput{TableName: new("tab")})),
			len(scanAll(t, e, api.ScanInput{TableName: new("tab"), IndexName: new("added")})))
	}
	for _, c := range []struct {
		name    string
		start   func(*engine.Engine)
		between func() func(*engine.Engine) // before each life
		lives   int                         // at least
		end     func(*testing.T, kv.Store, *engine.Engine)
	}{
		{"table dropped", func(e *engine.Engine) { do(t, e, &api.DeleteTableInput{TableName: new("tab")}) },
			nothing, 3, gone},
		{"table dropped, another of its name", func(e *engine.Engine) {
			do(t, e, &api.DeleteTableInput{TableName: new("tab")})
			create(t, e, "tab id:N")
		},
			always(func(e *engine.Engine) { put(t, e, "tab", `{id: 1}`) }), 3,
			func(t *testing.T, store kv.Store, e *engine.Engine) {
				require.Equal(t, []string{`{id: 1}`}, scanAll(t, e, api.ScanInput{TableName: new("tab")}))
			}},
		{"index filled", func(e *engine.Engine) { do(t, e, addIndex("tab", "added org:S ALL")) },
			nothing, 3, full},
		{"index filled among writes", func(e *engine.Engine) { do(t, e, addIndex("tab", "added org:S INCLUDE:n")) },
			always(writes), 3, full},
		{"index dropped among writes", func(e *engine.Engine) { do(t, e, dropIndex("tab", "byOrg")) },
			always(writes), 3, func(t *testing.T, store kv.Store, e *engine.Engine) {
				d := do(t, e, &api.DescribeTableInput{TableName: new("tab")})
				require.Empty(t, d.Table.GlobalSecondaryIndexes)
			}},
		{"index dropped while it is filled", func(e *engine.Engine) { do(t, e, addIndex("tab", "added n:N ALL")); writes(e) },
			once(func(e *engine.Engine) { do(t, e, dropIndex("tab", "added")) }), 3,
			func(t *testing.T, store kv.Store, e *engine.Engine) {
				d := do(t, e, &api.DescribeTableInput{TableName: new("tab")})
				require.Len(t, d.Table.GlobalSecondaryIndexes, 1)
				require.Len(t, d.Table.AttributeDefinitions, 3, "n is not used any more")
			}},
		{"table dropped while an index is filled", func(e *engine.Engine) { do(t, e, addIndex("tab", "added org:S ALL")) },
			once(func(e *engine.Engine) { do(t, e, &api.DeleteTableInput{TableName: new("tab")}) }), 3, gone},
		{"table made anew while an index is filled", func(e *engine.Engine) { do(t, e, addIndex("tab", "added org:S ALL")) },
			once(func(e *engine.Engine) {
				do(t, e, &api.DeleteTableInput{TableName: new("tab")})
				create(t, e, schema)
				fill(t, e, 10)
				do(t, e, addIndex("tab", "added org:S ALL"))
			}), 3, full},
		{"table dropped while an index is dropped", func(e *engine.Engine) { do(t, e, dropIndex("tab", "byOrg")) },
			once(func(e *engine.Engine) { do(t, e, &api.DeleteTableInput{TableName: new("tab")}) }), 3, gone},
	} {
		t.Run(c.name, func(t *testing.T) {
			onStores(t, func(t *testing.T, store kv.Store) {
				restore(t, store, filled)
				e, err := engine.OpenPaused(t.Context(), borrowed{store}, engine.Options{})
				require.NoError(t, err)
				c.start(e)
				require.NoError(t, e.Check(t.Context()))
				require.NoError(t, e.Close())
				require.GreaterOrEqual(t, crashes(t, store, c.between()), c.lives)
				c.end(t, store, open(t, store))
			})
		})
	}
}

// TestJobsOfTwoEngines lets two engines carry out the same jobs at once, as two processes on a cluster would.
func TestJobsOfTwoEngines(t *testing.T) {
	store := openMemory(t)
	e := open(t, store)
	create(t, e, "tab pk:S sk:N\n gsi byOrg org:S ALL")
	fill(t, e, jobItems)
	other, err := engine.OpenPaused(t.Context(), borrowed{store}, engine.Options{})
	require.NoError(t, err)
	do(t, e, addIndex("tab", "added sk:N ALL"))
	var workers sync.WaitGroup
	for _, worker := range []*engine.Engine{e, other, other} {
		workers.Go(func() {
			if err := worker.FinishJobs(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	require.NoError(t, e.Check(t.Context()))
	put(t, other, "tab", `{pk: "late", sk: 1, org: "o"}`) // its catalog knows no index
	do(t, e, dropIndex("tab", "byOrg"))
	put(t, other, "tab", `{pk: "later", sk: 1, org: "o"}`)
	do(t, e, &api.DeleteTableInput{TableName: new("tab")})
	require.ErrorIs(t, fails(t, other, &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "latest", sk: 1}`))}), api.ErrTableNotFound)
	for _, worker := range []*engine.Engine{e, other} {
		workers.Go(func() {
			if err := worker.FinishJobs(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	require.NoError(t, other.Close())
}

// TestJobMeetsItsEnd: an engine that is about to take a step of a job, which another one ends first, does not bring it back.
func TestJobMeetsItsEnd(t *testing.T) {
	for name, start := range map[string]api.Request{
		"FillIndex": addIndex("tab", "added sk:N ALL"),
		"DropIndex": dropIndex("tab", "byOrg"),
		"DropTable": &api.DeleteTableInput{TableName: new("tab")},
	} {
		t.Run(name, func(t *testing.T) {
			base := openMemory(t)
			g := &gate{Store: base}
			e := openPaused(t, g)
			create(t, e, "tab pk:S sk:N\n gsi byOrg org:S ALL")
			fill(t, e, 100)
			_, err := e.Serve(t.Context(), start)
			require.NoError(t, err)
			other := openPaused(t, borrowed{base})
			g.before.Store(new(func() { require.NoError(t, other.FinishJobs(t.Context())) }))
			_, err = e.StepJobs(t.Context())
			require.NoError(t, err)
			list, err := engine.Jobs(t.Context(), base)
			require.NoError(t, err)
			require.Empty(t, list)
			require.NoError(t, e.Check(t.Context()))
		})
	}
}

// TestJobsRunByThemselves: nobody has to call anything.
func TestJobsRunByThemselves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	e, err := engine.OpenPaused(t.Context(), openFile(t, path), engine.Options{})
	require.NoError(t, err)
	create(t, e, "tab pk:S sk:N")
	fill(t, e, 100)
	do(t, e, addIndex("tab", "added org:S ALL"))
	in := &api.QueryInput{TableName: new("tab"), IndexName: new("added"), KeyConditionExpression: new("org = :o"), ExpressionAttributeValues: item(t, `{:o: "o1"}`)}
	require.Equal(t, "Cannot read from backfilling global secondary index: added", fails(t, e, in).Message)
	require.NoError(t, e.Close())

	done := make(chan struct{}, 1000)
	store := &told{openFile(t, path), done}
	e = open(t, store)
	for list := []string{""}; len(list) > 0; {
		<-done // an Update of the jobs' goroutine
		list, err = engine.Jobs(t.Context(), store)
		require.NoError(t, err)
	}
	// The last transaction is published right after it.
	require.NoError(t, e.FinishJobs(t.Context()))
	do(t, e, &api.DeleteTableInput{TableName: new("tab")})
	for list := []string{""}; len(list) > 0; {
		<-done
		list, err = engine.Jobs(t.Context(), store)
		require.NoError(t, err)
	}
	require.Empty(t, rows(t, store, engine.SpaceRow))
}

// told tells of each Update that it has carried out.
type told struct {
	kv.Store
	done chan struct{}
}

func (s *told) Update(ctx context.Context, fn func(kv.Writer) error) error {
	err := s.Store.Update(ctx, fn)
	s.done <- struct{}{}
	return err
}
