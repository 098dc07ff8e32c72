package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv"
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

// toldOf tells of a change what matters most: "slot:sequence EVENT {keys}".
func toldOf(c api.Change) string {
	return text("%d:%d %s %s", c.Slot, c.Sequence, c.EventName, c.Keys)
}

func toldAll(changes []api.Change) []string {
	list := make([]string, 0, len(changes))
	for _, c := range changes {
		list = append(list, toldOf(c))
	}
	return list
}

func fromLatest() *api.ChangesStart { return &api.ChangesStart{Type: latest} }

// TestChangesMembers checks all that a change tells, whatever the stream's view type.
func TestChangesMembers(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	arn := createStreamed(t, e, "tab pk:S sk:N", api.StreamViewTypeKeysOnly)
	put(t, e, "tab", `{pk: "a", sk: 1, n: 1}`)
	clock.Advance(1500 * time.Microsecond)
	put(t, e, "tab", `{pk: "a", sk: 1, n: 22}`)
	do(t, e, &api.DeleteItemInput{TableName: new("tab"), Key: item(t, `{pk: "a", sk: 1}`)})
	changes := readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()})
	records := readStream(t, e, arn)
	require.Len(t, changes, 3)
	images := []string{`{n: 1, pk: "a", sk: 1}`, `{n: 22, pk: "a", sk: 1}`}
	for i, c := range changes {
		require.Equal(t, *records[i].EventName, c.EventName)
		require.Equal(t, *records[i].Dynamodb.SequenceNumber, c.SequenceNumber)
		require.Equal(t, `{pk: "a", sk: 1}`, c.Keys.String())
		require.Equal(t, uint64(i+1), c.Sequence)
		require.Equal(t, changes[0].Slot, c.Slot)
		require.Zero(t, c.Origin)
		require.Nil(t, c.UserIdentity)
		require.Equal(t, []int64{7 + 10, 7 + 10 + 10, 7 + 10}[i], c.SizeBytes)
		require.Equal(t, i == 0, c.Old.IsZero())
		require.Equal(t, i == 2, c.New.IsZero())
		if i > 0 {
			require.Equal(t, images[i-1], c.Old.String())
		}
		if i < 2 {
			require.Equal(t, images[i], c.New.String())
		}
	}
	require.Equal(t, newClock().Now(), changes[0].CommitTime)
	require.Equal(t, newClock().Now().Add(1500*time.Microsecond), changes[1].CommitTime)

	// By the table's ARN, too.
	tableARN, _, _ := strings.Cut(arn, "/stream/")
	require.Len(t, readAll(t, e, &api.ReadChangesInput{TableName: &tableARN, Start: fromStart()}), 3)
}

// TestChangesStarts begins at each kind of place.
func TestChangesStarts(t *testing.T) {
	onStores(t, func(t *testing.T, store kv.Store) {
		clock := newClock()
		e := openPaused(t, store, engine.Options{Now: clock.Now})
		createStreamed(t, e, "tab pk:S", newAndOld)
		for i := range 20 {
			put(t, e, "tab", text(`{pk: "k%d"}`, i))
			clock.Advance(time.Second)
		}
		read := func(start *api.ChangesStart) []string {
			return toldAll(readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: start}))
		}
		changes := readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()})
		all := toldAll(changes)
		require.Len(t, all, 20)
		for i, c := range changes {
			require.Equal(t, newClock().Now().Add(time.Duration(i)*time.Second), c.CommitTime, "merged by commit time")
		}
		require.Empty(t, read(nil))
		require.Empty(t, read(fromLatest()))
		begin := newClock().Now()
		at := func(at time.Time) *api.ChangesStart { return &api.ChangesStart{Type: atTimestamp, Timestamp: &at} }
		require.Equal(t, all, read(at(begin.Add(-100*time.Hour))))
		require.Equal(t, all[5:], read(at(begin.Add(5*time.Second))))
		require.Equal(t, all[6:], read(at(begin.Add(5*time.Second+time.Microsecond))))
		require.Empty(t, read(at(clock.Now())))
		require.Equal(t, "One or more parameter values were invalid: Timestamp cannot be in the future",
			fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: at(clock.Now().Add(time.Microsecond))}).Message)
		for i, c := range changes {
			require.Equal(t, all[i:], read(&api.ChangesStart{Type: atNumber, SequenceNumber: &c.SequenceNumber}))
			require.Equal(t, all[i+1:], read(&api.ChangesStart{Type: afterNumber, SequenceNumber: &c.SequenceNumber}))
		}
		last := map[int]uint64{}
		for _, c := range changes {
			last[c.Slot] = c.Sequence
		}
		for slot := range 4 {
			for _, sequence := range []uint64{0, last[slot] + 1} {
				number := engine.SequenceNumber(slot, sequence)
				err := fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: &api.ChangesStart{Type: atNumber, SequenceNumber: &number}})
				require.Equal(t, api.CodeValidation, err.Code)
				require.Contains(t, err.Message, "is no sequence number that a change of table tab has had")
			}
		}
		number := engine.SequenceNumber(4, 1)
		fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: &api.ChangesStart{Type: atNumber, SequenceNumber: &number}})
	})
}

