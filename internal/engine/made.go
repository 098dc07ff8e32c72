package engine

import (
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// maxNesting is how many levels an item can have; a top-level attribute is level 1.
const maxNesting = 32

func errMadeTooDeep() error {
	return api.Validation("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
}

func errMadeTooLarge() error {
	return api.Validation("Item size to update has exceeded the maximum allowed size")
}

// checkMade judges an item that an update has made, before it is measured and
// encoded. Each part of it was judged when it came, but SET copies what the item
// holds: below a path of 32 steps, which would make documents that no decoder
// takes, and hundreds of times in one expression, which would keep the store's only
// writer busy for seconds with an item that is refused in the end.
func checkMade(item attr.Item) error {
	return (&made{left: maxItemBytes}).document(item, 1)
}

// made counts the elements of an item down: each takes a byte at least.
type made struct{ left int }

func (m *made) document(item attr.Item, level int) error {
	if m.left -= len(item); m.left < 0 {
		return errMadeTooLarge()
	}
	for _, v := range item {
		if err := m.value(v, level); err != nil {
			return err
		}
	}
	return nil
}

func (m *made) value(v attr.Value, level int) error {
	if level > maxNesting {
		return errMadeTooDeep()
	}
	switch k := v.Kind(); {
	case k == attr.Map:
		return m.document(v.Map(), level+1)
	case k == attr.List:
		if m.left -= v.Len(); m.left < 0 {
			return errMadeTooLarge()
		}
		for _, e := range v.List() {
			if err := m.value(e, level+1); err != nil {
				return err
			}
		}
	case k.IsSet():
		if m.left -= v.Len() - 1; m.left < 0 { // one element can be empty
			return errMadeTooLarge()
		}
	}
	return nil
}
