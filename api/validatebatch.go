package api

import (
	"encoding/binary"
	"slices"

	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/num"
)

const (
	maxBatchGet   = 100 // keys of a BatchGetItem
	maxBatchWrite = 25  // writes of a BatchWriteItem
)

const faultDuplicateKeys = "Provided list of item keys contains duplicates"

// faultMapKeys is what AWS says of a table name in a batch.
const faultMapKeys = "Map keys must satisfy constraint: [Member must have length less than or equal to 255, " +
	"Member must have length greater than or equal to 3, " + namePattern + "]"

// tablesOf checks the table names that are the keys of RequestItems: all
// faulty ones make one fault, whose text repeats the whole map.
func tablesOf[V any](c *constraints, items map[string]V, echo func(map[string]V) string) {
	for table := range items {
		if isTableName(table) {
			continue
		}
		if _, ok := ParseARN(table); !ok {
			c.fault(echo(items), nil, "requestItems", faultMapKeys)
			return
		}
	}
}

// Validate: see Request.
func (in *BatchGetItemInput) Validate() error {
	var c constraints
	if c.notNull(nil, "requestItems", in.RequestItems != nil) {
		if len(in.RequestItems) == 0 {
			c.unechoed("RequestItems", minLength(1))
		}
		tablesOf(&c, in.RequestItems, echoKeys)
		for _, table := range sortedKeys(in.RequestItems) {
			c.keysAndAttributes(table, in.RequestItems[table])
		}
	}
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	if err := c.err(); err != nil {
		return err
	}

	keys := 0
	var expression, legacy bool
	for _, table := range sortedKeys(in.RequestItems) {
		k := in.RequestItems[table]
		if err := checkKeysAndAttributes(k); err != nil {
			return err
		}
		if keys += len(k.Keys); keys > maxBatchGet {
			return Validation("Too many items requested for the BatchGetItem call")
		}
		expression = expression || k.ProjectionExpression != nil
		legacy = legacy || k.AttributesToGet != nil
	}
	// Each table may be consistent in itself and the request still be a mixture.
	return checkParameters(
		[]parameter{{projectionExpression, expression}}, []parameter{{"AttributesToGet", legacy}}, nil, nil)
}

func (c *constraints) keysAndAttributes(table string, k KeysAndAttributes) {
	items := path{name: "requestItems"}
	p := items.key(table)
	if c.notNull(&p, "keys", k.Keys != nil) {
		at := "RequestItems." + table + ".member.Keys"
		if len(k.Keys) == 0 {
			c.unechoed(at, minLength(1))
		}
		if len(k.Keys) > maxBatchGet {
			c.unechoed(at, maxLength(maxBatchGet))
		}
	}
	c.names(&p, "attributesToGet", k.AttributesToGet, maxAttributesToGet)
}

func checkKeysAndAttributes(k KeysAndAttributes) error {
	if err := checkProjection(k.ProjectionExpression, k.AttributesToGet, k.ExpressionAttributeNames); err != nil {
		return err
	}
	if err := checkAttributesToGet(k.AttributesToGet); err != nil {
		return err
	}
	if err := checkPlaceholders(k.ExpressionAttributeNames, nil); err != nil {
		return err
	}
	seen := make(map[string]struct{}, len(k.Keys))
	var buf []byte
	for _, key := range k.Keys {
		if err := checkItem(key); err != nil {
			return err
		}
		buf = appendKey(buf[:0], key)
		if _, ok := seen[string(buf)]; ok {
			return Validation(faultDuplicateKeys)
		}
		seen[string(buf)] = struct{}{}
	}
	return nil
}

// appendKey appends a text that two keys share when they are equal: numbers
// are compared by value. Values that no key can have are left out, for the
// table's schema refuses them anyway.
func appendKey(dst []byte, key attr.Item) []byte {
	var buf [8]string
	names := buf[:0]
	for name := range key {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		v := key[name]
		text := v.Str()
		switch v.Kind() {
		case attr.Number:
			text, _ = num.Canonical(v.Num()) // checked before
		case attr.Binary:
			text = string(v.Bytes())
		}
		dst = appendText(dst, name)
		dst = append(dst, byte(v.Kind()))
		dst = appendText(dst, text)
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// Validate: see Request.
func (in *BatchWriteItemInput) Validate() error {
	var c constraints
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	returnCollectionMetrics.check(&c, nil, "returnItemCollectionMetrics", in.ReturnItemCollectionMetrics)
	if c.notNull(nil, "requestItems", in.RequestItems != nil) {
		tablesOf(&c, in.RequestItems, echoWrites)
		c.writeCounts(in.RequestItems)
		for _, table := range sortedKeys(in.RequestItems) {
			c.writes(table, in.RequestItems[table])
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	if len(in.RequestItems) == 0 {
		return Validation("The requestItems parameter is required for BatchWriteItem")
	}

	writes := 0
	for _, table := range sortedKeys(in.RequestItems) {
		list := in.RequestItems[table]
		for _, w := range list {
			// The message is AWS's, though no attribute value is to blame.
			if (w.PutRequest == nil) == (w.DeleteRequest == nil) {
				return Validation(faultManyTypes)
			}
		}
		for _, w := range list {
			if err := checkWrite(w); err != nil {
				return err
			}
		}
		writes += len(list)
	}
	if writes > maxBatchWrite {
		return Validation("Too many items requested for the BatchWriteItem call")
	}
	return nil
}

// writeCounts checks how many writes each table has: all faulty ones make one fault.
func (c *constraints) writeCounts(items map[string][]WriteRequest) {
	for _, list := range items {
		if len(list) < 1 || len(list) > maxBatchWrite {
			c.fault(echoWrites(items), nil, "requestItems",
				"Map value must satisfy constraint: ["+maxLength(maxBatchWrite)+", "+minLength(1)+"]")
			return
		}
	}
}

func (c *constraints) writes(table string, list []WriteRequest) {
	items := path{name: "requestItems"}
	member := items.key(table)
	for i, w := range list {
		p := member.element(i)
		if w.DeleteRequest != nil {
			p := p.in("deleteRequest")
			c.notNull(&p, "key", w.DeleteRequest.Key != nil)
		}
		if w.PutRequest != nil {
			p := p.in("putRequest")
			c.notNull(&p, "item", !w.PutRequest.Item.IsZero())
		}
	}
}

func checkWrite(w WriteRequest) error {
	if w.DeleteRequest != nil {
		return checkItem(w.DeleteRequest.Key)
	}
	values, size := checkSized(w.PutRequest.Item)
	if values != nil {
		return values
	}
	return size
}
