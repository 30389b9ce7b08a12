/**
 * Makes few calls of many: whatever is asked for while a call is under way goes into the next one.
 * @module
 */
import { Deferred, Effect, Exit, Queue, type Scope } from "effect"

interface Asked<A, B> {
  readonly item: A
  readonly answer: Deferred.Deferred<B>
}

/**
 * Asks for one item and waits for its answer. `call` takes up to `max` items, answers each in order, and does not fail: it
 * tries again by itself. An item that nobody waits for any more may be called all the same.
 */
export const make = Effect.fnUntraced(function* <A, B>(
  max: number,
  call: (items: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>>,
): Effect.fn.Return<(item: A) => Effect.Effect<B>, never, Scope.Scope> {
  // Bounded by those who wait for their answers.
  const queue = yield* Queue.unbounded<Asked<A, B>>()
  yield* Effect.forkScoped(Effect.forever(Effect.gen(function* () {
    const asked = yield* Queue.takeBetween(queue, 1, max)
    const exit = yield* Effect.exit(Effect.suspend(() => call(asked.map(({ item }) => item))))
    // A call that dies has died for all of them.
    for (const [index, { answer }] of asked.entries()) {
      Deferred.doneUnsafe(answer, Exit.map(exit, (answers) => answers[index]!))
    }
  })))
  return (item) =>
    Effect.suspend(() => {
      const answer = Deferred.makeUnsafe<B>()
      Queue.offerUnsafe(queue, { item, answer })
      return Deferred.await(answer)
    })
})
