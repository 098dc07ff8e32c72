package api

// TimeToLiveStatus is the state of a table's time to live.
type TimeToLiveStatus string

// The values of TimeToLiveStatus.
const (
	TimeToLiveStatusEnabling  TimeToLiveStatus = "ENABLING"
	TimeToLiveStatusDisabling TimeToLiveStatus = "DISABLING"
	TimeToLiveStatusEnabled   TimeToLiveStatus = "ENABLED"
	TimeToLiveStatusDisabled  TimeToLiveStatus = "DISABLED"
)

// UpdateTimeToLiveInput turns the time to live of a table's items on or off.
type UpdateTimeToLiveInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// TimeToLiveSpecification is required.
	TimeToLiveSpecification *TimeToLiveSpecification
}

// TimeToLiveSpecification is the setting of a table's time to live.
type TimeToLiveSpecification struct {
	// Enabled is required.
	Enabled *bool

	// AttributeName is the top-level attribute that has the time in seconds
	// since 1970, as a number, from which on an item may be deleted; also
	// when disabling. It has 1 to 255 characters. Required.
	AttributeName *string
}

// UpdateTimeToLiveOutput is the output of UpdateTimeToLive.
type UpdateTimeToLiveOutput struct {
	TimeToLiveSpecification *TimeToLiveSpecification
}

// DescribeTimeToLiveInput asks for the state of a table's time to live.
type DescribeTimeToLiveInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string
}

// DescribeTimeToLiveOutput is the output of DescribeTimeToLive.
type DescribeTimeToLiveOutput struct {
	TimeToLiveDescription *TimeToLiveDescription
}

// TimeToLiveDescription is the state of a table's time to live.
type TimeToLiveDescription struct {
	TimeToLiveStatus *TimeToLiveStatus

	// AttributeName is nil when the status is DISABLED.
	AttributeName *string
}

// Operation returns "UpdateTimeToLive".
func (*UpdateTimeToLiveInput) Operation() string               { return "UpdateTimeToLive" }
func (*UpdateTimeToLiveInput) request()                        {}
func (*UpdateTimeToLiveInput) output() *UpdateTimeToLiveOutput { return nil }
func (*UpdateTimeToLiveOutput) response()                      {}

// Operation returns "DescribeTimeToLive".
func (*DescribeTimeToLiveInput) Operation() string                 { return "DescribeTimeToLive" }
func (*DescribeTimeToLiveInput) request()                          {}
func (*DescribeTimeToLiveInput) output() *DescribeTimeToLiveOutput { return nil }
func (*DescribeTimeToLiveOutput) response()                        {}
