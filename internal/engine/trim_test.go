package engine_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
	"github.com/statordb/stator/kv/kvtest"
)

// journals returns what the store knows of its journals.
func journals(t testing.TB, store kv.Store) []engine.JournalState {
	t.Helper()
	list, err := engine.Journals(t.Context(), store)
	require.NoError(t, err)
	return list
}

// TestRetention lets the clock pass a day, and looks before anything was trimmed and after it.
func TestRetention(t *testing.T) {
	s := newOneShard(t)
	number := *nextNumber(t, s, 1)
	for range 3 {
		s.clock.Advance(time.Hour)
		s.write()
	}
	s.clock.Advance(21*time.Hour - time.Microsecond) // a moment before the first is a day old
	require.Zero(t, maintain(t, s.e).Trimmed)
	require.Equal(t, []string{"1", "2", "3", "4"}, s.numbersOf(s.at(atNumber, number)))
	first, oldest := *do(t, s.e, s.at(atNumber, number)).ShardIterator, iterator(t, s.e, s.arn, s.shard, trimHorizon)
	old := *do(t, s.e, s.since(s.clock.Now().Add(-24*time.Hour))).ShardIterator
	s.clock.Advance(time.Microsecond)
	for _, trimmed := range []int64{1, 0} {
		for _, in := range []api.Request{s.at(atNumber, number), s.at(afterNumber, number), &api.GetRecordsInput{ShardIterator: &first}} {
			err := fails(t, s.e, in)
			require.Equal(t, api.CodeTrimmedDataAccess, err.Code)
			require.Equal(t, "The data you are trying to access has been trimmed", err.Message)
		}
		require.Equal(t, []string{"2", "3", "4"}, s.numbers(oldest), "an iterator of what is oldest does not grow old before it is used")
		require.Equal(t, []string{"2", "3", "4"}, s.numbers(old))
		require.Equal(t, []string{"2", "3", "4"}, s.numbers(iterator(t, s.e, s.arn, s.shard, trimHorizon)))
		require.Equal(t, []string{"2", "3", "4"}, s.numbersOf(s.since(s.clock.Now().Add(-30*time.Hour))))
		require.Equal(t, []string{"2", "3", "4"}, s.numbersOf(s.at(atNumber, *nextNumber(t, s, 2))))
		require.Len(t, readAll(t, s.e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()}), 3)
		require.Equal(t, trimmed, maintain(t, s.e).Trimmed)
	}
	s.clock.Advance(24 * time.Hour)
	require.Equal(t, int64(3), maintain(t, s.e).Trimmed)
	require.Empty(t, readStream(t, s.e, s.arn))
	s.write()
	require.Equal(t, []string{`MODIFY {pk: "a"} old {n: 4, pk: "a"} new {n: 5, pk: "a"}`}, briefs(readStream(t, s.e, s.arn)))
}

// coverage is a model of a journal: which record is in which window.
type coverage struct {
	times   []time.Time // of the changes, in their order
	windows map[string]*modelWindow
	ended   []*modelWindow
}

type modelWindow struct {
	retention  time.Duration
	start, end int // the changes start <= i < end
}

func (c *coverage) open(name string, retention time.Duration) {
	c.windows[name] = &modelWindow{retention: retention, start: len(c.times)}
}

func (c *coverage) close(name string) {
	c.windows[name].end = len(c.times)
	c.ended = append(c.ended, c.windows[name])
	delete(c.windows, name)
}

// kept returns the changes that some window covers, by their numbers.
func (c *coverage) kept(now time.Time) (list []int) {
	for i, at := range c.times {
		covers := func(w *modelWindow, end int) bool { return w.start <= i && i < end && at.After(now.Add(-w.retention)) }
		ok := slices.ContainsFunc(c.ended, func(w *modelWindow) bool { return covers(w, w.end) })
		for _, w := range c.windows {
			ok = ok || covers(w, len(c.times))
		}
		if ok {
			list = append(list, i)
		}
	}
	return list
}

