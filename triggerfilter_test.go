package stator_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/bound"
)

// What the filters of a trigger let through of four changes: an item is made
// (i), changed (m), and removed (r), and another one is made (o).
func TestTriggerFilters(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		ctx := t.Context()
		items := b.Table("users")
		whole := stator.Item{
			"id": stator.S("u1"), "org": stator.S("acme"), "name": stator.S("Ann"), "visits": stator.N("12"), "vip": stator.BOOL(true),
			"none": stator.NULL(), "empty": stator.S(""), "bytes": stator.B([]byte("ab")),
			"tags": stator.SS("new", "old"), "sizes": stator.NS("1", "2.5"), "blobs": stator.BS([]byte("x")),
			"home": stator.M(stator.Item{"city": stator.S("Oslo"), "zip": stator.N("150")}),
			"list": stator.L(stator.S("a"), stator.M(stator.Item{"k": stator.S("v"), "n": stator.N("7")})),
			"$or":  stator.S("odd"),
		}
		changed := whole.Clone()
		changed["name"], changed["visits"] = stator.S("Bea"), stator.N("1.3E+1")
		require.NoError(t, items.Put(ctx, whole))
		require.NoError(t, items.Put(ctx, changed))
		require.NoError(t, items.Delete(ctx, stator.Key("u1")))
		require.NoError(t, items.Put(ctx, stator.Item{"id": stator.S("u2")}))

		field := func(path, rules string) string {
			var opened, closed strings.Builder
			for _, name := range strings.Split(path, ".") {
				fmt.Fprintf(&opened, "{%q:", name)
				closed.WriteByte('}')
			}
			return opened.String() + rules + closed.String()
		}
		image := func(path, rules string) string { return field("dynamodb.NewImage."+path, rules) }
		for i, c := range []struct{ pattern, want string }{
			{field("eventName", `["INSERT"]`), "io"},
			{field("eventName", `["INSERT", "REMOVE"]`), "iro"},
			{field("eventName", `["insert"]`), ""},
			{field("eventName", `[{"equals-ignore-case": "insert"}]`), "io"},
			{field("eventName", `[{"anything-but": ["INSERT", "MODIFY"]}]`), "r"},
			{field("eventName", `[{"anything-but": "INSERT"}]`), "mr"},
			{field("eventName", `[{"anything-but": {"prefix": "MOD"}}]`), "iro"},
			{field("eventSource", `["aws:dynamodb"]`), "imro"},
			{field("eventVersion", `["1.1"]`), "imro"},
			{field("awsRegion", `["local"]`), "imro"},
			{field("eventID", `[{"exists": true}]`), "imro"},
			{field("eventSourceARN", `[{"suffix": "Z"}, {"prefix": "arn:aws:dynamodb:local:000000000000:table/users/stream/"}]`), "imro"},
			{field("userIdentity.type", `["Service"]`), ""},
			{field("userIdentity.type", `[{"exists": false}]`), "imro"},
			{field("unknown", `[{"exists": false}]`), "imro"},
			{field("unknown", `["x"]`), ""},
			{field("dynamodb.StreamViewType", `["NEW_AND_OLD_IMAGES"]`), "imro"},
			{field("dynamodb.SizeBytes", `[{"numeric": ["<", 30]}]`), "o"},
			{field("dynamodb.ApproximateCreationDateTime", fmt.Sprint("[", b.began.Unix(), "]")), "imro"},
			{field("dynamodb.SequenceNumber", `[{"prefix": "1"}]`), "imro"},
			{field("dynamodb.Keys.id.S", `["u1"]`), "imr"},
			{field("dynamodb.Keys.id.N", `["u1"]`), ""},
			{field("dynamodb.OldImage.name.S", `["Ann"]`), "m"},
			{field("dynamodb.OldImage.id.S", `[{"exists": false}]`), "io"},
			{field("dynamodb.OldImage", `[{"exists": false}]`), "io"},
			{field("dynamodb.OldImage", `[{"exists": true}]`), ""}, // it is no leaf
			{image("name.S", `["Ann"]`), "i"},
			{image("name.S", `[{"prefix": "B"}]`), "m"},
			{image("name.S", `[{"suffix": "n"}]`), "i"},
			{image("name.S", `[{"exists": true}]`), "im"},
			{image("name.S", `[{"exists": false}]`), "ro"},
			{image("name", `[{"exists": true}]`), ""},
			{image("name", `["Ann"]`), ""},
			{image("name.S.x", `["Ann"]`), ""},
			{image("name.S", `[null]`), ""},
			{image("none.NULL", `[true]`), "im"},
			{image("vip.BOOL", `[true]`), "im"},
			{image("vip.BOOL", `[false]`), ""},
			{image("vip.BOOL", `["true"]`), ""},
			{image("empty.S", `[""]`), "im"},
			{image("bytes.B", `["YWI="]`), "im"},
			{image("visits.N", `["12"]`), "i"},
			{image("visits.N", `[12]`), "i"},
			{image("visits.N", `[{"numeric": ["=", 1.2e1]}]`), "i"},
			{image("visits.N", `[{"numeric": [">", 12]}]`), "m"},
			{image("visits.N", `[{"numeric": [">=", 12, "<", 13]}]`), "i"},
			{image("visits.N", `[{"numeric": ["<=", 13, ">", 12]}]`), "m"},
			{image("visits.N", `[{"anything-but": 12}]`), "m"},
			{image("visits.N", `[{"anything-but": ["13"]}]`), "i"},
			{image("name.S", `[{"numeric": [">", 0]}]`), ""},
			{image("tags.SS", `["old"]`), "im"},
			{image("tags.SS", `["older"]`), ""},
			{image("sizes.NS", `[{"numeric": [">", 2, "<", 3]}]`), "im"},
			{image("blobs.BS", `["eA=="]`), "im"},
			{image("home.M.city.S", `["Oslo"]`), "im"},
			{image("home.M.zip.N", `[150]`), "im"},
			{image("home.M.street.S", `[{"exists": false}]`), "imro"},
			{image("list.L.S", `["a"]`), "im"},
			{image("list.L.M.k.S", `["v"]`), "im"},
			{image("list.L.M.k.S", `["w"]`), ""},
			{image("list.L.M", `{"k": {"S": ["v"]}, "n": {"N": [7]}}`), "im"},
			{`{"$or": [{"eventName": ["REMOVE"]}, {"dynamodb": {"NewImage": {"name": {"S": ["Bea"]}}}}]}`, "mr"},
			{`{"eventName": ["INSERT"], "$or": [{"eventName": ["REMOVE"]}, {"dynamodb": {"Keys": {"id": {"S": ["u2"]}}}}]}`, "o"},
			{`{"eventName": ["INSERT"], "dynamodb": {"Keys": {"id": {"S": ["u1"]}}}}`, "i"},
		} {
			var seen journal
			trigger, err := stator.StartTrigger(ctx, b, "users", fmt.Sprint("filter", i), func(_ context.Context, e stator.TriggerEvent) error {
				for _, r := range e.Records {
					var key user
					require.NoError(t, r.UnmarshalKeys(&key))
					if key.ID == "u2" {
						seen.add("o")
					} else {
						seen.add(strings.ToLower(string(r.EventName[:1])))
					}
				}
				return nil
			}, &stator.TriggerOptions{FilterCriteria: []string{c.pattern}, StreamViewType: stator.StreamNewAndOldImages})
			require.NoError(t, err, c.pattern)
			synctest.Wait()
			s, err := trigger.State(ctx)
			require.NoError(t, err)
			require.NoError(t, trigger.Close())
			require.ElementsMatch(t, strings.Split(c.want, ""), seen.take(), c.pattern)
			require.EqualValues(t, 4-len(c.want), s.Filtered)
		}
	})
}

