package oracle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/statordb/stator/api"
)

// RunFlaky runs a script on a Model and on a subject whose store now and then
// answers kv.ErrOutcomeUnknown. After such an answer the subject must be, in
// everything that can be read from it, as it was before the operation or as
// the Model is after it; the Model goes on from the one that it is. Client request tokens are left
// out, for what is remembered of them cannot be read.
func RunFlaky(ctx context.Context, clock *Clock, model *Model, subject Subject, script []Step) (unknown int, err error) {
	for i, s := range script {
		clock.advance(s.Advance)
		if s.Act != "" {
			if err := act(ctx, []Subject{subject}, s, i); err != nil {
				return unknown, err
			}
			continue
		}
		if in, ok := s.Request.(*api.TransactWriteItemsInput); ok {
			plain := *in
			plain.ClientRequestToken = nil
			s.Request = &plain
		}
		before := model.clone()
		want, err := serve(ctx, model, s)
		if err != nil {
			return unknown, err
		}
		got, err := serve(ctx, subject.Client, s)
		if err != nil {
			return unknown, fmt.Errorf("step %d: %s: %w", i, subject.Name, err)
		}
		if _, ok := s.Request.(*api.MaintainInput); ok && outcomeUnknown(got.err) {
			// It is many transactions, and what one of them failed at the next one does.
			for ; err == nil && outcomeUnknown(got.err); unknown++ {
				got, err = serve(ctx, subject.Client, s)
			}
			if err != nil || got.err != nil {
				return unknown, fmt.Errorf("step %d: %s: %w", i, subject.Name, errors.Join(err, got.err))
			}
			if err := sameState(ctx, model, subject, i, s); err != nil {
				return unknown, err
			}
			continue
		}
		if !outcomeUnknown(got.err) {
			if d := compare([]Subject{{Name: "oracle", Client: model}, subject}, s, []*answerOf{want, got}); d != nil {
				d.Step, d.Kind, d.Request = i, s.kind(), s.describe()
				return unknown, d
			}
			if table := changedTable(s.Request); table != nil && got.err == nil {
				if err := settle(ctx, subject.Client, table); err != nil {
					return unknown, fmt.Errorf("step %d: %w", i, err)
				}
			}
			continue
		}
		unknown++
		is, err := stateOf(ctx, subject.Client)
		if err != nil {
			return unknown, fmt.Errorf("step %d: %w", i, err)
		}
		old, errOld := stateOf(ctx, before)
		new, errNew := stateOf(ctx, model)
		switch {
		case errOld != nil || errNew != nil:
			return unknown, errors.Join(errOld, errNew)
		case is == new:
		case is == old:
			model = before
		default:
			return unknown, &Difference{Step: i, Kind: s.kind(), Request: s.describe(), Answers: []string{"state before: " + old, "state after: " + new, subject.Name + ": " + is}}
		}
	}
	return unknown, nil
}

// sameState compares all that can be read from a Model and a subject.
func sameState(ctx context.Context, model *Model, subject Subject, step int, s Step) error {
	want, err := stateOf(ctx, model)
	if err != nil {
		return err
	}
	is, err := stateOf(ctx, subject.Client)
	if err != nil {
		return err
	}
	if is != want {
		return &Difference{Step: step, Kind: s.kind(), Request: s.describe(), Answers: []string{"oracle: " + want, subject.Name + ": " + is}}
	}
	return nil
}

// clone returns a Model with the same contents that goes its own way.
func (m *Model) clone() *Model {
	c := New(Options{Now: m.now, Region: m.region, AccountID: m.account, HideExpired: m.hideExpired})
	for name, t := range m.tables {
		u := *t
		u.items, u.tags, u.kinds = maps.Clone(t.items), maps.Clone(t.tags), maps.Clone(t.kinds)
		u.stream.changes = slices.Clip(t.stream.changes)
		u.indexes = nil
		for _, x := range t.indexes {
			y := *x
			u.indexes = append(u.indexes, &y)
		}
		c.tables[name] = &u
	}
	c.tokens = maps.Clone(m.tokens)
	return c
}

// stateOf writes out all that can be read from a client: the tables, their
// descriptions, and the contents of tables and indexes.
func stateOf(ctx context.Context, c api.Client) (string, error) {
	names, err := api.Do(ctx, c, &api.ListTablesInput{})
	if err != nil {
		return "", err
	}
	text := ""
	for _, name := range names.TableNames {
		if err := settle(ctx, c, &name); err != nil {
			return "", err
		}
		out, err := api.Do(ctx, c, &api.DescribeTableInput{TableName: &name})
		if err != nil {
			return "", err
		}
		text += tableText(out.Table) + "\n"
		ttl, err := api.Do(ctx, c, &api.DescribeTimeToLiveInput{TableName: &name})
		if err != nil {
			return "", err
		}
		text += dump(ttl) + "\n"
		tags := &api.ListTagsOfResourceInput{ResourceArn: out.Table.TableArn}
		for more := true; more; more = tags.NextToken != nil {
			page, err := api.Do(ctx, c, tags)
			if err != nil {
				return "", err
			}
			text += dump(page.Tags) + "\n"
			tags.NextToken = page.NextToken
		}
		if out.Table.StreamSpecification != nil {
			s := Step{Request: &api.ReadChangesInput{TableName: &name, Start: &api.ChangesStart{Type: api.ShardIteratorTypeTrimHorizon}}}
			a, err := serve(ctx, c, s)
			if err != nil {
				return "", err
			}
			text += a.text(s, false) + "\n"
		}
		reads := []*api.ScanInput{{TableName: &name}}
		for _, x := range out.Table.LocalSecondaryIndexes {
			reads = append(reads, &api.ScanInput{TableName: &name, IndexName: x.IndexName})
		}
		for _, x := range out.Table.GlobalSecondaryIndexes {
			reads = append(reads, &api.ScanInput{TableName: &name, IndexName: x.IndexName})
		}
		for _, in := range reads {
			s := Step{Request: in, Pages: true, Ties: []string{}}
			a, err := serve(ctx, c, s)
			if err != nil {
				return "", err
			}
			text += a.text(s, false) + "\n"
		}
	}
	return text, nil
}
