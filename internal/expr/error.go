package expr

import "fmt"

// Error is the message of a ValidationException, word for word as DynamoDB
// sends it: for a faulty expression "Invalid ConditionExpression: …".
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

func errorf(format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}

// The members of a request that hold expressions, as messages name them.
const (
	ConditionMember    = "ConditionExpression"
	FilterMember       = "FilterExpression"
	KeyConditionMember = "KeyConditionExpression"
	ProjectionMember   = "ProjectionExpression"
	UpdateMember       = "UpdateExpression"
)

// fault is what is wrong with an expression, before the member's name is put
// in front of it. Trees are cached without a member, so that a filter and a
// condition of one text share one.
type fault struct{ text string }

func faultf(format string, args ...any) *fault {
	return &fault{text: fmt.Sprintf(format, args...)}
}

// in makes the error that a request gets when the expression is its member.
func (f *fault) in(member string) error {
	return &Error{Message: "Invalid " + member + ": " + f.text}
}
