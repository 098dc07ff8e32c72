package expr

import (
	"unicode"
	"unicode/utf8"
)

// lexer cuts a text into tokens. It has no position of its own, so that the
// parser may look ahead and an error message at the neighbours.
type lexer struct {
	text   string
	native bool // "?" is a token, and more letters are (see Translate)
}

// next returns the token at or after pos, past blanks.
func (l *lexer) next(pos int) token {
	for pos < len(l.text) && isBlank(l.text[pos]) {
		pos++
	}
	if pos == len(l.text) {
		return token{kind: tokenEOF, start: pos, end: pos}
	}
	c := l.text[pos]
	switch {
	case isLetter(c), l.native && l.letter(pos) > 0:
		end := l.word(pos)
		return token{keyword(l.text[pos:end]), pos, end}
	case c == '#' || c == ':':
		end := l.word(pos + 1)
		if end == pos+1 {
			return token{tokenOther, pos, end}
		}
		if c == '#' {
			return token{tokenHash, pos, end}
		}
		return token{tokenColon, pos, end}
	case c == '0':
		return token{tokenIndex, pos, pos + 1}
	case isDigit(c):
		end := pos + 1
		for end < len(l.text) && isDigit(l.text[end]) {
			end++
		}
		return token{tokenIndex, pos, end}
	}
	return l.sign(pos)
}

func (l *lexer) sign(pos int) token {
	second := byte(0)
	if pos+1 < len(l.text) {
		second = l.text[pos+1]
	}
	one := func(kind tokenKind) token { return token{kind, pos, pos + 1} }
	two := func(kind tokenKind) token { return token{kind, pos, pos + 2} }
	switch l.text[pos] {
	case '(':
		return one(tokenOpen)
	case ')':
		return one(tokenClose)
	case '[':
		return one(tokenLeft)
	case ']':
		return one(tokenRight)
	case '.':
		return one(tokenDot)
	case ',':
		return one(tokenComma)
	case '+':
		return one(tokenPlus)
	case '-':
		return one(tokenMinus)
	case '=':
		return one(tokenEqual)
	case '<':
		switch second {
		case '=':
			return two(tokenLessEqual)
		case '>':
			return two(tokenNotEqual)
		}
		return one(tokenLess)
	case '>':
		if second == '=' {
			return two(tokenGreaterEqual)
		}
		return one(tokenGreater)
	case '?':
		if l.native {
			return one(tokenMark)
		}
	}
	_, size := utf8.DecodeRuneInString(l.text[pos:])
	return token{tokenOther, pos, pos + size}
}

// word returns the end of the letters, digits and underscores that go on at
// pos.
func (l *lexer) word(pos int) int {
	for pos < len(l.text) {
		switch c := l.text[pos]; {
		case isLetter(c), isDigit(c), c == '_':
			pos++
		case l.native && c >= utf8.RuneSelf:
			size := l.letter(pos)
			if size == 0 {
				return pos
			}
			pos += size
		default:
			return pos
		}
	}
	return pos
}

// letter returns the length of the underscore or letter at pos that native
// text has beyond AWS's grammar, 0 when there is none.
func (l *lexer) letter(pos int) int {
	if l.text[pos] == '_' {
		return 1
	}
	r, size := utf8.DecodeRuneInString(l.text[pos:])
	if r == utf8.RuneError || r < utf8.RuneSelf || !unicode.IsLetter(r) {
		return 0
	}
	return size
}

func isBlank(c byte) bool  { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }
