package corrupt_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/reliability/internal/ram"
)

const pageSize = 4096

// contents returns all items of a database by their table and key, in their written form.
func contents(t testing.TB, path string) map[string]string {
	db, err := stator.Open(path, options())
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	all := map[string]string{}
	for name, err := range stator.ListTables(t.Context(), db) {
		require.NoError(t, err)
		for item, err := range db.Table(name).Scan().All(t.Context()) {
			require.NoError(t, err)
			all[name+" "+keyOf(name, item)] = item.String()
		}
	}
	return all
}

func keyOf(table string, item stator.Item) string {
	if table == "orders" {
		return stator.Item{"customer": item["customer"], "at": item["at"]}.String()
	}
	return stator.Item{"id": item["id"]}.String()
}

// leaves returns the leaf pages of a whole file, by page, with the keys of the base rows that are on each.
func leaves(b []byte) map[int][]string {
	names := regions(b)
	all := map[int][]string{}
	for page := 2; page < len(b)/pageSize; page++ {
		at := page * pageSize
		if names[at] == "leaf, header" {
			n := int(binary.NativeEndian.Uint16(b[at+10:]))
			all[page] = []string{}
			for i := range n {
				e := at + 16 + 16*i
				key := e + int(binary.NativeEndian.Uint32(b[e+4:]))
				value := key + int(binary.NativeEndian.Uint32(b[e+8:]))
				if b[key+4] == 2 && binary.BigEndian.Uint32(b[key:]) != 0 {
					all[page] = append(all[page], string(b[key:value]))
				}
			}
		}
	}
	return all
}

type damage struct {
	name  string
	do    func(b []byte) []byte
	left  []int // the leaf pages that are damaged; nil: none
	stale bool  // the list of free pages is gone with the tree: nothing says what is current
}

// TestSalvage damages a file in many ways: what is on pages that are whole comes back, byte for byte, and nothing else; and
// the new file is a whole database.
func TestSalvage(t *testing.T) {
	began := time.Now()
	dir := ram.Dir(t)
	path := filepath.Join(dir, "whole.db")
	build(t, path)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	want := contents(t, path)
	require.Len(t, want, live+orders+blobs)
	onPage := leaves(whole)
	pages := slices.Sorted(maps.Keys(onPage))
	names := regions(whole)
	find := func(region string) int {
		return slices.Index(names, region) / pageSize
	}
	zero := func(list ...int) func([]byte) []byte {
		return func(b []byte) []byte {
			for _, page := range list {
				clear(b[page*pageSize : (page+1)*pageSize])
			}
			return b
		}
	}
	var damages []damage
	add := func(name string, do func([]byte) []byte, left ...int) {
		damages = append(damages, damage{name: name, do: do, left: left})
	}
	add("nothing", func(b []byte) []byte { return b })
	newest := find("meta page, newest")
	add("the older meta page", zero(1-newest))
	add("both meta pages, a bit each", func(b []byte) []byte { b[30] ^= 1; b[pageSize+50] ^= 1; return b })
	add("both meta pages", zero(0, 1))
	add("the list of buckets", zero(find("list of buckets, header")))
	add("the root", zero(find("root, header")))
	add("the list of free pages", zero(find("list of free pages, header")))
	add("a cycle", func(b []byte) []byte {
		root := find("root, header")
		binary.NativeEndian.PutUint64(b[root*pageSize+16+8:], uint64(root))
		return b
	})
	pages = slices.DeleteFunc(pages, func(page int) bool { // without a catalog tables have other names
		return slices.Contains(names[page*pageSize:(page+1)*pageSize], "leaf, key of the store's catalog")
	})
	withRows := slices.DeleteFunc(slices.Clone(pages), func(page int) bool { return len(onPage[page]) == 0 })
	for _, page := range withRows[:5] {
		add(fmt.Sprintf("leaf %d", page), zero(page), page)
	}
	random := rand.New(rand.NewPCG(*seed, 9))
	for range 10 {
		var list []int
		for range 5 {
			list = append(list, pages[random.IntN(len(pages))])
		}
		add(fmt.Sprintf("pages %v", list), zero(list...), list...)
	}
	for range 5 {
		list := []int{pages[random.IntN(len(pages))], find("root, header")}
		add(fmt.Sprintf("root and page %d", list[0]), zero(list...), list...)
	}
	cut := pages[len(pages)*2/3]
	var beyond []int
	for _, page := range pages {
		if overlaps(whole, page, cut) {
			beyond = append(beyond, page)
		}
	}
	add(fmt.Sprintf("cut before page %d", cut), func(b []byte) []byte { return b[:cut*pageSize] }, beyond...)

	damages[len(damages)-1].stale = true

	saved, lost := 0, 0
	for i, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			from, into := filepath.Join(dir, fmt.Sprint(i, ".db")), filepath.Join(dir, fmt.Sprint(i, "-new.db"))
			require.NoError(t, os.WriteFile(from, d.do(slices.Clone(whole)), 0o600))
			before, err := os.ReadFile(from)
			require.NoError(t, err)
			report, err := stator.CheckFile(t.Context(), from)
			require.NoError(t, err)
			require.Equal(t, d.name == "nothing", len(report.Faults) == 0, "%q", report.Faults)

			r, err := stator.Salvage(t.Context(), from, into, &stator.SalvageOptions{Options: options(), Stale: d.stale})
			require.NoError(t, err)
			after, err := os.ReadFile(from)
			require.NoError(t, err)
			require.Equal(t, before, after, "the damaged file is as it was")
			whole, err := stator.CheckFile(t.Context(), into)
			require.NoError(t, err)
			require.Empty(t, whole.Faults)

			got := contents(t, into)
			for key, item := range got {
				if !d.stale {
					require.Equal(t, want[key], item)
				} else if want[key] != item {
					delete(got, key) // outdated, as was to be expected
				}
			}
			damaged := 0
			for _, page := range slices.Compact(slices.Sorted(slices.Values(d.left))) {
				damaged += len(onPage[page])
			}
			require.GreaterOrEqual(t, len(got)+damaged, len(want), "%+v", r)
			if len(d.left) == 0 {
				require.False(t, r.Lost() && d.name != "nothing" && !strings.Contains(d.name, "meta"), "%+v", r)
				require.Equal(t, want, got)
			}
			var items int64
			for _, table := range r.Tables {
				items += table.Items
			}
			if !d.stale {
				require.EqualValues(t, len(got), items, "what the report says was saved")
			}
			saved += len(got)
			lost += len(want) - len(got)
			_, err = stator.Salvage(t.Context(), from, into, nil)
			require.ErrorIs(t, err, fs.ErrExist)
		})
	}
	t.Logf("salvage: %d damaged files: %d items saved, %d lost with the pages that they were on, in %v", len(damages), saved, lost, time.Since(began).Round(time.Millisecond))
}

