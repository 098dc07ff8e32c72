package stator

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// BatchItemFailures is the error of a handler that dealt with a part of its
// batch: the sequence numbers of the records that failed. The records before the
// first of them, in the order of the batch, are done; it and all after it are handed over again.
// None at all is success, so that a handler can collect them and return what it has:
//
//	var failed stator.BatchItemFailures
//	for _, r := range e.Records {
//		if err := mail(r); err != nil {
//			failed = append(failed, r.SequenceNumber)
//		}
//	}
//	return failed
//
// A number that is empty, or of no record of the batch, makes the whole batch fail. It is what a
// function with ReportBatchItemFailures answers on AWS; here it needs no option.
//
// Source: AWS Lambda Developer Guide, "Configuring partial batch response with DynamoDB and Lambda".
type BatchItemFailures []string

// Error says how many records failed, and the first of them.
func (f BatchItemFailures) Error() string {
	if len(f) == 0 {
		return "no record failed"
	}
	return strconv.Itoa(len(f)) + " of the batch's records failed: " + strings.Join(f[:min(len(f), 3)], ", ")
}

// lambdaResponse is what a function answers with ReportBatchItemFailures.
type lambdaResponse struct {
	BatchItemFailures []struct {
		ItemIdentifier string `json:"itemIdentifier"` // "" when it is null, or named otherwise
	} `json:"batchItemFailures"`
}

// LambdaHandler makes a handler of a function that was written for AWS Lambda:
// the event goes to it as JSON that is decoded as E, such as aws-lambda-go's
// events.DynamoDBEvent, and its answer R, such as events.DynamoDBEventResponse, is read as
// ReportBatchItemFailures has it. An answer that is null or has no batchItemFailures is success.
//
//	stator.StartTrigger(ctx, db, "users", "welcome", stator.LambdaHandler(handle), nil)
func LambdaHandler[E, R any](function func(context.Context, E) (R, error)) TriggerHandler {
	return func(ctx context.Context, e TriggerEvent) error {
		text, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("stator: write the event: %w", err)
		}
		var event E
		if err := json.Unmarshal(text, &event); err != nil {
			return fmt.Errorf("stator: read the event as %T: %w", event, err)
		}
		answer, err := function(ctx, event)
		if err != nil {
			return err
		}
		if text, err = json.Marshal(answer); err != nil {
			return fmt.Errorf("stator: write the answer: %w", err)
		}
		if text[0] != '{' {
			return nil
		}
		var response lambdaResponse
		if err := json.Unmarshal(text, &response); err != nil {
			return fmt.Errorf("stator: read the answer's batchItemFailures: %w", err)
		}
		failed := make(BatchItemFailures, len(response.BatchItemFailures))
		for i, f := range response.BatchItemFailures {
			failed[i] = f.ItemIdentifier
		}
		return failed
	}
}

// LambdaHandlerFunc is LambdaHandler for a function that answers nothing but an error.
func LambdaHandlerFunc[E any](function func(context.Context, E) error) TriggerHandler {
	return LambdaHandler(func(ctx context.Context, event E) (any, error) { return nil, function(ctx, event) })
}
