// Package sdk gives a real client of the AWS SDK for Go (aws-sdk-go-v2) whose
// requests are served in this process, by a Stator database or any other
// api.Client. There is no socket, no port and no credentials, so that code
// which takes a *dynamodb.Client is tested as it is:
//
//	db, err := stator.OpenMemory(nil)
//	…
//	client := sdk.Client(db)
//	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{…})
//
// The client is the SDK's own, with its serialization, retries, paginators,
// waiters and errors. What it would send to AWS is handed to server.New, and so
// the answers are those of the HTTP server to the letter.
//
// It is a module of its own, so that users of the library do not inherit the SDK.
package sdk
