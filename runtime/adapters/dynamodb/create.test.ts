import type { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { assert, describe, it } from "vitest"
import { create, inputOf } from "./create.ts"
import { names, table } from "./resources.ts"

describe("the tables", () => {
  for (const name of names) {
    it(`${name} has a type for each attribute of a key, and for no other`, () => {
      const { attributes, indexes = {}, key } = table(name)
      const keys = [key, ...Object.values(indexes).map(({ key }) => key)].flat()
      assert.deepEqual(Object.keys(attributes).toSorted(), [...new Set(keys)].toSorted())
    })
  }

  it("keep events for ever", () => assert.isUndefined(table("events").ttl))

  it("are asked for on demand, with their indexes and the stream of events", () => {
    const events = inputOf("test-", "events")
    assert.strictEqual(events.TableName, "test-events")
    assert.strictEqual(events.BillingMode, "PAY_PER_REQUEST")
    assert.deepEqual(events.KeySchema?.map(({ KeyType }) => KeyType), ["HASH", "RANGE"])
    assert.deepEqual(events.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName), [
      "TimestampIndex",
      "StreamIndex",
    ])
    assert.deepEqual(events.StreamSpecification, { StreamEnabled: true, StreamViewType: "NEW_IMAGE" })
    assert.isUndefined(inputOf("", "receipts").StreamSpecification)
  })

  it("are not waited for at something that never answers", async () => {
    const asked: Array<unknown> = []
    const client = {
      send: (_: unknown, { abortSignal }: { readonly abortSignal?: AbortSignal } = {}) =>
        new Promise((_, reject) => {
          asked.push(abortSignal)
          abortSignal?.addEventListener("abort", () => reject(abortSignal.reason))
        }),
    } as unknown as DynamoDBClient
    const made = create(client, "test-", undefined, 20).then(() => "made", ({ name }: Error) => name)
    const late = new Promise((resolve) => setTimeout(() => resolve("waits on"), 5_000))
    assert.strictEqual(await Promise.race([made, late]), "TimeoutError")
    assert.isAbove(asked.length, 0)
  }, 10_000)
})
