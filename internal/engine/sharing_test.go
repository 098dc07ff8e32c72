package engine_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
)

// TestNothingIsShared: what a program does with a request after its answer, and
// with an answer, does not change what the engine holds.
func TestNothingIsShared(t *testing.T) {
	e := open(t, openMemory(t))
	in, err := parseCreate("tab pk:S sk:N\n lsi byAge age:N ALL\n gsi byOrg org:S INCLUDE:a,b")
	require.NoError(t, err)
	in.Tags = []api.Tag{{Key: new("key"), Value: new("value")}}
	in.OnDemandThroughput = &api.OnDemandThroughput{MaxReadRequestUnits: new(int64(7))}
	do(t, e, in)
	describe := func() *api.TableDescription {
		return do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table
	}
	tags := func() []api.Tag { return do(t, e, &api.ListTagsOfResourceInput{ResourceArn: describe().TableArn}).Tags }
	now := func() string {
		b, err := json.Marshal([]any{describe(), tags()})
		require.NoError(t, err)
		return string(b)
	}
	before := now()

	spoil := func(schema []api.KeySchemaElement, p *api.Projection) {
		for i := range schema {
			*schema[i].AttributeName, *schema[i].KeyType = "spoilt", "spoilt"
		}
		if p != nil {
			*p.ProjectionType = "spoilt"
			for i := range p.NonKeyAttributes {
				p.NonKeyAttributes[i] = "spoilt"
			}
		}
	}
	spoil(in.KeySchema, nil)
	spoil(in.GlobalSecondaryIndexes[0].KeySchema, in.GlobalSecondaryIndexes[0].Projection)
	spoil(in.LocalSecondaryIndexes[0].KeySchema, in.LocalSecondaryIndexes[0].Projection)
	*in.AttributeDefinitions[0].AttributeName = "spoilt"
	*in.OnDemandThroughput.MaxReadRequestUnits = 8
	*in.Tags[0].Key = "spoilt"
	require.Equal(t, before, now())

	out := describe()
	spoil(out.KeySchema, nil)
	spoil(out.GlobalSecondaryIndexes[0].KeySchema, out.GlobalSecondaryIndexes[0].Projection)
	spoil(out.LocalSecondaryIndexes[0].KeySchema, out.LocalSecondaryIndexes[0].Projection)
	*out.AttributeDefinitions[0].AttributeName = "spoilt"
	*out.OnDemandThroughput.MaxReadRequestUnits = 8
	list := tags()
	*list[0].Key = "spoilt"
	require.Equal(t, before, now())
}

// TestItemsAreCopies: bytes that were put, and bytes that were read, are the program's own.
func TestItemsAreCopies(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, "tab id:S")
	b := []byte("before")
	key := attr.Item{"id": attr.S("x")}
	do(t, e, &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(attr.Item{"id": attr.S("x"), "b": attr.B(b)})})
	copy(b, "spoilt")
	get := func() api.Attributes { return do(t, e, &api.GetItemInput{TableName: new("tab"), Key: key}).Item }
	require.Equal(t, "before", string(get().Value("b").Bytes()))
	stored, ok := get().Stored()
	require.True(t, ok)
	clear(stored)
	query := do(t, e, &api.QueryInput{TableName: new("tab"), KeyConditionExpression: new("id = :id"),
		ExpressionAttributeValues: map[string]attr.Value{":id": attr.S("x")}})
	stored, _ = query.Items[0].Stored()
	clear(stored)
	old := do(t, e, &api.UpdateItemInput{TableName: new("tab"), Key: key, UpdateExpression: new("SET n = id"), ReturnValues: new(api.ReturnValueAllOld)})
	stored, _ = old.Attributes.Stored()
	clear(stored)
	require.Equal(t, "before", string(get().Value("b").Bytes()))
}

// TestDeletingIsNotShared: each answer about a table that is DELETING is its own.
func TestDeletingIsNotShared(t *testing.T) {
	clock := newClock()
	e := open(t, openMemory(t), engine.Options{StatusDelay: time.Second, Now: clock.Now})
	create(t, e, "tab id:S")
	clock.Advance(time.Second)
	drop := &api.DeleteTableInput{TableName: new("tab")}
	*do(t, e, drop).TableDescription.TableStatus = "spoilt"
	*do(t, e, drop).TableDescription.TableStatus = "spoilt"
	*do(t, e, &api.DescribeTableInput{TableName: new("tab")}).Table.TableStatus = "spoilt"
	require.Equal(t, api.TableStatusDeleting, *do(t, e, drop).TableDescription.TableStatus)
}
