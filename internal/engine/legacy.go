package engine

import (
	"maps"
	"slices"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
	"github.com/statordb/stator/internal/expr"
	"github.com/statordb/stator/internal/itemcodec"
)

// legacyParameters are the members of a request that were there before
// expressions, nil when absent. Validate has judged them, and refused what may not stand
// beside an expression: of those, only KeyConditions may.
type legacyParameters struct {
	updates         map[string]api.AttributeValueUpdate
	expected        map[string]api.ExpectedAttributeValue
	filter          map[string]api.Condition // QueryFilter or ScanFilter
	keyConditions   map[string]api.Condition
	operator        *api.ConditionalOperator // of expected and filter
	attributesToGet []string
}

func (l *legacyParameters) given() bool {
	return l.updates != nil || l.expected != nil || l.filter != nil || l.keyConditions != nil || l.attributesToGet != nil
}

// bind makes the expressions that the parameters stand for. Maps are taken in
// order of the names, so that what happens does not depend on chance.
func (l *legacyParameters) bind(x *expressions) (err error) {
	if l.updates != nil {
		if x.update, err = expr.LegacyUpdate(attributeUpdates(l.updates)); err != nil {
			return err
		}
	}
	if l.expected != nil || l.filter != nil {
		list := append(expectations(l.expected), comparisons(l.filter)...)
		anyOf := l.operator != nil && *l.operator == api.ConditionalOperatorOr
		if x.condition, err = expr.LegacyCondition(list, anyOf); err != nil {
			return err
		}
	}
	if l.keyConditions != nil {
		if x.keyCondition, err = expr.LegacyKeyCondition(comparisons(l.keyConditions)); err != nil {
			return err
		}
	}
	if l.attributesToGet != nil {
		x.projection, err = expr.LegacyProjection(l.attributesToGet)
	}
	return err
}

func attributeUpdates(m map[string]api.AttributeValueUpdate) []expr.AttributeUpdate {
	list := make([]expr.AttributeUpdate, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		u := expr.AttributeUpdate{Name: name, Action: string(api.AttributeActionPut)}
		if m[name].Action != nil {
			u.Action = string(*m[name].Action)
		}
		if m[name].Value != nil {
			u.Value = *m[name].Value
		}
		list = append(list, u)
	}
	return list
}

func comparisons(m map[string]api.Condition) []expr.Comparison {
	list := make([]expr.Comparison, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, expr.Comparison{Name: name, Operator: string(*m[name].ComparisonOperator), Values: m[name].AttributeValueList})
	}
	return list
}

// expectations turns Value and Exists into the comparisons that they stand for.
func expectations(m map[string]api.ExpectedAttributeValue) []expr.Comparison {
	list := make([]expr.Comparison, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		e := m[name]
		c := expr.Comparison{Name: name, Operator: string(api.ComparisonOperatorEq), Values: e.AttributeValueList}
		switch {
		case e.ComparisonOperator != nil:
			c.Operator = string(*e.ComparisonOperator)
		case e.Exists != nil && !*e.Exists:
			c.Operator = string(api.ComparisonOperatorNull)
		}
		if e.Value != nil {
			c.Values = []attr.Value{*e.Value}
		}
		list = append(list, c)
	}
	return list
}

// checkUpdatedValues reports a value of AttributeUpdates that no index can have
// as its key. They are known before the item is read, and AWS judges them then.
func (t *table) checkUpdatedValues(m map[string]api.AttributeValueUpdate) error {
	if m == nil || len(t.indexes) == 0 {
		return nil
	}
	values := make(attr.Item, len(m))
	for name, u := range m {
		if u.Value != nil {
			values[name] = *u.Value
		}
	}
	stored, err := itemcodec.AppendItem(nil, values)
	if err != nil {
		return err
	}
	return t.checkIndexKeys(stored)
}
