package expr

// tokenKind is the kind of a lexical token.
type tokenKind uint8

const (
	tokenEOF   tokenKind = iota
	tokenOther           // a character that no token starts with
	tokenName            // abc_1
	tokenHash            // #abc
	tokenColon           // :abc
	tokenIndex           // 0, 12
	tokenOpen            // (
	tokenClose           // )
	tokenLeft            // [
	tokenRight           // ]
	tokenDot
	tokenComma
	tokenPlus
	tokenMinus
	tokenEqual
	tokenNotEqual
	tokenLess
	tokenLessEqual
	tokenGreater
	tokenGreaterEqual
	tokenAnd
	tokenOr
	tokenNot
	tokenIn
	tokenBetween
	tokenSet
	tokenRemove
	tokenAdd
	tokenDelete
	tokenMark // ?, in native text only
)

// token is a token and the bytes of the text that it is.
type token struct {
	kind       tokenKind
	start, end int
}

// keyword returns the kind of a name that is a word of the grammar, in any
// case; tokenName for every other. All words are reserved in every kind of
// expression: "set" is no attribute name in a condition.
func keyword(name string) tokenKind {
	switch len(name) {
	case 2:
		switch {
		case equalFold(name, "OR"):
			return tokenOr
		case equalFold(name, "IN"):
			return tokenIn
		}
	case 3:
		switch {
		case equalFold(name, "AND"):
			return tokenAnd
		case equalFold(name, "NOT"):
			return tokenNot
		case equalFold(name, "SET"):
			return tokenSet
		case equalFold(name, "ADD"):
			return tokenAdd
		}
	case 6:
		switch {
		case equalFold(name, "REMOVE"):
			return tokenRemove
		case equalFold(name, "DELETE"):
			return tokenDelete
		}
	case 7:
		if equalFold(name, "BETWEEN") {
			return tokenBetween
		}
	}
	return tokenName
}

// equalFold compares ASCII letters; upper is in upper case and as long as s.
func equalFold(s, upper string) bool {
	for i := range len(upper) {
		c := s[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}
