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
	in, _, err := decode(op, body, copied, true)
	return in, err
}

// DecodeBuffer is Decode without a copy of the body, when that is worth its
// while and body has room for eight bytes more, which are overwritten. Where
// keep is true the request may share body's memory, which must then not be changed afterwards.
func DecodeBuffer(op api.Operation, body []byte, keep bool) (api.Request, error) {
	t := passing
	if keep {
		t = owned
	}
	in, _, err := decode(op, body, t, true)
	return in, err
}

// DecodeLent is DecodeBuffer for a Client that borrows what it serves
// (api.Borrower): an item that is stored may be in memory of the Lease.
func DecodeLent(op api.Operation, body []byte, keep bool) (api.Request, Lease, error) {
	t := lent
	if keep {
		t = owned
	}
	return decode(op, body, t, true)
}

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
	in, _, err := decode(op, body, copied, false)
	return in, err
}

// tenure is what becomes of a body when its request is read.
type tenure int

const (
	copied  tenure = iota // it stays the caller's, and a copy is read
	owned                 // it is the request's
	passing               // it stays the caller's
	lent                  // it stays the caller's, and a stored item is in memory of the reader
)

func decode(op api.Operation, body []byte, t tenure, build bool) (api.Request, Lease, error) {
	if op.Native {
		return nil, Lease{}, &api.Error{Code: api.CodeUnknownOperation}
	}
	if !utf8.Valid(body) {
		return nil, Lease{}, &api.Error{Code: api.CodeSerialization}
	}
	in := op.New()
	p := readPlanOf(reflect.TypeOf(in).Elem())
	if cap(body)-len(body) < padding || (t == passing || t == lent) && !p.puts {
		t = copied
	}
	r := newReader(body, t)
	r.build = build
	if r.next() != '{' || !p.members(r, reflect.ValueOf(in).UnsafePointer()) || !r.atEnd() {
		err := r.serialization(body)
		r.release()
		return nil, Lease{}, err
	}
	if t == lent {
		return in, Lease{r}, nil
	}
	r.release()
	return in, Lease{}, nil
}
