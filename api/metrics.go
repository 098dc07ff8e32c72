package api

import "time"

// MetricName is the name of a metric, as CloudWatch has it in the namespace AWS/DynamoDB.
//
// Source: Amazon DynamoDB Developer Guide, "DynamoDB Metrics and dimensions".
type MetricName string

// The metrics. Those marked (gauge) are as they are now; all others are sums
// since ReadMetricsOutput.Since.
const (
	// Of a table (its local indexes with it), and of each global index: units of capacity.
	MetricConsumedReadCapacityUnits     MetricName = "ConsumedReadCapacityUnits"
	MetricConsumedWriteCapacityUnits    MetricName = "ConsumedWriteCapacityUnits"
	MetricProvisionedReadCapacityUnits  MetricName = "ProvisionedReadCapacityUnits"  // (gauge) a second; not on demand
	MetricProvisionedWriteCapacityUnits MetricName = "ProvisionedWriteCapacityUnits" // (gauge) a second; not on demand

	// Of a table and of each global index: items, or pages, that the Limiter refused.
	MetricReadThrottleEvents  MetricName = "ReadThrottleEvents"
	MetricWriteThrottleEvents MetricName = "WriteThrottleEvents"

	MetricItemCount MetricName = "ItemCount" // (gauge) of a table and of each global index

	// Of a table.
	MetricConditionalCheckFailedRequests MetricName = "ConditionalCheckFailedRequests"
	MetricTransactionConflict            MetricName = "TransactionConflict"
	MetricTimeToLiveDeletedItemCount     MetricName = "TimeToLiveDeletedItemCount"

	// Of an operation on a table.
	MetricSuccessfulRequestLatency MetricName = "SuccessfulRequestLatency" // ms, with Buckets
	MetricThrottledRequests        MetricName = "ThrottledRequests"        // whole requests that were refused
	MetricSystemErrors             MetricName = "SystemErrors"             // answers of HTTP status 500 and 503
	MetricReturnedItemCount        MetricName = "ReturnedItemCount"        // of Query, Scan and ExecuteStatement
	MetricReturnedRecordsCount     MetricName = "ReturnedRecordsCount"     // of GetRecords
	MetricReturnedBytes            MetricName = "ReturnedBytes"            // of GetRecords: bytes of the keys and images, by DynamoDB's rules of size

	// Of all requests: answers of HTTP status 400, without throttled requests, failed conditions and conflicts.
	MetricUserErrors MetricName = "UserErrors"
)

// Metric is one metric of one table, index or operation.
type Metric struct {
	Name MetricName

	// What it is of; "" where the metric has no such dimension. A request that
	// named no table that there is has an Operation alone.
	TableName string
	IndexName string // of a global index
	Operation string

	// Gauge is true when Sum is what is so now, and no sum.
	Gauge bool

	// Sum is the sum of all samples, in the metric's unit.
	Sum float64

	// Count is the number of samples, of latencies and of what was returned.
	Count int64

	// Buckets counts the samples of SuccessfulRequestLatency by their size; nil with
	// other metrics. Each has those above the one before; what is left of Count is larger than the last.
	Buckets []MetricBucket
}

// MetricBucket counts the samples of up to UpTo, in the metric's unit.
type MetricBucket struct {
	UpTo  float64
	Count int64
}

// ReadMetricsInput reads what the database has counted since it was opened. It is native.
type ReadMetricsInput struct {
	// TableName, or an ARN, asks for the metrics of one table. nil is those of all.
	TableName *string
}

// ReadMetricsOutput is the output of ReadMetrics.
type ReadMetricsOutput struct {
	// Since is when counting began: when the database was opened.
	Since time.Time

	// Metrics are in the order of their name, table, index and operation. The caller owns them.
	Metrics []Metric
}

// Operation returns "ReadMetrics".
func (*ReadMetricsInput) Operation() string          { return "ReadMetrics" }
func (*ReadMetricsInput) request()                   {}
func (*ReadMetricsInput) output() *ReadMetricsOutput { return nil }
func (*ReadMetricsOutput) response()                 {}

// Validate: see Request.
func (in *ReadMetricsInput) Validate() error {
	if in.TableName == nil {
		return nil
	}
	return controlTableName(in.TableName)
}
