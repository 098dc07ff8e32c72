package isolation

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Outcome is what a transaction's caller was told.
type Outcome uint8

// The outcomes.
const (
	Committed Outcome = iota
	Aborted           // nothing of it may ever be seen
	Unknown           // it may have taken place, or do so later
)

// Txn is one transaction as its caller saw it.
type Txn struct {
	// Call and Return are when it was called and when it returned, by one clock
	// for all. What overlaps, ends included, was concurrent. Return counts for
	// nothing when the Outcome is Unknown.
	Call, Return int64

	Outcome Outcome
	Appends []Append
	Reads   []Read
}

// Append appends values, which nobody else appends, to the end of a list.
type Append struct {
	Key    string
	Values []int64
}

// Read is how a transaction found a list before its own appends.
type Read struct {
	Key    string
	Length int

	// Values is the list, of that length; nil when only the length was seen.
	Values []int64
}

// Anomaly is the name of something that no serializable history has, as Adya and Elle have it.
type Anomaly string

// The anomalies. Those of one transaction and its values:
const (
	AbortedRead      Anomaly = "G1a"                // a value of a transaction that failed was seen
	IntermediateRead Anomaly = "G1b"                // a part of what one transaction appended was seen
	LostAppend       Anomaly = "lost append"        // a committed value is not there later
	Duplicate        Anomaly = "duplicate"          // a value is in its list twice
	Garbage          Anomaly = "garbage"            // a value that nobody appended
	Incompatible     Anomaly = "incompatible order" // two reads of a list, none of which is the beginning of the other
)

// The cycles of dependencies:
const (
	G0              Anomaly = "G0"                // of ww alone: writes of two transactions interleave
	G1c             Anomaly = "G1c"               // of ww and wr: each saw the other
	GSingle         Anomaly = "G-single"          // with one rw: a torn read, a lost update
	G2              Anomaly = "G2"                // with several rw: write skew
	G0RealTime      Anomaly = "G0-realtime"       // as before, and
	G1cRealTime     Anomaly = "G1c-realtime"      // one was over before another began
	GSingleRealTime Anomaly = "G-single-realtime" // such as a stale read
	G2RealTime      Anomaly = "G2-realtime"
)

// Finding is one anomaly, with its proof.
type Finding struct {
	Anomaly Anomaly
	Text    string
}

// String returns the anomaly and its proof.
func (f Finding) String() string { return string(f.Anomaly) + ": " + f.Text }

// Report is what Check found.
type Report struct {
	Findings []Finding
	Txns     int // that the graph has: all but those that failed, and those of unknown outcome that nobody saw
	Edges    int
	Keys     int
}

// Has reports whether an anomaly was found.
func (r Report) Has(a Anomaly) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Anomaly == a })
}

// Err returns an error that names the first findings, nil when there are none.
func (r Report) Err() error {
	if len(r.Findings) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "isolation: %d anomalies", len(r.Findings))
	for _, f := range r.Findings[:min(len(r.Findings), 5)] {
		b.WriteString("\n\t" + f.String())
	}
	return fmt.Errorf("%s", b.String())
}

// Check reports why a history of transactions is not strictly serializable. The
// history should end with reads of all lists: what is in none is not known to be lost.
// No findings is no proof that the store has no fault, for the history may not
// have met it; every finding is proof that it has one.
func Check(txns []Txn) Report {
	c := checker{txns: txns, writers: map[int64]writer{}, orders: map[string][]int64{}, seen: make([]bool, len(txns))}
	c.findWriters()
	c.findOrders()
	c.findLost()
	c.build()
	for _, component := range c.graph.Components() {
		anomaly, cycle := c.graph.Cycle(component)
		c.found(anomaly, "%s", c.describe(cycle))
	}
	c.report.Edges, c.report.Keys = c.graph.Edges(), len(c.orders)
	return c.report
}

type checker struct {
	txns    []Txn
	writers map[int64]writer
	orders  map[string][]int64 // of each list, the longest that was read
	seen    []bool             // some value of the transaction was read
	graph   *Graph
	report  Report
}

// writer is who appended a value, and to which list.
type writer struct {
	txn  int
	key  string
	last bool // of its values of that list
}

func (c *checker) found(a Anomaly, format string, args ...any) {
	c.report.Findings = append(c.report.Findings, Finding{a, fmt.Sprintf(format, args...)})
}

func (c *checker) findWriters() {
	for i, t := range c.txns {
		for _, a := range t.Appends {
			for j, v := range a.Values {
				c.writers[v] = writer{i, a.Key, j == len(a.Values)-1}
			}
		}
	}
}

