// Drives a server with the AWS SDK for JavaScript, low-level client and document
// client, as programs use them: nothing here knows that it is not AWS. The address
// comes from AWS_ENDPOINT_URL_DYNAMODB.
import assert from "node:assert/strict";
import {
  BatchGetItemCommand, ConditionalCheckFailedException, CreateTableCommand, DeleteTableCommand, DescribeLimitsCommand, DescribeTableCommand,
  DynamoDBClient, DynamoDBServiceException, ExecuteStatementCommand, GetItemCommand, ListTablesCommand, PutItemCommand,
  ResourceInUseException, ResourceNotFoundException, TransactionCanceledException, UpdateTableCommand,
  paginateListTables, paginateScan, waitUntilTableExists, waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand, BatchWriteCommand, DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand,
  ScanCommand, TransactGetCommand, TransactWriteCommand, UpdateCommand, NumberValue, paginateQuery,
} from "@aws-sdk/lib-dynamodb";

const client = new DynamoDBClient({});
const doc = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
const TableName = "films";
const waiter = { client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 };

// range returns the numbers from a to b.
const range = (a, b) => Array.from({ length: b - a + 1 }, (_, i) => a + i);

async function tables() {
  const table = {
    TableName,
    KeySchema: [{ AttributeName: "director", KeyType: "HASH" }, { AttributeName: "year", KeyType: "RANGE" }],
    AttributeDefinitions: [
      { AttributeName: "director", AttributeType: "S" }, { AttributeName: "year", AttributeType: "N" }, { AttributeName: "country", AttributeType: "S" }],
    GlobalSecondaryIndexes: [{
      IndexName: "country-year", KeySchema: [{ AttributeName: "country", KeyType: "HASH" }, { AttributeName: "year", KeyType: "RANGE" }],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["title"] },
    }],
    BillingMode: "PAY_PER_REQUEST",
  };
  const created = await client.send(new CreateTableCommand(table));
  assert.equal(created.TableDescription.TableStatus, "CREATING");
  const ready = await waitUntilTableExists(waiter, { TableName });
  assert.equal(ready.state, "SUCCESS");
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assert.equal(Table.TableStatus, "ACTIVE");
  assert.equal(Table.GlobalSecondaryIndexes[0].IndexStatus, "ACTIVE");
  assert.ok(Math.abs(Date.now() - Table.CreationDateTime) < 60_000, `CreationDateTime is ${Table.CreationDateTime}`);
  await assert.rejects(client.send(new CreateTableCommand(table)), (e) => {
    assert.ok(e instanceof ResourceInUseException, `${e}`);
    assert.equal(e.message, "Table already exists: films");
    assert.equal(e.$metadata.httpStatusCode, 400);
    assert.equal(e.$metadata.requestId.length, 52);
    return true;
  });
  const limits = await client.send(new DescribeLimitsCommand({}));
  assert.ok(limits.AccountMaxReadCapacityUnits > 0);
}

const film = {
  director: "Varda", year: 1962, title: "Cléo de 5 à 7", country: "FR", rating: 7.9, colour: false, remake: null,
  cast: ["Corinne Marchand", { name: "Antoine Bourseiller", scenes: [1, 2] }], genres: new Set(["drama", "music"]), takes: new Set([1, 2]),
  poster: new Uint8Array([0, 1, 255]), notes: { empty: "", "quote\"": "\u2028\u0000<é🜚>" },
};

