package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/kv"
)

const maxTags = 50

// taggedTable returns the name of the table that a ResourceArn names.
func (e *Engine) taggedTable(arn *string) (string, error) {
	prefix := e.arn("")
	name, ok := strings.CutPrefix(*arn, prefix)
	if !ok || e.catalog.Load().tables[name] == nil {
		return "", &api.Error{Code: api.CodeResourceNotFound, Message: "Requested resource not found: ResourcArn: " + *arn + " not found"}
	}
	return name, nil
}

func (e *Engine) tagResource(ctx context.Context, in *api.TagResourceInput) (*api.TagResourceOutput, error) {
	name, err := e.taggedTable(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	_, err = e.changeTable(ctx, name, func(_ kv.Writer, rec *tableRecord) error {
		for _, t := range in.Tags {
			if i := tagIndex(rec.Tags, *t.Key); i >= 0 {
				rec.Tags[i] = t
			} else {
				rec.Tags = append(rec.Tags, t)
			}
		}
		if len(rec.Tags) > maxTags {
			return api.Validation("One or more parameter values were invalid: Too many tags: a table can have 50 tags")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.TagResourceOutput{}, nil
}

func (e *Engine) untagResource(ctx context.Context, in *api.UntagResourceInput) (*api.UntagResourceOutput, error) {
	name, err := e.taggedTable(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	_, err = e.changeTable(ctx, name, func(_ kv.Writer, rec *tableRecord) error {
		rec.Tags = slices.DeleteFunc(rec.Tags, func(t api.Tag) bool { return slices.Contains(in.TagKeys, *t.Key) })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.UntagResourceOutput{}, nil
}

func tagIndex(tags []api.Tag, key string) int {
	return slices.IndexFunc(tags, func(t api.Tag) bool { return *t.Key == key })
}

// maxTagsPage is how many tags one ListTagsOfResource answers.
const maxTagsPage = 10

// listTagsOfResource pages by the key of the last tag, as its NextToken.
func (e *Engine) listTagsOfResource(_ context.Context, in *api.ListTagsOfResourceInput) (*api.ListTagsOfResourceOutput, error) {
	name, err := e.taggedTable(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	t := e.catalog.Load().tables[name]
	if t == nil {
		return nil, tableNotFound(name)
	}
	tags := make([]api.Tag, len(t.rec.Tags))
	for i, tag := range t.rec.Tags {
		tags[i] = api.Tag{Key: copyOf(tag.Key), Value: copyOf(tag.Value)}
	}
	slices.SortFunc(tags, func(a, b api.Tag) int { return strings.Compare(*a.Key, *b.Key) })
	if in.NextToken != nil {
		i, found := slices.BinarySearchFunc(tags, *in.NextToken, func(t api.Tag, key string) int { return strings.Compare(*t.Key, key) })
		if found {
			i++
		}
		tags = tags[i:]
	}
	out := &api.ListTagsOfResourceOutput{Tags: append([]api.Tag{}, tags...)}
	if len(tags) > maxTagsPage {
		out.Tags = out.Tags[:maxTagsPage]
		out.NextToken = out.Tags[maxTagsPage-1].Key
	}
	return out, nil
}
