package oracle

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// compare compares the answers to a step: the Exact subjects with each other
// to the letter, all with the first up to the orders that are the implementation's own.
func compare(subjects []Subject, s Step, answers []*answerOf) *Difference {
	exact, exactText := -1, ""
	loose := answers[0].acceptable(s)
	for i, a := range answers {
		text := a.text(s, false)
		if !slices.Contains(loose, text) {
			return &Difference{Answers: []string{subjects[0].Name + ": " + strings.Join(loose, "\n or: "), subjects[i].Name + ": " + text}}
		}
		if !subjects[i].Exact {
			continue
		}
		text = a.text(s, true)
		if exact < 0 {
			exact, exactText = i, text
		} else if text != exactText {
			return &Difference{Answers: []string{subjects[exact].Name + " (exact): " + exactText, subjects[i].Name + " (exact): " + text}}
		}
	}
	return nil
}

// acceptable returns the texts that agree with an answer: more than one where a Model knows that
// several faults are as good.
func (a *answerOf) acceptable(s Step) []string {
	text := a.text(s, false)
	out := []string{text}
	e, ok := errors.AsType[*api.Error](a.err)
	if !ok {
		return out
	}
	if others, ok := e.Cause.(alternatives); ok {
		message := e.Message
		for _, r := range e.CancellationReasons {
			if r.Message != nil {
				message = *r.Message
			}
		}
		for _, other := range others {
			out = append(out, strings.ReplaceAll(text, message, other))
		}
	}
	return out
}

// text writes an answer out.
func (a *answerOf) text(s Step, exact bool) string {
	if a.err != nil {
		return errorText(a.err)
	}
	if s.Pages && s.Ties != nil && !exact {
		return a.merged(s)
	}
	if len(a.pages) > 0 {
		if _, ok := a.pages[0].(*api.ReadChangesOutput); ok {
			return changesText(a.pages)
		}
	}
	var parts []string
	for _, p := range a.pages {
		parts = append(parts, responseText(p))
	}
	return strings.Join(parts, "\n")
}

func errorText(err error) string {
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		return "error: " + err.Error()
	}
	text := string(e.Code) + ": " + e.Message
	if before, after, ok := strings.Cut(e.Message, "keys: {"); ok { // a set, in no order
		names := strings.Split(strings.TrimSuffix(after, "}"), ", ")
		slices.Sort(names)
		text = string(e.Code) + ": " + before + "keys: {" + strings.Join(names, ", ") + "}"
	}
	if e.Code == api.CodeInternalServerError && e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	if !e.Item.IsZero() {
		text += " Item: " + itemText(e.Item)
	}
	for i, r := range e.CancellationReasons {
		text += fmt.Sprintf("\n  reason %d: %s", i, dump(r))
	}
	return text
}

// merged writes out the pages of a read whose order, or that of equal keys, is
// the implementation's own.
func (a *answerOf) merged(s Step) string {
	var items []string
	var keys []attr.Item
	var count, scanned int32
	counted := false
	for _, p := range a.pages {
		page, n, m := pageOf(p)
		count, scanned, counted = count+n, scanned+m, page == nil
		for _, it := range page {
			items = append(items, itemText(it))
			item, _ := it.Item()
			keys = append(keys, only(item, s.Ties))
		}
	}
	if !counted && int(count) != len(items) {
		return fmt.Sprintf("Count is %d with %d items", count, len(items))
	}
	if len(s.Ties) == 0 {
		slices.Sort(items)
	}
	for from := 0; from < len(items); {
		to := from + 1
		for to < len(items) && keys[to].Equal(keys[from]) {
			to++
		}
		slices.Sort(items[from:to])
		from = to
	}
	text := fmt.Sprintf("Count: %d ScannedCount: %d\n  %s", count, scanned, strings.Join(items, "\n  "))
	if len(a.pages) == 1 {
		text += "\n" + dump(capacityOf(a.pages[0]))
	}
	return text
}

func pageOf(p api.Response) (items []api.Attributes, count, scanned int32) {
	switch p := p.(type) {
	case *api.QueryOutput:
		return p.Items, p.Count, p.ScannedCount
	case *api.ScanOutput:
		return p.Items, p.Count, p.ScannedCount
	}
	return nil, 0, 0
}

func capacityOf(p api.Response) *api.ConsumedCapacity {
	switch p := p.(type) {
	case *api.QueryOutput:
		return p.ConsumedCapacity
	case *api.ScanOutput:
		return p.ConsumedCapacity
	}
	return nil
}

func itemText(a api.Attributes) string {
	item, err := a.Item()
	if err != nil {
		return "error: " + err.Error()
	}
	return item.String()
}

