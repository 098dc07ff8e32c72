package partiql

import (
	"strings"
)

type tokenKind uint8

const (
	tokenEOF    tokenKind = iota
	tokenName             // unquoted, no keyword
	tokenQuoted           // "a name"
	tokenWord             // a keyword; text is in lower case
	tokenString
	tokenNumber
	tokenSymbol // an operator or a mark; text is what it is
	tokenParam  // ?
	tokenBad    // what is no token
)

type token struct {
	kind tokenKind
	text string // of a name or a string: without quotes
	span
}

// is reports whether t is this keyword or symbol.
func (t token) is(text string) bool {
	return (t.kind == tokenWord || t.kind == tokenSymbol) && t.text == text
}

// isOperator reports whether t is an operator that no expression can start with.
func (t token) isOperator() bool {
	if t.kind == tokenWord {
		return operatorWords[t.text]
	}
	if t.kind != tokenSymbol {
		return false
	}
	switch t.text {
	case "=", "<>", "!=", "<", "<=", ">", ">=", "*", "/", "%", "||":
		return true
	}
	return false
}

// lexer cuts a text into tokens.
type lexer struct {
	text string
	pos  int
}

// symbols of two characters come first.
var symbols = [...]string{"<<", ">>", "<>", "!=", "<=", ">=", "||",
	"(", ")", "[", "]", "{", "}", ",", ".", ":", ";", "=", "<", ">", "+", "-", "*", "/", "%"}

// next returns the token at the lexer's place and moves behind it.
func (l *lexer) next() token {
	if !l.skip() {
		return token{kind: tokenBad, span: span{l.pos, len(l.text)}}
	}
	start := l.pos
	if start == len(l.text) {
		return token{kind: tokenEOF, span: span{start, start}}
	}
	t := token{kind: tokenBad}
	switch c := l.text[start]; {
	case isLetter(c):
		for l.pos < len(l.text) && (isLetter(l.text[l.pos]) || isDigit(l.text[l.pos])) {
			l.pos++
		}
		t = token{kind: tokenName, text: l.text[start:l.pos]}
		if word := strings.ToLower(t.text); keywords[word] {
			t = token{kind: tokenWord, text: word}
		}
	case isDigit(c), c == '.' && start+1 < len(l.text) && isDigit(l.text[start+1]):
		if l.number() {
			t = token{kind: tokenNumber, text: l.text[start:l.pos]}
		}
	case c == '\'':
		t.text, t.kind = l.quoted(c, tokenString)
	case c == '"':
		t.text, t.kind = l.quoted(c, tokenQuoted)
	case c == '?':
		l.pos++
		t.kind = tokenParam
	default:
		for _, s := range symbols {
			if strings.HasPrefix(l.text[start:], s) {
				l.pos += len(s)
				t = token{kind: tokenSymbol, text: s}
				break
			}
		}
	}
	t.span = span{start, max(l.pos, start)}
	return t
}

// skip moves over blanks and comments. It reports false at a comment without end.
func (l *lexer) skip() bool {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			l.pos++
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexAny(rest, "\r\n")
			if end < 0 {
				end = len(rest)
			}
			l.pos += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return false
			}
			l.pos += end + 4
		default:
			return true
		}
	}
	return true
}

// number moves over digits, a point, and an exponent. It reports false when
// a letter follows.
func (l *lexer) number() bool {
	digits := func() {
		for l.pos < len(l.text) && isDigit(l.text[l.pos]) {
			l.pos++
		}
	}
	digits()
	if l.pos < len(l.text) && l.text[l.pos] == '.' {
		l.pos++
		digits()
	}
	if l.pos < len(l.text) && (l.text[l.pos] == 'e' || l.text[l.pos] == 'E') {
		l.pos++
		if l.pos < len(l.text) && (l.text[l.pos] == '+' || l.text[l.pos] == '-') {
			l.pos++
		}
		if l.pos == len(l.text) || !isDigit(l.text[l.pos]) {
			return false
		}
		digits()
	}
	return l.pos == len(l.text) || !isLetter(l.text[l.pos])
}

// quoted moves over a text in quotes, in which two of them stand for one.
func (l *lexer) quoted(quote byte, kind tokenKind) (string, tokenKind) {
	l.pos++
	start, doubled := l.pos, false
	for l.pos < len(l.text) {
		if l.text[l.pos] != quote {
			l.pos++
			continue
		}
		if l.pos+1 < len(l.text) && l.text[l.pos+1] == quote {
			doubled = true
			l.pos += 2
			continue
		}
		s := l.text[start:l.pos]
		l.pos++
		if doubled {
			q := string(quote)
			s = strings.ReplaceAll(s, q+q, q)
		}
		return s, kind
	}
	return "", tokenBad
}

func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '$'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