// findOrders takes the longest list that was read of each key, judges its
// values, and compares all others with it.
func (c *checker) findOrders() {
	for _, t := range c.txns {
		for _, r := range t.Reads {
			if longest, known := c.orders[r.Key]; !known || len(r.Values) > len(longest) {
				c.orders[r.Key] = r.Values
			}
		}
	}
	for key, order := range c.orders {
		at := map[int64]int{}
		for i, v := range order {
			w, known := c.writers[v]
			switch first, twice := at[v]; {
			case twice:
				c.found(Duplicate, "%d is at %d and at %d of list %s", v, first, i, key)
			case !known || w.key != key:
				c.found(Garbage, "%d in list %s, to which nobody appended it", v, key)
			case c.txns[w.txn].Outcome == Aborted:
				c.found(AbortedRead, "%d in list %s was appended by %s, which failed", v, key, c.name(w.txn))
			}
			at[v] = i
			if known {
				c.seen[w.txn] = true
			}
		}
	}
	for i, t := range c.txns {
		for _, r := range t.Reads {
			if r.Values == nil {
				continue // a length alone: findLost
			}
			order := c.orders[r.Key]
			if !slices.Equal(r.Values, order[:len(r.Values)]) {
				c.found(Incompatible, "%s read list %s as %v, which elsewhere is %v", c.name(i), r.Key, r.Values, order)
			}
			if n := len(r.Values); n > 0 {
				if w, known := c.writers[r.Values[n-1]]; known && !w.last && w.txn != i {
					c.found(IntermediateRead, "%s read list %s up to %d, in the middle of what %s appended", c.name(i), r.Key, r.Values[n-1], c.name(w.txn))
				}
			}
		}
	}
}

// findLost looks for committed values that are in no list, though somebody read the list later.
func (c *checker) findLost() {
	lastRead := map[string]int64{} // of each list, the last call of a whole read
	for _, t := range c.txns {
		for _, r := range t.Reads {
			if r.Values != nil || r.Length == 0 {
				lastRead[r.Key] = max(lastRead[r.Key], t.Call)
			}
		}
	}
	inOrder := map[int64]bool{}
	for _, order := range c.orders {
		for _, v := range order {
			inOrder[v] = true
		}
	}
	for i, t := range c.txns {
		if t.Outcome != Committed {
			continue
		}
		for _, r := range t.Reads {
			if r.Length > len(c.orders[r.Key]) && lastRead[r.Key] > t.Return {
				c.found(LostAppend, "%s found %d values in list %s, which has %d later", c.name(i), r.Length, r.Key, len(c.orders[r.Key]))
			}
		}
		for _, a := range t.Appends {
			for _, v := range a.Values {
				if !inOrder[v] && lastRead[a.Key] > t.Return {
					c.found(LostAppend, "%d, which %s appended to list %s, is not in it", v, c.name(i), a.Key)
				}
			}
		}
	}
}

// takesPart reports whether transaction i took place as far as anybody knows.
func (c *checker) takesPart(i int) bool {
	return c.txns[i].Outcome == Committed || c.seen[i]
}

func (c *checker) build() {
	c.graph = NewGraph(len(c.txns))
	for _, order := range c.orders {
		for i := 1; i < len(order); i++ {
			c.edge(order[i-1], order[i])
		}
	}
	for i, t := range c.txns {
		if !c.takesPart(i) {
			continue
		}
		c.report.Txns++
		for _, r := range t.Reads {
			order := c.orders[r.Key]
			if r.Length > 0 && r.Length <= len(order) {
				if w, known := c.writers[order[r.Length-1]]; known {
					c.graph.Add(w.txn, i, WriteRead)
				}
			}
			if r.Length < len(order) {
				if w, known := c.writers[order[r.Length]]; known {
					c.graph.Add(i, w.txn, ReadWrite)
				}
			}
		}
	}
	c.addRealTime()
}

func (c *checker) edge(before, after int64) {
	w, known := c.writers[before]
	next, nextKnown := c.writers[after]
	if known && nextKnown {
		c.graph.Add(w.txn, next.txn, WriteWrite)
	}
}

// addRealTime adds as few edges as tell the order in time of all: from those
// that had returned when another was called, without those that are before one of them.
func (c *checker) addRealTime() {
	type event struct {
		at     int64
		txn    int
		isCall bool
	}
	var events []event
	for i, t := range c.txns {
		if !c.takesPart(i) {
			continue
		}
		end := t.Return
		if t.Outcome != Committed {
			end = math.MaxInt64
		}
		events = append(events, event{t.Call, i, true}, event{end, i, false})
	}
	slices.SortStableFunc(events, func(a, b event) int {
		if a.at == b.at && a.isCall != b.isCall { // calls first: what touches was concurrent
			if a.isCall {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.at, b.at)
	})
	frontier := map[int]bool{} // returned, and before none that has
	before := map[int][]int{}  // of those that are under way
	for _, e := range events {
		if e.isCall {
			for t := range frontier {
				c.graph.Add(t, e.txn, RealTime)
				before[e.txn] = append(before[e.txn], t)
			}
			continue
		}
		for _, t := range before[e.txn] {
			delete(frontier, t)
		}
		delete(before, e.txn)
		frontier[e.txn] = true
	}
}

func (c *checker) name(i int) string {
	t := c.txns[i]
	var b strings.Builder
	fmt.Fprintf(&b, "T%d[", i)
	for _, r := range t.Reads {
		fmt.Fprintf(&b, " read %s of %d", r.Key, r.Length)
	}
	for _, a := range t.Appends {
		fmt.Fprintf(&b, " append %v to %s", a.Values, a.Key)
	}
	fmt.Fprintf(&b, "; called %d, returned %d ]", t.Call, t.Return)
	return b.String()
}

func (c *checker) describe(cycle []Edge) string {
	var b strings.Builder
	for _, e := range cycle {
		fmt.Fprintf(&b, "%s -%s-> ", c.name(e.From), e.Why)
	}
	if len(cycle) > 0 {
		b.WriteString(c.name(cycle[0].From))
	}
	return b.String()
}
