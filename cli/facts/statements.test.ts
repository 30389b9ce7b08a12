/**
 * What changes or takes away events: in SQL, in calls and grants of AWS, in templates; and what does not.
 * @module
 */
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import { extract } from "./extract.ts"
import { app, parse } from "./fixture.ts"

const read = (files: Readonly<Record<string, string>>, templates: Readonly<Record<string, string>> = {}) =>
  Result.getOrThrow(extract({
    ...{ app, entry: "app.ts", parse, alias: () => undefined },
    ...{ files: new Map(Object.entries(files)), templates: new Map(Object.entries(templates)) },
  })).statements
const inSource = (text: string) => read({ "app.ts": text })
const said = (text: string) =>
  inSource(text).map(({ events, line, operation, table }) => `${operation} ${table} ${events ? "!" : "-"} ${line}`)

describe("SQL", () => {
  const found: ReadonlyArray<readonly [text: string, said: string]> = [
    [`db.exec("DELETE FROM events")`, "DELETE events ! 1"],
    ['db.exec(`delete from "events" where version = ?`)', "DELETE events ! 1"],
    [`db.exec("UPDATE OR IGNORE main.events SET payload = ''")`, "UPDATE main.events ! 1"],
    ["db.exec(`\n  BEGIN;\n  UPDATE events SET payload = ''`)", "UPDATE events ! 3"],
    [`const table = "events"; db.exec(\`DELETE FROM \${table}\`)`, "DELETE events ! 1"],
    [`db.exec(\`DELETE FROM \${table}\`)`, "DELETE * ! 1"],
    [`db.exec("DELETE " + "FROM " + "events")`, "DELETE events ! 1"],
    [`db.exec("DELETE /* quietly */ FROM events -- x")`, "DELETE events ! 1"],
    [`db.exec("WITH old AS (SELECT 1) DELETE FROM events")`, "DELETE events ! 1"],
    [`db.exec("REPLACE INTO events VALUES (1)")`, "REPLACE events ! 1"],
    [`db.exec("INSERT OR REPLACE INTO events VALUES (1)")`, "REPLACE events ! 1"],
    [`db.exec("INSERT INTO events VALUES (1) ON CONFLICT DO UPDATE SET a = 1")`, "UPDATE events ! 1"],
    [`db.exec("DROP TABLE IF EXISTS events")`, "DROP events ! 1"],
    [`db.exec("TRUNCATE events")`, "TRUNCATE events ! 1"],
    [`db.exec("ALTER TABLE events RENAME TO old")`, "ALTER events ! 1"],
    [`db.exec("DROP TRIGGER events_are_not_deleted")`, "DROP TRIGGER events_are_not_deleted ! 1"],
    ["sql`DELETE FROM shop_events`", "DELETE shop_events ! 1"],
    [`db.deleteFrom("events").where("id", "=", 1)`, "DELETE events ! 1"],
    [`db.exec(["DELETE FROM events", "WHERE version = ?"].join("\\n"))`, "DELETE events ! 1"],
    [`db.exec(["DELETE", "FROM", table].join(" "))`, "DELETE * ! 1"],
    [`db.exec("DELETE FROM ".concat("events"))`, "DELETE events ! 1"],
    [`let text = "DELETE FROM "; text += table`, "DELETE * ! 1"],
    [`db.exec("DELETE FROM event_log")`, "DELETE event_log ! 1"],
    [`db.exec("DELETE FROM orderEvents")`, "DELETE orderEvents ! 1"],
    [`db.exec("DELETE FROM events_v2")`, "DELETE events_v2 ! 1"],
    [`db.exec("GRANT SELECT, DELETE ON events TO app")`, "GRANT SELECT, DELETE events ! 1"],
    [`db.exec("GRANT ALL PRIVILEGES ON ALL TABLES IN SCHEMA public TO app")`, "GRANT ALL PRIVILEGES * ! 1"],
    [`db.exec("GRANT UPDATE ON baskets TO app")`, "GRANT UPDATE baskets - 1"],
    [`db.exec("DELETE FROM baskets")`, "DELETE baskets - 1"],
    [`db.exec("DELETE FROM events_seen")`, "DELETE events_seen - 1"],
  ]
  for (const [text, expected] of found) it(`finds ${text}`, () => assert.deepStrictEqual(said(text), [expected]))

  const innocent = [
    `db.exec("CREATE TRIGGER t BEFORE DELETE ON events BEGIN SELECT raise(ABORT, 'no'); END")`,
    `db.exec("CREATE TRIGGER t BEFORE UPDATE ON events BEGIN SELECT raise(ABORT, 'no'); END")`,
    `db.exec("INSERT INTO events VALUES (1) ON CONFLICT DO NOTHING")`,
    `db.exec("SELECT * FROM events -- DELETE FROM events")`,
    `say("Please do not delete from the list of events")`,
    `// DELETE FROM events`,
    `db.exec("GRANT SELECT, INSERT ON events TO app")`,
    `say(["You can", "delete from", "here"].join(" "))`,
  ]
  for (const text of innocent) it(`leaves ${text}`, () => assert.deepStrictEqual(said(text), []))

  it("names a tombstone as what it is", () => {
    const [found] = inSource(`db.exec("INSERT INTO events (type) VALUES ('$Tombstone')")`)
    assert.deepInclude(found, { operation: "INSERT", table: "events", tombstone: true })
  })
  it("is read from files of SQL, too", () => {
    assert.deepInclude(read({ "a/b.sql": "SELECT 1;\n\nDELETE FROM events;" })[0], { file: "a/b.sql", line: 3 })
  })
})

