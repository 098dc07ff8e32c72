package stator_test

import (
	"context"
	"fmt"
	"log"

	"github.com/statordb/stator"
)

func ExampleStartTrigger() {
	ctx := context.Background()
	db, err := stator.OpenMemory(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	users, err := stator.CreateTableFor[User](ctx, db, "users", stator.Stream(stator.StreamNewAndOldImages))
	if err != nil {
		log.Fatal(err)
	}
	mailed := make(chan string)
	welcome := func(ctx context.Context, e stator.TriggerEvent) error {
		for _, r := range e.Records {
			var u User
			if err := r.UnmarshalNew(&u); err != nil {
				return err
			}
			mailed <- u.ID // what fails is handed over again
		}
		return nil
	}
	trigger, err := stator.StartTrigger(ctx, db, "users", "welcome", welcome, &stator.TriggerOptions{
		FilterCriteria:       []string{`{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"org": {"S": ["acme"]}}}}`},
		MaximumRetryAttempts: new(3),
		OnFailure: func(ctx context.Context, f stator.TriggerFailure) error {
			log.Printf("%d users have no mail: %v", f.BatchSize, f.Err)
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer trigger.Close()

	for _, u := range []User{{"u1", "acme", "Ann", 0}, {"u2", "other", "Bob", 0}, {"u1", "acme", "Ann", 1}} {
		if err := users.Put(ctx, u); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("welcome,", <-mailed)
	// Output: welcome, u1
}

func ExampleTableOf_Trigger() {
	ctx := context.Background()
	db, err := stator.OpenMemory(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	users, err := stator.CreateTableFor[User](ctx, db, "users", stator.Stream(stator.StreamKeys))
	if err != nil {
		log.Fatal(err)
	}
	total, told := 0, make(chan int, 10)
	count := func(ctx context.Context, changes []stator.Change[User]) error {
		for _, c := range changes { // those of one user come in their order
			if c.Old != nil {
				total -= c.Old.Visits
			}
			if c.New != nil {
				total += c.New.Visits
			}
			told <- total
		}
		return nil
	}
	trigger, err := users.Trigger(ctx, "count", count, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer trigger.Close()
	for _, visits := range []int{1, 5, 2} {
		if err := users.Put(ctx, User{"u1", "acme", "Ann", visits}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(<-told, <-told, <-told)
	// Output: 1 5 2
}
