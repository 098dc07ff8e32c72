package stator_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/statordb/stator"
)

// exampleStream returns a table with a stream, and three writes in it.
func exampleStream(ctx context.Context) (*stator.DB, stator.TableOf[User]) {
	db, err := stator.OpenMemory(nil)
	if err != nil {
		log.Fatal(err)
	}
	users, err := stator.CreateTableFor[User](ctx, db, "users", stator.Stream(stator.StreamNewAndOldImages))
	if err != nil {
		log.Fatal(err)
	}
	for visits := range 3 {
		if err := users.Put(ctx, User{"u1", "acme", "Ann", visits}); err != nil {
			log.Fatal(err)
		}
	}
	return db, users
}

func ExampleTableOf_Changes() {
	ctx := context.Background()
	db, users := exampleStream(ctx)
	defer db.Close()
	for c, err := range users.Changes(ctx, stator.FromStart()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(c.EventName, c.New.Visits)
		if c.New.Visits == 2 {
			break // it would wait for the next one
		}
	}
	// Output:
	// INSERT 0
	// MODIFY 1
	// MODIFY 2
}

// A reader with a name goes on where it acknowledged.
func ExampleChange_Ack() {
	ctx := context.Background()
	db, users := exampleStream(ctx)
	defer db.Close()
	for range 2 { // two lives of a program
		for c, err := range users.Changes(ctx, stator.As("mailer")) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(c.EventName, c.New.Visits)
			if err := c.Ack(ctx); err != nil {
				log.Fatal(err)
			}
			break
		}
	}
	// Output:
	// INSERT 0
	// MODIFY 1
}

// A position can be kept anywhere, as text.
func ExampleAfter() {
	ctx := context.Background()
	db, users := exampleStream(ctx)
	defer db.Close()
	end, err := users.Position(ctx)
	if err != nil {
		log.Fatal(err)
	}
	text := end.String()

	if err := users.Delete(ctx, stator.Key("u1")); err != nil {
		log.Fatal(err)
	}
	position, err := stator.ParsePosition(text)
	if err != nil {
		log.Fatal(err)
	}
	for c, err := range users.Changes(ctx, stator.After(position)) {
		fmt.Println(c.EventName, *c.Old, err)
		break
	}
	// Output: REMOVE {u1 acme Ann 2} <nil>
}

func ExampleTableOf_Subscribe() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, users := exampleStream(ctx)
	defer db.Close()
	sub, err := users.Subscribe(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	if err := users.Put(ctx, User{"u2", "acme", "Bob", 1}); err != nil {
		log.Fatal(err)
	}
	select {
	case c, ok := <-sub.C():
		if !ok {
			log.Fatal(sub.Err())
		}
		fmt.Println(c.EventName, *c.New)
	case <-time.After(time.Minute):
		fmt.Println("nothing happens")
	}
	// Output: INSERT {u2 acme Bob 1}
}

func ExampleTableOf_Subscriptions() {
	ctx := context.Background()
	db, users := exampleStream(ctx)
	defer db.Close()
	for c, err := range users.Changes(ctx, stator.As("mailer")) {
		if err != nil {
			log.Fatal(err)
		}
		if err := c.Ack(ctx); err != nil {
			log.Fatal(err)
		}
		break
	}
	list, err := users.Subscriptions(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range list {
		fmt.Println(s.SubscriptionName, s.Behind, s.InUse)
	}
	// Output: mailer 2 false
}

// A test moves the clock, and nobody waits.
func ExampleTTL() {
	ctx := context.Background()
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	clock := &hands{now: now}
	db, err := stator.OpenMemory(&stator.Options{Now: clock.Now})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	codes, err := stator.CreateTable(ctx, db, "codes", stator.HashKey("id", "S"), stator.TTL("expires"))
	if err != nil {
		log.Fatal(err)
	}
	for id, hours := range map[string]time.Duration{"soon": 1, "later": 2} {
		item := stator.Item{"id": stator.S(id), "expires": stator.Int(now.Add(hours * time.Hour).Unix())}
		if err := codes.Put(ctx, item); err != nil {
			log.Fatal(err)
		}
	}
	clock.move(90 * time.Minute)
	if _, err := db.Maintain(ctx); err != nil {
		log.Fatal(err)
	}
	for item, err := range codes.Scan().All(ctx) {
		fmt.Println(item["id"], err)
	}
	// Output: "later" <nil>
}
