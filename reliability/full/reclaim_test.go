package full_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/kv"
)

// TestJournal: deletions from a table with a stream write records that are larger than what they free. If they
// use up their part of the reserve, they are refused; what is left lets the records be trimmed when their time is over.
func TestJournal(t *testing.T) {
	for _, m := range media()[:2] {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			d := m.place(t, 0)
			d.create("tab", true)
			ids, _ := d.fill("tab")
			deleted, size := 0, 0
			var err error
			for _, id := range ids {
				item, getErr := d.get("tab", id)
				require.NoError(t, getErr)
				if err = d.delete("tab", id); err != nil {
					break
				}
				deleted, size = deleted+1, size+item.Size()
			}
			if deleted < len(ids) {
				require.ErrorIs(t, err, m.full)
			}
			require.Positive(t, deleted)
			d.holds("tab", ids[deleted:])

			d.advance(25 * time.Hour)
			out, err := api.Do(t.Context(), d.Engine, &api.MaintainInput{})
			require.NoError(t, err)
			require.GreaterOrEqual(t, out.Trimmed, int64(deleted))
			require.NoError(t, d.put("tab", "again", large))
			d.holds("tab", append(ids[deleted:], "again"))
			t.Logf("figures: %s: with a stream %d of %d items, %d KiB, could be deleted from a full store; %d records were trimmed then", m.name, deleted, len(ids), size>>10, out.Trimmed)
		})
	}
}

// TestDropTable: on a full store the largest table can be deleted, and an index, and their space comes back.
func TestDropTable(t *testing.T) {
	for _, m := range media()[:2] {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			d := m.place(t, 0)
			d.create("small", true)
			d.create("large", false)
			require.NoError(t, d.put("small", "a", 10))
			_, full := d.fill("large")
			require.ErrorIs(t, full, m.full)

			require.NoError(t, d.serve(&api.UpdateTableInput{TableName: new("small"), GlobalSecondaryIndexUpdates: []api.GlobalSecondaryIndexUpdate{
				{Delete: &api.DeleteGlobalSecondaryIndexAction{IndexName: new("byGroup")}}}}))
			require.NoError(t, d.serve(&api.DeleteTableInput{TableName: new("large")}))
			took := within(t, 10*time.Second, func() error { return d.put("small", "b", large) })
			require.NoError(t, d.serve(&api.MaintainInput{})) // the rest of the jobs
			_, err := stator.CreateTable(t.Context(), d.Engine, "more", stator.HashKey("id", "S"))
			require.NoError(t, err)
			d.holds("small", []string{"a", "b"})
			require.Empty(t, d.told())
			t.Logf("figures: %s: %v after the deletion of the table that fills the store another is written to", m.name, took.Round(time.Millisecond))
		})
	}
}

