package api

import (
	"slices"
	"strings"
)

const (
	maxListTables     = 100
	maxResourcePolicy = 20 << 10 // bytes
)

// Validate: see Request.
func (in *DescribeTableInput) Validate() error { return controlTableName(in.TableName) }

// Validate: see Request.
func (in *DeleteTableInput) Validate() error { return controlTableName(in.TableName) }

// Validate: see Request.
func (in *ListTablesInput) Validate() error {
	var c constraints
	atLeast(&c, nil, "limit", in.Limit, 1)
	atMost(&c, nil, "limit", in.Limit, maxListTables)
	c.text(nil, "exclusiveStartTableName", in.ExclusiveStartTableName, textRule{min: minTableName, max: maxTableName, name: true})
	return c.err()
}

// Validate: see Request.
func (in *CreateTableInput) Validate() error {
	if err := controlTableName(in.TableName); err != nil {
		return err
	}
	var c constraints
	if c.notNull(nil, "attributeDefinitions", in.AttributeDefinitions != nil) {
		c.attributeDefinitions(in.AttributeDefinitions)
	}
	billingModes.check(&c, nil, "billingMode", in.BillingMode)
	c.provisionedThroughput(nil, in.ProvisionedThroughput)
	c.keySchema(nil, in.KeySchema, maxTableKey)
	c.globalIndexes(in.GlobalSecondaryIndexes)
	c.localIndexes(in.LocalSecondaryIndexes)
	c.vectorIndexes(in.VectorIndexes)
	c.warmThroughput(nil, in.WarmThroughput)
	c.streamSpecification(in.StreamSpecification)
	c.sseSpecification(in.SSESpecification)
	replicationModes.check(&c, nil, "globalTableSettingsReplicationMode", in.GlobalTableSettingsReplicationMode)
	if err := c.err(); err != nil {
		return err
	}

	for _, check := range [...]func() error{
		in.checkBilling, in.checkKey, in.checkEmptyLists, in.checkUnused, in.checkLocalIndexes, in.checkGlobalIndexes, in.checkVectorIndexes, in.checkSettings,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *constraints) globalIndexes(indexes []GlobalSecondaryIndex) {
	list := path{name: "globalSecondaryIndexes"}
	for i, index := range indexes {
		p := list.element(i)
		c.requiredText(&p, "indexName", index.IndexName, indexNameRule)
		c.keySchema(&p, index.KeySchema, 0)
		c.projection(&p, index.Projection)
		c.provisionedThroughput(&p, index.ProvisionedThroughput)
		c.warmThroughput(&p, index.WarmThroughput)
	}
}

func (c *constraints) localIndexes(indexes []LocalSecondaryIndex) {
	list := path{name: "localSecondaryIndexes"}
	for i, index := range indexes {
		p := list.element(i)
		c.requiredText(&p, "indexName", index.IndexName, indexNameRule)
		c.keySchema(&p, index.KeySchema, maxTableKey)
		c.projection(&p, index.Projection)
	}
}

func (in *CreateTableInput) onDemand() bool {
	return in.BillingMode != nil && *in.BillingMode == BillingModePayPerRequest
}

func (in *CreateTableInput) checkBilling() error {
	switch {
	case in.onDemand() && in.ProvisionedThroughput != nil:
		return Validation(invalidParameter + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case !in.onDemand() && in.ProvisionedThroughput == nil:
		return Validation(invalidParameter + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	return checkUnits(in.ProvisionedThroughput)
}

// checkKey judges the table's own key and its definitions.
func (in *CreateTableInput) checkKey() error {
	keys, defined := keyNames(in.KeySchema), definedNames(in.AttributeDefinitions)
	if name, ok := duplicateName(defined); ok {
		return Validation("Attribute Name is duplicated: " + name)
	}
	if len(keys) > len(defined) {
		return Validation("Invalid KeySchema: Some index key attribute have no definition")
	}
	if err := checkDefined(keys, defined); err != nil {
		return err
	}
	return checkSimpleKey(in.KeySchema)
}

func (in *CreateTableInput) checkEmptyLists() error {
	if in.LocalSecondaryIndexes != nil && len(in.LocalSecondaryIndexes) == 0 {
		return Validation(invalidParameter + "List of LocalSecondaryIndexes is empty")
	}
	if in.GlobalSecondaryIndexes != nil && len(in.GlobalSecondaryIndexes) == 0 {
		return Validation(invalidParameter + "List of GlobalSecondaryIndexes is empty")
	}
	return nil
}

// checkUnused reports definitions that no key needs. It comes before all that
// is said of single indexes.
func (in *CreateTableInput) checkUnused() error {
	defined, used := definedNames(in.AttributeDefinitions), keyNames(in.KeySchema)
	for _, index := range in.LocalSecondaryIndexes {
		used = append(used, keyNames(index.KeySchema)...)
	}
	for _, index := range in.GlobalSecondaryIndexes {
		used = append(used, keyNames(index.KeySchema)...)
	}
	for _, index := range in.VectorIndexes {
		for _, e := range index.SearchSchema {
			used = append(used, *e.AttributeName)
		}
	}
	slices.Sort(used)
	used = slices.Compact(used)
	switch {
	case len(defined) <= len(used):
		return nil
	case in.LocalSecondaryIndexes == nil && in.GlobalSecondaryIndexes == nil && in.VectorIndexes == nil:
		return Validation(invalidParameter + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	return Validation(invalidParameter + "Some AttributeDefinitions are not used. AttributeDefinitions: [" +
		strings.Join(defined, ", ") + "], keys used: [" + strings.Join(used, ", ") + "]")
}

func (in *CreateTableInput) checkLocalIndexes() error {
	indexes := in.LocalSecondaryIndexes
	switch {
	case indexes == nil:
		return nil
	case len(in.KeySchema) != maxTableKey:
		return Validation(invalidParameter + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	for i, index := range indexes {
		if err := in.checkLocalIndex(index, i); err != nil {
			return err
		}
	}
	if len(indexes) > maxLocalIndexes {
		return Validation(invalidParameter + "Number of LocalSecondaryIndexes exceeds per-table limit of 5")
	}
	return nil
}

func (in *CreateTableInput) checkLocalIndex(index LocalSecondaryIndex, i int) error {
	keys := keyNames(index.KeySchema)
	if err := checkDefined(keys, definedNames(in.AttributeDefinitions)); err != nil {
		return err
	}
	if err := checkSimpleKey(index.KeySchema); err != nil {
		return err
	}
	if len(keys) != maxTableKey {
		return Validation(invalidParameter + "Index KeySchema does not have a range key for index: " + *index.IndexName)
	}
	if hash := *in.KeySchema[0].AttributeName; keys[0] != hash {
		return Validation(invalidParameter + "Index KeySchema does not have the same leading hash key as table KeySchema for index: " +
			*index.IndexName + ". index hash key: " + keys[0] + ", table hash key: " + hash)
	}
	if err := checkIndexProjection(index.Projection); err != nil {
		return err
	}
	return in.checkIndexName(*index.IndexName, i, 0, 0)
}

func (in *CreateTableInput) checkGlobalIndexes() error {
	indexes := in.GlobalSecondaryIndexes
	for i, index := range indexes {
		if err := in.checkGlobalIndex(index, i); err != nil {
			return err
		}
	}
	if len(indexes) > maxGlobalIndexes {
		return Validation(invalidParameter + "GlobalSecondaryIndex count exceeds the per-table limit of 20")
	}
	nonKey := 0
	for _, index := range in.LocalSecondaryIndexes {
		nonKey += len(index.Projection.NonKeyAttributes)
	}
	for _, index := range indexes {
		nonKey += len(index.Projection.NonKeyAttributes)
	}
	if nonKey > maxAllNonKey {
		return Validation(invalidParameter + "Number of NonKeyAttributes in all indexes of the table exceeds the limit of 100")
	}
	return nil
}

func (in *CreateTableInput) checkGlobalIndex(index GlobalSecondaryIndex, i int) error {
	name := *index.IndexName
	if err := checkDefined(keyNames(index.KeySchema), definedNames(in.AttributeDefinitions)); err != nil {
		return err
	}
	if err := checkGlobalKey(index.KeySchema); err != nil {
		return err
	}
	if err := checkIndexProjection(index.Projection); err != nil {
		return err
	}
	switch {
	case in.onDemand() && index.ProvisionedThroughput != nil:
		return Validation(invalidParameter + "ProvisionedThroughput should not be specified for index: " + name + " when BillingMode is PAY_PER_REQUEST")
	case !in.onDemand() && index.ProvisionedThroughput == nil:
		return Validation(invalidParameter + "ProvisionedThroughput is not specified for index: " + name)
	}
	if err := checkUnits(index.ProvisionedThroughput); err != nil {
		return err
	}
	if err := in.checkMaximum(index.OnDemandThroughput, "index : "+name); err != nil {
		return err
	}
	return in.checkIndexName(name, len(in.LocalSecondaryIndexes), i, 0)
}

// checkIndexName reports a name that an earlier index has: one of so many
// local, global and vector indexes.
func (in *CreateTableInput) checkIndexName(name string, local, global, vector int) error {
	same := slices.ContainsFunc(in.LocalSecondaryIndexes[:local], func(x LocalSecondaryIndex) bool { return *x.IndexName == name }) ||
		slices.ContainsFunc(in.GlobalSecondaryIndexes[:global], func(x GlobalSecondaryIndex) bool { return *x.IndexName == name }) ||
		slices.ContainsFunc(in.VectorIndexes[:vector], func(x VectorIndex) bool { return *x.IndexName == name })
	if same {
		return Validation(invalidParameter + "Duplicate index name: " + name)
	}
	return nil
}

// checkMaximum judges OnDemandThroughput, which needs an on-demand table.
func (in *CreateTableInput) checkMaximum(v *OnDemandThroughput, of string) error {
	if v != nil && !in.onDemand() {
		bound := "MaxReadRequestUnits"
		if v.MaxReadRequestUnits == nil {
			bound = "MaxWriteRequestUnits"
		}
		return Validation(invalidParameter + bound + " for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED")
	}
	return checkOnDemand(v, of, false)
}

// checkSettings judges what has nothing to do with keys.
func (in *CreateTableInput) checkSettings() error {
	if err := in.checkMaximum(in.OnDemandThroughput, "table"); err != nil {
		return err
	}
	if s := in.StreamSpecification; s != nil {
		switch {
		case *s.StreamEnabled && s.StreamViewType == nil:
			return Validation(invalidParameter + "Table is being created with a stream enabled, UpdateViewType is required")
		case !*s.StreamEnabled && s.StreamViewType != nil:
			return Validation(invalidParameter + "Table is being created with a stream disabled, UpdateViewType should not be specified")
		}
	}
	if err := checkEncryption(in.SSESpecification); err != nil {
		return err
	}
	if err := checkTableClass(in.TableClass); err != nil {
		return err
	}
	if in.ResourcePolicy != nil && len(*in.ResourcePolicy) > maxResourcePolicy {
		return Validation(invalidParameter + "Maximum policy size of 20480 bytes exceeded")
	}
	return checkTags(in.Tags)
}
