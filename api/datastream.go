package api

// DestinationStatus is the state of a data stream of a table.
type DestinationStatus string

// The values of DestinationStatus.
const (
	DestinationStatusEnabling     DestinationStatus = "ENABLING"
	DestinationStatusActive       DestinationStatus = "ACTIVE"
	DestinationStatusDisabling    DestinationStatus = "DISABLING"
	DestinationStatusDisabled     DestinationStatus = "DISABLED"
	DestinationStatusEnableFailed DestinationStatus = "ENABLE_FAILED"
	DestinationStatusUpdating     DestinationStatus = "UPDATING"
)

// ApproximateCreationDateTimePrecision is the unit of the time in the records of a data stream.
type ApproximateCreationDateTimePrecision string

// The values of ApproximateCreationDateTimePrecision.
const (
	ApproximateCreationDateTimePrecisionMillisecond ApproximateCreationDateTimePrecision = "MILLISECOND"
	ApproximateCreationDateTimePrecisionMicrosecond ApproximateCreationDateTimePrecision = "MICROSECOND"
)

// EnableKinesisStreamingDestinationInput sends the changes of a table to a data stream
// from now on.
type EnableKinesisStreamingDestinationInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// StreamArn has 37 to 1024 characters:
	// arn:aws:kinesis:<region>:<account>:stream/<name>. Required.
	StreamArn *string

	EnableKinesisStreamingConfiguration *EnableKinesisStreamingConfiguration
}

// EnableKinesisStreamingConfiguration is the configuration of a data stream.
type EnableKinesisStreamingConfiguration struct {
	// ApproximateCreationDateTimePrecision is MILLISECOND by default.
	ApproximateCreationDateTimePrecision *ApproximateCreationDateTimePrecision
}

// EnableKinesisStreamingDestinationOutput is the output of EnableKinesisStreamingDestination.
type EnableKinesisStreamingDestinationOutput struct {
	TableName         *string
	StreamArn         *string
	DestinationStatus *DestinationStatus

	// EnableKinesisStreamingConfiguration is that of the request.
	EnableKinesisStreamingConfiguration *EnableKinesisStreamingConfiguration
}

// DisableKinesisStreamingDestinationInput ends a data stream of a table.
type DisableKinesisStreamingDestinationInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// StreamArn has 37 to 1024 characters. Required.
	StreamArn *string

	EnableKinesisStreamingConfiguration *EnableKinesisStreamingConfiguration
}

// DisableKinesisStreamingDestinationOutput is the output of DisableKinesisStreamingDestination.
type DisableKinesisStreamingDestinationOutput struct {
	TableName         *string
	StreamArn         *string
	DestinationStatus *DestinationStatus

	EnableKinesisStreamingConfiguration *EnableKinesisStreamingConfiguration
}

// UpdateKinesisStreamingDestinationInput changes the precision of a data stream's times.
type UpdateKinesisStreamingDestinationInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// StreamArn has 37 to 1024 characters. Required.
	StreamArn *string

	UpdateKinesisStreamingConfiguration *UpdateKinesisStreamingConfiguration
}

// UpdateKinesisStreamingConfiguration is what changes.
type UpdateKinesisStreamingConfiguration struct {
	ApproximateCreationDateTimePrecision *ApproximateCreationDateTimePrecision
}

// UpdateKinesisStreamingDestinationOutput is the output of UpdateKinesisStreamingDestination.
type UpdateKinesisStreamingDestinationOutput struct {
	TableName         *string
	StreamArn         *string
	DestinationStatus *DestinationStatus

	// UpdateKinesisStreamingConfiguration is that of the request.
	UpdateKinesisStreamingConfiguration *UpdateKinesisStreamingConfiguration
}

// DescribeKinesisStreamingDestinationInput asks for the data streams of a table.
type DescribeKinesisStreamingDestinationInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string
}

// DescribeKinesisStreamingDestinationOutput is the output of DescribeKinesisStreamingDestination.
type DescribeKinesisStreamingDestinationOutput struct {
	TableName                     *string
	KinesisDataStreamDestinations []KinesisDataStreamDestination
}

// KinesisDataStreamDestination is a data stream of a table.
type KinesisDataStreamDestination struct {
	StreamArn         *string
	DestinationStatus *DestinationStatus

	// DestinationStatusDescription is the status in words, such as why enabling failed.
	DestinationStatusDescription *string

	ApproximateCreationDateTimePrecision *ApproximateCreationDateTimePrecision
}

// Operation returns "EnableKinesisStreamingDestination".
func (*EnableKinesisStreamingDestinationInput) Operation() string {
	return "EnableKinesisStreamingDestination"
}
func (*EnableKinesisStreamingDestinationInput) request() {}
func (*EnableKinesisStreamingDestinationInput) output() *EnableKinesisStreamingDestinationOutput {
	return nil
}
func (*EnableKinesisStreamingDestinationOutput) response() {}

// Operation returns "DisableKinesisStreamingDestination".
func (*DisableKinesisStreamingDestinationInput) Operation() string {
	return "DisableKinesisStreamingDestination"
}
func (*DisableKinesisStreamingDestinationInput) request() {}
func (*DisableKinesisStreamingDestinationInput) output() *DisableKinesisStreamingDestinationOutput {
	return nil
}
func (*DisableKinesisStreamingDestinationOutput) response() {}

// Operation returns "UpdateKinesisStreamingDestination".
func (*UpdateKinesisStreamingDestinationInput) Operation() string {
	return "UpdateKinesisStreamingDestination"
}
func (*UpdateKinesisStreamingDestinationInput) request() {}
func (*UpdateKinesisStreamingDestinationInput) output() *UpdateKinesisStreamingDestinationOutput {
	return nil
}
func (*UpdateKinesisStreamingDestinationOutput) response() {}

// Operation returns "DescribeKinesisStreamingDestination".
func (*DescribeKinesisStreamingDestinationInput) Operation() string {
	return "DescribeKinesisStreamingDestination"
}
func (*DescribeKinesisStreamingDestinationInput) request() {}
func (*DescribeKinesisStreamingDestinationInput) output() *DescribeKinesisStreamingDestinationOutput {
	return nil
}
func (*DescribeKinesisStreamingDestinationOutput) response() {}