// TestTrimKeepsWhatIsCovered opens and closes windows at random, writes and lets time pass. After each pass the
// journal holds exactly the records that a window covers. Readers from the start never meet a gap.
func TestTrimKeepsWhatIsCovered(t *testing.T) {
	random := newRandom(t)
	for range 6 {
		clock := newClock()
		store := openMemory(t)
		e := openPaused(t, store, engine.Options{Now: clock.Now})
		create(t, e, "tab pk:S")
		model := &coverage{windows: map[string]*modelWindow{}}
		retentions := map[string]time.Duration{"short": time.Hour, "stream": 24 * time.Hour, "long": 60 * time.Hour, "longest": 200 * time.Hour}
		for range 400 {
			switch name := []string{"short", "stream", "long", "longest"}[random.IntN(4)]; random.IntN(12) {
			case 0, 1:
				var err error
				open := model.windows[name] == nil
				switch {
				case name == "stream" && open:
					do(t, e, enableStream("tab", newAndOld))
				case name == "stream":
					do(t, e, disableStream("tab"))
				case open:
					err = e.OpenLongWindow(t.Context(), "tab", name, retentions[name])
				default:
					err = e.CloseLongWindow(t.Context(), "tab", name)
				}
				require.NoError(t, err)
				if open {
					model.open(name, retentions[name])
				} else {
					model.close(name)
				}
			case 2, 3, 4:
				clock.Advance(time.Duration(random.Int64N(int64(8 * time.Hour))))
				fallthrough
			case 5:
				maintain(t, e)
				require.NoError(t, e.Check(t.Context()))
				got := []int{}
				for _, p := range rows(t, store, engine.SpaceJournal) {
					got = append(got, engine.ChangeNumber(p))
				}
				slices.Sort(got)
				want := model.kept(clock.Now())
				if len(want) == 0 {
					require.Empty(t, got)
				} else {
					require.Equal(t, want, got)
				}
				readers(t, e, model, clock.Now())
			default:
				put(t, e, "tab", text(`{pk: "k%d", number: %d}`, random.IntN(30), len(model.times)))
				model.times = append(model.times, clock.Now())
			}
		}
	}
}

// readers reads the stream and the journal from their starts.
func readers(t testing.TB, e *engine.Engine, model *coverage, now time.Time) {
	if w := model.windows["stream"]; w != nil {
		want := 0
		for _, at := range model.times[w.start:] {
			if at.After(now.Add(-24 * time.Hour)) {
				want++
			}
		}
		arn := *do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table.LatestStreamArn
		require.Len(t, readStream(t, e, arn), want)
	}
	if len(model.windows) == 0 {
		return
	}
	want := map[int]bool{}
	for _, w := range model.windows {
		for i := w.start; i < len(model.times); i++ {
			if model.times[i].After(now.Add(-w.retention)) {
				want[i] = true
			}
		}
	}
	got := map[int]bool{}
	for _, c := range readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()}) {
		number, _ := c.New.Value("number").Int()
		got[int(number)] = true
	}
	for i := range want {
		require.True(t, got[i], "change %d of %d", i, len(model.times))
	}
}

// TestWindowsAreApart has a stream and a data stream on a table: the end of one is none of the other's, nor of native readers'.
func TestWindowsAreApart(t *testing.T) {
	s := newOneShard(t)
	require.NoError(t, s.e.OpenLongWindow(t.Context(), "tab", "long", 100*time.Hour))
	s.write()
	first := do(t, s.e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart(), Limit: new(int32(1))}).Position
	do(t, s.e, disableStream("tab"))
	s.write()
	require.Len(t, readStream(t, s.e, s.arn), 2)
	require.Len(t, readAll(t, s.e, &api.ReadChangesInput{TableName: new("tab"), Position: first}), 2)
	second := *do(t, s.e, enableStream("tab", api.StreamViewTypeOldImage)).TableDescription.LatestStreamArn
	s.write()
	require.Equal(t, []string{`MODIFY {pk: "a"} old {n: 3, pk: "a"}`}, briefs(readStream(t, s.e, second)))
	require.Len(t, readStream(t, s.e, s.arn), 2)
	s.clock.Advance(50 * time.Hour)
	require.Equal(t, int64(1), maintain(t, s.e).Trimmed, "what was before the data stream")
	require.Empty(t, readStream(t, s.e, second))
	require.Len(t, readAll(t, s.e, &api.ReadChangesInput{TableName: new("tab"), Position: first}), 3)
	require.NoError(t, s.e.CloseLongWindow(t.Context(), "tab", "long"))
	s.write()
	require.Len(t, readAll(t, s.e, &api.ReadChangesInput{TableName: new("tab"), Position: first}), 4, "the stream goes on")
	s.clock.Advance(100 * time.Hour)
	require.Equal(t, int64(4), maintain(t, s.e).Trimmed)
}