describe("AWS in the source", () => {
  const writes = ["DeleteItem", "UpdateItem", "PutItem", "TransactWriteItems", "BatchWriteItem"]
  const names = ["DynamoDB", ...writes.map((name) => `${name}Command`)]
  const sdk = `import { ${names.join()} } from "@aws-sdk/client-dynamodb"\n`
  const found: ReadonlyArray<readonly [text: string, said: string]> = [
    [`client.send(new DeleteItemCommand({ TableName: "shop-events" }))`, "dynamodb:DeleteItem shop-events ! 2"],
    [`new UpdateItemCommand({ TableName: table })`, "dynamodb:UpdateItem * ! 2"],
    [`new DeleteItemCommand(request)`, "dynamodb:DeleteItem * ! 2"],
    [`new DeleteItemCommand({ TableName: "leases" })`, "dynamodb:DeleteItem leases - 2"],
    [`new DynamoDB({}).deleteItem({ TableName: "events" })`, "dynamodb:DeleteItem events ! 2"],
    [
      `new TransactWriteItemsCommand({ TransactItems: [{ Update: { TableName: "events" } }] })`,
      "dynamodb:UpdateItem events ! 2",
    ],
    [
      `new BatchWriteItemCommand({ RequestItems: { events: [{ DeleteRequest: {} }] } })`,
      "dynamodb:DeleteItem events ! 2",
    ],
  ]
  for (const [text, expected] of found) it(`finds ${text}`, () => assert.deepStrictEqual(said(sdk + text), [expected]))
  it("finds what the document clients change, under both names of the package", () => {
    const documents = `import { DynamoDBDocument } from "npm:@aws-sdk/lib-dynamodb@3"\n`
    assert.deepStrictEqual(said(`${documents}DynamoDBDocument.from(c).delete({ TableName: "events", Key: {} })`), [
      "dynamodb:DeleteItem events ! 2",
    ])
    assert.deepStrictEqual(said(`${documents}cache.delete("events")`), [])
    const old = `import AWS from "aws-sdk"\n`
    assert.deepStrictEqual(said(`${old}new AWS.DynamoDB.DocumentClient().update({ TableName: "events", Key: {} })`), [
      "dynamodb:UpdateItem events ! 2",
    ])
  })
  it("leaves what adds", () => {
    assert.deepStrictEqual(said(`${sdk}new PutItemCommand({ TableName: "events" })`), [])
    assert.deepStrictEqual(
      said(`${sdk}new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName: "events" } }] })`),
      [],
    )
    assert.deepStrictEqual(said(`cache.deleteItem({ TableName: "events" })`), [])
  })
  it("finds grants", () => {
    assert.deepStrictEqual(said(`role.addManagedPolicy(fromAwsManagedPolicyName("AmazonDynamoDBFullAccess"))`), [
      "AmazonDynamoDBFullAccess * ! 1",
    ])
    assert.deepStrictEqual(
      said(
        `new PolicyStatement({ actions: ["dynamodb:PutItem", "dynamodb:Delete*"], resources: ["arn:aws:dynamodb:::table/shop-events"] })`,
      ),
      ["dynamodb:Delete* shop-events ! 1"],
    )
    assert.deepStrictEqual(said(`events.grantReadWriteData(role)`), ["dynamodb:* events ! 1"])
    assert.deepStrictEqual(said(`const p = { Effect: "Deny", Action: "dynamodb:*", Resource: "*" }`), [])
  })
})

