package stator

import (
	"context"
	"strings"

	"github.com/statordb/stator/api"
)

// StreamView says what the records of a stream hold, for those who read them as
// AWS has them. The readers of this package get both images always.
type StreamView = api.StreamViewType

// The values of StreamView.
const (
	StreamKeys            StreamView = api.StreamViewTypeKeysOnly
	StreamNewImage        StreamView = api.StreamViewTypeNewImage
	StreamOldImage        StreamView = api.StreamViewTypeOldImage
	StreamNewAndOldImages StreamView = api.StreamViewTypeNewAndOldImages
)

// StreamSetting is an option made by Stream.
type StreamSetting struct{ spec api.StreamSpecification }

// Stream enables the table's stream: from then on its changes are kept for 24
// hours. Changes, Subscribe and triggers read them, and the programs that know
// DynamoDB Streams. Enabling it when it is enabled is an error; another view
// needs NoStream first.
func Stream(view StreamView) StreamSetting {
	return StreamSetting{api.StreamSpecification{StreamEnabled: new(true), StreamViewType: &view}}
}

func (o StreamSetting) table(c *creation) { c.stream = &o.spec }

func (o StreamSetting) change(_ context.Context, _ Client, name string) (api.Request, error) {
	return &api.UpdateTableInput{TableName: &name, StreamSpecification: &o.spec}, nil
}

// NoStream disables the table's stream. What it has is kept for its 24 hours.
func NoStream() TableChange {
	return StreamSetting{api.StreamSpecification{StreamEnabled: new(false)}}
}

// EnableDataStream sends the changes of a table to a data stream from now on,
// which keeps them for longer than a stream does. The stream is a name, or the
// whole ARN (arn:aws:kinesis:REGION:ACCOUNT:stream/NAME); a name is of the
// table's own Region and account.
func EnableDataStream(ctx context.Context, c Client, table, stream string) error {
	arn, err := dataStreamARN(ctx, c, table, stream)
	if err != nil {
		return err
	}
	_, err = do(ctx, c, &api.EnableKinesisStreamingDestinationInput{TableName: &table, StreamArn: &arn})
	return err
}

// DisableDataStream ends what EnableDataStream began.
func DisableDataStream(ctx context.Context, c Client, table, stream string) error {
	arn, err := dataStreamARN(ctx, c, table, stream)
	if err != nil {
		return err
	}
	_, err = do(ctx, c, &api.DisableKinesisStreamingDestinationInput{TableName: &table, StreamArn: &arn})
	return err
}

// dataStreamARN returns the ARN that the name of a data stream stands for.
func dataStreamARN(ctx context.Context, c Client, table, stream string) (string, error) {
	if strings.HasPrefix(stream, "arn:") {
		return stream, nil
	}
	d, err := DescribeTable(ctx, c, table)
	if err != nil {
		return "", err
	}
	parts := strings.Split(*d.TableArn, ":") // arn:aws:dynamodb:REGION:ACCOUNT:table/NAME
	if len(parts) < 6 {
		return "", faultf(nil, "The ARN of table %s, %s, tells no Region and account for the data stream %s", table, *d.TableArn, stream)
	}
	return "arn:" + parts[1] + ":kinesis:" + parts[3] + ":" + parts[4] + ":stream/" + stream, nil
}
