package isolation_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/statordb/stator/reliability/isolation"
)

// did is a transaction that was called and returned at these times.
func did(call, ret int64, ops ...any) Txn {
	t := Txn{Call: call, Return: ret}
	for _, op := range ops {
		switch op := op.(type) {
		case Append:
			t.Appends = append(t.Appends, op)
		case Read:
			t.Reads = append(t.Reads, op)
		case Outcome:
			t.Outcome = op
		}
	}
	return t
}

func app(key string, values ...int64) Append { return Append{Key: key, Values: values} }

func read(key string, values ...int64) Read {
	return Read{Key: key, Length: len(values), Values: append([]int64{}, values...)}
}

func length(key string, n int) Read { return Read{Key: key, Length: n} }

// TestCheckFindsAnomalies has one history by hand for each anomaly. All that is
// not about real time happened at once, from 0 to 100.
func TestCheckFindsAnomalies(t *testing.T) {
	for name, c := range map[string]struct {
		want    Anomaly // "" is none
		history []Txn
	}{
		"nothing": {"", nil},
		"one after another": {"", []Txn{
			did(1, 2, app("x", 1)), did(3, 4, read("x", 1), app("y", 2)), did(5, 6, app("x", 3), length("y", 1)),
			did(7, 8, read("x", 1, 3), read("y", 2))}},
		"concurrent, either order": {"", []Txn{
			did(0, 100, app("x", 1), app("y", 2)), did(0, 100, read("x"), read("y")), did(0, 100, read("x", 1), read("y", 2))}},
		"calls that touch are concurrent": {"", []Txn{did(0, 10, app("x", 1)), did(10, 20, read("x")), did(30, 40, read("x", 1))}},
		"failed and not seen":             {"", []Txn{did(0, 10, app("x", 1), Aborted), did(20, 30, read("x"))}},
		"unknown and not seen":            {"", []Txn{did(0, 10, app("x", 1), Unknown), did(20, 30, read("x"))}},
		"unknown and seen late": {"", []Txn{
			did(0, 10, app("x", 1), Unknown), did(20, 30, read("x")), did(40, 50, read("x", 1))}},

		"G1a":  {AbortedRead, []Txn{did(0, 100, app("x", 1), Aborted), did(0, 100, read("x", 1))}},
		"G1b":  {IntermediateRead, []Txn{did(0, 100, app("x", 1, 2)), did(0, 100, read("x", 1)), did(0, 100, read("x", 1, 2))}},
		"lost": {LostAppend, []Txn{did(0, 10, app("x", 1)), did(0, 10, app("x", 2)), did(20, 30, read("x", 2))}},
		"lost, as a length tells": {LostAppend, []Txn{
			did(0, 10, app("x", 1)), did(12, 15, length("x", 2)), did(20, 30, read("x", 1))}},
		"duplicate":    {Duplicate, []Txn{did(0, 100, app("x", 1)), did(0, 100, app("x", 2)), did(0, 100, read("x", 1, 2, 1))}},
		"garbage":      {Garbage, []Txn{did(0, 100, read("x", 1))}},
		"another list": {Garbage, []Txn{did(0, 100, app("y", 1)), did(0, 100, read("x", 1))}},
		"two orders": {Incompatible, []Txn{
			did(0, 100, app("x", 1)), did(0, 100, app("x", 2)), did(0, 100, read("x", 1)), did(0, 100, read("x", 2, 1))}},

		"G0": {G0, []Txn{
			did(0, 100, app("x", 1), app("y", 11)), did(0, 100, app("x", 2), app("y", 12)),
			did(0, 100, read("x", 1, 2), read("y", 12, 11))}},
		"G1c": {G1c, []Txn{
			did(0, 100, app("x", 1), read("y", 2)), did(0, 100, app("y", 2), read("x", 1))}},
		"G1c of three": {G1c, []Txn{
			did(0, 100, app("x", 1), app("z", 4)), did(0, 100, app("y", 2), read("x", 1)), did(0, 100, read("y", 2), app("z", 3)),
			did(0, 100, read("z", 3, 4))}},
		"torn read": {GSingle, []Txn{
			did(0, 100, app("x", 1), app("y", 2)), did(0, 100, read("x", 1), read("y")), did(0, 100, read("y", 2))}},
		"lost update": {GSingle, []Txn{
			did(0, 100, length("x", 0), app("x", 1)), did(0, 100, length("x", 0), app("x", 2)), did(0, 100, read("x", 1, 2))}},
		"write skew": {G2, []Txn{
			did(0, 100, length("x", 0), app("y", 1)), did(0, 100, length("y", 0), app("x", 2)),
			did(0, 100, read("x", 2), read("y", 1))}},
		"long fork": {G2, []Txn{
			did(0, 100, app("x", 1)), did(0, 100, app("y", 2)),
			did(0, 100, read("x", 1), read("y")), did(0, 100, read("x"), read("y", 2))}},

		"later write first": {G0RealTime, []Txn{
			did(0, 10, app("x", 1)), did(20, 30, app("x", 2)), did(0, 30, read("x", 2, 1))}},
		"read of the future": {G1cRealTime, []Txn{did(0, 10, read("x", 1)), did(20, 30, app("x", 1))}},
		"stale read":         {GSingleRealTime, []Txn{did(0, 10, app("x", 1)), did(20, 30, read("x")), did(40, 50, read("x", 1))}},
		"stale, far later": {GSingleRealTime, []Txn{
			did(0, 10, app("x", 1)), did(11, 12, app("y", 2)), did(13, 14, app("y", 3)), did(15, 16, app("y", 4)), did(20, 30, read("x")),
			did(40, 50, read("x", 1), read("y", 2, 3, 4))}},
		"long fork, across time": {G2RealTime, []Txn{
			did(0, 100, app("x", 1)), did(0, 100, app("y", 2)),
			did(0, 10, read("x", 1)), did(11, 20, read("y")), did(0, 100, read("x"), read("y", 2))}},
	} {
		t.Run(name, func(t *testing.T) {
			report := Check(c.history)
			if c.want == "" {
				require.NoError(t, report.Err())
				return
			}
			require.True(t, report.Has(c.want), "%v", report.Err())
			require.ErrorContains(t, report.Err(), string(c.want))
		})
	}
}

