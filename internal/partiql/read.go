package partiql

import (
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// Reads is a SELECT as requests, to be carried out in order until the page is full.
type Reads struct {
	// Requests are a Scan, or GetItem and Query requests for distinct ranges of keys.
	Requests []api.Request

	columns []column // nil: the items stay as they are
}

// Reads translates a SELECT whose source has the given keys. The requests have
// neither Limit nor start keys, nor ask for capacity.
func (b *Bound) Reads(src Source, consistent *bool) (*Reads, error) {
	if err := b.s.checkColumns(); err != nil {
		return nil, err
	}
	branches, err := b.plan(src)
	if err != nil {
		return nil, err
	}
	descending, err := b.order(src, branches)
	if err != nil {
		return nil, err
	}
	reads := &Reads{}
	if b.s.reshapes() {
		reads.columns = b.s.columns
	}
	if branches == nil {
		reads.Requests = []api.Request{b.scan(consistent)}
		return reads, nil
	}
	p := planner{Bound: b, src: src}
	for _, r := range branches {
		reads.Requests = append(reads.Requests, p.read(r, descending, consistent))
	}
	return reads, nil
}

// Shape returns what a SELECT answers of an item that was read: its columns,
// a nested one under its last name.
func (r *Reads) Shape(a api.Attributes) (api.Attributes, error) {
	if r.columns == nil || a.IsZero() {
		return a, nil
	}
	item, err := a.Item()
	if err != nil {
		return a, err
	}
	out := make(attr.Item, len(r.columns))
	for _, c := range r.columns {
		if v, ok := lookup(item, c.n.path); ok {
			out[c.name] = v
		}
	}
	return api.ItemOf(out), nil
}

func lookup(item attr.Item, p path) (attr.Value, bool) {
	v, ok := item[p[0].name]
	for _, s := range p[1:] {
		switch {
		case !ok:
			return v, false
		case s.name != "":
			if v.Kind() != attr.Map {
				return v, false
			}
			v, ok = v.Map()[s.name]
		default:
			list := v.List()
			if v.Kind() != attr.List || s.index >= len(list) {
				return v, false
			}
			v = list[s.index]
		}
	}
	return v, ok
}

// checkColumns judges a SELECT's list. The service does so when it knows the table.
func (s *Statement) checkColumns() error {
	seen := make(map[string]bool, len(s.columns))
	for _, c := range s.columns {
		if c.n.op != opPath {
			return invalid("Unexpected path component%s", c.n.at(s.text))
		}
		if seen[c.name] {
			return invalid("Duplicate identifiers in select clause: %s", c.name)
		}
		seen[c.name] = true
	}
	return nil
}

// reshapes reports whether a column is nested, so that the answer's items are
// not parts of the items that were read.
func (s *Statement) reshapes() bool {
	return slices.ContainsFunc(s.columns, func(c column) bool { return len(c.n.path) > 1 })
}

// projection returns the ProjectionExpression of a SELECT's list: the
// top-level attributes in it. nil is all attributes.
func (b *builder) projection() *string {
	if b.s.columns == nil {
		return nil
	}
	var names []string
	for _, c := range b.s.columns {
		if name := b.name(c.n.path[0].name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return new(strings.Join(names, ", "))
}

func (b *Bound) scan(consistent *bool) *api.ScanInput {
	x := builder{Bound: b}
	in := &api.ScanInput{TableName: &b.s.table, ConsistentRead: consistent, ProjectionExpression: x.projection()}
	if b.s.index != "" {
		in.IndexName = &b.s.index
	}
	if b.s.where != nil {
		in.FilterExpression = new(x.condition(b.s.where))
	}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = x.names, x.values
	return in
}

// read returns the request for one range: a GetItem where it is one item of a table.
func (p *planner) read(r branch, descending bool, consistent *bool) api.Request {
	hash, _ := p.value(r.hash)
	sort, rest := p.narrow(r.sort)
	rest = append(slices.Clone(rest), r.rest...)
	if key, ok := p.wholeKey(hash, sort); ok && len(rest) == 0 && p.s.index == "" {
		x := builder{Bound: p.Bound}
		in := &api.GetItemInput{TableName: &p.s.table, Key: key, ConsistentRead: consistent, ProjectionExpression: x.projection()}
		in.ExpressionAttributeNames = x.names
		return in
	}
	x := builder{Bound: p.Bound}
	condition := x.name(p.src.Hash.Name) + " = " + x.literal(hash)
	if sort != nil {
		condition += " AND " + x.condition(sort)
	}
	in := &api.QueryInput{TableName: &p.s.table, KeyConditionExpression: &condition, ConsistentRead: consistent,
		ProjectionExpression: x.projection()}
	if p.s.index != "" {
		in.IndexName = &p.s.index
	}
	if len(rest) > 0 {
		in.FilterExpression = new(x.all(rest))
	}
	if descending {
		in.ScanIndexForward = new(false)
	}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = x.names, x.values
	return in
}

// wholeKey returns the primary key that a range is, if it is one key.
func (p *planner) wholeKey(hash attr.Value, sort *node) (attr.Item, bool) {
	key := attr.Item{p.src.Hash.Name: hash}
	if p.src.Sort.Name == "" {
		return key, true
	}
	if sort == nil || sort.op != opCompare || sort.text != "=" {
		return nil, false
	}
	key[p.src.Sort.Name], _ = p.value(sort.args[1])
	return key, true
}

// order puts the branches in the order that ORDER BY asks for, and reports
// whether the sort keys descend.
func (b *Bound) order(src Source, branches []branch) (descending bool, err error) {
	if b.s.order == nil {
		return false, nil
	}
	if b.s.where == nil {
		return false, invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
	}
	var byHash, hashDescends bool
	for _, term := range b.s.order {
		switch term.name {
		case src.Hash.Name:
			byHash, hashDescends = true, term.desc
		case src.Sort.Name:
			descending = term.desc
		default:
			return false, invalid("Variable reference %s in ORDER BY clause must be part of the primary key", term.name)
		}
	}
	if branches == nil {
		return false, invalid("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")
	}
	hash := func(i int) attr.Value { v, _ := b.value(branches[i].hash); return v }
	if !byHash {
		for i := range branches {
			if !hash(i).Equal(hash(0)) {
				return false, invalid("Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.")
			}
		}
	}
	if descending {
		slices.Reverse(branches) // those of one partition; the partitions are put in order next
	}
	if byHash {
		slices.SortStableFunc(branches, func(x, y branch) int {
			v, _ := b.value(x.hash)
			w, _ := b.value(y.hash)
			order, _ := attr.Compare(v, w)
			if hashDescends {
				return -order
			}
			return order
		})
	}
	return descending, nil
}
