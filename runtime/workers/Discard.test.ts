import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, Metric, Random, References, Scope } from "effect"
import { TestClock } from "effect/testing"
import type { DeadLetter, Failure } from "../../core/DeadLetters.ts"
import { StoreUnavailable } from "../../core/EventStore.ts"
import * as Limits from "../../core/Limits.ts"
import { DeadLettersDiscarded, DeadLettersRedriven } from "./deadLetter.ts"
import * as Redrive from "./Redrive.ts"
import * as mailer from "./testMailer.ts"

const quiet = Layer.merge(Logger.layer([]), Layer.succeed(Limits.Limits, Limits.defaults))
const within = (body: (world: mailer.World) => Effect.Effect<void, unknown, Scope.Scope>, ms = 0) => () =>
  Effect.flatMap(mailer.make(ms), body).pipe(Effect.scoped, Effect.provide(quiet))

const until = Effect.fnUntraced(function* (isSo: () => Effect.Effect<boolean, unknown>, stepMs = 100, steps = 3_000) {
  for (let i = 0; i < steps; i++) {
    if (yield* isSo()) return true
    yield* TestClock.adjust(stepMs)
  }
  return false
})
const id = mailer.letterId("a")
const row = ({ letters }: mailer.World) => letters.get("t", id)
const isGone = (world: mailer.World) => () => Effect.map(row(world), (row) => row === undefined)
const discard = ({ letters }: mailer.World, version: number) => letters.ask("t", id, "discard", version)
const at = (...versions: ReadonlyArray<number>) => versions.map((version) => `a@${version}`)
const parkedAt = Effect.fnUntraced(function* (world: mailer.World, version: number, count: number) {
  const { deliver } = yield* world.open
  world.poison.add(`a@${version}`)
  yield* world.write("a", count)
  yield* deliver("a", count)
  return { deliver }
})
const letterOf = (more: Partial<Failure> = {}): Failure => ({
  ...{ id, kind: "stream", consumer: mailer.name, stream: mailer.streamOf("a"), version: 1, eventId: "e" },
  ...{ type: "Noted", error: "x", attempts: 6, firstAt: 0, lastAt: 0, traceId: "" },
  ...more,
})
/** The lines that were logged of dead letters, with what they say. */
const ear = () => {
  const lines: Array<readonly [string, unknown]> = []
  const logger = Logger.make<unknown, void>(({ fiber, message }) =>
    void lines.push([`${message}`, fiber.getRef(References.CurrentLogAnnotations)])
  )
  return { lines, layer: Logger.layer([logger]) }
}
const counted = (metric: typeof DeadLettersDiscarded, kind: string) =>
  Effect.map(Metric.value(Metric.withAttributes(metric, { consumer: mailer.name, kind })), ({ count }) => Number(count))