// Any of several patterns lets a record pass, and what none does counts as done.
func TestTriggerFiltersAreDone(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var seen journal
		trigger := b.start(func(_ context.Context, e stator.TriggerEvent) error { seen.add(visitsIn(e)); return nil }, &stator.TriggerOptions{
			FilterCriteria: []string{`{"dynamodb":{"NewImage":{"visits":{"N":["2"]}}}}`, `{"dynamodb":{"NewImage":{"visits":{"N":["4"]}}}}`},
		})
		b.put(1, 2, 3, 4, 5)
		b.sleep(3 * time.Second)
		require.Equal(t, []string{"2", "4"}, strings.Fields(strings.Join(seen.take(), " ")))
		s := b.state(trigger)
		require.Zero(t, s.Behind, "also what is filtered is saved, after a while")
		require.EqualValues(t, 3, s.Filtered)
		require.EqualValues(t, 2, s.Processed)
	})
}

func TestTriggerFilterFaults(t *testing.T) {
	db := openMemory(t)
	for _, c := range []struct{ pattern, fault string }{
		{``, `the pattern is not JSON: EOF`},
		{`{"a": [1]`, `the pattern is not JSON: unexpected EOF`},
		{`{"a": [1]} {}`, `the pattern is not JSON: there is something after the object`},
		{`[1]`, `the pattern is a list, and must be an object`},
		{`"x"`, `the pattern is a string, and must be an object`},
		{`null`, `the pattern is null, and must be an object`},
		{`{}`, `the pattern is an empty object, which matches nothing`},
		{`{"a": {}}`, `a is an empty object, which matches nothing`},
		{`{"a": {"b": []}}`, `a.b is an empty list, which matches nothing`},
		{`{"eventName": "INSERT"}`, `eventName is a string, and must be an object or a list of values`},
		{`{"a": {"b": true}}`, `a.b is a boolean, and must be an object or a list of values`},
		{`{"a": {"b": null}}`, `a.b is null, and must be an object or a list of values`},
		{`{"a": [["x"]]}`, `a: a list in a list`},
		{`{"a": [{}]}`, `a: an object of 0 members; it must have one operator: anything-but, equals-ignore-case, exists, numeric, prefix, suffix`},
		{`{"a": [{"prefix": "x", "suffix": "y"}]}`, `a: an object of 2 members; it must have one operator: anything-but, equals-ignore-case, exists, numeric, prefix, suffix`},
		{`{"a": [{"wildcard": "x*"}]}`, `a: "wildcard" is no operator; there are anything-but, equals-ignore-case, exists, numeric, prefix, suffix`},
		{`{"a": [{"prefix": 1}]}`, `a: prefix is a number, and must be a string`},
		{`{"a": [{"exists": "yes"}]}`, `a: exists is a string, and must be true or false`},
		{`{"a": [{"anything-but": []}]}`, `a: anything-but has an empty list`},
		{`{"a": [{"anything-but": null}]}`, `a: anything-but has null, and must have strings or numbers`},
		{`{"a": [{"anything-but": [["x"]]}]}`, `a: anything-but has a list, and must have strings or numbers`},
		{`{"a": [{"anything-but": {"numeric": 1}}]}`, `a: anything-but: "numeric" is no operator; there are anything-but, equals-ignore-case, exists, numeric, prefix, suffix`},
		{`{"a": [{"anything-but": {"prefix": "x", "suffix": "y"}}]}`, `a: anything-but: an object of 2 members`},
		{`{"a": [{"numeric": 5}]}`, `a: numeric must be a list of a comparison and a number, or of two of each: [">", 0, "<=", 5]`},
		{`{"a": [{"numeric": [">"]}]}`, `a: numeric must be a list of a comparison and a number, or of two of each: [">", 0, "<=", 5]`},
		{`{"a": [{"numeric": ["!=", 5]}]}`, `a: numeric: "!=" is no comparison; there are =, <, <=, > and >=`},
		{`{"a": [{"numeric": [5, ">"]}]}`, `a: numeric: a string after "", where a number must be`},
		{`{"a": [{"numeric": [">", "5"]}]}`, `a: numeric: a string after ">", where a number must be`},
		{`{"a": [{"numeric": [">", 5, ">", 6]}]}`, `a: numeric: a range must have a lower bound (> or >=) and an upper one (< or <=)`},
		{`{"a": [{"numeric": ["=", 5, "<", 6]}]}`, `a: numeric: a range must have a lower bound (> or >=) and an upper one (< or <=)`},
		{`{"a": [{"numeric": [">", 7, "<", 6]}]}`, `a: numeric: the range from 7 to 6 is empty`},
		{`{"a": [{"numeric": [">", 1e999]}]}`, `a: numeric: 1e999 is no number of at most 38 digits`},
		{`{"a": [1e999]}`, `a: 1e999 is no number of at most 38 digits`},
		{`{"$or": [{"a": [1]}]}`, `$or has 1 objects, and must have two or more`},
		{`{"a": {"$or": [{"a": [1]}, 2]}}`, `a.$or[1] is a number, and must be an object`},
		{`{"a": {"$or": [{"b": [1]}, {"c": []}]}}`, `a.c is an empty list, which matches nothing`},
		{strings.Repeat(`{"a":`, 65) + "[1]" + strings.Repeat("}", 65), `the pattern is nested deeper than 64 levels`},
		{`{"a": ["` + strings.Repeat("x", 4100) + `"]}`, `the pattern has 4111 bytes, allowed are at most 4096`},
	} {
		_, err := stator.StartTrigger(t.Context(), db, "users", "test", func(context.Context, stator.TriggerEvent) error { return nil },
			&stator.TriggerOptions{FilterCriteria: []string{c.pattern}})
		require.EqualError(t, err, "stator: TriggerOptions.FilterCriteria[0]: "+c.fault, c.pattern)
	}
	_, err := stator.StartTrigger(t.Context(), db, "users", "test", func(context.Context, stator.TriggerEvent) error { return nil },
		&stator.TriggerOptions{FilterCriteria: make([]string, 11)})
	require.ErrorContains(t, err, "FilterCriteria has 11 patterns, allowed are at most 10")
}

