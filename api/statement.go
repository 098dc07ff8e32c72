package api

import "github.com/statordb/stator/attr"

// ExecuteStatementInput runs one PartiQL statement: a SELECT, or an INSERT,
// UPDATE or DELETE of one item.
type ExecuteStatementInput struct {
	// Statement is the text, of 1 to 8,192 characters. Required.
	Statement *string

	// Parameters are the values for the statement's question marks, in order:
	// as many as it has; nil when it has none.
	Parameters []attr.Value

	// ConsistentRead asks for strongly consistent reads, which a global
	// secondary index does not have. Default false; a write ignores it.
	ConsistentRead *bool

	// NextToken is the token of the page before, of the same statement and
	// parameters. 1 to 32,768 characters.
	NextToken *string

	// Limit is the most items to evaluate (not to return) in this page, 1 or
	// more. A page ends at 1 MB in any case. A write ignores it.
	Limit *int32

	ReturnConsumedCapacity *ReturnConsumedCapacity

	// ReturnValuesOnConditionCheckFailure asks for the item in the error of a failed condition.
	ReturnValuesOnConditionCheckFailure *ReturnValuesOnConditionCheckFailure
}

// ExecuteStatementOutput is the output of ExecuteStatement.
type ExecuteStatementOutput struct {
	// Items is what a SELECT found on this page, or what RETURNING returned:
	// empty when that is nothing, never nil.
	Items []Attributes

	// NextToken asks for the next page; nil when this is the last one.
	NextToken *string

	// LastEvaluatedKey is the key of the last item that a page evaluated when
	// it ended before its range of keys did; for information.
	LastEvaluatedKey attr.Item

	// ConsumedCapacity is nil unless asked for.
	ConsumedCapacity *ConsumedCapacity
}

// BatchExecuteStatementInput runs up to 25 PartiQL statements, each on its own:
// either all read one item each, or all write.
type BatchExecuteStatementInput struct {
	// Statements are the statements: 1 to 25, no two on the same item. Required.
	Statements []BatchStatementRequest

	ReturnConsumedCapacity *ReturnConsumedCapacity
}

// BatchStatementRequest is one statement of a batch.
type BatchStatementRequest struct {
	// Statement is the text, of 1 to 8,192 characters. Required.
	Statement *string

	// Parameters are the values for the statement's question marks.
	Parameters []attr.Value

	// ConsistentRead asks for a strongly consistent read. Default false.
	ConsistentRead *bool

	// ReturnValuesOnConditionCheckFailure asks for the item in the error of a failed condition.
	ReturnValuesOnConditionCheckFailure *ReturnValuesOnConditionCheckFailure
}

// BatchExecuteStatementOutput is the output of BatchExecuteStatement.
type BatchExecuteStatementOutput struct {
	// Responses has an entry for each statement, in the request's order.
	Responses []BatchStatementResponse

	// ConsumedCapacity has an entry for each statement that was carried out,
	// in their order; nil unless asked for.
	ConsumedCapacity []ConsumedCapacity
}

// BatchStatementResponse is what became of one statement of a batch.
type BatchStatementResponse struct {
	// Error is nil when the statement was carried out.
	Error *BatchStatementError

	// TableName is the statement's table; nil when the statement was refused
	// before it reached one.
	TableName *string

	// Item is what the statement found or returned, absent (IsZero) when that is nothing.
	Item Attributes
}

// BatchStatementError tells why one statement of a batch failed.
type BatchStatementError struct {
	Code    BatchStatementErrorCode
	Message *string

	// Item is the item that failed a condition, when the request asked for it.
	Item Attributes
}

// BatchStatementErrorCode is the kind of a BatchStatementError.
type BatchStatementErrorCode string

// The codes of a BatchStatementError.
const (
	BatchStatementErrorConditionalCheckFailed          BatchStatementErrorCode = "ConditionalCheckFailed"
	BatchStatementErrorItemCollectionSizeLimitExceeded BatchStatementErrorCode = "ItemCollectionSizeLimitExceeded"
	BatchStatementErrorRequestLimitExceeded            BatchStatementErrorCode = "RequestLimitExceeded"
	BatchStatementErrorValidationError                 BatchStatementErrorCode = "ValidationError"
	BatchStatementErrorProvisionedThroughputExceeded   BatchStatementErrorCode = "ProvisionedThroughputExceeded"
	BatchStatementErrorTransactionConflict             BatchStatementErrorCode = "TransactionConflict"
	BatchStatementErrorThrottlingError                 BatchStatementErrorCode = "ThrottlingError"
	BatchStatementErrorInternalServerError             BatchStatementErrorCode = "InternalServerError"
	BatchStatementErrorResourceNotFound                BatchStatementErrorCode = "ResourceNotFound"
	BatchStatementErrorAccessDenied                    BatchStatementErrorCode = "AccessDenied"
	BatchStatementErrorDuplicateItem                   BatchStatementErrorCode = "DuplicateItem"
)

// ExecuteTransactionInput runs up to 100 PartiQL statements on distinct items,
// all or none: either all read one item each, or all write. EXISTS(SELECT …)
// among the writes tests a condition of an item without changing it.
type ExecuteTransactionInput struct {
	// TransactStatements are the statements: 1 to 100. Required.
	TransactStatements []ParameterizedStatement

	// ClientRequestToken makes a transaction of writes idempotent, as that of
	// TransactWriteItems does. 1 to 36 characters.
	ClientRequestToken *string

	ReturnConsumedCapacity *ReturnConsumedCapacity
}

// ParameterizedStatement is one statement of a transaction.
type ParameterizedStatement struct {
	// Statement is the text, of 1 to 8,192 characters. Required.
	Statement *string

	// Parameters are the values for the statement's question marks.
	Parameters []attr.Value

	// ReturnValuesOnConditionCheckFailure asks for the item in the cancellation reason.
	ReturnValuesOnConditionCheckFailure *ReturnValuesOnConditionCheckFailure
}

// ExecuteTransactionOutput is the output of ExecuteTransaction.
type ExecuteTransactionOutput struct {
	// Responses has an entry for each read, in the request's order; it is
	// empty when the transaction writes.
	Responses []ItemResponse

	// ConsumedCapacity has an entry for each table; nil unless asked for.
	ConsumedCapacity []ConsumedCapacity
}

// Operation returns "ExecuteStatement".
func (*ExecuteStatementInput) Operation() string { return "ExecuteStatement" }

// Operation returns "BatchExecuteStatement".
func (*BatchExecuteStatementInput) Operation() string { return "BatchExecuteStatement" }

// Operation returns "ExecuteTransaction".
func (*ExecuteTransactionInput) Operation() string { return "ExecuteTransaction" }

func (*ExecuteStatementInput) request()      {}
func (*BatchExecuteStatementInput) request() {}
func (*ExecuteTransactionInput) request()    {}

func (*ExecuteStatementInput) output() *ExecuteStatementOutput           { return nil }
func (*BatchExecuteStatementInput) output() *BatchExecuteStatementOutput { return nil }
func (*ExecuteTransactionInput) output() *ExecuteTransactionOutput       { return nil }

func (*ExecuteStatementOutput) response()      {}
func (*BatchExecuteStatementOutput) response() {}
func (*ExecuteTransactionOutput) response()    {}
