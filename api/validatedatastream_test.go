package api_test

import (
	"strings"
	"testing"

	"github.com/statordb/stator/api"
)

func TestKinesisStreamingDestination(t *testing.T) { // quirks; localstack, whose tests were recorded from the service (enum)
	const (
		arn       = "arn:aws:kinesis:us-east-1:123456789012:stream/changes"
		precision = ".approximateCreationDateTimePrecision"
		nothing   = "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be null or contain only null values"
	)
	micro, wrong := new(api.ApproximateCreationDateTimePrecisionMicrosecond), new(api.ApproximateCreationDateTimePrecision("SECOND"))
	enable := func(table, arn *string, p *api.ApproximateCreationDateTimePrecision) *api.EnableKinesisStreamingDestinationInput {
		return &api.EnableKinesisStreamingDestinationInput{
			TableName: table, StreamArn: arn, EnableKinesisStreamingConfiguration: &api.EnableKinesisStreamingConfiguration{ApproximateCreationDateTimePrecision: p},
		}
	}
	disable := func(c *api.EnableKinesisStreamingConfiguration) *api.DisableKinesisStreamingDestinationInput {
		return &api.DisableKinesisStreamingDestinationInput{TableName: table(), StreamArn: new(arn), EnableKinesisStreamingConfiguration: c}
	}
	update := func(c *api.UpdateKinesisStreamingConfiguration) *api.UpdateKinesisStreamingDestinationInput {
		return &api.UpdateKinesisStreamingDestinationInput{TableName: table(), StreamArn: new(arn), UpdateKinesisStreamingConfiguration: c}
	}
	runValidations(t, []validation{
		{"enable", &api.EnableKinesisStreamingDestinationInput{TableName: table(), StreamArn: new(arn)}, ""},
		{"enable with microseconds", enable(table(), new(arn), micro), ""},
		{"anything's ARN", enable(table(), new(strings.Repeat("x", 37)), nil), ""},
		{"an empty ARN", enable(table(), new(""), nil), oneError + lengthFault("", "streamArn", "greater than or equal to 37")},
		{"no members", enable(nil, nil, nil), "2 validation errors detected: " + null("tableName") + "; " + null("streamArn")},
		{"a wrong precision", enable(table(), new(arn), wrong),
			oneError + enumFault("SECOND", "enableKinesisStreamingConfiguration"+precision, "MILLISECOND, MICROSECOND")},
		{"disable", disable(nil), ""},
		{"disable with an empty configuration", disable(&api.EnableKinesisStreamingConfiguration{}), ""},
		{"disable with a precision", disable(&api.EnableKinesisStreamingConfiguration{ApproximateCreationDateTimePrecision: micro}),
			"Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters"},
		{"disable nothing", &api.DisableKinesisStreamingDestinationInput{TableName: table()}, oneError + null("streamArn")},
		{"update", update(&api.UpdateKinesisStreamingConfiguration{ApproximateCreationDateTimePrecision: micro}), ""},
		{"update to something wrong", update(&api.UpdateKinesisStreamingConfiguration{ApproximateCreationDateTimePrecision: wrong}),
			oneError + enumFault("SECOND", "updateKinesisStreamingConfiguration"+precision, "MILLISECOND, MICROSECOND")},
		{"update without a configuration", update(nil), nothing},
		{"update with an empty one", update(&api.UpdateKinesisStreamingConfiguration{}), nothing},
		{"describe", &api.DescribeKinesisStreamingDestinationInput{TableName: table()}, ""},
		{"describe nothing", &api.DescribeKinesisStreamingDestinationInput{}, oneError + null("tableName")},
	})
}
