import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer } from "effect"
import { driven } from "../../../core/laws/driven.ts"
import { laws, reopened } from "../../../core/Queue.laws.ts"
import { eventAt } from "../../../core/laws/buses.ts"
import { streamOf } from "../../../core/laws/fixtures.ts"
import { Limits, lowered } from "../../../core/Limits.ts"
import { type Queue, receivesMax } from "../../../core/Queue.ts"
import { Queues } from "../../../core/Queues.ts"
import { SecondaryBus } from "../../../core/SecondaryBus.ts"
import * as SecondaryLaws from "../../../core/SecondaryBus.laws.ts"
import { connect } from "./driver.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder } from "./testFolder.ts"

const fresh = Layer.unwrap(Effect.map(freshFolder, (folder) => Sqlite.layer({ folder })))
const named = (name: string) => Effect.flatMap(Queues, (queues) => queues.named(name))

/** Two openings of one file. */
const twice = Effect.gen(function* () {
  const folder = yield* freshFolder
  const open = Layer.build(Layer.fresh(Sqlite.layer({ folder })))
  return [yield* open, yield* open] as const
})
/** What one sends, and puts off, the other one receives. */
const across = (left: Queue, right: Queue): Queue => ({
  ...left,
  receive: right.receive,
  remove: right.remove,
  dead: left.dead === undefined ? undefined : across(left.dead, right.dead!),
})

