/**
 * What two processes on the same data do to each other, whatever the store is.
 * @module
 */
import { assert } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type { Shape } from "../../core/EventStore.ts"
import { append, commitOne, fence, noop, readAll, refused, same, stored, streamOf } from "../../core/laws/fixtures.ts"
import { race } from "./race.ts"
import type { start } from "./SecondProcess.ts"

/** This process's store, and the other process. */
type Two<E> = Effect.Effect<
  { readonly here: Shape; readonly there: Effect.Success<ReturnType<typeof start>> },
  E,
  Scope.Scope
>

/** Both race for `streams`, with `shared` command ids and as many of their own. */
export const contended = Effect.fnUntraced(function* <E>(two: Two<E>, streamCount: number, sharedCount: number) {
  const { here, there } = yield* two
  const streams = Array.from({ length: streamCount }, (_, i) => streamOf("t", `contended-${i}`))
  const shared = Array.from({ length: sharedCount }, (_, i) => `shared-${i}`)
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
    assert.strictEqual(events.length, 2 * 3 * sharedCount, "each command has left its two events once")
    const answers = [...mine.answers, ...theirs.answers].filter((one) => one.stream === i)
    for (const id of shared) {
      const tags = answers.filter(({ commandId }) => commandId === id).map(({ outcome }) => outcome._tag)
      assert.deepEqual(tags.toSorted(), ["Committed", "Duplicate"], `who brought in ${id}`)
    }
    for (const { commandId, outcome } of answers) {
      const stood = events.filter((event) => event.commandId === commandId).map(({ version }) => version)
      const version = outcome._tag === "Committed"
        ? outcome.head.version
        : outcome._tag === "Duplicate"
        ? outcome.receipt.version
        : 0
      assert.deepEqual(stood, [version - 1, version], `${commandId} was acknowledged at version ${version}`)
    }
  }
})

/** One decides on what the other has just overtaken. */
export const fenced = Effect.fnUntraced(function* <E>(two: Two<E>) {
  const { here, there } = yield* two
  const stream = streamOf("t", "fenced")
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
})
