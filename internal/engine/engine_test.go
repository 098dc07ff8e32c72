package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/engine"
	"github.com/statordb/stator/kv/memkv"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	store, err := memkv.Open(nil)
	require.NoError(t, err)
	e, err := engine.Open(ctx, store, engine.Options{})
	require.NoError(t, err)
	defer e.Close()
	_, err = api.Do(ctx, e, &api.CreateTableInput{TableName: new("users"),
		AttributeDefinitions: []api.AttributeDefinition{
			{AttributeName: new("id"), AttributeType: new(api.ScalarAttributeTypeS)},
			{AttributeName: new("org"), AttributeType: new(api.ScalarAttributeTypeS)}},
		KeySchema:   []api.KeySchemaElement{{AttributeName: new("id"), KeyType: new(api.KeyTypeHash)}},
		BillingMode: new(api.BillingModePayPerRequest),
		GlobalSecondaryIndexes: []api.GlobalSecondaryIndex{{IndexName: new("byOrg"),
			KeySchema:  []api.KeySchemaElement{{AttributeName: new("org"), KeyType: new(api.KeyTypeHash)}},
			Projection: &api.Projection{ProjectionType: new(api.ProjectionTypeAll)}}},
	})
	require.NoError(t, err)
	for _, id := range []string{"a", "b", "c"} {
		_, err = api.Do(ctx, e, &api.PutItemInput{TableName: new("users"), Item: attr.Item{"id": attr.S(id), "org": attr.S("acme"), "n": attr.Int(5)}})
		require.NoError(t, err)
	}
	out, err := api.Do(ctx, e, &api.UpdateItemInput{TableName: new("users"), Key: attr.Item{"id": attr.S("a")},
		UpdateExpression: new("SET n = n + :one"), ConditionExpression: new("n < :max"),
		ExpressionAttributeValues: attr.Item{":one": attr.Int(1), ":max": attr.Int(10)}, ReturnValues: new(api.ReturnValueUpdatedNew)})
	require.NoError(t, err)
	require.Equal(t, `{n: 6}`, out.Attributes.String())
	q, err := api.Do(ctx, e, &api.QueryInput{TableName: new("users"), IndexName: new("byOrg"), KeyConditionExpression: new("org = :o"),
		FilterExpression: new("n > :five"), ExpressionAttributeValues: attr.Item{":o": attr.S("acme"), ":five": attr.Int(5)}})
	require.NoError(t, err)
	require.EqualValues(t, 3, q.ScannedCount)
	require.EqualValues(t, 1, q.Count)
	require.Equal(t, `{id: "a", n: 6, org: "acme"}`, q.Items[0].String())
	d, err := api.Do(ctx, e, &api.DescribeTableInput{TableName: new("users")})
	require.NoError(t, err)
	require.EqualValues(t, 3, *d.Table.ItemCount)
	require.EqualValues(t, 3, *d.Table.GlobalSecondaryIndexes[0].ItemCount)
}
