package engine

import "github.com/statordb/stator/api"

// dataStream is what a window holds of a data stream, which AWS calls a Kinesis streaming destination.
type dataStream struct {
	StreamArn string
	Precision api.ApproximateCreationDateTimePrecision `json:",omitempty"`
	Updated   int64                                    `json:",omitempty"` // µs since 1970, when Precision was changed
}
