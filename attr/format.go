package attr

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// String returns the value in a compact form for people: "text" quoted, 12.5,
// b64:…, true, null, [list], {map}, <set>. It is no wire format.
func (v Value) String() string {
	var b strings.Builder
	writeValue(&b, v)
	return b.String()
}

func writeValue(b *strings.Builder, v Value) {
	switch v.Kind() {
	case String:
		b.WriteString(strconv.Quote(v.Str()))
	case Number:
		b.WriteString(v.Num())
	case Binary:
		writeBinary(b, v.Bytes())
	case Bool:
		b.WriteString(strconv.FormatBool(v.Bool()))
	case Null:
		b.WriteString("null")
	case List:
		b.WriteByte('[')
		for i, e := range v.List() {
			writeComma(b, i)
			writeValue(b, e)
		}
		b.WriteByte(']')
	case Map:
		writeItem(b, v.Map())
	case StringSet, NumberSet:
		b.WriteByte('<')
		for i, e := range v.Strings() {
			writeComma(b, i)
			if v.Kind() == StringSet {
				e = strconv.Quote(e)
			}
			b.WriteString(e)
		}
		b.WriteByte('>')
	case BinarySet:
		b.WriteByte('<')
		for i, e := range v.Binaries() {
			writeComma(b, i)
			writeBinary(b, e)
		}
		b.WriteByte('>')
	case Ambiguous:
		b.WriteString("ambiguous")
	default:
		b.WriteString("invalid")
	}
}

func writeComma(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteString(", ")
	}
}

func writeBinary(b *strings.Builder, p []byte) {
	b.WriteString("b64:")
	b.WriteString(base64.StdEncoding.EncodeToString(p))
}
