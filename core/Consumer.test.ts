import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import * as App from "./App.ts"
import * as Consumer from "./Consumer.ts"
import { tombstone } from "./EventStore.ts"

class Opened extends Event.v1("Opened", { x: Schema.Int }) {}
class Closed extends Event.v1("Closed", {}) {}
class Door extends Contract.make("Door", { commands: [], events: [Opened, Closed] }) {}
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
})
