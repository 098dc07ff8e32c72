package stator

import (
	"context"
	"strings"

	"github.com/statordb/stator/api"
)

// Action is one change that an Update makes: Set, SetIfAbsent, Add, Append,
// Remove, DeleteFromSet or Expr.
//
// A path is an attribute's name, or leads into it: "home.city",
// "phones[0]". Values are marshalled by the rules of attr.Marshal. All actions of
// an update see the item as it was before; two of them cannot touch overlapping paths.
type Action struct {
	section section
	text    native
}

// section is a clause of an update expression; each stands in it once.
type section int

const (
	setSection section = iota
	removeSection
	addSection
	deleteSection
	anySection // of Expr, which names its own
)

var sectionWords = [...]string{"SET", "REMOVE", "ADD", "DELETE"}

// Set sets an attribute, or an element of a list or map.
func Set(path string, value any) Action {
	return Action{setSection, bind(path+" = ?", []any{value})}
}

// SetIfAbsent sets an attribute unless it is there already.
func SetIfAbsent(path string, value any) Action {
	return Action{setSection, bind(path+" = if_not_exists("+path+", ?)", []any{value})}
}

// Append adds elements at the end of a list, which is made when it is absent.
func Append(path string, elems ...any) Action {
	return Action{setSection, bind(path+" = list_append(if_not_exists("+path+", ?), ?)", []any{L(), listOf(elems)})}
}

// listOf keeps an empty list of elements from being a nil slice, which is NULL.
func listOf(elems []any) []any {
	if elems == nil {
		return []any{}
	}
	return elems
}

// Add adds to a number, which is 0 when it is absent, or adds the elements of a
// set (SS, NS or BS) to a set, which is made when it is absent.
func Add(path string, value any) Action {
	return Action{addSection, bind(path+" ?", []any{value})}
}

// DeleteFromSet removes the elements of a set (SS, NS or BS) from a set. The
// attribute goes with its last element.
func DeleteFromSet(path string, set any) Action {
	return Action{deleteSection, bind(path+" ?", []any{set})}
}

// Remove removes attributes, or elements of lists and maps. One that is absent is no error.
func Remove(paths ...string) Action {
	return Action{removeSection, bind(strings.Join(paths, ", "), nil)}
}

// Expr makes changes that the other actions do not say, in DynamoDB's update
// expressions with the comforts of If:
//
//	stator.Expr("SET total = price + ?", fee) // there is + and -, and nothing else
//	stator.Expr("SET a = b REMOVE b ADD moves ?", 1)
//
// It can stand beside other actions.
func Expr(text string, args ...any) Action {
	return Action{anySection, bind(text, args)}
}

func (a Action) update(c *call)   { c.actions = append(c.actions, a) }
func (a Action) txUpdate(c *call) { a.update(c) }

// UpdateOption is an Action, or If, Names, Consumed, ReturnOld, ReturnUpdatedOld,
// ReturnUpdatedNew or ReturnNothing.
type UpdateOption interface{ update(*call) }

// returned says what Update returns, when that is not the item as it is now.
type returned struct{ what api.ReturnValue }

// ReturnOld returns the item as it was before, zero when there was none.
func ReturnOld() UpdateOption { return returned{api.ReturnValueAllOld} }

// ReturnUpdatedOld returns only the updated attributes, as they were before.
func ReturnUpdatedOld() UpdateOption { return returned{api.ReturnValueUpdatedOld} }

// ReturnUpdatedNew returns only the updated attributes, as they are now.
func ReturnUpdatedNew() UpdateOption { return returned{api.ReturnValueUpdatedNew} }

// ReturnNothing returns a zero T, and spares the item's way back.
func ReturnNothing() UpdateOption { return returned{api.ReturnValueNone} }

func (o returned) update(c *call) { c.returns = o.what }

