// Autoscaling shows a day of a table whose traffic follows a sine wave: what is
// used, what auto scaling provisions for it, and what is throttled. The clock is
// set by the program, so that the day takes a moment.
//
//	go run ./examples/autoscaling
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"strings"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/capacity"
)

func main() {
	if err := story(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// cloud is a table that can be described and given other units, and its clock.
// A DB in its place does the same.
type cloud struct {
	now   time.Time
	units api.ProvisionedThroughputDescription
}

func (c *cloud) Serve(_ context.Context, in api.Request) (api.Response, error) {
	table := &api.TableDescription{TableStatus: new(api.TableStatusActive), ProvisionedThroughput: &c.units}
	if in, ok := in.(*api.UpdateTableInput); ok {
		if to := in.ProvisionedThroughput.WriteCapacityUnits; *to < *c.units.WriteCapacityUnits {
			c.units.NumberOfDecreasesToday, c.units.LastDecreaseDateTime = new(*c.units.NumberOfDecreasesToday+1), new(c.now)
		}
		c.units.WriteCapacityUnits = in.ProvisionedThroughput.WriteCapacityUnits
		return &api.UpdateTableOutput{TableDescription: table}, nil
	}
	return &api.DescribeTableOutput{Table: table}, nil
}

func story(ctx context.Context, w io.Writer) error {
	c := &cloud{now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	c.units = api.ProvisionedThroughputDescription{ReadCapacityUnits: new(int64(10)), WriteCapacityUnits: new(int64(100)), NumberOfDecreasesToday: new(int64(0))}
	service := capacity.New(&capacity.Options{Now: func() time.Time { return c.now }})
	scaling, err := capacity.NewAutoScaling(c, service, &capacity.AutoScalingOptions{Policies: []capacity.Policy{
		{Table: "orders", Dimension: capacity.WriteCapacity, MinCapacity: 50, MaxCapacity: 1000, TargetUtilization: 70},
	}})
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "hour  used  provisioned  throttled  changes")
	table := &api.TableCapacity{Name: "orders", ID: "1", Units: api.CapacityUnits{Read: 10, Write: 100}}
	for hour := range 24 {
		used, provisioned, throttled, before := 0.0, 0.0, 0, len(scaling.Activities())
		for second := range 3600 {
			if to := *c.units.WriteCapacityUnits; to != table.Units.Write {
				table = &api.TableCapacity{Name: "orders", ID: "1", Units: api.CapacityUnits{Read: 10, Write: to}}
			}
			// From 20 units a second at midnight to 500 at noon, ten at a time.
			rate := 260 - 240*math.Cos(2*math.Pi*(float64(hour)+float64(second)/3600)/24)
			for range int(rate / 10) {
				u := api.Usage{Table: table, Operation: "PutItem", Write: 10, Whole: true}
				if err := service.Take(ctx, u); err != nil {
					throttled++
					continue
				}
				service.Settle(u, u)
				used += u.Write
			}
			provisioned += float64(table.Units.Write)
			c.now = c.now.Add(time.Second)
			if err := scaling.Step(ctx); err != nil { // capacity.AutoScaling.Run does it on its own
				return err
			}
		}
		line := fmt.Sprintf("%4d  %4.0f  %11.0f  %9d  %s", hour, used/3600, provisioned/3600, throttled, changes(scaling.Activities(), before))
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	return nil
}

// changes are the units that were set since before, in their order.
func changes(latest []capacity.Activity, before int) string {
	var to []string
	for i := len(latest) - before - 1; i >= 0; i-- {
		to = append(to, fmt.Sprint(latest[i].To))
	}
	return strings.Join(to, " ")
}
