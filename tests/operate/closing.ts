/**
 * What closing a stream promises, over whatever store.
 * @module
 */
import { Effect, Layer, Result } from "effect"
import { assert, it } from "vitest"
import { Actors } from "../../core/Actors.ts"
import { EventStore, type Outcome, type Shape, StoreOutcomeUnknown, StoreUnavailable } from "../../core/EventStore.ts"
import { append, stored, streamOf } from "../../core/laws/fixtures.ts"
import * as SnapshotStoreMemory from "../../core/SnapshotStoreMemory.ts"
import { alice, app } from "../host/Counter.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import * as Close from "../../runtime/Close.ts"
import { Gate } from "../../runtime/Gate.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"

const stream = streamOf("t", "a")
type Commit = (store: Shape) => Shape["commit"]

const tagOf = (done: Result.Result<unknown, { readonly _tag: string }>) =>
  Result.isFailure(done) ? done.failure._tag : "closed"

type Process = Layer.Layer<EventStore, unknown>

/** `open`: two processes on one store, which is empty and of nobody else. */
export const closing = (open: () => readonly [Process, Process]): void => {
  /** A stream at version 2, in a store whose `commit` is made from the real one. */
  const over = <A>(
    use: (store: Shape) => Effect.Effect<A, unknown, EventStore>,
    commit: Commit = (store) => store.commit,
  ) =>
    Effect.runPromise(
      Effect.gen(function* () {
        const store = yield* EventStore
        yield* stored(store, append(stream, 0, "one", 2))
        const layer = Layer.succeed(EventStore, { ...store, commit: commit(store) })
        return yield* Effect.provide(use(store), layer)
      }).pipe(Effect.provide(open()[0])),
    )

  it("stores a tombstone behind what was seen; then no command is taken, and history is read", () =>
    over((store) =>
      Effect.gen(function* () {
        const { already, head } = yield* Close.close(stream, 2)
        assert.deepStrictEqual([already, head.version, head.closed], [false, 3, true])
        const [outcome] = yield* store.commit([append(stream, 3, "late")])
        assert.strictEqual(outcome!._tag, "Closed")
        const events = yield* store.read(stream, 0, 10)
        assert.deepStrictEqual(events.map(({ type }) => type).slice(2), ["$Tombstone"])
        assert.strictEqual(events[2]!.principal, "nexus close")
      })
    ))

  it("closes once, however often it is asked", () =>
    over((store) =>
      Effect.gen(function* () {
        yield* Close.close(stream, undefined)
        const { already, head } = yield* Close.close(stream, 2)
        assert.deepStrictEqual([already, head.version], [true, 3])
        assert.lengthOf(yield* store.read(stream, 0, 10), 3)
      })
    ))

  it("refuses a stream without events, and one that has moved since it was seen", () =>
    over((store) =>
      Effect.gen(function* () {
        assert.strictEqual(tagOf(yield* Effect.result(Close.close(streamOf("t", "none"), undefined))), "StreamAbsent")
        assert.strictEqual(tagOf(yield* Effect.result(Close.close(stream, 1))), "StreamMoved")
        assert.isFalse((yield* store.head(stream)).closed)
      })
    ))

  it("goes on behind what others store, unless it was to be closed where it was seen", async () => {
    /** The first attempts find that somebody was faster. */
    const rivals = (times: number): Commit => (store) => (group) =>
      Effect.gen(function* () {
        const head = yield* store.head(stream)
        if (times-- > 0) yield* Effect.orDie(stored(store, append(stream, head.version, `rival-${times}`)))
        return yield* store.commit(group)
      })
    await over(
      () => Effect.map(Close.close(stream, undefined), ({ head }) => assert.strictEqual(head.version, 6)),
      rivals(3),
    )
    const seen = () => Effect.map(Effect.result(Close.close(stream, 2)), tagOf)
    assert.strictEqual(await over(seen, rivals(1)), "StreamMoved")
    const any = () => Effect.map(Effect.result(Close.close(stream, undefined)), tagOf)
    assert.strictEqual(await over(any, rivals(1_000)), "StreamBusy")
  })

  it("does not close twice where it could not be told whether it had", async () => {
    /** It went in, and nobody said so; or it did not. */
    const silent = (goesIn: boolean, say: Effect.Effect<ReadonlyArray<Outcome>, StoreOutcomeUnknown>): Commit => {
      let isFirst = true
      return (store) => (group) => {
        if (!isFirst) return store.commit(group)
        isFirst = false
        return goesIn ? Effect.andThen(store.commit(group), say) : say
      }
    }
    const unknown = Effect.fail(new StoreOutcomeUnknown({ reason: "lost" }))
    const one = Effect.succeed([{ _tag: "Unknown" as const, reason: "lost" }])
    for (const say of [unknown, one]) {
      for (const goesIn of [true, false]) {
        await over((store) =>
          Effect.gen(function* () {
            const { already, head } = yield* Close.close(stream, 2)
            assert.deepStrictEqual([already, head.version, head.closed], [false, 3, true])
            assert.lengthOf(yield* store.read(stream, 0, 10), 3)
          }), silent(goesIn, say))
      }
    }
  })

  it("says why where the store does not store", async () => {
    const full: Commit = () => () => Effect.succeed([{ _tag: "Unavailable", reason: "disk-full" }])
    const done = await over(() => Effect.result(Close.close(stream, 2)), full)
    assert.deepStrictEqual(done, Result.fail(new StoreUnavailable({ reason: "disk-full" })))
  })

  it("ends an actor that another process has in memory: it takes no more commands, and others go on", () => {
    const [own, other] = open()
    const host = ActorHost.layer(app).pipe(
      Layer.provide(Layer.mergeAll(own, SnapshotStoreMemory.layer, Gate.layerOpen, TickTrigger.layerImmediate)),
    )
    const counter = { tenant: alice.tenant, aggregate: "Counter", id: "c" }
    return Effect.runPromise(
      Effect.gen(function* () {
        const { send, state } = yield* Actors
        const add = (id: string, commandId: string) => {
          const { aggregate } = counter
          return Effect.result(send({ principal: alice, aggregate, id, command: "Add", payload: { n: 1 }, commandId }))
        }
        const [first, second] = [yield* add("c", "k-1"), yield* add("c", "k-2")]
        assert.isTrue(Result.isSuccess(first) && Result.isSuccess(second))
        const { already, head } = yield* Effect.provide(Close.close(counter, 2), other)
        assert.deepStrictEqual([already, head.version], [false, 3])
        assert.strictEqual(tagOf(yield* add("c", "k-3")), "StreamClosed")
        assert.deepStrictEqual(yield* add("c", "k-1"), first)
        const read = yield* state(alice, "Counter", "c")
        assert.deepStrictEqual([read?.version, read?.state], [3, { total: 2 }])
        assert.isTrue(Result.isSuccess(yield* add("d", "k-1")))
      }).pipe(Effect.provide(host)),
    )
  })
}