// TestChangesResume reads with limits, with positions that went through their text, and by slots.
func TestChangesResume(t *testing.T) {
	random := newRandom(t)
	e := openPaused(t, openMemory(t), engine.Options{})
	createStreamed(t, e, "tab pk:S", newAndOld)
	for i := range 3000 {
		put(t, e, "tab", text(`{pk: "k%d", n: %d}`, random.IntN(50), i))
	}
	all := readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart(), Limit: new(int32(10_000))})
	require.Len(t, all, 3000)
	require.NoError(t, checkOrder(all))
	require.Len(t, do(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()}).Changes, 1000, "the default limit")

	var got []api.Change
	in := &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()}
	for len(got) < 3000 {
		in.Limit = new(int32(1 + random.IntN(100)))
		out := do(t, e, in)
		require.LessOrEqual(t, len(out.Changes), int(*in.Limit))
		require.NotEmpty(t, out.Changes)
		used := out.Changes[:1+random.IntN(len(out.Changes))] // a reader that stops in the middle
		got = append(got, used...)
		position := in.Position
		if position == nil {
			position = do(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart(), Limit: new(int32(1))}).Position
		}
		for i := range used {
			position = position.After(&used[i])
		}
		if len(used) == len(out.Changes) {
			require.Equal(t, out.Position, position)
		}
		parsed, err := api.ParsePosition(position.String())
		require.NoError(t, err)
		in.Start, in.Position = nil, parsed
	}
	require.Equal(t, toldAll(all), toldAll(got))

	bySlot := map[int][]string{}
	for _, c := range all {
		bySlot[c.Slot] = append(bySlot[c.Slot], toldOf(c))
	}
	for slot := range 4 {
		require.Equal(t, bySlot[slot], toldAll(readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart(), Slots: []int{slot}})))
	}
	two := readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart(), Slots: []int{3, 1}})
	require.Len(t, two, len(bySlot[1])+len(bySlot[3]))
	require.NoError(t, checkOrder(two))
	require.Equal(t, "Invalid Slots: 4; the table has the slots 0 to 3", fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Slots: []int{0, 4}}).Message)
}

// checkOrder checks that changes come by their commit times, none is missing in a slot, and each begins with what the one before left.
func checkOrder(changes []api.Change) error {
	last, images := map[int]uint64{}, map[string]string{}
	for i, c := range changes {
		if i > 0 && c.CommitTime.Before(changes[i-1].CommitTime) {
			return fmt.Errorf("%s was committed before %s", toldOf(c), toldOf(changes[i-1]))
		}
		if last[c.Slot] > 0 && c.Sequence != last[c.Slot]+1 {
			return fmt.Errorf("%s comes after %d", toldOf(c), last[c.Slot])
		}
		last[c.Slot] = c.Sequence
		if old, ok := images[c.Keys.String()]; ok && old != c.Old.String() {
			return fmt.Errorf("%s begins with %s, and there was %s", toldOf(c), c.Old, old)
		}
		images[c.Keys.String()] = c.New.String()
	}
	return nil
}

