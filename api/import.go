package api

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/statordb/stator/attr"
)

// ImportItemsInput puts many items into a table as fast as the store can. It is
// native: AWS has no such operation.
//
// Each item is put as by PutItem without a condition, and of several with one
// key the last remains. The items are written in the order in which the store
// keeps them, many in a transaction, so the more one request has, the faster
// it is. The import is not atomic: after an error some of the items may be written.
type ImportItemsInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// Items are the items, each of at most 400 KB. There is no limit to their
	// number but memory: the store's form of all of them is held at once.
	Items []attr.Item

	ReturnConsumedCapacity *ReturnConsumedCapacity
}

// ImportItemsOutput is the output of ImportItems.
type ImportItemsOutput struct {
	// ImportedCount is how many items were written: all of them, less those
	// that another one with the same key followed.
	ImportedCount int64

	// ConsumedCapacity is nil unless asked for.
	ConsumedCapacity *ConsumedCapacity
}

// Operation returns "ImportItems".
func (*ImportItemsInput) Operation() string          { return "ImportItems" }
func (*ImportItemsInput) request()                   {}
func (*ImportItemsInput) output() *ImportItemsOutput { return nil }
func (*ImportItemsOutput) response()                 {}

// Validate: see Request. A fault of an item names its place in Items.
func (in *ImportItemsInput) Validate() error {
	var c constraints
	returnConsumedCapacities.check(&c, nil, "returnConsumedCapacity", in.ReturnConsumedCapacity)
	c.tableName(nil, in.TableName)
	if err := c.err(); err != nil {
		return err
	}
	for i, item := range in.Items {
		values, size := checkSized(ItemOf(item))
		if err, ok := errors.AsType[*Error](cmp.Or(values, size)); ok {
			return Validation(fmt.Sprintf("Items[%d]: %s", i, err.Message))
		}
	}
	return nil
}
