package stator

import (
	"fmt"
	"io"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
)

// Options say how a DB is opened. A nil *Options is all defaults. Open copies
// them and reports all their faults at once.
type Options struct {
	// Now is where the DB takes the time from: for creation dates, idempotency
	// tokens and all else that depends on a clock. It must be safe for
	// concurrent use. nil means time.Now. Tests set a clock of their own.
	Now func() time.Time

	// Rand is where the ids of stores and tables come from. It must be safe
	// for concurrent use. nil means crypto/rand.
	Rand io.Reader

	// Region stands in the ARNs of tables: 1 to 64 of a-z, 0-9 and "-".
	// "" means "local".
	Region string

	// AccountID stands in the ARNs of tables: 12 digits. "" means "000000000000".
	AccountID string

	// StatusDelay is how long a table stays CREATING, UPDATING and DELETING, and its time to live ENABLING and DISABLING,
	// for tests of programs that wait for the next status on AWS. 0, the default, and negative durations
	// are not at all: a table can be used when CreateTable returns.
	StatusDelay time.Duration

	// ExpressionCache is how many expression texts are kept in parsed form, a
	// few hundred bytes each. 0 means 10,000; a negative number keeps none.
	ExpressionCache int

	// HideExpired hides items whose time to live is over and that are not deleted yet. Reads pass over
	// them as over items that a filter rejects: they count as scanned, and consume
	// capacity. Conditions, updates and ReturnValues of writes take them for absent. false, the
	// default, is as on AWS: until it is deleted, an expired item reads and writes as any other.
	HideExpired bool

	// ExpiryRate bounds the items that the background deletes in a second when their time
	// to live is over, of all tables together. 0 means 10,000; a negative number
	// deletes none in the background: they wait for api.MaintainInput.
	ExpiryRate int

	// Sinks says where the changes go that a data stream carries, by the ARN that
	// EnableDataStream was given: a message broker, for example. A nil func, and a nil Sink,
	// keep them in the database alone, where any number of named readers find
	// them (see TableOf.Changes). It is asked when a data stream is enabled and when the DB is opened.
	Sinks func(streamArn string) Sink

	// DataStreamRetention is how long a data stream that is enabled from now
	// on keeps a change: 24 hours to 365 days. 0 means 7 days.
	DataStreamRetention time.Duration

	// Limiter decides whether operations on items may use capacity: package capacity has one that
	// behaves like the service, a plain rate limit, and one that lets callers wait. nil, the
	// default, lets everything. Import, time to live and background work are not asked for.
	Limiter Limiter

	// MaxSizeBytes is how large the file of Open may grow. A write that needs more fails with ErrFull: nothing
	// was written, reads and deletions still work, and writes again when enough was deleted. The
	// file itself never shrinks. 0, the default, means no limit but the disk's; otherwise at least 1 MiB. OpenMemory and OpenStore ignore it.
	MaxSizeBytes int64

	// ReserveBytes is the space that Open keeps for deletions (of items, tables and indexes, of what has expired, of
	// changes that nobody can read any more), so that they still work when the disk is full or the file as
	// large as it may be. It is a part of MaxSizeBytes; without that, or on a disk that is full
	// before, on Linux it is disk space beyond the end of the file, which the file holds on to; elsewhere nothing is kept of a
	// disk. Free pages in the file count towards it. 0 means a sixteenth of the file, but 4 to 16 MiB
	// (of a file smaller than 4 MiB as much as that, from 256 KiB on), and at most a quarter of MaxSizeBytes; a negative
	// number keeps none; otherwise at most half of MaxSizeBytes. OpenMemory and OpenStore ignore it.
	ReserveBytes int64

	// BackgroundError is told what the work of the background failed with (time to live, trimming
	// of changes, jobs such as the filling of an index, Sinks), which no caller sees. The work is tried again, and
	// the same error told once a minute at most. It is called by several goroutines at a time, and must
	// return soon. nil tells nobody.
	BackgroundError func(error)
}

// Limiter decides whether an operation may use capacity now; see api.Limiter.
type Limiter = api.Limiter

// Sink takes changes out of the database; see api.Sink.
type Sink = api.Sink

// SinkRecord is one change on its way out.
type SinkRecord = api.SinkRecord

// engine returns the engine's options, with the defaults filled in, or all
// their faults.
func (o *Options) engine() (engine.Options, error) {
	if o == nil {
		o = &Options{}
	}
	full, err := engine.Options{
		Now: o.Now, Rand: o.Rand, Region: o.Region, AccountID: o.AccountID,
		StatusDelay: o.StatusDelay, ExpressionCache: o.ExpressionCache, HideExpired: o.HideExpired, ExpiryRate: o.ExpiryRate,
		Sinks: o.Sinks, DataStreamRetention: o.DataStreamRetention, Limiter: o.Limiter, BackgroundError: o.BackgroundError,
	}.WithDefaults()
	if err != nil {
		return full, fmt.Errorf("stator: %w", err)
	}
	return full, nil
}
