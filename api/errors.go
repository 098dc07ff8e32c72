package api

import (
	"time"
)

// Code is the name of an error, as AWS has it.
type Code string

// The codes that DynamoDB answers, and Stator with it.
const (
	CodeValidation                  Code = "ValidationException"
	CodeSerialization               Code = "SerializationException"
	CodeUnknownOperation            Code = "UnknownOperationException"
	CodeResourceNotFound            Code = "ResourceNotFoundException"
	CodeResourceInUse               Code = "ResourceInUseException"
	CodeTableNotFound               Code = "TableNotFoundException"
	CodeConditionalCheckFailed      Code = "ConditionalCheckFailedException"
	CodeDuplicateItem               Code = "DuplicateItemException"
	CodeTransactionCanceled         Code = "TransactionCanceledException"
	CodeTransactionConflict         Code = "TransactionConflictException"
	CodeTransactionInProgress       Code = "TransactionInProgressException"
	CodeIdempotentParameterMismatch Code = "IdempotentParameterMismatchException"
	CodeItemCollectionSizeLimit     Code = "ItemCollectionSizeLimitExceededException"
	CodeLimitExceeded               Code = "LimitExceededException"
	CodeExpiredIterator             Code = "ExpiredIteratorException"
	CodeTrimmedDataAccess           Code = "TrimmedDataAccessException"
	CodeProvisionedThroughput       Code = "ProvisionedThroughputExceededException"
	CodeRequestLimit                Code = "RequestLimitExceeded"
	CodeThrottling                  Code = "ThrottlingException"
	CodeAccessDenied                Code = "AccessDeniedException"
	CodeInternalServerError         Code = "InternalServerError"
	CodeServiceUnavailable          Code = "ServiceUnavailable"
)

// Error is what an operation fails with. errors.As finds it; errors.Is with
// one of the sentinels below compares codes.
type Error struct {
	Code    Code
	Message string // AWS's text

	// Item is the item that failed a condition, when the request asked for it
	// with ReturnValuesOnConditionCheckFailure.
	Item Attributes

	// CancellationReasons has one entry for each action of a canceled
	// transaction, in the request's order.
	CancellationReasons []CancellationReason

	// ThrottlingReasons says what was short, and where, on throttling errors.
	// It is empty when that is not known.
	ThrottlingReasons []ThrottlingReason

	// RetryAfter is how long to wait before another try can succeed, 0 when
	// that is not known. Set on throttling errors.
	RetryAfter time.Duration

	// Cause is the error underneath, when there is one (a full disk, a closed
	// store); errors.Is and errors.As see it. It is never sent to a remote client.
	Cause error
}

// CancellationReason tells what became of one action of a canceled transaction.
type CancellationReason struct {
	Code    string     // "None", "ConditionalCheckFailed", "ValidationError", …
	Message *string    // nil with "None"
	Item    Attributes // as Error.Item
}

// ThrottlingReason is one cause of a throttling error.
type ThrottlingReason struct {
	// Reason is Table or Index, Read or Write, and the limit, as one word, such as
	// "TableWriteProvisionedThroughputExceeded".
	Reason string

	Resource string // ARN of the table or index
}

// Sentinels for errors.Is.
var (
	ErrConditionFailed     error = &Error{Code: CodeConditionalCheckFailed}
	ErrTransactionCanceled error = &Error{Code: CodeTransactionCanceled}
	ErrTableNotFound       error = &Error{Code: CodeResourceNotFound}
	ErrResourceInUse       error = &Error{Code: CodeResourceInUse}
	ErrValidation          error = &Error{Code: CodeValidation}
	ErrThrottled           error = &Error{Code: CodeProvisionedThroughput} // and ThrottlingException, RequestLimitExceeded
	ErrIteratorExpired     error = &Error{Code: CodeExpiredIterator}       // a shard iterator older than 15 minutes
	ErrTrimmed             error = &Error{Code: CodeTrimmedDataAccess}     // the change at a reader's place is no longer kept
)

// Error returns "Code: Message" and, after it, the cause.
func (e *Error) Error() string {
	s := string(e.Code)
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an *Error with the same code and no message of
// its own, as the sentinels are. ErrThrottled stands for all three codes that
// throttling has: which it is depends on the billing of the table, and on the quota that is reached.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && (t.Code == e.Code || t.Code == CodeProvisionedThroughput && e.throttles()) && t.Message == "" && t.Cause == nil
}

func (e *Error) throttles() bool {
	return e.Code == CodeProvisionedThroughput || e.Code == CodeThrottling || e.Code == CodeRequestLimit
}

// Validation returns a ValidationException with AWS's text.
func Validation(message string) *Error { return &Error{Code: CodeValidation, Message: message} }
