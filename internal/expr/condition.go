package expr

import (
	"slices"

	"github.com/statordb/stator/internal/itemcodec"
)

// Condition is a bound condition or filter. It is immutable.
type Condition struct {
	bound
}

// Condition parses and binds a condition; member names it in messages:
// ConditionMember or FilterMember.
func (b *Binder) Condition(member, text string) (*Condition, error) {
	t, err := b.parse(condition, member, text)
	if err != nil {
		return nil, err
	}
	b.use(t)
	if t.whole != nil {
		return t.whole.(*Condition), nil
	}
	c := new(Condition)
	if err := b.resolve(&c.bound, t); err != nil {
		return nil, err
	}
	if f := c.checkCondition(); f != nil {
		return nil, f.in(member)
	}
	return c, nil
}

func (b *bound) checkCondition() *fault {
	c := checker{bound: b}
	return c.check(b.tree.root)
}

// prebind binds a tree that has no placeholders, once for all requests.
func (t *tree) prebind() *fault {
	if len(t.names)+len(t.values) > 0 {
		return nil
	}
	switch t.kind {
	case condition:
		c := &Condition{bound{tree: t}}
		t.whole = c
		return c.checkCondition()
	case projection:
		p := &Projection{bound: bound{tree: t}}
		t.whole = p
		return p.prepare()
	}
	return nil
}

// Attributes returns the names of the top-level attributes that the condition
// reads, each once, in order of appearance.
func (c *Condition) Attributes() []string {
	var names []string
	for _, p := range c.tree.paths {
		if name := c.name(&p.steps[0]); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Documents returns the names of the top-level attributes that the condition
// looks into, with a path of more than one step. Key attributes are scalars,
// and a request that looks into one is refused.
func (c *Condition) Documents() []string { return c.documents(c.tree.paths) }

func (b *bound) documents(paths []*path) []string {
	var names []string
	for _, p := range paths {
		if name := b.name(&p.steps[0]); len(p.steps) > 1 && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Match reports whether doc fulfils the condition. An empty doc is an absent
// item. It allocates nothing.
func (c *Condition) Match(doc itemcodec.Item) bool { return c.match(c.tree.root, doc) }
