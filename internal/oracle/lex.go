package oracle

import (
	"strings"
	"unicode/utf8"
)

// token is one word of an expression.
type token struct {
	kind       tokenKind
	text       string
	start, end int
}

type tokenKind int

const (
	tokenEnd     tokenKind = iota
	tokenName              // a name as it stands
	tokenKeyword           // AND, SET, …
	tokenHash              // #name
	tokenValue             // :value
	tokenNumber            // 0, 12
	tokenPunct             // anything else, one sign
)

var keywords = [...]string{"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"}

// lex cuts an expression into tokens; the last is tokenEnd.
func lex(s string) []token {
	var out []token
	for i := 0; i < len(s); {
		c := s[i]
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			i++
			continue
		}
		t := token{start: i}
		switch {
		case isLetter(c):
			t.kind, t.end = tokenName, wordEnd(s, i)
		case (c == '#' || c == ':') && wordEnd(s, i+1) > i+1:
			t.kind, t.end = tokenHash, wordEnd(s, i+1)
			if c == ':' {
				t.kind = tokenValue
			}
		case c == '0':
			t.kind, t.end = tokenNumber, i+1
		case isDigit(c):
			t.kind, t.end = tokenNumber, i+1
			for t.end < len(s) && isDigit(s[t.end]) {
				t.end++
			}
		default:
			_, n := utf8.DecodeRuneInString(s[i:])
			t.kind, t.end = tokenPunct, i+n
			if two := s[i:min(i+2, len(s))]; two == "<=" || two == ">=" || two == "<>" {
				t.end = i + 2
			}
		}
		t.text = s[t.start:t.end]
		for _, k := range keywords {
			if t.kind == tokenName && strings.EqualFold(t.text, k) {
				t.kind = tokenKeyword
			}
		}
		out = append(out, t)
		i = t.end
	}
	return append(out, token{start: len(s), end: len(s), text: "<EOF>"})
}

func wordEnd(s string, i int) int {
	for i < len(s) && (isLetter(s[i]) || isDigit(s[i]) || s[i] == '_') {
		i++
	}
	return i
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// words is a stream of tokens.
type words struct {
	source string
	tokens []token
	at     int
}

func (w *words) peek() token { return w.tokens[w.at] }

func (w *words) next() token {
	t := w.tokens[w.at]
	if t.kind != tokenEnd {
		w.at++
	}
	return t
}

// is reports whether the next token is the punctuation or keyword s.
func (w *words) is(s string) bool {
	t := w.peek()
	return t.kind == tokenPunct && t.text == s || t.kind == tokenKeyword && strings.EqualFold(t.text, s)
}

// accept skips the next token if it is s.
func (w *words) accept(s string) bool {
	if !w.is(s) {
		return false
	}
	w.at++
	return true
}

func (w *words) expect(s string) error {
	if !w.accept(s) {
		return w.unexpected()
	}
	return nil
}

// unexpected says that the next token cannot stand where it does. The text near it runs from the token before to the token after.
func (w *words) unexpected() error {
	t := w.peek()
	from, to := 0, t.end
	if w.at > 0 {
		from = w.tokens[w.at-1].start
	}
	if w.at+1 < len(w.tokens) {
		to = w.tokens[w.at+1].end
	}
	return fault(`Syntax error; token: "` + t.text + `", near: "` + w.source[from:to] + `"`)
}

// Words returns the words of an expression's text, as this package cuts it.
func Words(text string) []string {
	var out []string
	for _, t := range lex(text) {
		out = append(out, t.text)
	}
	return out
}
