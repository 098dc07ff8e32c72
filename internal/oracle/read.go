package oracle

import (
	"cmp"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// maxPageBytes ends a page: the item that reaches it is the page's last.
const maxPageBytes = 1 << 20

// pageRead is a Query or a Scan.
type pageRead struct {
	m          *Model
	t          *table
	x          *index
	parts      []keyPart // of a Query
	start      attr.Item
	reverse    bool
	limit      *int32
	consistent *bool
	sel        *api.Select
	filter     *node
	projection [][]step
}

type page struct {
	items          []api.Attributes
	count, scanned int32
	last           attr.Item
	use            usage
}

// tableAndIndex finds what is read.
func (m *Model) tableAndIndex(q *pageRead, name, indexName *string) (err error) {
	if q.t, err = m.table(name); err != nil || indexName == nil {
		return err
	}
	if q.x = q.t.index(*indexName); q.x == nil {
		return invalid("The table does not have the specified index: %s", *indexName)
	}
	if !q.x.local && q.consistent != nil && *q.consistent {
		return invalid("Consistent reads are not supported on global secondary indexes")
	}
	return nil
}

// rows returns all rows of what is read, each as an item of the table or an
// entry of the index, in the order of the sort key.
func (q *pageRead) rows() []attr.Item {
	var out []attr.Item
	for _, item := range q.t.items {
		row := item
		if q.x != nil {
			var ok bool
			if row, ok = q.t.entry(q.x, item); !ok {
				continue
			}
		}
		if !slices.ContainsFunc(q.parts, func(p keyPart) bool { return !p.holds(row[p.name]) }) {
			out = append(out, row)
		}
	}
	slices.SortFunc(out, q.compare)
	if q.reverse {
		slices.Reverse(out)
	}
	return out
}

// compare orders rows by partition, sort key and, in an index, the table's key.
// The order of partitions and that of equal keys in an index are this model's own.
func (q *pageRead) compare(a, b attr.Item) int {
	hash, sort := q.t.schemaOf(q.x)
	for _, n := range slices.Concat(hash, sort, q.t.keys) {
		if order, _ := attr.Compare(a[n], b[n]); order != 0 {
			return order
		}
	}
	return 0
}

// page reads one page.
func (q *pageRead) page() page {
	var p page
	rowBytes, limitBytes, fetched := 0, 0, 0.0
	fetch := q.fetches()
	for _, row := range q.rows() {
		if q.start != nil {
			order := q.compare(row, q.start)
			if !q.reverse && order <= 0 || q.reverse && order >= 0 {
				continue
			}
		}
		p.scanned++
		rowBytes += row.Size()
		limitBytes += row.Size()
		item := row
		if fetch {
			item = q.t.items[q.t.id(row)]
			fetched += readUnits(item.Size(), q.consistent)
			limitBytes += item.Size()
		}
		filtered := item
		if q.x != nil && q.x.local {
			filtered = q.t.items[q.t.id(row)] // of a Scan; a Query's filter has no more than the entry
		}
		if q.m.seen(q.t, q.t.items[q.t.id(row)]) != nil && q.filter.holds(filtered) {
			p.count++
			if q.sel == nil || *q.sel != api.SelectCount {
				if q.projection != nil {
					item = pick(item, q.projection)
				}
				p.items = append(p.items, api.ItemOf(item))
			}
		}
		if q.limit != nil && p.scanned == *q.limit || limitBytes >= maxPageBytes {
			p.last = q.lastKey(row)
			break
		}
	}
	p.use = usage{table: readUnits(rowBytes, q.consistent)}
	if q.x != nil {
		p.use = usage{table: fetched, indexes: map[string]float64{q.x.name: p.use.table}}
	}
	return p
}

func (q *pageRead) lastKey(row attr.Item) attr.Item {
	key := q.t.key(row)
	if q.x != nil {
		for _, n := range q.x.keys() {
			key[n] = row[n]
		}
	}
	return key
}

// fetches reports whether base items are read too, for what a local index lacks.
func (q *pageRead) fetches() bool {
	if q.x == nil || *q.x.projection.ProjectionType == api.ProjectionTypeAll {
		return false
	}
	return q.sel != nil && *q.sel == api.SelectAllAttributes || len(q.lacking(q.projection)) > 0
}

// lacking returns the attributes of paths that the index does not project.
func (q *pageRead) lacking(paths [][]step) []string {
	var out []string
	for _, p := range paths {
		if !q.t.projects(q.x, p[0].name) && !slices.Contains(out, p[0].name) {
			out = append(out, p[0].name)
		}
	}
	return out
}

// checkSelect checks what an index can answer. A Query cannot filter on what the
// index lacks, also when it fetches items; the Scan of a local index filters the base item and answers the entry.
func (q *pageRead) checkSelect() error {
	if q.x == nil {
		return nil
	}
	filterLacks := q.lacking(q.filter.paths())
	errFilter := invalid("One or more parameter values were invalid: Secondary index %s does not project one or more filter attributes: %s", q.x.name, list(filterLacks))
	if q.x.local {
		if len(filterLacks) > 0 && q.parts != nil {
			return errFilter
		}
		return nil
	}
	if q.sel != nil && *q.sel == api.SelectAllAttributes && *q.x.projection.ProjectionType != api.ProjectionTypeAll {
		return invalid("One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", q.x.name)
	}
	if len(filterLacks) > 0 {
		return errFilter
	}
	if lacking := q.lacking(q.projection); len(lacking) > 0 {
		return invalid("One or more parameter values were invalid: Global secondary index %s does not project %s", q.x.name, list(lacking))
	}
	return nil
}

func list(names []string) string {
	var steps []step
	for _, n := range names {
		steps = append(steps, step{name: n})
	}
	return pathText(steps)
}

func (m *Model) query(in *api.QueryInput) (*api.QueryOutput, error) {
	q := pageRead{m: m, consistent: in.ConsistentRead, limit: in.Limit, sel: in.Select, start: canonicalItem(in.ExclusiveStartKey),
		reverse: in.ScanIndexForward != nil && !*in.ScanIndexForward}
	b := newBindings(in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	var err error
	if q.parts, err = b.keyCondition(in.KeyConditionExpression); err != nil {
		return nil, err
	}
	if err := q.bind(b, in.FilterExpression, in.ProjectionExpression); err != nil {
		return nil, err
	}
	if err := m.tableAndIndex(&q, in.TableName, in.IndexName); err != nil {
		return nil, err
	}
	// AWS mixes the two, attribute by attribute.
	if err := eitherOf(q.checkQueryStartShape(), q.t.checkParts(q.x, q.parts)); err != nil {
		return nil, err
	}
	if err := q.checkQueryStart(); err != nil {
		return nil, err
	}
	if err := q.t.checkPaths(slices.Concat(q.projection, q.filter.paths())); err != nil {
		return nil, err
	}
	hash, sort := q.t.schemaOf(q.x)
	for _, n := range slices.Concat(hash, sort) {
		for _, p := range q.filter.paths() {
			if p[0].name == n {
				return nil, invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", n)
			}
		}
	}
	if err := q.checkSelect(); err != nil {
		return nil, err
	}
	p := q.page()
	out := &api.QueryOutput{Items: p.items, LastEvaluatedKey: p.last, ConsumedCapacity: q.t.consumed(*in.TableName, in.ReturnConsumedCapacity, p.use)}
	out.Count, out.ScannedCount = p.count, p.scanned
	return out, nil
}

func (q *pageRead) bind(b *bindings, filter, projection *string) (err error) {
	if q.filter, err = b.condition("FilterExpression", filter); err != nil {
		return err
	}
	if q.projection, err = b.projection(projection); err != nil {
		return err
	}
	return b.unused()
}

func (m *Model) scan(in *api.ScanInput) (*api.ScanOutput, error) {
	q := pageRead{m: m, consistent: in.ConsistentRead, limit: in.Limit, sel: in.Select, start: canonicalItem(in.ExclusiveStartKey)}
	b := newBindings(in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err := q.bind(b, in.FilterExpression, in.ProjectionExpression); err != nil {
		return nil, err
	}
	if err := m.tableAndIndex(&q, in.TableName, in.IndexName); err != nil {
		return nil, err
	}
	if q.start != nil {
		switch fault := q.startFault(); {
		case fault == startNames && q.x != nil:
			return nil, invalid("The provided starting key is invalid")
		case fault != startFits:
			return nil, invalid("The provided starting key is invalid: The provided key element does not match the schema")
		}
	}
	if err := q.t.checkPaths(slices.Concat(q.projection, q.filter.paths())); err != nil {
		return nil, err
	}
	if err := q.checkSelect(); err != nil {
		return nil, err
	}
	// Segments cut the implementation's own order: here the first one has it all.
	p := page{use: usage{table: readUnits(0, q.consistent)}}
	if in.Segment == nil || *in.Segment == 0 {
		p = q.page()
	}
	out := &api.ScanOutput{Items: p.items, LastEvaluatedKey: p.last, ConsumedCapacity: q.t.consumed(*in.TableName, in.ReturnConsumedCapacity, p.use)}
	out.Count, out.ScannedCount = p.count, p.scanned
	return out, nil
}

// startFault tells how an ExclusiveStartKey does not fit what is read.
type startFault int

const (
	startFits startFault = iota
	startNames
	startType
	startBaseType
)

func (q *pageRead) startFault() startFault {
	names := slices.Clone(q.t.keys)
	if q.x != nil {
		for _, n := range q.x.keys() {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	if len(q.start) != len(names) || len(only(q.start, names)) != len(names) {
		return startNames
	}
	if q.x != nil {
		for _, n := range q.x.keys() {
			if q.start[n].Kind() != q.t.kinds[n] {
				return startType
			}
		}
	}
	for _, n := range q.t.keys {
		if q.start[n].Kind() != q.t.kinds[n] {
			if q.x != nil {
				return startBaseType
			}
			return startType
		}
	}
	return startFits
}

func (q *pageRead) checkQueryStartShape() error {
	if q.start == nil {
		return nil
	}
	switch q.startFault() {
	case startNames:
		return invalid("The provided starting key is invalid")
	case startType:
		return errKeySchema
	case startBaseType:
		return invalid("The provided starting key is invalid: The provided key element does not match the schema")
	}
	return nil
}

// checkQueryStart checks an ExclusiveStartKey against the key condition.
func (q *pageRead) checkQueryStart() error {
	if q.start == nil {
		return nil
	}
	hash, _ := q.t.schemaOf(q.x)
	sameHash, inRange := true, true
	for _, p := range q.parts {
		if p.holds(q.start[p.name]) {
			continue
		}
		if slices.Contains(hash, p.name) {
			sameHash = false
		} else {
			inRange = false
		}
	}
	switch {
	case cmp.Compare(len(q.parts), len(hash)) == 0 && !sameHash:
		return invalid("The provided starting key is outside query boundaries based on provided conditions")
	case !inRange:
		return invalid("The provided starting key does not match the range key predicate")
	case !sameHash:
		return invalid("The query can return at most one row and cannot be restarted")
	}
	return nil
}
