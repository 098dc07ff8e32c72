package engine

import (
	"context"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/partiql"
)

// selectStatement reads one page of a SELECT: its requests one after the other,
// until the page is full.
func (e *Engine) selectStatement(ctx context.Context, in *api.ExecuteStatementInput, b *partiql.Bound) (*api.ExecuteStatementOutput, error) {
	s := b.Statement()
	t, err := e.statementTable(s)
	if err != nil {
		return nil, err
	}
	x, err := t.statementIndex(s.Index(), in.ConsistentRead)
	if err != nil {
		return nil, err
	}
	reads, err := b.Reads(t.source(x), in.ConsistentRead)
	if err != nil {
		return nil, err
	}
	at, err := openStatementToken(in)
	if err != nil {
		return nil, err
	}
	if at.request >= len(reads.Requests) {
		return nil, errStatementToken()
	}
	p := statementPage{e: e, consistent: isTrue(in.ConsistentRead), left: -1}
	if in.Limit != nil {
		p.left = int(*in.Limit)
	}
	if err := p.read(ctx, reads.Requests, at); err != nil {
		return nil, statementError(err)
	}
	out := &api.ExecuteStatementOutput{Items: make([]api.Attributes, len(p.items)), LastEvaluatedKey: p.next.start}
	for i, item := range p.items {
		if out.Items[i], err = reads.Shape(item); err != nil {
			return nil, err
		}
	}
	if p.more {
		if out.NextToken, err = sealStatementToken(in, p.next); err != nil {
			return nil, err
		}
	}
	out.ConsumedCapacity = p.consumed(in.ReturnConsumedCapacity)
	return out, nil
}

// statementIndex returns the index that a SELECT reads, nil for the table itself.
func (t *table) statementIndex(name string, consistent *bool) (*index, error) {
	if name == "" {
		return nil, nil
	}
	x := t.index(name)
	switch {
	case x == nil:
		return nil, api.Validation("The table does not have the specified index")
	case len(x.hash) > 1 || len(x.sort) > 1:
		return nil, api.Validation("PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys.")
	case !x.local && isTrue(consistent):
		return nil, api.Validation("Strongly consistent read is not supported on Global Secondary Indexes")
	}
	return x, nil
}

// statementPosition is where a page of a SELECT begins: a request, and where
// in it; a nil start is its beginning.
type statementPosition struct {
	request int
	start   attr.Item
}

// statementPage is a page of a SELECT being read.
type statementPage struct {
	e          *Engine
	consistent bool
	left       int // items that may still be evaluated; negative: any number

	items []api.Attributes
	used  *api.ConsumedCapacity
	next  statementPosition
	more  bool // next is where there may be more
}

func (p *statementPage) read(ctx context.Context, requests []api.Request, at statementPosition) error {
	for i := at.request; i < len(requests); i++ {
		if p.left == 0 || p.isFull() {
			p.next, p.more = statementPosition{request: i}, true
			return nil
		}
		last, err := p.readOne(ctx, requests[i], at.start)
		if err != nil {
			return err
		}
		if last != nil {
			p.next, p.more = statementPosition{i, last}, true
			return nil
		}
		at.start = nil
	}
	return nil
}

// isFull reports whether what was read so far is a whole page.
func (p *statementPage) isFull() bool {
	if p.used == nil {
		return false
	}
	unitBytes := 2 * readUnitBytes
	if p.consistent {
		unitBytes = readUnitBytes
	}
	return *p.used.CapacityUnits*float64(unitBytes) >= maxPageBytes
}

// readOne carries out one request, and returns where it has to go on.
func (p *statementPage) readOne(ctx context.Context, in api.Request, start attr.Item) (last attr.Item, err error) {
	level := new(api.ReturnConsumedCapacityIndexes)
	switch in := in.(type) {
	case *api.GetItemInput:
		if start != nil {
			return nil, errStatementToken()
		}
		in.ReturnConsumedCapacity = level
		if err := in.Validate(); err != nil {
			return nil, err
		}
		out, err := p.e.getItem(ctx, in)
		if err != nil {
			return nil, err
		}
		if !out.Item.IsZero() {
			p.items = append(p.items, out.Item)
			p.evaluated(1)
		}
		p.charge(out.ConsumedCapacity)
	case *api.QueryInput:
		in.ExclusiveStartKey, in.Limit, in.ReturnConsumedCapacity = start, p.limit(), level
		if err := in.Validate(); err != nil {
			return nil, err
		}
		out, err := p.e.queryStatement(ctx, in)
		if err != nil {
			return nil, err
		}
		p.items = append(p.items, out.Items...)
		p.evaluated(int(out.ScannedCount))
		p.charge(out.ConsumedCapacity)
		last = out.LastEvaluatedKey
	case *api.ScanInput:
		in.ExclusiveStartKey, in.Limit, in.ReturnConsumedCapacity = start, p.limit(), level
		if err := in.Validate(); err != nil {
			return nil, err
		}
		out, err := p.e.scan(ctx, in)
		if err != nil {
			return nil, err
		}
		p.items = out.Items
		p.evaluated(int(out.ScannedCount))
		p.charge(out.ConsumedCapacity)
		last = out.LastEvaluatedKey
	}
	return last, nil
}

// queryStatement is a Query whose filter may name attributes of the key: a
// statement can say more of them than one key condition does.
func (e *Engine) queryStatement(ctx context.Context, in *api.QueryInput) (out *api.QueryOutput, err error) {
	x, err := e.bind(expressionTexts{keyCondition: in.KeyConditionExpression, filter: in.FilterExpression,
		projection: in.ProjectionExpression, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues})
	if err != nil {
		return nil, err
	}
	x.keyFilter = true
	err = e.prepared(ctx, func() error {
		out, err = e.queryPage(ctx, in, x)
		return err
	})
	return out, err
}

func (p *statementPage) limit() *int32 {
	if p.left < 0 {
		return nil
	}
	return new(int32(p.left))
}

func (p *statementPage) evaluated(n int) {
	if p.left >= 0 {
		p.left = max(0, p.left-n)
	}
}

// charge adds the capacity of one request to that of the page.
func (p *statementPage) charge(c *api.ConsumedCapacity) {
	if p.used == nil {
		p.used = c
		return
	}
	addConsumed(p.used, c)
}

func (p *statementPage) consumed(level *api.ReturnConsumedCapacity) *api.ConsumedCapacity {
	if level == nil || *level == api.ReturnConsumedCapacityNone || p.used == nil {
		return nil
	}
	if *level == api.ReturnConsumedCapacityTotal {
		return &api.ConsumedCapacity{TableName: p.used.TableName, CapacityUnits: p.used.CapacityUnits}
	}
	return p.used
}