// TestTrimEndsAtLast deletes a table and lets time pass: nothing is left of it.
func TestTrimEndsAtLast(t *testing.T) {
	clock := newClock()
	store := openMemory(t)
	e := openPaused(t, store, engine.Options{Now: clock.Now})
	system := len(rows(t, store))
	createStreamed(t, e, "tab pk:S", newAndOld)
	require.NoError(t, e.OpenLongWindow(t.Context(), "tab", "long", 100*time.Hour))
	for i := range 2*engine.MaxStepRows + 10 {
		put(t, e, "tab", text(`{pk: "k%d"}`, i))
	}
	do(t, e, &api.OpenSubscriptionInput{TableName: new("tab"), SubscriptionName: new("sub")})
	clock.Advance(time.Hour)
	do(t, e, &api.DeleteTableInput{TableName: new("tab")})
	maintain(t, e)
	require.Len(t, rows(t, store, engine.SpaceJournal), 2*engine.MaxStepRows+10)
	require.Equal(t, []engine.JournalState{{Table: "tab", Dropped: true, Windows: 2, Epochs: 1}}, journals(t, store))
	clock.Advance(24 * time.Hour)
	maintain(t, e)
	require.Len(t, rows(t, store, engine.SpaceJournal), 2*engine.MaxStepRows+10)
	require.Equal(t, []engine.JournalState{{Table: "tab", Dropped: true, Windows: 1}}, journals(t, store))
	clock.Advance(75 * time.Hour)
	require.Equal(t, int64(2*engine.MaxStepRows+10), maintain(t, e).Trimmed)
	require.Len(t, journals(t, store), 1, "until the window of the end is over, too")
	clock.Advance(time.Hour)
	maintain(t, e)
	require.Empty(t, journals(t, store))
	require.Len(t, rows(t, store), system+1, "the next table id")
}

// TestJournalIsBounded writes for 40 days: rows, shards and windows stay as many as a day has.
func TestJournalIsBounded(t *testing.T) {
	clock := newClock()
	store := openMemory(t)
	e := openPaused(t, store, engine.Options{Now: clock.Now})
	arn := createStreamed(t, e, "tab pk:S", newAndOld)
	const anHour = 10
	trimmed := int64(0)
	for hour := range 40 * 24 {
		for i := range anHour {
			put(t, e, "tab", text(`{pk: "k%d", n: %d}`, i, hour))
		}
		if hour%100 == 99 {
			do(t, e, disableStream("tab"))
			arn = *do(t, e, enableStream("tab", newAndOld)).TableDescription.LatestStreamArn
		}
		trimmed += maintain(t, e).Trimmed
		require.LessOrEqual(t, len(rows(t, store, engine.SpaceJournal)), 24*anHour)
		j := journals(t, store)[0]
		require.LessOrEqual(t, j.Windows, 2)
		require.LessOrEqual(t, j.Epochs, 9)
		clock.Advance(time.Hour)
	}
	require.Equal(t, int64((40*24-24)*anHour), trimmed)
	require.NotEmpty(t, readStream(t, e, arn))
}

