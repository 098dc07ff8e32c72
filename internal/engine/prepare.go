package engine

import (
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
)

// expressionTexts are the expression members of a request, nil when absent,
// and those that did their work before them.
type expressionTexts struct {
	update, condition, keyCondition, filter, projection *string

	names  map[string]string
	values map[string]attr.Value

	legacy legacyParameters
}

// expressions are the bound expressions of one request, nil when absent.
type expressions struct {
	update       *expr.Update
	projection   *expr.Projection
	condition    *expr.Condition // ConditionExpression, FilterExpression, or the legacy forms of both
	keyCondition *expr.KeyCondition

	// keyFilter: the filter may name attributes of the key. Only a statement's can.
	keyFilter bool
}

// documents returns the names of the attributes that the expressions look
// into, other than the key condition, whose paths are of one step.
func (x *expressions) documents() []string {
	var names []string
	if x.update != nil {
		names = x.update.Documents()
	}
	if x.projection != nil {
		names = append(names, x.projection.Documents()...)
	}
	if x.condition != nil {
		names = append(names, x.condition.Documents()...)
	}
	return names
}

// bind parses the expressions, or finds them in the cache, and binds them to
// names and values. It needs no table, so its faults come before any of the
// table's, in AWS's order.
func (e *Engine) bind(in expressionTexts) (x expressions, err error) {
	if in.legacy.given() {
		if err := in.legacy.bind(&x); err != nil {
			return expressions{}, api.Validation(err.Error())
		}
	}
	if in.update == nil && in.projection == nil && in.filter == nil && in.condition == nil && in.keyCondition == nil {
		return x, nil
	}
	b := expr.NewBinder(e.exprs, in.names, in.values)
	if in.update != nil && err == nil {
		x.update, err = b.Update(*in.update)
	}
	if in.condition != nil && err == nil {
		x.condition, err = b.Condition("ConditionExpression", *in.condition)
	}
	if in.keyCondition != nil && err == nil {
		x.keyCondition, err = b.KeyCondition(*in.keyCondition)
	}
	if in.filter != nil && err == nil {
		x.condition, err = b.Condition("FilterExpression", *in.filter)
	}
	if in.projection != nil && err == nil {
		x.projection, err = b.Projection(*in.projection)
	}
	if err == nil {
		err = b.Unused()
	}
	if err != nil {
		return expressions{}, api.Validation(err.Error())
	}
	return x, nil
}
