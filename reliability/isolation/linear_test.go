package isolation_test

import (
	"cmp"
	"context"
	"errors"
	"flag"

	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

var (
	opsFlag  = flag.Int("ops", 200_000, "how many operations on items are checked for linearizability")
	seedFlag = flag.Uint64("seed", 0, "of the random choices; 0 draws one")
)

// newSeed returns the seed of a test, and prints it.
func newSeed(t testing.TB) uint64 {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed %d", seed)
	return seed
}

func createItems(t testing.TB, c api.Client) {
	t.Helper()
	_, err := stator.CreateTable(t.Context(), c, itemTable, stator.HashKey("pk", "S"), stator.GlobalIndex(itemIndex, stator.HashKey("g", "S")))
	require.NoError(t, err)
}

// Clients work in groups. A group is at two keys at a time, and goes on to the next after so many operations:
// much contention, and histories of each key that are short enough to be checked.
const (
	clientsOfAGroup = 4
	opsOfAKey       = 100
)

// share is what one surface does of the whole.
type share struct {
	percent int
	clients int // many where they wait for a commit together
}

var linearShares = map[string]share{inMemory: {75, 16}, inFile: {20, 64}, overHTTP: {5, 32}}

// linearRun makes a history of operations on items.
type linearRun struct {
	client   api.Client
	noIndex  atomic.Bool   // yet
	reached  chan struct{} // closed, unless nil, when a fifth is done
	once     sync.Once
	ticks    ticks
	versions atomic.Int64
	each     atomic.Int64 // operations of a group; while noIndex is set nobody stops
	groups   []struct{ ops atomic.Int64 }
}

// goOn lets every group do a fifth more than the most that any has done.
func (run *linearRun) goOn() {
	each := run.each.Load()
	for i := range run.groups {
		run.each.Store(max(run.each.Load(), run.groups[i].ops.Load()+each/5))
	}
}

// runItems lets all clients work until about n operations are done, and reads every key in the end.
func runItems(t testing.TB, c api.Client, n, clients int, seed uint64) []porcupine.Operation {
	t.Helper()
	return (&linearRun{client: c}).work(t, n, clients, seed)
}

func (run *linearRun) work(t testing.TB, n, clients int, seed uint64) []porcupine.Operation {
	t.Helper()
	run.groups = make([]struct{ ops atomic.Int64 }, clients/clientsOfAGroup)
	run.each.Store(int64(n / len(run.groups)))
	workers := make([]*linearWorker, clients)
	var wait sync.WaitGroup
	for i := range workers {
		w := &linearWorker{linearRun: run, id: i, random: rand.New(rand.NewPCG(seed, uint64(i))), seen: map[int]int64{}}
		workers[i] = w
		wait.Go(func() { w.err = w.work(t.Context()) })
	}
	wait.Wait()
	var history []porcupine.Operation
	keys := map[int]bool{}
	for _, w := range workers {
		require.NoError(t, w.err)
		history = append(history, w.history...)
	}
	for _, o := range history {
		keys[o.Input.(operation).key] = true
	}
	last := &linearWorker{linearRun: run, id: clients, seen: map[int]int64{}}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(keys)), 100) {
		require.NoError(t, patiently(func() error { return last.readMany(t.Context(), some, false) }))
	}
	return append(history, last.history...)
}

// linearWorker is one client.
type linearWorker struct {
	*linearRun
	id      int
	random  *rand.Rand
	history []porcupine.Operation
	seen    map[int]int64 // by key, the version that was seen last
	err     error
}

func (w *linearWorker) work(ctx context.Context) error {
	group := w.id / clientsOfAGroup
	for {
		at := w.groups[group].ops.Add(1)
		if !w.noIndex.Load() && at > w.each.Load() {
			return nil
		}
		if w.reached != nil && at > w.each.Load()/5 {
			w.once.Do(func() { close(w.reached) })
		}
		base := group*1_000_000 + int(at/opsOfAKey)
		a := base + w.random.IntN(2)
		b := 2*base + 1 - a // the other one
		n, err := w.one(ctx, a, b)
		if errors.Is(err, context.Canceled) {
			continue // nothing took place, and that is put to the test
		}
		if err != nil {
			return err
		}
		w.groups[group].ops.Add(int64(n - 1))
	}
}

// one carries out one request, on the key a, and perhaps b, and returns how many operations it counts for.
func (w *linearWorker) one(ctx context.Context, a, b int) (n int, err error) {
	r := w.random
	switch p := r.IntN(100); {
	case p < 32:
		how := []string{"GetItem", "GetItem, eventually", "Query", "Query of the index"}[r.IntN(4)]
		if w.noIndex.Load() && how == "Query of the index" {
			how = "Query"
		}
		return 1, w.read(ctx, a, how)
	case p < 36:
		return 2, w.readMany(ctx, []int{a, b}, p < 34)
	case p < 80:
		o := w.choose(a)
		call := w.ticks.next()
		got, err := write(ctx, w.client, o)
		if err != nil {
			return 0, err
		}
		w.record(o, call, got)
		return 1, nil
	case p < 95:
		ops := []operation{w.chooseAction(a)}
		if r.IntN(3) == 0 {
			ops = append(ops, w.chooseAction(b))
		}
		return len(ops), w.many(ctx, ops, "TransactWriteItems", transact)
	}
	ops := []operation{w.choose(a), w.choose(b)}
	return len(ops), w.many(ctx, ops, "BatchWriteItem", batchWrite)
}

