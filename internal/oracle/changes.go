package oracle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/statordb/stator/api"
)

// serveChanges reads a journal to its end: as ReadChanges tells it, and of a
// client that is no Model also as the shards of the stream do. Its error is that the two are not the
// same, or that an order is wrong.
func serveChanges(ctx context.Context, c api.Client, in *api.ReadChangesInput) (*answerOf, error) {
	a := &answerOf{}
	page := *in
	for {
		out, err := api.Do(ctx, c, &page)
		if err != nil {
			a.err = err
			return a, nil
		}
		if len(a.pages) == maxPages {
			return nil, errors.New("the changes do not end")
		}
		a.pages = append(a.pages, out)
		if len(out.Changes) == 0 || out.Position == nil {
			break
		}
		page.Position = out.Position
	}
	if _, ok := c.(*Model); ok {
		return a, nil
	}
	if err := checkChanges(a.pages); err != nil {
		return nil, err
	}
	records, view, err := streamRecords(ctx, c, in.TableName)
	if err != nil {
		return nil, err
	}
	if want, got := changesAsRecords(a.pages, view), recordsText(records); want != got {
		return nil, fmt.Errorf("the shards of the stream tell something else than ReadChanges:\n%s\nthe stream:\n%s", want, got)
	}
	return a, nil
}

// streamRecords reads the shards of a table's last stream, parents before children.
func streamRecords(ctx context.Context, c api.Client, table *string) (records []api.Record, view api.StreamViewType, err error) {
	described, err := api.Do(ctx, c, &api.DescribeTableInput{TableName: table})
	if err != nil {
		return nil, "", err
	}
	arn := described.Table.LatestStreamArn
	var after *string
	for {
		out, err := api.Do(ctx, c, &api.DescribeStreamInput{StreamArn: arn, ExclusiveStartShardId: after})
		if err != nil {
			return nil, "", err
		}
		for _, shard := range out.StreamDescription.Shards {
			more, err := shardRecords(ctx, c, arn, shard.ShardId)
			if err != nil {
				return nil, "", err
			}
			records = append(records, more...)
		}
		if after = out.StreamDescription.LastEvaluatedShardId; after == nil {
			return records, *out.StreamDescription.StreamViewType, nil
		}
	}
}

func shardRecords(ctx context.Context, c api.Client, arn, shard *string) (records []api.Record, err error) {
	it, err := api.Do(ctx, c, &api.GetShardIteratorInput{StreamArn: arn, ShardId: shard, ShardIteratorType: new(api.ShardIteratorTypeTrimHorizon)})
	if err != nil {
		return nil, err
	}
	// An open shard has no end: it is one when nothing new comes.
	for at := it.ShardIterator; at != nil; {
		out, err := api.Do(ctx, c, &api.GetRecordsInput{ShardIterator: at})
		if err != nil {
			return nil, err
		}
		if len(out.Records) == 0 && out.NextShardIterator != nil {
			break
		}
		records = append(records, out.Records...)
		at = out.NextShardIterator
	}
	return records, nil
}

// recordLine writes out what a record of a stream with a view type tells.
func recordLine(event api.OperationType, at time.Time, id *api.Identity, old, new api.Attributes, view api.StreamViewType) string {
	line := fmt.Sprintf("  %s at %s", event, at.UTC().Truncate(time.Second).Format(time.RFC3339))
	if id != nil {
		line += " by " + *id.PrincipalId
	}
	if view == api.StreamViewTypeOldImage || view == api.StreamViewTypeNewAndOldImages {
		line += " old " + imageText(old)
	}
	if view == api.StreamViewTypeNewImage || view == api.StreamViewTypeNewAndOldImages {
		line += " new " + imageText(new)
	}
	return line
}

func changesAsRecords(pages []api.Response, view api.StreamViewType) string {
	lines := map[string][]string{}
	for _, p := range pages {
		for _, c := range p.(*api.ReadChangesOutput).Changes {
			key := itemText(c.Keys)
			lines[key] = append(lines[key], recordLine(c.EventName, c.CommitTime, c.UserIdentity, c.Old, c.New, view)+" "+c.SequenceNumber+" "+c.EventID)
		}
	}
	return byItem(lines)
}

func recordsText(records []api.Record) string {
	lines := map[string][]string{}
	for _, r := range records {
		d := r.Dynamodb
		key := itemText(d.Keys)
		// The images that the view type leaves out are left out by the record itself.
		line := recordLine(*r.EventName, *d.ApproximateCreationDateTime, r.UserIdentity, d.OldImage, d.NewImage, *d.StreamViewType)
		if *d.StreamViewType == api.StreamViewTypeKeysOnly && !(d.OldImage.IsZero() && d.NewImage.IsZero()) {
			line += " and an image, of a stream of keys"
		}
		lines[key] = append(lines[key], line+" "+*d.SequenceNumber+" "+*r.EventID)
	}
	return byItem(lines)
}
