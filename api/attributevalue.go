package api

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
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
	maxAttributeName  = 65535
	maxNesting        = 32 // levels; a top-level attribute is level 1
	smallSet          = 12 // up to this size duplicates are looked for by comparing all pairs
	setElementsBuffer = 64
)

// itemFault returns what is wrong with the values of an item, a key or a map,
// "" when nothing is. Where several attributes are wrong it is that of the first
// in alphabetical order, since an item has no other.
//
// It looks no deeper than maxNesting, however deep the item is: programs can
// build documents that no stack is large enough for.
func itemFault(it attr.Item, level int) string {
	if _, ok := it[""]; ok {
		return faultEmptyName
	}
	var first, fault string
	for name, v := range it {
		f := ""
		if len(name) > maxAttributeName {
			f = faultLongName
		} else if f = valueFault(v, level); f == "" {
			continue
		}
		if fault == "" || name < first {
			first, fault = name, f
		}
	}
	return fault
}

// checkItem is itemFault of a whole item or key, as an error.
func checkItem(it attr.Item) error {
	if f := itemFault(it, 1); f != "" {
		return Validation(f)
	}
	return nil
}

// checkItemSize reports an item of more than 400 KB. The item's values are good.
func checkItemSize(it attr.Item) error {
	if it.Size() > maxItemSize {
		return Validation(faultItemSize)
	}
	return nil
}

// valueFault returns what is wrong with one value at a level, "" when nothing is.
func valueFault(v attr.Value, level int) string {
	if level > maxNesting {
		return faultNesting
	}
	switch v.Kind() {
	case attr.String, attr.Binary, attr.Bool:
		return ""
	case attr.Number:
		return numberFault(v.Num())
	case attr.Null:
		if !v.IsNull() {
			return faultNull
		}
		return ""
	case attr.List:
		for _, e := range v.List() {
			if f := valueFault(e, level+1); f != "" {
				return f
			}
		}
		return ""
	case attr.Map:
		return itemFault(v.Map(), level+1)
	case attr.StringSet:
		return stringSetFault(v.Strings())
	case attr.NumberSet:
		return numberSetFault(v.Strings())
	case attr.BinarySet:
		return binarySetFault(v.Binaries())
	case attr.Ambiguous:
		return faultManyTypes
	}
	return faultEmptyValue
}

func numberFault(text string) string {
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

func stringSetFault(elems []string) string {
	if len(elems) == 0 {
		return faultEmptySS
	}
	if !hasDuplicates(elems) {
		return ""
	}
	return invalidParameter + "Input collection [" + strings.Join(elems, ", ") + "] contains duplicates."
}

func numberSetFault(texts []string) string {
	if len(texts) == 0 {
		return faultEmptyNS
	}
	var buf [setElementsBuffer]num.Number
	numbers := buf[:0]
	for _, text := range texts {
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

func binarySetFault(elems [][]byte) string {
	if len(elems) == 0 {
		return faultEmptyBS
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
	if name, ok := duplicateName(names); ok {
		return Validation(invalidParameter + "Duplicate value in attribute name: " + name)
	}
	return nil
}
