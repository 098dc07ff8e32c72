package api

// CreateTableInput creates a table with its indexes. The table can be used when
// its status is ACTIVE.
type CreateTableInput struct {
	// TableName has 3 to 255 characters of a-z, A-Z, 0-9, _, - and dot, or is
	// an ARN. Required.
	TableName *string

	// AttributeDefinitions has exactly the attributes that the keys of the
	// table and its indexes use. Required.
	AttributeDefinitions []AttributeDefinition

	// KeySchema is a HASH element and, if wanted, a RANGE element. Required.
	KeySchema []KeySchemaElement

	// LocalSecondaryIndexes are at most five; the table must have a sort key.
	LocalSecondaryIndexes []LocalSecondaryIndex

	// GlobalSecondaryIndexes are at most 20.
	GlobalSecondaryIndexes []GlobalSecondaryIndex

	// VectorIndexes are the table's indexes for similarity search.
	VectorIndexes []VectorIndex

	// BillingMode is PROVISIONED by default.
	BillingMode *BillingMode

	// ProvisionedThroughput is required in PROVISIONED mode and forbidden in
	// PAY_PER_REQUEST mode.
	ProvisionedThroughput *ProvisionedThroughput

	OnDemandThroughput *OnDemandThroughput
	WarmThroughput     *WarmThroughput

	// TableClass is STANDARD by default.
	TableClass *TableClass

	// DeletionProtectionEnabled true makes DeleteTable fail. Default false.
	DeletionProtectionEnabled *bool

	// Tags are at most 50.
	Tags []Tag

	StreamSpecification *StreamSpecification
	SSESpecification    *SSESpecification

	// ResourcePolicy is a policy document in JSON, of at most 20 KB.
	ResourcePolicy *string

	// GlobalTableSourceArn makes the table a replica of that of another account.
	GlobalTableSourceArn *string

	GlobalTableSettingsReplicationMode *GlobalTableSettingsReplicationMode
}

// CreateTableOutput is the output of CreateTable.
type CreateTableOutput struct {
	TableDescription *TableDescription
}

// DescribeTableInput asks for the description of a table.
type DescribeTableInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string
}

// DescribeTableOutput is the output of DescribeTable.
type DescribeTableOutput struct {
	Table *TableDescription
}

// ListTablesInput lists the names of the tables, in order.
type ListTablesInput struct {
	// ExclusiveStartTableName is the LastEvaluatedTableName of the page
	// before. It need not be the name of a table.
	ExclusiveStartTableName *string

	// Limit is the most names in a page: 1 to 100, the default.
	Limit *int32
}

// ListTablesOutput is one page of names.
type ListTablesOutput struct {
	TableNames []string

	// LastEvaluatedTableName is where the next page starts; nil when this is
	// the last one.
	LastEvaluatedTableName *string
}

// UpdateTableInput changes a table. A request makes one kind of change; at most
// one index is created or deleted.
type UpdateTableInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// AttributeDefinitions has the attributes that the key of a new index uses.
	AttributeDefinitions []AttributeDefinition

	// GlobalSecondaryIndexUpdates names each index once.
	GlobalSecondaryIndexUpdates []GlobalSecondaryIndexUpdate

	// VectorIndexUpdates creates or deletes at most one index.
	VectorIndexUpdates []VectorIndexUpdate

	BillingMode *BillingMode

	// ProvisionedThroughput is required when the mode becomes PROVISIONED and
	// forbidden when it becomes PAY_PER_REQUEST.
	ProvisionedThroughput *ProvisionedThroughput

	OnDemandThroughput *OnDemandThroughput
	WarmThroughput     *WarmThroughput
	TableClass         *TableClass

	// DeletionProtectionEnabled true makes DeleteTable fail.
	DeletionProtectionEnabled *bool

	StreamSpecification *StreamSpecification
	SSESpecification    *SSESpecification

	// ReplicaUpdates changes the replicas of a global table.
	ReplicaUpdates []ReplicationGroupUpdate

	// GlobalTableWitnessUpdates creates or deletes one witness.
	GlobalTableWitnessUpdates []GlobalTableWitnessGroupUpdate

	// MultiRegionConsistency goes with a ReplicaUpdates that creates replicas.
	MultiRegionConsistency *MultiRegionConsistency

	GlobalTableSettingsReplicationMode *GlobalTableSettingsReplicationMode

	// DisassociationProtectionEnabled guards the local replica of a global
	// table. It goes with no other change.
	DisassociationProtectionEnabled *bool
}

// GlobalSecondaryIndexUpdate is one change of a global secondary index: exactly
// one member is set.
type GlobalSecondaryIndexUpdate struct {
	Create *CreateGlobalSecondaryIndexAction
	Update *UpdateGlobalSecondaryIndexAction
	Delete *DeleteGlobalSecondaryIndexAction
}

// CreateGlobalSecondaryIndexAction adds an index to a table and fills it.
type CreateGlobalSecondaryIndexAction struct {
	// IndexName has 3 to 255 characters of a-z, A-Z, 0-9, _, - and dot,
	// and is unique in the table. Required.
	IndexName *string

	// KeySchema has one to four HASH elements and up to four RANGE elements. Required.
	KeySchema []KeySchemaElement

	// Projection is required.
	Projection *Projection

	// ProvisionedThroughput is required in PROVISIONED mode.
	ProvisionedThroughput *ProvisionedThroughput

	OnDemandThroughput *OnDemandThroughput
	WarmThroughput     *WarmThroughput
}

// UpdateGlobalSecondaryIndexAction changes the capacity of an index.
type UpdateGlobalSecondaryIndexAction struct {
	// IndexName is required.
	IndexName *string

	ProvisionedThroughput *ProvisionedThroughput
	OnDemandThroughput    *OnDemandThroughput
	WarmThroughput        *WarmThroughput
}

// DeleteGlobalSecondaryIndexAction removes an index from a table.
type DeleteGlobalSecondaryIndexAction struct {
	// IndexName is required.
	IndexName *string
}

// UpdateTableOutput is the output of UpdateTable.
type UpdateTableOutput struct {
	TableDescription *TableDescription
}

// DeleteTableInput deletes a table with its items and indexes.
type DeleteTableInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string
}

// DeleteTableOutput is the output of DeleteTable.
type DeleteTableOutput struct {
	TableDescription *TableDescription
}
