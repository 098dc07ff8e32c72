package oracle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// change is one record of a table's journal.
type change struct {
	old, new attr.Item // nil: absent
	service  bool      // made by time to live
	at       time.Time
}

// stream is the last stream of a table; its changes are those since it was
// enabled, in the order in which they were made.
type stream struct {
	label   string
	view    api.StreamViewType
	enabled bool
	changes []change
}

// streamRetention is how long a stream keeps a change.
const streamRetention = 24 * time.Hour

// labelLayout is the form of a stream's label, the time of its creation.
const labelLayout = "2006-01-02T15:04:05.000"

// record appends a change to the stream, unless nothing changed.
func (t *table) record(c change) {
	if !t.stream.enabled || c.old == nil && c.new == nil || c.old != nil && c.new != nil && c.old.Equal(c.new) {
		return
	}
	t.stream.changes = append(t.stream.changes, c)
}

// store puts an item at its key, or takes it away, and records that.
func (m *Model) store(t *table, key, item attr.Item) {
	id := t.id(key)
	t.record(change{old: t.items[id], new: item, at: m.now()})
	if item == nil {
		delete(t.items, id)
		return
	}
	t.items[id] = item
}

func (t *table) startStream(s *api.StreamSpecification, now time.Time) {
	if s != nil && *s.StreamEnabled {
		t.stream = stream{label: now.UTC().Format(labelLayout), view: *s.StreamViewType, enabled: true}
	}
}

// updateStream carries out the StreamSpecification of an UpdateTable.
func (t *table) updateStream(s *api.StreamSpecification, now time.Time) error {
	switch {
	case s == nil:
	case *s.StreamEnabled && t.stream.enabled:
		return invalid("Table already has an enabled stream: TableName: %s", t.name)
	case *s.StreamEnabled:
		t.startStream(s, now)
	case !t.stream.enabled:
		return invalid("Table has no stream to disable: TableName: %s", t.name)
	default:
		t.stream.enabled = false
	}
	return nil
}

func (m *Model) describeStream(t *table, d *api.TableDescription) {
	if t.stream.label == "" {
		return
	}
	d.LatestStreamLabel = new(t.stream.label)
	d.LatestStreamArn = new(m.arn(t.name) + "/stream/" + t.stream.label)
	if t.stream.enabled {
		d.StreamSpecification = &api.StreamSpecification{StreamEnabled: new(true), StreamViewType: new(t.stream.view)}
	}
}

// readChanges answers all changes at once from TRIM_HORIZON on, which is the only start that it knows.
func (m *Model) readChanges(in *api.ReadChangesInput) (*api.ReadChangesOutput, error) {
	t, err := m.table(in.TableName)
	if err != nil {
		return nil, err
	}
	if !t.stream.enabled {
		return nil, invalid("Table %s keeps no journal of its changes: enable its stream (StreamSpecification) or a data stream first", *in.TableName)
	}
	if in.Start == nil || in.Start.Type != api.ShardIteratorTypeTrimHorizon {
		return nil, errors.New("the model reads changes from TRIM_HORIZON")
	}
	out := &api.ReadChangesOutput{}
	for _, c := range t.stream.changes {
		if !c.at.After(m.now().Add(-streamRetention)) {
			continue
		}
		event, one := api.OperationTypeModify, c.new
		switch {
		case c.old == nil:
			event = api.OperationTypeInsert
		case c.new == nil:
			event, one = api.OperationTypeRemove, c.old
		}
		told := api.Change{EventName: event, Keys: api.ItemOf(t.key(one)), CommitTime: c.at.Truncate(time.Microsecond)}
		if c.old != nil {
			told.Old = api.ItemOf(c.old)
		}
		if c.new != nil {
			told.New = api.ItemOf(c.new)
		}
		if c.service {
			told.UserIdentity = &api.Identity{PrincipalId: new(api.ServicePrincipal), Type: new(api.ServiceIdentityType)}
		}
		out.Changes = append(out.Changes, told)
	}
	return out, nil
}

// changesText writes changes out by item, those of one item in their order: the
// order of changes of different items is the engine's own, but for their times.
func changesText(pages []api.Response) string {
	lines := map[string][]string{}
	n := 0
	for _, p := range pages {
		for _, c := range p.(*api.ReadChangesOutput).Changes {
			key := itemText(c.Keys)
			line := fmt.Sprintf("  %s at %s", c.EventName, c.CommitTime.UTC().Format(time.RFC3339Nano))
			if c.UserIdentity != nil {
				line += " by " + *c.UserIdentity.PrincipalId
			}
			lines[key] = append(lines[key], line+" old "+imageText(c.Old)+" new "+imageText(c.New))
			n++
		}
	}
	return fmt.Sprintf("%d changes\n", n) + byItem(lines)
}

// byItem writes out lines about items, in the order of their keys.
func byItem(lines map[string][]string) string {
	var keys []string
	for key := range lines {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	text := ""
	for _, key := range keys {
		text += key + "\n" + strings.Join(lines[key], "\n") + "\n"
	}
	return text
}

func imageText(a api.Attributes) string {
	if a.IsZero() {
		return "-"
	}
	return itemText(a)
}

// checkChanges checks what a journal promises of its own order: sequences of a slot are without
// gaps, and times never go back in it.
func checkChanges(pages []api.Response) error {
	type place struct {
		sequence uint64
		time     time.Time
	}
	slots := map[int]place{}
	for _, p := range pages {
		for _, c := range p.(*api.ReadChangesOutput).Changes {
			last, ok := slots[c.Slot]
			if ok && (c.Sequence != last.sequence+1 || c.CommitTime.Before(last.time)) {
				return fmt.Errorf("slot %d: change %d at %s follows %d at %s", c.Slot, c.Sequence, c.CommitTime, last.sequence, last.time)
			}
			slots[c.Slot] = place{c.Sequence, c.CommitTime}
		}
	}
	return nil
}
