import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result, Schema } from "effect"
import * as Aggregate from "../core/Aggregate.ts"
import * as App from "../core/App.ts"
import * as Declared from "../core/Declared.ts"
import * as LockCheck from "../core/LockCheck.ts"
import { RegistryUnavailable, SchemaRegistry } from "../core/SchemaRegistry.ts"
import * as Memory from "../core/SchemaRegistryMemory.ts"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import type { Fields } from "../schemas/Fields.ts"
import type { Locked } from "../schemas/Lock.ts"
import { prepare } from "./locked.ts"

/** A lamp whose one event has these fields. */
const appOf = (fields: Fields, revision = 1): App.App => {
  const Lit = Event.v1("Lit", fields)
  const Lamp = Contract.make("Lamp", { commands: [], events: [Lit] })
  const aggregate = Aggregate.make(Lamp, Schema.Struct({}), {}, { revision })
    .decide({}).evolve({ Lit: (state: object) => state } as never)
  return App.make("lamps", { aggregates: [aggregate as never] })
}
const lockOf = (app: App.App, before: Locked = { revisions: [], folds: [] }): Locked =>
  LockCheck.settled(before, Declared.make(app), LockCheck.foldsOf(app))

const first = appOf({ watts: Schema.Int })
const wider = appOf({ watts: Schema.Int, color: Schema.optionalKey(Schema.String) })
const broken = appOf({ watts: Schema.String })
const [development, ci, production] = [
  { production: false, writes: true },
  { production: false, writes: false },
  { production: true, writes: false },
]

/** What `prepare` says, or why it refuses, and what the registry holds then. */
const after = (...steps: ReadonlyArray<Parameters<typeof prepare>>) =>
  Effect.gen(function* () {
    const said: Array<ReadonlyArray<string>> = []
    for (const step of steps) {
      const one = yield* Effect.result(prepare(...step))
      said.push(
        Result.isSuccess(one)
          ? one.success.map(({ text }) => text)
          : one.failure.lines.map((line) => `refused: ${line}`),
      )
    }
    const registry = yield* SchemaRegistry
    const revisions = yield* Effect.orElseSucceed(registry.revisions("Lamp.Lit.v1"), () => [])
    return { said, registered: revisions.length }
  }).pipe(Effect.provide(Memory.layer))

describe("in development", () => {
  it.effect("what is new and compatible is registered, and said in a line, once", () =>
    Effect.gen(function* () {
      const { registered, said } = yield* after(
        [first, lockOf(first), development],
        [first, lockOf(first), development],
        [wider, lockOf(first), development],
      )
      assert.deepStrictEqual(said, [
        ["registered: Lamp.Lit.v1"],
        [],
        [
          "the lock is behind (Lamp.Lit.v1): run `nexus schemas generate` and commit what it writes",
          "registered: Lamp.Lit.v1",
        ],
      ])
      assert.strictEqual(registered, 2)
    }))

  it.effect("an empty registry learns all that was ever locked, in order", () =>
    Effect.gen(function* () {
      const { registered } = yield* after([wider, lockOf(wider, lockOf(first)), development])
      assert.strictEqual(registered, 2)
    }))

  it.effect("without a lock it works, and says what makes one", () =>
    Effect.gen(function* () {
      const { registered, said } = yield* after([first, undefined, development])
      assert.match(said[0]!.join("\n"), /^there is no lock: run `nexus schemas generate`.*\nregistered/)
      assert.strictEqual(registered, 1)
    }))

  it.effect("what breaks with the lock, or with the registry alone, is refused with the repair", () =>
    Effect.gen(function* () {
      const locked = yield* after([broken, lockOf(first), development])
      const [what, why, watts, repair] = locked.said[0]!.join().split("\n  ")
      assert.match(what!, /^refused: the schema of Lamp.Lit.v1 breaks with revision 1 of the lock$/)
      assert.match(why!, /are stored/)
      assert.match(watts!, /^\/watts /)
      assert.match(repair!, /\.v2\(/)
      assert.strictEqual(locked.registered, 0)
      const registered = yield* after([first, undefined, development], [broken, undefined, development])
      assert.match(
        registered.said[1]!.join("\n"),
        /^refused: Lamp.Lit.v1 breaks with what is registered .*\n {2}\/watts.*\n {2}in development an empty data folder/,
      )
    }))
})

describe("in production and in CI", () => {
  it.effect("nothing is registered; what the registry lacks is said", () =>
    Effect.gen(function* () {
      for (const mode of [ci, production]) {
        const { registered, said } = yield* after([first, lockOf(first), mode])
        assert.match(said[0]!.join("\n"), /^the registry lacks Lamp.Lit.v1: .*`nexus schemas register`[^\n]*$/)
        assert.strictEqual(registered, 0)
      }
    }))

  it.effect("production refuses to serve without a lock, and with one that does not cover it; CI only what is broken", () =>
    Effect.gen(function* () {
      const none = yield* after([first, undefined, production])
      assert.match(none.said[0]![0]!, /^refused: there is no lock: run `nexus schemas generate`/)
      const behind = yield* after([wider, lockOf(first), production], [wider, lockOf(first), ci])
      assert.match(
        behind.said[0]![0]!,
        /^refused: .*changed compatibly: it becomes revision 2[^]*nexus schemas generate/,
      )
      assert.match(behind.said[1]![0]!, /^the lock is behind/)
      const raised = yield* after([appOf({ watts: Schema.Int }, 2), lockOf(first), production])
      assert.match(raised.said[0]![0]!, /^refused: Lamp has the new revision 2/)
      const lowered = yield* after([first, lockOf(appOf({ watts: Schema.Int }, 2)), ci])
      assert.match(lowered.said[0]![0]!, /^refused: Lamp has revision 1, the lock 2/)
    }))
})

it.effect("a registry that does not answer stops nobody, and is a warning; so is one that lacks something", () =>
  Effect.gen(function* () {
    const away = () => Effect.fail(new RegistryUnavailable({ retryAfterSeconds: 1, reason: "timeout" }))
    const layer = Layer.mock(SchemaRegistry, { revisions: away, register: away })
    for (const mode of [development, ci, production]) {
      const said = yield* Effect.provide(prepare(first, lockOf(first), mode), layer)
      assert.deepStrictEqual(said.map(({ level }) => level), ["Warn"])
      assert.match(said[0]!.text, /^the schema registry does not answer: timeout\. .*`nexus schemas register`/)
    }
    const levels = Effect.map(prepare(first, lockOf(first), production), (said) => said.map(({ level }) => level))
    assert.deepStrictEqual(yield* Effect.provide(levels, Memory.layer), ["Warn"])
  }))
