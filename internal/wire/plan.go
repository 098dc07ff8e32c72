package wire

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// readPlan is how a structure is read: its members by name.
type readPlan struct {
	want   want
	byName map[string]readMember
	puts   bool // one of its members is an item that is stored: that is most of a PutItem, and has memory of its own
}

// readMember is a member of a structure, at an offset from its beginning.
type readMember struct {
	offset uintptr
	read   readFunc
}

// readFunc reads the value that is next into the Go value at p, which it
// replaces; null sets that to zero. False is a fault.
type readFunc func(r *reader, p unsafe.Pointer, at place) bool

// readPlans has the plans of all types met so far, which package api bounds.
var readPlans sync.Map // reflect.Type → *readPlan

func readPlanOf(t reflect.Type) *readPlan {
	if p, ok := readPlans.Load(t); ok {
		return p.(*readPlan)
	}
	p := &readPlan{want: want{structure, javaPackage + t.Name()}, byName: make(map[string]readMember, t.NumField())}
	for i := range t.NumField() {
		f := t.Field(i)
		p.byName[memberName(t, f)] = readMember{f.Offset, readerOf(f.Type)}
		p.puts = p.puts || f.Type == typeAttributes
	}
	plan, _ := readPlans.LoadOrStore(t, p)
	return plan.(*readPlan)
}

// memberName is what a member of t is called in JSON: as in Go, but for the
// Record of a stream, whose names AWS begins with small letters.
func memberName(t reflect.Type, f reflect.StructField) string {
	if t == typeRecord {
		return strings.ToLower(f.Name[:1]) + f.Name[1:]
	}
	return f.Name
}

// structure reads a structure or null.
func (p *readPlan) structure(r *reader, to unsafe.Pointer, at place) bool {
	switch r.next() {
	case '{':
		return p.members(r, to)
	case 'n':
		return r.literal("null")
	}
	return r.mismatch(p.want, at)
}

// members reads an object whose bracket is next into the zero structure at to.
func (p *readPlan) members(r *reader, to unsafe.Pointer) bool {
	if r.open('}') {
		return true
	}
	for {
		name, ok := r.key()
		if !ok {
			return false
		}
		if m, known := p.byName[name]; !known {
			ok = r.skip()
		} else {
			ok = m.read(r, unsafe.Add(to, m.offset), member)
		}
		if !ok {
			return false
		}
		more, ok := r.more('}')
		if !more {
			return ok
		}
	}
}

var (
	typeValue  = reflect.TypeFor[attr.Value]()
	typeItem   = reflect.TypeFor[attr.Item]()
	typeValues = reflect.TypeFor[map[string]attr.Value]()
	typeNames  = reflect.TypeFor[map[string]string]()
	typeTime   = reflect.TypeFor[time.Time]()
	typeRecord = reflect.TypeFor[api.Record]()
)

// readerOf returns how a Go value of type t is read. A type that no request
// has so far is our own mistake, and a test that compiles all requests finds it.
func readerOf(t reflect.Type) readFunc {
	switch t {
	case typeValue:
		return func(r *reader, p unsafe.Pointer, at place) (ok bool) {
			*(*attr.Value)(p), ok = r.value(at, 1)
			return ok
		}
	case typeItem, typeValues: // of one underlying type
		return func(r *reader, p unsafe.Pointer, at place) (ok bool) {
			*(*attr.Item)(p), ok = r.item(at, 1)
			return ok
		}
	case typeAttributes:
		return readAttributes
	case typeNames:
		return readNames
	case typeTime:
		return readTime
	}
	switch t.Kind() {
	case reflect.Pointer:
		return readPointer(t.Elem())
	case reflect.Struct:
		return readPlanOf(t).structure
	case reflect.Slice:
		return readSlice(t)
	case reflect.Map:
		return readMap(t)
	}
	panic(fmt.Sprintf("wire: no request has a member of type %v", t))
}

