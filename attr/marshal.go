package attr

import (
	"reflect"
)

// Marshaler is implemented by types that make a Value of themselves, instead
// of by Marshal's rules. A zero Value without an error leaves it to those rules.
//
// As with encoding/json, a method of the pointer type is found only where the
// value has an address: behind a pointer, or in a slice. Nil pointers are
// marshalled to NULL without a call.
//
// The method of the AWS SDK's Marshaler returns a type of the SDK, so it is not
// called. A type that has that one alone, such as the SDK's UnixTime, is an
// error rather than marshalled in another form than the SDK gives it: add
// MarshalAttr beside it, or use attr.UnixTime. The same holds for Unmarshaler.
type Marshaler interface {
	MarshalAttr() (Value, error)
}

// Marshal returns the Value that stands for a Go value, by the rules of the
// attributevalue package of the AWS SDK for Go with its default options:
//
//	bool                                BOOL
//	string                              S
//	integers, floats                    N
//	json.Number                         N, as does any string type with its methods
//	time.Time                           S, as time.RFC3339Nano
//	[]byte, [n]byte                     B
//	[][]byte                            BS
//	other slices and arrays             L, or a set by the tag of the field
//	structs                             M of the fields that Fields lists
//	maps                                M
//	pointers, interfaces                what they point to or hold
//	nil pointers, interfaces,
//	slices and maps                     NULL
//	attr.Value, attr.Item               themselves
//
// The keys of maps are strings, numbers, bools or encoding.TextMarshalers, and
// are not empty. Maps are never sets, not even map[string]struct{}. Functions,
// channels, complex numbers, uintptrs and zero attr.Values are left out of
// structs, maps and lists. encoding.TextMarshaler counts for keys only. An
// embedded time.Time has no exported fields, so it needs a name in its tag to
// be kept.
//
// The tag of a field gives its name and options:
//
//	Name  string    `dynamodbav:"name"`           // the attribute's name
//	Cache string    `dynamodbav:"-"`              // not an attribute
//	Nick  string    `dynamodbav:",omitempty"`     // left out when "", 0, false or nil
//	Tags  []string  `dynamodbav:",omitemptyelem"` // such elements are left out
//	Nick  string    `dynamodbav:",nullempty"`     // NULL when "", 0, false or nil
//	Tags  []string  `dynamodbav:",nullemptyelem"` // such elements are NULL
//	Count int       `dynamodbav:",string"`        // a number as S
//	Tags  []string  `dynamodbav:",stringset"`     // SS; numberset: NS; binaryset: BS
//	Until time.Time `dynamodbav:",unixtime"`      // N, whole seconds since 1970
//
// A set of length 0 is NULL, for DynamoDB has no empty sets.
//
// Marshal departs from the SDK where that drops data, or stops the program: a
// pointer to an interface is what the interface holds; slices and arrays of any
// byte type are B; embedded fields of unexported types other than structs are
// no attributes; a value that has no Value at all, such as a function, and one
// nested more than 1000 levels deep, such as one that contains itself, are errors.
//
// The result shares the memory of the strings, Values and Items in v, and no
// other. Errors are *MarshalError. Marshal may be called concurrently as long
// as nobody changes v.
func Marshal(v any) (Value, error) {
	if v == nil {
		return NULL(), nil
	}
	rv := reflect.ValueOf(v)
	p := planOf(rv.Type())
	value, ok, err := encode(rv, p, 0, 0)
	if err != nil {
		return Value{}, err
	}
	if !ok {
		return Value{}, &MarshalError{Type: p.typ, Reason: "found a Go value that no attribute stands for, allowed are " +
			"bools, strings, numbers, times, slices, structs, maps and pointers to them"}
	}
	return value, nil
}

// MarshalItem returns the Item that stands for a struct or map, or a pointer to
// one, by the rules of Marshal. Anything that Marshal does not turn into an M
// is an error, nil pointers and nil maps too. A map that is an Item already is
// returned as it is.
func MarshalItem(v any) (Item, error) {
	value, err := Marshal(v)
	if err != nil {
		return nil, err
	}
	if value.Kind() != Map {
		return nil, &MarshalError{Type: reflect.TypeOf(v), Reason: "found " + found(value) +
			", an item is made of a struct or a map with string keys"}
	}
	return value.Map(), nil
}
