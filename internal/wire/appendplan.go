package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// writePlan is how a structure is written: its members in the order of the Go type.
type writePlan []writeMember

// writeMember is a member of a structure, at an offset from its beginning.
type writeMember struct {
	name   string // as it is written: "Name":
	offset uintptr
	given  given
	write  writeFunc
}

// given says when a member is there.
type given uint8

const (
	always   given = iota
	notNil         // pointers, maps and slices, whose first word is nil when they are
	notEmpty       // Attributes
)

// writeFunc appends the Go value at p.
type writeFunc func(dst []byte, p unsafe.Pointer) ([]byte, error)

// written are the collections that AWS writes when they are empty, whether or not
// they are nil.
var written = map[reflect.Type][]string{
	reflect.TypeFor[api.BatchGetItemOutput]():       {"Responses", "UnprocessedKeys"},
	reflect.TypeFor[api.BatchWriteItemOutput]():     {"UnprocessedItems"},
	reflect.TypeFor[api.TransactGetItemsOutput]():   {"Responses"},
	reflect.TypeFor[api.ListTablesOutput]():         {"TableNames"},
	reflect.TypeFor[api.ListTagsOfResourceOutput](): {"Tags"},
	reflect.TypeFor[api.DescribeEndpointsOutput]():  {"Endpoints"},
	reflect.TypeFor[api.ListStreamsOutput]():        {"Streams"},
	reflect.TypeFor[api.StreamDescription]():        {"Shards"},
	reflect.TypeFor[api.GetRecordsOutput]():         {"Records"},

	reflect.TypeFor[api.DescribeKinesisStreamingDestinationOutput](): {"KinesisDataStreamDestinations"},
}

// writePlans has the plans of all types met so far, which package api bounds.
var writePlans sync.Map // reflect.Type → writePlan

func writePlanOf(t reflect.Type) writePlan {
	if p, ok := writePlans.Load(t); ok {
		return p.(writePlan)
	}
	var p writePlan
	for i := range t.NumField() {
		f := t.Field(i)
		m := writeMember{name: `"` + memberName(t, f) + `":`, offset: f.Offset, write: writerOf(f.Type)}
		switch f.Type.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice:
			if !slices.Contains(written[t], f.Name) {
				m.given = notNil
			}
		case reflect.Struct:
			if f.Type == typeAttributes {
				m.given = notEmpty
			}
		}
		p = append(p, m)
	}
	plan, _ := writePlans.LoadOrStore(t, p)
	return plan.(writePlan)
}

func (p writePlan) append(dst []byte, from unsafe.Pointer) ([]byte, error) {
	dst = append(dst, '{')
	comma := false
	for i := range p {
		m := &p[i]
		at := unsafe.Add(from, m.offset)
		switch m.given {
		case notNil:
			if *(*unsafe.Pointer)(at) == nil {
				continue
			}
		case notEmpty:
			if (*api.Attributes)(at).IsZero() {
				continue
			}
		}
		if comma {
			dst = append(dst, ',')
		}
		comma = true
		var err error
		if dst, err = m.write(append(dst, m.name...), at); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

var typeAttributes = reflect.TypeFor[api.Attributes]()

// writerOf returns how a Go value of type t is written. A type that no response
// has so far is our own mistake, and a test that compiles all responses finds it.
func writerOf(t reflect.Type) writeFunc {
	switch t {
	case typeAttributes:
		return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			return appendAttributes(dst, (*api.Attributes)(p))
		}
	case typeValue:
		return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			return appendValue(dst, *(*attr.Value)(p), 1)
		}
	case typeItem, typeValues: // of one underlying type
		return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			return appendItem(dst, *(*attr.Item)(p), 1)
		}
	case typeTime:
		return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			return appendTime(dst, *(*time.Time)(p)), nil
		}
	}
	switch t.Kind() {
	case reflect.String:
		return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			return appendString(dst, *(*string)(p)), nil
		}
	case reflect.Bool:
		return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			return strconv.AppendBool(dst, *(*bool)(p)), nil
		}
	case reflect.Int32:
		return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			return strconv.AppendInt(dst, int64(*(*int32)(p)), 10), nil
		}
	case reflect.Int64:
		return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			return strconv.AppendInt(dst, *(*int64)(p), 10), nil
		}
	case reflect.Float64:
		return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			return appendFloat(dst, *(*float64)(p)), nil
		}
	case reflect.Struct:
		return writePlanOf(t).append
	case reflect.Pointer:
		write := writerOf(t.Elem())
		return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			return write(dst, *(*unsafe.Pointer)(p))
		}
	case reflect.Slice:
		return writeSlice(t)
	case reflect.Map:
		return writeMap(t)
	}
	panic(fmt.Sprintf("wire: no response has a member of type %v", t))
}

func writeSlice(t reflect.Type) writeFunc {
	write, size := writerOf(t.Elem()), t.Elem().Size()
	return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
		// The elements of any slice lie one after another.
		l := *(*[]byte)(p)
		first := unsafe.Pointer(unsafe.SliceData(l))
		dst = append(dst, '[')
		for i := range l {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = write(dst, unsafe.Add(first, uintptr(i)*size)); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	}
}

func writeMap(t reflect.Type) writeFunc {
	write := writerOf(t.Elem())
	return func(dst []byte, p unsafe.Pointer) ([]byte, error) {
		m := reflect.NewAt(t, p).Elem()
		names := make([]string, 0, m.Len())
		for name := range m.Seq() {
			names = append(names, name.String())
		}
		slices.Sort(names)
		dst = append(dst, '{')
		one := reflect.New(t.Elem())
		for i, name := range names {
			if i > 0 {
				dst = append(dst, ',')
			}
			one.Elem().Set(m.MapIndex(reflect.ValueOf(name)))
			var err error
			if dst, err = write(append(appendString(dst, name), ':'), one.UnsafePointer()); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}
}
