package attr_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/bound"
)

// choices turns bytes into decisions; when they are used up every one is 0, which ends.
type choices struct{ data []byte }

func (c *choices) next(n int) int {
	if len(c.data) == 0 {
		return 0
	}
	b := int(c.data[0])
	c.data = c.data[1:]
	return b % n
}

func (c *choices) text() string {
	n := min(c.next(40), len(c.data))
	s := string(c.data[:n])
	c.data = c.data[n:]
	return s
}

func (c *choices) list(depth int) []attr.Value {
	list := make([]attr.Value, c.next(5))
	for i := range list {
		list[i] = c.value(depth + 1)
	}
	return list
}

func (c *choices) texts() []string {
	list := make([]string, c.next(4))
	for i := range list {
		list[i] = c.text()
	}
	return list
}

var names = []string{"Text", "Int", "Small", "Float", "Bool", "Bytes", "List", "Map", "Set", "Numbers", "Any", "Time", "Unix", "Nested", "Pointer", "Array", "", "text"}

func (c *choices) value(depth int) attr.Value {
	switch k := c.next(11); {
	case k == 1:
		return attr.S(c.text())
	case k == 2:
		return attr.N(c.text())
	case k == 3:
		return attr.N(fmt.Sprint(c.next(256)-128) + []string{"", ".5", "e3", "e1000000", "E-400", "00000000000000000000000000000000000000"}[c.next(6)])
	case k == 4:
		return attr.B([]byte(c.text()))
	case k == 5:
		return attr.BOOL(c.next(2) == 1)
	case k == 6:
		return attr.SS(c.texts()...)
	case k == 7:
		return attr.NS(c.texts()...)
	case k == 8:
		return attr.NULL()
	case k == 9 && depth < 40:
		return attr.L(c.list(depth)...)
	case k == 10 && depth < 40:
		m := attr.Item{}
		for range c.next(8) {
			m[names[c.next(len(names))]] = c.value(depth + 1)
		}
		return attr.M(m)
	}
	return attr.Value{}
}

// everything has a field of each kind.
type everything struct {
	Text    string
	Int     int64
	Small   uint8
	Float   float32
	Bool    bool
	Bytes   []byte
	List    []everything
	Map     map[string]int
	Set     map[string]struct{} `stator:",set"`
	Numbers map[int8]bool
	Any     any
	Time    time.Time
	Unix    time.Time `stator:",unixtime"`
	Nested  struct{ Text, Int *string }
	Pointer **everything
	Array   [3]int16
}

// FuzzUnmarshal: any value goes into any Go type, or is an error; what went in comes out as a value that goes in again.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte{10, 7, 1, 3, 200, 2})
	for k := range 11 {
		f.Add([]byte(strings.Repeat(string([]byte{byte(k), 4, 9, 3, 10}), 50)))
	}
	f.Add([]byte(strings.Repeat("\x09\x01", 200)))
	f.Add([]byte(strings.Repeat("\x0a\x07\x0e", 200)))
	f.Fuzz(func(t *testing.T, data []byte) {
		bound.Input(t, func() {
			c := &choices{data}
			v := c.value(0)
			for _, out := range []any{new(everything), new(any), new(string), new(int), new(uint16), new(float64), new(bool), new([]byte), new([4]byte),
				new([]string), new(map[string]any), new(map[int]string), new(time.Time), new(attr.Value), new(attr.Item), new(*everything), new([]map[string][]int)} {
				if attr.Unmarshal(v, out) != nil {
					continue
				}
				again, err := attr.Marshal(out)
				if err != nil {
					continue // an empty set, for example, has no form
				}
				_ = attr.Unmarshal(again, reflect.New(reflect.TypeOf(out).Elem()).Interface())
			}
		})
	})
}

// FuzzTag: any tag is one of a field, or an error.
func FuzzTag(f *testing.F) {
	for _, tag := range []string{`stator:"a,omitempty"`, `stator:",set,unixtime"`, `dynamodbav:"-"`, `stator:"-,"`, `stator:"hash"`, `stator:"`, strings.Repeat(",", 9000), `stator:"a,` + strings.Repeat("b,", 9000) + `"`} {
		f.Add(tag)
	}
	kinds := []reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[[]string](), reflect.TypeFor[time.Time](), reflect.TypeFor[map[int]bool]()}
	f.Fuzz(func(t *testing.T, tag string) {
		bound.Input(t, func() {
			for _, k := range kinds {
				v := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "Field", Type: k, Tag: reflect.StructTag(tag)}}))
				item, err := attr.MarshalItem(v.Interface())
				if err != nil {
					continue
				}
				require.LessOrEqual(t, len(item), 1)
				_ = attr.UnmarshalItem(item, v.Interface())
			}
		})
	})
}
