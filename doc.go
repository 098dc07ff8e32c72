// Package stator is DynamoDB inside a Go program: tables, items, indexes,
// conditions and transactions in one file, or in memory for tests.
//
//	type User struct {
//		ID     string `dynamodbav:"id" stator:"hash"`
//		Org    string `dynamodbav:"org" stator:"index:byOrg,hash"`
//		Name   string `dynamodbav:"name" stator:"index:byOrg,range"`
//		Visits int    `dynamodbav:"visits"`
//	}
//
//	db, err := stator.Open("app.db", nil)
//	users, err := stator.CreateTableFor[User](ctx, db, "users")
//	err = users.Put(ctx, u, stator.If("attribute_not_exists(id)"))
//	u, err = users.Update(ctx, stator.Key("u1"), stator.Add("visits", 1))
//	for u, err := range users.Query("org = ?", "acme").Index("byOrg").Desc().All(ctx) { … }
//
// # Handles, verbs, options
//
// A table is a small value, TableOf a struct or of Item, made without I/O. Its
// verbs are DynamoDB's: Put, Get, Update, Delete, Query, Scan, BatchGet,
// BatchPut, BatchDelete, and Transact and TransactGet for several tables. Options
// qualify one call, and one that does not fit a call does not compile. A Query
// is a value that reads nothing until All, Page, One or Count.
//
// # Texts
//
// Conditions, filters, key conditions and updates are DynamoDB's expressions.
// In them ? stands for an argument, and attribute names need no placeholders,
// reserved words included: see If.
//
// # Changes
//
// A table with a stream (the option Stream) tells its changes: in a loop,
// TableOf.Changes, or in a channel, TableOf.Subscribe. With a name (As) a reader
// goes on, also after a restart, where Change.Ack said. Items with a time to
// live (TTL) leave by themselves.
//
//	for c, err := range users.Changes(ctx, stator.As("mailer")) { … c.Old, c.New … c.Ack(ctx) }
//
// # Any Client
//
// Each call builds a request of package api and sends it to a Client, so that
// what leaves this package is a request that DynamoDB itself takes; those that
// it does not have are named native where they are used (readers of changes,
// triggers, Maintain). A DB is a Client, and so is a layer around one: TableOf.Via is the same handle
// through another Client. What has no sentence here is done with api.Do.
//
// # Errors
//
// Errors carry DynamoDB's codes and messages: see Error. errors.Is finds the
// sentinels ErrNotFound, ErrConditionFailed, ErrTransactionCanceled and the others.
//
// Everything is safe for concurrent use unless it says otherwise.
package stator