describe("a discard", () => {
  it.effect(
    "gives up the one event in front of which the stream waits, and has the later ones done in order",
    within(Effect.fnUntraced(function* (world) {
      const { layer, lines } = ear()
      const before = [yield* counted(DeadLettersDiscarded, "stream"), yield* counted(DeadLettersRedriven, "stream")]
      const { deliver } = yield* Effect.provide(parkedAt(world, 3, 5), layer)
      const seen = (yield* row(world))!
      yield* world.write("a")
      yield* deliver("a", 6)
      const asked = yield* discard(world, 3)
      assert.deepStrictEqual(yield* discard(world, 3), asked)
      assert.isTrue(yield* until(isGone(world)))
      assert.deepStrictEqual(world.handled, at(1, 2, 4, 5, 6))
      yield* world.write("a")
      yield* deliver("a", 7)
      assert.deepStrictEqual(world.handled, at(1, 2, 4, 5, 6, 7))

      const { eventId, type } = seen
      const said = lines.filter(([message]) => message !== "dead letter")
      assert.deepStrictEqual(said.map(([message]) => message), ["dead letter discarded", "dead letter redriven"])
      assert.deepStrictEqual(said[0]![1], {
        ...{ consumer: mailer.name, kind: "stream", stream: "t/Order/a", version: 3, eventId, type },
        ...{ error: "Refused", attempts: 1, traceId: seen.traceId },
      })
      const after = [yield* counted(DeadLettersDiscarded, "stream"), yield* counted(DeadLettersRedriven, "stream")]
      assert.deepStrictEqual(after.map((count, i) => count - before[i]!), [1, 1])
    })),
  )

  it.effect(
    "stops in front of the next event that fails, and does not give up that one, however often it was asked before",
    within(Effect.fnUntraced(function* (world) {
      yield* parkedAt(world, 2, 5)
      world.poison.add("a@4")
      yield* discard(world, 2)
      assert.isTrue(yield* until(() => Effect.map(row(world), (row) => row?.version === 4)))
      assert.deepInclude(yield* row(world), { asked: "nothing" as const, version: 4 })
      // Who looked before that asks again.
      yield* discard(world, 2)
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* row(world), { asked: "nothing" as const, version: 4 })
      assert.deepStrictEqual(world.handled, at(1, 3))
      yield* discard(world, 4)
      assert.isTrue(yield* until(isGone(world)))
      assert.deepStrictEqual(world.handled, at(1, 3, 5))
    })),
  )

  it.effect(
    "works where the store has the event no more: of a stream, and of a message, which is sent nowhere",
    within(Effect.fnUntraced(function* (world) {
      const { layer, lines } = ear()
      const before = yield* counted(DeadLettersDiscarded, "message")
      yield* Effect.provide(world.open, layer)
      const messageId = mailer.letterId("a", "lost")
      yield* world.letters.put(letterOf())
      yield* world.letters.put(letterOf({ id: messageId, kind: "message", version: 7, eventId: "lost" }))
      yield* discard(world, 1)
      yield* world.letters.ask("t", messageId, "discard", 7)
      assert.isTrue(yield* until(isGone(world)))
      assert.isTrue(yield* until(() => Effect.map(world.letters.get("t", messageId), (row) => row === undefined)))
      assert.isEmpty([...world.sent, ...world.handled])
      assert.lengthOf(lines.filter(([message]) => message === "dead letter discarded"), 2)
      assert.strictEqual((yield* counted(DeadLettersDiscarded, "message")) - before, 1)
    })),
  )

  it.effect(
    "that was killed behind the mark is gone on with by another process, and gives up nothing more",
    within(Effect.fnUntraced(function* (world) {
      const dying = yield* Scope.make()
      yield* Scope.provide(parkedAt(world, 1, 4), dying)
      // It dies right behind the mark: what it asks of the letters then comes nowhere.
      const { ask } = world.letters
      let begun = false
      Object.assign(world.letters, { ask: () => Effect.andThen(Effect.sync(() => void (begun = true)), Effect.never) })
      yield* ask("t", id, "discard", 1)
      assert.isTrue(yield* until(() => Effect.sync(() => begun)))
      yield* Scope.close(dying, Exit.void)
      Object.assign(world.letters, { ask })
      assert.deepInclude(yield* row(world), { asked: "discard" as const, version: 1 })
      world.poison.add("a@2")
      yield* world.open
      assert.isTrue(yield* until(() => Effect.map(row(world), (row) => row?.version === 2)))
      assert.isEmpty(world.handled)
      world.poison.clear()
      yield* world.letters.ask("t", id, "redrive")
      assert.isTrue(yield* until(isGone(world)))
      assert.deepStrictEqual(world.handled, at(2, 3, 4))
    })),
  )

  it.effect(
    "asked while a redrive is under way counts if that fails on the event, and gives up nothing if it does not",
    within(Effect.fnUntraced(function* (world) {
      for (const isMended of [false, true]) {
        world.handled.length = 0
        world.takes.handlerMs = 0
        const id = isMended ? "b" : "a"
        const { deliver } = yield* world.open
        world.poison.add(`${id}@1`)
        yield* world.write(id, 3)
        yield* deliver(id, 3)
        if (isMended) world.poison.clear()
        world.takes.handlerMs = 20_000
        yield* world.letters.ask("t", mailer.letterId(id), "redrive")
        yield* TestClock.adjust("1500 millis")
        const letter = mailer.letterId(id)
        const asked = yield* world.letters.ask("t", letter, "discard", 1)
        assert.deepInclude(asked, { asked: "discard" as const })
        assert.isEmpty(world.handled)
        assert.isTrue(yield* until(() => Effect.map(world.letters.get("t", letter), (row) => row === undefined)))
        const want = [1, 2, 3].slice(isMended ? 0 : 1).map((version) => `${id}@${version}`)
        assert.deepStrictEqual(world.handled, want)
      }
    })),
  )

  it.effect(
    "that a redrive was asked behind is none",
    within(Effect.fnUntraced(function* (world) {
      const dying = yield* Scope.make()
      yield* Scope.provide(parkedAt(world, 1, 2), dying)
      yield* Scope.close(dying, Exit.void)
      yield* discard(world, 1)
      // Nobody runs the consumer: it stays as it is.
      yield* TestClock.adjust("10 minutes")
      assert.deepInclude(yield* row(world), { asked: "discard" as const })
      yield* world.letters.ask("t", id, "redrive")
      world.poison.clear()
      yield* world.open
      assert.isTrue(yield* until(isGone(world)))
      assert.deepStrictEqual(world.handled, at(1, 2))
    })),
  )

  it.effect(
    "is a redrive where nothing may be given up: of the router",
    within(Effect.fnUntraced(function* (world) {
      const { layer, lines } = ear()
      const tried: Array<string> = []
      const redo: Redrive.Redo = {
        stream: () => Effect.sync(() => (tried.push("stream"), { _tag: "Done" as const })),
        message: () => Effect.succeed(false),
      }
      yield* world.letters.put(letterOf())
      yield* discard(world, 1)
      const alone = Redrive.layer(Effect.succeed(new Map([[mailer.name, redo]])))
      yield* Effect.provideContext(Layer.build(alone), world.context).pipe(Effect.provide(layer))
      assert.isTrue(yield* until(isGone(world)))
      assert.deepStrictEqual(tried, ["stream"])
      assert.deepStrictEqual(lines.map(([message]) => message), ["nothing was discarded", "dead letter redriven"])
    })),
  )

  it.effect(
    "waits while the stores refuse, and is done once",
    within(Effect.fnUntraced(function* (world) {
      yield* parkedAt(world, 1, 3)
      const { ask } = world.letters
      Object.assign(world.letters, { ask: () => Effect.fail(new StoreUnavailable({ reason: "locked" })) })
      yield* ask("t", id, "discard", 1)
      yield* TestClock.adjust("10 minutes")
      assert.deepInclude(yield* row(world), { asked: "discard" as const, version: 1, error: "locked" })
      Object.assign(world.letters, { ask })
      assert.isTrue(yield* until(isGone(world), 1_000))
      assert.deepStrictEqual(world.handled, at(2, 3))
    })),
  )

  it.effect(
    "in whatever order things happen, leaves out the event that was seen and no other, with two processes",
    () =>
      Effect.forEach(Array.from({ length: 60 }, (_, i) => `seed-${i}`), (seed) =>
        Effect.gen(function* () {
          const world = yield* mailer.make(40)
          const { deliver } = yield* world.open
          yield* world.open
          const some = (ms: number) => Effect.map(Random.next, (part) => Math.floor(part * ms))
          for (const version of [2, 4, 5]) world.poison.add(`a@${version}`)
          const given = new Set<number>()
          const life = yield* Effect.forkChild(Effect.gen(function* () {
            for (let version = 1; version <= 7; version++) {
              yield* world.write("a")
              yield* Effect.sleep(yield* some(80))
              yield* deliver("a", version)
            }
            let seen: DeadLetter | undefined
            for (let now = yield* row(world); now !== undefined; now = yield* row(world)) {
              if ((yield* Random.next) < 0.3) yield* world.letters.ask("t", id, "redrive")
              // Now and then of what was seen before.
              if (seen === undefined || (yield* Random.next) < 0.7) seen = now
              const asked = yield* discard(world, seen.version)
              if (asked?.version === seen.version) given.add(seen.version)
              yield* Effect.sleep(yield* some(3_000))
            }
          }))
          yield* until(() => Effect.sync(() => life.pollUnsafe() !== undefined), 20, 10_000)
          assert.isDefined(life.pollUnsafe(), seed)
          assert.deepStrictEqual(world.handled, at(1, 3, 6, 7), seed)
          assert.deepStrictEqual([...given], [2, 4, 5], seed)
        }).pipe(Effect.scoped, Effect.provide(quiet), Random.withSeed(seed)), { discard: true }),
    120_000,
  )
})
