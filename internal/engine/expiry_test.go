package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
)

// sweep deletes expired items and returns how many.
func sweep(t testing.TB, e *engine.Engine, most int) int {
	t.Helper()
	n, err := e.SweepExpired(context.Background(), most)
	require.NoError(t, err)
	return n
}

// fillExpiring puts n items that expire one second after the other from a time on.
func fillExpiring(t testing.TB, e *engine.Engine, table string, n int, first int64) {
	items := make([]attr.Item, n)
	for i := range items {
		items[i] = attr.Item{"pk": attr.S(text("p%d", i)), "exp": attr.Int(int(first) + i), "org": attr.S(text("o%d", i%5))}
	}
	do(t, e, &api.ImportItemsInput{TableName: &table, Items: items})
}

func count(t testing.TB, c api.Client, table string) int {
	t.Helper()
	return int(*do(t, c, &api.DescribeTableInput{TableName: &table}).Table.ItemCount)
}

// TestExpiry lets many items expire by moving the clock, some at a time.
func TestExpiry(t *testing.T) {
	onStores(t, func(t *testing.T, store kv.Store) {
		const n = 10_000
		clock := newClock()
		e := openPaused(t, store, engine.Options{Now: clock.Now})
		create(t, e, "tab pk:S\n gsi byOrg org:S ALL")
		ttl(t, e, "tab", "exp", true)
		fillExpiring(t, e, "tab", n, clock.Now().Unix())
		put(t, e, "tab", `{pk: "stays"}`)
		require.Zero(t, sweep(t, e, n))

		clock.Advance(100 * time.Second)
		require.Equal(t, 100, sweep(t, e, n))
		clock.Advance(n * time.Second)
		require.Equal(t, 7, sweep(t, e, 7))
		require.Equal(t, engine.SweepRows+1, sweep(t, e, engine.SweepRows+1))
		began := time.Now()
		left := n - 100 - 7 - engine.SweepRows - 1
		require.Equal(t, left, sweep(t, e, 2*n))
		t.Logf("%d items in %v", left, time.Since(began))
		require.Zero(t, sweep(t, e, n))
		require.Equal(t, []string{`{pk: "stays"}`}, scanAll(t, e, api.ScanInput{TableName: new("tab")}))
		require.Empty(t, rows(t, store, engine.SpaceExpiry))
		require.Empty(t, rows(t, store, engine.SpaceIndex))
	})
}

// TestExpiryIsFair: each table has its share of what a sweep deletes, and a table of its own begins each time.
func TestExpiryIsFair(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	tables := []string{"one", "two", "three"}
	const each = 4 * engine.SweepRows
	for _, name := range tables {
		create(t, e, name+" pk:S")
		ttl(t, e, name, "exp", true)
		fillExpiring(t, e, name, each, clock.Now().Unix())
	}
	create(t, e, "none pk:S")
	clock.Advance(each * time.Second)
	require.Equal(t, 6*engine.SweepRows, sweep(t, e, 6*engine.SweepRows))
	for _, name := range tables {
		require.Equal(t, 2*engine.SweepRows, count(t, e, name), name)
	}
	for range 6 {
		require.Equal(t, 10, sweep(t, e, 10))
	}
	for _, name := range tables {
		require.Equal(t, 2*engine.SweepRows-20, count(t, e, name), name)
	}
	require.Zero(t, sweep(t, e, 0))
	require.Zero(t, sweep(t, e, -1))
}

// TestExpiryOfLargeItems: a transaction of a sweep is bounded by the bytes too, also on a store that takes little in one.
func TestExpiryOfLargeItems(t *testing.T) {
	for _, most := range []int{0, 4} {
		t.Run(text("%d", most), func(t *testing.T) {
			store := &small{Store: openMemory(t)}
			clock := newClock()
			e := openPaused(t, store, engine.Options{Now: clock.Now})
			create(t, e, "tab pk:S\n gsi byOrg org:S ALL")
			ttl(t, e, "tab", "exp", true)
			for i := range 12 {
				put(t, e, "tab", text(`{pk: "p%d", exp: %d, org: "o", s: "%s"}`, i, clock.Now().Unix(), long(300_000)))
			}
			clock.Advance(time.Second)
			store.most, store.updates = most, 0
			require.Equal(t, 12, sweep(t, e, 100))
			require.GreaterOrEqual(t, store.updates, 3)
			require.Zero(t, count(t, e, "tab"))
		})
	}
}

