package attr

import (
	"encoding"
	"reflect"
	"strings"
	"sync"
	"time"
)

var (
	valueType           = reflect.TypeFor[Value]()
	itemType            = reflect.TypeFor[Item]()
	timeType            = reflect.TypeFor[time.Time]()
	unixTimeType        = reflect.TypeFor[UnixTime]()
	binariesType        = reflect.TypeFor[[][]byte]()
	anyType             = reflect.TypeFor[any]()
	marshalerType       = reflect.TypeFor[Marshaler]()
	unmarshalerType     = reflect.TypeFor[Unmarshaler]()
	textMarshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
	numberTextType      = reflect.TypeFor[interface {
		Float64() (float64, error)
		Int64() (int64, error)
		String() string
	}]()
)

// plan is what Marshal and Unmarshal need to know about a Go type, found out once.
type plan struct {
	typ  reflect.Type
	kind reflect.Kind
	role role

	// Which custom methods there are. The addr ones are those that the
	// pointer to a named type has: they count when the value has an address.
	marshals, addrMarshals     bool
	unmarshals, addrUnmarshals bool

	// The type has the AWS SDK's method instead, which cannot be called here.
	foreignMarshals, foreignUnmarshals bool

	// The type, or the pointer to it, as a map key has a text of its own.
	textMarshals, textUnmarshals bool

	// scalar is true for strings, numbers and bools without methods: their
	// value is all there is to them.
	scalar bool

	elem   *plan // of pointers, slices, arrays and maps
	key    *plan // of maps
	fields []fieldPlan
	byName map[string]int // index in fields
}

// role sets apart the types that are treated otherwise than their kind.
type role uint8

const (
	plain      role = iota
	valueRole       // attr.Value
	itemRole        // attr.Item
	timeRole        // time.Time, and types made of it
	numberRole      // json.Number, and strings with its methods
	bytesRole       // slices and arrays of bytes
	binaryRole      // [][]byte
)

type fieldPlan struct {
	Field
	plan *plan
}

// plans holds the plan of each type that was met, as encoding/json does. It is
// the one thing that the package remembers, and is bounded by the number of
// types in the program.
var plans sync.Map // reflect.Type → *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	// A type may contain itself, so the plans that it needs are linked among
	// themselves first and seen by others only when all of them are whole.
	b := planner{}
	p := b.plan(t)
	for t, p := range b {
		plans.LoadOrStore(t, p)
	}
	return p
}

// planner holds the plans under construction.
type planner map[reflect.Type]*plan

func (b planner) plan(t reflect.Type) *plan {
	if p, ok := b[t]; ok {
		return p
	}
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{typ: t, kind: t.Kind(), role: roleOf(t)}
	b[t] = p
	p.marshals, p.unmarshals = t.Implements(marshalerType), t.Implements(unmarshalerType)
	if p.kind != reflect.Pointer && p.kind != reflect.Interface {
		with := t
		if t.Name() != "" {
			with = reflect.PointerTo(t)
			p.addrMarshals, p.addrUnmarshals = with.Implements(marshalerType), with.Implements(unmarshalerType)
		}
		_, foreign := with.MethodByName("MarshalDynamoDBAttributeValue")
		p.foreignMarshals = foreign && !p.marshals && !p.addrMarshals
		_, foreign = with.MethodByName("UnmarshalDynamoDBAttributeValue")
		p.foreignUnmarshals = foreign && !p.unmarshals && !p.addrUnmarshals
	}
	p.scalar = p.role == plain && reflect.PointerTo(t).NumMethod() == 0 &&
		(p.kind == reflect.String || p.kind == reflect.Bool || isNumberKind(p.kind))
	p.textMarshals = t.Implements(textMarshalerType)
	p.textUnmarshals = t.Implements(textUnmarshalerType) || reflect.PointerTo(t).Implements(textUnmarshalerType)
	switch p.kind {
	case reflect.Map:
		p.key = b.plan(t.Key())
		p.elem = b.plan(t.Elem())
	case reflect.Pointer, reflect.Slice, reflect.Array:
		p.elem = b.plan(t.Elem())
	case reflect.Struct:
		if p.role != plain {
			break
		}
		p.byName = map[string]int{}
		for i, f := range listFields(t) {
			p.fields = append(p.fields, fieldPlan{Field: f, plan: b.plan(f.Type)})
			p.byName[f.Name] = i
		}
	}
	return p
}

func isTime(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.ConvertibleTo(timeType)
}

func roleOf(t reflect.Type) role {
	switch {
	case t == valueType:
		return valueRole
	case t == itemType:
		return itemRole
	case t == binariesType:
		return binaryRole
	case isTime(t):
		return timeRole
	case t.Kind() == reflect.String && t.Implements(numberTextType):
		return numberRole
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem().Kind() == reflect.Uint8:
		return bytesRole
	}
	return plain
}

// field returns the index in p.fields of the field that an attribute of a
// given name belongs to: the one of that name, or the first whose name differs
// in case only; -1 when there is none.
func (p *plan) field(name string) int {
	if i, ok := p.byName[name]; ok {
		return i
	}
	for i := range p.fields {
		if strings.EqualFold(p.fields[i].Name, name) {
			return i
		}
	}
	return -1
}

// attributeKind returns the type of the attribute that a value of p's type,
// not empty, becomes under o; Invalid when that is open.
func (p *plan) attributeKind(o options) Kind {
	for i := 0; p.kind == reflect.Pointer && i < maxDepth; i++ { // type P *P never ends
		p = p.elem
	}
	switch {
	case p.typ == unixTimeType:
		return Number
	case p.marshals || p.addrMarshals || p.foreignMarshals || p.role == valueRole:
		return Invalid
	case p.role == timeRole:
		if o.has(asUnixTime) {
			return Number
		}
		return String
	case p.role == bytesRole:
		return Binary
	}
	switch p.kind {
	case reflect.Bool:
		return Bool
	case reflect.String:
		if p.role == numberRole && !o.has(asString) {
			return Number
		}
		return String
	case reflect.Struct, reflect.Map:
		return Map
	case reflect.Slice, reflect.Array:
		return p.sequenceKind(o)
	}
	if isNumberKind(p.kind) {
		if o.has(asString) {
			return String
		}
		return Number
	}
	return Invalid
}

// sequenceKind returns what slices and arrays, those of bytes aside, become.
func (p *plan) sequenceKind(o options) Kind {
	switch {
	case o.has(asBinarySet) || p.role == binaryRole:
		return BinarySet
	case o.has(asNumberSet):
		return NumberSet
	case o.has(asStringSet):
		return StringSet
	}
	return List
}

func isNumberKind(k reflect.Kind) bool {
	return k >= reflect.Int && k <= reflect.Float64 && k != reflect.Uintptr
}