// TestTrimOfTwoEngines lets two processes on one store trim at once, while a third writes.
func TestTrimOfTwoEngines(t *testing.T) {
	clock := newClock()
	store := openMemory(t)
	first := openPaused(t, store, engine.Options{Now: clock.Now})
	second, err := engine.OpenPaused(t.Context(), lagging{borrowed{store}}, engine.Options{Now: clock.Now})
	require.NoError(t, err)
	createStreamed(t, first, "tab pk:S", newAndOld)
	for i := range 3 * engine.MaxStepRows {
		put(t, first, "tab", text(`{pk: "k%d"}`, i))
	}
	clock.Advance(24 * time.Hour)
	var wg sync.WaitGroup
	for _, e := range []*engine.Engine{first, second, first} {
		wg.Go(func() {
			_, err := api.Do(context.Background(), e, &api.MaintainInput{})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for i := range 100 {
		put(t, first, "tab", text(`{pk: "k%d", n: 1}`, i))
	}
	wg.Wait()
	require.Len(t, rows(t, store, engine.SpaceJournal), 100)
	require.Equal(t, 2, journals(t, store)[0].Epochs)
	require.NoError(t, second.Check(t.Context()))
}

// TestTrimUnderFailures trims through a store that crashes, runs each fn twice or does not know what became of it.
func TestTrimUnderFailures(t *testing.T) {
	random := newRandom(t)
	clock := newClock()
	store := openMemory(t)
	e := openPaused(t, store, engine.Options{Now: clock.Now})
	createStreamed(t, e, "tab pk:S", newAndOld)
	for i := range 3 * engine.MaxStepRows {
		put(t, e, "tab", text(`{pk: "k%d"}`, i))
	}
	clock.Advance(24 * time.Hour)
	put(t, e, "tab", `{pk: "k0", n: 1}`)
	failures := 0
	for seed := random.Uint64(); ; seed++ {
		flaky, err := engine.OpenPaused(t.Context(), kvtest.Flaky(kvtest.RunTwice(newMortal(store, 1+random.IntN(3))), kvtest.FlakyOptions{Seed: seed, OneIn: 2}), engine.Options{Now: clock.Now})
		require.NoError(t, err)
		_, err = flaky.Trim(t.Context())
		require.NoError(t, e.Check(t.Context()))
		if err == nil {
			break
		}
		failures++
	}
	require.Positive(t, failures)
	require.Len(t, rows(t, store, engine.SpaceJournal), 1)
}

// TestTrimPassesDamage damages what a store has of one table: the journals of the others are trimmed, their shards closed,
// and their streams found all the same.
func TestTrimPassesDamage(t *testing.T) {
	for name, damaged := range map[string]func(key []byte) bool{
		"head":    engine.IsHead,
		"windows": func(key []byte) bool { return bytes.HasPrefix(key, engine.SystemKey(engine.SystemJournals, "")) },
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			store := openMemory(t)
			e, err := engine.OpenPaused(t.Context(), store, engine.Options{Now: clock.Now})
			require.NoError(t, err)
			createStreamed(t, e, "bad pk:S", newAndOld)
			put(t, e, "bad", `{pk: "a"}`)
			for _, row := range rows(t, store) {
				if damaged(row.Key) {
					change(t, store, kv.Pair{Key: row.Key, Value: []byte("{")})
				}
			}
			arn := createStreamed(t, e, "good pk:S", newAndOld)
			put(t, e, "good", `{pk: "a"}`)
			clock.Advance(5 * time.Hour)
			_, err = e.Serve(t.Context(), &api.MaintainInput{})
			require.ErrorIs(t, err, kv.ErrCorrupt)
			require.Len(t, describeStream(t, e, arn).Shards, 8)
			require.Len(t, do(t, e, &api.ListStreamsInput{TableName: new("good")}).Streams, 1)

			clock.Advance(25 * time.Hour)
			trimmed, err := e.Trim(t.Context())
			require.ErrorIs(t, err, kv.ErrCorrupt)
			require.Equal(t, int64(1), trimmed)
			require.Len(t, rows(t, store, engine.SpaceJournal), 1, "of the damaged table")
		})
	}
}

// TestBackgroundErrors: what nobody called for and fails is told, once a minute at most, and is tried again.
func TestBackgroundErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told atomic.Int64
		store := openMemory(t)
		e, err := engine.Open(t.Context(), store, engine.Options{BackgroundError: func(err error) {
			if errors.Is(err, kv.ErrCorrupt) {
				told.Add(1)
			}
		}})
		require.NoError(t, err)
		createStreamed(t, e, "tab pk:S", newAndOld)
		time.Sleep(5 * time.Minute)
		require.Zero(t, told.Load())
		for _, row := range rows(t, store) {
			if bytes.HasPrefix(row.Key, engine.SystemKey(engine.SystemJournals, "")) {
				change(t, store, kv.Pair{Key: row.Key, Value: []byte("{")})
			}
		}
		time.Sleep(5 * time.Minute)
		require.NoError(t, e.Close())
		n := told.Load()
		require.True(t, 4 <= n && n <= 6, n)
	})
}

