package itemcodec

import (
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/num"
)

// The sizes of documents besides what is in them.
const (
	documentSize = 3
	elementSize  = 1
)

// Size returns the bytes that the item counts for by DynamoDB's rules, as
// attr.Item.Size does, from its stored form.
func (it Item) Size() int {
	size := 0
	for name, v := range it.All() {
		size += len(name) + v.Size()
	}
	return size
}

// Size returns the bytes that the value counts for, as attr.Value.Size does.
func (v Value) Size() int {
	switch v.Kind() {
	case attr.String, attr.Binary:
		return len(v.Bytes())
	case attr.Number:
		return num.SizeText(v.Text())
	case attr.Bool, attr.Null:
		return 1
	case attr.List:
		size := documentSize
		for e := range v.List() {
			size += elementSize + e.Size()
		}
		return size
	case attr.Map:
		return documentSize + v.Len()*elementSize + v.Item().Size()
	case attr.StringSet, attr.BinarySet:
		size := 0
		for e := range v.Set() {
			size += len(e)
		}
		return size
	case attr.NumberSet:
		size := 0
		for e := range v.Set() {
			size += num.SizeText(text(e))
		}
		return size
	}
	return 0
}
