package stator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/statordb/stator/api"
)

// TriggerOptions say how a trigger batches, filters and retries. The names,
// ranges and defaults are those of AWS Lambda's event source mappings. A nil
// *TriggerOptions is all defaults. StartTrigger copies them and reports all their faults at once.
//
// Source: AWS Lambda Developer Guide, "Lambda parameters for Amazon DynamoDB
// event source mappings", and "CreateEventSourceMapping" of its API reference.
type TriggerOptions struct {
	// BatchSize is the most records in a batch: 1 to 10,000. 0 means 100.
	// A batch also ends at about 6 MB.
	BatchSize int

	// MaximumBatchingWindow is how long records are gathered before a batch that is not full is handed
	// over, counted from when its first record was read: 0, the default, not at all, to 300 s.
	MaximumBatchingWindow time.Duration

	// StartingPosition is where a trigger of a new name begins: TRIM_HORIZON,
	// the oldest change that is kept, or LATEST. "" means TRIM_HORIZON. A name that
	// was used before goes on where it was.
	StartingPosition api.ShardIteratorType

	// FilterCriteria are up to ten patterns of at most 4,096 bytes, JSON like
	//
	//	{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"org": {"S": [{"prefix": "ac"}]}}}}
	//
	// A record that matches none of them is not handed over and counts as done. None, the
	// default, lets all records pass. docs/triggers.md has the operators.
	FilterCriteria []string

	// ParallelizationFactor is how many batches of one shard are in work at
	// once: 1 to 10; 0 means 1. Records of one item are never in two of them.
	ParallelizationFactor int

	// MaximumRetryAttempts is how often a failed batch is handed over again
	// before it is given up: 0 to 10,000. nil and -1 mean that it never is.
	MaximumRetryAttempts *int

	// MaximumRecordAge gives a record up that was committed longer ago, also
	// one that was never handed over: 60 s to 7 days. 0, the default, and -1 mean never.
	MaximumRecordAge time.Duration

	// BisectBatchOnFunctionError splits a batch that failed in two, which are tried one
	// after the other, until the bad record is alone. Splitting is no retry.
	BisectBatchOnFunctionError bool

	// OnFailure takes what is given up: the batch is done when it returns nil. After an
	// error, a panic, or a return after HandlerTimeout it gets the same failure again,
	// with growing pauses, and the records stay undone until then. It is called
	// by several goroutines at a time. nil means that what is given up is only counted.
	OnFailure func(ctx context.Context, failure TriggerFailure) error

	// HandlerTimeout is how long the handler may take for a batch, up to 15
	// minutes: then its context ends and the batch has failed. 0 means 3 s, as for a function;
	// a negative duration means no limit. A handler that goes on after that is waited for: its
	// records are not handed over again before it returned.
	HandlerTimeout time.Duration

	// StreamViewType says which images records have, for filters too. "" means those of the
	// table's stream, or both when only a data stream is enabled; for TableOf.Trigger "" means both.
	// Its handler gets both in any case.
	StreamViewType StreamView

	// Paused starts the trigger without handing over anything until Resume.
	Paused bool

	// Now is where the trigger takes the time from that it compares with commit times,
	// for MaximumRecordAge and State: the Options.Now of the DB. nil means time.Now. What it waits for (windows, timeouts, pauses
	// before retries) takes real time, or that of a bubble of testing/synctest.
	Now func() time.Time
}

const (
	defaultBatchSize      = 100
	maxBatchSize          = 10_000
	maxBatchBytes         = 6 << 20 // the payload of an invocation
	maxBatchingWindow     = 300 * time.Second
	maxParallelization    = 10
	maxRetryAttempts      = 10_000
	minRecordAge          = 60 * time.Second
	maxRecordAge          = 7 * 24 * time.Hour
	defaultHandlerTimeout = 3 * time.Second
	maxHandlerTimeout     = 15 * time.Minute
)

// triggerSettings are TriggerOptions with the defaults filled in.
type triggerSettings struct {
	TriggerOptions
	filters filters
	retries int // -1 without end
}

// settings returns the options with the defaults filled in, or all their faults.
func (o *TriggerOptions) settings() (s triggerSettings, err error) {
	if o != nil {
		s.TriggerOptions = *o
	}
	var errs []error
	fault := func(name string, found any, allowed string) {
		errs = append(errs, fmt.Errorf("TriggerOptions.%s is %v, allowed are %s", name, found, allowed))
	}
	if s.BatchSize == 0 {
		s.BatchSize = defaultBatchSize
	}
	if s.BatchSize < 1 || s.BatchSize > maxBatchSize {
		fault("BatchSize", s.BatchSize, "1 to 10,000")
	}
	if s.MaximumBatchingWindow < 0 || s.MaximumBatchingWindow > maxBatchingWindow {
		fault("MaximumBatchingWindow", s.MaximumBatchingWindow, "0 to 300 s")
	}
	switch s.StartingPosition {
	case "":
		s.StartingPosition = api.ShardIteratorTypeTrimHorizon
	case api.ShardIteratorTypeTrimHorizon, api.ShardIteratorTypeLatest:
	default:
		fault("StartingPosition", s.StartingPosition, "TRIM_HORIZON and LATEST")
	}
	if s.filters, err = parseFilters(s.FilterCriteria); err != nil {
		errs = append(errs, fmt.Errorf("TriggerOptions.%w", err))
	}
	if s.ParallelizationFactor == 0 {
		s.ParallelizationFactor = 1
	}
	if s.ParallelizationFactor < 1 || s.ParallelizationFactor > maxParallelization {
		fault("ParallelizationFactor", s.ParallelizationFactor, "1 to 10")
	}
	s.retries = -1
	if s.MaximumRetryAttempts != nil {
		s.retries = *s.MaximumRetryAttempts
	}
	if s.retries < -1 || s.retries > maxRetryAttempts {
		fault("MaximumRetryAttempts", s.retries, "-1 to 10,000")
	}
	switch age := s.MaximumRecordAge; {
	case age == 0 || age == -1 || age == -time.Second:
		s.MaximumRecordAge = 0
	case age < minRecordAge || age > maxRecordAge:
		fault("MaximumRecordAge", age, "60 s to 7 days, and -1")
	}
	if s.HandlerTimeout == 0 {
		s.HandlerTimeout = defaultHandlerTimeout
	}
	if s.HandlerTimeout > maxHandlerTimeout {
		fault("HandlerTimeout", s.HandlerTimeout, "up to 15 minutes")
	}
	switch s.StreamViewType {
	case "", StreamKeys, StreamNewImage, StreamOldImage, StreamNewAndOldImages:
	default:
		fault("StreamViewType", s.StreamViewType, "KEYS_ONLY, NEW_IMAGE, OLD_IMAGE and NEW_AND_OLD_IMAGES")
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	return s, errors.Join(errs...)
}
