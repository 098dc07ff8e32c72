package isolation_test

import (
	"fmt"
	"math"

	"github.com/anishathalye/porcupine"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// absent is an attribute that an item does not have.
const absent = math.MinInt64

// register is an item of the table "items": absent, or with any of a version v and a number n.
type register struct {
	exists bool
	v, n   int64
}

var noItem = register{v: absent, n: absent}

// registerOf is the register that an item shows; a nil item is an absent one.
func registerOf(item attr.Item) register {
	if item == nil {
		return noItem
	}
	r := register{exists: true, v: absent, n: absent}
	if v, ok := item["v"].Int(); ok {
		r.v = v
	}
	if n, ok := item["n"].Int(); ok {
		r.n = n
	}
	return r
}

// verb is what an operation does to its item.
type verb uint8

const (
	verbGet         verb = iota
	verbPut              // replace the item by v and, if it is there, n
	verbAdd              // ADD n
	verbSet              // SET v
	verbSetIfAbsent      // SET v = if_not_exists(v, …)
	verbRemove           // REMOVE n
	verbDelete
	verbCheck // only the condition
)

// guard is the condition of an operation.
type guard uint8

const (
	always guard = iota
	ifAbsent
	ifPresent
	ifVersion // v is want
)

func (g guard) holds(r register, want int64) bool {
	switch g {
	case ifAbsent:
		return !r.exists
	case ifPresent:
		return r.exists
	case ifVersion:
		return r.v == want && want != absent
	}
	return true
}

// operation is one operation on one item.
type operation struct {
	key     int
	verb    verb
	guard   guard
	want    int64 // of ifVersion
	v, n    int64
	returns api.ReturnValue
	how     string // the API's operation, for people
}

// ending is what became of an operation.
type ending uint8

const (
	done    ending = iota
	failed         // its condition did not hold
	unknown        // nobody knows
)

// result is what an operation answered: the item, or the part of it that was asked for.
type result struct {
	ending ending
	shown  register
}

// apply returns the register after the operation.
func (o operation) apply(r register) register {
	switch o.verb {
	case verbGet, verbCheck:
		return r
	case verbDelete:
		return noItem
	case verbPut:
		return register{true, o.v, o.n}
	}
	r.exists = true
	switch o.verb {
	case verbAdd:
		if r.n == absent {
			r.n = 0
		}
		r.n += o.n
	case verbSet:
		r.v = o.v
	case verbSetIfAbsent:
		if r.v == absent {
			r.v = o.v
		}
	case verbRemove:
		r.n = absent
	}
	return r
}

// shows returns what the operation answers.
func (o operation) shows(before, after register) register {
	if o.verb == verbGet {
		return before
	}
	updated := func(r register) register {
		if o.verb == verbAdd || o.verb == verbRemove {
			return register{n: r.n, v: absent}
		}
		return register{n: absent, v: r.v}
	}
	switch o.returns {
	case api.ReturnValueAllOld:
		return before
	case api.ReturnValueAllNew:
		return after
	case api.ReturnValueUpdatedOld:
		return updated(before)
	case api.ReturnValueUpdatedNew:
		return updated(after)
	}
	return noItem
}

// step is the sequential specification: an item changes at one moment, and answers what it was or is then.
func (o operation) step(r register, got result) (bool, register) {
	holds := o.guard.holds(r, o.want)
	if got.ending == failed {
		return !holds && got.shown == r, r
	}
	after := r
	if holds {
		after = o.apply(r)
	}
	if got.ending == unknown { // if it took place, it did so now; if not, its time is after all others'
		return true, after
	}
	return holds && got.shown == o.shows(r, after), after
}

// registerModel is that specification as porcupine takes it, item by item.
func registerModel() porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			byKey := map[int][]porcupine.Operation{}
			for _, o := range history {
				k := o.Input.(operation).key
				byKey[k] = append(byKey[k], o)
			}
			parts := make([][]porcupine.Operation, 0, len(byKey))
			for _, part := range byKey {
				parts = append(parts, part)
			}
			return parts
		},
		Init: func() any { return noItem },
		Step: func(state, input, output any) (bool, any) {
			ok, next := input.(operation).step(state.(register), output.(result))
			return ok, next
		},
		Equal: func(a, b any) bool { return a.(register) == b.(register) },
		Hash: func(state any) uint64 {
			r := state.(register)
			return uint64(r.v)*0x9E3779B97F4A7C15 ^ uint64(r.n)
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
	}
}
