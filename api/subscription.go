package api

import "time"

// OpenSubscriptionInput begins a session of a named reader of a table's changes,
// whose position the database keeps. It is native: AWS leaves that to the
// reader (KCL keeps leases in a table of its own).
type OpenSubscriptionInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// SubscriptionName has 1 to 255 characters of a-z, A-Z, 0-9, _, - and dot. Required.
	SubscriptionName *string

	// Start is where a new one begins. nil is TRIM_HORIZON.
	Start *ChangesStart
}

// OpenSubscriptionOutput is the output of OpenSubscription.
type OpenSubscriptionOutput struct {
	// Session goes with SavePosition. A subscription has one at a time: while
	// it lives, opening another fails with ResourceInUseException. It ends with
	// SavePosition's Release or with the process.
	Session string

	// Position is where to go on reading.
	Position *Position

	// Created is true when there was none of this name.
	Created bool
}

// SavePositionInput saves how far a subscription has been read, and can end its session. It is native.
type SavePositionInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// SubscriptionName is required.
	SubscriptionName *string

	// Session is that of OpenSubscription. Required.
	Session *string

	// Position is what was read and need not be read again. nil leaves the saved one.
	Position *Position

	// Release true ends the session.
	Release bool
}

// SavePositionOutput is the output of SavePosition.
type SavePositionOutput struct{}

// ListSubscriptionsInput lists the subscriptions of a table. It is native.
type ListSubscriptionsInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string
}

// ListSubscriptionsOutput has all subscriptions, in the order of their names.
type ListSubscriptionsOutput struct {
	Subscriptions []SubscriptionDescription
}

// SubscriptionDescription is the state of a subscription.
type SubscriptionDescription struct {
	SubscriptionName string

	// Position is the saved one.
	Position *Position
	SavedAt  time.Time

	// InUse is true when it has a session.
	InUse bool

	// Behind is how many changes are not saved as read. Those that were
	// trimmed meanwhile count too.
	Behind int64

	// BehindSince is the commit time of the oldest of them; nil when there is none.
	BehindSince *time.Time
}

// DeleteSubscriptionInput forgets a subscription. It is native. One that is in
// use cannot be deleted.
type DeleteSubscriptionInput struct {
	// TableName is the table's name or ARN. Required.
	TableName *string

	// SubscriptionName is required.
	SubscriptionName *string
}

// DeleteSubscriptionOutput is the output of DeleteSubscription.
type DeleteSubscriptionOutput struct{}

// Operation returns "OpenSubscription".
func (*OpenSubscriptionInput) Operation() string               { return "OpenSubscription" }
func (*OpenSubscriptionInput) request()                        {}
func (*OpenSubscriptionInput) output() *OpenSubscriptionOutput { return nil }
func (*OpenSubscriptionOutput) response()                      {}

// Operation returns "SavePosition".
func (*SavePositionInput) Operation() string           { return "SavePosition" }
func (*SavePositionInput) request()                    {}
func (*SavePositionInput) output() *SavePositionOutput { return nil }
func (*SavePositionOutput) response()                  {}

// Operation returns "ListSubscriptions".
func (*ListSubscriptionsInput) Operation() string                { return "ListSubscriptions" }
func (*ListSubscriptionsInput) request()                         {}
func (*ListSubscriptionsInput) output() *ListSubscriptionsOutput { return nil }
func (*ListSubscriptionsOutput) response()                       {}

// Operation returns "DeleteSubscription".
func (*DeleteSubscriptionInput) Operation() string                 { return "DeleteSubscription" }
func (*DeleteSubscriptionInput) request()                          {}
func (*DeleteSubscriptionInput) output() *DeleteSubscriptionOutput { return nil }
func (*DeleteSubscriptionOutput) response()                        {}