// small is a store that takes only so many deletions in one transaction.
type small struct {
	kv.Store
	most    int // 0: any number
	updates int // how many there were
}

func (s *small) Update(ctx context.Context, fn func(kv.Writer) error) error {
	s.updates++
	if s.most == 0 {
		return s.Store.Update(ctx, fn)
	}
	return s.Store.Update(ctx, func(w kv.Writer) error { return fn(&smallWriter{Writer: w, left: s.most}) })
}

type smallWriter struct {
	kv.Writer
	left int
}

func (w *smallWriter) Delete(key []byte) error {
	if w.left--; w.left < 0 {
		return kv.ErrTooBig
	}
	return w.Writer.Delete(key)
}

// TestExpiryAmongRenewals: an item whose time was moved on in time stays, and one that was deleted was not moved on.
func TestExpiryAmongRenewals(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	create(t, e, "tab pk:S")
	ttl(t, e, "tab", "exp", true)
	const n = 2000
	fillExpiring(t, e, "tab", n, clock.Now().Unix()-n-1)
	later := clock.Now().Unix() + 100
	renewed := make([]bool, n)
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			for i := n - 1 - worker; i >= 0; i -= 4 {
				_, err := e.Serve(context.Background(), &api.UpdateItemInput{TableName: new("tab"), Key: attr.Item{"pk": attr.S(text("p%d", i))},
					UpdateExpression: new("SET exp = :later"), ConditionExpression: new("attribute_exists(pk)"),
					ExpressionAttributeValues: attr.Item{":later": attr.Int(int(later))}})
				switch {
				case err == nil:
					renewed[i] = true
				case !errors.Is(err, api.ErrConditionFailed):
					t.Error(err)
				}
			}
		})
	}
	deleted := make([]int, 2)
	for worker := range deleted {
		workers.Go(func() {
			for {
				k, err := e.SweepExpired(context.Background(), 20)
				if err != nil {
					t.Error(err)
				}
				if deleted[worker] += k; k == 0 {
					return
				}
			}
		})
	}
	workers.Wait()
	kept := 0
	for i, was := range renewed {
		got := do(t, e, &api.GetItemInput{TableName: new("tab"), Key: attr.Item{"pk": attr.S(text("p%d", i))}})
		require.Equal(t, was, !got.Item.IsZero(), "item %d", i)
		if was {
			kept++
		}
	}
	require.Equal(t, n, kept+deleted[0]+deleted[1])
	t.Logf("%d renewed, %d deleted", kept, n-kept)
}

