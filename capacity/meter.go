package capacity

import "sync"

// meter is the reads or the writes of a table or global index: what it is given,
// what it has used.
type meter struct {
	mu sync.Mutex

	// supply is what the capacity mode gives: the provisioned units with 300
	// seconds of burst, or the units to which an on-demand table has grown,
	// with one second's.
	supply bucket

	// most is OnDemandThroughput, with 300 seconds of burst; it binds when bounded is true.
	most    bucket
	bounded bool

	onDemand bool
	peak     float64 // the highest average of 30 minutes on demand, units a second
	warm     float64 // WarmThroughput, units a second
	quota    float64 // the most that an on-demand table grows to

	// lent is true when stripes may hold tokens of this meter.
	lent bool

	// minutes are the units used in complete minutes; the one before this one is
	// at (filled-1) % peakMinutes.
	minutes [peakMinutes]float64
	filled  int

	consumed  float64 // before the minute that runs
	throttled int64
}

// A stripe is lent what a meter supplies in lendNanos, or a 64th of what it has
// if that is less: so much can be in stripes that have no use for it.
const (
	lendNanos  = 5e6
	lendPart   = 64
	returnTime = int64(100e6) // after so many ns what is unused goes back
)

// lend takes need units, and some more for the stripe's next operations, and
// returns them together; ok is false when there are too few.
func (m *meter) lend(now int64, need float64) (got float64, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refill(now)
	if m.supply.lacks(need) > 0 || m.bounded && m.most.lacks(need) > 0 {
		return 0, false
	}
	rate, rest := m.supply.rate, m.supply.tokens
	if m.bounded {
		rate, rest = min(rate, m.most.rate), min(rest, m.most.tokens)
	}
	got = need
	if more := min(rate*(lendNanos/1e9), rest/lendPart); more > need {
		got, m.lent = more, true
	}
	m.add(-got)
	return got, true
}

// give returns units, or takes them when negative, into debt if need be. It reports
// whether the meter is in debt while stripes may hold some of it.
func (m *meter) give(n float64) (gather bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(n)
	return m.lent && (m.supply.tokens < 0 || m.bounded && m.most.tokens < 0)
}

// add puts units into the buckets. The caller holds mu.
func (m *meter) add(n float64) {
	m.supply.tokens = min(m.supply.tokens+n, m.supply.size)
	m.most.tokens = min(m.most.tokens+n, m.most.size)
}

// refill brings the buckets to now. The caller holds mu.
func (m *meter) refill(now int64) {
	m.supply.refill(now)
	m.most.refill(now)
}

// configure gives the meter its settings. The caller has gathered what was lent.
func (m *meter) configure(s setting) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refill(s.now)
	if s.onDemand && !m.onDemand {
		// "Initial throughput for on-demand capacity mode": half of what was provisioned, or a new table's.
		m.peak = max(m.peak, s.firstPeak, m.supply.rate/2)
	}
	m.onDemand, m.warm, m.quota = s.onDemand, float64(s.warm), s.quota
	m.bounded = s.onDemand && s.most > 0
	if m.bounded {
		fresh := m.most.size == 0
		m.most.set(float64(s.most), float64(s.most)*burstSeconds)
		if fresh {
			m.most.fill(s)
		}
	} else {
		m.most = bucket{last: s.now}
	}
	first := m.supply.size == 0
	if s.onDemand {
		m.grow()
	} else {
		// DynamoDB knows no table of 0 units.
		rate := float64(max(s.rate, 1))
		m.supply.set(rate, rate*burstSeconds)
	}
	if first {
		m.supply.fill(s)
	}
}

// fill begins a bucket.
func (b *bucket) fill(s setting) {
	b.tokens, b.last = b.rate, s.now
	if s.full {
		b.tokens = b.size
	}
}

// grow sets what an on-demand table is given by what it has had. The caller holds mu.
func (m *meter) grow() {
	rate := max(2*m.peak, m.warm)
	if m.quota > 0 {
		rate = min(rate, m.quota)
	}
	if rate != m.supply.rate || m.supply.size != rate {
		m.supply.set(rate, rate)
	}
}

// endMinute closes a minute in which so many units were used, and after it so
// many in which none were.
func (m *meter) endMinute(now int64, used float64, idle int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.consumed += used
	m.push(used)
	if m.onDemand {
		m.refill(now)
		sum := 0.0
		for _, n := range m.minutes[:min(m.filled, peakMinutes)] {
			sum += n
		}
		if average := sum / (peakMinutes * 60); average > m.peak {
			m.peak = average
			m.grow()
		}
	}
	for range min(idle, peakMinutes) {
		m.push(0)
	}
}

func (m *meter) push(used float64) {
	m.minutes[m.filled%peakMinutes] = used
	m.filled++
}

// last returns the units of the last n complete minutes, the latest first; fewer
// when the table was not seen for so long. The caller holds mu.
func (m *meter) last(n int) []float64 {
	out := make([]float64, 0, n)
	for i := range min(n, m.filled, peakMinutes) {
		out = append(out, m.minutes[(m.filled-1-i)%peakMinutes])
	}
	return out
}

// setting is what a meter is told when a table's definition is new.
type setting struct {
	now       int64
	full      bool // begin with the whole burst
	onDemand  bool
	rate      int64
	most      int64
	warm      int64
	firstPeak float64
	quota     float64
}
