package oracle

import (
	"fmt"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

func (g *generator) capacity() *api.ReturnConsumedCapacity {
	return choose(g, nil, nil, new(api.ReturnConsumedCapacityTotal), new(api.ReturnConsumedCapacityIndexes), new(api.ReturnConsumedCapacityNone))
}

func (g *generator) metrics() *api.ReturnItemCollectionMetrics {
	return choose(g, nil, nil, nil, new(api.ReturnItemCollectionMetricsSize), new(api.ReturnItemCollectionMetricsNone))
}

func (g *generator) onFailure() *api.ReturnValuesOnConditionCheckFailure {
	return choose(g, nil, nil, new(api.ReturnValuesOnConditionCheckFailureAllOld), new(api.ReturnValuesOnConditionCheckFailureNone))
}

// test returns a condition now and then.
func (w *writer) test() *string {
	if !w.one(3) {
		return nil
	}
	return w.spoil(w.condition(w.r.IntN(3)))
}

func (g *generator) put(t *plan) api.Request {
	w := g.writer(t)
	in := &api.PutItemInput{TableName: g.tableName(t), Item: api.ItemOf(g.item(t)), ConditionExpression: w.test(),
		ReturnValues:                        choose(g, nil, nil, new(api.ReturnValueAllOld), new(api.ReturnValueNone)),
		ReturnValuesOnConditionCheckFailure: g.onFailure(), ReturnConsumedCapacity: g.capacity(), ReturnItemCollectionMetrics: g.metrics()}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = w.names, w.values
	return in
}

func (g *generator) delete(t *plan) api.Request {
	w := g.writer(t)
	in := &api.DeleteItemInput{TableName: g.tableName(t), Key: g.key(t), ConditionExpression: w.test(),
		ReturnValues:                        choose(g, nil, nil, new(api.ReturnValueAllOld), new(api.ReturnValueNone)),
		ReturnValuesOnConditionCheckFailure: g.onFailure(), ReturnConsumedCapacity: g.capacity(), ReturnItemCollectionMetrics: g.metrics()}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = w.names, w.values
	return in
}

func (g *generator) update(t *plan) api.Request {
	w := g.writer(t)
	var update *string
	if !g.one(30) {
		update = w.spoil(w.update())
	}
	in := &api.UpdateItemInput{TableName: g.tableName(t), Key: g.key(t), UpdateExpression: update, ConditionExpression: w.test(),
		ReturnValues: choose(g, nil, new(api.ReturnValueAllOld), new(api.ReturnValueAllNew), new(api.ReturnValueUpdatedOld),
			new(api.ReturnValueUpdatedNew), new(api.ReturnValueNone)),
		ReturnValuesOnConditionCheckFailure: g.onFailure(), ReturnConsumedCapacity: g.capacity(), ReturnItemCollectionMetrics: g.metrics()}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = w.names, w.values
	return in
}

// some returns a projection now and then.
func (w *writer) some() *string {
	if !w.one(3) {
		return nil
	}
	return w.spoil(w.projection())
}

func (g *generator) get(t *plan) api.Request {
	w := g.writer(t)
	in := &api.GetItemInput{TableName: g.tableName(t), Key: g.key(t), ProjectionExpression: w.some(),
		ConsistentRead: choose(g, nil, new(true), new(false)), ReturnConsumedCapacity: g.capacity()}
	in.ExpressionAttributeNames = w.names
	return in
}

// target chooses what a Query or Scan reads.
func (g *generator) target(t *plan) (x *planIndex, name *string) {
	if len(t.indexes) == 0 || g.one(3) {
		if g.one(100) {
			return nil, new("no-such-index")
		}
		return nil, nil
	}
	x = choose(g, t.indexes...)
	return x, new(x.name)
}

func (g *generator) selects() *api.Select {
	if !g.one(4) {
		return nil
	}
	return new(choose(g, api.SelectCount, api.SelectCount, api.SelectAllAttributes, api.SelectAllProjectedAttributes, api.SelectSpecificAttributes))
}

func (g *generator) query(t *plan, s *Step) {
	x, indexName := g.target(t)
	w := g.writer(t)
	hash, sort := t.keys[:1], t.keys[1:]
	if x != nil {
		hash, sort = x.hash, x.sort
	}
	in := &api.QueryInput{TableName: g.tableName(t), IndexName: indexName, ReturnConsumedCapacity: g.capacity(), Select: g.selects(),
		ScanIndexForward: choose(g, nil, new(true), new(false))}
	if x == nil || x.local || g.one(30) {
		in.ConsistentRead = choose(g, nil, new(true), new(false))
	}
	start := attr.Item{}
	text := ""
	for i, n := range hash {
		start[n] = g.keyValue(t.kinds[n])
		if i > 0 {
			text += " AND "
		}
		v := w.value(start[n])
		op := "="
		if g.one(200) {
			op = "<"
		}
		text += choose(g, w.name(n)+" "+op+" "+v, v+" "+op+" "+w.name(n))
	}
	for _, n := range sort {
		if g.one(2) {
			break
		}
		part, more := w.sortCondition(n)
		text += " AND " + part
		if !more {
			break
		}
	}
	if g.one(100) {
		text += " AND " + w.name(w.attributeName()) + " = " + w.value(g.scalar())
	}
	in.KeyConditionExpression = w.spoil(text)
	if g.one(4) {
		in.FilterExpression = w.spoil(w.condition(g.r.IntN(3)))
	}
	if in.Select == nil || *in.Select == api.SelectSpecificAttributes || g.one(20) {
		in.ProjectionExpression = w.some()
	}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = w.names, w.values
	if g.one(2) {
		in.Limit = new(int32(1 + g.r.IntN(5)))
	}
	s.Request, s.Pages = in, true
	if x == nil {
		if g.one(4) { // from a key that need not exist
			for _, n := range t.keys {
				if start[n].IsZero() || g.one(50) {
					start[n] = g.keyValue(t.kinds[n])
				}
			}
			in.ExclusiveStartKey = start
			g.spoilKey(in.ExclusiveStartKey)
		}
		return
	}
	s.Ties = append([]string{}, sort...)
	if in.ProjectionExpression != nil {
		s.Ties = []string{}
	}
	if g.one(40) {
		in.ExclusiveStartKey = g.key(t)
		g.spoilKey(in.ExclusiveStartKey)
		s.Pages = false
		if len(in.ExclusiveStartKey) == 0 || g.fits(t, x, in.ExclusiveStartKey) {
			in.ExclusiveStartKey["extra"] = attr.S("x") // only those that are refused can be compared
		}
	}
}

// fits reports whether a start key has all names, so that it may be accepted.
func (g *generator) fits(t *plan, x *planIndex, key attr.Item) bool {
	for _, n := range slices.Concat(t.keys, x.hash, x.sort) {
		if key[n].IsZero() {
			return false
		}
	}
	return true
}

func (g *generator) spoilKey(key attr.Item) {
	if g.one(20) {
		for _, n := range slices.Sorted(func(yield func(string) bool) {
			for n := range key {
				if !yield(n) {
					return
				}
			}
		}) {
			if g.one(2) {
				key[n] = g.scalar()
			}
		}
	}
	if g.one(40) {
		key["extra"] = attr.S("x")
	}
}

// sortCondition returns a condition on a sort attribute, and whether another may follow.
func (w *writer) sortCondition(n string) (text string, more bool) {
	k := w.t.kinds[n]
	switch w.r.IntN(8) {
	case 0, 1:
		return w.name(n) + " = " + w.value(w.keyValue(k)), true
	case 2:
		lo, hi := w.keyValue(k), w.keyValue(k)
		if order, _ := attr.Compare(lo, hi); order > 0 && !w.one(20) {
			lo, hi = hi, lo
		}
		return w.name(n) + " BETWEEN " + w.value(lo) + " AND " + w.value(hi), w.one(30)
	case 3:
		if k != attr.Number || w.one(20) {
			return "begins_with(" + w.name(n) + ", " + w.value(w.keyValue(k)) + ")", w.one(30)
		}
	}
	return w.name(n) + " " + choose(w.generator, "<", "<=", ">", ">=") + " " + w.value(w.keyValue(k)), w.one(30)
}

func (g *generator) scan(t *plan, s *Step) {
	x, indexName := g.target(t)
	w := g.writer(t)
	in := &api.ScanInput{TableName: g.tableName(t), IndexName: indexName, ReturnConsumedCapacity: g.capacity(), Select: g.selects()}
	if x == nil || x.local || g.one(30) {
		in.ConsistentRead = choose(g, nil, new(true), new(false))
	}
	if g.one(3) {
		in.FilterExpression = w.spoil(w.condition(g.r.IntN(3)))
	}
	if in.Select == nil || *in.Select == api.SelectSpecificAttributes {
		in.ProjectionExpression = w.some()
	}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = w.names, w.values
	if g.one(3) {
		in.Limit = new(int32(1 + g.r.IntN(7)))
	}
	s.Request, s.Pages, s.Ties = in, true, []string{}
	if g.one(4) {
		s.Segments = 1 + g.r.IntN(5)
		in.ReturnConsumedCapacity = nil
	}
	if g.one(40) {
		in.ExclusiveStartKey = attr.Item{"pk": g.scalar(), "extra": g.scalar()}
	}
}

func (g *generator) batchGet() api.Request {
	in := &api.BatchGetItemInput{RequestItems: map[string]api.KeysAndAttributes{}, ReturnConsumedCapacity: g.capacity()}
	for range 1 + g.r.IntN(2) {
		t := g.pickTable()
		w := g.writer(t)
		of := api.KeysAndAttributes{ConsistentRead: choose(g, nil, new(true)), ProjectionExpression: w.some()}
		of.ExpressionAttributeNames = w.names
		for range 1 + g.r.IntN(4) {
			if key := g.key(t); g.one(20) || !slices.ContainsFunc(of.Keys, func(k attr.Item) bool { return k.Equal(key) }) {
				of.Keys = append(of.Keys, key)
			}
		}
		in.RequestItems[*g.tableName(t)] = of
	}
	return in
}

func (g *generator) batchWrite() api.Request {
	in := &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{}, ReturnConsumedCapacity: g.capacity(), ReturnItemCollectionMetrics: g.metrics()}
	for range 1 + g.r.IntN(2) {
		t := g.pickTable()
		var list []api.WriteRequest
		var keys []attr.Item
		for range 1 + g.r.IntN(5) {
			var r api.WriteRequest
			key := g.key(t)
			if g.one(3) {
				r.DeleteRequest = &api.DeleteRequest{Key: key}
			} else {
				item := g.item(t)
				key = only(item, t.keys)
				r.PutRequest = &api.PutRequest{Item: api.ItemOf(item)}
			}
			if g.one(20) || !slices.ContainsFunc(keys, key.Equal) {
				keys = append(keys, key)
				list = append(list, r)
			}
		}
		in.RequestItems[*g.tableName(t)] = list
	}
	return in
}

