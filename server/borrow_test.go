package server_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/server"
)

// keeping is a layer that keeps the items that are put, against the contract of a Client.
type keeping struct {
	*stator.DB
	items []api.Attributes
}

func (k *keeping) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	if put, ok := in.(*api.PutItemInput); ok {
		k.items = append(k.items, put.Item)
	}
	return k.DB.Serve(ctx, in)
}

// TestOnlyTheDatabaseBorrows: memory of requests is used again where the Client is a database, and not where it is a
// layer around one, which may keep what it should not.
func TestOnlyTheDatabaseBorrows(t *testing.T) {
	db, err := stator.OpenMemory(nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	layer := &keeping{DB: db}
	require.True(t, db.Borrows(db))
	require.False(t, layer.Borrows(layer))

	const n = 200
	for i, client := range []api.Client{db, layer} {
		h := server.New(client, quiet(server.Options{}))
		table := fmt.Sprint("table", i)
		serve := func(target, body string) {
			res, answer := do(t, h, call{target: target, body: body})
			require.Equal(t, 200, res.StatusCode, answer)
		}
		serve("CreateTable", `{"TableName":"`+table+`","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"N"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}`)
		for k := range n {
			serve("PutItem", fmt.Sprintf(`{"TableName":"%s","Item":{"v":{"S":"value %d"},"id":{"N":"%d"}}}`, table, k, k))
		}
		for k := range n {
			out, err := api.Do(t.Context(), db, &api.GetItemInput{TableName: &table, Key: stator.Item{"id": stator.Int(k)}})
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint("value ", k), out.Item.Value("v").Str())
		}
	}
	require.Len(t, layer.items, n)
	for k, item := range layer.items {
		require.Equal(t, fmt.Sprint("value ", k), item.Value("v").Str())
	}
}