// responseText writes a response out without what is left to chance: ids, the
// order of batches, and a table's state while it changes.
func responseText(p api.Response) string {
	switch p := p.(type) {
	case *api.CreateTableOutput:
		return "CreateTable " + tableText(becoming(p.TableDescription))
	case *api.DescribeTableOutput:
		return "DescribeTable " + tableText(p.Table)
	case *api.DeleteTableOutput:
		return "DeleteTable " + tableText(p.TableDescription)
	case *api.UpdateTableOutput:
		return "UpdateTable"
	case *api.MaintainOutput: // when a journal is trimmed is the engine's own affair
		return fmt.Sprintf("Maintain: %d expired", p.Expired)
	case *api.BatchGetItemOutput:
		text := ""
		for name, items := range p.Responses {
			var lines []string
			for _, it := range items {
				lines = append(lines, itemText(it))
			}
			slices.Sort(lines)
			text += fmt.Sprintf("\x00%s: %d %s", name, len(lines), strings.Join(lines, "\n  "))
		}
		parts := strings.Split(text, "\x00")
		slices.Sort(parts)
		return strings.Join(parts, "\n") + dump(p.UnprocessedKeys) + dump(byTable(p.ConsumedCapacity))
	case *api.BatchWriteItemOutput:
		return dump(p.UnprocessedItems) + dump(sortedCollections(p.ItemCollectionMetrics)) + dump(byTable(p.ConsumedCapacity))
	case *api.TransactWriteItemsOutput:
		return dump(sortedCollections(p.ItemCollectionMetrics)) + dump(byTable(p.ConsumedCapacity))
	case *api.TransactGetItemsOutput:
		return dump(p.Responses) + dump(byTable(p.ConsumedCapacity))
	}
	return dump(p)
}

func byTable(list []api.ConsumedCapacity) []api.ConsumedCapacity {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b api.ConsumedCapacity) int { return strings.Compare(*a.TableName, *b.TableName) })
	return list
}

func sortedCollections(m map[string][]api.ItemCollectionMetrics) map[string][]string {
	out := map[string][]string{}
	for name, list := range m {
		for _, c := range list {
			out[name] = append(out[name], dump(c))
		}
		slices.Sort(out[name])
	}
	return out
}

// becoming returns a description without the states of the indexes, which a new table may be making still.
func becoming(d *api.TableDescription) *api.TableDescription {
	c := *d
	c.GlobalSecondaryIndexes = slices.Clone(d.GlobalSecondaryIndexes)
	for i := range c.GlobalSecondaryIndexes {
		c.GlobalSecondaryIndexes[i].IndexStatus, c.GlobalSecondaryIndexes[i].Backfilling = nil, nil
	}
	return &c
}

func tableText(d *api.TableDescription) string {
	c := *d
	c.TableId, c.TableStatus = nil, nil
	c.WarmThroughput = nil
	c.AttributeDefinitions = slices.Clone(d.AttributeDefinitions)
	slices.SortFunc(c.AttributeDefinitions, func(a, b api.AttributeDefinition) int { return strings.Compare(*a.AttributeName, *b.AttributeName) })
	c.GlobalSecondaryIndexes = slices.Clone(d.GlobalSecondaryIndexes)
	slices.SortFunc(c.GlobalSecondaryIndexes, func(a, b api.GlobalSecondaryIndexDescription) int { return strings.Compare(*a.IndexName, *b.IndexName) })
	for i := range c.GlobalSecondaryIndexes {
		c.GlobalSecondaryIndexes[i].WarmThroughput = nil
	}
	return dump(c)
}

// dump writes any value of this API out, without absent members.
func dump(v any) string {
	var b strings.Builder
	dumpTo(&b, reflect.ValueOf(v))
	return b.String()
}

func dumpTo(b *strings.Builder, v reflect.Value) {
	if !v.IsValid() {
		b.WriteString("-")
		return
	}
	switch x := v.Interface().(type) {
	case api.Attributes:
		b.WriteString(itemText(x))
		return
	case attr.Item:
		b.WriteString(x.String())
		return
	case attr.Value:
		b.WriteString(x.String())
		return
	case time.Time:
		b.WriteString(x.UTC().Format(time.RFC3339Nano))
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("-")
			return
		}
		dumpTo(b, v.Elem())
	case reflect.Struct:
		b.WriteString("{")
		for i := range v.NumField() {
			f := v.Field(i)
			if f.IsZero() || (f.Kind() == reflect.Map || f.Kind() == reflect.Slice) && f.Len() == 0 && f.Type() != reflect.TypeFor[attr.Item]() {
				continue
			}
			if a, ok := f.Interface().(api.Attributes); ok && a.IsZero() {
				continue
			}
			b.WriteString(v.Type().Field(i).Name + ":")
			dumpTo(b, f)
			b.WriteString(" ")
		}
		b.WriteString("}")
	case reflect.Slice:
		b.WriteString("[")
		for i := range v.Len() {
			dumpTo(b, v.Index(i))
			b.WriteString(" ")
		}
		b.WriteString("]")
	case reflect.Map:
		var parts []string
		for _, k := range v.MapKeys() {
			var part strings.Builder
			dumpTo(&part, v.MapIndex(k))
			parts = append(parts, fmt.Sprintf("%v:%s", k, part.String()))
		}
		slices.Sort(parts)
		b.WriteString("map[" + strings.Join(parts, " ") + "]")
	default:
		fmt.Fprintf(b, "%v", v.Interface())
	}
}

// startKey returns the ExclusiveStartKey of a read.
func startKey(in api.Request) attr.Item {
	switch in := in.(type) {
	case *api.QueryInput:
		return in.ExclusiveStartKey
	case *api.ScanInput:
		return in.ExclusiveStartKey
	}
	return nil
}

// pageRequest returns the request for one page of a read.
func pageRequest(s Step, segment int, start attr.Item) api.Request {
	switch in := s.Request.(type) {
	case *api.QueryInput:
		page := *in
		page.ExclusiveStartKey = start
		return &page
	case *api.ScanInput:
		page := *in
		page.ExclusiveStartKey = start
		if s.Segments > 0 {
			page.Segment, page.TotalSegments = new(int32(segment)), new(int32(s.Segments))
		}
		return &page
	}
	return s.Request
}
