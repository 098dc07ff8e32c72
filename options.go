package stator

import (
	"fmt"
	"io"
	"time"

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

	// StatusDelay is how long a table stays CREATING, UPDATING and DELETING,
	// for tests of programs that wait for the next status on AWS. 0, the default, and negative durations
	// are not at all: a table can be used when CreateTable returns.
	StatusDelay time.Duration

	// ExpressionCache is how many expression texts are kept in parsed form, a
	// few hundred bytes each. 0 means 10,000; a negative number keeps none.
	ExpressionCache int
}

// engine returns the engine's options, with the defaults filled in, or all
// their faults.
func (o *Options) engine() (engine.Options, error) {
	if o == nil {
		o = &Options{}
	}
	full, err := engine.Options{
		Now: o.Now, Rand: o.Rand, Region: o.Region, AccountID: o.AccountID,
		StatusDelay: o.StatusDelay, ExpressionCache: o.ExpressionCache,
	}.WithDefaults()
	if err != nil {
		return full, fmt.Errorf("stator: %w", err)
	}
	return full, nil
}
