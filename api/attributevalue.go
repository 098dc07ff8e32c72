package api

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/num"
)

// What can be wrong with a value, in AWS's words (its spelling and spaces
// included: "An number set  may").
const (
	faultEmptyValue   = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
	faultManyTypes    = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
	faultNull         = invalidParameter + "Null attribute value types must have the value of true"
	faultEmptySS      = invalidParameter + "An string set  may not be empty"
	faultEmptyNS      = invalidParameter + "An number set  may not be empty"
	faultEmptyBS      = invalidParameter + "Binary sets should not be empty"
	faultDuplicateNS  = "Input collection contains duplicates"
	faultNotNumeric   = "The parameter cannot be converted to a numeric value"
	faultPrecision    = "Attempting to store more than 38 significant digits in a Number"
	faultOverflow     = "Number overflow. Attempting to store a number with magnitude larger than supported range"
	faultUnderflow    = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
	faultNesting      = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
	faultItemSize     = "Item size has exceeded the maximum allowed size"
	faultEmptyName    = "Empty attribute name"
	faultLongName     = "Attribute name is too large, must be less than 65536 bytes"
	invalidParameter  = "One or more parameter values were invalid: "
	maxItemSize       = 400 << 10
	maxWalk           = 16 << 20 // of the sizes of values in one walk: a request to AWS is no larger
	maxAttributeName  = itemcodec.MaxNameBytes
	maxNesting        = itemcodec.MaxLevels
	smallSet          = 12 // up to this size duplicates are looked for by comparing all pairs
	setElementsBuffer = 64
)

// walk looks at values once: for what is wrong with them, and for how large they are at most.
//
// It looks no deeper than maxNesting and no further than maxWalk: programs can
// build documents that no stack is large enough for and, where lists share their
// elements, that a walk would never come to the end of.
type walk struct {
	// size is an upper bound of the size by DynamoDB's rules that needs no
	// number to be read: a number counts at most numberSlack bytes more than
	// its text has. Nearly all items are so far below the limit that their
	// exact size is not worth another walk.
	size int
}

// itemFault returns what is wrong with the values of an item or a key, "" when
// nothing is.
func itemFault(it attr.Item) string {
	var w walk
	return w.item(it, 1)
}

// valueFault returns what is wrong with one value, "" when nothing is.
func valueFault(v attr.Value) string {
	var w walk
	return w.value(v, 1)
}

// checkItem is itemFault as an error.
func checkItem(it attr.Item) error {
	if f := itemFault(it); f != "" {
		return Validation(f)
	}
	return nil
}

// checkSized is checkItem for an item that is written: it returns the fault
// of its values, and apart from it that of its size (more than 400 KB), which AWS looks for later.
func checkSized(a Attributes) (values, size error) {
	if _, size, ok := a.Built(); ok {
		if size > maxItemSize {
			return nil, Validation(faultItemSize)
		}
		return nil, nil
	}
	it, err := a.Item()
	if err != nil {
		return Validation(invalidParameter + "The item is not in the stored form"), nil
	}
	var w walk
	if f := w.item(it, 1); f != "" {
		return Validation(f), nil
	}
	if w.size > maxItemSize && it.Size() > maxItemSize {
		return nil, Validation(faultItemSize)
	}
	return nil, nil
}

// item judges an item, a key or the contents of a map, whose values are at a
// level. Where several attributes are wrong the fault is that of the first in
// alphabetical order, since an item has no other.
func (w *walk) item(it attr.Item, level int) string {
	if _, ok := it[""]; ok {
		return faultEmptyName
	}
	var first, fault string
	for name, v := range it {
		w.size += len(name)
		f := ""
		if len(name) > maxAttributeName {
			f = faultLongName
		} else if f = w.value(v, level); f == "" {
			continue
		}
		if fault == "" || name < first {
			first, fault = name, f
		}
	}
	return fault
}