// TestExpiryJobsAfterCrashes is TestJobsAfterCrashes for the jobs of the expiry index.
func TestExpiryJobsAfterCrashes(t *testing.T) {
	clock := newClock()
	o := engine.Options{Now: clock.Now}
	past := clock.Now().Unix() - 1
	prepared := func(enabled bool) []kv.Pair {
		store := openMemory(t)
		e := openPaused(t, store, o)
		create(t, e, "tab pk:S")
		if enabled {
			ttl(t, e, "tab", "exp", true)
		}
		fillExpiring(t, e, "tab", jobItems, past-jobItems)
		return rows(t, store)
	}
	empty, full := prepared(false), prepared(true)
	writes := func(e *engine.Engine) {
		for i := 0; i < jobItems; i += 97 {
			for _, in := range []api.Request{
				&api.UpdateItemInput{TableName: new("tab"), Key: item(t, text(`{pk: "p%d"}`, i)),
					UpdateExpression: new("ADD exp :one"), ExpressionAttributeValues: item(t, `{:one: 1}`)},
				&api.UpdateItemInput{TableName: new("tab"), Key: item(t, text(`{pk: "p%d"}`, i+11)), UpdateExpression: new("REMOVE exp")},
				&api.DeleteItemInput{TableName: new("tab"), Key: item(t, text(`{pk: "p%d"}`, i+22))},
				&api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, text(`{pk: "n%d", exp: %d}`, i, past)))},
			} {
				_, err := e.Serve(context.Background(), in)
				require.True(t, err == nil || errors.Is(err, api.ErrTableNotFound), "%v", err)
			}
		}
	}
	dropped := func(e *engine.Engine) {
		_, _ = e.Serve(context.Background(), &api.DeleteTableInput{TableName: new("tab")})
	}
	anew := func(e *engine.Engine) {
		if ttlOf(t, e) == "DISABLED\n" {
			return
		}
		dropped(e)
		create(t, e, "tab pk:S")
	}
	allExpire := func(t *testing.T, e *engine.Engine, store kv.Store) {
		require.Equal(t, "ENABLED\nattribute exp\n", ttlOf(t, e))
		entries := len(rows(t, store, engine.SpaceExpiry))
		require.NotZero(t, entries)
		require.Equal(t, entries, sweep(t, e, 10*jobItems))
		left := do(t, e, &api.ScanInput{TableName: new("tab"), FilterExpression: new("attribute_exists(exp)")})
		require.Zero(t, left.Count)
	}
	noEntries := func(status string) func(*testing.T, *engine.Engine, kv.Store) {
		return func(t *testing.T, e *engine.Engine, store kv.Store) {
			require.Equal(t, status, ttlOf(t, e))
			require.Empty(t, rows(t, store, engine.SpaceExpiry))
		}
	}
	for _, c := range []struct {
		name    string
		rows    []kv.Pair
		enabled bool
		between func(*engine.Engine)
		lives   int
		end     func(*testing.T, *engine.Engine, kv.Store)
	}{
		{"filled", empty, true, nil, 3, allExpire},
		{"filled among writes", empty, true, writes, 3, allExpire},
		{"emptied", full, false, nil, 3, noEntries("DISABLED\n")},
		{"emptied among writes", full, false, writes, 3, noEntries("DISABLED\n")},
		{"table dropped while it is filled", empty, true, dropped, 1, noEntries(noSuchTable)},
		{"table dropped while it is emptied", full, false, dropped, 1, noEntries(noSuchTable)},
		{"table made anew while it is filled", empty, true, anew, 1, noEntries("DISABLED\n")},
		{"table made anew while it is emptied", full, false, anew, 1, noEntries("DISABLED\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			onStores(t, func(t *testing.T, store kv.Store) {
				restore(t, store, c.rows)
				clock.Advance(2 * time.Hour)
				e, err := engine.OpenPaused(t.Context(), borrowed{store}, o)
				require.NoError(t, err)
				ttl(t, e, "tab", "exp", c.enabled)
				require.NoError(t, e.Check(t.Context()))
				require.NoError(t, e.Close())
				require.GreaterOrEqual(t, crashes(t, store, c.between), c.lives)
				c.end(t, openPaused(t, store, o), store)
			})
		})
	}
}

// TestExpiryJobMeetsItsEnd: an engine that is about to take a step of a job, which another one ends first, does not bring it back.
func TestExpiryJobMeetsItsEnd(t *testing.T) {
	for _, enabled := range []bool{true, false} {
		t.Run(text("%t", enabled), func(t *testing.T) {
			clock := newClock()
			base := openMemory(t)
			g := &gate{Store: base}
			e := openPaused(t, g, engine.Options{Now: clock.Now})
			create(t, e, "tab pk:S")
			fillExpiring(t, e, "tab", 10, 1)
			if !enabled {
				ttl(t, e, "tab", "exp", true)
				require.NoError(t, e.FinishJobs(t.Context()))
				clock.Advance(time.Hour)
			}
			ttl(t, e, "tab", "exp", enabled)
			other := openPaused(t, borrowed{base}, engine.Options{Now: clock.Now})
			g.before.Store(new(func() { require.NoError(t, other.FinishJobs(t.Context())) }))
			_, err := e.StepJobs(t.Context())
			require.NoError(t, err)
			list, err := engine.Jobs(t.Context(), base)
			require.NoError(t, err)
			require.Empty(t, list)
			require.NoError(t, e.Check(t.Context()))
		})
	}
}

