package capacity

import (
	"time"

	"github.com/statordb/stator/api"
)

// limit is what refuses an operation.
type limit int

const (
	none        limit = iota
	keyRange          // a partition's ceiling
	provisioned       // the provisioned units
	growth            // twice the peak of an on-demand table
	maximum           // OnDemandThroughput
	account           // the quota that an on-demand table grows to
)

// kinds are the limits in the words of AWS ("Diagnosing throttling"). AWS has no
// reason of its own for an on-demand table that must grow first; such a table
// has too few partitions, and so it is their ceiling.
var kinds = [...]string{
	keyRange: "KeyRangeThroughputExceeded", growth: "KeyRangeThroughputExceeded", provisioned: "ProvisionedThroughputExceeded",
	maximum: "MaxOnDemandThroughputExceeded", account: "AccountLimitExceeded",
}

// AWS's texts: "TransactionCanceledException" in the API Reference has those of
// provisioned and growing tables and indexes, "Diagnosing throttling" that of the maximum,
// "Error handling with DynamoDB" that of the quota.
const (
	textTable   = "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."
	textIndex   = "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API"
	textGrowth  = "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly. If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
	textGrowthI = "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically scaling your index so please try again shortly."
	textMaximum = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
	textAccount = "Throughput exceeds the current throughput limit for your account. To request a limit increase, contact AWS Support at https://aws.amazon.com/support"
)

// throttled returns the error of an operation that lacks something. The first
// shortage gives code and text.
func (s *Service) throttled(v *view, short []shortage) error {
	arn := "arn:aws:dynamodb:" + s.opt.Region + ":" + s.opt.AccountID + ":table/" + v.caps.Name
	e := &api.Error{ThrottlingReasons: make([]api.ThrottlingReason, len(short))}
	e.Code, e.Message = answer(short[0], v.caps.OnDemand)
	for i, n := range short {
		r := api.ThrottlingReason{Reason: "Table", Resource: arn}
		if n.index >= 0 {
			r = api.ThrottlingReason{Reason: "Index", Resource: arn + "/index/" + v.caps.GlobalIndexes[n.index].Name}
		}
		if n.write {
			r.Reason += "Write"
		} else {
			r.Reason += "Read"
		}
		r.Reason += kinds[n.kind]
		e.ThrottlingReasons[i] = r
		e.RetryAfter = max(e.RetryAfter, time.Duration(n.wait))
	}
	return e
}

// answer returns the code and text of a shortage.
func answer(n shortage, onDemand bool) (api.Code, string) {
	index := n.index >= 0
	switch {
	case n.kind == account:
		return api.CodeRequestLimit, textAccount
	case n.kind == maximum:
		return api.CodeThrottling, textMaximum
	case onDemand && index && n.write:
		return api.CodeThrottling, textGrowthI
	case onDemand:
		return api.CodeThrottling, textGrowth
	case index:
		return api.CodeProvisionedThroughput, textIndex
	default:
		return api.CodeProvisionedThroughput, textTable
	}
}
