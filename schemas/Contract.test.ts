import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Command } from "./Command.ts"
import * as Contract from "./Contract.ts"
import { Event } from "./Event.ts"

class Open extends Command("Open", { name: Schema.String }) {}
class Opened extends Event.v1("Opened", { name: Schema.String }) {}
class Door extends Contract.make("Door", { commands: [Open], events: [Opened] }) {}

describe("Contract.make()", () => {
  it("holds the user's own classes by their tags", () => {
    assert.strictEqual(Door.aggregate, "Door")
    assert.strictEqual(Door.commands.Open, Open)
    assert.strictEqual(Door.events.Opened, Opened)
  })
  it("finds nothing that was not declared, whatever the name", () => {
    for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
      assert.isUndefined((Door.commands as Contract.Any["commands"])[name])
      assert.isUndefined((Door.events as Contract.Any["events"])[name])
    }
  })
  it("stops the program at two parts of one tag", () => {
    class Again extends Event.v1("Opened", {}) {}
    assert.throws(() => Contract.make("Door", { commands: [], events: [Opened, Again] }), /share the tag "Opened"/)
    class OpenAgain extends Command("Open", {}) {}
    assert.throws(() => Contract.make("Door", { commands: [Open, OpenAgain], events: [] }), /share the tag "Open"/)
  })
  it("stops the program at a name that could not stand in a path", () => {
    assert.throws(() => Contract.make("door", { commands: [], events: [] }), /is not a name/)
  })
})

describe("Contract.routeOf()", () => {
  it("is the path that the contract names, and the core path where contract or type is unknown", () => {
    class Knocked extends Event.v1("Knocked", {}).secondary {}
    class Gate extends Contract.make("Gate", { commands: [], events: [Opened, Knocked] }) {}
    assert.strictEqual(Contract.routeOf(Gate, "Opened"), "core")
    assert.strictEqual(Contract.routeOf(Gate, "Knocked"), "secondary")
    for (const type of ["$Tombstone", "Newer", "constructor"]) assert.strictEqual(Contract.routeOf(Gate, type), "core")
    assert.strictEqual(Contract.routeOf(undefined, "Knocked"), "core")
  })
})