// TestExpiryMeetsTheEndOfItsTable: what a sweep has found is gone, or is another table's, before it deletes it.
func TestExpiryMeetsTheEndOfItsTable(t *testing.T) {
	for name, between := range map[string]func(*engine.Engine, *clock){
		"dropped": func(e *engine.Engine, _ *clock) { do(t, e, &api.DeleteTableInput{TableName: new("tab")}) },
		"made anew": func(e *engine.Engine, _ *clock) {
			do(t, e, &api.DeleteTableInput{TableName: new("tab")})
			create(t, e, "tab pk:S")
			ttl(t, e, "tab", "exp", true)
			put(t, e, "tab", `{pk: "a", exp: 1793534000}`)
		},
		"disabled": func(e *engine.Engine, c *clock) { ttl(t, e, "tab", "exp", false) },
		"enabled with another attribute": func(e *engine.Engine, c *clock) {
			put(t, e, "tab", `{pk: "a", until: 1793537000}`)
			ttl(t, e, "tab", "exp", false)
			c.Advance(time.Hour)
			ttl(t, e, "tab", "until", true)
			require.NoError(t, e.FinishJobs(context.Background()))
		},
		"renewed": func(e *engine.Engine, c *clock) { put(t, e, "tab", `{pk: "a", exp: 1893534000}`) },
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			base := openMemory(t)
			g := &gate{Store: base}
			e := openPaused(t, g, engine.Options{Now: clock.Now})
			create(t, e, "tab pk:S")
			ttl(t, e, "tab", "exp", true)
			put(t, e, "tab", `{pk: "a", exp: 1793534000}`)
			clock.Advance(time.Hour)
			other := openPaused(t, borrowed{base}, engine.Options{Now: clock.Now})
			g.before.Store(new(func() { between(other, clock) }))
			want := 0
			if name == "enabled with another attribute" {
				want = 1
			}
			require.Equal(t, want, sweep(t, e, 10))
			require.NoError(t, e.Check(t.Context()))
		})
	}
}

// TestExpiryJobMeetsAnother: the last step of a job that somebody else has ended does not end the next one of its kind.
func TestExpiryJobMeetsAnother(t *testing.T) {
	for _, enabled := range []bool{true, false} {
		t.Run(text("%t", enabled), func(t *testing.T) {
			clock := newClock()
			base := openMemory(t)
			g := &gate{Store: base}
			e := openPaused(t, g, engine.Options{Now: clock.Now})
			other := openPaused(t, borrowed{base}, engine.Options{Now: clock.Now})
			create(t, e, "tab pk:S")
			fillExpiring(t, e, "tab", engine.MaxStepRows+10, 1)
			change := func(enabled bool) {
				ttl(t, other, "tab", "exp", enabled)
				clock.Advance(time.Hour)
			}
			if !enabled {
				change(true)
				require.NoError(t, other.FinishJobs(t.Context()))
			}
			change(enabled)
			if enabled { // up to the last step
				_, err := e.StepJobs(t.Context())
				require.NoError(t, err)
			} else {
				for len(rows(t, base, engine.SpaceExpiry)) > 0 {
					_, err := e.StepJobs(t.Context())
					require.NoError(t, err)
				}
			}
			want := ""
			g.before.Store(new(func() {
				g.before.Store(new(func() { // before the Update that ends the job
					require.NoError(t, other.FinishJobs(t.Context()))
					change(!enabled)
					require.NoError(t, other.FinishJobs(t.Context()))
					change(enabled)
					want = ttlOf(t, other)
				}))
			}))
			_, err := e.StepJobs(t.Context())
			require.NoError(t, err)
			require.Contains(t, want, "ING\n")
			put(t, e, "tab", `{pk: "late"}`)
			require.Equal(t, want, ttlOf(t, e))
			require.NoError(t, e.Check(t.Context()))
		})
	}
}

