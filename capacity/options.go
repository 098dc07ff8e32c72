package capacity

import "time"

// Options configures a Service. The zero value is DynamoDB with the quotas of a new account.
type Options struct {
	// Now is the clock. One that jumps back makes no units and takes none
	// away; one that jumps ahead fills buckets to their burst and no further.
	// nil is the system's clock, which then is read in the cheapest way.
	Now func() time.Time

	// Region and AccountID stand in the ARNs of throttling reasons. They are those of the DB.
	// "" means "local" and "000000000000".
	Region    string
	AccountID string

	// FullBurst true gives a table that the Service sees for the first time
	// its 300 seconds of burst at once, as if it had not been used for so
	// long. Else it begins with the units of one second.
	FullBurst bool

	// TableReadQuota and TableWriteQuota are the units a second beyond which
	// no on-demand table or index of one grows. 0 means 40,000, which is AWS's default
	// (Quotas in Amazon DynamoDB), negative no bound.
	TableReadQuota  int64
	TableWriteQuota int64
}

// The rules that AWS publishes.
const (
	burstSeconds = 300 // "DynamoDB burst and adaptive capacity"

	// "DynamoDB burst and adaptive capacity", "Best practices for designing and
	// using partition keys effectively".
	partitionRead  = 3000
	partitionWrite = 1000

	// "DynamoDB on-demand capacity mode", Initial throughput and scaling
	// properties: a new table sustains 4,000 writes and 12,000 reads, which
	// is twice the peak that it is taken to have had.
	firstPeakRead  = 6000
	firstPeakWrite = 2000

	// "DynamoDB on-demand capacity mode": within this time of the previous peak,
	// more than twice of it may be throttled.
	peakMinutes = 30

	// "Quotas in Amazon DynamoDB", Table-level read and write throughput limit.
	defaultQuota = 40_000
)

const (
	minute = int64(time.Minute)

	// jitter is how far a clock may step back without being taken for one
	// that was set: goroutines read the clock before they take a lock, and do
	// not arrive in the order of their readings.
	jitter = int64(time.Second)

	// maxTables bounds the tables that are remembered, as an account's quota
	// does. Beyond it the one that was idle longest is forgotten.
	maxTables = 10_000
)

// filled returns the options with their defaults.
func (o *Options) filled() Options {
	var out Options
	if o != nil {
		out = *o
	}
	if out.Region == "" {
		out.Region = "local"
	}
	if out.AccountID == "" {
		out.AccountID = "000000000000"
	}
	if out.TableReadQuota == 0 {
		out.TableReadQuota = defaultQuota
	}
	if out.TableWriteQuota == 0 {
		out.TableWriteQuota = defaultQuota
	}
	return out
}

// clock returns the options' clock in ns since 1970. Without a clock of the
// user's own it is the monotonic one, which costs half of time.Now.
func (o *Options) clock() func() int64 {
	if now := o.Now; now != nil {
		return func() int64 { return now().UnixNano() }
	}
	start := time.Now()
	base := start.UnixNano()
	return func() int64 { return base + int64(time.Since(start)) }
}
