// Package api is DynamoDB's API as Go values: a request and a response for each
// operation, the errors, and the Client that serves them.
//
// The names and shapes are AWS's. A member that may be absent is a pointer, or
// a nil slice or map: a nil Limit is no limit given, an empty AttributesToGet
// is an empty list given, and AWS tells the two apart. Go 1.26 makes pointers easily:
//
//	in := &api.QueryInput{
//		TableName:              new("users"),
//		KeyConditionExpression: new("org = :o"),
//		ExpressionAttributeValues: map[string]attr.Value{":o": attr.S("acme")},
//		Limit:                  new(int32(10)),
//		ReturnConsumedCapacity: new(api.ReturnConsumedCapacityTotal),
//	}
//	out, err := api.Do(ctx, client, in)
//
// A Client is to requests what http.RoundTripper is to HTTP: the database is
// one, a layer around a Client is one, and the Registry tells both what an
// operation does. Every Client judges a request with Validate first, so that it
// fails with the same code and message everywhere.
//
// Requests and responses are plain data: nobody changes them after they are
// passed on, and then they may be shared between goroutines.
package api