// FuzzTriggerFilter: whatever a pattern is, it is refused or can be used.
func FuzzTriggerFilter(f *testing.F) {
	for _, seed := range []string{
		`{"eventName": ["INSERT"]}`, `{"a": {"b": [{"numeric": [">", 1, "<=", 2]}, null, true, {"anything-but": {"prefix": "x"}}]}}`,
		`{"$or": [{"a": [1]}, {"b": [{"exists": false}]}]}`, `{"dynamodb":{"NewImage":{"id":{"S":[{"suffix":"1"}]}}}}`,
		strings.Repeat(`{"a":`, 1300), `{"a":` + strings.Repeat("[", 4000), `{"$or":[` + strings.Repeat(`{"$or":[`, 400), `{"a":["` + strings.Repeat("x", 4000) + `"]}`,
		`{"dynamodb":{"NewImage":{"id":{"S":[` + strings.Repeat(`{"suffix":"1"},`, 250) + `{"prefix":"` + strings.Repeat("u", 200) + `"}]}}}}`,
		`{"$or":[` + strings.Repeat(`{"eventName":["INSERT"]},`, 150) + `{"a":[1e1000000]}]}`, `{"a":[{"wildcard":"` + strings.Repeat("*a", 1900) + `"}]}`,
	} {
		f.Add(seed)
	}
	db, err := stator.OpenMemory(nil)
	require.NoError(f, err)
	f.Cleanup(func() { db.Close() })
	users, err := stator.CreateTableFor[user](context.Background(), db, "users", stator.Stream(stator.StreamNewAndOldImages))
	require.NoError(f, err)
	require.NoError(f, users.Put(context.Background(), user{ID: "u1", Visits: 1}))
	f.Fuzz(func(t *testing.T, text string) {
		bound.Input(t, func() {
			trigger, err := stator.StartTrigger(t.Context(), db, "users", "fuzz", func(context.Context, stator.TriggerEvent) error { return nil },
				&stator.TriggerOptions{FilterCriteria: []string{text}})
			if err != nil {
				require.ErrorContains(t, err, "FilterCriteria[0]: ")
				return
			}
			for s, err := trigger.State(t.Context()); s.Processed+s.Filtered < 1; s, err = trigger.State(t.Context()) {
				require.NoError(t, err)
			}
			require.NoError(t, trigger.Close())
			_, err = api.Do(t.Context(), db, &api.DeleteSubscriptionInput{TableName: new("users"), SubscriptionName: new("fuzz")})
			require.NoError(t, err)
		})
	})
}
