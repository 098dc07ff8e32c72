package isolation_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
	. "github.com/statordb/stator/reliability/isolation"
)

var txnsFlag = flag.Int("txns", 10_000, "how many transactions on lists are checked for cycles")

// Table "lists" has a list l for each partition key pk.
const listTable = "lists"

func createLists(t testing.TB, c api.Client) {
	t.Helper()
	_, err := stator.CreateTable(t.Context(), c, listTable, stator.HashKey("pk", "S"))
	require.NoError(t, err)
}

// All clients are at so many lists at a time, and leave them for others when they have got so long.
const (
	listClients   = 12
	listsAtATime  = 4
	txnsOfTheSame = 150
)

// listRun makes a history of transactions on lists.
type listRun struct {
	client api.Client
	ticks  ticks
	values atomic.Int64
	txns   atomic.Int64
	total  int64
}

// listWorker is one client. It remembers what it saw, so that its conditions often hold.
type listWorker struct {
	*listRun
	random  *rand.Rand
	history []Txn
	seen    map[string]int
	err     error
}

// runLists carries out about n transactions and reads all lists in the end.
func runLists(t testing.TB, c api.Client, n int, seed uint64) []Txn {
	t.Helper()
	run := &listRun{client: c, total: int64(n)}
	workers := make([]*listWorker, listClients)
	var wait sync.WaitGroup
	for i := range workers {
		w := &listWorker{listRun: run, random: rand.New(rand.NewPCG(seed, uint64(i))), seen: map[string]int{}}
		workers[i] = w
		wait.Go(func() { w.err = w.work(t.Context()) })
	}
	wait.Wait()
	last := &listWorker{listRun: run, seen: map[string]int{}}
	for base := range n/txnsOfTheSame + 1 {
		require.NoError(t, patiently(func() error { return last.read(t.Context(), listNames(base)) }))
	}
	history := last.history
	for _, w := range workers {
		require.NoError(t, w.err)
		history = append(history, w.history...)
	}
	return history
}

// listNames are the lists that everybody is at.
func listNames(base int) []string {
	names := make([]string, listsAtATime)
	for i := range names {
		names[i] = "l" + strconv.Itoa(base*listsAtATime+i)
	}
	return names
}

