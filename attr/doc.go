// Package attr holds DynamoDB's data model: a Value is one attribute value of
// any of the ten types, an Item is a set of named values.
//
// Values are built by constructors named as AWS names the types:
//
//	item := attr.Item{
//		"id":    attr.S("u1"),
//		"age":   attr.Int(42),
//		"score": attr.N("12.50"),
//		"tags":  attr.SS("a", "b"),
//		"home":  attr.M(attr.Item{"city": attr.S("Oslo")}),
//	}
//
// or from Go values by Marshal, with the rules and `dynamodbav` tags of the
// AWS SDK's attributevalue package.
//
// A constructor never rejects anything: a number that is no number or a set
// with duplicates is reported when it is used in a request, with the error that AWS gives.
package attr