// TestBackground: on a full store, work in the background that deletes is done; what writes is told of, tried again
// without haste, and done when there is space.
func TestBackground(t *testing.T) {
	for _, m := range media()[:2] {
		t.Run(m.name, func(t *testing.T) {
			d := m.place(t, 0)
			d.create("tab", false)
			d.create("short", true)
			require.NoError(t, d.serve(&api.UpdateTimeToLiveInput{TableName: new("short"), TimeToLiveSpecification: &api.TimeToLiveSpecification{
				AttributeName: new("until"), Enabled: new(true)}}))
			const expiring = 100
			for range expiring {
				require.NoError(t, d.serve(&api.PutItemInput{TableName: new("short"), Item: api.ItemOf(attr.Item{
					"id": attr.S(d.newID()), "until": attr.N("1767229200")})})) // an hour after the beginning
			}
			ids, full := d.fillWith("tab", large)
			require.ErrorIs(t, full, m.full)
			// Some space, enough for a job to begin and not for it to end.
			d.deleteAll("tab", ids[:20])
			ids = ids[20:]
			index := &api.UpdateTableInput{TableName: new("tab"),
				AttributeDefinitions: []api.AttributeDefinition{{AttributeName: new("group"), AttributeType: new(api.ScalarAttributeTypeN)}},
				GlobalSecondaryIndexUpdates: []api.GlobalSecondaryIndexUpdate{{Create: &api.CreateGlobalSecondaryIndexAction{
					IndexName: new("all"), KeySchema: []api.KeySchemaElement{{AttributeName: new("group"), KeyType: new(api.KeyTypeHash)}},
					Projection: &api.Projection{ProjectionType: new(api.ProjectionTypeAll)}}}}}
			require.NoError(t, d.serve(index))
			require.Eventually(t, func() bool { return len(d.told()) > 0 }, 20*time.Second, time.Millisecond)
			require.ErrorIs(t, d.told()[0], kv.ErrFull)
			require.ErrorContains(t, d.told()[0], `job FillIndex of table "tab"`)

			d.advance(2 * time.Hour) // the keeper deletes what has expired
			updates, cpu := d.updates.Load(), cpuTime()
			require.Eventually(t, func() bool {
				out, err := api.Do(t.Context(), d.Engine, &api.DescribeTableInput{TableName: new("short")})
				return err == nil && *out.Table.ItemCount == 0
			}, 20*time.Second, 10*time.Millisecond)
			time.Sleep(time.Second)
			tries := d.updates.Load() - updates
			require.Less(t, tries, int64(50), "in about two seconds")
			busy := time.Duration(cpuTime() - cpu)
			require.NoError(t, d.Check(t.Context()))

			// The new index has the size of the table, so that most of it must go.
			gone := len(ids) * 2 / 3
			d.deleteAll("tab", ids[:gone])
			require.Eventually(t, func() bool {
				out, err := api.Do(t.Context(), d.Engine, &api.DescribeTableInput{TableName: new("tab")})
				if err != nil {
					return false
				}
				for _, x := range out.Table.GlobalSecondaryIndexes {
					if *x.IndexStatus != api.IndexStatusActive {
						return false
					}
				}
				return true
			}, 20*time.Second, 10*time.Millisecond)
			d.holds("tab", ids[gone:])
			for _, err := range d.told() {
				require.ErrorIs(t, err, kv.ErrFull)
			}
			require.Less(t, len(d.told()), 10, "%v", d.told())
			t.Logf("figures: %s: %d items expired on a full store; a job that found no space was tried with %d transactions and %v of CPU in 2 s, told %d times, and ended when there was space",
				m.name, expiring, tries, busy.Round(time.Millisecond), len(d.told()))
		})
	}
}

// TestLargeItems: deletions of items as large as they may be, with records of them, one by one and in a batch. bbolt keeps
// up to four of these in one leaf, which it writes to free pages in one piece: one deletion may find none, and finds
// them when others have made room.
func TestLargeItems(t *testing.T) {
	m := media()[0]
	m.limit = 20 * mib
	for _, stream := range []bool{false, true} {
		t.Run(fmt.Sprint(m.name, ", stream ", stream), func(t *testing.T) {
			t.Parallel()
			d := m.place(t, map[bool]int64{true: 8 * mib}[stream])
			d.create("tab", stream)
			ids, _ := d.fillWith("tab", 390<<10)
			more, full := d.fill("tab")
			require.ErrorIs(t, full, m.full)
			require.Greater(t, len(ids), 5)
			refused := 0
			for left := append(ids[2:], more...); len(left) > 0; {
				var again []string
				for _, id := range left {
					if err := d.delete("tab", id); err != nil {
						require.ErrorIs(t, err, m.full)
						again = append(again, id)
					}
				}
				require.Less(t, len(again), len(left), "not one of them could be deleted")
				left, refused = again, refused+len(again)
			}
			require.Less(t, refused, 5)
			var batch []api.WriteRequest
			for _, id := range ids[:2] {
				batch = append(batch, api.WriteRequest{DeleteRequest: &api.DeleteRequest{Key: attr.Item{"id": attr.S(id)}}})
			}
			more, _ = d.fill("tab")
			freed := 0
			for tries := 0; freed < 3; more = more[1:] {
				require.Less(t, tries, 50)
				tries++
				if d.delete("tab", more[0]) == nil {
					freed++
				} else {
					more = append(more, more[0])
				}
			}
			require.NoError(t, d.serve(&api.BatchWriteItemInput{RequestItems: map[string][]api.WriteRequest{"tab": batch}}))
			var actions []api.TransactWriteItem
			for _, id := range more[:10] {
				actions = append(actions, api.TransactWriteItem{Delete: &api.Delete{TableName: new("tab"), Key: attr.Item{"id": attr.S(id)}}})
			}
			require.NoError(t, d.serve(&api.TransactWriteItemsInput{TransactItems: actions, ClientRequestToken: new("once")}))
			statement := "DELETE FROM \"tab\" WHERE id = '" + more[10] + "'"
			require.NoError(t, d.serve(&api.ExecuteStatementInput{Statement: &statement}))
			d.holds("tab", more[11:])
			require.False(t, strings.Contains(message(full), "unknown"))
		})
	}
}
