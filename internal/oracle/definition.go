package oracle

import (
	"maps"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

func kindOf(t api.ScalarAttributeType) attr.Kind {
	return map[api.ScalarAttributeType]attr.Kind{"S": attr.String, "N": attr.Number, "B": attr.Binary}[t]
}

func newIndex(name *string, local bool, schema []api.KeySchemaElement, p *api.Projection, units *api.ProvisionedThroughput) *index {
	x := &index{name: *name, local: local, schema: schema, projection: *p}
	x.hash, x.sort = schemaKeys(schema)
	x.units.provide(units)
	return x
}

func (m *Model) createTable(in *api.CreateTableInput) (*api.CreateTableOutput, error) {
	name := nameOf(*in.TableName)
	if m.tables[name] != nil {
		return nil, &api.Error{Code: api.CodeResourceInUse, Message: "Table already exists: " + name}
	}
	t := &table{name: name, created: m.now(), schema: in.KeySchema, kinds: map[string]attr.Kind{}, items: map[string]attr.Item{},
		tags: map[string]string{}, billing: api.BillingModeProvisioned, class: in.TableClass,
		protected: in.DeletionProtectionEnabled != nil && *in.DeletionProtectionEnabled}
	for _, d := range in.AttributeDefinitions {
		t.kinds[*d.AttributeName] = kindOf(*d.AttributeType)
	}
	hash, sort := schemaKeys(in.KeySchema)
	t.keys = slices.Concat(hash, sort)
	if in.BillingMode != nil {
		t.billing = *in.BillingMode
	}
	if t.billing == api.BillingModePayPerRequest {
		t.onDemand = new(m.now())
	}
	t.units.provide(in.ProvisionedThroughput)
	for _, x := range in.LocalSecondaryIndexes {
		t.indexes = append(t.indexes, newIndex(x.IndexName, true, x.KeySchema, x.Projection, nil))
	}
	for _, x := range in.GlobalSecondaryIndexes {
		t.indexes = append(t.indexes, newIndex(x.IndexName, false, x.KeySchema, x.Projection, x.ProvisionedThroughput))
	}
	for _, tag := range in.Tags {
		t.tags[*tag.Key] = *tag.Value
	}
	t.startStream(in.StreamSpecification, m.now())
	m.tables[name] = t
	return &api.CreateTableOutput{TableDescription: m.describe(t)}, nil
}

func (m *Model) describeTable(in *api.DescribeTableInput) (*api.DescribeTableOutput, error) {
	t, err := m.named(in.TableName)
	if err != nil {
		return nil, err
	}
	return &api.DescribeTableOutput{Table: m.describe(t)}, nil
}

// describe tells what can be told without chance: no ids.
func (m *Model) describe(t *table) *api.TableDescription {
	d := &api.TableDescription{
		TableName: new(t.name), TableArn: new(m.arn(t.name)), TableStatus: new(api.TableStatusActive), CreationDateTime: new(t.created),
		KeySchema: t.schema, DeletionProtectionEnabled: new(t.protected),
		ProvisionedThroughput: t.units.describe(m.now()), ItemCount: new(int64(len(t.items))), TableSizeBytes: new(int64(0)),
	}
	for _, item := range t.items {
		*d.TableSizeBytes += int64(item.Size())
	}
	for _, n := range slices.Sorted(maps.Keys(t.kinds)) {
		d.AttributeDefinitions = append(d.AttributeDefinitions, api.AttributeDefinition{AttributeName: new(n), AttributeType: new(api.ScalarAttributeType(t.kinds[n].String()))})
	}
	m.describeStream(t, d)
	if t.onDemand != nil {
		d.BillingModeSummary = &api.BillingModeSummary{BillingMode: new(t.billing), LastUpdateToPayPerRequestDateTime: t.onDemand}
	}
	if t.class != nil {
		d.TableClassSummary = &api.TableClassSummary{TableClass: t.class, LastUpdateDateTime: t.classTime}
	}
	for _, x := range t.indexes {
		count, bytes := int64(0), int64(0)
		for _, item := range t.items {
			if e, ok := t.entry(x, item); ok {
				count++
				bytes += int64(e.Size())
			}
		}
		if x.local {
			d.LocalSecondaryIndexes = append(d.LocalSecondaryIndexes, api.LocalSecondaryIndexDescription{IndexName: new(x.name),
				IndexArn: new(m.arn(t.name) + "/index/" + x.name), KeySchema: x.schema, Projection: new(x.projection), ItemCount: &count, IndexSizeBytes: &bytes})
			continue
		}
		d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, api.GlobalSecondaryIndexDescription{IndexName: new(x.name),
			IndexArn: new(m.arn(t.name) + "/index/" + x.name), KeySchema: x.schema, Projection: new(x.projection), ItemCount: &count, IndexSizeBytes: &bytes,
			IndexStatus: new(api.IndexStatusActive), ProvisionedThroughput: x.units.describe(m.now())})
	}
	return d
}

