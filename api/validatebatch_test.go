package api_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

const mapKeys = "Map keys must satisfy constraint: [Member must have length less than or equal to 255, " +
	"Member must have length greater than or equal to 3, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]"

func manyKeys(n int) []attr.Item {
	keys := make([]attr.Item, n)
	for i := range keys {
		keys[i] = attr.Item{"a": attr.Int(i)}
	}
	return keys
}

// TestBatchGetItem: conformance, dynalite.
func TestBatchGetItem(t *testing.T) {
	get := func(items map[string]api.KeysAndAttributes) *api.BatchGetItemInput {
		return &api.BatchGetItemInput{RequestItems: items}
	}
	bad := get(map[string]api.KeysAndAttributes{"bad!name": {Keys: []attr.Item{{"pk": attr.S("a")}}}})
	bad.ReturnConsumedCapacity = new(api.ReturnConsumedCapacity("BOGUS"))
	runValidations(t, []validation{
		{"100 keys", get(map[string]api.KeysAndAttributes{"abc": {Keys: manyKeys(100)}}), ""},
		{"by ARN", get(map[string]api.KeysAndAttributes{"arn:aws:dynamodb:us-east-1:123456789012:table/abc": {Keys: manyKeys(1)}}), ""},
		{"absent", get(nil), oneError + null("requestItems")},
		{"empty", get(map[string]api.KeysAndAttributes{}),
			oneError + "Value at 'RequestItems' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"no keys", get(map[string]api.KeysAndAttributes{"abc": {}}), oneError + null("requestItems.abc.member.keys")},
		{"empty keys", get(map[string]api.KeysAndAttributes{"abc": {Keys: []attr.Item{}}}),
			oneError + "Value at 'RequestItems.abc.member.Keys' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"101 keys", get(map[string]api.KeysAndAttributes{"abc": {Keys: manyKeys(101)}}),
			oneError + "Value at 'RequestItems.abc.member.Keys' failed to satisfy constraint: Member must have length less than or equal to 100"},
		{"101 keys of two tables", get(map[string]api.KeysAndAttributes{"abc": {Keys: manyKeys(51)}, "abd": {Keys: manyKeys(50)}}),
			"Too many items requested for the BatchGetItem call"},
		{"name and capacity", bad, "2 validation errors detected: " +
			`Value '{"bad!name":{"Keys":[{"pk":{"S":"a"}}]}}' at 'requestItems' failed to satisfy constraint: ` + mapKeys + "; " +
			enumFault("BOGUS", "returnConsumedCapacity", capacitySet)},
		{"duplicates", get(map[string]api.KeysAndAttributes{"abc": {Keys: []attr.Item{
			{"a": attr.S("x"), "b": attr.N("1")}, {"a": attr.S("y"), "b": attr.N("1")}, {"b": attr.N("1.0"), "a": attr.S("x")}}}}),
			"Provided list of item keys contains duplicates"},
		{"alike but not equal", get(map[string]api.KeysAndAttributes{"abc": {Keys: []attr.Item{
			{"a": attr.S("1")}, {"a": attr.N("1")}, {"a": attr.B([]byte("1"))}, {"b": attr.S("1")}, {"a": attr.S("1"), "b": attr.S("")}}}}), ""},
		{"mixed in one table", get(map[string]api.KeysAndAttributes{"abc": {Keys: manyKeys(1), AttributesToGet: []string{"a"}, ProjectionExpression: new("a")}}),
			"Can not use both expression and non-expression parameters in the same request: " +
				"Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"},
		{"mixed across tables", get(map[string]api.KeysAndAttributes{
			"abc": {Keys: manyKeys(1), AttributesToGet: []string{"a"}}, "abd": {Keys: manyKeys(1), ProjectionExpression: new("a")}}),
			"Can not use both expression and non-expression parameters in the same request: " +
				"Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"},
		{"names", get(map[string]api.KeysAndAttributes{"abc": {Keys: manyKeys(1), ExpressionAttributeNames: names{"#a": "a"}}}),
			"ExpressionAttributeNames can only be specified when using expressions"},
	})
}

// TestBatchWriteItem: conformance, dynalite.
func TestBatchWriteItem(t *testing.T) {
	write := func(items map[string][]api.WriteRequest) *api.BatchWriteItemInput {
		return &api.BatchWriteItemInput{RequestItems: items}
	}
	puts := func(n int) []api.WriteRequest {
		list := make([]api.WriteRequest, n)
		for i := range list {
			list[i].PutRequest = &api.PutRequest{Item: api.ItemOf(attr.Item{"a": attr.S(strconv.Itoa(i))})}
		}
		return list
	}
	const mapValue = "Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]"
	runValidations(t, []validation{
		{"25 puts", write(map[string][]api.WriteRequest{"abc": puts(25)}), ""},
		{"delete", write(map[string][]api.WriteRequest{"abc": {{DeleteRequest: &api.DeleteRequest{Key: key()}}}}), ""},
		{"absent", &api.BatchWriteItemInput{ReturnConsumedCapacity: new(api.ReturnConsumedCapacity("BOGUS")), ReturnItemCollectionMetrics: new(api.ReturnItemCollectionMetrics("BOGUS2"))},
			"3 validation errors detected: " + enumFault("BOGUS", "returnConsumedCapacity", capacitySet) + "; " +
				enumFault("BOGUS2", "returnItemCollectionMetrics", metricsSet) + "; " + null("requestItems")},
		{"empty", write(map[string][]api.WriteRequest{}), "The requestItems parameter is required for BatchWriteItem"},
		{"empty list", write(map[string][]api.WriteRequest{"abc": {}}),
			oneError + "Value '{abc=[]}' at 'requestItems' failed to satisfy constraint: " + mapValue},
		{"bad name", write(map[string][]api.WriteRequest{"bad!name": {{PutRequest: &api.PutRequest{Item: api.ItemOf(attr.Item{"pk": attr.S("x")})}}}}),
			oneError + "Value '{bad!name=[WriteRequest(putRequest=PutRequest(item={pk=AttributeValue(S=x)}))]}' at 'requestItems' failed to satisfy constraint: " + mapKeys},
		{"no item", write(map[string][]api.WriteRequest{"abc": {{PutRequest: &api.PutRequest{}}}}),
			oneError + null("requestItems.abc.member.1.member.putRequest.item")},
		{"no key", write(map[string][]api.WriteRequest{"abc": {puts(1)[0], {DeleteRequest: &api.DeleteRequest{}}}}),
			oneError + null("requestItems.abc.member.2.member.deleteRequest.key")},
		{"neither", write(map[string][]api.WriteRequest{"abc": {{}}}),
			"Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"},
		{"both", write(map[string][]api.WriteRequest{"abc": {{PutRequest: &api.PutRequest{Item: api.ItemOf(key())}, DeleteRequest: &api.DeleteRequest{Key: key()}}}}),
			"Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"},
		{"26 puts of two tables", write(map[string][]api.WriteRequest{"abc": puts(13), "abd": puts(13)}),
			"Too many items requested for the BatchWriteItem call"},
		{"too large", write(map[string][]api.WriteRequest{"abc": {{PutRequest: &api.PutRequest{Item: api.ItemOf(attr.Item{"a": attr.S(strings.Repeat("x", 409_600))})}}}}),
			"Item size has exceeded the maximum allowed size"},
	})
}

// TestTransactWriteItems: conformance, dynalite; the number of members of an action and the payload: local.
func TestTransactWriteItems(t *testing.T) {
	transact := func(items ...api.TransactWriteItem) *api.TransactWriteItemsInput {
		return &api.TransactWriteItemsInput{TransactItems: items}
	}
	many := func(n, text int) []api.TransactWriteItem {
		items := make([]api.TransactWriteItem, n)
		for i := range items {
			items[i].Put = &api.Put{TableName: table(), Item: api.ItemOf(attr.Item{"pk": attr.S("big" + strconv.Itoa(i)), "v": attr.S(strings.Repeat("x", text))})}
		}
		return items
	}
	token := transact(many(1, 0)...)
	token.ClientRequestToken, token.ReturnConsumedCapacity = new(strings.Repeat("x", 37)), new(api.ReturnConsumedCapacity("BOGUS"))
	emptyToken := transact(many(1, 0)...)
	emptyToken.ClientRequestToken = new("")
	metrics := transact([]api.TransactWriteItem{}...)
	metrics.TransactItems = []api.TransactWriteItem{}
	metrics.ReturnItemCollectionMetrics = new(api.ReturnItemCollectionMetrics("BOGUS2"))
	runValidations(t, []validation{
		{"100 actions", transact(many(100, 1)...), ""},
		{"absent", &api.TransactWriteItemsInput{}, oneError + null("transactItems")},
		{"empty", metrics, "2 validation errors detected: " + enumFault("BOGUS2", "returnItemCollectionMetrics", metricsSet) + "; " +
			lengthFault("[]", "transactItems", "greater than or equal to 1")},
		{"101 actions", transact(many(101, 1)...), oneError + "Value at 'TransactItems' failed to satisfy constraint: Member must have length less than or equal to 100"},
		{"long token", token, "2 validation errors detected: " + lengthFault(strings.Repeat("x", 37), "clientRequestToken", "less than or equal to 36") + "; " +
			enumFault("BOGUS", "returnConsumedCapacity", capacitySet)},
		{"empty token", emptyToken, oneError + lengthFault("", "clientRequestToken", "greater than or equal to 1")},
		{"no members", transact(api.TransactWriteItem{Put: &api.Put{}}, api.TransactWriteItem{Update: &api.Update{}}, api.TransactWriteItem{ConditionCheck: &api.ConditionCheck{}}),
			"8 validation errors detected: " + strings.Join([]string{
				null("transactItems.1.member.put.tableName"), null("transactItems.1.member.put.item"),
				null("transactItems.2.member.update.tableName"), null("transactItems.2.member.update.key"), null("transactItems.2.member.update.updateExpression"),
				null("transactItems.3.member.conditionCheck.tableName"), null("transactItems.3.member.conditionCheck.key"), null("transactItems.3.member.conditionCheck.conditionExpression"),
			}, "; ")},
		{"enum", transact(api.TransactWriteItem{Delete: &api.Delete{TableName: table(), Key: key(), ReturnValuesOnConditionCheckFailure: new(api.ReturnValuesOnConditionCheckFailure("X"))}}),
			oneError + enumFault("X", "transactItems.1.member.delete.returnValuesOnConditionCheckFailure", "ALL_OLD, NONE")},
		{"no action", transact(api.TransactWriteItem{}), "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"},
		{"two actions", transact(api.TransactWriteItem{Put: &api.Put{TableName: table(), Item: api.ItemOf(key())}, Delete: &api.Delete{TableName: table(), Key: key()}}),
			"TransactItems can only contain one of Check, Put, Update or Delete"},
		{"values without an expression", transact(api.TransactWriteItem{Put: &api.Put{TableName: table(), Item: api.ItemOf(key()), ExpressionAttributeValues: values{":v": attr.S("x")}}}),
			"ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"},
		{"first fault wins", transact(
			api.TransactWriteItem{Put: &api.Put{TableName: table(), Item: api.ItemOf(attr.Item{"": attr.S("x"), "d": nestedMap(100)})}},
			api.TransactWriteItem{Put: &api.Put{TableName: table(), Item: api.ItemOf(attr.Item{"d": nestedMap(100)})}},
		), "Empty attribute name"},
		{"4 MB", transact(many(11, 400_000)...), "Transaction payload size cannot exceed 4MB. Payload Size: 4400078"},
	})
}

// TestTransactGetItems: conformance.
func TestTransactGetItems(t *testing.T) {
	runValidations(t, []validation{
		{"good", &api.TransactGetItemsInput{TransactItems: []api.TransactGetItem{{Get: &api.Get{TableName: table(), Key: key(), ProjectionExpression: new("a")}}}}, ""},
		{"absent", &api.TransactGetItemsInput{ReturnConsumedCapacity: new(api.ReturnConsumedCapacity("BOGUS"))},
			"2 validation errors detected: " + enumFault("BOGUS", "returnConsumedCapacity", capacitySet) + "; " + null("transactItems")},
		{"no members", &api.TransactGetItemsInput{TransactItems: []api.TransactGetItem{{}, {Get: &api.Get{}}}},
			"3 validation errors detected: " + null("transactItems.1.member.get") + "; " + null("transactItems.2.member.get.tableName") + "; " + null("transactItems.2.member.get.key")},
		{"names", &api.TransactGetItemsInput{TransactItems: []api.TransactGetItem{{Get: &api.Get{TableName: table(), Key: key(), ExpressionAttributeNames: names{"#a": "a"}}}}},
			"ExpressionAttributeNames can only be specified when using expressions"},
	})
}
