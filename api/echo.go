package api

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/num"
)

// AWS repeats a faulty value in its message. Where that is a whole structure,
// it is the text that Java or JSON makes of it, which can be as large as the
// request and as deep; here it ends with … after maxEcho bytes, and lists, maps
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
		if room := maxEcho - e.b.Len(); len(s) > room {
			s, e.full = strings.ToValidUTF8(s[:room], "")+"…", true
		}
		e.b.WriteString(s)
	}
}

func (e *echo) comma(i int, comma string) {
	if i > 0 {
		e.add(comma)
	}
}

// String returns the text in quotes.
func (e *echo) String() string { return quote(e.b.String()) }

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
		if item, err := w.PutRequest.Item.Item(); err == nil {
			e.item(item)
		}
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
		e.add(name, "=AttributeValue(", v.Kind().String(), "=", text, ")")
	}
	e.add("}")
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

// echoValue is a scalar's text, and … for everything else.
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
	return "…"
}

func head(s string) string { return s[:min(len(s), maxEcho)] }
