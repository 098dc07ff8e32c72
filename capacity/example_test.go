package capacity_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/capacity"
)

// A table of five writes a second, which the program asks for ten at once.
func ExampleService() {
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	service := capacity.New(&capacity.Options{Now: func() time.Time { return now }})
	put := api.Usage{Operation: "PutItem", Write: 1, Table: &api.TableCapacity{
		Name: "orders", ID: "1", Units: api.CapacityUnits{Read: 5, Write: 5},
	}}
	for i := range 10 {
		err := service.Take(context.Background(), put)
		var e *api.Error
		if errors.As(err, &e) {
			fmt.Println(i, e.Code, e.ThrottlingReasons[0].Reason, e.RetryAfter)
			break
		}
		service.Settle(put, put)
	}
	now = now.Add(time.Minute)
	state, _ := service.State("orders")
	fmt.Println(state.Write.Tokens, "of", state.Write.Burst)
	// Output:
	// 5 ProvisionedThroughputExceededException TableWriteProvisionedThroughputExceeded 200ms
	// 300 of 1500
}

// At most a thousand operations and a hundred writes a second, and who comes
// too often waits up to two seconds.
func ExampleWaiting() {
	rate, err := capacity.Rate(&capacity.RateOptions{Operations: 1000, WriteUnits: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	limiter := capacity.Waiting(rate, 2*time.Second) // Options.Limiter of a DB
	fmt.Println(limiter.Take(context.Background(), api.Usage{Write: 1}))
	// Output: <nil>
}

func ExampleRate() {
	_, err := capacity.Rate(&capacity.RateOptions{Operations: -1})
	fmt.Println(err)
	// Output: RateOptions.Operations is -1, allowed are 0 and more
}
