package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/partiql"
	"github.com/statordb/stator/kv"
)

// Options says how an Engine behaves. The zero Options is good.
type Options struct {
	// Now is the only source of time. Default time.Now.
	Now func() time.Time

	// Rand is the only source of randomness (ids of tables and of the store).
	// Default crypto/rand.Reader. It must be safe for concurrent use.
	Rand io.Reader

	// Region and AccountID stand in ARNs. Defaults "local" and "000000000000".
	Region    string
	AccountID string

	// StatusDelay is how long a table stays CREATING, UPDATING and DELETING, and
	// its time to live ENABLING and DISABLING, as on AWS. 0, and negative, is not at all: the next DescribeTable tells ACTIVE.
	StatusDelay time.Duration

	// ExpressionCache is how many parsed expressions are kept, and a tenth of it
	// how many parsed PartiQL statements. 0 is 10,000;
	// negative keeps none.
	ExpressionCache int

	// HideExpired hides items whose time to live is over and that are not deleted yet: reads pass over
	// them, as a filter does, and writes see no old item. Default: they are seen, as on AWS.
	HideExpired bool

	// ExpiryRate is how many expired items the background deletes in a second,
	// at most. 0 is 10,000; negative deletes none, save when Maintain is asked for.
	ExpiryRate int

	// Sinks says where the changes go that a data stream carries, by the ARN
	// that EnableKinesisStreamingDestination names. A nil func, and a nil Sink, keep them in the journal alone, where
	// any number of readers find them.
	Sinks func(streamArn string) api.Sink

	// DataStreamRetention is how long a data stream that is enabled from now
	// on keeps a change: 24 hours to 365 days. 0 is 7 days.
	DataStreamRetention time.Duration

	// Limiter decides whether operations on items may use capacity; nil lets all
	// of them. It is called with no lock held.
	Limiter api.Limiter

	// BackgroundError is told what the work of the background failed with, which no caller sees. It is called by
	// several goroutines at a time, and must return soon. nil tells nobody.
	BackgroundError func(error)

	system bool // Now is time.Now
}

const (
	defaultExpressionCache = 10_000
	defaultExpiryRate      = 10_000

	defaultDataStreamRetention = 7 * 24 * time.Hour
	minDataStreamRetention     = 24 * time.Hour
	maxDataStreamRetention     = 365 * 24 * time.Hour
)

