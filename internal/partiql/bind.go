package partiql

import (
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// Bound is a statement with its parameters. It is immutable, and keeps the
// parameters, which must not be changed.
type Bound struct {
	s      *Statement
	params []attr.Value
}

// Bind binds a statement to the parameters of a request, nil when it has none.
func (s *Statement) Bind(params []attr.Value) (*Bound, error) {
	if len(params) != s.params {
		return nil, invalid("Number of parameters in request and statement don't match.")
	}
	for _, v := range params {
		if f := api.StatementParameterFault(v); f != "" {
			return nil, api.Validation(f)
		}
	}
	b := &Bound{s: s, params: params}
	for i := range s.actions {
		a := &s.actions[i]
		if _, ok := a.setFunction(); ok {
			if v, _ := b.value(a.value.args[1]); !v.Kind().IsSet() {
				return nil, s.notSet(a.value)
			}
		}
	}
	return b, nil
}

// Params returns how many parameters the statement takes.
func (s *Statement) Params() int { return s.params }

// Statement returns the statement that was bound.
func (b *Bound) Statement() *Statement { return b.s }

// value returns the value of a literal or a parameter, and false when n is neither.
func (b *Bound) value(n *node) (attr.Value, bool) {
	switch n.op {
	case opValue:
		return n.value, true
	case opParam:
		return b.params[n.param], true
	}
	return attr.Value{}, false
}
