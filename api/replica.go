package api

import "time"

// MultiRegionConsistency is how the replicas of a global table agree.
type MultiRegionConsistency string

// The values of MultiRegionConsistency.
const (
	MultiRegionConsistencyEventual MultiRegionConsistency = "EVENTUAL" // last writer wins, the default
	MultiRegionConsistencyStrong   MultiRegionConsistency = "STRONG"
)

// GlobalTableSettingsReplicationMode says whether the settings of a table are
// replicated too.
type GlobalTableSettingsReplicationMode string

// The values of GlobalTableSettingsReplicationMode.
const (
	GlobalTableSettingsReplicationModeEnabled              GlobalTableSettingsReplicationMode = "ENABLED"
	GlobalTableSettingsReplicationModeDisabled             GlobalTableSettingsReplicationMode = "DISABLED"
	GlobalTableSettingsReplicationModeEnabledWithOverrides GlobalTableSettingsReplicationMode = "ENABLED_WITH_OVERRIDES"
)

// ReplicaStatus is the state of a replica.
type ReplicaStatus string

// The values of ReplicaStatus.
const (
	ReplicaStatusCreating                          ReplicaStatus = "CREATING"
	ReplicaStatusCreationFailed                    ReplicaStatus = "CREATION_FAILED"
	ReplicaStatusUpdating                          ReplicaStatus = "UPDATING"
	ReplicaStatusDeleting                          ReplicaStatus = "DELETING"
	ReplicaStatusActive                            ReplicaStatus = "ACTIVE"
	ReplicaStatusRegionDisabled                    ReplicaStatus = "REGION_DISABLED"
	ReplicaStatusInaccessibleEncryptionCredentials ReplicaStatus = "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
	ReplicaStatusArchiving                         ReplicaStatus = "ARCHIVING"
	ReplicaStatusArchived                          ReplicaStatus = "ARCHIVED"
	ReplicaStatusReplicationNotAuthorized          ReplicaStatus = "REPLICATION_NOT_AUTHORIZED"
)

// WitnessStatus is the state of a witness.
type WitnessStatus string

// The values of WitnessStatus.
const (
	WitnessStatusCreating WitnessStatus = "CREATING"
	WitnessStatusDeleting WitnessStatus = "DELETING"
	WitnessStatusActive   WitnessStatus = "ACTIVE"
)

// DisassociationMode is how a replica leaves its global table.
type DisassociationMode string

// The value of DisassociationMode.
const (
	// DisassociationModeWaitForReplication waits until pending changes arrived.
	DisassociationModeWaitForReplication DisassociationMode = "WAIT_FOR_REPLICATION"
)

// ReplicationGroupUpdate is one change of the replicas of a global table:
// exactly one member is set.
type ReplicationGroupUpdate struct {
	Create       *CreateReplicationGroupMemberAction
	Update       *UpdateReplicationGroupMemberAction
	Delete       *DeleteReplicationGroupMemberAction
	Disassociate *DisassociateReplicationGroupMemberAction
}

// CreateReplicationGroupMemberAction adds a replica. What is nil is as in the
// table itself.
type CreateReplicationGroupMemberAction struct {
	// RegionName is required.
	RegionName *string

	KMSMasterKeyId                *string
	ProvisionedThroughputOverride *ProvisionedThroughputOverride
	OnDemandThroughputOverride    *OnDemandThroughputOverride
	GlobalSecondaryIndexes        []ReplicaGlobalSecondaryIndex
	TableClassOverride            *TableClass
}

// UpdateReplicationGroupMemberAction changes a replica.
type UpdateReplicationGroupMemberAction struct {
	// RegionName is required.
	RegionName *string

	KMSMasterKeyId                *string
	ProvisionedThroughputOverride *ProvisionedThroughputOverride
	OnDemandThroughputOverride    *OnDemandThroughputOverride
	GlobalSecondaryIndexes        []ReplicaGlobalSecondaryIndex
	TableClassOverride            *TableClass
}

// DeleteReplicationGroupMemberAction deletes a replica.
type DeleteReplicationGroupMemberAction struct {
	// RegionName is required.
	RegionName *string
}

// DisassociateReplicationGroupMemberAction makes a replica a table of its own.
// Both members are required.
type DisassociateReplicationGroupMemberAction struct {
	RegionName         *string
	DisassociationMode *DisassociationMode
}

// ReplicaGlobalSecondaryIndex is what a replica's index has of its own.
type ReplicaGlobalSecondaryIndex struct {
	// IndexName is required.
	IndexName *string

	ProvisionedThroughputOverride *ProvisionedThroughputOverride
	OnDemandThroughputOverride    *OnDemandThroughputOverride
}

// ProvisionedThroughputOverride is a replica's own capacity, in units a second.
type ProvisionedThroughputOverride struct {
	ReadCapacityUnits *int64
}

// OnDemandThroughputOverride is a replica's own bound, in request units a second.
type OnDemandThroughputOverride struct {
	MaxReadRequestUnits *int64
}

// GlobalTableWitnessGroupUpdate is one change of the witness of a strongly
// consistent global table: exactly one member is set.
type GlobalTableWitnessGroupUpdate struct {
	Create *CreateGlobalTableWitnessGroupMemberAction
	Delete *DeleteGlobalTableWitnessGroupMemberAction
}

// CreateGlobalTableWitnessGroupMemberAction adds a witness.
type CreateGlobalTableWitnessGroupMemberAction struct {
	// RegionName is required.
	RegionName *string
}

// DeleteGlobalTableWitnessGroupMemberAction removes a witness.
type DeleteGlobalTableWitnessGroupMemberAction struct {
	// RegionName is required.
	RegionName *string
}

// ReplicaDescription tells all about a replica.
type ReplicaDescription struct {
	RegionName                         *string
	ReplicaArn                         *string
	ReplicaStatus                      *ReplicaStatus
	ReplicaStatusDescription           *string
	ReplicaStatusPercentProgress       *string
	ReplicaInaccessibleDateTime        *time.Time
	KMSMasterKeyId                     *string
	ProvisionedThroughputOverride      *ProvisionedThroughputOverride
	OnDemandThroughputOverride         *OnDemandThroughputOverride
	WarmThroughput                     *TableWarmThroughputDescription
	GlobalSecondaryIndexes             []ReplicaGlobalSecondaryIndexDescription
	ReplicaTableClassSummary           *TableClassSummary
	GlobalTableSettingsReplicationMode *GlobalTableSettingsReplicationMode
}

// ReplicaGlobalSecondaryIndexDescription tells what a replica's index has of its own.
type ReplicaGlobalSecondaryIndexDescription struct {
	IndexName                     *string
	ProvisionedThroughputOverride *ProvisionedThroughputOverride
	OnDemandThroughputOverride    *OnDemandThroughputOverride
	WarmThroughput                *GlobalSecondaryIndexWarmThroughputDescription
}

// GlobalTableWitnessDescription tells about the witness of a global table.
type GlobalTableWitnessDescription struct {
	RegionName    *string
	WitnessStatus *WitnessStatus
}
