// Drives a server with ElectroDB: two entities and a collection in one table.
import assert from "node:assert/strict";
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { Entity, Service } from "electrodb";

const client = new DynamoDBClient({});
const table = "electro";
const index = (n) => [{ AttributeName: `${n}pk`, KeyType: "HASH" }, { AttributeName: `${n}sk`, KeyType: "RANGE" }];

await client.send(new CreateTableCommand({
  TableName: table, KeySchema: index(""), BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: ["pk", "sk", "gsi1pk", "gsi1sk"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
  GlobalSecondaryIndexes: [{ IndexName: "gsi1", KeySchema: index("gsi1"), Projection: { ProjectionType: "ALL" } }],
}));
await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 }, { TableName: table });

const employees = new Entity({
  model: { entity: "employee", version: "1", service: "office" },
  attributes: {
    id: { type: "string", required: true },
    team: { type: "string", required: true },
    name: { type: "string" },
    salary: { type: "number", default: 1000 },
    skills: { type: "set", items: "string" },
    level: { type: ["junior", "senior"] },
  },
  indexes: {
    byId: { pk: { field: "pk", composite: ["id"] }, sk: { field: "sk", composite: [] } },
    byTeam: { collection: "team", index: "gsi1", pk: { field: "gsi1pk", composite: ["team"] }, sk: { field: "gsi1sk", composite: ["id"] } },
  },
}, { client, table });

const tasks = new Entity({
  model: { entity: "task", version: "1", service: "office" },
  attributes: {
    task: { type: "string", required: true },
    team: { type: "string", required: true },
    points: { type: "number" },
  },
  indexes: {
    byTask: { pk: { field: "pk", composite: ["task"] }, sk: { field: "sk", composite: [] } },
    byTeam: { collection: "team", index: "gsi1", pk: { field: "gsi1pk", composite: ["team"] }, sk: { field: "gsi1sk", composite: ["points"] } },
  },
}, { client, table });

const office = new Service({ employees, tasks });
const ids = Array.from({ length: 40 }, (_, n) => `e${String(n).padStart(2, "0")}`);

async function entities() {
  const ann = { id: "ann", team: "red", name: "Ann", skills: ["go", "sql"], level: "senior" };
  await employees.create(ann).go();
  // ElectroDB's own error, of the condition that the key is not there.
  await assert.rejects(employees.create(ann).go(), (e) => {
    assert.match(e.message, /The conditional request failed/);
    assert.equal(e.cause?.name, "ConditionalCheckFailedException");
    return true;
  });
  const { data } = await employees.get({ id: "ann" }).go();
  assert.deepEqual({ ...data, skills: data.skills.sort() }, { ...ann, salary: 1000 });
  const raised = await employees.patch({ id: "ann" }).add({ salary: 500, skills: ["css"] }).set({ level: "junior" })
    .where(({ salary }, { lt }) => lt(salary, 2000)).go({ response: "all_new" });
  assert.equal(raised.data.salary, 1500);
  assert.deepEqual(raised.data.skills.sort(), ["css", "go", "sql"]);
  await assert.rejects(employees.patch({ id: "nobody" }).set({ level: "junior" }).go(), /The conditional request failed/);
  assert.equal((await employees.get({ id: "nobody" }).go()).data, null);
  assert.equal((await employees.delete({ id: "ann" }).go({ response: "all_old" })).data.name, "Ann");
}

async function batches() {
  const put = await employees.put(ids.map((id, n) => ({ id, team: "blue", salary: n }))).go();
  assert.deepEqual(put.unprocessed, []);
  const got = await employees.get(ids.slice(0, 5).map((id) => ({ id }))).go({ preserveBatchOrder: true });
  assert.deepEqual(got.data.map((e) => e.id), ids.slice(0, 5));
}

async function queries() {
  const all = await employees.query.byTeam({ team: "blue" }).go({ pages: "all", limit: 7 });
  assert.deepEqual(all.data.map((e) => e.id), ids);
  const some = await employees.query.byTeam({ team: "blue" }).gte({ id: "e10" }).where(({ salary }, { between }) => between(salary, 12, 14)).go();
  assert.deepEqual(some.data.map((e) => e.id), ["e12", "e13", "e14"]);
  const seen = [];
  let cursor = null;
  do {
    const page = await employees.query.byTeam({ team: "blue" }).go({ cursor, limit: 15 });
    seen.push(...page.data.map((e) => e.id));
    cursor = page.cursor;
  } while (cursor !== null);
  assert.deepEqual(seen, ids);
  const scanned = await employees.scan.where(({ salary }, { gt }) => gt(salary, 37)).go({ pages: "all" });
  assert.deepEqual(scanned.data.map((e) => e.salary).sort(), [38, 39]);
}

async function collections() {
  await tasks.put([{ task: "t1", team: "blue", points: 3 }, { task: "t2", team: "blue", points: 5 }]).go();
  const { data } = await office.collections.team({ team: "blue" }).go({ pages: "all" });
  assert.equal(data.employees.length, 40);
  assert.deepEqual(data.tasks.map((t) => t.task).sort(), ["t1", "t2"]);
}

async function transactions() {
  const move = () => office.transaction.write(({ employees, tasks }) => [
    employees.patch({ id: "e01" }).set({ team: "red" }).where(({ team }, { eq }) => eq(team, "blue")).commit(),
    tasks.create({ task: "t3", team: "red", points: 1 }).commit(),
  ]).go();
  assert.equal((await move()).canceled, false);
  const again = await move();
  assert.equal(again.canceled, true);
  assert.deepEqual(again.data.map((d) => d.code), ["ConditionalCheckFailed", "ConditionalCheckFailed"]);
  const both = await office.transaction.get(({ employees, tasks }) => [employees.get({ id: "e01" }).commit(), tasks.get({ task: "t3" }).commit()]).go();
  assert.deepEqual(both.data.map((d) => d.item.team), ["red", "red"]);
}

for (const section of [entities, batches, queries, collections, transactions]) {
  await section();
  console.log("ok", section.name);
}
