package partiql

import (
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// Key is an attribute of a primary key or of an index's key.
type Key struct {
	Name string
	Kind attr.Kind
}

// Source is the key schema of the table that a statement names, or of the
// index: a partition key, and a sort key whose Name is "" when there is none.
type Source struct{ Hash, Sort Key }

const (
	// maxBranches bounds how many ranges of keys one statement reads.
	maxBranches = 100

	// maxHashValues is how many partitions an IN can name.
	//
	// Source: Amazon DynamoDB Developer Guide, "PartiQL arithmetic, comparison, and logical operators for DynamoDB".
	maxHashValues = 50
)

const faultOverlap = "Overlapping conditions with range keys are not supported in where clause"

// branch is one range of keys that a WHERE selects, and what else must hold in it.
type branch struct {
	hash    *node   // the value of the partition key; nil: all of them
	sort    []*node // conditions on the sort key that a key condition can have
	rest    []*node // all others
	negated bool    // rest has a negated condition on the sort key
}

// plan finds the ranges of keys that WHERE selects, in the order in which they are
// read; nil when it selects no partitions, and all items must be looked at.
func (b *Bound) plan(src Source) ([]branch, error) {
	p := planner{Bound: b, src: src}
	where := b.s.where
	if where == nil {
		return nil, nil
	}
	list, ok := p.expand(where)
	if !ok {
		return nil, p.err
	}
	for _, r := range list {
		if r.hash == nil {
			return nil, nil
		}
	}
	for i := range list {
		if err := p.checkTypes(&list[i]); err != nil {
			return nil, err
		}
	}
	return p.merge(list)
}

type planner struct {
	*Bound
	src Source
	err error
}

// expand returns the ranges that n selects. It is false when p.err is set.
func (p *planner) expand(n *node) ([]branch, bool) {
	switch n.op {
	case opAnd:
		list := []branch{{}}
		for _, arg := range n.args {
			next, ok := p.expand(arg)
			if !ok {
				return nil, false
			}
			if len(list)*len(next) > maxBranches {
				if next, ok = p.asFilter(arg); !ok {
					return nil, false
				}
			}
			list = p.cross(list, next)
		}
		return list, true
	case opOr:
		if !p.mentionsKey(n) {
			break
		}
		var list []branch
		for _, arg := range n.args {
			next, ok := p.expand(arg)
			if !ok {
				return nil, false
			}
			if list = append(list, next...); len(list) > maxBranches {
				return p.asFilter(n)
			}
		}
		return list, true
	case opCompare, opBetween, opIn, opCall:
		if list := p.keyed(n); list != nil || p.err != nil {
			return list, p.err == nil
		}
	}
	return []branch{{rest: []*node{n}, negated: p.isNegated(n)}}, true
}

// asFilter leaves n, which is too many ranges, to a filter. Where it names
// partitions that would be a scan in silence, and is refused.
func (p *planner) asFilter(n *node) ([]branch, bool) {
	if p.mentions(n, p.src.Hash.Name) {
		p.err = invalid("Too many conditions on the key in the where clause; at most %d ranges of keys can be read", maxBranches)
		return nil, false
	}
	return []branch{{rest: []*node{n}, negated: p.isNegated(n)}}, true
}

// mentions reports whether n has a condition on an attribute.
func (p *planner) mentions(n *node, name string) bool {
	if n.op == opPath {
		return n.path.is(name)
	}
	return slices.ContainsFunc(n.args, func(arg *node) bool { return p.mentions(arg, name) })
}

// cross joins each range of list with each of next.
func (p *planner) cross(list, next []branch) []branch {
	out := make([]branch, 0, len(list)*len(next))
	for _, l := range list {
		for _, r := range next {
			joined := branch{hash: l.hash, negated: l.negated || r.negated,
				sort: slices.Concat(l.sort, r.sort), rest: slices.Concat(l.rest, r.rest)}
			switch {
			case l.hash == nil:
				joined.hash = r.hash
			case r.hash != nil && !p.equal(l.hash, r.hash):
				joined.rest = append(joined.rest, p.equality(p.src.Hash.Name, r.hash))
			}
			out = append(out, joined)
		}
	}
	return out
}

func (p *planner) equal(a, b *node) bool {
	v, _ := p.value(a)
	w, _ := p.value(b)
	return v.Equal(w)
}

func (p *planner) equality(name string, value *node) *node {
	return &node{op: opCompare, text: "=", args: []*node{{op: opPath, path: path{{name: name}}}, value}}
}

// mentionsKey reports whether n has a condition on an attribute of the key.
func (p *planner) mentionsKey(n *node) bool {
	return p.mentions(n, p.src.Hash.Name) || p.mentionsSort(n)
}

func (p *planner) mentionsSort(n *node) bool {
	return p.src.Sort.Name != "" && p.mentions(n, p.src.Sort.Name)
}

func (p *planner) isSort(n *node) bool {
	return n.op == opPath && p.src.Sort.Name != "" && n.path.is(p.src.Sort.Name)
}

// isNegated reports whether n negates a condition on the sort key. The
// service does not refuse that such a range overlaps another.
func (p *planner) isNegated(n *node) bool {
	switch n.op {
	case opNot:
		return p.mentionsSort(n)
	case opCompare:
		return n.text == "<>" && (p.isSort(n.args[0]) || p.isSort(n.args[1]))
	}
	return false
}

// keyed returns the ranges that a condition on the key selects, nil when n is
// none that a range of keys can be made of.
func (p *planner) keyed(n *node) []branch {
	switch n.op {
	case opCompare:
		left, right, text := n.args[0], n.args[1], n.text
		if _, ok := p.value(left); ok {
			left, right, text = right, left, flipped(text)
		}
		if _, ok := p.value(right); !ok || left.op != opPath || text == "<>" {
			return nil
		}
		if left.path.is(p.src.Hash.Name) && text == "=" {
			return []branch{{hash: right}}
		}
		if p.isSort(left) {
			return []branch{{sort: []*node{{op: opCompare, text: text, args: []*node{left, right}, span: n.span}}}}
		}
	case opBetween:
		if p.isSort(n.args[0]) && p.areValues(n.args[1:]) {
			return []branch{{sort: []*node{n}}}
		}
	case opCall:
		if n.text == "begins_with" && p.isSort(n.args[0]) && p.areValues(n.args[1:]) {
			return []branch{{sort: []*node{n}}}
		}
	case opIn:
		return p.keyedIn(n)
	}
	return nil
}

func (p *planner) keyedIn(n *node) []branch {
	left, values := n.args[0], n.args[1].args
	if left.op != opPath || !p.areValues(values) {
		return nil
	}
	isHash := left.path.is(p.src.Hash.Name)
	if !isHash && !p.isSort(left) {
		return nil
	}
	most := maxBranches
	if isHash {
		most = maxHashValues
	}
	if len(values) > most {
		p.err = invalid("The IN operator is provided with too many operands; number of operands: %d", len(values))
		return nil
	}
	list := make([]branch, len(values))
	for i, v := range values {
		if isHash {
			list[i].hash = v
		} else {
			list[i].sort = []*node{p.equality(p.src.Sort.Name, v)}
		}
	}
	return list
}

func (p *planner) areValues(list []*node) bool {
	return !slices.ContainsFunc(list, func(n *node) bool { _, ok := p.value(n); return !ok })
}

func flipped(operator string) string {
	switch operator {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return operator
}

// checkTypes refuses values that no key can have.
func (p *planner) checkTypes(r *branch) error {
	if err := p.checkType(p.src.Hash, r.hash); err != nil {
		return err
	}
	for _, n := range r.sort {
		for _, arg := range n.args[1:] {
			if err := p.checkType(p.src.Sort, arg); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Bound) checkType(k Key, n *node) error {
	if v, _ := b.value(n); v.Kind() != k.Kind {
		return invalid("Key attribute's data type should match its data type in table's schema: Key %s", k.Name)
	}
	return nil
}

// merge puts the ranges of one partition next to each other, in the order of
// their sort keys, and refuses those that overlap. Where the service allows that
// for a negated condition, the ranges become one, so that no item is found twice.
func (p *planner) merge(list []branch) ([]branch, error) {
	if len(list) == 1 {
		return list, nil
	}
	var out []branch
	done := make([]bool, len(list))
	for i, r := range list {
		if done[i] {
			continue
		}
		var same []branch
		for j := i; j < len(list); j++ {
			if !done[j] && p.equal(r.hash, list[j].hash) {
				done[j] = true
				same = append(same, list[j])
			}
		}
		same, err := p.mergePartition(same)
		if err != nil {
			return nil, err
		}
		out = append(out, same...)
	}
	return out, nil
}

func (p *planner) mergePartition(same []branch) ([]branch, error) {
	if len(same) == 1 {
		return same, nil
	}
	ranges := make([]keyRange, len(same))
	negated := false
	for i, r := range same {
		ranges[i] = p.rangeOf(r)
		negated = negated || r.negated
	}
	overlap := false
	for i := range same {
		for j := range i {
			if ranges[i].overlaps(ranges[j]) {
				if overlap = true; !same[i].negated && !same[j].negated {
					return nil, api.Validation(faultOverlap)
				}
			}
		}
	}
	if !overlap {
		order := make([]int, len(same))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return ranges[i].compareLow(ranges[j]) })
		sorted := make([]branch, len(same))
		for i, j := range order {
			sorted[i] = same[j]
		}
		return sorted, nil
	}
	any := &node{op: opOr, text: "or"}
	for _, r := range same {
		all := &node{op: opAnd, text: "and", args: slices.Concat(r.sort, r.rest)}
		switch len(all.args) {
		case 0: // the whole partition
			return []branch{{hash: same[0].hash}}, nil
		case 1:
			all = all.args[0]
		}
		any.args = append(any.args, all)
	}
	return []branch{{hash: same[0].hash, rest: []*node{any}, negated: negated}}, nil
}
