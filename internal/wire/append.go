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
	p := writePlanOf(reflect.TypeOf(out).Elem())
	if len(p) == 0 {
		return dst, nil
	}
	done, err := p.append(dst, reflect.ValueOf(out).UnsafePointer())
	if err != nil {
		return dst, err
	}
	return done, nil
}
