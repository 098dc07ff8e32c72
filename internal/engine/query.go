package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

func (e *Engine) query(ctx context.Context, in *api.QueryInput) (*api.QueryOutput, error) {
	bound, err := e.bind(expressionTexts{keyCondition: in.KeyConditionExpression, filter: in.FilterExpression,
		projection: in.ProjectionExpression, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		legacy: legacyParameters{keyConditions: in.KeyConditions, filter: in.QueryFilter, operator: in.ConditionalOperator,
			attributesToGet: in.AttributesToGet}})
	if err != nil {
		return nil, err
	}
	if bound.keyCondition == nil {
		return nil, api.Validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	var out *api.QueryOutput
	err = e.prepared(ctx, func() error {
		out, err = e.queryPage(ctx, in, bound)
		return err
	})
	return out, err
}

func (e *Engine) queryPage(ctx context.Context, in *api.QueryInput, bound expressions) (*api.QueryOutput, error) {
	t, x, err := e.tableAndIndex(in.TableName, in.IndexName, in.ConsistentRead)
	if err != nil {
		return nil, err
	}
	q := pageRead{t: t, x: x, visible: e.visibility(), reverse: in.ScanIndexForward != nil && !*in.ScanIndexForward, consistent: isTrue(in.ConsistentRead),
		filter: bound.condition, projection: bound.projection}
	if in.Limit != nil {
		q.limit = int(*in.Limit)
	}
	if q.bounds, err = t.queryBounds(x, bound.keyCondition); err != nil {
		return nil, err
	}
	if in.ExclusiveStartKey != nil {
		if err := q.startQuery(in.ExclusiveStartKey, len(bound.keyCondition.Parts)); err != nil {
			return nil, err
		}
	}
	if err := t.checkDocuments(bound.documents()); err != nil {
		return nil, err
	}
	if q.filter != nil && !bound.keyFilter {
		hash, sort := t.schema(x)
		for _, k := range append(slices.Clone(hash), sort...) {
			if slices.Contains(q.filter.Attributes(), k.name) {
				member := "Filter Expression"
				if in.QueryFilter != nil {
					member = "QueryFilter"
				}
				return nil, api.Validation(member + " can only contain non-primary key attributes: Primary key attribute: " + k.name)
			}
		}
	}
	if err := q.selectAttributes(in.Select); err != nil {
		return nil, err
	}
	p, err := e.readPage(ctx, &q, in.Operation())
	if err != nil {
		return nil, err
	}
	return &api.QueryOutput{
		Items: p.items, Count: int32(p.count), ScannedCount: int32(p.scanned), LastEvaluatedKey: p.last,
		ConsumedCapacity: p.usage.consumed(in.ReturnConsumedCapacity, *in.TableName),
	}, nil
}

func (e *Engine) scan(ctx context.Context, in *api.ScanInput) (*api.ScanOutput, error) {
	bound, err := e.bind(expressionTexts{filter: in.FilterExpression, projection: in.ProjectionExpression,
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		legacy: legacyParameters{filter: in.ScanFilter, operator: in.ConditionalOperator, attributesToGet: in.AttributesToGet}})
	if err != nil {
		return nil, err
	}
	var out *api.ScanOutput
	err = e.prepared(ctx, func() error {
		out, err = e.scanPage(ctx, in, bound)
		return err
	})
	return out, err
}

func (e *Engine) scanPage(ctx context.Context, in *api.ScanInput, bound expressions) (*api.ScanOutput, error) {
	t, x, err := e.tableAndIndex(in.TableName, in.IndexName, in.ConsistentRead)
	if err != nil {
		return nil, err
	}
	q := pageRead{t: t, x: x, visible: e.visibility(), consistent: isTrue(in.ConsistentRead), filter: bound.condition, projection: bound.projection}
	if in.Limit != nil {
		q.limit = int(*in.Limit)
	}
	segment, segments := 0, 1
	if in.TotalSegments != nil {
		segment, segments = int(*in.Segment), int(*in.TotalSegments)
	}
	q.bounds = t.scanBounds(x, segment, segments)
	if in.ExclusiveStartKey != nil {
		if err := q.startScan(in.ExclusiveStartKey, segment, segments); err != nil {
			return nil, err
		}
	}
	if err := t.checkDocuments(bound.documents()); err != nil {
		return nil, err
	}
	if err := q.selectAttributes(in.Select); err != nil {
		return nil, err
	}
	p, err := e.readPage(ctx, &q, in.Operation())
	if err != nil {
		return nil, err
	}
	return &api.ScanOutput{
		Items: p.items, Count: int32(p.count), ScannedCount: int32(p.scanned), LastEvaluatedKey: p.last,
		ConsumedCapacity: p.usage.consumed(in.ReturnConsumedCapacity, *in.TableName),
	}, nil
}

// tableAndIndex returns what a Query or Scan reads. The index is nil when none is named.
func (e *Engine) tableAndIndex(tableName, indexName *string, consistent *bool) (*table, *index, error) {
	t, err := e.table(tableName)
	if err != nil || indexName == nil {
		return t, nil, err
	}
	x := t.index(*indexName)
	if x == nil {
		return nil, nil, api.Validation("The table does not have the specified index: " + *indexName)
	}
	if !x.local && isTrue(consistent) {
		return nil, nil, api.Validation("Consistent reads are not supported on global secondary indexes")
	}
	if !x.queryable() {
		return nil, nil, api.Validation("Cannot read from backfilling global secondary index: " + x.name)
	}
	return t, x, nil
}

// startQuery moves the bounds behind an ExclusiveStartKey. parts is the number
// of conditions on the key.
func (q *pageRead) startQuery(start attr.Item, parts int) error {
	at, hash, fault, err := q.t.startKey(q.x, start)
	if err != nil {
		return err
	}
	switch fault {
	case startKeyNames:
		return api.Validation("The provided starting key is invalid")
	case startKeyType:
		return api.Validation("The provided key element does not match the schema")
	case startKeyBaseType:
		return api.Validation("The provided starting key is invalid: The provided key element does not match the schema")
	}
	hashKeys, _ := q.t.schema(q.x)
	prefix := len(q.t.spaceKey(spaceRow, 0))
	if q.x != nil {
		prefix = len(q.t.indexKey(q.x, 0))
	}
	sameHash := string(q.lo[prefix:prefix+hashSize]) == string(hash[:])
	if len(hashKeys) == parts {
		if !sameHash {
			return api.Validation("The provided starting key is outside query boundaries based on provided conditions")
		}
	} else {
		inside := slices.Clone(at)
		copy(inside[prefix:], q.lo[prefix:prefix+hashSize])
		if !q.contain(inside) {
			return api.Validation("The provided starting key does not match the range key predicate")
		}
		if !sameHash {
			return api.Validation("The query can return at most one row and cannot be restarted")
		}
	}
	q.startAfter(at, q.reverse)
	return nil
}

// startScan moves the bounds behind an ExclusiveStartKey.
func (q *pageRead) startScan(start attr.Item, segment, segments int) error {
	at, _, fault, err := q.t.startKey(q.x, start)
	if err != nil {
		return err
	}
	switch {
	case fault == startKeyNames && q.x != nil:
		return api.Validation("The provided starting key is invalid")
	case fault != startKeyFits:
		return api.Validation("The provided starting key is invalid: The provided key element does not match the schema")
	case !q.contain(at):
		return api.Validation(fmt.Sprintf("The provided starting key is invalid: Invalid ExclusiveStartKey. "+
			"Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d", segments, segment))
	}
	q.startAfter(at, false)
	return nil
}

// selectAttributes decides which attributes are answered, and whether base
// items must be fetched for them.
func (q *pageRead) selectAttributes(sel *api.Select) error {
	q.countOnly = sel != nil && *sel == api.SelectCount
	if q.x == nil || q.x.all {
		return nil
	}
	if sel != nil && *sel == api.SelectAllAttributes {
		if !q.x.local {
			return api.Validation("One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index " +
				q.x.name + " because its projection type is not ALL")
		}
		q.fetch = true
	}
	if q.filter != nil {
		if missing := q.notProjected(q.filter.Attributes()); len(missing) > 0 {
			isQuery := q.hash != nil
			if isQuery || !q.x.local {
				return api.Validation("One or more parameter values were invalid: Secondary index " + q.x.name +
					" does not project one or more filter attributes: [" + strings.Join(missing, ", ") + "]")
			}
			q.filterBase = true // the Scan of a local index is let through
		}
	}
	if q.projection != nil {
		if missing := q.notProjected(q.projection.Attributes()); len(missing) > 0 {
			if !q.x.local {
				return api.Validation("One or more parameter values were invalid: Global secondary index " + q.x.name +
					" does not project [" + strings.Join(missing, ", ") + "]")
			}
			q.fetch = true
		}
	}
	return nil
}

func (q *pageRead) notProjected(names []string) []string {
	var missing []string
	for _, name := range names {
		if !q.t.isKey(name) && !slices.Contains(q.x.projected, name) && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	return missing
}
