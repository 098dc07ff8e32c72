package itemcodec

import (
	"errors"

	"github.com/statordb/stator/attr"
)

// ErrMalformed is the error of bytes that are no stored item.
var ErrMalformed = errors.New("itemcodec: malformed item")

// maxDepth bounds the recursion over bytes that nobody has checked. Requests
// allow 32 levels.
const maxDepth = 64

// DecodeItem returns the item that b holds. It shares nothing with b: the
// strings and binaries of the item share one copy of it.
func DecodeItem(b Item) (attr.Item, error) {
	item, rest, err := decodeItem([]byte(string(b)), 0)
	if err == nil && len(rest) > 0 {
		err = ErrMalformed
	}
	return item, err
}

// Decode returns the value that v holds, sharing nothing with v.
func (v Value) Decode() (attr.Value, error) {
	out, rest, err := decodeValue([]byte(string(v)), 0)
	if err == nil && len(rest) > 0 {
		err = ErrMalformed
	}
	return out, err
}

func decodeItem(b []byte, depth int) (attr.Item, []byte, error) {
	n, b := uvarint(b)
	if b == nil || depth > maxDepth {
		return nil, nil, ErrMalformed
	}
	item := make(attr.Item, n)
	for range n {
		var name []byte
		name, b = cut(b)
		if name == nil {
			return nil, nil, ErrMalformed
		}
		var v attr.Value
		var err error
		if v, b, err = decodeValue(b, depth); err != nil {
			return nil, nil, err
		}
		item[text(name)] = v
	}
	return item, b, nil
}

func decodeValue(b []byte, depth int) (v attr.Value, rest []byte, err error) {
	size := valueSize(b)
	if size == 0 || depth > maxDepth {
		return attr.Value{}, nil, ErrMalformed
	}
	this, rest := Value(b[:size:size]), b[size:]
	switch this[0] {
	case tagString:
		return attr.S(this.Text()), rest, nil
	case tagNumber:
		return attr.N(this.Text()), rest, nil
	case tagBinary:
		return attr.B(this.Bytes()), rest, nil
	case tagFalse, tagTrue:
		return attr.BOOL(this.Bool()), rest, nil
	case tagNull:
		return attr.NULL(), rest, nil
	case tagList:
		n, body := uvarint(this.body())
		if body == nil {
			return attr.Value{}, nil, ErrMalformed
		}
		list := make([]attr.Value, n)
		for i := range list {
			if list[i], body, err = decodeValue(body, depth+1); err != nil {
				return attr.Value{}, nil, err
			}
		}
		if len(body) > 0 {
			return attr.Value{}, nil, ErrMalformed
		}
		return attr.L(list...), rest, nil
	case tagMap:
		m, body, err := decodeItem(this.body(), depth+1)
		if err != nil || len(body) > 0 {
			return attr.Value{}, nil, ErrMalformed
		}
		return attr.M(m), rest, nil
	default:
		return decodeSet(this, rest)
	}
}

func decodeSet(this Value, rest []byte) (attr.Value, []byte, error) {
	n, body := uvarint(this.body())
	if body == nil {
		return attr.Value{}, nil, ErrMalformed
	}
	if this[0] == tagBinarySet {
		elems := make([][]byte, 0, n)
		for e := range this.Set() {
			elems = append(elems, e)
		}
		if len(elems) != n {
			return attr.Value{}, nil, ErrMalformed
		}
		return attr.BS(elems...), rest, nil
	}
	elems := make([]string, 0, n)
	for e := range this.Set() {
		elems = append(elems, text(e))
	}
	if len(elems) != n {
		return attr.Value{}, nil, ErrMalformed
	}
	if this[0] == tagStringSet {
		return attr.SS(elems...), rest, nil
	}
	return attr.NS(elems...), rest, nil
}