// overlaps reports whether a page or its overflow lies beyond a place.
func overlaps(b []byte, page, cut int) bool {
	return page+int(binary.NativeEndian.Uint32(b[page*pageSize+12:])) >= cut
}

// TestSalvageNames: the items of a leaf that is gone are named, when an index holds their keys, and no others.
func TestSalvageNames(t *testing.T) {
	dir := ram.Dir(t)
	path := filepath.Join(dir, "whole.db")
	build(t, path)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	names := regions(whole)
	want := contents(t, path)
	tested := 0
	for page, rows := range leaves(whole) {
		if slices.Contains(names[page*pageSize:(page+1)*pageSize], "leaf, key of the store's catalog") {
			continue // without it the table has another name
		}
		if len(rows) == 0 || slices.ContainsFunc(rows, func(key string) bool { return key[:4] != rows[0][:4] || key[3] != 1 }) || tested == 4 {
			continue // not of users alone
		}
		tested++
		from, into := filepath.Join(dir, fmt.Sprint(page, ".db")), filepath.Join(dir, fmt.Sprint(page, "-new.db"))
		b := slices.Clone(whole)
		clear(b[page*pageSize : (page+1)*pageSize])
		require.NoError(t, os.WriteFile(from, b, 0o600))
		r, err := stator.Salvage(t.Context(), from, into, &stator.SalvageOptions{Options: options()})
		require.NoError(t, err)
		got := contents(t, into)
		var lost []string
		for key := range want {
			if _, ok := got[key]; !ok {
				lost = append(lost, strings.TrimPrefix(key, "users "))
			}
		}
		slices.Sort(lost)
		require.Len(t, lost, len(rows))
		table := r.Tables[slices.IndexFunc(r.Tables, func(t stator.SalvagedTable) bool { return t.Name == "users" })]
		require.Equal(t, lost, table.Missing)
		require.EqualValues(t, live, table.Counted)
		require.True(t, r.Lost())
	}
	require.Positive(t, tested)
}

// TestSalvageDefinitions: what a table is comes with it.
func TestSalvageDefinitions(t *testing.T) {
	dir := ram.Dir(t)
	path, into := filepath.Join(dir, "whole.db"), filepath.Join(dir, "new.db")
	build(t, path)
	_, err := stator.Salvage(t.Context(), path, into, &stator.SalvageOptions{Options: options()})
	require.NoError(t, err)
	definition := func(path string) map[string]string {
		db, err := stator.Open(path, options())
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		all := answers(t.Context(), db)
		delete(all, "stream")
		delete(all, "transaction") // tokens are not saved
		users, err := stator.DescribeTable(t.Context(), db, "users")
		require.NoError(t, err)
		users.StreamSpecification, users.LatestStreamArn, users.LatestStreamLabel = nil, nil, nil
		all["describe users"] = render(users)
		return all
	}
	require.Equal(t, definition(path), definition(into))
}

