package wire

import (
	"errors"
	"net/http"
	"reflect"
	"unsafe"

	"github.com/statordb/stator/api"
)

// The namespaces of the names of errors.
const (
	ofDynamoDB     = "com.amazonaws.dynamodb.v20120810#"
	ofService      = "com.amazon.coral.service#"
	ofValidation   = "com.amazon.coral.validate#"
	ofAvailability = "com.amazon.coral.availability#"
)

// envelope is what the body of an error depends on. The zero envelope is that
// of most of DynamoDB's own errors.
type envelope struct {
	namespace string // ofDynamoDB when empty
	capital   bool   // the text is in Message, not in message
	status    int    // http.StatusBadRequest when 0
}

// envelopeOf returns the envelope of an error, which differs by the layer of
// the service that it comes from.
func envelopeOf(code api.Code) envelope {
	switch code {
	case api.CodeValidation:
		return envelope{namespace: ofValidation}
	case api.CodeSerialization, api.CodeAccessDenied, api.CodeUnknownOperation:
		return envelope{namespace: ofService, capital: true}
	case api.CodeTransactionCanceled, api.CodeTransactionInProgress, api.CodeIdempotentParameterMismatch:
		return envelope{capital: true}
	case api.CodeThrottling:
		return envelope{namespace: ofAvailability}
	case api.CodeInternalServerError:
		return envelope{status: http.StatusInternalServerError}
	case api.CodeServiceUnavailable:
		return envelope{status: http.StatusServiceUnavailable}
	case "MissingAuthenticationTokenException", "IncompleteSignatureException", "InvalidSignatureException",
		"UnrecognizedClientException", "ExpiredTokenException":
		return envelope{namespace: ofService}
	}
	return envelope{}
}

// internalMessage is all that a client learns of an error that is not the API's.
const internalMessage = "Internal server error"

// AppendError appends the body of a failed operation to dst, and returns the
// HTTP status with it. An error that neither is nor wraps an *api.Error is an
// InternalServerError without a word about why, and a Cause is never written.
func AppendError(dst []byte, err error) (_ []byte, status int) {
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Code == "" {
		e = &api.Error{Code: api.CodeInternalServerError, Message: internalMessage}
	}
	done, err := appendError(dst, e)
	if err != nil { // of the item: its damage is the worse news
		e = &api.Error{Code: api.CodeInternalServerError, Message: internalMessage}
		done, _ = appendError(dst, e)
	}
	if status = envelopeOf(e.Code).status; status == 0 {
		status = http.StatusBadRequest
	}
	return done, status
}

func appendError(dst []byte, e *api.Error) ([]byte, error) {
	env := envelopeOf(e.Code)
	if env.namespace == "" {
		env.namespace = ofDynamoDB
	}
	dst = appendString(append(dst, `{"__type":`...), env.namespace+string(e.Code))
	switch {
	case e.Message == "":
	case env.capital:
		dst = appendString(append(dst, `,"Message":`...), e.Message)
	default:
		dst = appendString(append(dst, `,"message":`...), e.Message)
	}
	var err error
	if !e.Item.IsZero() {
		if dst, err = appendAttributes(append(dst, `,"Item":`...), &e.Item); err != nil {
			return dst, err
		}
	}
	if e.CancellationReasons != nil {
		reason := writePlanOf(reflect.TypeFor[api.CancellationReason]())
		dst = append(dst, `,"CancellationReasons":[`...)
		for i := range e.CancellationReasons {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = reason.append(dst, unsafe.Pointer(&e.CancellationReasons[i])); err != nil {
				return dst, err
			}
		}
		dst = append(dst, ']')
	}
	if len(e.ThrottlingReasons) > 0 {
		dst = appendThrottling(dst, e)
	}
	return append(dst, '}'), nil
}

// appendThrottling appends the list of reasons, whose name begins with a small letter
// in a ThrottlingException alone.
//
// Source: the models of these exceptions in the AWS SDK for Go v2, service/dynamodb.
func appendThrottling(dst []byte, e *api.Error) []byte {
	member := `,"ThrottlingReasons":[`
	if e.Code == api.CodeThrottling {
		member = `,"throttlingReasons":[`
	}
	dst = append(dst, member...)
	for i, r := range e.ThrottlingReasons {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(append(dst, `{"reason":`...), r.Reason)
		dst = append(appendString(append(dst, `,"resource":`...), r.Resource), '}')
	}
	return append(dst, ']')
}
