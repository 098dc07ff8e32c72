package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/internal/itemcodec"
	"github.com/statordb/stator/internal/wire"
)

// putForms are the forms in which an item can be put.
var putForms = map[string]func(testing.TB, attr.Item) api.Attributes{
	"values": func(_ testing.TB, item attr.Item) api.Attributes { return api.ItemOf(item) },
	"built": func(t testing.TB, item attr.Item) api.Attributes {
		op, _ := api.Lookup("PutItem")
		body, err := wire.AppendRequest(nil, &api.PutItemInput{Item: api.ItemOf(item)})
		require.NoError(t, err)
		in, err := wire.Decode(op, body)
		require.NoError(t, err)
		a := in.(*api.PutItemInput).Item
		_, _, ok := a.Built()
		require.True(t, ok)
		return a
	},
	"stored by the caller": func(t testing.TB, item attr.Item) api.Attributes {
		b, err := itemcodec.AppendItem(nil, item, "n", "org") // in an order of its own
		require.NoError(t, err)
		return api.StoredItem(b)
	},
}

// TestPutForms: whatever the form of an item, the same is stored, with the same entries, sizes and answers.
func TestPutForms(t *testing.T) {
	text := `{sk: 7, pk: "a", org: "o", n: 1.50, big: "` + strings.Repeat("x", 300) + `", m: {z: [1, "x", null, true], a: <3, 2, 10>}, b: <"q", "p">}`
	var first []string
	for name, form := range putForms {
		e := openPaused(t, openMemory(t), engine.Options{Now: newClock().Now})
		create(t, e, "tab pk:S sk:N\ngsi byOrg org:S n:N KEYS_ONLY\nlsi byBig big:S ALL")
		a := form(t, item(t, text))
		var got []string
		put := do(t, e, &api.PutItemInput{TableName: new("tab"), Item: a, ReturnConsumedCapacity: new(api.ReturnConsumedCapacityIndexes)})
		got = append(got, answerJSON(t, put))
		batch := func() api.Response {
			return do(t, e, &api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": {{PutRequest: &api.PutRequest{Item: a}}}},
				ReturnConsumedCapacity: new(api.ReturnConsumedCapacityIndexes), ReturnItemCollectionMetrics: new(api.ReturnItemCollectionMetricsSize)})
		}
		transact := func() api.Response {
			return do(t, e, &api.TransactWriteItemsInput{ClientRequestToken: new("token"), TransactItems: []api.TransactWriteItem{{Put: &api.Put{TableName: new("tab"), Item: a}}},
				ReturnConsumedCapacity: new(api.ReturnConsumedCapacityIndexes)})
		}
		got = append(got, answerJSON(t, batch()), answerJSON(t, transact()))
		do(t, e, &api.DeleteItemInput{TableName: new("tab"), Key: item(t, `{pk: "a", sk: 7}`)})
		got = append(got, answerJSON(t, batch()))
		for other, form := range putForms { // one request, whatever its form
			in := &api.TransactWriteItemsInput{ClientRequestToken: new("token"), TransactItems: []api.TransactWriteItem{{Put: &api.Put{TableName: new("tab"), Item: form(t, item(t, text))}}}}
			_, err := api.Do(t.Context(), e, in)
			require.NoError(t, err, other)
		}
		for _, index := range []*string{nil, new("byOrg"), new("byBig")} {
			out := do(t, e, &api.ScanInput{TableName: new("tab"), IndexName: index, ReturnConsumedCapacity: new(api.ReturnConsumedCapacityTotal)})
			require.EqualValues(t, 1, out.Count)
			got = append(got, answerJSON(t, out))
		}
		require.NoError(t, e.Check(context.Background()))
		if first == nil {
			first = got
		}
		require.Equal(t, first, got, name)
	}
}

// answerJSON returns a response in DynamoDB JSON.
func answerJSON(t testing.TB, out api.Response) string {
	b, err := wire.Append(nil, out)
	require.NoError(t, err)
	return string(b)
}

// TestPutFormsAreJudged: faults of keys and sizes do not depend on the form, and bytes that are no item, or one
// that no request may have, are refused.
func TestPutFormsAreJudged(t *testing.T) {
	e := openPaused(t, openMemory(t), engine.Options{Now: newClock().Now})
	create(t, e, "tab pk:S sk:N\ngsi byOrg org:S KEYS_ONLY")
	for text, want := range map[string]string{
		`{pk: "a"}`:                 "Missing the key sk in the item",
		`{pk: 1, sk: 2}`:            "Type mismatch for key pk expected: S actual: N",
		`{pk: "", sk: 2}`:           "cannot contain an empty string value. Key: pk",
		`{pk: "a", sk: 2, org: 1}`:  "Type mismatch for Index Key org Expected: S Actual: N IndexName: byOrg",
		`{pk: "a", sk: 2, org: ""}`: "IndexName: byOrg, IndexKey: org",
		`{pk: "a", sk: 2, v: "` + strings.Repeat("x", 400<<10) + `"}`: "Item size has exceeded the maximum allowed size",
	} {
		for name, form := range putForms {
			fault := fails(t, e, &api.PutItemInput{TableName: new("tab"), Item: form(t, item(t, text))})
			require.Equal(t, api.CodeValidation, fault.Code, name)
			require.ErrorContains(t, fault, want, "%s %.100s", name, text)
		}
	}
	for _, stored := range []string{"", "\x01", "\x01\x01a", "\xff\xff\xff\xff\x7f", "\x02\x02pk\x01\x01a\x02sk\x02\x011x"} {
		for _, in := range []api.Request{
			&api.PutItemInput{TableName: new("tab"), Item: api.StoredItem([]byte(stored))},
			&api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": {{PutRequest: &api.PutRequest{Item: api.StoredItem([]byte(stored))}}}}},
			&api.TransactWriteItemsInput{TransactItems: []api.TransactWriteItem{{Put: &api.Put{TableName: new("tab"), Item: api.StoredItem([]byte(stored))}}}},
		} {
			fault := fails(t, e, in)
			require.Equal(t, api.CodeValidation, fault.Code)
			require.ErrorContains(t, fault, "The item is not in the stored form", "%q", stored)
		}
	}
	deep := attr.S("x")
	for range 40 {
		deep = attr.L(deep)
	}
	b, err := itemcodec.AppendItem(nil, attr.Item{"pk": attr.S("a"), "sk": attr.Int(1), "v": deep})
	require.NoError(t, err)
	fault := fails(t, e, &api.PutItemInput{TableName: new("tab"), Item: api.StoredItem(b)})
	require.ErrorContains(t, fault, "Nesting Levels have exceeded supported limits")
	require.NoError(t, e.Check(context.Background()))
}