async function items() {
  await doc.send(new PutCommand({ TableName, Item: { ...film, absent: undefined } }));
  const Key = { director: "Varda", year: 1962 };
  assert.deepEqual((await doc.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item, film);
  assert.equal((await doc.send(new GetCommand({ TableName, Key: { director: "Varda", year: 1 } }))).Item, undefined);
  const low = await client.send(new GetItemCommand({ TableName, Key: { director: { S: "Varda" }, year: { N: "1962" } } }));
  assert.deepEqual(low.Item.poster, { B: film.poster });
  assert.deepEqual(low.Item.remake, { NULL: true });

  const updated = await doc.send(new UpdateCommand({
    TableName, Key, UpdateExpression: "SET rating = rating + :r, #cast[1].scenes[1] = :s REMOVE remake ADD genres :g",
    ConditionExpression: "size(title) > :n AND attribute_type(colour, :bool)", ExpressionAttributeNames: { "#cast": "cast" },
    ExpressionAttributeValues: { ":r": 0.1, ":s": 9, ":g": new Set(["classic"]), ":n": 3, ":bool": "BOOL" }, ReturnValues: "ALL_NEW",
  }));
  assert.equal(updated.Attributes.rating, 8);
  assert.deepEqual(updated.Attributes.cast[1].scenes, [1, 9]);
  assert.deepEqual(updated.Attributes.genres, new Set(["drama", "music", "classic"]));
  assert.ok(!("remake" in updated.Attributes));

  await assert.rejects(doc.send(new PutCommand({
    TableName, Item: film, ConditionExpression: "attribute_not_exists(director)", ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  })), (e) => {
    assert.ok(e instanceof ConditionalCheckFailedException, `${e}`);
    assert.equal(e.message, "The conditional request failed");
    assert.equal(e.Item.rating.N ?? e.Item.rating, "8");
    return true;
  });
  await assert.rejects(doc.send(new GetCommand({ TableName: "nowhere", Key })), ResourceNotFoundException);
  await assert.rejects(client.send(new PutItemCommand({ TableName, Item: { director: { S: "" }, year: { N: "1" } } })), (e) => {
    assert.ok(e instanceof DynamoDBServiceException, `${e}`);
    assert.equal(e.name, "ValidationException");
    assert.equal(e.message, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: director");
    return true;
  });

  const big = "12345678901234567890.123456789012345678";
  await doc.send(new PutCommand({ TableName, Item: { director: "Zeno", year: 1, exact: NumberValue.from(big) } }));
  // A client of its own, for the options of a document client become its client's.
  const wrapping = DynamoDBDocumentClient.from(new DynamoDBClient({}), { unmarshallOptions: { wrapNumbers: true } });
  const exact = await wrapping.send(new DeleteCommand({ TableName, Key: { director: "Zeno", year: 1 }, ReturnValues: "ALL_OLD" }));
  assert.equal(exact.Attributes.exact.value, big);

  assert.equal((await doc.send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }))).Attributes.year, 1962);
  assert.equal((await doc.send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }))).Attributes, undefined);
}

async function batches() {
  const puts = ["Ozu", "Varda"].flatMap((director) => range(1930, 1969).map((year) => (
    { PutRequest: { Item: { director, year, title: `${director} ${year}`, country: director === "Ozu" ? "JP" : "FR" } } })));
  while (puts.length > 0) {
    const out = await doc.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts.splice(0, 25) } }));
    puts.push(...out.UnprocessedItems?.[TableName] ?? []);
  }
  const Keys = range(1960, 1980).map((year) => ({ director: "Ozu", year }));
  const got = await doc.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys, ProjectionExpression: "title" } } }));
  assert.deepEqual(got.Responses[TableName].map((i) => i.title).sort(), range(1960, 1969).map((y) => `Ozu ${y}`));
  assert.deepEqual(got.UnprocessedKeys, {});
  await assert.rejects(client.send(new BatchGetItemCommand({ RequestItems: {} })), { name: "ValidationException" });
}

