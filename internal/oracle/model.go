package oracle

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/statordb/stator/api"
)

// Options say how a Model behaves.
type Options struct {
	// Now is the clock; time.Now when nil.
	Now func() time.Time

	// Region and AccountID stand in ARNs. Defaults "local" and "000000000000".
	Region    string
	AccountID string

	// HideExpired hides items whose time to live is over and that are not deleted yet.
	HideExpired bool
}

// Model is a naive DynamoDB: an api.Client on Go maps. It is safe for
// concurrent use, one operation at a time.
type Model struct {
	now             func() time.Time
	region, account string
	hideExpired     bool

	mu     sync.Mutex
	tables map[string]*table // guarded by mu, as all below it
	tokens map[string]remembered
}

// New returns an empty Model.
func New(o Options) *Model {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Region == "" {
		o.Region = "local"
	}
	if o.AccountID == "" {
		o.AccountID = "000000000000"
	}
	return &Model{now: o.Now, region: o.Region, account: o.AccountID, hideExpired: o.HideExpired, tables: map[string]*table{}, tokens: map[string]remembered{}}
}

// Serve implements api.Client.
func (m *Model) Serve(ctx context.Context, in api.Request) (api.Response, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := in.Validate(); err != nil {
		return nil, err
	}
	switch in := in.(type) {
	case *api.CreateTableInput:
		return answer(m.createTable(in))
	case *api.DescribeTableInput:
		return answer(m.describeTable(in))
	case *api.ListTablesInput:
		return answer(m.listTables(in))
	case *api.UpdateTableInput:
		return answer(m.updateTable(in))
	case *api.DeleteTableInput:
		return answer(m.deleteTable(in))
	case *api.PutItemInput:
		return answer(m.putItem(in))
	case *api.GetItemInput:
		return answer(m.getItem(in))
	case *api.UpdateItemInput:
		return answer(m.updateItem(in))
	case *api.DeleteItemInput:
		return answer(m.deleteItem(in))
	case *api.QueryInput:
		return answer(m.query(in))
	case *api.ScanInput:
		return answer(m.scan(in))
	case *api.BatchGetItemInput:
		return answer(m.batchGet(in))
	case *api.BatchWriteItemInput:
		return answer(m.batchWrite(in))
	case *api.TransactGetItemsInput:
		return answer(m.transactGet(in))
	case *api.TransactWriteItemsInput:
		return answer(m.transactWrite(in))
	case *api.UpdateTimeToLiveInput:
		return answer(m.updateTTL(in))
	case *api.DescribeTimeToLiveInput:
		return answer(m.describeTTL(in))
	case *api.MaintainInput:
		return answer(m.maintain(in))
	case *api.ReadChangesInput:
		return answer(m.readChanges(in))
	case *api.ImportItemsInput:
		return answer(m.importItems(in))
	case *api.TagResourceInput:
		return answer(m.tagResource(in))
	case *api.UntagResourceInput:
		return answer(m.untagResource(in))
	case *api.ListTagsOfResourceInput:
		return answer(m.listTags(in))
	}
	return nil, &api.Error{Code: api.CodeUnknownOperation, Message: "the model does not know " + in.Operation()}
}

// answer keeps a typed nil out of the Response.
func answer[Out api.Response](out Out, err error) (api.Response, error) {
	if err != nil {
		return nil, err
	}
	return out, nil
}

func invalid(format string, args ...any) *api.Error {
	if len(args) == 0 {
		return api.Validation(format)
	}
	return api.Validation(fmt.Sprintf(format, args...))
}

var errRequestedNotFound = &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found"}

// table returns the table of an operation on items.
func (m *Model) table(name *string) (*table, error) {
	if t := m.tables[nameOf(*name)]; t != nil {
		return t, nil
	}
	return nil, errRequestedNotFound
}

// named returns the table of an operation on tables.
func (m *Model) named(name *string) (*table, error) {
	if t := m.tables[nameOf(*name)]; t != nil {
		return t, nil
	}
	return nil, &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found: Table: " + nameOf(*name) + " not found"}
}

// nameOf returns the table's name in a name or an ARN.
func nameOf(nameOrARN string) string {
	const mark = ":table/"
	for i := range nameOrARN {
		if i+len(mark) <= len(nameOrARN) && nameOrARN[i:i+len(mark)] == mark {
			return nameOrARN[i+len(mark):]
		}
	}
	return nameOrARN
}

func (m *Model) listTables(in *api.ListTablesInput) (*api.ListTablesOutput, error) {
	limit := 100
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	out := &api.ListTablesOutput{TableNames: []string{}}
	for _, name := range slices.Sorted(maps.Keys(m.tables)) {
		if in.ExclusiveStartTableName != nil && name <= *in.ExclusiveStartTableName {
			continue
		}
		if len(out.TableNames) == limit {
			out.LastEvaluatedTableName = new(out.TableNames[limit-1])
			break
		}
		out.TableNames = append(out.TableNames, name)
	}
	return out, nil
}