// TestExpiryPassesDamage: entries that do not go with their rows are told and keep nothing else from being deleted.
func TestExpiryPassesDamage(t *testing.T) {
	store := openMemory(t)
	e, err := engine.OpenPaused(t.Context(), store, engine.Options{Now: newClock().Now})
	require.NoError(t, err)
	create(t, e, "tab pk:S")
	ttl(t, e, "tab", "exp", true)
	fillExpiring(t, e, "tab", 3*engine.SweepRows, 1793000000)
	entries := rows(t, store, engine.SpaceExpiry)
	short := kv.Pair{Key: append([]byte(nil), entries[0].Key[:13]...), Value: []byte{}}
	absent := kv.Pair{Key: append([]byte(nil), entries[3].Key...), Value: []byte{}}
	absent.Key[len(absent.Key)-1]++
	moved := kv.Pair{Key: append([]byte(nil), entries[5].Key...), Value: []byte{}}
	moved.Key[12] ^= 0x80
	damaged := rows(t, store, engine.SpaceRow)[0]
	damaged.Value[len(damaged.Value)-1] ^= 1
	change(t, store, short, absent, moved, damaged)

	n, err := e.SweepExpired(t.Context(), 10_000)
	require.ErrorIs(t, err, kv.ErrCorrupt)
	require.ErrorContains(t, err, `delete expired items of table "tab"`)
	require.Equal(t, 3*engine.SweepRows-1, n)
	n, err = e.SweepExpired(t.Context(), 10_000)
	require.ErrorIs(t, err, kv.ErrCorrupt)
	require.Zero(t, n)
	require.Error(t, e.Check(t.Context()))
	require.NoError(t, e.Close())
}

// TestCheckFindsExpiry damages the expiry index in one way at a time.
func TestCheckFindsExpiry(t *testing.T) {
	clock := newClock()
	store := openMemory(t)
	e := openPaused(t, store, engine.Options{Now: clock.Now})
	create(t, e, "tab pk:S")
	ttl(t, e, "tab", "exp", true)
	for i := range 5 {
		put(t, e, "tab", text(`{pk: "p%d", exp: %d}`, i, i))
	}
	create(t, e, "other pk:S")
	entry, record := rows(t, store, engine.SpaceExpiry)[0], catalogRow(t, store, "tab")
	with := func(old, new string) kv.Pair {
		v := string(record.Value)
		require.Contains(t, v, old)
		return kv.Pair{Key: record.Key, Value: engine.ResealRecord([]byte(strings.Replace(v, old, new, 1)))}
	}
	for _, c := range []struct {
		name   string
		damage kv.Pair
		want   string
	}{
		{"entry gone", kv.Pair{Key: entry.Key}, "lacks the entry"},
		{"entry with a value", kv.Pair{Key: entry.Key, Value: []byte("x")}, "entry of the expiry index"},
		{"entry cut", kv.Pair{Key: entry.Key[:10], Value: []byte{}}, "entry of the expiry index"},
		{"entry of no row", kv.Pair{Key: append(append([]byte(nil), entry.Key...), 'x'), Value: []byte{}}, "which is absent"},
		{"entry of another time", kv.Pair{Key: append(append(append([]byte(nil), entry.Key[:12]...), 99), entry.Key[13:]...), Value: []byte{}}, "which expires at"},
		{"entry of another table", kv.Pair{Key: []byte{0, 0, 0, 2, engine.SpaceExpiry, 1}, Value: []byte{}}, "which the table does not have"},
		{"disabled with entries", with(`"Status":"ENABLED"`, `"Status":"DISABLED"`), "which the table does not have"},
		{"enabling without a job", with(`"Status":"ENABLED"`, `"Status":"ENABLING"`), "ENABLING without a job"},
		{"disabling without a job", with(`"Status":"ENABLED"`, `"Status":"DISABLING"`), "DISABLING without a job"},
		{"another status", with(`"Status":"ENABLED"`, `"Status":"RESTING"`), `is "RESTING"`},
		{"no attribute", with(`"Attribute":"exp"`, `"Attribute":""`), "has no attribute"},
		{"another attribute", with(`"Attribute":"exp"`, `"Attribute":"other"`), "which expires at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := rows(t, store)
			change(t, store, c.damage)
			err := e.Check(t.Context())
			restore(t, store, before)
			require.ErrorContains(t, err, c.want)
			require.ErrorIs(t, err, kv.ErrCorrupt)
			require.NoError(t, e.Check(t.Context()))
		})
	}
}

