package stator

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/internal/expr"
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

	// ExpressionCache is how many expression texts are kept in parsed form, a
	// few hundred bytes each. 0 means 10,000; a negative number keeps none.
	ExpressionCache int
}

const defaultExpressionCache = 10_000

var (
	regionPattern    = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	accountIDPattern = regexp.MustCompile(`^[0-9]{12}$`)
)

// withDefaults returns a copy with the defaults filled in, or all its faults.
func (o *Options) withDefaults() (Options, error) {
	var full Options
	if o != nil {
		full = *o
	}
	if full.Region == "" {
		full.Region = "local"
	}
	if full.AccountID == "" {
		full.AccountID = "000000000000"
	}
	if full.ExpressionCache == 0 {
		full.ExpressionCache = defaultExpressionCache
	}
	var faults []error
	if !regionPattern.MatchString(full.Region) {
		faults = append(faults, fmt.Errorf("stator: Options.Region is %q, allowed are 1 to 64 of a-z, 0-9 and -", full.Region))
	}
	if !accountIDPattern.MatchString(full.AccountID) {
		faults = append(faults, fmt.Errorf("stator: Options.AccountID is %q, allowed are 12 digits", full.AccountID))
	}
	return full, errors.Join(faults...)
}

func (o Options) engine() engine.Options {
	return engine.Options{
		Now: o.Now, Rand: o.Rand, Region: o.Region, AccountID: o.AccountID,
		ExpressionCache: o.ExpressionCache,
	}
}

// texts returns the cache of native texts that these options ask for.
func (o Options) texts() *expr.Cache {
	if o.ExpressionCache < 0 {
		return nil
	}
	return expr.NewCache(o.ExpressionCache)
}