describe("the SQLite queue", () => {
  for (const { name, law } of laws(named("one"))) it.effect(name, () => driven(Effect.provide(law, fresh)))

  const pair = Effect.gen(function* () {
    const [left, right] = yield* twice
    return across(yield* Effect.provide(named("one"), left), yield* Effect.provide(named("one"), right))
  })
  for (const { name, law } of laws(pair)) it.effect(`two connections: ${name}`, () => driven(law))
  for (const [i, { name }] of reopened(fresh, named).entries()) {
    it.effect(
      name,
      () => Effect.flatMap(freshFolder, (folder) => driven(reopened(Sqlite.layer({ folder }), named)[i]!.law)),
    )
  }

  it.effect("a receive that finds dead letters alone still gives what is due next, when it is", () =>
    driven(
      Effect.gen(function* () {
        const queue = yield* named("one")
        // What waits first looks up soon, whatever comes.
        yield* queue.receive(1, { waitMs: 500, hiddenMs: 0 })
        yield* queue.send(["good"])
        yield* queue.receive(1, { waitMs: 0, hiddenMs: 1_000 })
        yield* queue.send(["bad"])
        for (let i = 0; i < receivesMax; i++) yield* queue.receive(1, { waitMs: 0, hiddenMs: 0 })
        const startMs = yield* Clock.currentTimeMillis
        const [found] = yield* queue.receive(1, { waitMs: 10_000, hiddenMs: 1_000 })
        assert.strictEqual(found?.body, "good")
        assert.isAtMost((yield* Clock.currentTimeMillis) - startMs, 1_100)
      }).pipe(Effect.provide(fresh)),
    ))

  it.effect("forgets, some with each call, what nobody removes for longer than SQS would keep it, in every queue", () => {
    const body = Effect.gen(function* () {
      const folder = yield* freshFolder
      const services = yield* Layer.build(Sqlite.layer({ folder }))
      const { left, one } = yield* Effect.provide(Effect.all({ left: named("left"), one: named("one") }), services)
      const bus = Context.get(services, SecondaryBus)
      const all = (queue: Queue) => queue.receive(10, { waitMs: 0, hiddenMs: 0 })
      const rows = () => {
        const driver = connect(`${folder}/nexus.db`)
        const { count } = driver.prepare("SELECT count(*) AS count FROM messages").get() as { readonly count: number }
        driver.close()
        return count
      }
      yield* left.send(Array.from({ length: 12 }, (_, i) => `${i}`))
      yield* Effect.sleep("800 millis")
      yield* one.send(["kept"])
      assert.strictEqual(rows(), 13)
      yield* Effect.sleep("400 millis")
      yield* bus.publish([eventAt(streamOf("t", "x"), 1)])
      assert.strictEqual(rows(), 9, "four for an event")
      yield* one.send(["other"])
      assert.strictEqual(rows(), 6, "four for a message")
      assert.deepStrictEqual(yield* all(left), [])
      assert.strictEqual(rows(), 2, "and the others with a receive")
      const [kept] = yield* all(one)
      for (let i = 1; i <= receivesMax; i++) yield* all(one)
      assert.deepStrictEqual([kept!.body, (yield* all(one.dead!)).length], ["kept", 2])
      yield* Effect.sleep("1500 millis")
      assert.deepStrictEqual(yield* all(one.dead!), [], "dead ones, too")
    })
    return driven(Effect.provideService(body, Limits, lowered({ messageMs: 1_000 })))
  })

  it.effect("receives what is fine behind many dead letters", () =>
    driven(Effect.gen(function* () {
      const queue = yield* named("one")
      yield* queue.send(Array.from({ length: 28 }, (_, i) => `poison ${i}`))
      for (let i = 0; i < receivesMax; i++) {
        for (let left = 28; left > 0;) left -= (yield* queue.receive(10, { waitMs: 0, hiddenMs: 10 })).length
        yield* Effect.sleep("20 millis")
      }
      yield* queue.send(["fine", "fine, too"])
      const messages = yield* queue.receive(10, { waitMs: 0, hiddenMs: 0 })
      assert.deepEqual(messages.map(({ body }) => body), ["fine", "fine, too"])
      assert.strictEqual((yield* queue.dead!.receive(10, { waitMs: 0, hiddenMs: 10 })).length, 10)
    })).pipe(Effect.provide(fresh)))

  it.effect("gives a message once to one receive, also where it hides it for no time", () =>
    Effect.gen(function* () {
      const queue = yield* named("one")
      yield* queue.send(["a", "b"])
      assert.strictEqual((yield* queue.receive(10, { waitMs: 0, hiddenMs: 0 })).length, 2)
    }).pipe(Effect.provide(fresh)))

  it.effect("hide() of an old receipt disturbs nobody, and its remove() is done", () =>
    driven(Effect.gen(function* () {
      const queue = yield* named("one")
      yield* queue.send(["one"])
      const old = yield* queue.receive(1, { waitMs: 0, hiddenMs: 10 })
      yield* Effect.sleep("20 millis")
      assert.strictEqual((yield* queue.receive(1, { waitMs: 0, hiddenMs: 1_000 })).length, 1)
      yield* queue.hide(old, 0)
      assert.strictEqual((yield* queue.receive(1, { waitMs: 0, hiddenMs: 1_000 })).length, 0)
      assert.deepEqual(yield* queue.remove(old), [true])
      yield* Effect.sleep("2 seconds")
      assert.strictEqual((yield* queue.receive(1, { waitMs: 0, hiddenMs: 1_000 })).length, 0)
    })).pipe(Effect.provide(fresh)))

  it.effect("a message of one queue is removed from no other", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* named("one"), yield* named("two")]
      yield* one.send(["a"])
      const messages = yield* one.receive(1, { waitMs: 0, hiddenMs: 0 })
      yield* two.remove(messages)
      assert.strictEqual((yield* one.receive(1, { waitMs: 0, hiddenMs: 0 })).length, 1)
    }).pipe(Effect.provide(fresh)))

  it.effect("says what is wrong with the file", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const context = yield* Effect.scoped(Layer.build(Sqlite.layer({ folder })))
      const error = yield* Effect.flip(Context.get(context, Queues).named("a"))
      assert.deepEqual([error._tag, error.reason], ["QueueUnavailable", "closed"])
    }))
})

describe("the SQLite secondary bus", () => {
  for (const { name, law } of SecondaryLaws.laws()) it.effect(name, () => driven(Effect.provide(law, fresh)))

  const apart = Layer.effect(
    SecondaryBus,
    Effect.map(twice, ([left, right]) => {
      const [one, other] = [Context.get(left, SecondaryBus), Context.get(right, SecondaryBus)]
      return { ...one, subscribe: other.subscribe }
    }),
  )
  for (const { name, law } of SecondaryLaws.laws()) {
    it.effect(`two connections: ${name}`, () => driven(Effect.provide(law, apart)))
  }
  for (const [i, { name }] of SecondaryLaws.reopened(fresh).entries()) {
    it.effect(
      name,
      () => Effect.flatMap(freshFolder, (folder) => driven(SecondaryLaws.reopened(Sqlite.layer({ folder }))[i]!.law)),
    )
  }

  it.effect("a queue by name is no consumer's", () =>
    Effect.gen(function* () {
      const bus = yield* SecondaryBus
      const own = yield* bus.subscribe("mailer", [])
      yield* (yield* named("mailer")).send(["a command"])
      assert.deepEqual(yield* own.receive(10, { waitMs: 0, hiddenMs: 0 }), [])
    }).pipe(Effect.provide(fresh)))
})
