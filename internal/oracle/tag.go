package oracle

import (
	"maps"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
)

// maxTags is how many tags a table has, and tagsPage how many one answer lists.
const (
	maxTags  = 50
	tagsPage = 10
)

func (m *Model) tagged(arn *string) (*table, error) {
	if name, ok := strings.CutPrefix(*arn, m.arn("")); ok && m.tables[name] != nil {
		return m.tables[name], nil
	}
	return nil, &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found: ResourcArn: " + *arn + " not found"}
}

func (m *Model) tagResource(in *api.TagResourceInput) (*api.TagResourceOutput, error) {
	t, err := m.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(t.tags)
	for _, tag := range in.Tags {
		tags[*tag.Key] = *tag.Value
	}
	if len(tags) > maxTags {
		return nil, invalid("One or more parameter values were invalid: Too many tags: a table can have 50 tags")
	}
	t.tags = tags
	return &api.TagResourceOutput{}, nil
}

func (m *Model) untagResource(in *api.UntagResourceInput) (*api.UntagResourceOutput, error) {
	t, err := m.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(t.tags, key)
	}
	return &api.UntagResourceOutput{}, nil
}

func (m *Model) listTags(in *api.ListTagsOfResourceInput) (*api.ListTagsOfResourceOutput, error) {
	t, err := m.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &api.ListTagsOfResourceOutput{Tags: []api.Tag{}}
	for _, key := range slices.Sorted(maps.Keys(t.tags)) {
		if in.NextToken != nil && key <= *in.NextToken {
			continue
		}
		if len(out.Tags) == tagsPage {
			out.NextToken = out.Tags[tagsPage-1].Key
			break
		}
		out.Tags = append(out.Tags, api.Tag{Key: new(key), Value: new(t.tags[key])})
	}
	return out, nil
}