func (m *Model) arn(table string) string {
	return "arn:aws:dynamodb:" + m.region + ":" + m.account + ":table/" + table
}

// updateTable changes a table; indexes are made and deleted at once and complete.
func (m *Model) updateTable(in *api.UpdateTableInput) (*api.UpdateTableOutput, error) {
	t, err := m.named(in.TableName)
	if err != nil {
		return nil, err
	}
	if err := t.updateStream(in.StreamSpecification, m.now()); err != nil {
		return nil, err
	}
	if err := t.changeThroughput(in, m.now()); err != nil {
		return nil, err
	}
	for _, u := range in.GlobalSecondaryIndexUpdates {
		if u.Update != nil {
			continue
		}
		if err := t.changeIndex(in, u); err != nil {
			return nil, err
		}
	}
	if in.DeletionProtectionEnabled != nil {
		t.protected = *in.DeletionProtectionEnabled
	}
	if in.TableClass != nil && (t.class == nil || *t.class != *in.TableClass) {
		t.class, t.classTime = in.TableClass, new(m.now())
	}
	return &api.UpdateTableOutput{TableDescription: m.describe(t)}, nil
}

func (t *table) changeIndex(in *api.UpdateTableInput, u api.GlobalSecondaryIndexUpdate) error {
	if u.Delete != nil {
		x := t.index(*u.Delete.IndexName)
		if x == nil {
			return errRequestedNotFound
		}
		if x.local {
			return invalid("Cannot delete an index that is not a GlobalSecondaryIndex")
		}
		t.indexes = slices.DeleteFunc(t.indexes, func(y *index) bool { return y == x })
		used := slices.Clone(t.keys)
		for _, y := range t.indexes {
			used = append(used, y.keys()...)
		}
		maps.DeleteFunc(t.kinds, func(n string, _ attr.Kind) bool { return !slices.Contains(used, n) })
		return nil
	}
	c := u.Create
	if t.index(*c.IndexName) != nil {
		return invalid("Attempting to create an index which already exists")
	}
	x := newIndex(c.IndexName, false, c.KeySchema, c.Projection, c.ProvisionedThroughput)
	kinds := maps.Clone(t.kinds)
	for _, n := range x.keys() {
		given := slices.IndexFunc(in.AttributeDefinitions, func(d api.AttributeDefinition) bool { return *d.AttributeName == n })
		switch have, ok := t.kinds[n]; {
		case given < 0 && !ok:
			defined := slices.Sorted(maps.Keys(t.kinds))
			for _, d := range in.AttributeDefinitions {
				defined = append(defined, *d.AttributeName)
			}
			return invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]",
				strings.Join(x.keys(), ", "), strings.Join(defined, ", "))
		case given < 0:
		case ok && have != kindOf(*in.AttributeDefinitions[given].AttributeType):
			return invalid("One or more parameter values were invalid: Attribute %s is already defined with type %s", n, have)
		default:
			kinds[n] = kindOf(*in.AttributeDefinitions[given].AttributeType)
		}
	}
	switch {
	case t.billing == api.BillingModePayPerRequest && c.ProvisionedThroughput != nil:
		return invalid("One or more parameter values were invalid: ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", x.name)
	case t.billing == api.BillingModeProvisioned && c.ProvisionedThroughput == nil:
		return invalid("One or more parameter values were invalid: ProvisionedThroughput must be specified for index: %s", x.name)
	}
	t.kinds = kinds
	t.indexes = append(t.indexes, x)
	return nil
}

func (m *Model) deleteTable(in *api.DeleteTableInput) (*api.DeleteTableOutput, error) {
	t, err := m.named(in.TableName)
	if err != nil {
		return nil, err
	}
	if t.protected {
		return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	delete(m.tables, t.name)
	d := m.describe(t)
	return &api.DeleteTableOutput{TableDescription: &api.TableDescription{TableName: d.TableName, TableArn: d.TableArn,
		TableStatus: new(api.TableStatusDeleting), ItemCount: d.ItemCount, TableSizeBytes: d.TableSizeBytes,
		ProvisionedThroughput: d.ProvisionedThroughput, DeletionProtectionEnabled: d.DeletionProtectionEnabled}}, nil
}
