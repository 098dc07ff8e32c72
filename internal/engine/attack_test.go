package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/bound"
	"github.com/statordb/stator/internal/engine"
)

// joined returns n texts made of a form and their numbers, with a separator.
func joined(n int, form, separator string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = strings.ReplaceAll(form, "#", fmt.Sprint(i))
	}
	return strings.Join(parts, separator)
}

// attackTable is a table of items that are as dear as items can be.
func attackTable(t testing.TB) *engine.Engine {
	e := open(t, openMemory(t))
	create(t, e, "tab pk:S\n gsi byG g:S ALL")
	put := func(it attr.Item) { do(t, e, &api.PutItemInput{TableName: new("tab"), Item: api.ItemOf(it)}) }
	put(attr.Item{"pk": attr.S("list"), "l": attr.L(nulls(190 << 10)...)})
	put(attr.Item{"pk": attr.S("half"), "l": attr.L(nulls(95 << 10)...)})
	sets, lists := attr.Item{"pk": attr.S("sets")}, attr.Item{"pk": attr.S("lists")}
	for i := range 1000 {
		sets[fmt.Sprint("s", i)], lists[fmt.Sprint("l", i)] = attr.NS("1"), attr.L(attr.NULL())
	}
	put(sets)
	put(lists)
	numbers := make([]string, 60<<10)
	for i := range numbers {
		numbers[i] = fmt.Sprint(i)
	}
	put(attr.Item{"pk": attr.S("set"), "s": attr.NS(numbers...)})
	fields := attr.Item{}
	for i := range 30 << 10 {
		fields[fmt.Sprint("f", i)] = attr.NULL()
	}
	put(attr.Item{"pk": attr.S("map"), "m": attr.M(fields)})
	wide := attr.Item{"pk": attr.S("wide")}
	for i := range 30 << 10 {
		wide[fmt.Sprint("w", i)] = attr.NULL()
	}
	put(wide)
	put(attr.Item{"pk": attr.S("text"), "t": attr.S(strings.Repeat("a", 390<<10))})
	return e
}

func nulls(n int) []attr.Value {
	list := make([]attr.Value, n)
	for i := range list {
		list[i] = attr.NULL()
	}
	return list
}

func numbered(n int) map[string]attr.Value {
	values := map[string]attr.Value{}
	for i := range n {
		values[fmt.Sprint(":", i)] = attr.Int(-1 - i)
	}
	return values
}