func (w *linearWorker) read(ctx context.Context, k int, how string) error {
	call := w.ticks.next()
	got, err := get(ctx, w.client, k, how)
	if err == nil {
		w.record(operation{key: k, how: how}, call, got)
	}
	return err
}

func (w *linearWorker) readMany(ctx context.Context, keys []int, inTransaction bool) error {
	call := w.ticks.next()
	got, err := getMany(ctx, w.client, keys, inTransaction)
	if err != nil {
		return err
	}
	ret := w.ticks.next()
	for i, k := range keys {
		w.recordAt(operation{key: k, how: map[bool]string{true: "TransactGetItems", false: "BatchGetItem"}[inTransaction]}, call, ret, got[i])
	}
	return nil
}

func (w *linearWorker) many(ctx context.Context, ops []operation, how string, do func(context.Context, api.Client, []operation) ([]result, error)) error {
	call := w.ticks.next()
	got, err := do(ctx, w.client, ops)
	if err != nil {
		return err
	}
	ret := w.ticks.next()
	for i, o := range ops {
		o.how = how
		w.recordAt(o, call, ret, got[i])
	}
	return nil
}

// choose makes up a write.
func (w *linearWorker) choose(k int) operation {
	r := w.random
	o := operation{key: k, v: w.versions.Add(1), n: int64(r.IntN(100)), returns: api.ReturnValueNone}
	o.verb = []verb{verbPut, verbPut, verbPut, verbAdd, verbAdd, verbSet, verbSetIfAbsent, verbRemove, verbDelete}[r.IntN(9)]
	returns := []api.ReturnValue{api.ReturnValueNone, api.ReturnValueAllOld}
	switch o.verb {
	case verbPut:
		if r.IntN(2) == 0 {
			o.n = absent
		}
	case verbDelete:
	default:
		returns = append(returns, api.ReturnValueAllNew, api.ReturnValueUpdatedOld, api.ReturnValueUpdatedNew)
	}
	o.returns = returns[r.IntN(len(returns))]
	if o.guard = guard(r.IntN(8)); o.guard > ifVersion {
		o.guard = always
	}
	o.want = w.seen[k]
	o.how = "a write"
	return o
}

// chooseAction makes up a write or a check of a transaction.
func (w *linearWorker) chooseAction(k int) operation {
	o := w.choose(k)
	if w.random.IntN(5) == 0 {
		o.verb, o.guard = verbCheck, guard(1+w.random.IntN(3))
	}
	return o
}

func (w *linearWorker) record(o operation, call int64, got result) {
	w.recordAt(o, call, w.ticks.next(), got)
}

func (w *linearWorker) recordAt(o operation, call, ret int64, got result) {
	if got.ending == unknown {
		ret = math.MaxInt64 // it may take place at any time
	} else if got.shown.v != absent {
		w.seen[o.key] = got.shown.v
	}
	w.history = append(w.history, porcupine.Operation{ClientId: w.id, Input: o, Call: call, Output: got, Return: ret})
}

// overlapping counts the operations that began while another on the same key was under way.
func overlapping(history []porcupine.Operation) (n, keys int) {
	parts := registerModel().Partition(history)
	for _, part := range parts {
		slices.SortFunc(part, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
		var until int64
		for _, o := range part {
			if o.Call < until {
				n++
			}
			until = max(until, o.Return)
		}
	}
	return n, len(parts)
}

// judge hands the history to porcupine.
func judge(t testing.TB, name string, history []porcupine.Operation, ran time.Duration) porcupine.CheckResult {
	t.Helper()
	began := time.Now()
	got := porcupine.CheckOperationsTimeout(registerModel(), history, 2*time.Minute)
	took := time.Since(began)
	overlaps, keys := overlapping(history)
	unknowns := 0
	for _, o := range history {
		if o.Output.(result).ending == unknown {
			unknowns++
		}
	}
	t.Logf("%s: %d operations on %d keys in %v, %d%% of them overlapping, %d of unknown outcome: %s, porcupine took %v",
		name, len(history), keys, ran.Round(time.Millisecond), 100*overlaps/len(history), unknowns, got, took.Round(time.Millisecond))
	return got
}

// TestItemsAreLinearizable: whatever many clients do to an item at once, it could
// have been done one after another, each between its call and its answer, and every answer fits.
func TestItemsAreLinearizable(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	onSurfaces(t, func(t *testing.T, s surface) {
		createItems(t, s.db)
		began := time.Now()
		n := *opsFlag * linearShares[s.name].percent / 100
		history := runItems(t, s.client, n, linearShares[s.name].clients, seed)
		require.Equal(t, porcupine.Ok, judge(t, s.name, history, time.Since(began)))
		require.GreaterOrEqual(t, len(history), n)
		overlaps, _ := overlapping(history)
		require.Greater(t, overlaps, len(history)/100, "hardly any operation met another")
	})
}

// TestUnknownOutcomesAreLinearizable: a write whose outcome is unknown took place once, whole, some time after its
// call, or not at all.
func TestUnknownOutcomesAreLinearizable(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	onFlaky(t, seed, createItems, func(t *testing.T, name string, c api.Client) {
		began := time.Now()
		history := runItems(t, c, *opsFlag/40, linearShares[name].clients, seed)
		require.Equal(t, porcupine.Ok, judge(t, name, history, time.Since(began)))
	})
}