describe("templates", () => {
  const template = (statement: object) =>
    JSON.stringify(
      {
        Resources: {
          Store: {
            Type: "AWS::DynamoDB::Table",
            Properties: { TableName: "shop", GlobalSecondaryIndexes: [{ IndexName: "TimestampIndex" }] },
          },
          Leases: { Type: "AWS::DynamoDB::Table", Properties: { TableName: "leases" } },
          Role: {
            Type: "AWS::IAM::Role",
            Properties: { Policies: [{ PolicyDocument: { Statement: [{ Effect: "Allow", ...statement }] } }] },
          },
        },
      },
      null,
      2,
    )
  const found = (statement: object) =>
    read({ "app.ts": "" }, { "t.json": template(statement) }).map(({ events, operation, table }) =>
      `${operation} ${table} ${events ? "!" : "-"}`
    )
  it("are read by resource, however it is named", () => {
    const arn = { "Fn::GetAtt": ["Store", "Arn"] }
    assert.deepStrictEqual(found({ Action: "dynamodb:UpdateItem", Resource: arn }), ["dynamodb:UpdateItem Store !"])
    assert.deepStrictEqual(found({ Action: ["dynamodb:D*"], Resource: "arn:aws:dynamodb:x:1:table/shop/index/a" }), [
      "dynamodb:D* shop !",
    ])
    assert.deepStrictEqual(found({ Action: "*", Resource: "*" }), ["* * !"])
    assert.deepStrictEqual(found({ NotAction: "s3:*", Resource: "*" }), ["* * !"])
    const sub = { "Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:1:table/${Leases}" }
    assert.deepStrictEqual(found({ Action: "dynamodb:DeleteItem", Resource: sub }), ["dynamodb:DeleteItem Leases -"])
    const named = { "Fn::Sub": ["arn:aws:dynamodb:::table/${Name}", { Name: { Ref: "Store" } }] }
    assert.deepStrictEqual(found({ Action: "dynamodb:DeleteItem", Resource: named }), ["dynamodb:DeleteItem Store !"])
  })
  it("count a resource with stars that a table of events fits, and what nobody can tell", () => {
    const of = (Resource: unknown) => found({ Action: "dynamodb:DeleteItem", Resource })
    for (const resource of ["arn:*", "arn:aws:*", "arn:aws:dynamodb:x:1:*", "arn:aws:dynamodb:x:1:tab*"]) {
      assert.deepStrictEqual(of(resource), ["dynamodb:DeleteItem * !"], resource)
    }
    assert.deepStrictEqual(of("arn:aws:dynamodb:x:1:table/sh*"), ["dynamodb:DeleteItem sh* !"])
    assert.deepStrictEqual(of("arn:aws:dynamodb:x:1:table/sho?"), ["dynamodb:DeleteItem sho? !"])
    assert.deepStrictEqual(of("arn:aws:dynamodb:x:1:table/lea*"), ["dynamodb:DeleteItem lea* -"])
    assert.deepStrictEqual(of({ Ref: "AParameter" }), ["dynamodb:DeleteItem * !"])
    assert.deepStrictEqual(of({ "Fn::Sub": "arn:aws:dynamodb:::table/${Stage}-leases" }), [
      "dynamodb:DeleteItem *-leases -",
    ])
    assert.deepStrictEqual(of("arn:aws:s3:::*"), [])
  })
  it("find policies that are known by name, and a time to live of events", () => {
    const of = (resources: object) =>
      read({ "app.ts": "" }, { "t.json": JSON.stringify({ Resources: resources }) }).map(({ operation, table }) =>
        `${operation} ${table}`
      )
    const role = (arn: unknown) => ({ Role: { Type: "AWS::IAM::Role", Properties: { ManagedPolicyArns: [arn] } } })
    const partition = ["arn:", { Ref: "AWS::Partition" }, ":iam::aws:policy/AmazonDynamoDBFullAccess"]
    assert.deepStrictEqual(of(role({ "Fn::Join": ["", partition] })), ["AmazonDynamoDBFullAccess *"])
    assert.deepStrictEqual(of(role("arn:aws:iam::aws:policy/AdministratorAccess")), ["AdministratorAccess *"])
    assert.deepStrictEqual(of(role("arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess")), [])
    const ttl = { TimeToLiveSpecification: { AttributeName: "until", Enabled: true } }
    assert.deepStrictEqual(of({ Events: { Type: "AWS::DynamoDB::Table", Properties: ttl } }), [
      "dynamodb:UpdateTimeToLive Events",
    ])
    assert.deepStrictEqual(of({ Leases: { Type: "AWS::DynamoDB::Table", Properties: ttl } }), [])
    const policies = { Policies: [{ DynamoDBCrudPolicy: { TableName: "events" } }] }
    assert.deepStrictEqual(of({ Handler: { Type: "AWS::Serverless::Function", Properties: policies } }), [
      "DynamoDBCrudPolicy events",
    ])
  })
  it("may add, read, and change what is no table", () => {
    assert.deepStrictEqual(found({ Action: ["dynamodb:PutItem", "dynamodb:Query"], Resource: "*" }), [])
    assert.deepStrictEqual(found({ Action: "*", Resource: "arn:aws:s3:::bucket/*" }), [])
    assert.deepStrictEqual(found({ Effect: "Deny", Action: "*", Resource: "*" }), [])
  })
  it("say the line of the resource", () => {
    const [one] = read({ "app.ts": "" }, { "t.json": template({ Action: "*", Resource: "*" }) })
    assert.deepInclude(one, { file: "t.json", line: 20 })
  })
})
