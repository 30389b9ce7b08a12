import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import * as App from "./App.ts"
import * as Consumer from "./Consumer.ts"
import { tombstone } from "./EventStore.ts"

class Opened extends Event.v1("Opened", { x: Schema.Int }) {}
class Closed extends Event.v1("Closed", {}) {}
class Noted extends Event.v1("Noted", {}).secondary {}
class Door extends Contract.make("Door", { commands: [], events: [Opened, Closed] }) {}
class Window extends Contract.make("Window", { commands: [], events: [Opened, Noted] }) {}
const options = { contract: Door, handler: () => Effect.void, from: "now", onError: "park" } as const

describe("Consumer.make()", () => {
  it("wants all of its contract where no tags are named, newer events too, but no tombstone", () => {
    const all = Consumer.make("all", options)
    assert.deepEqual(all.events, ["Opened", "Closed"])
    for (const type of ["Opened", "Broken"]) assert.isTrue(Consumer.wants(all, { aggregate: "Door", type }), type)
    assert.isFalse(Consumer.wants(all, { aggregate: "Door", type: tombstone.type }))
    assert.isFalse(Consumer.wants(all, { aggregate: "Window", type: "Opened" }))
  })
  it("wants only the tags that are named", () => {
    const some = Consumer.make("some", { ...options, events: ["Closed"] })
    assert.deepEqual(["Opened", "Closed", "Broken"].map((type) => Consumer.wants(some, { aggregate: "Door", type })), [
      false,
      true,
      false,
    ])
  })
  it("is allowed nothing but what it declares, in the tenant of the event", () => {
    const principal = { tenant: "t", subject: "consumer:some", scopes: [] }
    assert.deepEqual(Consumer.principalOf(Consumer.make("some", options), "t"), principal)
    const declared = Consumer.make("some", { ...options, scopes: ["commands:Window"] })
    assert.deepEqual(Consumer.principalOf(declared, "u").scopes, ["commands:Window"])
  })
  it("stops the program at names and tags that cannot be", () => {
    for (const name of ["", "a/b", "a b", "router", "a".repeat(65)]) {
      assert.throws(() => Consumer.make(name, options), /cannot be named/, name)
    }
    assert.throws(
      () => Consumer.make("x", { ...options, events: ["Broken" as "Opened"] }),
      /Door has no event "Broken"/,
    )
    assert.throws(() => Consumer.make("x", { ...options, events: [] }), /wants no event/)
    const one = Consumer.make("x", options)
    assert.throws(() => App.make("shop", { aggregates: [], consumers: [one, one] }), /two consumers are named "x"/)
  })
  it("keeps how often and after what delays it tries, within bounds that it says", () => {
    const { attempts, delayMs, onError } = Consumer.make("x", {
      ...options,
      onError: { policy: "park", attempts: 20, delayMs: 30_000 },
    })
    assert.deepStrictEqual({ attempts, delayMs, onError }, { attempts: 20, delayMs: 30_000, onError: "park" })
    const wrong = (contract: typeof Door | typeof Window, onError: Consumer.ErrorPolicy, message: RegExp) =>
      assert.throws(() => Consumer.make("x", { ...options, contract: contract as typeof Door, onError }), message)
    for (const attempts of [0, 21, 1.5, NaN]) {
      wrong(Door, { policy: "skip", attempts }, /"x" says attempts: .* with onError: use a whole number from 1 to 20$/)
    }
    wrong(Window, { policy: "park", attempts: 7 }, /from 1 to 6, for a queue gives its secondary events no oftener$/)
    wrong(Door, { policy: "retry", delayMs: 30_001 }, /says delayMs: 30001 with onError: use .* from 1 to 30000$/)
    wrong(
      Door,
      { policy: "retry", attempts: 3 } as never,
      /says attempts: 3 with onError: "retry" has no such setting$/,
    )
  })
})
