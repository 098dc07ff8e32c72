package oracle

import (
	"context"
	"errors"
	"fmt"
	"maps"

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
		if !outcomeUnknown(got.err) {
			if d := compare([]Subject{{Name: "oracle", Client: model}, subject}, s, []*answerOf{want, got}); d != nil {
				d.Step, d.Request = i, s.describe()
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
			return unknown, &Difference{Step: i, Request: s.describe(), Answers: []string{"state before: " + old, "state after: " + new, subject.Name + ": " + is}}
		}
	}
	return unknown, nil
}

// clone returns a Model with the same contents that goes its own way.
func (m *Model) clone() *Model {
	c := New(Options{Now: m.now, Region: m.region, AccountID: m.account})
	for name, t := range m.tables {
		u := *t
		u.items, u.tags, u.kinds = maps.Clone(t.items), maps.Clone(t.tags), maps.Clone(t.kinds)
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
