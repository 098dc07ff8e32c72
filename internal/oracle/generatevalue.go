package oracle

import (
	"slices"
	"strings"

	"github.com/statordb/stator/attr"
)

// documentAttributes are the names of attributes that no key uses.
var documentAttributes = [...]string{"m", "l", "n", "s", "t", "big", "exp"}

func (g *generator) text() string {
	return choose(g, "a", "b", "ab", "abc", "", "ä", "z\x00", "a\x00b", "😀", "A", "b\xc3\xbf")
}

func (g *generator) number() string {
	return choose(g, "0", "1", "2", "3", "-1", "-2", "10", "1.5", "-0", "1.0", "1e1", "0.5", "-1.5", "100", "2.50",
		"1E-130", "-1E-130", "9.9999999999999999999999999999999999999E+125", "-9.9999999999999999999999999999999999999E+125",
		"12345678901234567890123456789012345678", "0.00001", "1e125", "99999999999999999999999999999999999999")
}

// keyValue returns a value for a key attribute from a small space, so that things meet.
func (g *generator) keyValue(k attr.Kind) attr.Value {
	switch k {
	case attr.Number:
		if g.one(4) {
			return attr.N(g.number())
		}
		return attr.N(choose(g, "0", "1", "2", "3", "-1", "1.0", "10"))
	case attr.Binary:
		return attr.B([]byte(choose(g, "a", "b", "ab", "\x00", "\xff", "a\x00", "\xff\xff")))
	}
	return attr.S(choose(g, "a", "b", "ab", "abc", "c", "a\x00", "ä"))
}

func (g *generator) scalar() attr.Value {
	switch g.r.IntN(7) {
	case 0, 1:
		return attr.S(g.text())
	case 2, 3:
		return attr.N(g.number())
	case 4:
		return attr.B([]byte(g.text()))
	case 5:
		return attr.BOOL(g.one(2))
	}
	return attr.NULL()
}

func (g *generator) set() attr.Value {
	n := 1 + g.r.IntN(3)
	switch g.r.IntN(3) {
	case 0:
		return attr.SS(few(g, n, "a", "b", "c", "", "ab")...)
	case 1:
		return attr.NS(few(g, n, "1", "2", "3.0", "-1", "10", "1e-5", "2e2")...)
	}
	return attr.BS(few(g, n, []byte("a"), []byte("b"), []byte{0}, []byte("\xff"))...)
}

// value returns any value, nested to depth.
func (g *generator) value(depth int) attr.Value {
	switch n := g.r.IntN(10); {
	case n < 5 || depth == 0:
		return g.scalar()
	case n < 7:
		return g.set()
	case n < 8:
		return attr.L(g.values(depth)...)
	}
	return attr.M(g.document(depth))
}

func (g *generator) values(depth int) []attr.Value {
	out := make([]attr.Value, g.r.IntN(4))
	for i := range out {
		out[i] = g.value(depth - 1)
	}
	return out
}

func (g *generator) document(depth int) attr.Item {
	out := attr.Item{}
	for _, n := range few(g, g.r.IntN(4), "x", "y", "z", "n") {
		out[n] = g.value(depth - 1)
	}
	return out
}

// attribute returns a value for an attribute of a table, mostly one that suits it.
func (g *generator) attribute(t *plan, name string) attr.Value {
	if k, ok := t.kinds[name]; ok && !g.one(60) {
		return g.keyValue(k)
	}
	if g.one(8) {
		return g.value(3)
	}
	switch name {
	case "m":
		return attr.M(g.document(3))
	case "l":
		return attr.L(g.values(3)...)
	case "n":
		return attr.N(g.number())
	case "s":
		return attr.S(g.text())
	case "t":
		return g.set()
	case "big":
		return g.big()
	case "exp":
		return g.expiry()
	}
	return g.value(2)
}

// big returns a text of a few bytes, seldom one of many.
func (g *generator) big() attr.Value {
	size := g.r.IntN(100)
	switch {
	case g.one(300):
		size = choose(g, 100<<10, 300<<10, 400<<10-200, 400<<10)
	case g.one(5):
		size = choose(g, 900, 1000, 1024, 2000, 4000, 5000, 9000)
	}
	return attr.S(strings.Repeat("x", size))
}

func (g *generator) key(t *plan) attr.Item {
	out := attr.Item{}
	for _, n := range t.keys {
		out[n] = g.keyValue(t.kinds[n])
	}
	switch {
	case g.one(150):
		n := choose(g, t.keys...)
		out[n] = g.scalar()
	case g.one(300):
		out["extra"] = attr.S("x")
	case g.one(300):
		delete(out, choose(g, t.keys...))
	}
	return out
}

func (g *generator) item(t *plan) attr.Item {
	out := g.key(t)
	for _, n := range few(g, g.r.IntN(7), slices.Concat(keyAttributes[2:], documentAttributes[:])...) {
		out[n] = g.attribute(t, n)
	}
	if t.expiry == "n" && g.one(4) {
		out["n"] = g.expiry()
	}
	return out
}
