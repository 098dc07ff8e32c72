package wire

import (
	"reflect"

	"github.com/statordb/stator/api"
)

// Append appends the body of a response to dst. Members that are nil are
// absent, and maps are in the order of their keys. TagResource and
// UntagResource answer with no body at all, so that dst is returned as it is.
//
// An error, which is an *api.Error, says that an item cannot be written, for it is
// damaged or was built of values that no request accepts. dst is then returned
// as it was.
func Append(dst []byte, out api.Response) ([]byte, error) {
	if reflect.TypeOf(out).Elem().NumField() == 0 {
		return dst, nil
	}
	return appendStructure(dst, out)
}

// AppendRequest appends the body of a request to dst, for a client of the
// protocol: what Decode reads. The error is that of Append.
func AppendRequest(dst []byte, in api.Request) ([]byte, error) { return appendStructure(dst, in) }

// appendStructure appends what s points to.
func appendStructure(dst []byte, s any) ([]byte, error) {
	v := reflect.ValueOf(s)
	done, err := writePlanOf(v.Type().Elem()).append(dst, v.UnsafePointer())
	if err != nil {
		return dst, err
	}
	return done, nil
}
