package stator_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv/memkv"
)

// User is the struct of the examples.
type User struct {
	ID     string `dynamodbav:"id" stator:"hash"`
	Org    string `dynamodbav:"org" stator:"index:byOrg,hash"`
	Name   string `dynamodbav:"name" stator:"index:byOrg,range"`
	Visits int    `dynamodbav:"visits"`
}

// exampleUsers returns a table of three users in memory.
func exampleUsers(ctx context.Context) (*stator.DB, stator.TableOf[User]) {
	db, err := stator.OpenMemory(nil)
	if err != nil {
		log.Fatal(err)
	}
	users, err := stator.CreateTableFor[User](ctx, db, "users")
	if err != nil {
		log.Fatal(err)
	}
	_, err = users.BatchPut(ctx, []User{
		{"u1", "acme", "Ann", 3}, {"u2", "acme", "Bob", 12}, {"u3", "acme", "Abe", 7},
	})
	if err != nil {
		log.Fatal(err)
	}
	return db, users
}

func Example() {
	ctx := context.Background()
	db, err := stator.OpenMemory(nil) // or stator.Open("app.db", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	users, err := stator.CreateTableFor[User](ctx, db, "users")
	if err != nil {
		log.Fatal(err)
	}
	err = users.Put(ctx, User{ID: "u1", Org: "acme", Name: "Ann"}, stator.If("attribute_not_exists(id)"))
	if err != nil {
		log.Fatal(err)
	}
	u, err := users.Update(ctx, stator.Key("u1"), stator.Add("visits", 1), stator.If("visits < ?", 10))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u)
	for u, err := range users.Query("org = ? AND begins_with(name, ?)", "acme", "A").Index("byOrg").All(ctx) {
		fmt.Println(u, err)
	}
	// Output:
	// {u1 acme Ann 1}
	// {u1 acme Ann 1} <nil>
}