async function queries() {
  const ozu = { TableName, KeyConditionExpression: "director = :d", ExpressionAttributeValues: { ":d": "Ozu" } };
  const years = [];
  let pages = 0;
  for await (const page of paginateQuery({ client: doc, pageSize: 15 }, { ...ozu })) {
    pages++;
    years.push(...page.Items.map((i) => i.year));
  }
  assert.deepEqual(years, range(1930, 1969));
  assert.equal(pages, 3);
  const last = await doc.send(new QueryCommand({ ...ozu, ScanIndexForward: false, Limit: 2 }));
  assert.deepEqual(last.Items.map((i) => i.year), [1969, 1968]);
  assert.deepEqual(last.LastEvaluatedKey, { director: "Ozu", year: 1968 });
  const index = await doc.send(new QueryCommand({
    TableName, IndexName: "country-year", KeyConditionExpression: "country = :c AND #y BETWEEN :a AND :b", FilterExpression: "contains(title, :t)",
    ExpressionAttributeNames: { "#y": "year" }, ExpressionAttributeValues: { ":c": "FR", ":a": 1940, ":b": 1945, ":t": "2" },
  }));
  assert.deepEqual(index.Items, [{ director: "Varda", year: 1942, title: "Varda 1942", country: "FR" }]);
  assert.equal(index.ScannedCount, 6);
  const none = await doc.send(new ScanCommand({ TableName, FilterExpression: "attribute_exists(nothing)" }));
  assert.deepEqual([none.Items, none.Count, none.ScannedCount], [[], 0, 80]);
  let count = 0;
  for (const Segment of [0, 1, 2]) {
    for await (const page of paginateScan({ client, pageSize: 9 }, { TableName, Segment, TotalSegments: 3 })) count += page.Items.length;
  }
  assert.equal(count, 80);
}

async function transactions() {
  const put = { Put: { TableName, Item: { director: "Denis", year: 1999 }, ConditionExpression: "attribute_not_exists(director)" } };
  const count = { Update: { TableName, Key: { director: "Denis", year: 0 }, UpdateExpression: "ADD films :n", ExpressionAttributeValues: { ":n": 1 } } };
  await doc.send(new TransactWriteCommand({ TransactItems: [count, put] }));
  await assert.rejects(doc.send(new TransactWriteCommand({ TransactItems: [count, put] })), (e) => {
    assert.ok(e instanceof TransactionCanceledException, `${e}`);
    assert.deepEqual(e.CancellationReasons.map((r) => r.Code), ["None", "ConditionalCheckFailed"]);
    return true;
  });
  const twice = new TransactWriteCommand({ TransactItems: [count], ClientRequestToken: "once" });
  await doc.send(twice);
  await doc.send(twice);
  const got = await doc.send(new TransactGetCommand({ TransactItems: [0, 1999, 2000].map((year) => ({ Get: { TableName, Key: { director: "Denis", year } } })) }));
  assert.deepEqual(got.Responses.map((r) => r.Item), [{ director: "Denis", year: 0, films: 2 }, { director: "Denis", year: 1999 }, undefined]);
}

async function statements() {
  const got = await client.send(new ExecuteStatementCommand({ Statement: "SELECT title FROM films WHERE director = ? AND \"year\" = 1950", Parameters: [{ S: "Ozu" }] }));
  assert.deepEqual(got.Items, [{ title: { S: "Ozu 1950" } }]);
}

async function end() {
  await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
  await assert.rejects(client.send(new DeleteTableCommand({ TableName })), { name: "ValidationException" });
  await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
  for (const name of ["other-1", "other-2"]) {
    await client.send(new CreateTableCommand({
      TableName: name, KeySchema: [{ AttributeName: "id", KeyType: "HASH" }], AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    }));
  }
  const names = [];
  for await (const page of paginateListTables({ client, pageSize: 2 }, {})) names.push(page.TableNames);
  assert.deepEqual(names, [["films", "other-1"], ["other-2"]]);
  const deleted = await client.send(new DeleteTableCommand({ TableName }));
  assert.equal(deleted.TableDescription.TableStatus, "DELETING");
  assert.equal((await waitUntilTableNotExists(waiter, { TableName })).state, "SUCCESS");
  assert.deepEqual((await client.send(new ListTablesCommand({}))).TableNames, ["other-1", "other-2"]);
}

for (const section of [tables, items, batches, queries, transactions, statements, end]) {
  await section();
  console.log("ok", section.name);
}