func catalogRow(t testing.TB, store kv.Store, table string) kv.Pair {
	for _, p := range rows(t, store) {
		if string(p.Key) == string(engine.SystemKey(engine.SystemCatalog, table)) {
			return p
		}
	}
	t.Fatalf("no table %q", table)
	return kv.Pair{}
}

// TestExpiryIsTheServices: a change that expiry makes says so, and the deletion of an expired item by a user does not.
func TestExpiryIsTheServices(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	create(t, e, "tab pk:S")
	do(t, e, &api.UpdateTableInput{TableName: new("tab"),
		StreamSpecification: &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: new(api.StreamViewTypeOldImage)}})
	ttl(t, e, "tab", "exp", true)
	put(t, e, "tab", text(`{pk: "expires", exp: %d}`, clock.Now().Unix()))
	put(t, e, "tab", text(`{pk: "deleted", exp: %d}`, clock.Now().Unix()))
	clock.Advance(time.Second)
	do(t, e, &api.DeleteItemInput{TableName: new("tab"), Key: item(t, `{pk: "deleted"}`)})
	require.EqualValues(t, 1, do(t, e, &api.MaintainInput{}).Expired)

	removed := map[string]*api.Identity{}
	for _, c := range do(t, e, &api.ReadChangesInput{TableName: new("tab"),
		Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}}).Changes {
		if c.EventName == api.OperationTypeRemove {
			removed[c.Old.String()] = c.UserIdentity
			require.Equal(t, clock.Now(), c.CommitTime)
		} else {
			require.Nil(t, c.UserIdentity)
		}
	}
	require.Equal(t, map[string]*api.Identity{
		`{exp: 1793534400, pk: "expires"}`: {Type: new("Service"), PrincipalId: new("dynamodb.amazonaws.com")},
		`{exp: 1793534400, pk: "deleted"}`: nil,
	}, removed)
}

// TestExpiryWakesReaders: who waits for a change learns of a deletion by time to live as of any other.
func TestExpiryWakesReaders(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	createStreamed(t, e, "tab pk:S", newAndOld)
	ttl(t, e, "tab", "exp", true)
	fillExpiring(t, e, "tab", 1, clock.Now().Unix())
	at := do(t, e, &api.ReadChangesInput{TableName: new("tab")}).Position
	clock.Advance(time.Minute)
	w := wait(t.Context(), e, &api.ReadChangesInput{TableName: new("tab"), Position: at, Wait: time.Hour})
	require.Eventually(t, func() bool { return e.Waiting() == 1 }, time.Minute, time.Millisecond)
	require.Equal(t, 1, sweep(t, e, 10))
	select {
	case out := <-w.out:
		require.NoError(t, <-w.err)
		require.Len(t, out.Changes, 1)
	case <-time.After(500 * time.Millisecond): // less than a reader takes to look by itself
		t.Fatal("nobody was woken")
	}
}

// TestExpiryByItself: nobody has to call anything, and no more is deleted at a time than Options.ExpiryRate says.
func TestExpiryByItself(t *testing.T) {
	clock := newClock()
	store := &counted{Store: openMemory(t), t: t, rows: make(chan int, 1000)}
	e := open(t, store, engine.Options{Now: clock.Now, ExpiryRate: 3})
	create(t, e, "tab pk:S")
	ttl(t, e, "tab", "exp", true)
	fillExpiring(t, e, "tab", 5, clock.Now().Unix())
	for <-store.rows < 5 {
	}
	clock.Advance(time.Minute)
	require.Equal(t, 2, <-store.rows)
	require.Equal(t, 0, <-store.rows)
}

// counted is a store that tells after each Update how many base rows there are.
type counted struct {
	kv.Store
	t    *testing.T
	rows chan int
}

func (s *counted) Update(ctx context.Context, fn func(kv.Writer) error) error {
	err := s.Store.Update(ctx, fn)
	s.rows <- len(rows(s.t, s.Store, engine.SpaceRow))
	return err
}