func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "stator")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "app.db")

	db, err := stator.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	notes, err := stator.CreateTable(ctx, db, "notes", stator.HashKey("id", "N"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(notes.Put(ctx, stator.Item{"id": stator.Int(1), "text": stator.S("buy milk")}))
	fmt.Println(db.Close())

	db, err = stator.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	fmt.Println(db.Table("notes").Get(ctx, stator.Key(1)))
	// Output:
	// <nil>
	// <nil>
	// {id: 1, text: "buy milk"} <nil>
}

// Tests give the DB a clock of their own.
func ExampleOpenMemory() {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	db, err := stator.OpenMemory(&stator.Options{Now: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	if _, err := stator.CreateTableFor[User](ctx, db, "users"); err != nil {
		log.Fatal(err)
	}
	d, err := stator.DescribeTable(ctx, db, "users")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.CreationDateTime.UTC(), *d.TableArn)
	// Output: 2030-01-02 03:04:05 +0000 UTC arn:aws:dynamodb:local:000000000000:table/users
}

func ExampleOpenStore() {
	store, err := memkv.Open(nil) // or boltkv.Open("app.db", &boltkv.Options{…}), or a store of your own
	if err != nil {
		log.Fatal(err)
	}
	db, err := stator.OpenStore(store, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(db.Close())
	// Output: <nil>
}

// What the sentences of this package do not say is said with package api.
func ExampleDB_Serve() {
	ctx := context.Background()
	db, _ := exampleUsers(ctx)
	defer db.Close()
	out, err := api.Do(ctx, db, &api.GetItemInput{
		TableName: new("users"),
		Key:       stator.Item{"id": stator.S("u1")},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.Item)
	// Output: {id: "u1", name: "Ann", org: "acme", visits: 3}
}

func ExampleTableOf() {
	ctx := context.Background()
	db, users := exampleUsers(ctx)
	defer db.Close()

	u, err := users.Get(ctx, stator.Key("u1"))
	fmt.Println(u, err)
	item, err := db.Table("users").Get(ctx, stator.Key("u1"), stator.Project("name"))
	fmt.Println(item, err)
	_, err = users.Get(ctx, stator.Key("nobody"))
	fmt.Println(errors.Is(err, stator.ErrNotFound), err)
	// Output:
	// {u1 acme Ann 3} <nil>
	// {name: "Ann"} <nil>
	// true stator: item not found: users {id: "nobody"}
}

func ExampleCreateTableFor() {
	type Song struct {
		Artist string   `dynamodbav:"artist" stator:"hash"`
		Title  string   `dynamodbav:"title" stator:"range; index:byGenre,include"`
		Genre  string   `dynamodbav:"genre" stator:"index:byGenre,hash"`
		Year   int      `dynamodbav:"year" stator:"index:byGenre,range; local:byYear,range"`
		Lyrics []string `dynamodbav:"lyrics"`
	}
	ctx := context.Background()
	db, err := stator.OpenMemory(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	songs, err := stator.CreateTableFor[Song](ctx, db, "songs")
	if err != nil {
		log.Fatal(err)
	}
	err = songs.Put(ctx, Song{"Nina Simone", "Sinnerman", "jazz", 1965, []string{"Oh, Sinnerman"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(songs.Query("genre = ? AND year < ?", "jazz", 1970).Index("byGenre").One(ctx))
	// Output: {Nina Simone Sinnerman jazz 1965 []} <nil>
}

func ExampleCreateTable() {
	ctx := context.Background()
	db, err := stator.OpenMemory(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	music, err := stator.CreateTable(ctx, db, "music",
		stator.HashKey("artist", "S"), stator.RangeKey("song", "S"),
		stator.GlobalIndex("byGenre", stator.HashKey("genre", "S"), stator.RangeKey("price", "N")))
	if err != nil {
		log.Fatal(err)
	}
	err = music.Put(ctx, stator.Item{
		"artist": stator.S("Nina Simone"), "song": stator.S("Sinnerman"),
		"genre": stator.S("jazz"), "price": stator.N("1.98"), "tags": stator.SS("live", "long"),
	})
	if err != nil {
		log.Fatal(err)
	}
	for song, err := range music.Query("genre = ? AND price < ?", "jazz", 2).Index("byGenre").All(ctx) {
		fmt.Println(song["song"], song["tags"], err)
	}
	// Output: "Sinnerman" <"live", "long"> <nil>
}

func ExampleUpdateTable() {
	ctx := context.Background()
	db, users := exampleUsers(ctx)
	defer db.Close()
	err := stator.UpdateTable(ctx, db, "users",
		stator.AddIndex("byVisits", stator.HashKey("org", "S"), stator.RangeKey("visits", "N"), stator.KeysOnly()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(users.Query("org = ?", "acme").Index("byVisits").Desc().One(ctx))
	// Output: {u2 acme  12} <nil>
}

func ExampleIf() {
	ctx := context.Background()
	db, users := exampleUsers(ctx)
	defer db.Close()

	err := users.Put(ctx, User{ID: "u1", Org: "acme", Name: "Zoe"}, stator.If("attribute_not_exists(id)"))
	var current User
	if errors.Is(err, stator.ErrConditionFailed) && stator.FailedItem(err, &current) {
		fmt.Println("there is", current.Name, "already")
	}
	// Output: there is Ann already
}

func ExampleTableOf_Update() {
	ctx := context.Background()
	db, users := exampleUsers(ctx)
	defer db.Close()

	u, err := users.Update(ctx, stator.Key("u1"),
		stator.Add("visits", 1),
		stator.Set("name", "Anna"),
		stator.Append("log", "renamed"),
		stator.If("visits < ?", 10))
	fmt.Println(u, err)
	old, err := users.Update(ctx, stator.Key("u1"), stator.Expr("SET visits = visits - ? REMOVE log", 2), stator.ReturnOld())
	fmt.Println(old, err)
	// Output:
	// {u1 acme Anna 4} <nil>
	// {u1 acme Anna 4} <nil>
}

func ExampleQuery() {
	ctx := context.Background()
	db, users := exampleUsers(ctx)
	defer db.Close()

	acme := users.Query("org = ?", "acme").Index("byOrg")
	for u, err := range acme.Filter("visits > ?", 5).Desc().All(ctx) {
		fmt.Println(u.Name, u.Visits, err)
	}
	fmt.Println(acme.Count(ctx))

	page, err := acme.Limit(2).Page(ctx, nil)
	fmt.Println(page.Items, err)
	page, err = acme.Limit(2).Page(ctx, page.LastEvaluatedKey)
	fmt.Println(page.Items, err)
	// Output:
	// Bob 12 <nil>
	// Abe 7 <nil>
	// 3 <nil>
	// [{u3 acme Abe 7} {u1 acme Ann 3}] <nil>
	// [{u2 acme Bob 12}] <nil>
}

func ExampleScan() {
	ctx := context.Background()
	db, users := exampleUsers(ctx)
	defer db.Close()
	visits := 0
	for u, err := range users.Scan().Parallel(4).All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		visits += u.Visits
	}
	fmt.Println(visits)
	// Output: 22
}

func ExampleTableOf_BatchGet() {
	ctx := context.Background()
	db, users := exampleUsers(ctx)
	defer db.Close()
	keys := []stator.PrimaryKey{stator.Key("u1"), stator.Key("u2"), stator.Key("nobody")}
	visits := 0
	for u, err := range users.BatchGet(ctx, keys) {
		if err != nil {
			log.Fatal(err)
		}
		visits += u.Visits
	}
	fmt.Println(visits)
	// Output: 15
}

func ExampleTransact() {
	type Account struct {
		Owner   string `dynamodbav:"owner" stator:"hash"`
		Balance int    `dynamodbav:"balance"`
	}
	ctx := context.Background()
	db, err := stator.OpenMemory(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	accounts, err := stator.CreateTableFor[Account](ctx, db, "accounts")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := accounts.BatchPut(ctx, []Account{{"alice", 100}, {"bob", 20}}); err != nil {
		log.Fatal(err)
	}
	transfer := func(from, to string, amount int) error {
		return stator.Transact(ctx, db,
			accounts.TxUpdate(stator.Key(from), stator.Add("balance", -amount), stator.If("balance >= ?", amount)),
			accounts.TxUpdate(stator.Key(to), stator.Add("balance", amount)))
	}
	fmt.Println(transfer("alice", "bob", 70))
	err = transfer("alice", "bob", 70)
	if e, ok := errors.AsType[*stator.Error](err); ok {
		fmt.Println(errors.Is(err, stator.ErrTransactionCanceled), e.CancellationReasons[0].Code, e.CancellationReasons[0].Item)
	}
	var a, b Account
	err = stator.TransactGet(ctx, db, accounts.TxGet(stator.Key("alice"), &a), accounts.TxGet(stator.Key("bob"), &b))
	fmt.Println(a, b, err)
	// Output:
	// <nil>
	// true ConditionalCheckFailed {balance: 30, owner: "alice"}
	// {alice 30} {bob 90} <nil>
}

func ExampleConsumed() {
	ctx := context.Background()
	db, users := exampleUsers(ctx)
	defer db.Close()
	var used stator.Capacity
	if err := users.Put(ctx, User{ID: "u4", Org: "acme", Name: "Eve"}, stator.Consumed(&used)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(used.Units, used.Table, used.Indexes)
	// Output: 2 1 map[byOrg:1]
}

func ExampleNames() {
	ctx := context.Background()
	db, users := exampleUsers(ctx)
	defer db.Close()
	_, err := users.Update(ctx, stator.Key("u1"), stator.Set("#s", "on"), stator.Names{"#s": "set"})
	fmt.Println(err)
	fmt.Println(db.Table("users").Get(ctx, stator.Key("u1"), stator.Project("#s"), stator.Names{"#s": "set"}))
	// Output:
	// <nil>
	// {set: "on"} <nil>
}

func ExampleFailedItem() {
	ctx := context.Background()
	db, users := exampleUsers(ctx)
	defer db.Close()
	err := users.Delete(ctx, stator.Key("u2"), stator.If("visits = ?", 0))
	var current User
	fmt.Println(stator.FailedItem(err, &current), current)
	// Output: true {u2 acme Bob 12}
}

func ExampleListTables() {
	ctx := context.Background()
	db, _ := exampleUsers(ctx)
	defer db.Close()
	for name, err := range stator.ListTables(ctx, db) {
		fmt.Println(name, err)
	}
	fmt.Println(stator.DeleteTable(ctx, db, "users"))
	// Output:
	// users <nil>
	// <nil>
}