func (w *walk) value(v attr.Value, level int) string {
	if level > maxNesting {
		return faultNesting
	}
	const perElement, perContainer = 1, 3
	switch v.Kind() {
	case attr.String, attr.Binary:
		w.size += v.Len()
		return ""
	case attr.Number:
		return w.number(v.Num())
	case attr.Bool:
		w.size++
		return ""
	case attr.Null:
		w.size++
		if !v.IsNull() {
			return faultNull
		}
		return ""
	case attr.List:
		list := v.List()
		w.size += perContainer + perElement*len(list)
		if w.size > maxWalk {
			return faultItemSize
		}
		for _, e := range list {
			if f := w.value(e, level+1); f != "" {
				return f
			}
		}
		return ""
	case attr.Map:
		m := v.Map()
		w.size += perContainer + perElement*len(m)
		if w.size > maxWalk {
			return faultItemSize
		}
		return w.item(m, level+1)
	case attr.StringSet:
		return w.stringSet(v.Strings())
	case attr.NumberSet:
		return w.numberSet(v.Strings())
	case attr.BinarySet:
		return w.binarySet(v.Binaries())
	case attr.Ambiguous:
		return faultManyTypes
	}
	return faultEmptyValue
}

// numberSlack is what a number can count more than its text has bytes.
const numberSlack = 2

func (w *walk) number(text string) string {
	w.size += len(text) + numberSlack
	if num.IsCanonical(text) {
		return ""
	}
	_, err := num.Parse(text)
	return numericFault(text, err)
}

func numericFault(text string, err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, num.ErrOverflow):
		return faultOverflow
	case errors.Is(err, num.ErrUnderflow):
		return faultUnderflow
	case errors.Is(err, num.ErrPrecision):
		return faultPrecision
	case text == "":
		return faultNotNumeric
	}
	return faultNotNumeric + ": " + text
}

func (w *walk) stringSet(elems []string) string {
	if len(elems) == 0 {
		return faultEmptySS
	}
	for _, e := range elems {
		w.size += len(e)
	}
	if !hasDuplicates(elems) {
		return ""
	}
	return invalidParameter + "Input collection [" + strings.Join(elems, ", ") + "] contains duplicates."
}

func (w *walk) numberSet(texts []string) string {
	if len(texts) == 0 {
		return faultEmptyNS
	}
	var buf [setElementsBuffer]num.Number
	numbers := buf[:0]
	for _, text := range texts {
		w.size += len(text) + numberSlack
		n, err := num.Parse(text)
		if f := numericFault(text, err); f != "" {
			return f
		}
		numbers = append(numbers, n)
	}
	if hasDuplicates(numbers) {
		return faultDuplicateNS
	}
	return ""
}

func (w *walk) binarySet(elems [][]byte) string {
	if len(elems) == 0 {
		return faultEmptyBS
	}
	for _, e := range elems {
		w.size += len(e)
	}
	if !hasDuplicateBytes(elems) {
		return ""
	}
	texts := make([]string, len(elems))
	for i, e := range elems {
		texts[i] = base64.StdEncoding.EncodeToString(e)
	}
	return invalidParameter + "Input collection [" + strings.Join(texts, ", ") + "]of type BS contains duplicates."
}

// hasDuplicates reports whether two elements are equal.
func hasDuplicates[E comparable](elems []E) bool {
	if len(elems) <= smallSet {
		for i, e := range elems {
			if slices.Contains(elems[:i], e) {
				return true
			}
		}
		return false
	}
	seen := make(map[E]struct{}, len(elems))
	for _, e := range elems {
		if _, ok := seen[e]; ok {
			return true
		}
		seen[e] = struct{}{}
	}
	return false
}

func hasDuplicateBytes(elems [][]byte) bool {
	if len(elems) <= smallSet {
		for i, e := range elems {
			if slices.ContainsFunc(elems[:i], func(f []byte) bool { return bytes.Equal(e, f) }) {
				return true
			}
		}
		return false
	}
	seen := make(map[string]struct{}, len(elems))
	for _, e := range elems {
		if _, ok := seen[string(e)]; ok {
			return true
		}
		seen[string(e)] = struct{}{}
	}
	return false
}

// duplicateName returns the first name that a list has twice.
func duplicateName(names []string) (string, bool) {
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return name, true
		}
	}
	return "", false
}

// checkAttributesToGet judges a legacy projection, whose length is good.
func checkAttributesToGet(names []string) error {
	if slices.Contains(names, "") {
		return Validation(faultEmptyName)
	}
	if slices.ContainsFunc(names, func(name string) bool { return len(name) > maxAttributeName }) {
		return Validation(faultLongName)
	}
	if name, ok := duplicateName(names); ok {
		return Validation(invalidParameter + "Duplicate value in attribute name: " + name)
	}
	return nil
}
