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
//
// Items that are stored are read into their stored form, when they are good.
func Decode(op api.Operation, body []byte) (api.Request, error) {
	return decode(op, body, newReader(padded(body)), true)
}

// DecodeShared is Decode for a request that may share the memory of body,
// which must not be changed afterwards. It saves a copy of the body when that has room for eight bytes more.
func DecodeShared(op api.Operation, body []byte) (api.Request, error) {
	if cap(body)-len(body) < padding {
		return Decode(op, body)
	}
	r := newReader(body[:len(body)+padding])
	clear(r.b[len(body):])
	r.shared = true
	return decode(op, body, r, true)
}

// DecodeValues is Decode with the items that are stored as they were written:
// their numbers and sets keep their texts and order. Replaying a request and comparing two need that.
func DecodeValues(op api.Operation, body []byte) (api.Request, error) {
	return decode(op, body, newReader(padded(body)), false)
}

func decode(op api.Operation, body []byte, r *reader, build bool) (api.Request, error) {
	defer r.release()
	if op.Native {
		return nil, &api.Error{Code: api.CodeUnknownOperation}
	}
	if !utf8.Valid(body) {
		return nil, &api.Error{Code: api.CodeSerialization}
	}
	in := op.New()
	p := readPlanOf(reflect.TypeOf(in).Elem())
	r.build = build
	if r.next() != '{' || !p.members(r, reflect.ValueOf(in).UnsafePointer()) || !r.atEnd() {
		return nil, r.serialization(body)
	}
	return in, nil
}