// TestChangesOfBigItems reads more than an answer holds.
func TestChangesOfBigItems(t *testing.T) {
	e := openPaused(t, openMemory(t), engine.Options{})
	createStreamed(t, e, "tab pk:S", newAndOld)
	for i := range 30 {
		put(t, e, "tab", text(`{pk: "k%d", big: "%s"}`, i, long(200<<10)))
	}
	var sizes []int
	in := &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()}
	total := 0
	for total < 30 {
		out := do(t, e, in)
		require.NotEmpty(t, out.Changes)
		sizes = append(sizes, len(out.Changes))
		total += len(out.Changes)
		in.Start, in.Position = nil, out.Position
	}
	require.Equal(t, []int{6, 6, 6, 6, 6}, sizes, "the one that passes 1 MB is the last")
}

// TestReadersAmongWriters lets readers follow while 16 write: each sees everything, once and in order.
func TestReadersAmongWriters(t *testing.T) {
	const writers, each = 16, 100
	onStores(t, func(t *testing.T, store kv.Store) {
		e := open(t, lagging{store}, engine.Options{})
		createStreamed(t, e, "tab pk:S", newAndOld)
		start := do(t, e, &api.ReadChangesInput{TableName: new("tab")}).Position
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					_, err := api.Do(context.Background(), e, &api.UpdateItemInput{TableName: new("tab"), Key: attr.Item{"pk": attr.S(fmt.Sprintf("k%d", (w+i)%20))},
						UpdateExpression: new("ADD n :n"), ExpressionAttributeValues: attr.Item{":n": attr.N("1")}})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		readers := [][]int{nil, {0}, {1}, {2}, {3}, {0, 2}}
		got := make([][]api.Change, len(readers))
		var stop atomic.Bool
		var reading sync.WaitGroup
		for i, slots := range readers {
			reading.Go(func() {
				in := &api.ReadChangesInput{TableName: new("tab"), Position: start, Slots: slots, Limit: new(int32(7)), Wait: 20 * time.Millisecond}
				for {
					last := stop.Load()
					out, err := api.Do(context.Background(), e, in)
					if err != nil {
						t.Error(err)
						return
					}
					got[i] = append(got[i], out.Changes...)
					in.Position = out.Position
					if last && len(out.Changes) == 0 {
						return
					}
				}
			})
		}
		wg.Wait()
		stop.Store(true)
		reading.Wait()
		require.Len(t, got[0], writers*each)
		require.Equal(t, writers*each, len(got[1])+len(got[2])+len(got[3])+len(got[4]))
		require.Equal(t, len(got[5]), len(got[1])+len(got[3]))
		for _, changes := range got {
			last := map[int]uint64{}
			for _, c := range changes {
				require.Equal(t, last[c.Slot]+1, c.Sequence)
				last[c.Slot] = c.Sequence
			}
		}
	})
}

// counting is a store that knows how many snapshots are held, and how many there were.
type counting struct {
	kv.Store
	held, views atomic.Int64
}

func (s *counting) View(ctx context.Context, fn func(kv.Reader) error) error {
	return s.Store.View(ctx, func(r kv.Reader) error {
		s.held.Add(1)
		defer s.views.Add(1)
		defer s.held.Add(-1)
		return fn(r)
	})
}

// waiter reads with a wait, in a goroutine.
type waiter struct {
	out chan *api.ReadChangesOutput
	err chan error
}

func wait(ctx context.Context, c api.Client, in *api.ReadChangesInput) waiter {
	w := waiter{make(chan *api.ReadChangesOutput, 1), make(chan error, 1)}
	go func() {
		out, err := api.Do(ctx, c, in)
		w.out <- out
		w.err <- err
	}()
	return w
}