func (w *listWorker) work(ctx context.Context) error {
	for {
		at := w.txns.Add(1)
		if at > w.total {
			return nil
		}
		names := listNames(int(at) / txnsOfTheSame)
		w.random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		names = names[:1+w.random.IntN(len(names))]
		var err error
		if w.random.IntN(10) < 4 {
			err = w.read(ctx, names)
		} else {
			err = w.append(ctx, names)
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
}

func (w *listWorker) read(ctx context.Context, names []string) error {
	in := &api.TransactGetItemsInput{}
	for _, name := range names {
		in.TransactItems = append(in.TransactItems, api.TransactGetItem{Get: &api.Get{TableName: new(listTable), Key: key(name)}})
	}
	txn := Txn{Call: w.ticks.next()}
	out, err := api.Do(ctx, w.client, in)
	if err != nil {
		return err
	}
	txn.Return = w.ticks.next()
	for i, name := range names {
		txn.Reads = append(txn.Reads, w.saw(name, out.Responses[i].Item))
	}
	w.history = append(w.history, txn)
	return nil
}

// saw is the Read of a list that was found.
func (w *listWorker) saw(name string, found api.Attributes) Read {
	r := Read{Key: name, Values: []int64{}}
	for _, v := range itemOf(found)["l"].List() {
		n, _ := v.Int()
		r.Values = append(r.Values, n)
	}
	r.Length = len(r.Values)
	w.seen[name] = r.Length
	return r
}

// append makes a transaction that appends to some of the lists, on condition that others, or these, are as long as
// they were when this client last saw them: a transaction that reads and writes.
func (w *listWorker) append(ctx context.Context, names []string) error {
	in := &api.TransactWriteItemsInput{}
	txn := Txn{}
	for i, name := range names {
		var condition *string
		values := attr.Item{}
		if w.random.IntN(3) == 0 {
			condition, values[":len"] = new("size(l) = :len"), attr.Int(w.seen[name])
			if w.seen[name] == 0 {
				condition = new("attribute_not_exists(l)")
				delete(values, ":len")
			}
			txn.Reads = append(txn.Reads, Read{Key: name, Length: w.seen[name]})
			if i > 0 && w.random.IntN(2) == 0 {
				if len(values) == 0 {
					values = nil
				}
				in.TransactItems = append(in.TransactItems, api.TransactWriteItem{ConditionCheck: &api.ConditionCheck{TableName: new(listTable), Key: key(name),
					ConditionExpression: condition, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: &allOldOnFailure}})
				continue
			}
		}
		a := Append{Key: name, Values: []int64{w.values.Add(1)}}
		if w.random.IntN(4) == 0 {
			a.Values = append(a.Values, w.values.Add(1))
		}
		list := make([]attr.Value, len(a.Values))
		for j, v := range a.Values {
			list[j] = attr.Int(v)
		}
		values[":none"], values[":more"] = attr.L(), attr.L(list...)
		txn.Appends = append(txn.Appends, a)
		in.TransactItems = append(in.TransactItems, api.TransactWriteItem{Update: &api.Update{TableName: new(listTable), Key: key(name),
			UpdateExpression:    new("SET l = list_append(if_not_exists(l, :none), :more)"),
			ConditionExpression: condition, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: &allOldOnFailure}})
	}
	txn.Call = w.ticks.next()
	_, err := w.client.Serve(ctx, in)
	txn.Return = w.ticks.next()
	switch {
	case err == nil:
		w.history = append(w.history, txn)
		return nil
	case errors.Is(err, kv.ErrOutcomeUnknown):
		txn.Outcome = Unknown
		w.history = append(w.history, txn)
		return nil
	case errors.Is(err, context.Canceled):
		txn.Outcome = Aborted
		w.history = append(w.history, txn)
		return err
	case !errors.Is(err, api.ErrTransactionCanceled):
		return err
	}
	// A canceled one did nothing, and what it tells of the lists that failed it is a read as of one moment.
	observed := Txn{Call: txn.Call, Return: txn.Return}
	e, _ := errors.AsType[*api.Error](err)
	for i, r := range e.CancellationReasons {
		if r.Code == "ConditionalCheckFailed" {
			observed.Reads = append(observed.Reads, w.saw(names[i], r.Item))
		}
	}
	txn.Outcome, txn.Reads = Aborted, nil
	w.history = append(w.history, txn, observed)
	return nil
}

// judgeLists makes a history, judges it and prints its figures.
func judgeLists(t testing.TB, name string, c api.Client, n int, seed uint64) Report {
	t.Helper()
	began := time.Now()
	history := runLists(t, c, n, seed)
	judged := time.Now()
	report := Check(history)
	outcomes := map[Outcome]int{}
	for _, txn := range history {
		outcomes[txn.Outcome]++
	}
	t.Logf("%s: %d transactions (%d failed, %d of unknown outcome) on %d lists in %v; a graph of %d with %d edges, searched in %v; %d anomalies",
		name, len(history), outcomes[Aborted], outcomes[Unknown], report.Keys, judged.Sub(began).Round(time.Millisecond), report.Txns, report.Edges,
		time.Since(judged).Round(time.Millisecond), len(report.Findings))
	return report
}

// TestTransactionsAreStrictlySerializable: transactions that append to lists, check and read them have an order
// that explains all they saw, and that agrees with real time.
func TestTransactionsAreStrictlySerializable(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	percent := map[string]int{inMemory: 65, inFile: 20, overHTTP: 15}
	onSurfaces(t, func(t *testing.T, s surface) {
		createLists(t, s.db)
		report := judgeLists(t, s.name, s.client, *txnsFlag*percent[s.name]/100, seed)
		require.NoError(t, report.Err())
		require.Greater(t, report.Edges, report.Txns)
	})
}

// TestUnknownTransactionsAreSerializable: a transaction of unknown outcome took place whole or not at all.
func TestUnknownTransactionsAreSerializable(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	onFlaky(t, seed, createLists, func(t *testing.T, name string, c api.Client) {
		require.NoError(t, judgeLists(t, name, c, *txnsFlag/10, seed).Err())
	})
}
