/**
 * Two processes on the same tables, one of them this: they race for versions, and neither believes what it remembers.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { EventStore } from "../../../core/EventStore.ts"
import {
  append,
  commitOne,
  fence,
  noop,
  readAll,
  refused,
  same,
  stored,
  streamOf,
} from "../../../core/laws/fixtures.ts"
import { engine } from "../../../tests/engine.ts"
import { race } from "../../../tests/store/race.ts"
import { start } from "../../../tests/store/SecondProcess.ts"
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
    () =>
      Effect.gen(function* () {
        const { here, there } = yield* two
        const streams = ["a", "b"].map((id) => streamOf("t", id))
        const shared = Array.from({ length: 8 }, (_, i) => `shared-${i}`)
        const idsOf = (who: string) => shared.flatMap((id, i) => [id, `${who}-${i}`])
        yield* there.store.head(streams[0]!)
        const [mine, theirs] = yield* Effect.all(
          [race(here, { streams, commandIds: idsOf("here") }), there.race({ streams, commandIds: idsOf("there") })],
          { concurrency: "unbounded" },
        )
        assert.isAbove(mine.conflicts + theirs.conflicts, 0, "the processes never met")
        for (const [i, stream] of streams.entries()) {
          const events = yield* readAll(here, stream)
          assert.deepEqual(events.map(({ version }) => version), events.map((_, i) => i + 1))
          assert.strictEqual(events.length, 2 * 24, "each command has left its two events once")
          for (const id of shared) {
            const tags = [...mine.answers, ...theirs.answers]
              .filter(({ commandId, stream }) => stream === i && commandId === id).map(({ outcome }) => outcome._tag)
            assert.deepEqual(tags.toSorted(), ["Committed", "Duplicate"], `who brought in ${id}`)
          }
        }
      }).pipe(Effect.scoped),
    120_000,
  )

  it.live("fence what one of them decided before the other wrote", () =>
    Effect.gen(function* () {
      const { here, there } = yield* two
      const stream = streamOf("t", "a")
      yield* stored(here, append(stream, 0, "first"))
      // Each of these is decided on version 1, 2, ... while the other process has just moved on.
      for (const [i, decided] of [fence, noop, refused, append].entries()) {
        const version = 2 * i + 1
        yield* stored(here, fence(stream, version))
        assert.strictEqual((yield* there.store.commit([append(stream, version, `there-${i}`)]))[0]!._tag, "Committed")
        assert.strictEqual((yield* commitOne(here, decided(stream, version, `here-${i}`)))._tag, "Conflict")
        yield* same(yield* here.receipt(stream, `here-${i}`), undefined, "the receipt of a conflict")
        yield* stored(here, append(stream, version + 1, `again-${i}`))
        yield* same((yield* there.store.head(stream)).version, version + 2, "the head, there")
      }
    }).pipe(Effect.scoped), 120_000)
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
})
