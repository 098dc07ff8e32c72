package wire

import (
	"reflect"
	"unicode/utf8"

	"github.com/statordb/stator/api"
)

// Decode reads the body of a request. The request shares no memory with body.
// It is not validated, and whatever its members hold is taken: a value without
// a type, a number that is none, an unknown enum.
//
// A body that is not the JSON of such a request fails with a
// SerializationException, whose Message is empty when it is no JSON object at
// all. As AWS has it, null is an absent member, an unknown member is ignored and the last of
// several with one name counts. A native operation, which has no such form,
// fails with CodeUnknownOperation.
func Decode(op api.Operation, body []byte) (api.Request, error) {
	if op.Native {
		return nil, &api.Error{Code: api.CodeUnknownOperation}
	}
	if !utf8.Valid(body) {
		return nil, &api.Error{Code: api.CodeSerialization}
	}
	in := op.New()
	p := readPlanOf(reflect.TypeOf(in).Elem())
	r := newReader(body)
	defer r.release()
	if r.next() != '{' || !p.members(r, reflect.ValueOf(in).UnsafePointer()) || !r.atEnd() {
		return nil, r.serialization(body)
	}
	return in, nil
}
