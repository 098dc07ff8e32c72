package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
)

// model is a data model of NoSQL Workbench: tables with indexes and sample items.
type model struct {
	ModelName string
	DataModel []struct {
		TableName              string
		KeyAttributes          keyAttributes
		GlobalSecondaryIndexes []struct {
			IndexName     string
			KeyAttributes keyAttributes
			Projection    struct {
				ProjectionType   api.ProjectionType
				NonKeyAttributes []string
			}
		}
		TableData   []typedItem
		TableFacets []struct{ TableData []typedItem }
	}
}

type keyAttributes struct {
	PartitionKey struct {
		AttributeName string
		AttributeType api.ScalarAttributeType
	}
	SortKey *struct {
		AttributeName string
		AttributeType api.ScalarAttributeType
	}
}

// key returns the attributes as options.
func (k keyAttributes) key() []stator.KeyAttribute {
	key := []stator.KeyAttribute{stator.HashKey(k.PartitionKey.AttributeName, k.PartitionKey.AttributeType)}
	if k.SortKey != nil {
		key = append(key, stator.RangeKey(k.SortKey.AttributeName, k.SortKey.AttributeType))
	}
	return key
}

// models is the chapter of single-table designs.
func models(ctx context.Context, s *story, db *stator.DB, data string) error {
	files, err := filepath.Glob(filepath.Join(data, "models", "*.json"))
	if err != nil {
		return err
	}
	s.title("%d single-table designs, from aws-samples", len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var m model
		if err := json.Unmarshal(text, &m); err != nil {
			return err
		}
		if err := m.load(ctx, s, db); err != nil {
			return err
		}
	}
	return nil
}

// load creates the tables of the model, puts the sample items and asks each
// index for the partition of its first item.
func (m model) load(ctx context.Context, s *story, db *stator.DB) error {
	for _, t := range m.DataModel {
		options := []stator.TableOption{stator.UnlessExists()}
		for _, k := range t.KeyAttributes.key() {
			options = append(options, k)
		}
		for _, x := range t.GlobalSecondaryIndexes {
			index := []stator.IndexOption{}
			for _, k := range x.KeyAttributes.key() {
				index = append(index, k)
			}
			if x.Projection.ProjectionType == api.ProjectionTypeInclude {
				index = append(index, stator.Include(x.Projection.NonKeyAttributes...))
			}
			options = append(options, stator.GlobalIndex(x.IndexName, index...))
		}
		table, err := stator.CreateTable(ctx, db, t.TableName, options...)
		if err != nil {
			return err
		}
		items := t.TableData
		for _, f := range t.TableFacets {
			items = append(items, f.TableData...)
		}
		if err := load(ctx, s, db, table, untyped(items)); err != nil {
			return err
		}
		for _, x := range t.GlobalSecondaryIndexes {
			if err := ask(ctx, s, table, x.IndexName, x.KeyAttributes.PartitionKey.AttributeName); err != nil {
				return err
			}
		}
	}
	return nil
}

func ask(ctx context.Context, s *story, table stator.Table, index, partition string) error {
	first, err := table.Scan().Index(index).One(ctx)
	if err != nil {
		return err
	}
	held, err := table.Scan().Index(index).Count(ctx)
	if err != nil {
		return err
	}
	found, err := table.Query("#p = ?", first[partition]).Names(stator.Names{"#p": partition}).Index(index).Count(ctx)
	if err != nil {
		return err
	}
	s.say("  %s holds %d of them, %d with %s = %s", index, held, found, partition, first[partition])
	return nil
}
