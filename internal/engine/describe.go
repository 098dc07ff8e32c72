package engine

import (
	"context"
	"slices"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

// counts are the counters of a table and of its indexes by id, summed over its slots.
type counts struct {
	rows    counter
	indexes map[uint16]counter
}

func (e *Engine) counts(ctx context.Context, rec *tableRecord) (c counts, err error) {
	err = e.store.View(ctx, func(r kv.Reader) error {
		c = counts{indexes: map[uint16]counter{}}
		heads, err := readHeads(r, rec)
		if err != nil {
			return err
		}
		for _, h := range heads {
			c.rows.entries += h.rows.entries
			c.rows.bytes += h.rows.bytes
			for _, x := range h.indexes {
				sum := c.indexes[x.id]
				sum.entries += x.entries
				sum.bytes += x.bytes
				c.indexes[x.id] = sum
			}
		}
		return nil
	})
	return c, err
}

func (e *Engine) describeTable(ctx context.Context, in *api.DescribeTableInput) (*api.DescribeTableOutput, error) {
	name := tableName(in.TableName)
	now := e.life.status(name, e.opt.Now())
	t := e.catalog.Load().tables[name]
	if t == nil {
		if now.deleted != nil {
			return &api.DescribeTableOutput{Table: now.deleted()}, nil
		}
		return nil, tableNotFound(name)
	}
	n, err := e.counts(ctx, t.rec)
	if err != nil {
		return nil, err
	}
	d := e.describe(t.rec, n)
	d.TableStatus = &now.status
	return &api.DescribeTableOutput{Table: d}, nil
}

// describe returns a table's description. It shares nothing with rec: the caller may change it.
func (e *Engine) describe(rec *tableRecord, n counts) *api.TableDescription {
	arn := e.arn(rec.Name)
	now := e.micros()
	d := &api.TableDescription{
		TableName: new(rec.Name), TableArn: new(arn), TableId: new(rec.UUID),
		TableStatus:               new(api.TableStatusActive),
		CreationDateTime:          timeOf(rec.Created),
		AttributeDefinitions:      copyDefinitions(rec.AttributeDefinitions),
		KeySchema:                 copySchema(rec.KeySchema),
		ItemCount:                 new(n.rows.entries),
		TableSizeBytes:            new(n.rows.bytes),
		ProvisionedThroughput:     rec.Throughput.describe(now),
		OnDemandThroughput:        copyOnDemand(rec.OnDemandThroughput),
		DeletionProtectionEnabled: new(rec.DeletionProtection),
	}
	has := rec.Throughput.warm(rec.BillingMode, rec.WarmThroughput)
	d.WarmThroughput = &api.TableWarmThroughputDescription{ReadUnitsPerSecond: &has.read, WriteUnitsPerSecond: &has.write, Status: new(api.TableStatusActive)}
	if rec.LastOnDemand != 0 {
		d.BillingModeSummary = &api.BillingModeSummary{BillingMode: new(rec.BillingMode),
			LastUpdateToPayPerRequestDateTime: timeOf(rec.LastOnDemand)}
	}
	if rec.TableClass != "" {
		d.TableClassSummary = &api.TableClassSummary{TableClass: new(rec.TableClass)}
		if rec.LastTableClass != 0 {
			d.TableClassSummary.LastUpdateDateTime = timeOf(rec.LastTableClass)
		}
	}
	e.describeLatestStream(rec, d)
	for _, x := range rec.Indexes {
		indexARN := new(arn + "/index/" + x.Name)
		count := n.indexes[x.ID]
		if x.Local {
			d.LocalSecondaryIndexes = append(d.LocalSecondaryIndexes, api.LocalSecondaryIndexDescription{
				IndexName: new(x.Name), IndexArn: indexARN, KeySchema: copySchema(x.KeySchema), Projection: copyProjection(x.Projection),
				ItemCount: new(count.entries), IndexSizeBytes: new(count.bytes),
			})
			continue
		}
		g := api.GlobalSecondaryIndexDescription{
			IndexName: new(x.Name), IndexArn: indexARN, KeySchema: copySchema(x.KeySchema), Projection: copyProjection(x.Projection),
			IndexStatus: new(x.Status), ItemCount: new(count.entries), IndexSizeBytes: new(count.bytes),
			ProvisionedThroughput: x.Throughput.describe(now), OnDemandThroughput: copyOnDemand(x.OnDemandThroughput),
		}
		has := x.Throughput.warm(rec.BillingMode, x.WarmThroughput)
		g.WarmThroughput = &api.GlobalSecondaryIndexWarmThroughputDescription{ReadUnitsPerSecond: &has.read, WriteUnitsPerSecond: &has.write, Status: new(api.IndexStatusActive)}
		if x.Status == api.IndexStatusCreating {
			g.Backfilling = new(x.Backfilling)
		}
		d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, g)
	}
	return d
}

