package engine_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// render returns an answer as text, the same for equal answers.
func render(out api.Response, err error) string {
	var r rendering
	if err != nil {
		r.fault(err)
		return r.String()
	}
	switch out := out.(type) {
	case *api.PutItemOutput:
		r.written(out.Attributes, out.ConsumedCapacity, out.ItemCollectionMetrics)
	case *api.UpdateItemOutput:
		r.written(out.Attributes, out.ConsumedCapacity, out.ItemCollectionMetrics)
	case *api.DeleteItemOutput:
		r.written(out.Attributes, out.ConsumedCapacity, out.ItemCollectionMetrics)
	case *api.GetItemOutput:
		r.item("absent", out.Item)
		r.capacity(out.ConsumedCapacity)
	case *api.QueryOutput:
		r.page(out.Items, out.Count, out.ScannedCount, out.LastEvaluatedKey, out.ConsumedCapacity)
	case *api.ScanOutput:
		r.page(out.Items, out.Count, out.ScannedCount, out.LastEvaluatedKey, out.ConsumedCapacity)
	case *api.BatchGetItemOutput:
		for _, name := range slices.Sorted(maps.Keys(out.Responses)) {
			r.line("%s:", name)
			for _, it := range out.Responses[name] {
				r.item("absent", it)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(out.UnprocessedKeys)) {
			r.line("unprocessed %s: %d keys", name, len(out.UnprocessedKeys[name].Keys))
		}
		r.capacities(out.ConsumedCapacity)
	case *api.BatchWriteItemOutput:
		r.line("ok, %d unprocessed", len(out.UnprocessedItems))
		r.metrics(out.ItemCollectionMetrics)
		r.capacities(out.ConsumedCapacity)
	case *api.TransactGetItemsOutput:
		for _, it := range out.Responses {
			r.item("absent", it.Item)
		}
		r.capacities(out.ConsumedCapacity)
	case *api.TransactWriteItemsOutput:
		r.line("ok")
		r.metrics(out.ItemCollectionMetrics)
		r.capacities(out.ConsumedCapacity)
	case *api.CreateTableOutput:
		r.table(out.TableDescription)
	case *api.DescribeTableOutput:
		r.table(out.Table)
	case *api.UpdateTableOutput:
		r.table(out.TableDescription)
	case *api.DeleteTableOutput:
		r.table(out.TableDescription)
	case *api.ListTablesOutput:
		r.line("%s", strings.Join(out.TableNames, " "))
		if out.LastEvaluatedTableName != nil {
			r.line("last %s", *out.LastEvaluatedTableName)
		}
	case *api.UpdateTimeToLiveOutput:
		r.line("%s %t", *out.TimeToLiveSpecification.AttributeName, *out.TimeToLiveSpecification.Enabled)
	case *api.DescribeTimeToLiveOutput:
		r.line("%s", *out.TimeToLiveDescription.TimeToLiveStatus)
		if out.TimeToLiveDescription.AttributeName != nil {
			r.line("attribute %s", *out.TimeToLiveDescription.AttributeName)
		}
	case *api.ListTagsOfResourceOutput:
		for _, tag := range out.Tags {
			r.line("%s=%s", *tag.Key, *tag.Value)
		}
		if out.NextToken != nil {
			r.line("next %s", *out.NextToken)
		}
	default:
		r.line("ok")
	}
	return cmp.Or(strings.TrimSpace(r.String()), "nothing") + "\n"
}

type rendering struct{ strings.Builder }

func (r *rendering) line(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	const most = 400
	if len(s) > most {
		s = fmt.Sprintf("%s… (%d bytes)", s[:most/4], len(s))
	}
	r.WriteString(s + "\n")
}

func (r *rendering) item(none string, a api.Attributes) {
	if a.IsZero() {
		r.line("%s", none)
		return
	}
	r.line("%s", a)
}

func (r *rendering) fault(err error) {
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		err = errors.Join(errNotAPI, err)
		r.line("%v", err)
		return
	}
	r.line("%s: %s", e.Code, e.Message)
	if !e.Item.IsZero() {
		r.item("", e.Item)
	}
	for i, reason := range e.CancellationReasons {
		message := ""
		if reason.Message != nil {
			message = *reason.Message
		}
		r.line("%d %s %s %s", i, reason.Code, message, reason.Item)
	}
}