// TestCheckTakesSerialHistories: transactions that were carried out one after another, each at a moment
// between its call and its return, are never found faulty, however much they overlap; and a single stale read among them is.
func TestCheckTakesSerialHistories(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		lists := map[string][]int64{}
		keys := []string{"a", "b", "c"}
		var history []Txn
		next := int64(1)
		for i := range int64(300) {
			moment := i * 10
			txn := Txn{Call: moment - r.Int64N(40), Return: moment + r.Int64N(40)}
			for _, k := range keys {
				switch r.IntN(4) {
				case 0:
					txn.Reads = append(txn.Reads, read(k, lists[k]...))
				case 1:
					txn.Reads = append(txn.Reads, length(k, len(lists[k])))
					fallthrough
				case 2:
					lists[k] = append(lists[k], next)
					txn.Appends = append(txn.Appends, app(k, next))
					next++
				}
			}
			history = append(history, txn)
		}
		end := Txn{Call: 4000, Return: 4001}
		for _, k := range keys {
			end.Reads = append(end.Reads, read(k, lists[k]...))
		}
		history = append(history, end)
		report := Check(history)
		require.NoError(t, report.Err(), "seed %d", seed)
		require.Greater(t, report.Edges, 1000)

		stale := Txn{Call: 3500, Return: 3501, Reads: []Read{read("a", lists["a"][:len(lists["a"])-1]...)}}
		require.True(t, Check(append(history, stale)).Has(GSingleRealTime), "seed %d", seed)
	}
}

func TestComponents(t *testing.T) {
	g := NewGraph(100_000)
	for i := range 99_999 { // deep: no recursion
		g.Add(i, i+1, RealTime)
	}
	require.Empty(t, g.Components())
	g.Add(5, 5, WriteWrite)
	require.Empty(t, g.Components())
	g.Add(12, 10, WriteWrite)
	g.Add(99_999, 99_990, ReadWrite)
	g.Add(12, 10, WriteWrite)
	require.Equal(t, 99_999+2, g.Edges())
	components := g.Components()
	require.Len(t, components, 2)
	require.ElementsMatch(t, []int{10, 11, 12}, components[1])
	require.Len(t, components[0], 10)
	anomaly, cycle := g.Cycle(components[1])
	require.Equal(t, G0RealTime, anomaly)
	require.Len(t, cycle, 3)
	for i, e := range cycle {
		require.Equal(t, e.To, cycle[(i+1)%len(cycle)].From)
	}
	anomaly, _ = g.Cycle(components[0])
	require.Equal(t, GSingleRealTime, anomaly)
}

// TestDependencyNames: a proof is read by people.
func TestDependencyNames(t *testing.T) {
	report := Check([]Txn{did(0, 100, app("x", 1), app("y", 2)), did(0, 100, read("x", 1), read("y")), did(0, 100, read("y", 2))})
	text := report.Err().Error()
	require.True(t, strings.Contains(text, "-rw->") && strings.Contains(text, "-wr->"), text)
	require.Equal(t, "ww wr rw rt ?", strings.Join([]string{WriteWrite.String(), WriteRead.String(), ReadWrite.String(), RealTime.String(), Dependency(0).String()}, " "))
}