func copyDefinitions(defs []api.AttributeDefinition) []api.AttributeDefinition {
	defs = slices.Clone(defs)
	for i, d := range defs {
		defs[i] = api.AttributeDefinition{AttributeName: copyOf(d.AttributeName), AttributeType: copyOf(d.AttributeType)}
	}
	return defs
}

func copySchema(schema []api.KeySchemaElement) []api.KeySchemaElement {
	schema = slices.Clone(schema)
	for i, e := range schema {
		schema[i] = api.KeySchemaElement{AttributeName: copyOf(e.AttributeName), KeyType: copyOf(e.KeyType)}
	}
	return schema
}

func copyProjection(p api.Projection) *api.Projection {
	return &api.Projection{ProjectionType: copyOf(p.ProjectionType), NonKeyAttributes: slices.Clone(p.NonKeyAttributes)}
}

func copyOnDemand(o *api.OnDemandThroughput) *api.OnDemandThroughput {
	if o == nil {
		return nil
	}
	return &api.OnDemandThroughput{MaxReadRequestUnits: copyOf(o.MaxReadRequestUnits), MaxWriteRequestUnits: copyOf(o.MaxWriteRequestUnits)}
}

func copyOf[T any](v *T) *T {
	if v == nil {
		return nil
	}
	return new(*v)
}

func (t throughputRecord) describe(now int64) *api.ProvisionedThroughputDescription {
	d := &api.ProvisionedThroughputDescription{ReadCapacityUnits: new(t.Read), WriteCapacityUnits: new(t.Write),
		NumberOfDecreasesToday: new(t.decreasesToday(now))}
	if t.LastIncrease != 0 {
		d.LastIncreaseDateTime = timeOf(t.LastIncrease)
	}
	if t.LastDecrease != 0 {
		d.LastDecreaseDateTime = timeOf(t.LastDecrease)
	}
	return d
}

// decreasesToday returns how often the units were decreased on this day, in UTC.
func (t throughputRecord) decreasesToday(now int64) int64 {
	const day = 24 * int64(time.Hour/time.Microsecond)
	if t.LastDecrease/day != now/day {
		return 0
	}
	return t.DecreasesToday
}

func timeOf(micros int64) *time.Time { return new(time.UnixMicro(micros).UTC()) }

func (e *Engine) arn(table string) string {
	return "arn:aws:dynamodb:" + e.opt.Region + ":" + e.opt.AccountID + ":table/" + table
}

const maxListTables = 100

func (e *Engine) listTables(_ context.Context, in *api.ListTablesInput) (*api.ListTablesOutput, error) {
	names := e.life.deleting(e.catalog.Load().names, e.opt.Now())
	if in.ExclusiveStartTableName != nil {
		i, found := slices.BinarySearch(names, *in.ExclusiveStartTableName)
		if found {
			i++
		}
		names = names[i:]
	}
	limit := maxListTables
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	out := &api.ListTablesOutput{}
	if len(names) > limit {
		names = names[:limit]
		out.LastEvaluatedTableName = new(names[limit-1])
	}
	out.TableNames = append([]string{}, names...)
	return out, nil
}

// The quotas that DescribeLimits tells are those of a new AWS account.
//
// Source: Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB".
func (e *Engine) describeLimits(context.Context, *api.DescribeLimitsInput) (*api.DescribeLimitsOutput, error) {
	return &api.DescribeLimitsOutput{
		AccountMaxReadCapacityUnits: new(int64(80_000)), AccountMaxWriteCapacityUnits: new(int64(80_000)),
		TableMaxReadCapacityUnits: new(int64(40_000)), TableMaxWriteCapacityUnits: new(int64(40_000)),
	}, nil
}