// TestAttacks: requests that make the most of the limits on expressions, of items that make the most of theirs.
func TestAttacks(t *testing.T) {
	e := attackTable(t)
	half := make([]string, 30<<10)
	for i := range half {
		half[i] = fmt.Sprint(i * 2)
	}
	additions := map[string]api.AttributeValueUpdate{}
	for i := range 1000 {
		additions[fmt.Sprint("l", i)] = api.AttributeValueUpdate{Action: new(api.AttributeActionAdd), Value: new(attr.L(nulls(1 << 10)...))}
	}
	update := func(key, text string, values map[string]attr.Value) api.Request {
		return &api.UpdateItemInput{TableName: new("tab"), Key: attr.Item{"pk": attr.S(key)}, UpdateExpression: &text, ExpressionAttributeValues: values, ReturnValues: new(api.ReturnValueUpdatedNew)}
	}
	filter := func(text string, values map[string]attr.Value) api.Request {
		return &api.ScanInput{TableName: new("tab"), FilterExpression: &text, ExpressionAttributeValues: values}
	}
	statement := func(text string) api.Request { return &api.ExecuteStatementInput{Statement: &text} }
	one := map[string]attr.Value{":v": attr.S("x")}
	for name, in := range map[string]api.Request{
		"list_append of everything, often":   update("list", "SET "+joined(180, "a#=list_append(l,l)", ","), nil),
		"list_append of halves, often":       update("half", "SET "+joined(180, "a#=list_append(l,l)", ","), nil),
		"if_not_exists of list_append":       update("half", "SET "+joined(85, "a#=list_append(if_not_exists(q,l),l)", ","), nil),
		"a value in many attributes":         update("half", "SET "+joined(250, "a#=:l", ","), map[string]attr.Value{":l": attr.L(nulls(190 << 10)...)}),
		"a value appended, often":            update("half", "SET "+joined(170, "a#=list_append(:l,:l)", ","), map[string]attr.Value{":l": attr.L(nulls(190 << 10)...)}),
		"a set added to many sets":           update("sets", "ADD "+joined(250, "s# :s", ","), map[string]attr.Value{":s": attr.NS(half...)}),
		"a set deleted from many":            update("sets", "DELETE "+joined(250, "s# :s", ","), map[string]attr.Value{":s": attr.NS(half...)}),
		"legacy: a list put to lists":        &api.UpdateItemInput{TableName: new("tab"), Key: attr.Item{"pk": attr.S("lists")}, AttributeUpdates: additions},
		"a list in many attributes":          update("list", "SET "+joined(250, "a#=l", ","), nil),
		"many indexes of a list are removed": update("list", "REMOVE "+joined(280, "l[#]", ","), nil),
		"many indexes of a list are set":     update("list", "SET "+joined(280, "l[#]=:v", ","), one),
		"indexes far beyond the end":         update("list", "SET "+joined(200, "l[9999999#]=:v", ","), one),
		"many paths of a map are removed":    update("map", "REMOVE "+joined(300, "m.f#", ","), nil),
		"many paths that are apart":          update("map", "SET "+joined(290, "b#=:v", ","), one),
		"a set is added to itself":           update("set", "ADD s :s", map[string]attr.Value{":s": attr.NS(half...)}),
		"half of a set is deleted":           update("set", "DELETE s :s", map[string]attr.Value{":s": attr.NS(half...)}),
		"a deep path":                        update("map", "SET "+joined(1, "m"+strings.Repeat(".x", 1900), ",")+"=:v", one),
		"contains in a list, often":          filter(joined(145, "contains(l,:v) ", " OR "), one),
		"contains in a set, often":           filter(joined(145, "contains(s,:#)", " OR "), numbered(145)),
		"contains in a text, often":          filter(joined(145, "contains(t,:v)", " OR "), map[string]attr.Value{":v": attr.S(strings.Repeat("a", 4000) + "b")}),
		"equal lists, often":                 filter(joined(290, "l<>l", " AND "), nil),
		"equal maps, often":                  filter(joined(290, "m<>m", " AND "), nil),
		"equal sets, often":                  filter(joined(290, "s<>s", " AND "), nil),
		"sizes, often":                       filter(joined(145, "size(l)=size(m)", " OR "), nil),
		"names at the end of an item, often": filter(joined(300, "w#=:v", " OR "), one),
		"long IN lists":                      filter(joined(2, "t IN("+joined(100, ":#", ",")+")", " OR "), numbered(100)),
		"deep parentheses":                   filter(strings.Repeat("(", 2000)+"a=b"+strings.Repeat(")", 2000), nil),
		"many NOT":                           filter(strings.Repeat("NOT ", 290)+"a=b", nil),
		"far indexes":                        filter(joined(200, "l[9999#]=:v", " OR "), one),
		"PartiQL: a long IN":                 statement("SELECT * FROM tab WHERE pk IN [" + joined(50, "'#'", ",") + "]"),
		"PartiQL: many OR":                   statement("SELECT * FROM tab WHERE " + joined(290, "pk='#'", " OR ")),
		"PartiQL: keys of many kinds":        statement("SELECT * FROM tab WHERE " + joined(140, "(pk='#' OR pk>'#')", " AND ")),
		"PartiQL: deep parentheses":          statement("SELECT * FROM tab WHERE " + strings.Repeat("(", 4000) + "pk='a'" + strings.Repeat(")", 4000)),
		"PartiQL: many NOT":                  statement("SELECT * FROM tab WHERE " + strings.Repeat("NOT ", 2000) + "pk='a'"),
		"PartiQL: a deep value":              statement("INSERT INTO tab VALUE {'pk':'a','v':" + strings.Repeat("[", 4000) + strings.Repeat("]", 4000) + "}"),
		"PartiQL: many minus signs":          statement("SELECT * FROM tab WHERE pk=" + strings.Repeat("- ", 4000) + "1"),
		"PartiQL: a long set":                statement("INSERT INTO tab VALUE {'pk':'a','v':<<" + joined(1500, "#", ",") + ">>}"),
		"PartiQL: many values set":           statement("UPDATE tab " + joined(500, "SET a#=1", " ") + " WHERE pk='map'"),
		"PartiQL: list_append, often":        statement("UPDATE tab " + joined(200, "SET a#=list_append(l,l)", " ") + " WHERE pk='half'"),
		"PartiQL: a long path":               statement("UPDATE tab SET m" + strings.Repeat("[0].a", 1500) + "=1 WHERE pk='map'"),
	} {
		t.Run(name, func(t *testing.T) {
			bound.Input(t, func() {
				c := bound.Of(func() {
					_, err := e.Serve(t.Context(), in)
					if err != nil {
						t.Logf("%.160s", err)
					}
				})
				t.Logf("%s, %d KB", c.Time, c.Bytes>>10)
			})
		})
	}
	// What else is wrong with an update that makes too much is told first.
	for text, want := range map[string]string{
		"SET " + joined(100, "a#=list_append(l,l)", ",") + ", b=absent":  "The provided expression refers to an attribute that does not exist in the item",
		"SET b=absent, " + joined(100, "a#=list_append(l,l)", ","):       "The provided expression refers to an attribute that does not exist in the item",
		"SET " + joined(100, "a#=list_append(l,l)", ",") + ", pk.x=l":    "Cannot update attribute pk",
		"SET " + joined(100, "a#=list_append(l,l)", ",") + " REMOVE l.x": "The document path provided in the update expression is invalid for update",
		"SET " + joined(100, "a#=list_append(l,l)", ","):                 "Item size to update has exceeded the maximum allowed size",
	} {
		in := update("half", text, nil).(*api.UpdateItemInput)
		require.Contains(t, fails(t, e, in).Message, want)
	}
	require.NoError(t, e.Check(t.Context()))
	finish(t, e)
}
