package isolation

import (
	"math/bits"
	"slices"
)

// Dependency is why one transaction comes before another.
type Dependency uint8

// The dependencies, from the one that is worst in a cycle to the mildest.
const (
	WriteWrite Dependency = 1 << iota // its write was overwritten by the other's
	WriteRead                         // its write was read by the other
	ReadWrite                         // it did not see the other's write
	RealTime                          // it returned before the other was called
)

// String returns "ww", "wr", "rw" or "rt".
func (d Dependency) String() string {
	switch d {
	case WriteWrite:
		return "ww"
	case WriteRead:
		return "wr"
	case ReadWrite:
		return "rw"
	case RealTime:
		return "rt"
	}
	return "?"
}

// Graph has transactions, numbered from 0, and what makes one come before
// another. It is not safe for concurrent use.
type Graph struct {
	out   [][]edge
	edges int
}

// edge goes to a transaction, for one or more reasons.
type edge struct {
	to  int32
	why Dependency
}

// Edge is one step of a cycle.
type Edge struct {
	From, To int
	Why      Dependency
}

// NewGraph returns a graph of n transactions without edges.
func NewGraph(n int) *Graph { return &Graph{out: make([][]edge, n)} }

// Add says that from comes before to. An edge to itself, or one that is there already, is
// nothing new.
func (g *Graph) Add(from, to int, why Dependency) {
	if from == to {
		return
	}
	for i, e := range g.out[from] {
		if int(e.to) == to {
			if e.why&why == 0 {
				g.out[from][i].why |= why
				g.edges++
			}
			return
		}
	}
	g.out[from] = append(g.out[from], edge{int32(to), why})
	g.edges++
}

// Edges returns how many edges there are, one for each reason.
func (g *Graph) Edges() int { return g.edges }

// Components returns the strongly connected components of more than one
// transaction. Every cycle lies within one of them, and each has one.
//
// It is Tarjan's algorithm, in time linear in transactions and edges, with a stack of its own: a
// history is one long path when nobody was concurrent.
func (g *Graph) Components() [][]int {
	type frame struct{ node, next int }
	var (
		found   [][]int
		index   = make([]int, len(g.out)) // 0 is not seen yet
		low     = make([]int, len(g.out))
		onPath  = make([]bool, len(g.out))
		path    []int // seen, and in no component yet
		frames  []frame
		counter int
	)
	enter := func(n int) {
		counter++
		index[n], low[n], onPath[n] = counter, counter, true
		path = append(path, n)
		frames = append(frames, frame{node: n})
	}
	for root := range g.out {
		if index[root] != 0 {
			continue
		}
		enter(root)
		for len(frames) > 0 {
			f := &frames[len(frames)-1]
			n := f.node
			if f.next < len(g.out[n]) {
				to := int(g.out[n][f.next].to)
				f.next++
				switch {
				case index[to] == 0:
					enter(to)
				case onPath[to]:
					low[n] = min(low[n], index[to])
				}
				continue
			}
			frames = frames[:len(frames)-1]
			if len(frames) > 0 {
				parent := frames[len(frames)-1].node
				low[parent] = min(low[parent], low[n])
			}
			if low[n] != index[n] {
				continue
			}
			at := len(path) - 1
			for path[at] != n {
				at--
			}
			if len(path)-at > 1 {
				found = append(found, slices.Clone(path[at:]))
			}
			for _, m := range path[at:] {
				onPath[m] = false
			}
			path = path[:at]
		}
	}
	return found
}

// search is a kind of cycle to look for: one that begins with an edge of first,
// if any, and goes on by edges of rest.
type search struct {
	anomaly     Anomaly
	first, rest Dependency
}

// searches go from the worst to the mildest. What needs real time comes last:
// without it the history has no order at all, with it only not the one that was observed.
var searches = [...]search{
	{G0, WriteWrite, WriteWrite},
	{G1c, WriteRead, WriteWrite | WriteRead},
	{GSingle, ReadWrite, WriteWrite | WriteRead},
	{G2, ReadWrite, WriteWrite | WriteRead | ReadWrite},
	{G0RealTime, RealTime, WriteWrite | RealTime},
	{G1cRealTime, RealTime, WriteWrite | WriteRead | RealTime},
	{GSingleRealTime, ReadWrite, WriteWrite | WriteRead | RealTime},
	{G2RealTime, ReadWrite, WriteWrite | WriteRead | ReadWrite | RealTime},
}

// maxSteps bounds the edges that are looked at for one kind of cycle: a store
// that does everything wrong makes one component of the whole history.
const maxSteps = 20_000_000

// Cycle returns a shortest cycle of the worst kind that a component has. Only a component
// that Components returned has one. In a component of many thousands it may be neither the shortest nor the worst.
func (g *Graph) Cycle(component []int) (Anomaly, []Edge) {
	inside := make(map[int]bool, len(component))
	for _, n := range component {
		inside[n] = true
	}
	for _, s := range searches {
		var best []Edge
		steps := maxSteps
		for _, from := range component {
			for _, e := range g.out[from] {
				if e.why&s.first == 0 || !inside[int(e.to)] || len(best) == 2 {
					continue
				}
				rest := g.path(int(e.to), from, s.rest, inside, len(best)-1, &steps)
				if rest != nil {
					best = append([]Edge{{from, int(e.to), s.first}}, rest...)
				}
			}
		}
		if best != nil {
			return s.anomaly, best
		}
	}
	return "", nil
}

// path returns a shortest path by edges of some kinds, shorter than limit if
// that is positive; nil when there is none, or when it takes more than steps.
func (g *Graph) path(from, to int, kinds Dependency, inside map[int]bool, limit int, steps *int) []Edge {
	came := map[int]Edge{from: {}}
	layer := []int{from}
	for length := 1; len(layer) > 0 && *steps > 0 && (limit <= 0 || length < limit); length++ {
		var next []int
		for _, n := range layer {
			*steps -= len(g.out[n])
			for _, e := range g.out[n] {
				m, why := int(e.to), e.why&kinds
				if _, seen := came[m]; seen || why == 0 || !inside[m] {
					continue
				}
				came[m] = Edge{n, m, 1 << bits.TrailingZeros8(uint8(why))} // the worst of several
				if m == to {
					var back []Edge
					for at := to; at != from; at = came[at].From {
						back = append(back, came[at])
					}
					slices.Reverse(back)
					return back
				}
				next = append(next, m)
			}
		}
		layer = next
	}
	return nil
}