func (g *generator) transactGet() api.Request {
	in := &api.TransactGetItemsInput{ReturnConsumedCapacity: g.capacity()}
	var keys []string
	for range 1 + g.r.IntN(4) {
		t := g.pickTable()
		key := g.key(t)
		if id := t.name + key.String(); g.one(20) || !slices.Contains(keys, id) {
			keys = append(keys, id)
			w := g.writer(t)
			get := &api.Get{TableName: g.tableName(t), Key: key, ProjectionExpression: w.some()}
			get.ExpressionAttributeNames = w.names
			in.TransactItems = append(in.TransactItems, api.TransactGetItem{Get: get})
		}
	}
	return in
}

func (g *generator) transactWrite() api.Request {
	if g.last != nil && g.one(10) {
		return g.last // a token that comes again with the same contents
	}
	in := &api.TransactWriteItemsInput{ReturnConsumedCapacity: g.capacity(), ReturnItemCollectionMetrics: g.metrics()}
	var keys []string
	for range 1 + g.r.IntN(4) {
		t := g.pickTable()
		w := g.writer(t)
		key, name := g.key(t), g.tableName(t)
		var item api.TransactWriteItem
		switch g.r.IntN(5) {
		case 0:
			item.ConditionCheck = &api.ConditionCheck{TableName: name, Key: key, ConditionExpression: w.spoil(w.condition(1)),
				ReturnValuesOnConditionCheckFailure: g.onFailure()}
			item.ConditionCheck.ExpressionAttributeNames, item.ConditionCheck.ExpressionAttributeValues = w.names, w.values
		case 1:
			item.Delete = &api.Delete{TableName: name, Key: key, ConditionExpression: w.test(), ReturnValuesOnConditionCheckFailure: g.onFailure()}
			item.Delete.ExpressionAttributeNames, item.Delete.ExpressionAttributeValues = w.names, w.values
		case 2, 3:
			item.Update = &api.Update{TableName: name, Key: key, UpdateExpression: w.spoil(w.update()), ConditionExpression: w.test(),
				ReturnValuesOnConditionCheckFailure: g.onFailure()}
			item.Update.ExpressionAttributeNames, item.Update.ExpressionAttributeValues = w.names, w.values
		default:
			put := g.item(t)
			key = only(put, t.keys)
			item.Put = &api.Put{TableName: name, Item: api.ItemOf(put), ConditionExpression: w.test(), ReturnValuesOnConditionCheckFailure: g.onFailure()}
			item.Put.ExpressionAttributeNames, item.Put.ExpressionAttributeValues = w.names, w.values
		}
		if id := t.name + canonicalItem(key).String(); g.one(20) || !slices.Contains(keys, id) {
			keys = append(keys, id)
			in.TransactItems = append(in.TransactItems, item)
		}
	}
	if g.one(3) {
		if g.one(3) {
			g.tokens++
		}
		in.ClientRequestToken = new(fmt.Sprintf("token-%d", g.tokens))
		g.last = in
	}
	return in
}
