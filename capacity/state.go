package capacity

import (
	"cmp"
	"maps"
	"slices"
)

// TableState is what a Service knows of a table, for people to look at.
type TableState struct {
	Name     string
	ID       string
	OnDemand bool

	Read, Write Meter
	Indexes     []IndexState // in the order of the definition
}

// IndexState is what a Service knows of a global index.
type IndexState struct {
	Name        string
	Read, Write Meter
}

// Meter is the reads or the writes of a table or index. All but the times are
// units, or units a second where it says so.
type Meter struct {
	// Rate is what comes a second: the provisioned units, or what an
	// on-demand table has grown to. Tokens is what can be used at once;
	// negative is a debt. Burst is how much is kept at most.
	Rate, Tokens, Burst float64

	// Peak is the highest average of 30 minutes on demand, a second; half of
	// what a new table sustains, until it is higher. 0 when provisioned.
	Peak float64

	// Max is OnDemandThroughput, a second, and MaxTokens what of it can be used at once. 0 when there is none.
	Max, MaxTokens float64

	// Consumed are all units that were used since the table was first seen;
	// Throttled is how often an operation was refused because of this meter or a partition of it.
	Consumed  float64
	Throttled int64

	// Minutes are the units of the last complete minutes, the latest first, at most 30.
	Minutes []float64
}

// State returns what is known of a table; false when it was not used yet. It
// is exact where nobody uses the table meanwhile. The caller owns what it returns.
func (s *Service) State(table string) (TableState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[table]
	if t == nil {
		return TableState{}, false
	}
	return t.state(s.clock()), true
}

// States returns the state of all tables, by name.
func (s *Service) States() []TableState {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	out := make([]TableState, 0, len(s.tables))
	for t := range maps.Values(s.tables) {
		out = append(out, t.state(now))
	}
	slices.SortFunc(out, func(a, b TableState) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// state returns what a table has. The caller holds Service.mu.
func (t *table) state(now int64) TableState {
	t.endMinutes(now)
	t.gather()
	meters := *t.meters.Load()
	used := make([]float64, len(meters))
	for i := range t.stripes {
		x := &t.stripes[i]
		x.mu.Lock()
		for j := range x.slots {
			used[j] += x.slots[j].used
		}
		x.mu.Unlock()
	}
	v := t.current
	out := TableState{
		Name: v.caps.Name, ID: v.caps.ID, OnDemand: v.caps.OnDemand,
		Read: meters[0].state(now, used[0]), Write: meters[1].state(now, used[1]),
	}
	for i, at := range v.meters {
		out.Indexes = append(out.Indexes, IndexState{
			Name: v.caps.GlobalIndexes[i].Name,
			Read: meters[at].state(now, used[at]), Write: meters[at+1].state(now, used[at+1]),
		})
	}
	return out
}

func (m *meter) state(now int64, used float64) Meter {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refill(now)
	out := Meter{
		Rate: m.supply.rate, Tokens: m.supply.tokens, Burst: m.supply.size,
		Consumed: m.consumed + used, Throttled: m.throttled, Minutes: m.last(peakMinutes),
	}
	if m.onDemand {
		out.Peak = m.peak
	}
	if m.bounded {
		out.Max, out.MaxTokens = m.most.rate, m.most.tokens
	}
	return out
}

// minutes returns the units that a table, or an index of it, used in its last n
// complete minutes, the latest first; nil when the Service has not seen it.
func (s *Service) minutes(table, index string, write bool, n int) []float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[table]
	if t == nil {
		return nil
	}
	t.endMinutes(s.clock())
	at := 0
	if index != "" {
		i := slices.Index(t.names, index)
		if i < 0 {
			return nil
		}
		at = 2 + 2*i
	}
	if write {
		at++
	}
	m := (*t.meters.Load())[at]
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last(n)
}
