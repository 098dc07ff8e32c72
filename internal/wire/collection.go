package wire

import (
	"reflect"
	"unsafe"

	"github.com/statordb/stator/attr"
)

// maxElements is how many structures a list of them keeps. No list that AWS
// has may be a tenth as long, so that a request with more is refused all the
// same; what is beyond is read for its faults and costs no memory.
const maxElements = 1000

// readSlice reads a list.
func readSlice(t reflect.Type) readFunc {
	elem := t.Elem()
	switch {
	case elem == typeValue:
		return func(r *reader, p unsafe.Pointer, _ place) bool {
			null, ok := r.null()
			var l []attr.Value
			if !null && ok {
				l, ok = r.list(1)
			}
			*(*[]attr.Value)(p) = l
			return ok
		}
	case elem.Kind() == reflect.String:
		return func(r *reader, p unsafe.Pointer, _ place) bool {
			null, ok := r.null()
			var l []string
			if !null && ok {
				l, ok = r.strings()
			}
			*(*[]string)(p) = l
			return ok
		}
	}
	read := readerOf(elem)
	return func(r *reader, p unsafe.Pointer, at place) bool {
		to := reflect.NewAt(t, p).Elem()
		to.SetZero()
		if null, ok := r.null(); null || !ok {
			return ok
		}
		if r.next() != '[' {
			return r.mismatch(wantList, at)
		}
		const few = 4
		if !r.spend(few * int(elem.Size())) {
			return false
		}
		to.Set(reflect.MakeSlice(t, 0, few))
		if r.open(']') {
			return true
		}
		for n := 0; ; {
			if n < maxElements {
				if n == to.Cap() {
					if !r.spend(2 * n * int(elem.Size())) {
						return false
					}
					to.Grow(n)
				}
				n++
				to.SetLen(n)
			}
			last := to.Index(n - 1)
			last.SetZero()
			if !read(r, last.Addr().UnsafePointer(), element) {
				return false
			}
			more, ok := r.more(']')
			if !more {
				return ok
			}
		}
	}
}

// readMap reads a map of structures or of lists. An entry that is null is the
// zero structure or a nil list, which no request accepts.
func readMap(t reflect.Type) readFunc {
	elem := t.Elem()
	read := readerOf(elem)
	w := want{mapping, javaName(elem)}
	return func(r *reader, p unsafe.Pointer, at place) bool {
		to := reflect.NewAt(t, p).Elem()
		to.SetZero()
		if null, ok := r.null(); null || !ok {
			return ok
		}
		if r.next() != '{' {
			return r.mismatch(w, at)
		}
		if !r.spend(smallMap) {
			return false
		}
		to.Set(reflect.MakeMap(t))
		if r.open('}') {
			return true
		}
		one := reflect.New(elem).Elem()
		for {
			name, ok := r.name()
			if !ok {
				return false
			}
			one.SetZero()
			if !read(r, one.Addr().UnsafePointer(), element) {
				return false
			}
			if !r.spend(mapEntry(elem.Size())) {
				return false
			}
			to.SetMapIndex(reflect.ValueOf(name), one)
			more, ok := r.more('}')
			if !more {
				return ok
			}
		}
	}
}

func javaName(t reflect.Type) string {
	if t.Kind() == reflect.Slice {
		return "java.util.List<" + javaName(t.Elem()) + ">"
	}
	return javaPackage + t.Name()
}
