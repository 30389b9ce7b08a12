import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { laws } from "../../core/EventStore.laws.ts"
import { EventStore, type Shape } from "../../core/EventStore.ts"
import { append, commitOne, fence, noop, readAll, refused, same, stored, streamOf } from "../../core/laws/fixtures.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { freshFolder } from "../../runtime/adapters/sqlite/testFolder.ts"
import { patient, race } from "./race.ts"
import { start } from "./SecondProcess.ts"

const two = Effect.gen(function* () {
  const folder = yield* freshFolder
  const here = Context.get(yield* Layer.build(Layer.fresh(Sqlite.layer({ folder }))), EventStore)
  return { here, there: yield* start(folder) }
})

/** The calls of one store go to two processes in turn. */
const takingTurns = Layer.effect(
  EventStore,
  Effect.map(two, ({ here, there }) => {
    let turn = 0
    return new Proxy(here, {
      get: (_, name) => {
        if (!(name in there.store)) return here[name as keyof Shape]
        return (...args: ReadonlyArray<never>) => {
          const store = turn++ % 2 === 0 ? here : there.store
          const method = store[name as "head"] as unknown as (...args: ReadonlyArray<never>) => Effect.Effect<unknown>
          return patient(method(...args))
        }
      },
    })
  }),
)

layer(takingTurns)("two processes that take turns on one file", (it) => {
  for (const { name, law } of laws) it.effect(name, () => law, 30_000)
})

describe("two processes on one file", () => {
  it.live(
    "win each version once between them, without gaps, and honour each other's receipts",
    () =>
      Effect.gen(function* () {
        const { here, there } = yield* two
        const streams = ["a", "b", "c"].map((id) => streamOf("t", id))
        const shared = Array.from({ length: 20 }, (_, i) => `shared-${i}`)
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
          assert.strictEqual(events.length, 2 * 60, "each command has left its two events once")
          for (const id of shared) {
            const tags = [...mine.answers, ...theirs.answers]
              .filter(({ stream, commandId }) => stream === i && commandId === id).map(({ outcome }) => outcome._tag)
            assert.deepEqual(tags.toSorted(), ["Committed", "Duplicate"], `who brought in ${id}`)
          }
          for (const { commandId, outcome } of [...mine.answers, ...theirs.answers].filter((one) => one.stream === i)) {
            const stood = events.filter((event) => event.commandId === commandId).map(({ version }) => version)
            const version = outcome._tag === "Committed"
              ? outcome.head.version
              : outcome._tag === "Duplicate"
              ? outcome.receipt.version
              : 0
            assert.deepEqual(stood, [version - 1, version], `${commandId} was acknowledged at version ${version}`)
          }
        }
      }),
    60_000,
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
    }), 30_000)

  it.live("take a refusal of the one for a repeat in the other", () =>
    Effect.gen(function* () {
      const { here, there } = yield* two
      const stream = streamOf("t", "a")
      for (
        const [i, one] of [refused(stream, 0, "no"), noop(stream, 0, "nothing"), append(stream, 0, "yes")].entries()
      ) {
        const [first, second] = i % 2 === 0 ? [here, there.store] : [there.store, here]
        assert.strictEqual((yield* first.commit([one]))[0]!._tag, "Committed")
        const again = (yield* second.commit([one]))[0]!
        assert.strictEqual(again._tag, "Duplicate")
        yield* same(
          again._tag === "Duplicate" && again.receipt,
          yield* first.receipt(stream, one.command!.commandId),
          "receipt",
        )
      }
      assert.strictEqual((yield* readAll(here, stream)).length, 1)
    }), 30_000)

  it.live("make one file between them, however many start at once", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const started = yield* Effect.all(Array.from({ length: 6 }, () => start(folder)), { concurrency: "unbounded" })
      const heads = yield* Effect.all(
        started.map(({ store }, i) =>
          Effect.gen(function* () {
            yield* patient(store.commit([append(streamOf("t", `s-${i}`), 0, "c")]))
            return (yield* store.head(streamOf("t", `s-${i}`))).version
          })
        ),
        { concurrency: "unbounded" },
      )
      assert.deepEqual(heads, Array(6).fill(1))
      assert.deepEqual(yield* Sqlite.check({ folder }), [])
    }), 60_000)
})
