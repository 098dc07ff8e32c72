package wire

import (
	"maps"
	"slices"
	"strconv"
	"unsafe"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
)

// maxStored bounds the recursion into items, which are 32 levels deep in a sound store.
const maxStored = 64

func errDamaged() error {
	return &api.Error{Code: api.CodeInternalServerError, Message: "The stored item is damaged"}
}

// AppendAttributes appends an item as DynamoDB JSON; an absent one is empty. An
// error, an *api.Error, says that the stored bytes are damaged; dst has a part of the text then.
func AppendAttributes(dst []byte, a api.Attributes) ([]byte, error) { return appendAttributes(dst, &a) }

// appendAttributes appends an item of an output; an absent one is empty.
func appendAttributes(dst []byte, a *api.Attributes) ([]byte, error) {
	if stored, ok := a.Stored(); ok {
		return appendStored(dst, stored, 1)
	}
	item, err := a.Item()
	if err != nil {
		return dst, err
	}
	return appendItem(dst, item, 1)
}

// appendStored appends an item from its stored form, with the attributes in
// stored order: the key, then by name.
func appendStored(dst []byte, it itemcodec.Item, level int) ([]byte, error) {
	left := it.Len()
	if level > maxStored || left == 0 && string(it) != "\x00" {
		return dst, errDamaged() // damaged bytes read as nothing
	}
	dst = append(dst, '{')
	comma := false
	for name, v := range it.All() {
		left--
		if comma {
			dst = append(dst, ',')
		}
		comma = true
		dst = append(appendString(dst, name), ':')
		var err error
		if dst, err = appendStoredValue(dst, v, level); err != nil {
			return dst, err
		}
	}
	if left != 0 {
		return dst, errDamaged()
	}
	return append(dst, '}'), nil
}

func appendStoredValue(dst []byte, v itemcodec.Value, level int) ([]byte, error) {
	kind := v.Kind()
	switch kind {
	case attr.Invalid:
		return dst, errDamaged()
	case attr.String:
		return append(appendString(append(dst, `{"S":`...), v.Text()), '}'), nil
	case attr.Number:
		return append(appendString(append(dst, `{"N":`...), v.Text()), '}'), nil
	case attr.Binary:
		return append(appendBytes(append(dst, `{"B":`...), v.Bytes()), '}'), nil
	case attr.Bool:
		return appendBool(dst, v.Bool()), nil
	case attr.Null:
		return append(dst, `{"NULL":true}`...), nil
	case attr.Map:
		dst, err := appendStored(append(dst, `{"M":`...), v.Item(), level+1)
		return append(dst, '}'), err
	}
	if level > maxStored {
		return dst, errDamaged()
	}
	dst = append(append(append(dst, '{', '"'), kind.String()...), `":[`...)
	left, comma := v.Len(), false
	if kind == attr.List {
		for e := range v.List() {
			left--
			if comma {
				dst = append(dst, ',')
			}
			comma = true
			var err error
			if dst, err = appendStoredValue(dst, e, level+1); err != nil {
				return dst, err
			}
		}
	} else {
		for e := range v.Set() {
			left--
			if comma {
				dst = append(dst, ',')
			}
			comma = true
			if kind == attr.BinarySet {
				dst = appendBytes(dst, e)
			} else {
				dst = appendString(dst, unsafe.String(unsafe.SliceData(e), len(e)))
			}
		}
	}
	if left != 0 {
		return dst, errDamaged()
	}
	return append(dst, ']', '}'), nil
}

func appendBool(dst []byte, b bool) []byte {
	return append(strconv.AppendBool(append(dst, `{"BOOL":`...), b), '}')
}

// appendItem appends an item in the order of its names.
func appendItem(dst []byte, it attr.Item, level int) ([]byte, error) {
	var some [16]string
	names := slices.AppendSeq(some[:0], maps.Keys(it))
	slices.Sort(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, name), ':')
		var err error
		if dst, err = appendValue(dst, it[name], level); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// appendValue appends a value. One that no request accepts has no form that a
// client would take, and is an error.
func appendValue(dst []byte, v attr.Value, level int) ([]byte, error) {
	kind := v.Kind()
	switch {
	case level > maxStored:
		return dst, &api.Error{Code: api.CodeInternalServerError, Message: "The item is nested too deeply"}
	case kind == attr.Invalid, kind == attr.Ambiguous:
		return dst, &api.Error{Code: api.CodeInternalServerError, Message: "The item has a value of no single type"}
	}
	dst = append(append(append(dst, '{', '"'), kind.String()...), '"', ':')
	var err error
	switch kind {
	case attr.String:
		dst = appendString(dst, v.Str())
	case attr.Number:
		dst = appendString(dst, v.Num())
	case attr.Binary:
		dst = appendBytes(dst, v.Bytes())
	case attr.Bool:
		dst = strconv.AppendBool(dst, v.Bool())
	case attr.Null:
		dst = strconv.AppendBool(dst, v.IsNull())
	case attr.Map:
		dst, err = appendItem(dst, v.Map(), level+1)
	case attr.List:
		dst = append(dst, '[')
		for i, e := range v.List() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendValue(dst, e, level+1); err != nil {
				return dst, err
			}
		}
		dst = append(dst, ']')
	case attr.BinarySet:
		dst = append(dst, '[')
		for i, e := range v.Binaries() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendBytes(dst, e)
		}
		dst = append(dst, ']')
	default:
		dst = appendStrings(dst, v.Strings())
	}
	return append(dst, '}'), err
}

func appendStrings(dst []byte, l []string) []byte {
	dst = append(dst, '[')
	for i, s := range l {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}
