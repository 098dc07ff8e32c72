package stator

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// TriggerFailure is what a trigger gave up. Its JSON is the document that AWS Lambda
// sends to the on-failure destination of a DynamoDB stream.
//
// Source: AWS Lambda Developer Guide, "Retain discarded records for a DynamoDB
// event source in Lambda".
type TriggerFailure struct {
	// RequestID is that of the last invocation, or of none: a random UUID.
	RequestID string

	// FunctionArn names the trigger: arn:aws:lambda:region:account:function:name.
	FunctionArn string

	Condition TriggerCondition

	// InvokeCount is how often the records were handed over, 0 if never.
	InvokeCount int

	// Err is what the last invocation failed with; nil when there was none.
	Err error

	// Time is when the records were given up.
	Time time.Time

	// StreamArn and ShardID are where the records are to be found with
	// GetShardIterator while the stream keeps them.
	StreamArn string
	ShardID   string

	// StartSequenceNumber and EndSequenceNumber are those of the first and the
	// last record; "" for ConditionTrimmed.
	StartSequenceNumber string
	EndSequenceNumber   string

	// FirstArrival and LastArrival are when they were committed, zero for ConditionTrimmed.
	FirstArrival time.Time
	LastArrival  time.Time

	// BatchSize is how many records are given up.
	BatchSize int

	// Records are the records themselves, which the document on AWS does not
	// have. None for ConditionTrimmed.
	Records []TriggerRecord
}

// TriggerCondition says why records were given up.
type TriggerCondition string

// The values of TriggerCondition.
const (
	// ConditionRetryAttemptsExhausted: they failed once, and MaximumRetryAttempts times again.
	ConditionRetryAttemptsExhausted TriggerCondition = "RetryAttemptsExhausted"

	// ConditionRecordAgeExceeded: they are older than MaximumRecordAge.
	ConditionRecordAgeExceeded TriggerCondition = "RecordAgeExceeded"

	// ConditionTrimmed: the journal did not keep them until the trigger, which
	// was paused or not there, came to read them. AWS has no such condition: there they are gone in silence.
	ConditionTrimmed TriggerCondition = "RecordsTrimmed"
)

type (
	failureJSON struct {
		RequestContext  requestContextJSON   `json:"requestContext"`
		ResponseContext *responseContextJSON `json:"responseContext,omitempty"`
		Version         string               `json:"version"`
		Timestamp       string               `json:"timestamp"`
		BatchInfo       batchInfoJSON        `json:"DDBStreamBatchInfo"`
	}
	requestContextJSON struct {
		RequestID              string           `json:"requestId"`
		FunctionArn            string           `json:"functionArn"`
		Condition              TriggerCondition `json:"condition"`
		ApproximateInvokeCount int              `json:"approximateInvokeCount"`
	}
	responseContextJSON struct {
		StatusCode      int    `json:"statusCode"`
		ExecutedVersion string `json:"executedVersion"`
		FunctionError   string `json:"functionError,omitempty"`
	}
	batchInfoJSON struct {
		ShardID                         string `json:"shardId"`
		StartSequenceNumber             string `json:"startSequenceNumber"`
		EndSequenceNumber               string `json:"endSequenceNumber"`
		ApproximateArrivalOfFirstRecord string `json:"approximateArrivalOfFirstRecord"`
		ApproximateArrivalOfLastRecord  string `json:"approximateArrivalOfLastRecord"`
		BatchSize                       int    `json:"batchSize"`
		StreamArn                       string `json:"streamArn"`
	}
)

// MarshalJSON returns the document that AWS Lambda sends to a destination.
func (f TriggerFailure) MarshalJSON() ([]byte, error) {
	out := failureJSON{
		RequestContext: requestContextJSON{
			RequestID: f.RequestID, FunctionArn: f.FunctionArn, Condition: f.Condition, ApproximateInvokeCount: f.InvokeCount,
		},
		Version: "1.0", Timestamp: f.Time.UTC().Format("2006-01-02T15:04:05.000Z"),
		BatchInfo: batchInfoJSON{
			ShardID: f.ShardID, StartSequenceNumber: f.StartSequenceNumber, EndSequenceNumber: f.EndSequenceNumber,
			ApproximateArrivalOfFirstRecord: arrival(f.FirstArrival), ApproximateArrivalOfLastRecord: arrival(f.LastArrival),
			BatchSize: f.BatchSize, StreamArn: f.StreamArn,
		},
	}
	if f.InvokeCount > 0 {
		out.ResponseContext = &responseContextJSON{StatusCode: 200, ExecutedVersion: "$LATEST"}
		if _, partial := errors.AsType[BatchItemFailures](f.Err); f.Err != nil && !partial {
			out.ResponseContext.FunctionError = "Unhandled"
		}
	}
	return json.Marshal(out)
}

func arrival(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// newRequestID returns a random UUID.
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
