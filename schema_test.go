package stator_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/statordb/stator"
	"github.com/statordb/stator/api"
	"github.com/statordb/stator/attr"
)

// code marshals itself, so that only a tag tells its type.
type code int

func (c code) MarshalAttr() (attr.Value, error) { return attr.S(fmt.Sprintf("c%d", c)), nil }

type everything struct {
	ID     string    `dynamodbav:"id" stator:"hash"`
	At     time.Time `dynamodbav:"at,unixtime" stator:"range"`
	Org    string    `dynamodbav:"org" stator:"index:byOrg,hash;index:keysOf,hash,keysonly"`
	Name   string    `dynamodbav:"name" stator:"index:byOrg,range; index:wide,range2"`
	Score  float64   `dynamodbav:"score" stator:"local:byScore,range"`
	Raw    []byte    `stator:"index:wide,hash;local:byRaw,range"`
	Code   code      `dynamodbav:"code" stator:"index:wide,range1,S"`
	Email  string    `dynamodbav:"email" stator:"index:byOrg,include;local:byRaw,include"`
	Phone  string    `dynamodbav:"phone" stator:"index:byOrg,include"`
	Secret string    `dynamodbav:"secret"`
}

func element(name string, typ api.KeyType) api.KeySchemaElement {
	return api.KeySchemaElement{AttributeName: &name, KeyType: &typ}
}

func definition(name string, typ api.ScalarAttributeType) api.AttributeDefinition {
	return api.AttributeDefinition{AttributeName: &name, AttributeType: &typ}
}

func TestTagsMakeATable(t *testing.T) {
	f := &fake{}
	_, err := stator.CreateTableFor[everything](t.Context(), f, "all", stator.NoWait())
	require.NoError(t, err)
	hash, sort := api.KeyTypeHash, api.KeyTypeRange
	all := &api.Projection{ProjectionType: new(api.ProjectionTypeAll)}
	include := func(names ...string) *api.Projection {
		return &api.Projection{ProjectionType: new(api.ProjectionTypeInclude), NonKeyAttributes: names}
	}
	require.Equal(t, &api.CreateTableInput{
		TableName: new("all"), BillingMode: new(api.BillingModePayPerRequest),
		KeySchema: []api.KeySchemaElement{element("id", hash), element("at", sort)},
		AttributeDefinitions: []api.AttributeDefinition{
			definition("id", "S"), definition("at", "N"), definition("org", "S"), definition("name", "S"),
			definition("Raw", "B"), definition("code", "S"), definition("score", "N")},
		GlobalSecondaryIndexes: []api.GlobalSecondaryIndex{
			{IndexName: new("byOrg"), KeySchema: []api.KeySchemaElement{element("org", hash), element("name", sort)}, Projection: include("email", "phone")},
			{IndexName: new("keysOf"), KeySchema: []api.KeySchemaElement{element("org", hash)}, Projection: &api.Projection{ProjectionType: new(api.ProjectionTypeKeysOnly)}},
			{IndexName: new("wide"), KeySchema: []api.KeySchemaElement{element("Raw", hash), element("code", sort), element("name", sort)}, Projection: all},
		},
		LocalSecondaryIndexes: []api.LocalSecondaryIndex{
			{IndexName: new("byScore"), KeySchema: []api.KeySchemaElement{element("id", hash), element("score", sort)}, Projection: all},
			{IndexName: new("byRaw"), KeySchema: []api.KeySchemaElement{element("id", hash), element("Raw", sort)}, Projection: include("email")},
		},
	}, last[*api.CreateTableInput](t, f))
}

func TestTagsOfPointersAndEmbeddedStructs(t *testing.T) {
	type base struct {
		PK string `stator:"hash"`
	}
	type outer struct {
		base
		SK int `stator:"range"`
	}
	f := &fake{}
	table := stator.TableFor[*outer](f, "outers")
	_, err := table.Get(t.Context(), stator.Key("a", 1))
	require.ErrorIs(t, err, stator.ErrNotFound)
	require.Equal(t, stator.Item{"PK": stator.S("a"), "SK": stator.Int(1)}, last[*api.GetItemInput](t, f).Key)
}

func TestFaultyTags(t *testing.T) {
	tests := map[string]struct {
		create func(stator.Client) error
		want   []string
	}{
		"unknown role": {create[struct {
			A string `stator:"hush"`
		}], []string{`attribute A: tag "hush": found "hush", allowed are hash, range, S, N and B`}},
		"unknown kind of index": {create[struct {
			A string `stator:"gsi:byA,hash"`
		}], []string{`found "gsi:byA", allowed are hash, range, ttl, index:NAME and local:NAME`}},
		"index without a name": {create[struct {
			A string `stator:"index:,hash"`
		}], []string{`found "index:,hash", allowed are index:NAME and after it`}},
		"index without a role": {create[struct {
			A string `stator:"index:byA"`
		}], []string{`found "index:byA", allowed are index:NAME and after it`}},
		"hash of a local index": {create[struct {
			A string `stator:"local:byA,hash"`
		}], []string{"a local index has the table's partition key"}},
		"no key type": {create[struct {
			A []string `stator:"hash"`
		}], []string{"its Go type does not tell the type of the key"}},
		"untold key type": {create[struct {
			A code `stator:"hash"`
		}], []string{"its Go type does not tell the type of the key"}},
		"wrong key type": {create[struct {
			A int `stator:"hash,S"`
		}], []string{"found S, but the Go type int is marshalled to N"}},
		"position out of range": {create[struct {
			A int `stator:"index:byA,hash5"`
		}], []string{`found "hash5"`}},
		"all at once": {create[struct {
			A string `stator:"x"`
			B bool   `stator:"range"`
		}], []string{"attribute A", "attribute B"}},
		"include outside an index": {create[struct {
			A string `stator:"include"`
		}], []string{`found "include"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := &fake{}
			err := tt.create(f)
			require.ErrorIs(t, err, stator.ErrValidation)
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			require.Empty(t, f.requests)
		})
	}
}

func create[T any](c stator.Client) error {
	_, err := stator.CreateTableFor[T](context.Background(), c, "table")
	return err
}

func TestFaultyTagsAreReportedByKey(t *testing.T) {
	type faulty struct {
		A string `stator:"hush"`
	}
	_, err := stator.TableFor[faulty](&fake{}, "table").Get(t.Context(), stator.Key("a"))
	require.ErrorContains(t, err, `found "hush"`)
}
