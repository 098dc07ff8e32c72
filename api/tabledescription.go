package api

import "time"

// TableStatus is the state of a table.
type TableStatus string

// The values of TableStatus.
const (
	TableStatusCreating                          TableStatus = "CREATING"
	TableStatusUpdating                          TableStatus = "UPDATING" // it can be used all the same
	TableStatusDeleting                          TableStatus = "DELETING"
	TableStatusActive                            TableStatus = "ACTIVE"
	TableStatusInaccessibleEncryptionCredentials TableStatus = "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
	TableStatusArchiving                         TableStatus = "ARCHIVING"
	TableStatusArchived                          TableStatus = "ARCHIVED"
	TableStatusReplicationNotAuthorized          TableStatus = "REPLICATION_NOT_AUTHORIZED"
)

// IndexStatus is the state of an index.
type IndexStatus string

// The values of IndexStatus.
const (
	IndexStatusCreating IndexStatus = "CREATING"
	IndexStatusUpdating IndexStatus = "UPDATING"
	IndexStatusDeleting IndexStatus = "DELETING"
	IndexStatusActive   IndexStatus = "ACTIVE"
)

// SSEStatus is the state of server-side encryption.
type SSEStatus string

// The values of SSEStatus.
const (
	SSEStatusEnabling  SSEStatus = "ENABLING"
	SSEStatusEnabled   SSEStatus = "ENABLED"
	SSEStatusDisabling SSEStatus = "DISABLING"
	SSEStatusDisabled  SSEStatus = "DISABLED"
	SSEStatusUpdating  SSEStatus = "UPDATING"
)

// TableDescription tells all about a table. A member that does not apply is nil.
type TableDescription struct {
	TableName   *string
	TableArn    *string
	TableId     *string // never used again for another table
	TableStatus *TableStatus

	CreationDateTime *time.Time

	AttributeDefinitions []AttributeDefinition
	KeySchema            []KeySchemaElement

	LocalSecondaryIndexes  []LocalSecondaryIndexDescription
	GlobalSecondaryIndexes []GlobalSecondaryIndexDescription
	VectorIndexes          []VectorIndexDescription

	// ItemCount and TableSizeBytes do not include the indexes.
	ItemCount      *int64
	TableSizeBytes *int64

	// BillingModeSummary is nil for a table that never was on-demand.
	BillingModeSummary    *BillingModeSummary
	ProvisionedThroughput *ProvisionedThroughputDescription
	OnDemandThroughput    *OnDemandThroughput
	WarmThroughput        *TableWarmThroughputDescription

	TableClassSummary         *TableClassSummary
	DeletionProtectionEnabled *bool

	// LatestStreamArn and LatestStreamLabel are those of the last stream,
	// also when it is disabled now; StreamSpecification is nil then.
	StreamSpecification *StreamSpecification
	LatestStreamArn     *string
	LatestStreamLabel   *string

	SSEDescription  *SSEDescription
	RestoreSummary  *RestoreSummary
	ArchivalSummary *ArchivalSummary

	GlobalTableVersion                 *string
	Replicas                           []ReplicaDescription
	GlobalTableWitnesses               []GlobalTableWitnessDescription
	MultiRegionConsistency             *MultiRegionConsistency
	GlobalTableSettingsReplicationMode *GlobalTableSettingsReplicationMode
	DisassociationProtectionEnabled    *bool
}

// LocalSecondaryIndexDescription tells all about a local secondary index.
type LocalSecondaryIndexDescription struct {
	IndexName      *string
	IndexArn       *string
	KeySchema      []KeySchemaElement
	Projection     *Projection
	ItemCount      *int64
	IndexSizeBytes *int64
}

// GlobalSecondaryIndexDescription tells all about a global secondary index.
type GlobalSecondaryIndexDescription struct {
	IndexName   *string
	IndexArn    *string
	IndexStatus *IndexStatus

	// Backfilling is true while a new index is filled with the items that the
	// table has, and nil otherwise.
	Backfilling *bool

	KeySchema      []KeySchemaElement
	Projection     *Projection
	ItemCount      *int64
	IndexSizeBytes *int64

	ProvisionedThroughput *ProvisionedThroughputDescription
	OnDemandThroughput    *OnDemandThroughput
	WarmThroughput        *GlobalSecondaryIndexWarmThroughputDescription
}

// BillingModeSummary is the billing mode of a table.
type BillingModeSummary struct {
	BillingMode *BillingMode

	// LastUpdateToPayPerRequestDateTime is when the table last became on-demand.
	LastUpdateToPayPerRequestDateTime *time.Time
}

// ProvisionedThroughputDescription is the provisioned capacity of a table or
// an index, in units a second; zero when it is on-demand.
type ProvisionedThroughputDescription struct {
	ReadCapacityUnits  *int64
	WriteCapacityUnits *int64

	LastIncreaseDateTime *time.Time
	LastDecreaseDateTime *time.Time

	// NumberOfDecreasesToday counts the decreases of this UTC day.
	NumberOfDecreasesToday *int64
}

// TableWarmThroughputDescription is the warm throughput of a table, in units a second.
type TableWarmThroughputDescription struct {
	ReadUnitsPerSecond  *int64
	WriteUnitsPerSecond *int64
	Status              *TableStatus
}

// GlobalSecondaryIndexWarmThroughputDescription is the warm throughput of an
// index, in units a second.
type GlobalSecondaryIndexWarmThroughputDescription struct {
	ReadUnitsPerSecond  *int64
	WriteUnitsPerSecond *int64
	Status              *IndexStatus
}

// TableClassSummary is the storage class of a table.
type TableClassSummary struct {
	TableClass         *TableClass
	LastUpdateDateTime *time.Time
}

// SSEDescription is the server-side encryption of a table.
type SSEDescription struct {
	Status          *SSEStatus
	SSEType         *SSEType
	KMSMasterKeyArn *string

	// InaccessibleEncryptionDateTime is when the key could not be used for the first time.
	InaccessibleEncryptionDateTime *time.Time
}

// RestoreSummary tells what a table was restored from.
type RestoreSummary struct {
	SourceBackupArn   *string
	SourceTableArn    *string
	RestoreDateTime   *time.Time
	RestoreInProgress *bool
}

// ArchivalSummary tells why and when a table was archived.
type ArchivalSummary struct {
	ArchivalDateTime  *time.Time
	ArchivalReason    *string
	ArchivalBackupArn *string
}
