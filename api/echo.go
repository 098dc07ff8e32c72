package api

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/num"
)

// AWS repeats a faulty value in its message, which can be as large as the
// request; here it ends with … after maxEcho bytes. Where that is a whole structure,
// it is the text that Java or JSON makes of it, as deep as the request; here lists, maps
// and sets inside an item are not opened.
const maxEcho = 8192

// echo builds such a text.
type echo struct {
	b    strings.Builder
	full bool
}

// add appends the parts, unless the text is full.
func (e *echo) add(parts ...string) {
	for _, s := range parts {
		if e.full {
			return
		}
		s, e.full = cutEcho(s, maxEcho-e.b.Len())
		e.b.WriteString(s)
	}
}

// cutEcho returns a text that has at most room bytes, and … after them when it is longer.
func cutEcho(s string, room int) (_ string, cut bool) {
	if len(s) <= room {
		return s, false
	}
	return strings.ToValidUTF8(s[:room], "") + "…", true
}

// quote returns a value as it is repeated.
func quote(s string) string {
	s, _ = cutEcho(s, maxEcho)
	return "'" + s + "'"
}

func (e *echo) comma(i int, comma string) {
	if i > 0 {
		e.add(comma)
	}
}

// String returns the text in quotes.
func (e *echo) String() string { return "'" + e.b.String() + "'" }

// echoList is a list of strings as Java writes it.
func echoList(list []string) string {
	var e echo
	e.add("[")
	for i, s := range list {
		e.comma(i, ", ")
		e.add(s)
	}
	e.add("]")
	return e.String()
}

// echoKeySchema is a list of key schema elements as Java writes it.
func echoKeySchema(schema []KeySchemaElement) string {
	var e echo
	e.add("[")
	for i, k := range schema {
		e.comma(i, ", ")
		e.add("KeySchemaElement(attributeName=", orNull(k.AttributeName), ", keyType=", orNull(k.KeyType), ")")
	}
	e.add("]")
	return e.String()
}

func orNull[S ~string](s *S) string {
	if s == nil {
		return "null"
	}
	return string(*s)
}

// echoWrites is BatchWriteItem's RequestItems as Java writes it.
func echoWrites(items map[string][]WriteRequest) string {
	var e echo
	e.add("{")
	for i, table := range sortedKeys(items) {
		e.comma(i, ", ")
		e.add(table, "=[")
		for j, w := range items[table] {
			if e.full {
				break
			}
			e.comma(j, ", ")
			e.write(w)
		}
		e.add("]")
	}
	e.add("}")
	return e.String()
}

func (e *echo) write(w WriteRequest) {
	e.add("WriteRequest(")
	if w.PutRequest != nil {
		e.add("putRequest=PutRequest(item=")
		e.put(w.PutRequest.Item)
		e.add(")")
	}
	if w.DeleteRequest != nil {
		if w.PutRequest != nil {
			e.add(", ")
		}
		e.add("deleteRequest=DeleteRequest(key=")
		e.item(w.DeleteRequest.Key)
		e.add(")")
	}
	e.add(")")
}

// put adds an item that is put. Of one in its stored form nothing is decoded that is not told:
// what takes little room there, such as tiny maps, takes forty times as much as values.
func (e *echo) put(a Attributes) {
	stored, ok := a.Stored()
	if !ok {
		e.item(a.item)
		return
	}
	e.add("{")
	comma := ""
	for name, v := range itemcodec.Item(stored).All() {
		if e.full {
			return
		}
		text := unopened
		switch v.Kind() {
		case attr.List, attr.Map, attr.StringSet, attr.NumberSet, attr.BinarySet:
		default:
			scalar, _ := v.Decode() // of a scalar that All gave
			text = echoValue(scalar)
		}
		e.add(comma)
		e.attribute(name, v.Kind(), text)
		comma = ", "
	}
	e.add("}")
}

// item adds an item or a key, with numbers in the form that they are stored in: an item may have no other.
func (e *echo) item(it attr.Item) {
	e.add("{")
	for i, name := range sortedKeys(it) {
		if e.full {
			return
		}
		e.comma(i, ", ")
		v := it[name]
		text := echoValue(v)
		if number, err := num.Canonical(v.Num()); v.Kind() == attr.Number && err == nil {
			text = number
		}
		e.attribute(name, v.Kind(), text)
	}
	e.add("}")
}

func (e *echo) attribute(name string, kind attr.Kind, text string) {
	e.add(name, "=AttributeValue(", kind.String(), "=", text, ")")
}

// echoKeys is BatchGetItem's RequestItems, which AWS repeats as JSON.
func echoKeys(items map[string]KeysAndAttributes) string {
	var e echo
	e.add("{")
	for i, table := range sortedKeys(items) {
		e.comma(i, ",")
		e.add(strconv.Quote(table), `:{"Keys":[`)
		for j, key := range items[table].Keys {
			if e.full {
				break
			}
			e.comma(j, ",")
			e.jsonItem(key)
		}
		e.add("]}")
	}
	e.add("}")
	return e.String()
}

func (e *echo) jsonItem(it attr.Item) {
	e.add("{")
	for i, name := range sortedKeys(it) {
		if e.full {
			return
		}
		e.comma(i, ",")
		v := it[name]
		text := echoValue(v)
		if k := v.Kind(); k == attr.String || k == attr.Number || k == attr.Binary {
			text = strconv.Quote(text)
		}
		e.add(strconv.Quote(name), `:{"`, v.Kind().String(), `":`, text, "}")
	}
	e.add("}")
}

// unopened stands for the contents of a list, map or set.
const unopened = "…"

// echoValue is a scalar's text, and unopened for everything else.
func echoValue(v attr.Value) string {
	switch v.Kind() {
	case attr.String:
		return head(v.Str())
	case attr.Number:
		return head(v.Num())
	case attr.Binary:
		b := v.Bytes()
		return base64.StdEncoding.EncodeToString(b[:min(len(b), maxEcho)])
	case attr.Bool:
		return strconv.FormatBool(v.Bool())
	case attr.Null:
		return strconv.FormatBool(v.IsNull())
	}
	return unopened
}

func head(s string) string { return s[:min(len(s), maxEcho)] }
