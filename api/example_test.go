package api_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// counting is a layer around a Client: it counts what passes, by class.
type counting struct {
	api.Client
	reads, writes int
}

func (c *counting) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	switch op, _ := api.Lookup(in.Operation()); op.Class {
	case api.Read:
		c.reads++
	case api.Write:
		c.writes++
	}
	return c.Client.Serve(ctx, in)
}

// oneItem is a Client that has one item and takes no writes.
type oneItem struct{ item attr.Item }

func (c oneItem) Serve(_ context.Context, in api.Request) (api.Response, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	if _, ok := in.(*api.GetItemInput); ok {
		return &api.GetItemOutput{Item: api.ItemOf(c.item)}, nil
	}
	return nil, &api.Error{Code: api.CodeUnknownOperation, Message: in.Operation()}
}

func ExampleDo() {
	ctx := context.Background()
	c := &counting{Client: oneItem{attr.Item{"id": attr.S("u1"), "name": attr.S("Ada")}}}

	out, err := api.Do(ctx, c, &api.GetItemInput{TableName: new("users"), Key: attr.Item{"id": attr.S("u1")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out.Item.Value("name"))

	_, err = api.Do(ctx, c, &api.PutItemInput{TableName: new("u;"), Item: api.ItemOf(attr.Item{"id": attr.S("u2")})})
	fmt.Println(errors.Is(err, api.ErrValidation))
	fmt.Println(err)
	fmt.Println(c.reads, "read,", c.writes, "write")
	// Output:
	// "Ada"
	// true
	// ValidationException: 2 validation errors detected: Value 'u;' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value 'u;' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3
	// 1 read, 1 write
}

func ExampleRegistry() {
	for _, op := range api.Registry() {
		if op.Class == api.Write && !op.Native {
			fmt.Println(op.API, op.Name)
		}
	}
	// Output:
	// DynamoDB_20120810 BatchExecuteStatement
	// DynamoDB_20120810 BatchWriteItem
	// DynamoDB_20120810 DeleteItem
	// DynamoDB_20120810 ExecuteStatement
	// DynamoDB_20120810 ExecuteTransaction
	// DynamoDB_20120810 PutItem
	// DynamoDB_20120810 TransactWriteItems
	// DynamoDB_20120810 UpdateItem
}

func ExampleParseARN() {
	arn, ok := api.ParseARN("arn:aws:dynamodb:eu-west-1:123456789012:table/users")
	fmt.Println(ok, arn.Region, arn.Table)
	// Output: true eu-west-1 users
}

func ExamplePosition() {
	changes := []api.Change{{Slot: 0, Sequence: 12}, {Slot: 1, Sequence: 7}} // of ReadChanges
	p := &api.Position{TableID: "0f8fad5b-d9cb-469f-a165-70867728950e", Next: []uint64{12, 7}}
	for _, c := range changes {
		p = p.After(&c) // dealt with
	}
	kept := p.String() // in a file, or with what was made of the changes

	p, err := api.ParsePosition(kept)
	fmt.Println(p.Next, err)
	_, err = api.ParsePosition(kept[:20] + "A" + kept[21:])
	fmt.Println(err)
	// Output:
	// [13 8] <nil>
	// ValidationException: Invalid position: it is damaged: the checksum differs
}

func ExampleParseStreamARN() {
	table, label, ok := api.ParseStreamARN("arn:aws:dynamodb:eu-west-1:123456789012:table/users/stream/2026-10-08T23:07:31.275")
	fmt.Println(ok, table.Table, label)
	// Output: true users 2026-10-08T23:07:31.275
}