func (r *rendering) written(a api.Attributes, c *api.ConsumedCapacity, m *api.ItemCollectionMetrics) {
	r.item("ok", a)
	if m != nil {
		r.line("collection %s %v", m.ItemCollectionKey, m.SizeEstimateRangeGB)
	}
	r.capacity(c)
}

func (r *rendering) page(items []api.Attributes, count, scanned int32, last attr.Item, c *api.ConsumedCapacity) {
	for _, it := range items {
		r.item("absent", it)
	}
	r.line("%d of %d", count, scanned)
	if last != nil {
		r.line("last %s", last)
	}
	r.capacity(c)
}

func (r *rendering) capacity(c *api.ConsumedCapacity) {
	if c == nil {
		return
	}
	unit := func(c api.Capacity) string {
		s := fmt.Sprint(*c.CapacityUnits)
		if c.ReadCapacityUnits != nil {
			s += fmt.Sprintf(" (read %v)", *c.ReadCapacityUnits)
		}
		if c.WriteCapacityUnits != nil {
			s += fmt.Sprintf(" (write %v)", *c.WriteCapacityUnits)
		}
		return s
	}
	s := "capacity " + unit(api.Capacity{CapacityUnits: c.CapacityUnits, ReadCapacityUnits: c.ReadCapacityUnits, WriteCapacityUnits: c.WriteCapacityUnits})
	if c.Table != nil {
		s += ", table " + unit(*c.Table)
	}
	for _, m := range []map[string]api.Capacity{c.LocalSecondaryIndexes, c.GlobalSecondaryIndexes} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			s += ", " + name + " " + unit(m[name])
		}
	}
	r.line("%s %s", *c.TableName, s)
}

func (r *rendering) capacities(list []api.ConsumedCapacity) {
	for _, c := range list {
		r.capacity(&c)
	}
}

func (r *rendering) metrics(m map[string][]api.ItemCollectionMetrics) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		for _, x := range m[name] {
			r.line("%s collection %s %v", name, x.ItemCollectionKey, x.SizeEstimateRangeGB)
		}
	}
}

func (r *rendering) table(d *api.TableDescription) {
	r.line("%s %s, %d items, %d bytes, %s", *d.TableName, *d.TableStatus, *d.ItemCount, *d.TableSizeBytes, *d.TableArn)
	if len(d.KeySchema) > 0 {
		var defs []string
		for _, a := range d.AttributeDefinitions {
			defs = append(defs, *a.AttributeName+":"+string(*a.AttributeType))
		}
		r.line("key %s of %s", schemaText(d.KeySchema), strings.Join(defs, " "))
	}
	if p := d.ProvisionedThroughput; *p.ReadCapacityUnits > 0 {
		text := fmt.Sprintf("provisioned %d/%d, %d decreases", *p.ReadCapacityUnits, *p.WriteCapacityUnits, *p.NumberOfDecreasesToday)
		if p.LastIncreaseDateTime != nil {
			text += p.LastIncreaseDateTime.Format(", increased 01-02 15:04:05")
		}
		if p.LastDecreaseDateTime != nil {
			text += p.LastDecreaseDateTime.Format(", decreased 01-02 15:04:05")
		}
		r.line("%s", text)
	}
	if b := d.BillingModeSummary; b != nil {
		r.line("billing %s", *b.BillingMode)
	}
	if d.DeletionProtectionEnabled != nil && *d.DeletionProtectionEnabled {
		r.line("protected")
	}
	for _, x := range d.LocalSecondaryIndexes {
		r.line("lsi %s %s %s %v, %d entries, %d bytes", *x.IndexName, schemaText(x.KeySchema), *x.Projection.ProjectionType,
			x.Projection.NonKeyAttributes, *x.ItemCount, *x.IndexSizeBytes)
	}
	for _, x := range d.GlobalSecondaryIndexes {
		r.line("gsi %s %s %s %v %s, %d entries, %d bytes", *x.IndexName, schemaText(x.KeySchema), *x.Projection.ProjectionType,
			x.Projection.NonKeyAttributes, *x.IndexStatus, *x.ItemCount, *x.IndexSizeBytes)
	}
}

func schemaText(schema []api.KeySchemaElement) string {
	var hash, sort []string
	for _, e := range schema {
		if *e.KeyType == api.KeyTypeHash {
			hash = append(hash, *e.AttributeName)
		} else {
			sort = append(sort, *e.AttributeName)
		}
	}
	return strings.TrimSpace(strings.Join(hash, "+") + " " + strings.Join(sort, "+"))
}