// blocked is a store whose Updates wait until they are let go.
type blocked struct {
	kv.Store
	on      atomic.Bool
	reached chan struct{}
	release chan struct{}
}

func (s *blocked) Update(ctx context.Context, fn func(kv.Writer) error) error {
	if s.on.Load() {
		s.reached <- struct{}{}
		<-s.release
	}
	return s.Store.Update(ctx, fn)
}

// TestCloseDuringMaintain: an engine is closed in the middle of a Maintain, which may have a million items to delete.
func TestCloseDuringMaintain(t *testing.T) {
	clock := newClock()
	store := &blocked{Store: openMemory(t), reached: make(chan struct{}, 10), release: make(chan struct{})}
	e, err := engine.Open(t.Context(), store, engine.Options{Now: clock.Now, ExpiryRate: -1})
	require.NoError(t, err)
	create(t, e, "tab pk:S")
	ttl(t, e, "tab", "exp", true)
	fillExpiring(t, e, "tab", 1, clock.Now().Unix())
	clock.Advance(time.Minute)
	store.on.Store(true)
	maintained := make(chan error)
	go func() {
		_, err := e.Serve(context.Background(), &api.MaintainInput{})
		maintained <- err
	}()
	<-store.reached
	time.Sleep(1200 * time.Millisecond) // until the keeper, which looks each second, would go on where Maintain is
	closed := make(chan error)
	go func() { closed <- e.Close() }()
	select {
	case err := <-closed:
		require.NoError(t, err)
	case <-time.After(5 * time.Second):
		t.Error("Close waits for Maintain")
	}
	close(store.release)
	require.ErrorIs(t, <-maintained, kv.ErrClosed)
}

// TestKeeperTrims leaves an engine alone: it looks at the clock by itself.
func TestKeeperTrims(t *testing.T) {
	clock := newClock()
	store := openMemory(t)
	e := open(t, store, engine.Options{Now: clock.Now})
	arn := createStreamed(t, e, "tab pk:S", newAndOld)
	put(t, e, "tab", `{pk: "a"}`)
	clock.Advance(5 * time.Hour)
	require.Eventually(t, func() bool { return len(describeStream(t, e, arn).Shards) == 8 }, time.Minute, 10*time.Millisecond)
	clock.Advance(24 * time.Hour)
	require.Eventually(t, func() bool { return len(rows(t, store, engine.SpaceJournal)) == 0 }, time.Minute, 10*time.Millisecond)
}

// TestIndexFilledAfterTrim fills an index, which touches the heads of slots, when the journal was trimmed to its end.
func TestIndexFilledAfterTrim(t *testing.T) {
	clock := newClock()
	store := openMemory(t)
	e := openPaused(t, store, engine.Options{Now: clock.Now})
	createStreamed(t, e, "tab pk:S", newAndOld)
	put(t, e, "tab", `{pk: "a", org: "x"}`)
	clock.Advance(25 * time.Hour)
	maintain(t, e)
	require.Empty(t, rows(t, store, engine.SpaceJournal))
	do(t, e, addIndex("tab", "byOrg org:S ALL"))
	maintain(t, e)
	require.NoError(t, e.Check(t.Context()))
}
