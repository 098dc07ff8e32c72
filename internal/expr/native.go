package expr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Member is the member of a request that a native text is for. It says by
// which grammar the text is read and how its placeholders begin, so that those
// of several texts in one request do not clash.
type Member uint8

// The members, and the letter that the placeholders of each begin with.
const (
	NativeCondition    Member = iota // c: #c0, :c0
	NativeFilter                     // f
	NativeKeyCondition               // k
	NativeProjection                 // p
	NativeUpdate                     // u
)

func (m Member) letter() byte { return "cfkpu"[m] }

func (m Member) kind() kind {
	switch m {
	case NativeProjection:
		return projection
	case NativeUpdate:
		return update
	}
	return condition
}

// Native is a native text in AWS's own form. It is shared and must not be changed.
type Native struct {
	// Text has a placeholder for every attribute name and argument.
	Text string

	// Names are the attribute names by placeholder; nil when there are none.
	Names map[string]string

	// Values are the placeholders of the arguments, in order.
	Values []string

	// Args is how many arguments the text takes: the length of Values.
	Args int
}

// Translate turns native text into AWS's form. Native text has AWS's grammar
// with these differences: "?" stands for an argument; names need no
// placeholder, even if they are reserved words, start with an underscore or have letters
// beyond ASCII. The words of the grammar (AND, OR, NOT, IN, BETWEEN, SET,
// REMOVE, ADD, DELETE, in any case) are no names, and a name before a
// parenthesis is a function. Placeholders in the text, #n and :v, stay as they
// are, and are the caller's to define.
//
// An error says what stands where. What depends on names, values or functions
// is not looked at: the request is checked as a whole later.
func Translate(m Member, text string) (Native, error) {
	if strings.TrimLeft(text, " \t\r\n") == "" {
		return Native{}, errorf("empty expression")
	}
	p := &parser{lexer: lexer{text: text, native: true}, tree: &tree{kind: m.kind()}}
	p.run(m.kind())
	if p.err != nil {
		return Native{}, p.explain()
	}
	w := &writer{lexer: p.lexer, letter: m.letter(), taken: slices.Concat(p.tree.names, p.tree.values)}
	return w.write(), nil
}

// explain says what is wrong with native text at the current token.
func (p *parser) explain() error {
	at := p.tok.start
	line := strings.Count(p.text[:at], "\n")
	where := fmt.Sprintf("position %d", at+1)
	if line > 0 {
		where = fmt.Sprintf("line %d, position %d", line+1, at-strings.LastIndexByte(p.text[:at], '\n'))
	}
	what := "unexpected end"
	if p.tok.kind != tokenEOF {
		what = fmt.Sprintf("unexpected %q", p.textOf(p.tok))
	}
	hint := ""
	switch c := p.first(); {
	case c == '"' || c == '\'' || p.tok.kind == tokenIndex && !p.after(tokenLeft):
		hint = "; values are passed as arguments, with ? in the text"
	case p.tok.kind >= tokenAnd && p.tok.kind <= tokenDelete:
		hint = "; an attribute that is called as a word of the grammar needs a placeholder, #name"
	}
	return errorf("%s at %s of %q%s", what, where, p.text, hint)
}

// first returns the first byte of the current token, 0 at the end.
func (p *parser) first() byte {
	if p.tok.start < len(p.text) {
		return p.text[p.tok.start]
	}
	return 0
}

func (p *parser) after(kind tokenKind) bool { return p.any && p.prev.kind == kind }

// writer copies a text that has been read, with placeholders in place of names
// and question marks.
type writer struct {
	lexer
	letter byte
	taken  []string // placeholders that stand in the text
	names  []string // in order of first appearance
	native Native
	nameNo int
	argNo  int
}

func (w *writer) write() Native {
	var out strings.Builder
	copied := 0
	placed := make([]string, 0, 8) // placeholders of names
	for tok := w.next(0); tok.kind != tokenEOF; {
		following := w.next(tok.end)
		placeholder := ""
		switch tok.kind {
		case tokenMark:
			placeholder = w.free(':', &w.argNo)
			w.native.Values = append(w.native.Values, placeholder)
		case tokenName:
			if following.kind == tokenOpen {
				break
			}
			name := w.text[tok.start:tok.end]
			i := slices.Index(w.names, name)
			if i < 0 {
				i = len(w.names)
				w.names = append(w.names, strings.Clone(name))
				placed = append(placed, w.free('#', &w.nameNo))
			}
			placeholder = placed[i]
		}
		if placeholder != "" {
			out.WriteString(w.text[copied:tok.start])
			out.WriteString(placeholder)
			copied = tok.end
			if following.start == tok.end && (following.kind == tokenName || following.kind >= tokenAnd && following.kind <= tokenDelete) {
				out.WriteByte(' ') // "a<?AND b": the word would become a part of the placeholder
			}
		}
		tok = following
	}
	out.WriteString(w.text[copied:])
	w.native.Text = out.String()
	w.native.Args = len(w.native.Values)
	if len(w.names) > 0 {
		w.native.Names = make(map[string]string, len(w.names))
		for i, name := range w.names {
			w.native.Names[placed[i]] = name
		}
	}
	return w.native
}

// free returns the next placeholder that does not stand in the text already.
func (w *writer) free(sign byte, no *int) string {
	for {
		placeholder := string([]byte{sign, w.letter}) + strconv.Itoa(*no)
		*no++
		if !slices.Contains(w.taken, placeholder) {
			return placeholder
		}
	}
}
