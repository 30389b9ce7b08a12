/**
 * How the host's tests send, wait and look.
 * @module
 */
import { assert } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import { tombstone } from "../../core/EventStore.ts"
import * as Rig from "./Rig.ts"

export const tag = <E extends { readonly _tag: string }>(exit: Result.Result<unknown, E>) =>
  Result.isSuccess(exit) ? "ok" : exit.failure._tag
export const fork = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.forkChild(Effect.result(effect), { startImmediately: true })
export const totalOf = (rig: Rig.Rig, id: string) =>
  rig.events.log.filter((e) => e.id === id).reduce((sum, e) => sum + JSON.parse(e.payload).n, 0)
export const versionsOf = (rig: Rig.Rig, id: string) => rig.events.log.filter((e) => e.id === id).map((e) => e.version)
export const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

/** Steps the virtual clock until the fibers have ended; real ticks run between the steps. */
export const awaitAll = Effect.fnUntraced(function* <A, E>(fibers: ReadonlyArray<Fiber.Fiber<A, E>>) {
  for (let i = 0; i < 2_000 && fibers.some((fiber) => fiber.pollUnsafe() === undefined); i++) {
    yield* Rig.settle
    yield* TestClock.adjust(i < 50 ? 10 : 200)
  }
  return yield* Effect.forEach(fibers, Fiber.join)
})

/** Ends the stream of a counter where it stands, as an operator would. */
export const close = Effect.fnUntraced(function* (rig: Rig.Rig, id: string) {
  const stream = { tenant: "t1", aggregate: "Counter", id }
  const [outcome] = yield* rig.store.commit([{
    stream,
    expected: yield* rig.store.head(stream),
    events: [{ ...tombstone, eventId: "e-x" }],
    command: {
      commandId: "close",
      given: true,
      fingerprint: "f",
      correlationId: "close",
      causationId: undefined,
      principal: "ops",
      traceparent: undefined,
      writerId: "w",
    },
    remember: true,
    refusal: undefined,
  }])
  return outcome!
})

/** Nobody is held by anybody: commands are taken, and a drain ends at once. */
export const isFree = Effect.fnUntraced(function* (host: Rig.Running) {
  assert.deepEqual((yield* awaitAll([yield* fork(host.tell("d", "Add", { n: 1 }))])).map(tag), ["ok"])
  assert.strictEqual(host.stats().working, 0)
  const drained = yield* fork(host.drain)
  yield* Rig.settle
  assert.isDefined(drained.pollUnsafe())
})

/** And nothing of a payload with it. */
export const isLogged = (rig: Rig.Rig, name: RegExp) => {
  const log = rig.logs.join("\n")
  assert.match(log, name)
  assert.notInclude(log, "secret-payload")
}
