package parity_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/stretchr/testify/require"

	"github.com/statordb/stator/attr"
)

type user struct {
	ID      string    `dynamodbav:"id"`
	Org     string    `dynamodbav:"org"`
	Name    string    `dynamodbav:"name"`
	Email   string    `dynamodbav:"email,omitempty"`
	Visits  int       `dynamodbav:"visits"`
	Score   float64   `dynamodbav:"score"`
	Active  bool      `dynamodbav:"active"`
	Created time.Time `dynamodbav:"created,unixtime"`
	Tags    []string  `dynamodbav:"tags,stringset"`
	Photo   []byte    `dynamodbav:"photo"`
}

var someone = user{
	ID: "u-0001", Org: "acme", Name: "Ada Lovelace", Email: "ada@example.com", Visits: 123456, Score: 12.5, Active: true,
	Created: when, Tags: []string{"admin", "founder"}, Photo: []byte{1, 2, 3, 4},
}

// The SDK is the floor: each pair does the same work on the same struct of ten fields.

func BenchmarkMarshal(b *testing.B) {
	b.Run("attr", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := attr.MarshalItem(&someone); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sdk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := attributevalue.MarshalMap(&someone); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkUnmarshal(b *testing.B) {
	b.Run("attr", func(b *testing.B) {
		item, err := attr.MarshalItem(&someone)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			var u user
			if err := attr.UnmarshalItem(item, &u); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sdk", func(b *testing.B) {
		item, err := attributevalue.MarshalMap(&someone)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			var u user
			if err := attributevalue.UnmarshalMap(item, &u); err != nil {
				b.Fatal(err)
			}
		}
	})
}
