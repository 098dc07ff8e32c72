package capacity

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// Dimension is what a Policy scales.
type Dimension int

// The dimensions.
const (
	ReadCapacity Dimension = iota + 1
	WriteCapacity
)

// Policy is a scalable target and its target tracking policy: the reads or the
// writes of a table or global index follow what is used of them. ("Managing throughput capacity
// automatically with DynamoDB auto scaling")
type Policy struct {
	Table     string // required
	Index     string // a global index of it; "" is the table itself
	Dimension Dimension

	// MinCapacity and MaxCapacity bound the provisioned units. 1 and more, Min at most Max.
	MinCapacity, MaxCapacity int64

	// TargetUtilization is which part of the provisioned units shall be used, in percent, 20 to 90.
	TargetUtilization float64

	// ScaleOutCooldown and ScaleInCooldown are for how long after such an activity no other one
	// begins, unless it adds more than the one before. 0, AWS's default for DynamoDB, is no
	// such time; negative is a fault.
	ScaleOutCooldown, ScaleInCooldown time.Duration

	// DisableScaleIn true never takes units away.
	DisableScaleIn bool

	// Name is the policy's, for activities. "" is the name that AWS suggests,
	// "DynamoDBWriteCapacityUtilization:table/orders".
	Name string
}

// Validate returns all that is wrong with the policy, in one error.
func (p *Policy) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if p.Table == "" {
		fault("Table is empty")
	}
	if p.Dimension != ReadCapacity && p.Dimension != WriteCapacity {
		fault("Dimension is %d, allowed are ReadCapacity and WriteCapacity", p.Dimension)
	}
	if p.MinCapacity < 1 {
		fault("MinCapacity is %d, allowed are 1 and more", p.MinCapacity)
	}
	if p.MaxCapacity < max(p.MinCapacity, 1) {
		fault("MaxCapacity is %d, allowed are MinCapacity (%d) and more", p.MaxCapacity, p.MinCapacity)
	}
	if !(p.TargetUtilization >= 20 && p.TargetUtilization <= 90) {
		fault("TargetUtilization is %v, allowed are 20 to 90 percent", p.TargetUtilization)
	}
	if p.ScaleOutCooldown < 0 {
		fault("ScaleOutCooldown is %v, allowed are 0 and more", p.ScaleOutCooldown)
	}
	if p.ScaleInCooldown < 0 {
		fault("ScaleInCooldown is %v, allowed are 0 and more", p.ScaleInCooldown)
	}
	return errors.Join(faults...)
}

// resource is the policy's resource as Application Auto Scaling names it.
func (p *Policy) resource() string {
	if p.Index != "" {
		return "table/" + p.Table + "/index/" + p.Index
	}
	return "table/" + p.Table
}

// dimension is the policy's scalable dimension as Application Auto Scaling names it.
func (p *Policy) dimension() string {
	kind := "table"
	if p.Index != "" {
		kind = "index"
	}
	if p.Dimension == WriteCapacity {
		return "dynamodb:" + kind + ":WriteCapacityUnits"
	}
	return "dynamodb:" + kind + ":ReadCapacityUnits"
}

// units is what the policy scales, in words.
func (p *Policy) units() string {
	if p.Dimension == WriteCapacity {
		return "write capacity units"
	}
	return "read capacity units"
}

// name returns the policy's name.
func (p *Policy) name() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.Dimension == WriteCapacity:
		return "DynamoDBWriteCapacityUtilization:" + p.resource()
	}
	return "DynamoDBReadCapacityUtilization:" + p.resource()
}

// alarm returns the name of an alarm of the policy. AWS's ends in a random id;
// this one in one that is the same in each run.
func (p *Policy) alarm(kind string) string {
	h := sha256.Sum256([]byte(p.resource() + " " + p.dimension() + " " + kind))
	return fmt.Sprintf("TargetTracking-%s-%s-%x-%x-%x-%x-%x", p.resource(), kind, h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