// Update changes attributes of the item that has this key, and returns the item
// as it is now. An absent item is created, with its key and what the actions
// set; If("attribute_exists(…)") keeps that from happening, and fails with ErrConditionFailed.
//
//	u, err := users.Update(ctx, stator.Key("u1"),
//		stator.Add("visits", 1),
//		stator.Set("seen", time.Now()),
//		stator.If("visits < ?", 10))
func (t TableOf[T]) Update(ctx context.Context, key PrimaryKey, options ...UpdateOption) (T, error) {
	var none T
	c := call{returns: api.ReturnValueAllNew}
	for _, o := range options {
		o.update(&c)
	}
	u, err := t.updateOf(ctx, key, &c)
	if err != nil {
		return none, err
	}
	out, err := serve(ctx, t.table, &api.UpdateItemInput{
		TableName: u.TableName, Key: u.Key,
		UpdateExpression: u.UpdateExpression, ConditionExpression: u.ConditionExpression,
		ExpressionAttributeNames: u.ExpressionAttributeNames, ExpressionAttributeValues: u.ExpressionAttributeValues,
		ReturnValues:                        &c.returns,
		ReturnValuesOnConditionCheckFailure: u.ReturnValuesOnConditionCheckFailure,
		ReturnConsumedCapacity:              c.used.wanted(),
	})
	if err != nil {
		return none, err
	}
	c.used.addOne(out.ConsumedCapacity)
	if out.Attributes.IsZero() {
		return none, nil
	}
	return decodeAs[T](out.Attributes)
}

// updateOf builds an update, which stands alone or in a transaction.
func (t table) updateOf(ctx context.Context, key PrimaryKey, c *call) (*api.Update, error) {
	item, err := t.keyItem(ctx, key)
	if err != nil {
		return nil, err
	}
	u := &api.Update{TableName: &t.name, Key: item}
	e := t.expression(c.names)
	if len(c.actions) > 0 {
		if u.UpdateExpression, err = e.update(c.actions); err != nil {
			return nil, err
		}
	}
	if u.ConditionExpression, u.ReturnValuesOnConditionCheckFailure, err = e.condition(c.conditions); err != nil {
		return nil, err
	}
	u.ExpressionAttributeNames, u.ExpressionAttributeValues = e.names, e.values
	return u, nil
}

// allActions joins actions into one text with each section once.
func allActions(actions []Action) (native, error) {
	if len(actions) == 1 && actions[0].section == anySection {
		return actions[0].text, actions[0].text.err
	}
	var sections [len(sectionWords)]native
	add := func(s section, text string, values []Value) {
		to := &sections[s]
		if to.text != "" {
			to.text += ", "
		}
		to.text += text
		to.values = append(to.values, values...)
	}
	for _, a := range actions {
		if a.text.err != nil {
			return native{}, a.text.err
		}
		if a.section != anySection {
			add(a.section, a.text.text, a.text.values)
			continue
		}
		splitSections(a.text, add)
	}
	var all native
	for s, n := range sections {
		if n.text == "" {
			continue
		}
		if all.text != "" {
			all.text += " "
		}
		all.text += sectionWords[s] + " " + n.text
		all.values = append(all.values, n.values...)
	}
	return all, nil
}

// splitSections hands the sections of an Expr, whose text is known to be whole, to add.
func splitSections(n native, add func(section, string, []Value)) {
	current, start, values := anySection, 0, n.values
	flush := func(end int) {
		if current == anySection {
			return // the blanks before the first word
		}
		piece := n.text[start:end]
		marks := strings.Count(piece, "?")
		add(current, strings.TrimSpace(piece), values[:marks])
		values = values[marks:]
	}
	for i := 0; i < len(n.text); i++ {
		if !isWordByte(n.text[i]) {
			continue
		}
		word := wordAt(n.text, i)
		if s, ok := sectionOf(word); ok && !isPlaceholder(n.text, i) {
			flush(i)
			current, start = s, i+len(word)
		}
		i += len(word) - 1
	}
	flush(len(n.text))
}

func sectionOf(word string) (section, bool) {
	for s, w := range sectionWords {
		if strings.EqualFold(w, word) {
			return section(s), true
		}
	}
	return 0, false
}
