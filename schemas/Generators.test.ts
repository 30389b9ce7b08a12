import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Result, Schema } from "effect"
import { Command } from "./Command.ts"
import * as Contract from "./Contract.ts"
import { Event } from "./Event.ts"
import * as Generators from "./Generators.ts"
import * as Wire from "./Wire.ts"

const Small = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 9 })))
class Add extends Command("Add", { count: Small }) {}
class Clear extends Command("Clear", {}) {}
class Added extends Event.v1("Added", { text: Schema.FiniteFromString }).v2({ count: Small }, () => ({ count: 1 })) {}
class Cleared extends Event.v1("Cleared", {}) {}
class Counter extends Contract.make("Counter", { commands: [Add, Clear], events: [Added, Cleared] }) {}

const sample = <A>(arbitrary: Arbitrary.Arbitrary<A>) => Arbitrary.sampleEffect(arbitrary, { count: 200, seed: 42 })

describe("Generators", () => {
  it.effect("reach every command and event, in the newest version, each fitting its schema", () =>
    Effect.gen(function* () {
      const commands = yield* sample(Generators.command(Counter))
      const events = yield* sample(Generators.event(Counter))
      assert.sameMembers([...new Set(commands.map(({ _tag }) => _tag))], ["Add", "Clear"])
      assert.sameMembers([...new Set(events.map(({ _tag }) => _tag))], ["Added", "Cleared"])
      for (const event of events) {
        assert.isTrue(Result.isSuccess(Wire.encodeEvent(Counter.events[event._tag], event)), JSON.stringify(event))
      }
      for (const command of commands) {
        assert.isTrue(Result.isSuccess(Wire.encodeCommand(Counter.commands[command._tag], command)))
      }
    }))
  it.effect("make the payload of any version, for upcaster laws", () =>
    Effect.gen(function* () {
      for (const payload of yield* sample(Generators.payload(Added.versions[0]))) {
        assert.isNumber((payload as { text: unknown }).text)
      }
      for (const payload of yield* sample(Generators.payload({}))) assert.deepEqual({ ...payload as object }, {})
    }))
})
