package api

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxTags     = 50
	maxTagKey   = 128 // characters
	maxTagValue = 256 // characters
)

// Validate: see Request.
func (in *TagResourceInput) Validate() error {
	if err := checkResourceARN(in.ResourceArn); err != nil {
		return err
	}
	var c constraints
	c.notNull(nil, "tags", in.Tags != nil)
	if err := c.err(); err != nil {
		return err
	}
	if len(in.Tags) == 0 {
		return Validation("Atleast one Tag needs to be provided as Input.")
	}
	return checkTags(in.Tags)
}

// Validate: see Request.
func (in *UntagResourceInput) Validate() error {
	if err := checkResourceARN(in.ResourceArn); err != nil {
		return err
	}
	var c constraints
	c.notNull(nil, "tagKeys", in.TagKeys != nil)
	if err := c.err(); err != nil {
		return err
	}
	if len(in.TagKeys) == 0 {
		return Validation("Atleast one Tag Key needs to be provided as Input.")
	}
	for _, key := range in.TagKeys {
		if !isTagKey(key) {
			return Validation("The Tag Key provided is invalid, Key: " + key)
		}
	}
	return nil
}

// Validate: see Request.
func (in *ListTagsOfResourceInput) Validate() error { return checkResourceARN(in.ResourceArn) }

// checkResourceARN judges the ARN of a table that tags belong to.
func checkResourceARN(arn *string) error {
	if arn == nil {
		return Validation("Invalid TableArn")
	}
	parts, resource, ok := cut6(*arn)
	switch {
	case !IsARN(*arn):
		return Validation(invalidParameter + "ARNs must start with 'arn:': " + *arn)
	case !ok || parts[2] != "dynamodb":
		return Validation(invalidParameter + "Provided Arn is not a DynamoDB resource arn: " + *arn)
	case strings.Contains(resource, "/index/"):
		return Validation(invalidParameter + "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: " + *arn)
	}
	if _, ok := ParseARN(*arn); !ok {
		return Validation("Invalid TableArn: Invalid ResourceArn provided as input " + *arn)
	}
	return nil
}

// checkTags judges the tags of TagResource and CreateTable.
func checkTags(tags []Tag) error {
	for i, t := range tags {
		switch key := orNull(t.Key); {
		case t.Key == nil || !isTagKey(key):
			return Validation("The Tag Key provided is invalid, Key: " + key)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return Validation("Tag Key cannot be prefixed with aws:, Key: " + key)
		case t.Value == nil || !isTagText(*t.Value, maxTagValue):
			return Validation("The Tag Value provided is invalid, Value: " + orNull(t.Value))
		case slices.ContainsFunc(tags[:min(i, maxTags)], func(u Tag) bool { return *u.Key == key }):
			return Validation("Duplicate Tag Keys provided as input: Duplicate Tag Key found " + key)
		}
	}
	if len(tags) > maxTags {
		return Validation("Number of Tags exceed the current limit for the provided ResourceArn")
	}
	return nil
}

func isTagKey(s string) bool { return s != "" && isTagText(s, maxTagKey) }

// isTagText reports whether s has at most so many characters, each a letter, a space, a digit or
// one of _.:/=+-@.
func isTagText(s string, most int) bool {
	if utf8.RuneCountInString(s) > most {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.In(r, unicode.Z) && !strings.ContainsRune("_.:/=+-@", r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// Validate: see Request.
func (in *DescribeLimitsInput) Validate() error { return nil }

// Validate: see Request.
func (in *DescribeEndpointsInput) Validate() error { return nil }
