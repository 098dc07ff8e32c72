package api

// Validate: see Request.
func (in *CreateTableInput) Validate() error { return nil }

// Validate: see Request.
func (in *DescribeTableInput) Validate() error { return nil }

// Validate: see Request.
func (in *ListTablesInput) Validate() error { return nil }

// Validate: see Request.
func (in *UpdateTableInput) Validate() error { return nil }

// Validate: see Request.
func (in *DeleteTableInput) Validate() error { return nil }

// Validate: see Request.
func (in *PutItemInput) Validate() error { return nil }

// Validate: see Request.
func (in *GetItemInput) Validate() error { return nil }

// Validate: see Request.
func (in *UpdateItemInput) Validate() error { return nil }

// Validate: see Request.
func (in *DeleteItemInput) Validate() error { return nil }

// Validate: see Request.
func (in *QueryInput) Validate() error { return nil }

// Validate: see Request.
func (in *ScanInput) Validate() error { return nil }

// Validate: see Request.
func (in *BatchGetItemInput) Validate() error { return nil }

// Validate: see Request.
func (in *BatchWriteItemInput) Validate() error { return nil }

// Validate: see Request.
func (in *TransactGetItemsInput) Validate() error { return nil }

// Validate: see Request.
func (in *TransactWriteItemsInput) Validate() error { return nil }

// Validate: see Request.
func (in *TagResourceInput) Validate() error { return nil }

// Validate: see Request.
func (in *UntagResourceInput) Validate() error { return nil }

// Validate: see Request.
func (in *ListTagsOfResourceInput) Validate() error { return nil }

// Validate: see Request.
func (in *DescribeLimitsInput) Validate() error { return nil }

// Validate: see Request.
func (in *DescribeEndpointsInput) Validate() error { return nil }
