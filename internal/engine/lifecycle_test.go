package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/engine"
)

// TestStatusDelay follows a table through its statuses on a clock that the test moves.
func TestStatusDelay(t *testing.T) {
	const delay = 5 * time.Second
	clock := newClock()
	e := open(t, openMemory(t), engine.Options{Now: clock.Now, StatusDelay: delay})
	status := func() string {
		out, err := e.Serve(t.Context(), &api.DescribeTableInput{TableName: new("tab")})
		if err != nil {
			return err.Error()
		}
		return string(*out.(*api.DescribeTableOutput).Table.TableStatus)
	}
	message := func(in api.Request) string { return fails(t, e, in).Error() }
	putIn := &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(item(t, `{id: "a"}`))}
	drop := &api.DeleteTableInput{TableName: new("tab")}
	protect := &api.UpdateTableInput{TableName: new("tab"), DeletionProtectionEnabled: new(false)}
	tables := func() []string { return do(t, e, &api.ListTablesInput{}).TableNames }
	const missing = "ResourceNotFoundException: Requested resource not found"
	const busy = "ResourceInUseException: Attempt to change a resource which is still in use: Table is being "

	create(t, e, "tab id:S")
	require.Equal(t, "CREATING", status())
	require.Equal(t, missing, message(putIn))
	require.Equal(t, missing, message(&api.ScanInput{TableName: new("tab")}))
	require.Equal(t, busy+"created: tab", message(drop))
	require.Equal(t, busy+"created: tab", message(protect))
	require.Equal(t, []string{"tab"}, tables())
	clock.Advance(delay - 1)
	require.Equal(t, "CREATING", status())
	clock.Advance(1)
	require.Equal(t, "ACTIVE", status())
	do(t, e, putIn)

	do(t, e, protect)
	require.Equal(t, "UPDATING", status())
	do(t, e, putIn)
	require.Equal(t, busy+"updated: tab", message(drop))
	require.Equal(t, busy+"updated: tab", message(protect))
	clock.Advance(delay)
	require.Equal(t, "ACTIVE", status())

	do(t, e, drop)
	require.Equal(t, "DELETING", status())
	require.Equal(t, missing, message(putIn))
	require.Equal(t, []string{"tab"}, tables())
	do(t, e, drop) // "If table is already in the DELETING state, no error is returned"
	in, err := parseCreate("tab id:S")
	require.NoError(t, err)
	require.Equal(t, api.CodeResourceInUse, fails(t, e, in).Code)
	clock.Advance(delay)
	require.Equal(t, missing+": Table: tab not found", status())
	require.Empty(t, tables())
	create(t, e, "tab id:S")
}

// TestImport: an import of more items than one transaction takes is like as many puts, and its faults come before its
// first write.
func TestImport(t *testing.T) {
	e := open(t, openMemory(t))
	create(t, e, "tab pk:S sk:N\n gsi byOrg org:S ALL\n lsi byN n:N KEYS_ONLY")
	put(t, e, "tab", `{pk: "p1", sk: 1, org: "old", n: 3}`)
	in := &api.ImportItemsInput{TableName: new("tab")}
	const items = 5000
	for i := range items {
		in.Items = append(in.Items, item(t, text(`{pk: "p%d", sk: %d, org: "o%d", n: %d}`, i%100, i, i%7, i)))
	}
	bad := *in
	bad.Items = append(bad.Items[:items:items], item(t, `{pk: "p", sk: "no number"}`))
	require.ErrorIs(t, fails(t, e, &bad), api.ErrValidation)
	require.Len(t, scanAll(t, e, api.ScanInput{TableName: new("tab")}), 1)
	in.Items = append(in.Items, item(t, `{pk: "p0", sk: 0, org: "last"}`)) // follows another one with its key
	out := do(t, e, in)
	require.EqualValues(t, items, out.ImportedCount)
	got := do(t, e, &api.GetItemInput{TableName: new("tab"), Key: item(t, `{pk: "p0", sk: 0}`)})
	require.Equal(t, `{org: "last", pk: "p0", sk: 0}`, got.Item.String())
	require.Len(t, scanAll(t, e, api.ScanInput{TableName: new("tab")}), items)
	require.Len(t, scanAll(t, e, api.ScanInput{TableName: new("tab"), IndexName: new("byOrg")}), items)
}