// TestWaiting lets readers wait, and be woken by all that there is.
func TestWaiting(t *testing.T) {
	const soon = 500 * time.Millisecond // less than a reader takes to look by itself
	store := &counting{Store: openMemory(t)}
	e := openPaused(t, store, engine.Options{})
	createStreamed(t, e, "tab pk:S", newAndOld)
	put(t, e, "tab", `{pk: "before"}`)
	waiting := func(ctx context.Context, in *api.ReadChangesInput) waiter {
		views := store.views.Load()
		w := wait(ctx, e, in)
		require.Eventually(t, func() bool { return store.views.Load() > views && store.held.Load() == 0 }, time.Minute, time.Millisecond, "who waits holds no snapshot")
		return w
	}
	writes := map[string]api.Request{
		"PutItem":            &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "p"}`))},
		"UpdateItem":         &api.UpdateItemInput{TableName: new("tab"), Key: item(t, `{pk: "u"}`)},
		"DeleteItem":         &api.DeleteItemInput{TableName: new("tab"), Key: item(t, `{pk: "before"}`)},
		"BatchWriteItem":     &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": {{PutRequest: &api.PutRequest{Item: api.ItemOf(item(t, `{pk: "b"}`))}}}}},
		"TransactWriteItems": &api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{{Put: &api.Put{TableName: new("tab"), Item: api.ItemOf(item(t, `{pk: "t"}`))}}}},
		"ExecuteStatement":   &api.ExecuteStatementInput{Statement: new(`INSERT INTO tab VALUE {'pk': 's'}`)},
		"ImportItems":        &api.ImportItemsInput{TableName: new("tab"), Items: []attr.Item{item(t, `{pk: "i"}`)}},
	}
	for name, write := range writes {
		w := waiting(t.Context(), &api.ReadChangesInput{TableName: new("tab"), Wait: time.Hour})
		select {
		case out := <-w.out:
			t.Fatalf("%s: %v %v", name, out, <-w.err)
		case <-time.After(10 * time.Millisecond):
		}
		_, err := e.Serve(t.Context(), write)
		require.NoError(t, err)
		select {
		case out := <-w.out:
			require.NoError(t, <-w.err)
			require.Len(t, out.Changes, 1, name)
		case <-time.After(soon):
			t.Fatalf("%s woke nobody", name)
		}
	}

	// What changes nothing, and other tables, wake nobody. The wait ends by itself, and where LATEST is has not moved.
	create(t, e, "other pk:S")
	w := wait(t.Context(), e, &api.ReadChangesInput{TableName: new("tab"), Wait: 50 * time.Millisecond})
	put(t, e, "other", `{pk: "x"}`)
	put(t, e, "tab", `{pk: "p"}`)
	out := <-w.out
	require.NoError(t, <-w.err)
	require.Empty(t, out.Changes)
	require.Equal(t, do(t, e, &api.ReadChangesInput{TableName: new("tab")}).Position, out.Position)

	// A reader of one slot sleeps on when another one changes.
	slot := 0
	in := &api.ReadChangesInput{TableName: new("tab"), Slots: []int{0}, Wait: time.Hour}
	w = waiting(t.Context(), in)
	for i := 0; ; i++ {
		at := do(t, e, &api.ReadChangesInput{TableName: new("tab")}).Position
		put(t, e, "tab", text(`{pk: "slot%d"}`, i))
		if slot = do(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: at}).Changes[0].Slot; slot == 0 {
			break
		}
	}
	require.Len(t, (<-w.out).Changes, 1)
	require.NoError(t, <-w.err)

	ctx, cancel := context.WithCancel(t.Context())
	w = waiting(ctx, &api.ReadChangesInput{TableName: new("tab"), Wait: time.Hour})
	cancel()
	<-w.out
	require.ErrorIs(t, <-w.err, context.Canceled)

	for name, end := range map[string]func(){
		"disabled": func() { do(t, e, disableStream("tab")) },
		"deleted":  func() { do(t, e, &api.DeleteTableInput{TableName: new("tab")}) },
		"made anew": func() {
			do(t, e, &api.DeleteTableInput{TableName: new("tab")})
			createStreamed(t, e, "tab pk:S", newAndOld)
		},
	} {
		if _, err := e.Serve(t.Context(), &api.DeleteTableInput{TableName: new("tab")}); err != nil {
			require.ErrorIs(t, err, api.ErrTableNotFound)
		}
		createStreamed(t, e, "tab pk:S", newAndOld)
		w = waiting(t.Context(), &api.ReadChangesInput{TableName: new("tab"), Wait: time.Hour})
		end()
		select {
		case <-w.out:
			err, ok := errors.AsType[*api.Error](<-w.err)
			require.True(t, ok)
			switch name {
			case "deleted":
				require.Equal(t, api.CodeResourceNotFound, err.Code)
			case "disabled":
				require.Contains(t, err.Message, "Table tab keeps no journal of its changes")
			case "made anew":
				if err.Code != api.CodeResourceNotFound {
					require.Contains(t, err.Message, "Invalid Position: it is of table id")
				}
			}
		case <-time.After(soon):
			t.Fatal(name + " woke nobody")
		}
	}
	createOther := createStreamed(t, e, "last pk:S", newAndOld)
	require.NotEmpty(t, createOther)
	w = waiting(t.Context(), &api.ReadChangesInput{TableName: new("last"), Wait: time.Hour})
	require.NoError(t, e.Check(t.Context()))
	require.NoError(t, e.Close())
	<-w.out
	require.ErrorIs(t, <-w.err, kv.ErrClosed)
	_, err := e.Serve(t.Context(), &api.ReadChangesInput{TableName: new("last"), Wait: time.Hour})
	require.ErrorIs(t, err, kv.ErrClosed)
}

// TestReaderOfAnotherProcess waits for changes that another engine on the store makes.
func TestReaderOfAnotherProcess(t *testing.T) {
	store := openMemory(t)
	writer := openPaused(t, store, engine.Options{})
	createStreamed(t, writer, "tab pk:S", newAndOld)
	reader, err := engine.OpenPaused(t.Context(), borrowed{store}, engine.Options{})
	require.NoError(t, err)
	w := wait(t.Context(), reader, &api.ReadChangesInput{TableName: new("tab"), Wait: time.Hour})
	require.Eventually(t, func() bool { return reader.Waiting() == 1 }, time.Minute, time.Millisecond)
	put(t, writer, "tab", `{pk: "a"}`)
	require.Len(t, (<-w.out).Changes, 1)
	require.NoError(t, <-w.err)

	// A table that the other deletes, or makes anew.
	at := do(t, reader, &api.ReadChangesInput{TableName: new("tab")}).Position
	do(t, writer, &api.DeleteTableInput{TableName: new("tab")})
	require.Equal(t, api.CodeResourceNotFound, fails(t, reader, &api.ReadChangesInput{TableName: new("tab"), Position: at}).Code)
	createStreamed(t, writer, "tab pk:S", newAndOld)
}

// TestReaderLeftBehind lets the journal be trimmed under a reader.
func TestReaderLeftBehind(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	createStreamed(t, e, "tab pk:S", newAndOld)
	put(t, e, "tab", `{pk: "a", n: 0}`)
	out := do(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()})
	number, slot := out.Changes[0].SequenceNumber, out.Changes[0].Slot
	for i := range 7 {
		put(t, e, "tab", text(`{pk: "a", n: %d}`, i+1))
	}
	clock.Advance(10 * time.Hour)
	put(t, e, "tab", `{pk: "a", n: 8}`)
	clock.Advance(14 * time.Hour)
	maintain(t, e)
	err := fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: out.Position})
	require.Equal(t, api.CodeTrimmedDataAccess, err.Code)
	require.Equal(t, text("The reader is too far behind: of slot %d of table tab, 7 changes from sequence 2 on are no longer kept; "+
		"the oldest one that is was made at 2026-11-01T22:00:00.000000Z", slot), err.Message)
	err = fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: &api.ChangesStart{Type: afterNumber, SequenceNumber: &number}})
	require.Equal(t, api.CodeTrimmedDataAccess, err.Code)
	require.Len(t, readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()}), 1)
	// A reader of the other slots is none of it.
	var others []int
	for i := range 4 {
		if i != slot {
			others = append(others, i)
		}
	}
	require.Empty(t, do(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: out.Position, Slots: others}).Changes)

	clock.Advance(24 * time.Hour)
	maintain(t, e)
	err = fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: out.Position})
	require.Equal(t, api.CodeTrimmedDataAccess, err.Code)
	require.Equal(t, text("The reader is too far behind: of slot %d of table tab, the changes 2 to 9 are no longer kept, nor any after them", slot), err.Message)
}

// TestChangesOfDisabledStream reads what a stream that was disabled left.
func TestChangesOfDisabledStream(t *testing.T) {
	clock := newClock()
	e := openPaused(t, openMemory(t), engine.Options{Now: clock.Now})
	create(t, e, "tab pk:S")
	const none = "Table tab keeps no journal of its changes: enable its stream (StreamSpecification) or a data stream first"
	for _, start := range []*api.ChangesStart{nil, fromStart()} {
		require.Equal(t, none, fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: start, Wait: time.Hour}).Message)
	}
	do(t, e, enableStream("tab", newAndOld))
	first := do(t, e, &api.ReadChangesInput{TableName: new("tab")}).Position
	for i := range 10 {
		put(t, e, "tab", text(`{pk: "k%d"}`, i))
	}
	do(t, e, disableStream("tab"))
	for i := range 10 {
		put(t, e, "tab", text(`{pk: "k%d", n: 1}`, i)) // which nobody records
	}
	require.Equal(t, none, fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()}).Message)
	at := first
	for range 2 {
		out := do(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: at, Limit: new(int32(5)), Wait: time.Hour})
		require.Len(t, out.Changes, 5)
		at = out.Position
	}
	err := fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: at, Wait: time.Hour})
	require.Equal(t, api.CodeValidation, err.Code)
	require.Equal(t, none, err.Message)

	// Enabled again, there is a gap, and no reader goes over it.
	do(t, e, enableStream("tab", newAndOld))
	put(t, e, "tab", `{pk: "k0", n: 2}`)
	for _, position := range []*api.Position{first, at} {
		in := &api.ReadChangesInput{TableName: new("tab"), Position: position}
		got := 0
		for {
			out, err := api.Do(t.Context(), e, in)
			if err != nil {
				require.ErrorIs(t, err, api.ErrTrimmed)
				break
			}
			got += len(out.Changes)
			in.Position = out.Position
		}
		require.LessOrEqual(t, got, map[*api.Position]int{first: 10, at: 0}[position])
	}
	require.Len(t, readAll(t, e, &api.ReadChangesInput{TableName: new("tab"), Start: fromStart()}), 1)
}

// TestWrongPositions gives positions of the future, of other tables and of other shapes.
func TestWrongPositions(t *testing.T) {
	e := openPaused(t, openMemory(t), engine.Options{})
	createStreamed(t, e, "tab pk:S", newAndOld)
	createStreamed(t, e, "other pk:S", newAndOld)
	put(t, e, "tab", `{pk: "a"}`)
	at := do(t, e, &api.ReadChangesInput{TableName: new("tab")}).Position
	other := do(t, e, &api.ReadChangesInput{TableName: new("other")}).Position
	changed := func(slot int, next uint64) *api.Position {
		p := &api.Position{TableID: at.TableID, Next: slices.Clone(at.Next)}
		p.Next[slot] = next
		return p
	}
	for want, p := range map[string]*api.Position{
		"it is of table id " + other.TableID: other,
		"at sequence 3 of slot 0":            changed(0, 3),
		"at sequence 0 of slot 3":            changed(3, 0),
		"with 3 slots":                       {TableID: at.TableID, Next: at.Next[:3]},
		"with 5 slots":                       {TableID: at.TableID, Next: append(slices.Clone(at.Next), 1)},
	} {
		err := fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: p})
		require.Equal(t, api.CodeValidation, err.Code)
		require.Contains(t, err.Message, "Invalid Position")
		require.Contains(t, err.Message, want)
	}
	do(t, e, &api.DeleteTableInput{TableName: new("tab")})
	require.Equal(t, api.CodeResourceNotFound, fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: at}).Code)
	createStreamed(t, e, "tab pk:S", newAndOld)
	require.Contains(t, fails(t, e, &api.ReadChangesInput{TableName: new("tab"), Position: at}).Message, "Invalid Position: it is of table id")
}
