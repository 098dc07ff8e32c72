package api_test

import (
	"strings"
	"testing"

	"github.com/statordb/stator/api"
)

func TestUpdateTimeToLive(t *testing.T) { // quirks
	in := func(spec *api.TimeToLiveSpecification) *api.UpdateTimeToLiveInput {
		return &api.UpdateTimeToLiveInput{TableName: table(), TimeToLiveSpecification: spec}
	}
	const attribute, enabled = "timeToLiveSpecification.attributeName", "timeToLiveSpecification.enabled"
	long := strings.Repeat("x", 256)
	runValidations(t, []validation{
		{"on", in(&api.TimeToLiveSpecification{Enabled: new(true), AttributeName: new("ttl")}), ""},
		{"off", in(&api.TimeToLiveSpecification{Enabled: new(false), AttributeName: new(long[:255])}), ""},
		{"no table", &api.UpdateTimeToLiveInput{TimeToLiveSpecification: &api.TimeToLiveSpecification{}}, "The parameter 'TableName' is required but was not present in the request"},
		{"a short table", &api.UpdateTimeToLiveInput{TableName: new("ab")}, oneError + lengthFault("ab", "tableName", "greater than or equal to 3")},
		{"no specification", in(nil), oneError + null("timeToLiveSpecification")},
		{"an empty one", in(&api.TimeToLiveSpecification{}), "2 validation errors detected: " + null(attribute) + "; " + null(enabled)},
		{"no attribute", in(&api.TimeToLiveSpecification{Enabled: new(true)}), oneError + null(attribute)},
		{"no switch", in(&api.TimeToLiveSpecification{AttributeName: new("ttl")}), oneError + null(enabled)},
		{"an empty attribute", in(&api.TimeToLiveSpecification{Enabled: new(true), AttributeName: new("")}), oneError + lengthFault("", attribute, "greater than or equal to 1")},
		{"a long attribute", in(&api.TimeToLiveSpecification{Enabled: new(true), AttributeName: &long}), oneError + lengthFault(long, attribute, "less than or equal to 255")},
		{"describe", &api.DescribeTimeToLiveInput{TableName: new("arn:aws:dynamodb:us-east-1:123456789012:table/users")}, ""},
		{"describe nothing", &api.DescribeTimeToLiveInput{}, "The parameter 'TableName' is required but was not present in the request"},
	})
}