// readPointer reads a member that may be absent.
func readPointer(t reflect.Type) readFunc {
	var read func(r *reader) (unsafe.Pointer, bool)
	switch t.Kind() {
	case reflect.String:
		read = func(r *reader) (unsafe.Pointer, bool) {
			if r.next() != '"' {
				return nil, r.mismatch(wantString, member)
			}
			s, ok := r.text()
			return unsafe.Pointer(&s), ok
		}
	case reflect.Bool:
		read = func(r *reader) (unsafe.Pointer, bool) {
			b, ok := r.boolean()
			return unsafe.Pointer(&b), ok
		}
	case reflect.Int32:
		read = func(r *reader) (unsafe.Pointer, bool) {
			i, ok := r.integer(wantInteger)
			i32 := int32(min(max(i, math.MinInt32), math.MaxInt32))
			return unsafe.Pointer(&i32), ok
		}
	case reflect.Int64:
		read = func(r *reader) (unsafe.Pointer, bool) {
			i, ok := r.integer(wantLong)
			return unsafe.Pointer(&i), ok
		}
	default:
		whole := readerOf(t)
		read = func(r *reader) (unsafe.Pointer, bool) {
			p := reflect.New(t).UnsafePointer()
			return p, whole(r, p, member)
		}
	}
	return func(r *reader, p unsafe.Pointer, _ place) bool {
		null, ok := r.null()
		if !ok {
			return false
		}
		var to unsafe.Pointer
		if !null {
			if !r.spend(int(t.Size())) {
				return false
			}
			if to, ok = read(r); !ok {
				return false
			}
		}
		*(*unsafe.Pointer)(p) = to
		return true
	}
}

// integer reads a number, rounded down. One that is out of range is the nearest that is not.
func (r *reader) integer(w want) (int64, bool) {
	if c := r.next(); c != '-' && (c < '0' || c > '9') {
		return 0, r.mismatch(w, member)
	}
	text, whole, ok := r.number()
	if !ok {
		return 0, false
	}
	s := unsafe.String(unsafe.SliceData(text), len(text))
	if whole {
		i, _ := strconv.ParseInt(s, 10, 64) // the nearest when it is out of range
		return i, true
	}
	f, _ := strconv.ParseFloat(s, 64) // an infinity when it is out of range
	switch f = math.Floor(f); {
	case f >= math.MaxInt64:
		return math.MaxInt64, true
	case f <= math.MinInt64:
		return math.MinInt64, true
	}
	return int64(f), true
}

// maxSeconds is the last second of the year 9999. A time beyond it, on either
// side of 1970, is that one.
const maxSeconds = 253402300799

// readTime reads the seconds since 1970, to the millisecond, in UTC.
func readTime(r *reader, p unsafe.Pointer, _ place) bool {
	if c := r.next(); c != '-' && (c < '0' || c > '9') {
		return r.mismatch(wantTime, member)
	}
	text, _, ok := r.number()
	if !ok {
		return false
	}
	f, _ := strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), 64) // an infinity when it is out of range
	f = min(max(f, -maxSeconds), maxSeconds)
	*(*time.Time)(p) = time.UnixMilli(int64(math.Round(f * 1000))).UTC()
	return true
}

// readAttributes reads an item that is to be stored.
func readAttributes(r *reader, p unsafe.Pointer, at place) bool {
	to := (*api.Attributes)(p)
	if built, ok := r.stored(); ok {
		*to = api.BuiltItem(built)
		return true
	}
	item, ok := r.item(at, 1)
	*to = api.ItemOf(item)
	return ok
}

// readNames reads ExpressionAttributeNames. A null name is absent.
func readNames(r *reader, p unsafe.Pointer, at place) bool {
	to := (*map[string]string)(p)
	*to = nil
	if null, ok := r.null(); null || !ok {
		return ok
	}
	if r.next() != '{' {
		return r.mismatch(wantNames, at)
	}
	names := map[string]string{}
	*to = names
	if r.open('}') {
		return true
	}
	for {
		name, ok := r.name()
		if !ok {
			return false
		}
		null, ok := r.null()
		if !ok {
			return false
		}
		if null {
			delete(names, name)
		} else if !r.spend(mapEntry(unsafe.Sizeof(""))) {
			return false
		} else if names[name], ok = r.stringOrNull(); !ok {
			return false
		}
		more, ok := r.more('}')
		if !more {
			return ok
		}
	}
}
