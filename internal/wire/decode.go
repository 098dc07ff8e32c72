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
	in, _, err := decode(op, body, Copied, true)
	return in, err
}

// DecodeBuffer is Decode without a copy of the body, when that is worth its
// while and body has room for eight bytes more, which are overwritten.
func DecodeBuffer(op api.Operation, body []byte, t Tenure) (api.Request, Lease, error) {
	return decode(op, body, t, true)
}

// Tenure is what becomes of a body when its request is read.
type Tenure int

// The tenures of a body.
const (
	Copied  Tenure = iota // it stays the caller's, and a copy is read
	Owned                 // it is the request's, and must not be changed afterwards
	Passing               // it stays the caller's
	Lent                  // it stays the caller's, and an item that is stored may be in memory of the Lease, for an api.Borrower
)

// Lease is memory that a request has until it is served. The zero Lease is of none.
type Lease struct{ r *reader }

// End takes the memory back. It is called once, or never.
func (l Lease) End() {
	if l.r != nil {
		l.r.release()
	}
}

// DecodeValues is Decode with the items that are stored as they were written:
// their numbers and sets keep their texts and order. Replaying a request and comparing two need that.
func DecodeValues(op api.Operation, body []byte) (api.Request, error) {
	in, _, err := decode(op, body, Copied, false)
	return in, err
}

func decode(op api.Operation, body []byte, t Tenure, build bool) (api.Request, Lease, error) {
	if op.Native {
		return nil, Lease{}, &api.Error{Code: api.CodeUnknownOperation}
	}
	if !utf8.Valid(body) {
		return nil, Lease{}, &api.Error{Code: api.CodeSerialization}
	}
	in := op.New()
	p := readPlanOf(reflect.TypeOf(in).Elem())
	if cap(body)-len(body) < padding || t != Owned && !p.puts {
		t = Copied
	}
	r := newReader(body, t)
	r.build = build
	if r.next() != '{' || !p.members(r, reflect.ValueOf(in).UnsafePointer()) || !r.atEnd() {
		err := r.serialization(body)
		r.release()
		return nil, Lease{}, err
	}
	if t == Lent {
		return in, Lease{r}, nil
	}
	r.release()
	return in, Lease{}, nil
}
