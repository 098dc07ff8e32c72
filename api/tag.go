package api

// Tag labels a table. A table has at most 50, with distinct keys.
type Tag struct {
	// Key has 1 to 128 characters and does not begin with "aws:". Required.
	Key *string

	// Value has 0 to 256 characters. Required.
	Value *string
}

// TagResourceInput adds tags to a table, or replaces those with the same keys.
type TagResourceInput struct {
	// ResourceArn is the table's ARN. Required.
	ResourceArn *string

	// Tags are required.
	Tags []Tag
}

// TagResourceOutput is the output of TagResource.
type TagResourceOutput struct{}

// UntagResourceInput removes tags from a table.
type UntagResourceInput struct {
	// ResourceArn is the table's ARN. Required.
	ResourceArn *string

	// TagKeys are the keys to remove; one that the table does not have is no error. Required.
	TagKeys []string
}

// UntagResourceOutput is the output of UntagResource.
type UntagResourceOutput struct{}

// ListTagsOfResourceInput lists the tags of a table.
type ListTagsOfResourceInput struct {
	// ResourceArn is the table's ARN. Required.
	ResourceArn *string

	// NextToken is that of the page before.
	NextToken *string
}

// ListTagsOfResourceOutput is one page of tags.
type ListTagsOfResourceOutput struct {
	Tags []Tag

	// NextToken is where the next page starts; nil when this is the last one.
	NextToken *string
}
