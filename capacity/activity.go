package capacity

import (
	"fmt"
	"time"
)

// Activity is one change that auto scaling made or failed to make, in the words
// of Application Auto Scaling's DescribeScalingActivities.
type Activity struct {
	ResourceID        string // "table/orders" or "table/orders/index/byName"
	ScalableDimension string // "dynamodb:table:WriteCapacityUnits"
	From, To          int64  // units a second

	Description string // "Setting write capacity units to 15."
	Cause       string // "monitor alarm … in state ALARM triggered policy …", or "minimum capacity was set to 15"

	StartTime time.Time
	EndTime   time.Time

	StatusCode    string // Successful or Failed
	StatusMessage string
}

// The values of StatusCode.
const (
	StatusSuccessful = "Successful"
	StatusFailed     = "Failed"
)

// begun returns the activity of a change that is to be made.
func begun(c *change, now time.Time) Activity {
	return Activity{
		ResourceID: c.policy.resource(), ScalableDimension: c.policy.dimension(), From: c.from, To: c.to,
		Description: fmt.Sprintf("Setting %s to %d.", c.policy.units(), c.to), Cause: c.cause, StartTime: now,
	}
}

// end says how it went.
func (a *Activity) end(c *change, now time.Time, err error) {
	a.EndTime = now
	if err != nil {
		a.StatusCode = StatusFailed
		a.StatusMessage = fmt.Sprintf("Failed to set %s to %d. Reason: %v", c.policy.units(), c.to, err)
		return
	}
	a.StatusCode = StatusSuccessful
	a.StatusMessage = fmt.Sprintf("Successfully set %s to %d. Change successfully fulfilled by dynamodb.", c.policy.units(), c.to)
}
