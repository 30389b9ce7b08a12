/**
 * Two processes on the same tables, one of them this: they race for versions, and neither believes what it remembers.
 * @module
 */
import { DynamoDBClient, UpdateTableCommand, type UpdateTableCommandInput } from "@aws-sdk/client-dynamodb"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { EventStore } from "../../../core/EventStore.ts"
import { engine } from "../../../tests/engine.ts"
import { start } from "../../../tests/store/SecondProcess.ts"
import { contended, fenced } from "../../../tests/store/twoProcesses.ts"
import * as DynamoDB from "./DynamoDB.ts"
import { patient, settingsOf } from "./testStore.ts"

const dynamodb = engine("dynamodb")

const two = Effect.gen(function* () {
  const settings = settingsOf(dynamodb().url)
  const here = Context.get(
    yield* Layer.build(Layer.fresh(Layer.provide(DynamoDB.layer(settings), patient))),
    EventStore,
  )
  return { here, there: yield* start(settings.endpoint!, settings.prefix) }
})

describe("two processes on the same tables", () => {
  it.live(
    "win each version once between them, without gaps, and honour each other's receipts",
    () => Effect.scoped(contended(two, 2, 8)),
    120_000,
  )

  it.live("fence what one of them decided before the other wrote", () => Effect.scoped(fenced(two)), 120_000)
})

describe("the tables", () => {
  it.live("are asked for at start, and who lacks one is told which and what to do", () =>
    Effect.gen(function* () {
      const { create: _, ...settings } = settingsOf(dynamodb().url)
      const open = (more: Partial<DynamoDB.Settings>) =>
        Effect.scoped(Layer.build(Layer.fresh(Layer.provide(DynamoDB.layer({ ...settings, ...more }), patient))))
      const missing = yield* Effect.flip(open({}))
      assert.strictEqual(missing.reason, "table-missing")
      assert.match(missing.message, new RegExp(`^cannot open the table ${settings.prefix}\\w+: .*Deploy the tables`))
      // Several at once make them together.
      yield* Effect.all([open({ create: true }), open({ create: true })], { concurrency: "unbounded" })
      yield* open({})
      const refused = yield* Effect.flip(open({ endpoint: "http://127.0.0.1:9" }))
      assert.strictEqual(refused.reason, "refused")
    }), 120_000)

  it.live("have to have their indexes and the stream of events", () =>
    Effect.gen(function* () {
      const { create: _, ...settings } = settingsOf(dynamodb().url)
      const { endpoint, prefix, region } = settings
      const credentials = settings.credentials!
      const open = (more: Partial<DynamoDB.Settings>) =>
        Effect.scoped(Layer.build(Layer.fresh(Layer.provide(DynamoDB.layer({ ...settings, ...more }), patient))))
      yield* open({ create: true })
      const client = new DynamoDBClient({ region, credentials, endpoint: endpoint! })
      const changed = (input: Partial<UpdateTableCommandInput>, name: string) =>
        Effect.promise(() => client.send(new UpdateTableCommand({ TableName: `${prefix}${name}`, ...input })))
      yield* changed({ StreamSpecification: { StreamEnabled: false } }, "events")
      const deaf = yield* Effect.flip(open({}))
      assert.strictEqual(deaf.table, `${prefix}events`)
      assert.match(deaf.message, /stream-missing.*NEW_IMAGE/)
      const keysAlone = { StreamEnabled: true, StreamViewType: "KEYS_ONLY" } as const
      yield* changed({ StreamSpecification: keysAlone }, "events")
      assert.strictEqual((yield* Effect.flip(open({}))).reason, "stream-missing")
      yield* changed({ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "RedriveIndex" } }] }, "consumption")
      yield* changed({ StreamSpecification: { StreamEnabled: false } }, "events")
      const whole = { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" } as const
      yield* changed({ StreamSpecification: whole }, "events")
      const blind = yield* Effect.flip(open({}))
      assert.deepEqual([blind.table, blind.reason], [`${prefix}consumption`, "index-missing"])
      client.destroy()
    }), 120_000)
})
