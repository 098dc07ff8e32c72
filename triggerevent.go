package stator

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/wire"
)

// TriggerHandler deals with one batch of changes. When it returns nil all of
// them are done. A BatchItemFailures says from where on they are not; any other error, a panic,
// and a return after TriggerOptions.HandlerTimeout that nothing of the batch is. What is not done is
// handed over again, so that a handler must bear to see a record twice.
//
// It is called by several goroutines at a time, one for each shard, times
// ParallelizationFactor, that has something. ctx ends with HandlerTimeout and with the context of StartTrigger.
type TriggerHandler func(ctx context.Context, e TriggerEvent) error

// TriggerEvent is one batch: changes of one shard, those of an item in their
// order. Its JSON is the event that AWS Lambda gives to a function for a DynamoDB
// stream; LambdaHandler makes use of that.
//
// The records, and what they point to, must not be changed.
type TriggerEvent struct {
	Records []TriggerRecord
}

// TriggerRecord is one change of an item. Which images it has is for
// StreamViewType to say; those that it has not are absent (Attributes.IsZero).
type TriggerRecord struct {
	EventID        string    // 32 characters, the same whenever the record is handed over
	EventName      EventName // EventInsert, EventModify or EventRemove
	EventVersion   string    // "1.1"
	EventSource    string    // "aws:dynamodb"
	AwsRegion      string    // of the table's ARN
	EventSourceARN string    // the stream's ARN

	// ApproximateCreationDateTime is when the change was committed, in
	// microseconds; in JSON it is in whole seconds.
	ApproximateCreationDateTime time.Time

	Keys           api.Attributes
	NewImage       api.Attributes
	OldImage       api.Attributes
	SequenceNumber string
	SizeBytes      int64 // of the key and the images that are there
	StreamViewType StreamView

	// UserIdentity is that of the service for a deletion by time to live, and nil otherwise.
	UserIdentity *api.Identity

	change *api.Change
}

// UnmarshalKeys decodes the item's key into what into points to (a struct, an Item, …).
func (r *TriggerRecord) UnmarshalKeys(into any) error { return unmarshalImage("Keys", r.Keys, into) }

// UnmarshalNew decodes the item as it became. An image that is not there leaves into as it is.
func (r *TriggerRecord) UnmarshalNew(into any) error {
	return unmarshalImage("NewImage", r.NewImage, into)
}

// UnmarshalOld decodes the item as it was. An image that is not there leaves into as it is.
func (r *TriggerRecord) UnmarshalOld(into any) error {
	return unmarshalImage("OldImage", r.OldImage, into)
}

func unmarshalImage(name string, a api.Attributes, into any) error {
	if a.IsZero() {
		return nil
	}
	item, err := a.Item()
	if err != nil {
		return err
	}
	if whole, ok := into.(*Item); ok && whole != nil {
		*whole = item.Clone()
		return nil
	}
	if err := attr.UnmarshalItem(item, into); err != nil {
		return fmt.Errorf("stator: read %s as %T: %w", name, into, err)
	}
	return nil
}

// eventSource is where a trigger's records come from.
type eventSource struct {
	tableID   string
	tableArn  string
	streamArn string
	view      StreamView
	described time.Time // of the monotonic clock
}

// arnPart returns a part of the table's ARN: 3 is the Region, 4 the account.
func (s *eventSource) arnPart(i int) string {
	parts := strings.Split(s.tableArn, ":")
	if i >= len(parts) {
		return ""
	}
	return parts[i]
}

// record returns what a trigger tells of a change.
func (s *eventSource) record(c *api.Change) TriggerRecord {
	r := TriggerRecord{
		EventID: c.EventID, EventName: c.EventName,
		EventVersion: "1.1", EventSource: "aws:dynamodb", AwsRegion: s.arnPart(3), EventSourceARN: s.streamArn,
		ApproximateCreationDateTime: c.CommitTime, Keys: c.Keys, SequenceNumber: c.SequenceNumber,
		SizeBytes: c.SizeBytes, StreamViewType: s.view, UserIdentity: c.UserIdentity, change: c,
	}
	if s.view == StreamNewAndOldImages || s.view == StreamNewImage {
		r.NewImage = c.New
	}
	if s.view == StreamNewAndOldImages || s.view == StreamOldImage {
		r.OldImage = c.Old
	}
	if s.view != StreamNewAndOldImages {
		r.SizeBytes = 0
		for _, a := range []api.Attributes{r.Keys, r.NewImage, r.OldImage} {
			if item, err := a.Item(); err == nil {
				r.SizeBytes += int64(item.Size())
			}
		}
	}
	return r
}

// The JSON of an event.
//
// Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB", example event.
type (
	eventJSON struct {
		Records []recordJSON `json:"Records"`
	}
	recordJSON struct {
		EventID        string            `json:"eventID"`
		EventName      api.OperationType `json:"eventName"`
		EventVersion   string            `json:"eventVersion"`
		EventSource    string            `json:"eventSource"`
		AwsRegion      string            `json:"awsRegion"`
		Dynamodb       changeJSON        `json:"dynamodb"`
		UserIdentity   *identityJSON     `json:"userIdentity,omitempty"`
		EventSourceARN string            `json:"eventSourceARN"`
	}
	changeJSON struct {
		ApproximateCreationDateTime int64           `json:"ApproximateCreationDateTime"`
		Keys                        json.RawMessage `json:"Keys"`
		NewImage                    json.RawMessage `json:"NewImage,omitzero"`
		OldImage                    json.RawMessage `json:"OldImage,omitzero"`
		SequenceNumber              string          `json:"SequenceNumber"`
		SizeBytes                   int64           `json:"SizeBytes"`
		StreamViewType              StreamView      `json:"StreamViewType"`
	}
	identityJSON struct {
		Type        *string `json:"type"`
		PrincipalID *string `json:"principalId"`
	}
)

// MarshalJSON returns the event as AWS Lambda sends it to a function.
func (e TriggerEvent) MarshalJSON() ([]byte, error) {
	out := eventJSON{Records: make([]recordJSON, len(e.Records))}
	for i := range e.Records {
		var err error
		if out.Records[i], err = e.Records[i].json(); err != nil {
			return nil, err
		}
	}
	return json.Marshal(out)
}

func (r *TriggerRecord) json() (out recordJSON, err error) {
	out = recordJSON{
		EventID: r.EventID, EventName: r.EventName, EventVersion: r.EventVersion, EventSource: r.EventSource, AwsRegion: r.AwsRegion,
		EventSourceARN: r.EventSourceARN,
		Dynamodb: changeJSON{
			ApproximateCreationDateTime: r.ApproximateCreationDateTime.Unix(), SequenceNumber: r.SequenceNumber,
			SizeBytes: r.SizeBytes, StreamViewType: r.StreamViewType,
		},
	}
	if r.UserIdentity != nil {
		out.UserIdentity = &identityJSON{Type: r.UserIdentity.Type, PrincipalID: r.UserIdentity.PrincipalId}
	}
	d := &out.Dynamodb
	if d.Keys, err = imageJSON(r.Keys); err != nil {
		return out, err
	}
	if d.NewImage, err = imageJSON(r.NewImage); err != nil {
		return out, err
	}
	d.OldImage, err = imageJSON(r.OldImage)
	return out, err
}

func imageJSON(a api.Attributes) (json.RawMessage, error) {
	if a.IsZero() {
		return nil, nil
	}
	return wire.AppendAttributes(nil, a)
}
