package oracle

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// Shrink makes a failing script shorter. It leaves out chunks, half of the
// script first and single steps last, until no single step can be left out; then
// parts of the requests. Each try runs the script anew; budget bounds the steps run in all.
func Shrink(script []Step, budget int, fails func([]Step) bool) []Step {
	try := func(shorter []Step) bool {
		if budget <= 0 || len(shorter) == 0 {
			return false
		}
		budget -= len(shorter)
		if !fails(shorter) {
			return false
		}
		script = shorter
		return true
	}
	chunk := max(1, len(script)/2)
	for again := true; again && budget > 0; {
		again = false
		for from := 0; from < len(script) && budget > 0; {
			if try(slices.Concat(script[:from], script[min(from+chunk, len(script)):])) {
				again = chunk == 1
			} else {
				from += chunk
			}
		}
		if chunk > 1 {
			chunk, again = chunk/2, true
		}
	}
	for i := 0; i < len(script) && budget > 0; i++ {
		for n := 0; budget > 0; {
			simpler, ok := simplify(script[i], n)
			if !ok {
				break
			}
			shorter := slices.Clone(script)
			shorter[i] = simpler
			if !try(shorter) {
				n++
			}
		}
	}
	return script
}

// simplify returns a step without the nth of the things that it could do without; false when it
// has no more of them.
func simplify(s Step, n int) (Step, bool) {
	// Two streams of one name and time have labels of the implementation's own.
	_, creates := s.Request.(*api.CreateTableInput)
	_, updates := s.Request.(*api.UpdateTableInput)
	if s.Advance != 0 && !creates && !updates {
		if n == 0 {
			s.Advance = 0
			return s, true
		}
		n--
	}
	if s.Request == nil {
		return s, false
	}
	in := reflect.New(reflect.TypeOf(s.Request).Elem())
	in.Elem().Set(reflect.ValueOf(s.Request).Elem())
	if !without(in.Elem(), &n) {
		return s, false
	}
	s.Request = in.Interface().(api.Request)
	return s, true
}

// without takes the nth thing out of a structure: a member, or an element of one. What
// the structure shares with another is not changed. What stays is what the Model does not know all about.
func without(v reflect.Value, n *int) bool {
	for i := range v.NumField() {
		f := v.Field(i)
		if f.IsZero() || !f.CanSet() || stays(v.Type().Field(i).Name) {
			continue
		}
		if *n == 0 {
			f.SetZero()
			return true
		}
		*n--
		switch {
		case f.Type() == reflect.TypeFor[attr.Item]():
			if m, ok := lessItem(f.Interface().(attr.Item), n); ok {
				f.Set(reflect.ValueOf(m))
				return true
			}
		case f.Kind() == reflect.Slice && f.Len() > 1:
			if *n < f.Len() {
				rest := reflect.MakeSlice(f.Type(), 0, f.Len())
				f.Set(reflect.AppendSlice(reflect.AppendSlice(rest, f.Slice(0, *n)), f.Slice(*n+1, f.Len())))
				return true
			}
			*n -= f.Len()
		}
		if f.Kind() == reflect.Map && f.Type().Elem().Kind() == reflect.Slice && lessLists(f, n) {
			return true
		}
		if f.Kind() != reflect.Slice {
			continue
		}
		for j := range f.Len() { // one of an Item, or of a transaction
			e := reflect.New(f.Type().Elem()).Elem()
			e.Set(f.Index(j))
			if item, ok := e.Interface().(attr.Item); ok {
				m, done := lessItem(item, n)
				if !done {
					continue
				}
				e.Set(reflect.ValueOf(m))
			} else if e.Kind() != reflect.Struct || !inside(e, n) {
				continue
			}
			changed := reflect.MakeSlice(f.Type(), 0, f.Len())
			changed = reflect.AppendSlice(changed, f)
			changed.Index(j).Set(e)
			f.Set(changed)
			return true
		}
	}
	return false
}

// stays reports the members that are not taken out: of starts in an index, only one that is refused can be
// compared, and the Model reads changes from TRIM_HORIZON.
func stays(member string) bool { return member == "ExclusiveStartKey" || member == "Start" }

// inside takes the nth thing out of what the members of a structure point to.
func inside(v reflect.Value, n *int) bool {
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() != reflect.Pointer || f.IsNil() || f.Type().Elem().Kind() != reflect.Struct {
			continue
		}
		c := reflect.New(f.Type().Elem())
		c.Elem().Set(f.Elem())
		if without(c.Elem(), n) {
			f.Set(c)
			return true
		}
	}
	return false
}

// lessLists takes the nth element out of the lists of a map, in the order of its keys.
func lessLists(f reflect.Value, n *int) bool {
	keys := f.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		list := f.MapIndex(k)
		if *n >= list.Len() {
			*n -= list.Len()
			continue
		}
		rest := reflect.MakeSlice(list.Type(), 0, list.Len())
		rest = reflect.AppendSlice(reflect.AppendSlice(rest, list.Slice(0, *n)), list.Slice(*n+1, list.Len()))
		less := reflect.MakeMap(f.Type())
		for _, other := range keys {
			less.SetMapIndex(other, f.MapIndex(other))
		}
		less.SetMapIndex(k, rest)
		if rest.Len() == 0 {
			less.SetMapIndex(k, reflect.Value{})
		}
		f.Set(less)
		return true
	}
	return false
}

// lessItem returns an item without its nth attribute.
func lessItem(item attr.Item, n *int) (attr.Item, bool) {
	if *n >= len(item) {
		*n -= len(item)
		return nil, false
	}
	name := slices.Sorted(maps.Keys(item))[*n]
	less := maps.Clone(item)
	delete(less, name)
	return less, true
}

// Describe writes a script out, a line a step.
func Describe(script []Step) string {
	var text strings.Builder
	for _, s := range script {
		if s.Advance > 0 {
			text.WriteString("+" + s.Advance.String() + " ")
		}
		text.WriteString(s.describe() + "\n")
	}
	return text.String()
}
