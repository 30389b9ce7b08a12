/**
 * Answers that are lost, refused or put off between the store and a real engine: what is said is what happened.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { type Append, EventStore, type Shape } from "../../../core/EventStore.ts"
import * as Ids from "../../../core/Ids.ts"
import { append, commitOne, readAll, refused, stored, streamOf, tags } from "../../../core/laws/fixtures.ts"
import * as Limits from "../../../core/Limits.ts"
import {
  type Asked,
  cancelled,
  engine,
  type Fault,
  faults,
  operationOf,
  proxy,
  throttled,
} from "../../../tests/engine.ts"
import * as DynamoDB from "./DynamoDB.ts"
import { names } from "./resources.ts"
import { patient, settingsOf } from "./testStore.ts"

const dynamodb = engine("dynamodb")
const writes = /^(PutItem|TransactWriteItems)$/
const isWrite = (asked: Asked): boolean => writes.test(operationOf(asked))

/** A store behind a proxy, and one beside it that nothing stands before. */
const setting = Effect.gen(function* () {
  const before = yield* Effect.acquireRelease(
    Effect.promise(() => proxy(dynamodb().url)),
    (one) => Effect.promise(() => one.stop()),
  )
  const settings = settingsOf(dynamodb().url)
  const open = (endpoint: string, limits = patient) =>
    Effect.map(
      Layer.build(Layer.fresh(Layer.provide(DynamoDB.layer({ ...settings, endpoint }), limits))),
      (context) => Context.get(context, EventStore),
    )
  const beside = yield* open(dynamodb().url)
  let asked = 0
  /** What happens to writes from now on; the count of those before. */
  const onWrites = (fault: (asked: Asked, n: number) => Fault | undefined) => {
    let n = 0
    before.on((one) => {
      if (!isWrite(one)) return undefined
      asked++
      return fault(one, n++)
    })
  }
  return { beside, behind: (limits?: typeof patient) => open(before.url, limits), onWrites, asked: () => asked }
})

const hasty = Layer.succeed(Limits.Limits, { ...Limits.defaults, callAttempts: 2 })
const uuid = () => Ids.uuidV7(Date.now(), Math.random)
const errorOf = (store: Shape, one: Append) =>
  Effect.match(commitOne(store, one), {
    onSuccess: ({ _tag }) => _tag as string,
    onFailure: ({ _tag, reason }) => `${_tag} ${reason}`,
  })

