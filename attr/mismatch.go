package attr

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
)

// mismatch says that value does not fit the Go type t, and what would.
func mismatch(value Value, t reflect.Type, o options) *UnmarshalError {
	fits := allowed(planOf(t), o)
	if value.Kind() == Ambiguous {
		fits = "are values of one type"
	}
	return fault(value, t, "found "+found(value)+", allowed "+fits, nil)
}

// badNumber says that a number is none, or none of Go type t.
func badNumber(value Value, t reflect.Type, err error) *UnmarshalError {
	reason := "found " + found(value) + ", allowed are numbers of this type"
	if errors.Is(err, strconv.ErrRange) {
		reason = "found " + found(value) + ", which is out of the range of this type"
	}
	return fault(value, t, reason, err)
}

func fault(value Value, t reflect.Type, reason string, err error) *UnmarshalError {
	return &UnmarshalError{Kind: value.Kind(), Type: t, Reason: reason, Err: err}
}

// found describes a value in an error: its type, and the contents of short ones.
func found(value Value) string {
	switch k := value.Kind(); k {
	case Invalid:
		return "no value"
	case Ambiguous:
		return "a value of several types"
	case String:
		return "S " + quoted(value.Str())
	case Number:
		return "N " + quoted(value.Num())
	default:
		return k.String()
	}
}

// quoted returns s in quotes, cut off when it is long.
func quoted(s string) string {
	const longest = 40
	if len(s) > longest {
		return strconv.Quote(strings.ToValidUTF8(s[:longest], "")) + "…"
	}
	return strconv.Quote(s)
}

// allowed names the attribute types that a Go type takes.
func allowed(p *plan, o options) string {
	switch {
	case p.role == timeRole:
		return "are S (RFC 3339) and N (seconds since 1970)"
	case p.role == bytesRole:
		return "are B and L"
	}
	switch p.kind {
	case reflect.Bool:
		return "is BOOL"
	case reflect.String:
		return "are S and N"
	case reflect.Struct, reflect.Map:
		return "is M"
	case reflect.Slice, reflect.Array:
		return "are L, SS, NS and BS"
	}
	switch {
	case isNumberKind(p.kind) && o.has(asString):
		return "are N and S"
	case isNumberKind(p.kind):
		return "is N"
	}
	return "is no type but NULL"
}

func indexed(i int) string { return "[" + strconv.Itoa(i) + "]" }
