import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { StoredEvent } from "../../../core/EventStore.ts"
import { command, event, streamOf } from "../../../core/laws/fixtures.ts"
import { failedOf } from "../aws/Failed.ts"
import type { Calls } from "./calls.ts"
import { make } from "./changeFeed.ts"
import type { Streams } from "./feed.ts"
import { eventItem } from "./items.ts"

type Answer = Record<string, unknown> | Error
const named = (name: string) => Object.assign(new Error(name), { name, $metadata: { httpStatusCode: 400 } })

/** A stream whose calls are answered by `answer`; what was asked is kept. */
const fake = (answer: (call: string, input: Record<string, unknown>) => Answer) => {
  const asked: Array<string> = []
  const command = (call: string) =>
    class {
      readonly call = call
      readonly input: Record<string, unknown>
      constructor(input: Record<string, unknown>) {
        this.input = input
      }
    }
  const sdk = {
    DescribeStreamCommand: command("shards"),
    GetShardIteratorCommand: command("iterator"),
    GetRecordsCommand: command("records"),
  }
  const client = {
    send: ({ call, input }: { readonly call: string; readonly input: Record<string, unknown> }) => {
      asked.push(
        `${call} ${input["SequenceNumber"] ?? input["ShardIterator"] ?? input["ExclusiveStartShardId"] ?? "-"}`,
      )
      const found = answer(call, input)
      return found instanceof Error ? Effect.fail(failedOf(found)) : Effect.succeed(found)
    },
  }
  const calls = {
    call: (send: (options: object) => Effect.Effect<unknown>) => Effect.suspend(() => send({})),
  } as unknown as Calls
  const streams = Effect.succeed({ sdk, client, arn: "arn" } as unknown as Streams)
  return { asked, feed: make(calls, streams, () => Effect.die("not asked")) }
}
const record = (version: number, eventName = "INSERT") => ({
  eventName,
  dynamodb: {
    SequenceNumber: `n${version}`,
    ...eventName === "REMOVE"
      ? {}
      : { NewImage: eventItem(streamOf("t", "a"), event(`e${version}`), command("c"), version, 1_000, 0) },
  },
})
const versions = (items: ReadonlyArray<{ readonly value: StoredEvent }>) => items.map(({ value }) => value.version)

describe("the change feed over a stream of DynamoDB", () => {
  it.effect("keeps the iterator from read to read, and asks for one anew where a reader stands elsewhere", () =>
    Effect.gen(function* () {
      let n = 0
      const { asked, feed } = fake((call) =>
        call === "iterator" ? { ShardIterator: "fresh" } : { Records: [record(++n)], NextShardIterator: `next${n}` }
      )
      const first = yield* feed.read("s", undefined, 10)
      const second = yield* feed.read("s", first.next, 10)
      yield* feed.read("s", first.next, 10)
      assert.deepStrictEqual([first.next, second.next, first.isEnd], ["n1", "n2", false])
      assert.deepStrictEqual(asked, ["iterator -", "records fresh", "records next1", "iterator n1", "records fresh"])
    }))

  it.effect("an iterator that has expired is renewed where the reader stands", () =>
    Effect.gen(function* () {
      let isExpired = false
      const { asked, feed } = fake((call, { ShardIterator }) => {
        if (call === "iterator") return { ShardIterator: isExpired ? "renewed" : "fresh" }
        if (isExpired && ShardIterator === "kept") return named("ExpiredIteratorException")
        return { Records: [record(isExpired ? 2 : 1)], NextShardIterator: "kept" }
      })
      const { next } = yield* feed.read("s", undefined, 10)
      isExpired = true
      assert.deepStrictEqual(versions((yield* feed.read("s", next, 10)).items), [2])
      assert.deepStrictEqual(asked.slice(2), ["records kept", "iterator n1", "records renewed"])
    }))

  it.effect("who stands in front of an empty shard has missed nothing once the first record comes", () =>
    Effect.gen(function* () {
      let isEmpty = true
      const { asked, feed } = fake((call, { ShardIterator }) => {
        if (call === "iterator") return { ShardIterator: isEmpty ? "fresh" : "renewed" }
        if (isEmpty) return { Records: [], NextShardIterator: "kept" }
        return ShardIterator === "kept"
          ? named("TrimmedDataAccessException")
          : { Records: [record(1)], NextShardIterator: "next" }
      })
      const { next } = yield* feed.read("s", undefined, 10)
      isEmpty = false
      assert.deepStrictEqual(versions((yield* feed.read("s", next, 10)).items), [1])
      assert.deepStrictEqual(asked.slice(2), ["records kept", "iterator -", "records renewed"])
    }))

  it.effect("passes over what is no new event, and stands behind it", () =>
    Effect.gen(function* () {
      const { feed } = fake((call) =>
        call === "iterator"
          ? { ShardIterator: "i" }
          : { Records: [record(1), record(2, "MODIFY"), record(3, "REMOVE")], NextShardIterator: null }
      )
      const { isEnd, items, next } = yield* feed.read("s", undefined, 10)
      assert.deepStrictEqual([versions(items), next, isEnd], [[1], "n3", true])
    }))

  it.effect("tells a history that is gone from a stream that cannot be read", () =>
    Effect.gen(function* () {
      for (
        const [name, tag] of [
          ["TrimmedDataAccessException", "Trimmed"],
          ["ResourceNotFoundException", "Trimmed"],
          ["LimitExceededException", "LogUnavailable"],
        ] as const
      ) {
        const early = fake((call) => call === "iterator" ? named(name) : {})
        assert.strictEqual((yield* Effect.flip(early.feed.read("s", "n1", 10)))._tag, tag)
        const late = fake((call) => call === "iterator" ? { ShardIterator: "i" } : named(name))
        assert.strictEqual((yield* Effect.flip(late.feed.read("s", "n1", 10)))._tag, tag)
      }
    }))

  it.effect("lists the shards of all pages with their parents", () =>
    Effect.gen(function* () {
      const { asked, feed } = fake((_, { ExclusiveStartShardId }) => ({
        StreamDescription: ExclusiveStartShardId === undefined
          ? { Shards: [{ ShardId: "a" }], LastEvaluatedShardId: "a" }
          : { Shards: [{ ShardId: "b", ParentShardId: "a" }] },
      }))
      assert.deepStrictEqual(yield* feed.shards, [{ id: "a", parents: [] }, { id: "b", parents: ["a"] }])
      assert.deepStrictEqual(asked, ["shards -", "shards a"])
    }))
})