describe("the store on DynamoDB, badly connected", () => {
  it.live("takes no lost answer for a conflict, and stores each command once", () =>
    Effect.gen(function* () {
      const { asked, behind, beside, onWrites } = yield* setting
      const store = yield* behind()
      // Each write once: what is lost four times in a row is unknown, as another test says.
      const lost = new Set<string>()
      onWrites(({ body }, n) => n % 5 !== 2 || lost.has(body) ? undefined : (lost.add(body), faults.drop))
      const streams = Array.from({ length: 8 }, (_, i) => streamOf("t", `s-${i}`))
      const each = (stream: typeof streams[number], i: number) =>
        Effect.gen(function* () {
          for (let version = 0; version < 20; version += 2) {
            const given = i % 2 === 0
            const one = append(stream, version, `c-${version}`, 1, { given })
            assert.strictEqual((yield* commitOne(store, one))._tag, "Committed", `${i} at ${version}`)
            const two = [
              append(stream, version + 1, `d-${version}`, 1, { given }),
              refused(stream, version + 2, `r-${version}`),
            ]
            assert.deepStrictEqual(tags(yield* store.commit(two)), ["Committed", "Committed"])
          }
        })
      yield* Effect.all(streams.map(each), { concurrency: "unbounded" })
      for (const stream of streams) {
        const events = yield* readAll(beside, stream)
        assert.deepStrictEqual(events.map(({ version }) => version), Array.from({ length: 20 }, (_, i) => i + 1))
        assert.strictEqual(new Set(events.map(({ commandId }) => commandId)).size, 20)
      }
      assert.isAbove(asked(), 160)
      assert.isAtMost(asked(), 3 * 160)
    }).pipe(Effect.scoped), 120_000)

  it.live(
    "says unknown of what may be stored, and finds it under the key that it names",
    () =>
      Effect.gen(function* () {
        const { behind, beside, onWrites } = yield* setting
        const store = yield* behind(hasty)
        onWrites(() => faults.drop)
        const [stream, id] = [streamOf("t", "a"), uuid()]
        const one = append(stream, 0, id, 2, { given: false })
        assert.strictEqual(yield* errorOf(store, one), "StoreOutcomeUnknown unanswered")
        onWrites(() => undefined)
        const key = store.generatedKey!(id, 1)
        assert.strictEqual((yield* store.receipt(stream, key))?.version, 2)
        assert.isUndefined(yield* store.receipt(stream, store.generatedKey!(uuid(), 1)))
        assert.isUndefined(yield* store.receipt(stream, store.generatedKey!(id, 2)))
        // The host decides it again, on whatever the stream is by then.
        yield* stored(beside, append(stream, 2, "later"))
        const again: Append = { ...append(stream, 3, id, 2, { given: true }), tried: 1 }
        assert.strictEqual((yield* commitOne(store, again))._tag, "Duplicate")
        // Its caller repeats it, anywhere.
        const repeat = yield* commitOne(beside, append(stream, 3, key, 2))
        assert.strictEqual(repeat._tag === "Duplicate" && repeat.receipt.commandId, key)
        assert.strictEqual((yield* readAll(beside, stream)).length, 3)
        // One that never went in goes in under its key.
        const other = store.generatedKey!(uuid(), 4)
        yield* stored(store, append(stream, 3, other))
        assert.strictEqual((yield* commitOne(store, append(stream, 4, other)))._tag, "Duplicate")
      }).pipe(Effect.scoped),
    60_000,
  )

  it.live(
    "says throttled of what is not stored, with few calls, and goes on when it is over",
    () =>
      Effect.gen(function* () {
        const { asked, behind, beside, onWrites } = yield* setting
        const store = yield* behind()
        onWrites((one) => throttled(one))
        const commands = Array.from({ length: 20 }, (_, i) => append(streamOf("t", `s-${i}`), 0, "c"))
        const tell = (one: Append) => errorOf(store, one)
        const said = yield* Effect.forEach(commands, tell, { concurrency: 8 })
        assert.deepStrictEqual(new Set(said), new Set(["StoreUnavailable throttled"]))
        for (let round = 0; round < 4; round++) {
          yield* Effect.forEach(commands, (one) => tell({ ...one, again: true }), { concurrency: 8 })
        }
        // The looks at the tables when it was opened have earned retries too.
        assert.isAtMost(asked(), 3 * commands.length + 2 * names.length)
        for (const { stream } of commands) assert.strictEqual((yield* beside.head(stream)).version, 0)
        onWrites(() => undefined)
        for (const one of commands) yield* stored(store, one)
      }).pipe(Effect.scoped),
    60_000,
  )

  it.live("answers each stream of a group by itself", () =>
    Effect.gen(function* () {
      const { behind, beside, onWrites } = yield* setting
      const store = yield* behind(hasty)
      onWrites((one) =>
        one.body.includes("#throttled") ? throttled(one) : one.body.includes("#lost") ? faults.drop : undefined
      )
      const id = uuid()
      const group = ["fine", "throttled", "lost"].flatMap((name) => [
        append(streamOf("t", name), 0, name === "lost" ? id : "c", 1, { given: false }),
        append(streamOf("t", name), 1, "d", 1, { given: false }),
      ])
      const outcomes = yield* store.commit(group)
      assert.deepStrictEqual(tags(outcomes), [
        ...["Committed", "Committed", "Unavailable", "Unavailable"],
        // One transaction whose token found it done: its answer was lost every time.
        ...["Unknown", "Unknown"],
      ])
      const ends = yield* Effect.forEach(["fine", "throttled", "lost"], (name) => beside.head(streamOf("t", name)))
      assert.deepStrictEqual(ends.map(({ version }) => version), [2, 0, 2])
    }).pipe(Effect.scoped), 60_000)

  it.live("waits for another transaction that is in the way", () =>
    Effect.gen(function* () {
      const { behind, onWrites } = yield* setting
      const store = yield* behind()
      onWrites((one, n) => n === 0 ? cancelled(one, ["TransactionConflict", "None"]) : undefined)
      yield* stored(store, append(streamOf("t", "a"), 0, "c"))
      onWrites((one, n) => n === 0 ? cancelled(one, ["ConditionalCheckFailed", "TransactionConflict"]) : undefined)
      assert.strictEqual(
        yield* errorOf(store, append(streamOf("t", "b"), 0, "c")),
        "StoreUnavailable contended",
      )
      yield* stored(store, append(streamOf("t", "b"), 0, "c"))
    }).pipe(Effect.scoped), 60_000)
})
