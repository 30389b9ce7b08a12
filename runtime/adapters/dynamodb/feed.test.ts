import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { command, event, streamOf } from "../../../core/laws/fixtures.ts"
import { end, read, start, type Streams } from "./feed.ts"
import { eventItem } from "./items.ts"
import type { Store } from "./store.ts"

const kinds = ["DescribeStream", "GetShardIterator", "GetRecords"] as const
const sdk = Object.fromEntries(kinds.map((kind) => [
  `${kind}Command`,
  class {
    readonly kind = kind
    readonly input: { readonly ShardId?: string; readonly ShardIterator?: string; readonly SequenceNumber?: string }
    constructor(input: object) {
      this.input = input
    }
  },
]))

const record = (version: number) => ({
  eventName: "INSERT",
  dynamodb: {
    SequenceNumber: `${version}`,
    ApproximateCreationDateTime: new Date(60_000),
    NewImage: eventItem(streamOf("t", "a"), event(`e${version}`), command("c"), version, 1_000, 0),
  },
})

/** A parent that is closed, whose only record stands behind many empty answers, and its child. */
const streams = Effect.succeed({
  sdk,
  arn: "arn",
  client: {
    send: ({ input, kind }: InstanceType<typeof sdk[string]>) => {
      if (kind === "DescribeStream") {
        const parent = { ShardId: "parent", SequenceNumberRange: { EndingSequenceNumber: "1" } }
        return Effect.succeed({
          StreamDescription: { Shards: [parent, { ShardId: "child", ParentShardId: "parent" }] },
        })
      }
      if (kind === "GetShardIterator") {
        return Effect.succeed({ ShardIterator: `${input.ShardId} ${input.SequenceNumber ?? 0}` })
      }
      const [shard, place] = input.ShardIterator!.split(" ")
      const n = Number(place)
      const isLast = shard === "parent" && n === 9
      return Effect.succeed({
        Records: isLast ? [record(1)] : shard === "child" && n === 0 ? [record(2)] : [],
        NextShardIterator: isLast ? null : `${shard} ${n + 1}`,
      })
    },
  },
} as unknown as Streams)

it.effect("read() comes to the end of a shard that is closed, however many of its answers are empty", () =>
  Effect.gen(function* () {
    const calls = { call: (send: (options: object) => Effect.Effect<unknown>) => Effect.suspend(() => send({})) }
    const { at, events } = yield* read({ calls, iterators: new Map() } as unknown as Store, streams, end(0), 10)
    assert.deepStrictEqual(events.map(({ version }) => version), [1, 2])
    assert.deepStrictEqual("shards" in at && at.shards, { parent: "", child: "2" })
  }))

it.effect("read() comes to a record of an open shard, however many empty answers stand before it", () =>
  Effect.gen(function* () {
    const [begun, asked] = [[] as Array<string>, [] as Array<number>]
    let expired = false
    const client = {
      send: ({ input, kind }: InstanceType<typeof sdk[string]>) => {
        if (kind === "DescribeStream") return Effect.succeed({ StreamDescription: { Shards: [{ ShardId: "open" }] } })
        if (kind === "GetShardIterator") {
          begun.push(input.SequenceNumber ?? "oldest")
          return Effect.succeed({ ShardIterator: input.SequenceNumber === undefined ? "0" : "10" })
        }
        if (expired) return (expired = false, Effect.fail({ code: "ExpiredIteratorException" }))
        const n = Number(input.ShardIterator)
        asked.push(n)
        return Effect.succeed({ Records: n === 9 ? [record(1)] : [], NextShardIterator: `${n + 1}` })
      },
    }
    const open = Effect.succeed({ sdk, arn: "arn", client } as unknown as Streams)
    const calls = { call: (send: (options: object) => Effect.Effect<unknown>) => Effect.suspend(() => send({})) }
    const store = { calls, iterators: new Map<string, string>() } as unknown as Store
    let at = end(0)
    for (let i = 0; i < 4; i++) at = (yield* read(store, open, at, 10)).at
    assert.deepStrictEqual([begun, asked], [["oldest"], [0, 1, 2, 3, 4, 5, 6, 7]])
    // A process that begins anew has it all before it again.
    expired = true
    const page = yield* read(store, open, at, 10)
    assert.deepStrictEqual([begun.length, page.events.length], [2, 0])
    for (let i = 0; i < 3; i++) at = (yield* read(store, open, at, 10)).at
    const { at: behind, events } = yield* read(store, open, at, 10)
    assert.deepStrictEqual(events.map(({ version }) => version), [1])
    assert.deepStrictEqual("shards" in behind && behind.shards, { open: "1" })
    assert.deepStrictEqual((yield* read(store, open, behind, 10)).events, [])
    assert.lengthOf(begun, 2)
    assert.strictEqual(store.iterators.size, 1)
  }))

it.effect("read() ends a page where the scan ends: whoever wants no more needs no stream of changes", () =>
  Effect.gen(function* () {
    const item = eventItem(streamOf("t", "a"), event("e1"), command("c"), 1, 1_000, 0)
    const segments: Array<number> = []
    const scan = {
      sdk: {
        ScanCommand: class {
          readonly segment: number
          constructor({ Segment }: { readonly Segment: number }) {
            this.segment = Segment
          }
        },
      },
      client: {
        send: ({ segment }: { readonly segment: number }) =>
          Effect.sync(() => (segments.push(segment), { Items: segment === 2 ? [item] : [] })),
      },
      call: (send: (options: object) => Effect.Effect<unknown>) => Effect.suspend(() => send({})),
    }
    const asked = Effect.die(new Error("the stream of changes was asked for"))
    const page = yield* read({ calls: scan } as unknown as Store, asked, start(100_000), 10)
    assert.deepStrictEqual(page.events.map(({ eventId }) => eventId), ["e1"])
    assert.deepStrictEqual(page.at, { since: 40_000, shards: {} })
    assert.deepStrictEqual(segments.toSorted(), [0, 1, 2, 3])
  }))
