package partiql

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/statordb/stator/api"
)

// The details that follow "Statement wasn't well formed, can't be processed: ".
const (
	unexpectedTerm     = "Unexpected term"
	unexpectedKeyword  = "Unexpected keyword"
	unexpectedOperator = "Unexpected operator"
	leftover           = "Unexpected token after expression"
	missingRight       = "Missing right-hand side expression of infix operator"
	expectedData       = "Expected data manipulation"
	expectedPath       = "Expected identifier for simple path"
	invalidDot         = "Invalid path dot component"
	expectedType       = "Expected type name"
	unreadable         = "" // what the lexer cannot read gets no detail
)

// faultNoKey is what AWS says of a write whose WHERE does not name one item.
const faultNoKey = "Where clause does not contain a mandatory equality on all key attributes"

func invalid(format string, args ...any) error { return api.Validation(fmt.Sprintf(format, args...)) }

func malformed(detail string) error {
	return api.Validation("Statement wasn't well formed, can't be processed: " + detail)
}

// span is a piece of the text, in bytes.
type span struct{ start, end int }

// at returns where s stands in text, as messages have it: line, column and
// length in characters, counted from 1.
func (s span) at(text string) string {
	before := text[:s.start]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf(" at %d:%d:%d", line, column, utf8.RuneCountInString(text[s.start:s.end]))
}