var accountID = regexp.MustCompile(`^[0-9]{12}$`)
var regionName = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// WithDefaults returns the options with the defaults filled in, or all their faults.
func (o Options) WithDefaults() (Options, error) {
	if o.Now == nil {
		o.Now, o.system = time.Now, true
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Region == "" {
		o.Region = "local"
	}
	if o.AccountID == "" {
		o.AccountID = "000000000000"
	}
	if o.ExpressionCache == 0 {
		o.ExpressionCache = defaultExpressionCache
	}
	if o.ExpiryRate == 0 {
		o.ExpiryRate = defaultExpiryRate
	}
	if o.DataStreamRetention == 0 {
		o.DataStreamRetention = defaultDataStreamRetention
	}
	var errs []error
	if o.DataStreamRetention < minDataStreamRetention || o.DataStreamRetention > maxDataStreamRetention {
		errs = append(errs, fmt.Errorf("Options.DataStreamRetention is %s, allowed are %s to %s", o.DataStreamRetention, minDataStreamRetention, maxDataStreamRetention))
	}
	if !regionName.MatchString(o.Region) {
		errs = append(errs, fmt.Errorf("Options.Region is %q, allowed are 1 to 64 of a-z, 0-9 and -", o.Region))
	}
	if !accountID.MatchString(o.AccountID) {
		errs = append(errs, fmt.Errorf("Options.AccountID is %q, allowed are 12 digits", o.AccountID))
	}
	return o, errors.Join(errs...)
}

// Engine serves requests on a store. It is an api.Client, safe for concurrent use.
type Engine struct {
	store kv.Store
	opt   Options
	exprs *expr.Cache // nil keeps none

	statements *partiql.Cache // nil keeps none

	id string // of the store

	catalog atomic.Pointer[catalog]

	// control serializes this process's changes of the catalog. It is held
	// over a transaction, and no other lock is taken under it.
	control sync.Mutex

	life    lifecycle
	jobs    jobs
	keeper  keeper
	readers readers

	journals      journals
	subscriptions subscriptions
	sinks         sinks

	sweeps atomic.Uint32 // how many there were of expired items

	meters meters

	singles sync.Pool // of *single
}

// Open returns an Engine on store, which it initializes when it is empty. The
// Engine owns the store from then on, also when Open fails: then it is closed.
func Open(ctx context.Context, store kv.Store, o Options) (*Engine, error) {
	e, err := open(ctx, store, o)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	e.jobs.start(e)
	e.keeper.start(e)
	if err := e.startSinks(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func open(ctx context.Context, store kv.Store, o Options) (*Engine, error) {
	o, err := o.WithDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{store: store, opt: o, exprs: expr.NewCache(o.ExpressionCache), life: lifecycle{delay: o.StatusDelay},
		meters: newMeters(o.Now())}
	if s, ok := store.(kv.RowChecker); ok {
		s.CheckRows(CheckRow)
	}
	if e.id, err = openHeader(ctx, store, o); err != nil {
		return nil, err
	}
	if err := e.loadCatalog(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// StoreID returns the random id that the store got when it was created.
func (e *Engine) StoreID() string { return e.id }

// Close stops the jobs, which go on when the store is opened again, and closes the store. A Sink that does not
// return within 10 seconds is left alone, and told in the error.
func (e *Engine) Close() error {
	e.readers.close()
	sinkErr := e.sinks.stop()
	e.keeper.stop()
	e.jobs.stop()
	return errors.Join(sinkErr, e.store.Close())
}

// Serve serves one request; see api.Client.
func (e *Engine) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	if in == nil || reflect.ValueOf(in).IsNil() {
		return nil, api.Validation("The request is nil")
	}
	if err := in.Validate(); err != nil {
		e.observe(in, nil, err, 0)
		return nil, err
	}
	began := e.instant()
	out, err := e.dispatch(ctx, in)
	if err != nil {
		err = asError(err)
		e.observe(in, nil, err, 0)
		return nil, err
	}
	e.observe(in, out, nil, e.instant()-began)
	return out, nil
}

func (e *Engine) dispatch(ctx context.Context, in api.Request) (api.Response, error) {
	switch in := in.(type) {
	case *api.GetItemInput:
		return response(e.getItem(ctx, in))
	case *api.PutItemInput:
		return response(e.putItem(ctx, in))
	case *api.UpdateItemInput:
		return response(e.updateItem(ctx, in))
	case *api.DeleteItemInput:
		return response(e.deleteItem(ctx, in))
	case *api.QueryInput:
		return response(e.query(ctx, in))
	case *api.ScanInput:
		return response(e.scan(ctx, in))
	case *api.BatchGetItemInput:
		return response(e.batchGetItem(ctx, in))
	case *api.BatchWriteItemInput:
		return response(e.batchWriteItem(ctx, in))
	case *api.TransactGetItemsInput:
		return response(e.transactGetItems(ctx, in))
	case *api.TransactWriteItemsInput:
		return response(e.transactWriteItems(ctx, in))
	case *api.ImportItemsInput:
		return response(e.importItems(ctx, in))
	case *api.CreateTableInput:
		return response(e.createTable(ctx, in))
	case *api.DescribeTableInput:
		return response(e.describeTable(ctx, in))
	case *api.ListTablesInput:
		return response(e.listTables(ctx, in))
	case *api.UpdateTableInput:
		return response(e.updateTable(ctx, in))
	case *api.DeleteTableInput:
		return response(e.deleteTable(ctx, in))
	case *api.ListStreamsInput:
		return response(e.listStreams(ctx, in))
	case *api.DescribeStreamInput:
		return response(e.describeStream(ctx, in))
	case *api.GetShardIteratorInput:
		return response(e.getShardIterator(ctx, in))
	case *api.GetRecordsInput:
		return response(e.getRecords(ctx, in))
	case *api.ReadChangesInput:
		return response(e.readChanges(ctx, in))
	case *api.OpenSubscriptionInput:
		return response(e.openSubscription(ctx, in))
	case *api.SavePositionInput:
		return response(e.savePosition(ctx, in))
	case *api.ListSubscriptionsInput:
		return response(e.listSubscriptions(ctx, in))
	case *api.DeleteSubscriptionInput:
		return response(e.deleteSubscription(ctx, in))
	case *api.ReadMetricsInput:
		return response(e.readMetrics(ctx, in))
	case *api.MaintainInput:
		return response(e.maintain(ctx, in))
	case *api.EnableKinesisStreamingDestinationInput:
		return response(e.enableDataStream(ctx, in))
	case *api.DisableKinesisStreamingDestinationInput:
		return response(e.disableDataStream(ctx, in))
	case *api.UpdateKinesisStreamingDestinationInput:
		return response(e.updateDataStream(ctx, in))
	case *api.DescribeKinesisStreamingDestinationInput:
		return response(e.describeDataStreams(ctx, in))
	case *api.TagResourceInput:
		return response(e.tagResource(ctx, in))
	case *api.UntagResourceInput:
		return response(e.untagResource(ctx, in))
	case *api.ListTagsOfResourceInput:
		return response(e.listTagsOfResource(ctx, in))
	case *api.UpdateTimeToLiveInput:
		return response(e.updateTimeToLive(ctx, in))
	case *api.DescribeTimeToLiveInput:
		return response(e.describeTimeToLive(ctx, in))
	case *api.DescribeLimitsInput:
		return response(e.describeLimits(ctx, in))
	case *api.ExecuteStatementInput:
		return response(e.executeStatement(ctx, in))
	case *api.BatchExecuteStatementInput:
		return response(e.batchExecuteStatement(ctx, in))
	case *api.ExecuteTransactionInput:
		return response(e.executeTransaction(ctx, in))
	}
	return nil, &api.Error{Code: api.CodeUnknownOperation, Message: "The embedded database does not serve " + in.Operation()}
}

// response keeps a nil output of a failed operation from becoming a Response that is not nil.
func response[Out api.Response](out Out, err error) (api.Response, error) {
	if err != nil {
		return nil, err
	}
	return out, nil
}

// errPartly says that an operation which is no unit did some of its writes before it failed.
var errPartly = errors.New("some of the writes took place")

// asError gives every failure a code, as api.Client asks. What is an *api.Error stays as it is.
func asError(err error) error {
	if _, ok := errors.AsType[*api.Error](err); ok {
		return err
	}
	e := &api.Error{Code: api.CodeInternalServerError, Cause: err}
	switch {
	case errors.Is(err, kv.ErrOutcomeUnknown): // before all others, which it may wrap
		e.Message = "It is unknown whether the write took place"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		e.Message = "The request ended before the operation began; nothing was written"
	case errors.Is(err, kv.ErrReadOnly):
		e.Message = "The store refuses writes; nothing was written"
	case errors.Is(err, kv.ErrDiskFull):
		e.Message = "The disk is full; nothing was written"
	case errors.Is(err, kv.ErrSizeLimit):
		e.Message = "The store has the largest size that it may have; nothing was written"
	case errors.Is(err, kv.ErrFull):
		e.Message = "The store is full; nothing was written"
	case errors.Is(err, kv.ErrTooBig):
		e.Code, e.Message = api.CodeValidation, "The request is larger than the store can hold; nothing was written"
	case errors.Is(err, kv.ErrCorrupt):
		e.Message = "The store is damaged"
	case errors.Is(err, kv.ErrClosed):
		e.Code, e.Message = api.CodeServiceUnavailable, "The database is closed"
	case errors.Is(err, kv.ErrConflict):
		e.Code, e.Message = api.CodeTransactionConflict, "Transaction is ongoing for the item"
	default:
		e.Message = "The operation failed"
	}
	if errors.Is(err, errPartly) {
		e.Message = strings.Replace(e.Message, "nothing was written", "some of the items were written", 1)
	}
	return e
}

// micros returns the clock's time in microseconds since 1970.
func (e *Engine) micros() int64 { return e.opt.Now().UnixMicro() }
