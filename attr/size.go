package attr

import (
	"github.com/statordb/stator/internal/num"
)

// Size returns the bytes that the item counts for, by DynamoDB's rules: the
// UTF-8 bytes of each name plus the size of its value. An item may count
// 409,600 bytes at most.
//
// Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats".
func (it Item) Size() int {
	size := 0
	for name, v := range it {
		size += len(name) + v.Size()
	}
	return size
}

// Size returns the bytes that the value counts for: the bytes of S and B;
// about one for two significant digits plus one for N; 1 for BOOL and NULL;
// the elements of sets; 3, plus 1 for each element and the elements
// themselves, for L and M.
func (v Value) Size() int {
	switch v.Kind() {
	case String, Binary:
		return v.n
	case Number:
		return numberSize(v.Num())
	case Bool, Null:
		return 1
	case List:
		size := 3
		for _, e := range v.List() {
			size += 1 + e.Size()
		}
		return size
	case Map:
		return 3 + v.n + v.Map().Size()
	case StringSet:
		size := 0
		for _, e := range v.Strings() {
			size += len(e)
		}
		return size
	case NumberSet:
		size := 0
		for _, e := range v.Strings() {
			size += numberSize(e)
		}
		return size
	case BinarySet:
		size := 0
		for _, e := range v.Binaries() {
			size += len(e)
		}
		return size
	}
	return 0
}

// numberSize returns the size of a number in any form of its text; that of a
// text that is no number is the text's length.
func numberSize(text string) int {
	canonical, err := num.Canonical(text)
	if err != nil {
		return len(text)
	}
	return num.SizeText(canonical)
}