// TestSalvageDeleted: items that were deleted do not come back, nor older versions, unless stale ones are asked for. With
// the list of free pages gone, only those who ask get what the damage has cut off.
func TestSalvageDeleted(t *testing.T) {
	dir := ram.Dir(t)
	path := filepath.Join(dir, "whole.db")
	build(t, path)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	root, list := slices.Index(regions(whole), "root, header")/pageSize, slices.Index(regions(whole), "list of free pages, header")/pageSize
	for i, c := range []struct {
		zeroed      []int
		stale, told bool
		items       int64 // at least
	}{{[]int{root}, false, false, live}, {[]int{root}, true, false, live}, {[]int{root, list}, false, true, 0}, {[]int{root, list}, true, true, live}} {
		b := slices.Clone(whole)
		for _, page := range c.zeroed {
			clear(b[page*pageSize : (page+1)*pageSize])
		}
		from, into := filepath.Join(dir, fmt.Sprint(i, ".db")), filepath.Join(dir, fmt.Sprint(i, "-new.db"))
		require.NoError(t, os.WriteFile(from, b, 0o600))
		r, err := stator.Salvage(t.Context(), from, into, &stator.SalvageOptions{Stale: c.stale, Options: options()})
		require.NoError(t, err)
		require.Equal(t, c.told, r.UnknownPages > 0)
		if c.items == 0 {
			require.Empty(t, r.Tables)
			require.True(t, r.Lost())
			continue
		}
		table := r.Tables[slices.IndexFunc(r.Tables, func(t stator.SalvagedTable) bool { return t.Name == "users" })]
		require.GreaterOrEqual(t, table.Items, c.items)
		if !c.stale {
			require.Equal(t, c.items, table.Items)
		}
		db, err := stator.Open(into, options())
		require.NoError(t, err)
		item, err := db.Table("users").Get(t.Context(), stator.Key("u000"))
		require.NoError(t, err)
		require.Equal(t, user(0, 1).String(), item.String(), "the last version, and not an older one")
		require.NoError(t, db.Close())
	}
}

// TestSalvageCatalog: tables whose definition is lost are rebuilt from their items, and deleted ones are not.
func TestSalvageCatalog(t *testing.T) {
	dir := ram.Dir(t)
	path := filepath.Join(dir, "whole.db")
	build(t, path)
	db, err := stator.Open(path, options())
	require.NoError(t, err)
	_, err = stator.CreateTable(t.Context(), db, "padding", stator.HashKey("id", "S"))
	require.NoError(t, err)
	for i := range 40 { // so that heads and catalog come apart
		_, err = api.Do(context.Background(), db, &api.TransactWriteItemsInput{ClientRequestToken: new(fmt.Sprint("token", i)), TransactItems: []api.TransactWriteItem{
			{Put: &api.Put{TableName: new("padding"), Item: api.ItemOf(attr.Item{"id": attr.Int(i)})}}}})
		require.Error(t, err)
		_, err = api.Do(context.Background(), db, &api.TransactWriteItemsInput{ClientRequestToken: new(fmt.Sprint("token", i)), TransactItems: []api.TransactWriteItem{
			{Put: &api.Put{TableName: new("padding"), Item: api.ItemOf(attr.Item{"id": attr.S(fmt.Sprint(i))})}}}})
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	want := contents(t, path)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	page := slices.Index(regions(b), "leaf, key of the store's catalog") / pageSize
	clear(b[page*pageSize : (page+1)*pageSize])
	from, into := filepath.Join(dir, "damaged.db"), filepath.Join(dir, "new.db")
	require.NoError(t, os.WriteFile(from, b, 0o600))
	r, err := stator.Salvage(t.Context(), from, into, &stator.SalvageOptions{Options: options()})
	require.NoError(t, err)
	require.True(t, r.Lost())
	rebuilt := 0
	for _, table := range r.Tables {
		if table.Rebuilt {
			rebuilt++
		}
	}
	require.Positive(t, rebuilt)
	store, err := stator.Open(into, options())
	require.NoError(t, err)
	var items []string
	for name, err := range stator.ListTables(t.Context(), store) {
		require.NoError(t, err)
		for item, err := range store.Table(name).Scan().All(t.Context()) {
			require.NoError(t, err)
			items = append(items, item.String())
		}
	}
	require.NoError(t, store.Close())
	slices.Sort(items)
	require.Equal(t, slices.Sorted(maps.Values(want)), items, "every item, in a table of some name")
	require.False(t, errors.Is(err, fs.ErrNotExist))
}
