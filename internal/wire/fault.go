package wire

import "github.com/statordb/stator/api"

// want is what a member wants of the JSON value at its place, and how AWS calls
// it when it finds another. The texts are those that the service's Java
// framework makes, recorded in dynalite's tests.
type want struct {
	form form
	name string // of the Java type: Integer, com.amazonaws.dynamodb.v20120810.Tag
}

type form uint8

const (
	scalar form = iota
	blob
	date
	list
	mapping
	structure
)

const javaPackage = "com.amazonaws.dynamodb.v20120810."

var (
	wantString         = want{scalar, "String"}
	wantBoolean        = want{scalar, "Boolean"}
	wantInteger        = want{scalar, "Integer"}
	wantLong           = want{scalar, "Long"}
	wantBlob           = want{form: blob}
	wantTime           = want{date, "milliseconds since epoch"}
	wantList           = want{form: list}
	wantAttributeValue = want{structure, javaPackage + "AttributeValue"}
	wantItem           = want{mapping, javaPackage + "AttributeValue"}
	wantNames          = want{mapping, "java.lang.String"}
)

// The place of a value: AWS's texts tell a member of a structure from an
// element of a list or map.
type place bool

const (
	member  place = false
	element place = true
)

const (
	faultMap     = "Start of structure or map found where not expected"
	faultField   = "Unexpected field type"
	faultElement = "Unexpected value type in payload"
	faultBoolean = "Unexpected token received from parser"
	faultBytes   = "only base-64-encoded strings are convertible to bytes"
	faultLength  = "Base64 encoded length is expected a multiple of 4 bytes but found: "
	faultBase64  = "Invalid last non-pad Base64 character dectected" // sic

	// faultMemory has no counterpart on AWS.
	faultMemory = "The request would take more than 24 MB of memory: it has too many maps, lists or members"

	// faultCast is about a list or a map in a list or a map.
	faultCast = "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class " +
		"(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of loader 'bootstrap')"
)

// mismatch reports that the value that is next is not what w wants. It always
// returns false.
func (r *reader) mismatch(w want, at place) bool {
	switch r.next() {
	case '{':
		return r.fault(faultMap)
	case '[':
		switch w.form {
		case scalar:
			return r.fault("Unrecognized collection type class java.lang." + w.name)
		case blob:
			return r.fault("Unrecognized collection type class java.nio.ByteBuffer")
		case date:
			return r.fault("Unrecognized collection type class java.util.Date")
		case mapping:
			return r.fault("Unrecognized collection type java.util.Map<java.lang.String, " + w.name + ">")
		}
		return r.fault("Unrecognized collection type class " + w.name)
	}
	switch {
	case w.form == scalar, w.form == date:
		if token := r.found(); token != "" {
			return r.fault(token + " cannot be converted to " + w.name)
		}
		return false
	case w.form == blob:
		return r.fault(faultBytes)
	case at == member:
		return r.fault(faultField)
	case w.form == structure:
		return r.fault(faultElement)
	}
	return r.fault(faultCast)
}

// found returns AWS's name of the scalar that is next, "" when there is none.
func (r *reader) found() string {
	switch r.next() {
	case '"':
		return "STRING_VALUE"
	case 't':
		return "TRUE_VALUE"
	case 'f':
		return "FALSE_VALUE"
	}
	_, whole, ok := r.number()
	switch {
	case !ok:
		return ""
	case whole:
		return "NUMBER_VALUE"
	}
	return "DECIMAL_VALUE"
}

// fault remembers the first fault. It always returns false.
func (r *reader) fault(message string) bool {
	r.message = message
	return false
}

// serialization returns the SerializationException of a body, with a text only
// when the body is JSON at all: AWS parses before it looks at types.
func (r *reader) serialization(body []byte) error {
	if r.message != "" && !isJSON(body, r.tenure) { // of a copy another one: it is unescaped as far as it was read
		r.message = ""
	}
	return &api.Error{Code: api.CodeSerialization, Message: r.message}
}
