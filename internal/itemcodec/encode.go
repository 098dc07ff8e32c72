package itemcodec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/num"
)

// The tags of the stored form. They are part of the on-disk format.
const (
	tagString    = 1
	tagNumber    = 2
	tagBinary    = 3
	tagFalse     = 4
	tagTrue      = 5
	tagNull      = 6
	tagList      = 7
	tagMap       = 8
	tagStringSet = 9
	tagNumberSet = 10
	tagBinarySet = 11
)

// AppendItem appends the stored form of item to dst. The attributes that first
// names come first, in that order, when the item has them. An error says that
// a value has no stored form: a request with it should have been refused before.
func AppendItem(dst []byte, item attr.Item, first ...string) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(len(item)))
	var err error
	written := 0
	for _, name := range first {
		if v, ok := item[name]; ok {
			if dst, err = appendAttribute(dst, name, v); err != nil {
				return nil, err
			}
			written++
		}
	}
	if written == len(item) { // a key
		return dst, nil
	}
	var stack [32]string
	names := stack[:0]
	for name := range item {
		if !slices.Contains(first, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if dst, err = appendAttribute(dst, name, item[name]); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func appendAttribute(dst []byte, name string, v attr.Value) ([]byte, error) {
	dst, err := AppendValue(AppendName(dst, name), v)
	if err != nil {
		return nil, fmt.Errorf("attribute %q: %w", name, err)
	}
	return dst, nil
}

// AppendName appends the name of an attribute, which its value follows.
func AppendName(dst []byte, name string) []byte { return appendBytes(dst, name) }

// AppendValue appends the stored form of one value to dst.
func AppendValue(dst []byte, v attr.Value) ([]byte, error) {
	switch kind := v.Kind(); kind {
	case attr.String:
		return appendBytes(append(dst, tagString), v.Str()), nil
	case attr.Number:
		text, err := num.Canonical(v.Num())
		if err != nil {
			return nil, err
		}
		return appendBytes(append(dst, tagNumber), text), nil
	case attr.Binary:
		return appendBytes(append(dst, tagBinary), v.Bytes()), nil
	case attr.Bool:
		if v.Bool() {
			return append(dst, tagTrue), nil
		}
		return append(dst, tagFalse), nil
	case attr.Null:
		return append(dst, tagNull), nil
	case attr.List:
		dst, start := openSize(append(dst, tagList))
		dst = binary.AppendUvarint(dst, uint64(v.Len()))
		var err error
		for _, e := range v.List() {
			if dst, err = AppendValue(dst, e); err != nil {
				return nil, err
			}
		}
		return closeSize(dst, start), nil
	case attr.Map:
		dst, start := openSize(append(dst, tagMap))
		dst, err := AppendItem(dst, v.Map())
		if err != nil {
			return nil, err
		}
		return closeSize(dst, start), nil
	case attr.StringSet:
		return appendSet(append(dst, tagStringSet), slices.Sorted(slices.Values(v.Strings()))), nil
	case attr.NumberSet:
		texts := make([]string, v.Len())
		for i, e := range v.Strings() {
			text, err := num.Canonical(e)
			if err != nil {
				return nil, err
			}
			texts[i] = text
		}
		slices.SortFunc(texts, num.CompareText)
		return appendSet(append(dst, tagNumberSet), texts), nil
	case attr.BinarySet:
		elems := slices.Clone(v.Binaries())
		slices.SortFunc(elems, bytes.Compare)
		return appendSet(append(dst, tagBinarySet), elems), nil
	}
	return nil, fmt.Errorf("a value of no single type cannot be stored")
}

func appendSet[E string | []byte](dst []byte, elems []E) []byte {
	dst, start := openSize(dst)
	dst = binary.AppendUvarint(dst, uint64(len(elems)))
	for _, e := range elems {
		dst = appendBytes(dst, e)
	}
	return closeSize(dst, start)
}

func appendBytes[E string | []byte](dst []byte, e E) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(e))), e...)
}

const sizeBytes = 4

// openSize leaves room for a size that closeSize fills in once it is known.
func openSize(dst []byte) (_ []byte, start int) {
	dst = append(dst, 0, 0, 0, 0)
	return dst, len(dst)
}

func closeSize(dst []byte, start int) []byte {
	binary.LittleEndian.PutUint32(dst[start-sizeBytes:], uint32(len(dst)-start))
	return dst
}
