package api

import "context"

// Limiter decides whether an operation may use capacity now: one that behaves
// like the service (package capacity), a plain rate limit, or one of the user's own.
//
// Take is called before the work, with an estimate: what the request shows, for
// a write the new item alone, for a page of a Query the least it can cost. It
// may refuse, with an *Error of CodeProvisionedThroughput, CodeThrottling or
// CodeRequestLimit, or wait until ctx ends. It refuses while the table, or a global index that
// the operation could touch, is in debt.
//
// Settle is called exactly once after each Take that returned nil, also when the
// work failed, with that estimate and with what was used; nothing is used by work that did not take place.
// Buckets may go into debt by the difference.
//
// Both are called by many goroutines at once, with no lock held and outside any
// transaction, so that one that blocks holds up nobody but its caller. A panic in
// either is answered as an InternalServerError.
type Limiter interface {
	Take(ctx context.Context, estimate Usage) error
	Settle(estimate, used Usage)
}

// MaxGlobalIndexes is how many global secondary indexes a table can have.
const MaxGlobalIndexes = 20

// Usage is capacity in units, of one item's operation or of one page of a Query
// or Scan: a batch and a transaction take for each of their items. It is a value
// without pointers of its own, so that passing it costs no allocation.
type Usage struct {
	// Table is the table's settings. It is the same pointer until the
	// definition of the table changes.
	Table *TableCapacity

	// Operation is the request's name as AWS has it, such as "PutItem". A statement of PartiQL is what the
	// requests are that it becomes.
	Operation string

	// Partition is the hash of the item's partition key, or of that of the
	// index which a Query reads; Whole is true when there is no one partition,
	// as for a Scan.
	Partition [16]byte
	Whole     bool

	// Read and Write are units of the table, those of its local indexes with them.
	Read  float64
	Write float64

	// Indexes are units of the global indexes, in the order of
	// Table.GlobalIndexes: of writes, or of reading when Read is what the operation does.
	// In an estimate of a write, an index that could be touched has
	// Touched set and may have no units.
	Indexes [MaxGlobalIndexes]IndexUsage
}

// IndexUsage is the use of one global index.
type IndexUsage struct {
	Units   float64
	Touched bool // the operation could use it
}

// TableCapacity is what a table was given. It is immutable.
type TableCapacity struct {
	Name string
	ID   string // TableId

	// OnDemand is true with BillingMode PAY_PER_REQUEST. SwitchedMicros is when it became
	// that, in µs since 1970.
	OnDemand       bool
	SwitchedMicros int64

	Units         CapacityUnits
	GlobalIndexes []IndexCapacity
}

// IndexCapacity is what a global index was given.
type IndexCapacity struct {
	Name  string
	Units CapacityUnits
}

// CapacityUnits are units a second.
type CapacityUnits struct {
	// Read and Write are the provisioned units; 0 when on demand.
	Read, Write int64

	// MaxRead and MaxWrite bound the units on demand (OnDemandThroughput); 0 is no bound.
	MaxRead, MaxWrite int64

	// WarmRead and WarmWrite are what WarmThroughput asks for; 0 when it does not.
	WarmRead, WarmWrite int64
}
