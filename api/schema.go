package api

// ScalarAttributeType is the type of a key attribute.
type ScalarAttributeType string

// The values of ScalarAttributeType.
const (
	ScalarAttributeTypeS ScalarAttributeType = "S"
	ScalarAttributeTypeN ScalarAttributeType = "N"
	ScalarAttributeTypeB ScalarAttributeType = "B"
)

// KeyType is the role of an attribute in a key.
type KeyType string

// The values of KeyType.
const (
	KeyTypeHash  KeyType = "HASH"  // partition key
	KeyTypeRange KeyType = "RANGE" // sort key
)

// ProjectionType says which attributes an index holds besides the keys of the
// table and the index.
type ProjectionType string

// The values of ProjectionType.
const (
	ProjectionTypeAll      ProjectionType = "ALL"
	ProjectionTypeKeysOnly ProjectionType = "KEYS_ONLY"
	ProjectionTypeInclude  ProjectionType = "INCLUDE" // NonKeyAttributes
)

// BillingMode is how capacity is paid for.
type BillingMode string

// The values of BillingMode.
const (
	BillingModeProvisioned   BillingMode = "PROVISIONED"
	BillingModePayPerRequest BillingMode = "PAY_PER_REQUEST" // on-demand
)

// TableClass is the storage class of a table.
type TableClass string

// The values of TableClass.
const (
	TableClassStandard                 TableClass = "STANDARD"
	TableClassStandardInfrequentAccess TableClass = "STANDARD_INFREQUENT_ACCESS"
)

// StreamViewType says what a stream record holds.
type StreamViewType string

// The values of StreamViewType.
const (
	StreamViewTypeNewImage        StreamViewType = "NEW_IMAGE"
	StreamViewTypeOldImage        StreamViewType = "OLD_IMAGE"
	StreamViewTypeNewAndOldImages StreamViewType = "NEW_AND_OLD_IMAGES"
	StreamViewTypeKeysOnly        StreamViewType = "KEYS_ONLY"
)

// SSEType is the kind of server-side encryption.
type SSEType string

// The values of SSEType. A request takes KMS only.
const (
	SSETypeAes256 SSEType = "AES256"
	SSETypeKms    SSEType = "KMS"
)

// AttributeDefinition is the name and type of an attribute that a key of the
// table or of an index uses.
type AttributeDefinition struct {
	// AttributeName has 1 to 255 characters. Required.
	AttributeName *string

	// AttributeType is required.
	AttributeType *ScalarAttributeType
}

// KeySchemaElement is one attribute of a key. HASH elements come before RANGE
// ones. A global secondary index has up to four of each; a table and a local
// secondary index have one HASH and at most one RANGE.
type KeySchemaElement struct {
	// AttributeName has 1 to 255 characters. Required.
	AttributeName *string

	// KeyType is required.
	KeyType *KeyType
}

// Projection says which attributes an index holds.
type Projection struct {
	ProjectionType *ProjectionType

	// NonKeyAttributes go with INCLUDE only: 1 to 20 names an index, 100 in
	// all indexes of a table together.
	NonKeyAttributes []string
}

// LocalSecondaryIndex is an index that has the table's partition key and
// another sort key. A table has at most five; they are made with it.
type LocalSecondaryIndex struct {
	// IndexName has 3 to 255 characters of a-z, A-Z, 0-9, _, - and dot,
	// and is unique in the table. Required.
	IndexName *string

	// KeySchema is the table's HASH element and a RANGE element. Required.
	KeySchema []KeySchemaElement

	// Projection is required.
	Projection *Projection
}

// GlobalSecondaryIndex is an index with a key of its own. A table has at most
// 20 of them.
type GlobalSecondaryIndex struct {
	// IndexName has 3 to 255 characters of a-z, A-Z, 0-9, _, - and dot,
	// and is unique in the table. Required.
	IndexName *string

	// KeySchema has one to four HASH elements and up to four RANGE elements. Required.
	KeySchema []KeySchemaElement

	// Projection is required.
	Projection *Projection

	// ProvisionedThroughput is required in PROVISIONED mode and forbidden in
	// PAY_PER_REQUEST mode.
	ProvisionedThroughput *ProvisionedThroughput

	OnDemandThroughput *OnDemandThroughput
	WarmThroughput     *WarmThroughput
}

// ProvisionedThroughput is the capacity of a table or index in PROVISIONED
// mode, in capacity units (units a second).
type ProvisionedThroughput struct {
	// Both are required and at least 1.
	ReadCapacityUnits  *int64
	WriteCapacityUnits *int64
}

// OnDemandThroughput bounds the capacity of a table or index in
// PAY_PER_REQUEST mode, in request units a second. -1 takes a bound away.
type OnDemandThroughput struct {
	MaxReadRequestUnits  *int64
	MaxWriteRequestUnits *int64
}

// WarmThroughput is the capacity that a table or index can serve at once, in
// units a second.
type WarmThroughput struct {
	ReadUnitsPerSecond  *int64
	WriteUnitsPerSecond *int64
}

// StreamSpecification turns a table's stream on or off.
type StreamSpecification struct {
	// StreamEnabled is required.
	StreamEnabled *bool

	// StreamViewType is required when the stream is enabled and forbidden otherwise.
	StreamViewType *StreamViewType
}

// SSESpecification sets a table's server-side encryption.
type SSESpecification struct {
	// Enabled true uses a KMS key, false a key that DynamoDB owns.
	Enabled *bool

	SSEType        *SSEType
	KMSMasterKeyId *string
}
