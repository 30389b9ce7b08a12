import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Logger, Random, Scope } from "effect"
import { TestClock } from "effect/testing"
import { EventStore, StoreUnavailable } from "../../core/EventStore.ts"
import * as Limits from "../../core/Limits.ts"
import * as Redrive from "./Redrive.ts"
import * as mailer from "./testMailer.ts"

const quiet = Layer.merge(Logger.layer([]), Layer.succeed(Limits.Limits, Limits.defaults))
const within = (body: (world: mailer.World) => Effect.Effect<void, unknown, Scope.Scope>, ms = 0) => () =>
  Effect.flatMap(mailer.make(ms), body).pipe(Effect.scoped, Effect.provide(quiet))

/** Steps the clock until it is so, at most for so long. */
const until = Effect.fnUntraced(function* (isSo: () => Effect.Effect<boolean, unknown>, stepMs = 100, steps = 3_000) {
  for (let i = 0; i < steps; i++) {
    if (yield* isSo()) return true
    yield* TestClock.adjust(stepMs)
  }
  return false
})
const isGone = ({ letters }: mailer.World, id: string) => () =>
  Effect.map(letters.get("t", mailer.letterId(id)), (row) => row === undefined)
/** For tests whose stores answer at once. */
const row = ({ letters }: mailer.World, id: string) => letters.get("t", mailer.letterId(id))
const versions = (id: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${id}@${from + i}`)
const parkedAt = Effect.fnUntraced(function* (world: mailer.World, id: string, version: number, count: number) {
  const { deliver } = yield* world.open
  world.poison.add(`${id}@${version}`)
  yield* world.write(id, count)
  yield* deliver(id, count)
  return { deliver }
})

describe("a redrive", () => {
  it.effect(
    "does the whole stream in order once the cause is mended, and the stream is live again",
    within(Effect.fnUntraced(function* (world) {
      const { deliver } = yield* parkedAt(world, "a", 3, 5)
      assert.deepStrictEqual(world.handled, versions("a", 1, 2))
      yield* world.write("a")
      yield* deliver("a", 6)
      // Others flow meanwhile.
      yield* world.write("b", 2)
      yield* deliver("b", 2)
      assert.deepStrictEqual(world.handled.splice(0), [...versions("a", 1, 2), ...versions("b", 1, 2)])
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* row(world, "a"), { version: 3, asked: "nothing" }, "nobody asked")

      world.poison.clear()
      yield* world.letters.ask("t", mailer.letterId("a"), "redrive")
      assert.isTrue(yield* until(isGone(world, "a")))
      assert.deepStrictEqual(world.handled, versions("a", 3, 6))
      yield* world.write("a")
      yield* deliver("a", 7)
      assert.deepStrictEqual(world.handled, versions("a", 3, 7))
    })),
  )

  it.effect(
    "that fails puts the row back in front of the event, with its attempts, and can be asked for again",
    within(Effect.fnUntraced(function* (world) {
      yield* parkedAt(world, "a", 2, 5)
      const first = yield* row(world, "a")
      world.poison.add("a@4").delete("a@2")
      for (const attempts of [2, 3]) {
        yield* world.letters.ask("t", mailer.letterId("a"), "redrive")
        yield* until(() => Effect.map(row(world, "a"), (now) => now?.asked === "nothing"))
        const { asked, attempts: said, version } = (yield* row(world, "a"))!
        assert.deepStrictEqual([said, asked, version], [attempts, "nothing", 4])
      }
      assert.isAbove((yield* row(world, "a"))!.fence, first!.fence)
      assert.deepStrictEqual(world.handled, versions("a", 1, 3))
    })),
  )

  it.effect(
    "that was killed half-way is gone on with by another process, from where it was",
    within(Effect.fnUntraced(function* (world) {
      const dying = yield* Scope.make()
      yield* Scope.provide(parkedAt(world, "a", 1, 40), dying)
      world.poison.clear()
      world.takes.handlerMs = 400
      yield* world.letters.ask("t", mailer.letterId("a"), "redrive")
      yield* until(() => Effect.sync(() => world.handled.length >= 10), 50)
      yield* Scope.close(dying, Exit.void)
      const half = world.handled.length
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* row(world, "a"), { asked: "redrive" })
      assert.strictEqual(world.handled.length, half)
      yield* world.open
      assert.isTrue(yield* until(isGone(world, "a")))
      assert.deepStrictEqual(world.handled, versions("a", 1, 40))
    })),
  )

  it.effect(
    "that fails behind another one that was done parks nothing",
    within(Effect.fnUntraced(function* (world) {
      const letter = {
        ...{ id: mailer.letterId("a"), kind: "stream" as const, consumer: mailer.name, stream: mailer.streamOf("a") },
        ...{ version: 1, eventId: "e", type: "Noted", error: "x", attempts: 6, firstAt: 0, lastAt: 0, traceId: "" },
      }
      yield* world.letters.put(letter)
      const row = (yield* world.letters.ask("t", letter.id, "redrive"))!
      const redo = {
        stream: () => Effect.as(Effect.orDie(world.letters.resolve(row)), { _tag: "Failed", letter: row } as const),
        message: () => Effect.succeed(false),
      }
      const alone = Redrive.layer(Effect.succeed(new Map([[mailer.name, redo]])))
      yield* Effect.provideContext(Layer.build(alone), world.context)
      yield* TestClock.adjust("5 seconds")
      assert.isUndefined(yield* world.letters.get("t", row.id))
    })),
  )

  it.effect(
    "of one that takes long holds no other up",
    within(Effect.fnUntraced(function* (world) {
      yield* parkedAt(world, "slow", 1, 200)
      yield* parkedAt(world, "quick", 1, 1)
      world.poison.clear()
      world.takes.handlerMs = 2_000
      yield* world.letters.ask("t", mailer.letterId("slow"), "redrive")
      yield* TestClock.adjust("3 seconds")
      yield* world.letters.ask("t", mailer.letterId("quick"), "redrive")
      assert.isTrue(yield* until(isGone(world, "quick")))
      assert.isFalse(yield* isGone(world, "slow")())
    })),
  )

  it.effect(
    "waits while the store or the queue refuses, loses nothing, and in the end says so",
    within(Effect.fnUntraced(function* (world) {
      yield* world.open
      yield* world.write("a", 2)
      const [, event] = yield* world.store.read(mailer.streamOf("a"), 0, 2)
      const id = mailer.letterId("a", event!.eventId)
      const letter = {
        ...{ id, kind: "message" as const, consumer: mailer.name, stream: mailer.streamOf("a"), version: 2 },
        ...{ eventId: event!.eventId, type: event!.type, error: "x", attempts: 6, firstAt: 0, lastAt: 0, traceId: "" },
      }
      yield* world.letters.put(letter)
      world.takes.queue = false
      yield* world.letters.ask("t", id, "redrive")
      yield* TestClock.adjust("2 seconds")
      assert.deepInclude(yield* world.letters.get("t", id), { asked: "redrive" })
      world.takes.queue = true
      assert.isTrue(yield* until(() => Effect.map(world.letters.get("t", id), (row) => row === undefined)))
      assert.deepStrictEqual(world.sent.splice(0), [event!.eventId])

      world.takes.queue = false
      yield* world.letters.put(letter)
      yield* world.letters.ask("t", id, "redrive")
      yield* TestClock.adjust("5 minutes")
      const back = { asked: "nothing" as const, attempts: 7, error: "the queue did not take it" }
      assert.deepInclude(yield* world.letters.get("t", id), back)
      world.takes.queue = true
      yield* world.letters.put({ ...letter, id: `${id}.x`, eventId: "another" })
      yield* world.letters.ask("t", `${id}.x`, "redrive")
      yield* TestClock.adjust("5 seconds")
      assert.deepInclude(yield* world.letters.get("t", `${id}.x`), { error: "the store has no such event" })
      assert.isEmpty(world.sent)
    })),
  )

  it.effect(
    "is looked for again after the store could not be asked, or broke; an outage is said once",
    within(Effect.fnUntraced(function* (world) {
      const said: Array<unknown> = []
      const ear = Logger.layer([Logger.make(({ message }) => void said.push(message))])
      const { asked } = world.letters
      let refused = 0
      const refuse = () =>
        Effect.suspend(() =>
          refused++ === 2 ? Effect.die("no") : Effect.fail(new StoreUnavailable({ reason: "locked" }))
        )
      Object.assign(world.letters, { asked: refuse })
      yield* Effect.provide(parkedAt(world, "a", 1, 1), ear)
      world.poison.clear()
      yield* world.letters.ask("t", mailer.letterId("a"), "redrive")
      yield* TestClock.adjust("20 seconds")
      assert.isAtLeast(refused, 5)
      // Once by the worker that broke, once by the one that began anew.
      assert.lengthOf(said.filter((message) => `${message}` === "redrives cannot be looked for"), 2)
      Object.assign(world.letters, { asked })
      assert.isTrue(yield* until(isGone(world, "a")))
    })),
  )

  it.effect(
    "in whatever order things happen, loses no event and does none twice, with two processes",
    () =>
      Effect.forEach(Array.from({ length: 60 }, (_, i) => `seed-${i}`), (seed) =>
        Effect.gen(function* () {
          const world = yield* mailer.make(40)
          // Only the first has the stream on its bus; both look for redrives.
          const { deliver } = yield* world.open
          yield* world.open
          world.poison.add("a@2")
          const some = (ms: number) => Effect.map(Random.next, (part) => Math.floor(part * ms))
          const comes = Effect.fnUntraced(function* (version: number) {
            yield* world.write("a")
            yield* Effect.sleep(yield* some(60))
            yield* deliver("a", version)
          }, Effect.orDie)
          // The last one comes once a redrive has seen the head, and alone: no later event shows that it is missing.
          const store = Context.get(world.context, EventStore)
          const { read } = store
          const last: Array<Fiber.Fiber<void>> = []
          Object.assign(store, {
            read: (...args: Parameters<typeof read>) =>
              Effect.tap(read(...args), (events) =>
                events.length > 0 || last.length > 0
                  ? Effect.void
                  : Effect.map(Effect.forkDetach(comes(5)), (fiber) => void last.push(fiber))),
          })
          const life = yield* Effect.forkChild(Effect.gen(function* () {
            yield* world.write("a")
            yield* comes(2)
            world.poison.clear()
            for (const version of [3, 4]) {
              yield* Effect.forkChild(comes(version))
              yield* Effect.sleep(yield* some(300))
              yield* world.letters.ask("t", mailer.letterId("a"), "redrive")
            }
            while ((yield* world.letters.get("t", mailer.letterId("a"))) !== undefined) {
              yield* Effect.sleep(50)
            }
            yield* Fiber.join(last[0]!)
          }))
          yield* until(() =>
            Effect.sync(() => life.pollUnsafe() !== undefined), 20)
          yield* Fiber.join(life)
          assert.deepStrictEqual(world.handled, versions("a", 1, 5), seed)
        }).pipe(Effect.scoped, Effect.provide(quiet), Random.withSeed(seed)), { discard: true }),
    120_000,
  )
})
