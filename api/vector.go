package api

// VectorDistanceFunction is how the similarity of vectors is measured.
type VectorDistanceFunction string

// The values of VectorDistanceFunction.
const (
	VectorDistanceFunctionCosine     VectorDistanceFunction = "COSINE"
	VectorDistanceFunctionDotProduct VectorDistanceFunction = "DOT_PRODUCT"
	VectorDistanceFunctionEuclidean  VectorDistanceFunction = "EUCLIDEAN"
)

// SearchSchemaElementType is the role of an attribute in a vector index.
type SearchSchemaElementType string

// The values of SearchSchemaElementType.
const (
	SearchSchemaElementTypeHash         SearchSchemaElementType = "HASH"          // partitions the index
	SearchSchemaElementTypeInlineFilter SearchSchemaElementType = "INLINE_FILTER" // can be filtered on
)

// VectorIndex is an index for similarity search. Every member but SearchSchema
// is required.
type VectorIndex struct {
	// IndexName is unique in the table.
	IndexName *string

	// VectorAttribute holds the vectors.
	VectorAttribute *VectorAttributeDefinition

	// Dimensions is the length of each vector, at most 4,096.
	Dimensions *int64

	DistanceFunction *VectorDistanceFunction
	Projection       *Projection
	SearchSchema     []SearchSchemaElement
}

// VectorAttributeDefinition names an attribute that holds vectors (an L of N).
type VectorAttributeDefinition struct {
	// AttributeName is required.
	AttributeName *string
}

// SearchSchemaElement is an attribute that a search can be limited by. Both
// members are required.
type SearchSchemaElement struct {
	AttributeName           *string
	SearchSchemaElementType *SearchSchemaElementType
}

// VectorIndexUpdate is one change of a vector index: exactly one member is set.
type VectorIndexUpdate struct {
	Create *CreateVectorIndexAction
	Delete *DeleteVectorIndexAction
}

// CreateVectorIndexAction adds a vector index to a table: see VectorIndex.
type CreateVectorIndexAction struct {
	IndexName        *string
	VectorAttribute  *VectorAttributeDefinition
	Dimensions       *int64
	DistanceFunction *VectorDistanceFunction
	Projection       *Projection
	SearchSchema     []SearchSchemaElement
}

// DeleteVectorIndexAction removes a vector index from a table.
type DeleteVectorIndexAction struct {
	// IndexName is required.
	IndexName *string
}

// VectorIndexDescription tells all about a vector index.
type VectorIndexDescription struct {
	IndexName   *string
	IndexArn    *string
	IndexStatus *IndexStatus

	// Backfilling is true while a new index is filled with the items that the table has.
	Backfilling *bool

	VectorAttribute  *VectorAttributeDefinition
	Dimensions       *int64
	DistanceFunction *VectorDistanceFunction
	Projection       *Projection
	SearchSchema     []SearchSchemaElement
	ItemCount        *int64
	IndexSizeBytes   *int64
}
