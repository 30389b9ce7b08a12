/**
 * The verbs of the lock that look into a registry or a store.
 * @module
 */
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { EventStore, tombstone } from "../../core/EventStore.ts"
import { RegistryUnavailable, SchemaRegistry } from "../../core/SchemaRegistry.ts"
import * as Memory from "../../core/SchemaRegistryMemory.ts"
import * as Lock from "../../schemas/Lock.ts"
import { check } from "./check.ts"
import { type Fixture, fixture, type Ran } from "./fixture.ts"
import { generate } from "./generate.ts"
import { mode as modeVerb } from "./mode.ts"
import { register as registerVerb } from "./register.ts"

let lamps: Fixture
beforeEach(async () => {
  lamps = fixture()
  await lamps.run(generate)
})
afterEach(() => lamps.remove())

const outcomes = ({ json }: Ran) =>
  (json["revisions"] as ReadonlyArray<Record<string, unknown>>).map(({ outcome, registryVersion, revision, subject }) =>
    `${subject} ${revision} ${outcome} ${registryVersion}`
  )
const versions = (): ReadonlyArray<number | null> => {
  const read = Lock.parse(lamps.read("events.lock"))
  return read._tag === "Success" ? read.success.revisions.map(({ registryVersion }) => registryVersion) : []
}

describe("nexus schemas mode", () => {
  it("shows and sets the mode, by which the registry then judges", async () => {
    const state = Memory.fresh()
    const [register, mode] = [registerVerb(() => Memory.layerOf(state)), modeVerb(() => Memory.layerOf(state))]
    const subject = { SUBJECT: "Lamp.Put.v1" }
    const before = await lamps.run(mode, subject)
    assert.deepStrictEqual([before.code, /is not registered: run/.test(before.text)], [1, true])
    assert.strictEqual((await lamps.run(mode, { ...subject, MODE: "NONE" })).code, 1)
    await lamps.run(register)
    const narrower = { type: "object", properties: {}, additionalProperties: false } as const
    const differences = () =>
      Effect.flatMap(SchemaRegistry, (registry) => registry.check("Lamp.Put.v1", narrower)).pipe(
        Effect.map((report) => report.differences.length),
        Effect.provide(Memory.layerOf(state)),
        Effect.runPromise,
      )
    const shown = await lamps.run(mode, subject)
    assert.deepStrictEqual([shown.code, shown.json], [0, { subject: "Lamp.Put.v1", mode: "BACKWARD_TRANSITIVE" }])
    assert.isAbove(await differences(), 0)
    assert.strictEqual((await lamps.run(mode, { ...subject, MODE: "NONE" })).text, "Lamp.Put.v1 NONE")
    assert.strictEqual((await lamps.run(mode, subject)).text, "Lamp.Put.v1 NONE")
    assert.strictEqual(await differences(), 0)
  })

  it("says what is wrong with what it is asked, and that the registry is away", async () => {
    const away = new RegistryUnavailable({ retryAfterSeconds: 1, reason: "down" })
    const down = { get: () => Effect.fail(away), setMode: () => Effect.fail(away) }
    const mode = modeVerb(() => Layer.succeed(SchemaRegistry, down as never))
    assert.strictEqual((await lamps.run(mode, { SUBJECT: "Lamp" })).code, 2)
    assert.strictEqual((await lamps.run(mode, { SUBJECT: "Lamp.Put.v1", MODE: "backward" })).code, 2)
    const said = await lamps.run(mode, { SUBJECT: "Lamp.Put.v1" })
    assert.deepStrictEqual([said.code, said.text], [
      1,
      "the schema registry does not answer: down; try again later",
    ])
  })
})

describe("nexus schemas register", () => {
  it("registers all that is locked, oldest first, and notes what the registry calls it", async () => {
    const state = Memory.fresh()
    const register = registerVerb(() => Memory.layerOf(state))
    lamps.edit(
      "Lamp.contract.ts",
      "{ room: Schema.String }",
      "{ room: Schema.String, by: Schema.optionalKey(Schema.String) }",
    )
    await lamps.run(generate)
    const dry = await lamps.run(register, { "dry-run": "true" })
    assert.deepStrictEqual([dry.code, state.revisions.size, versions()], [0, 0, [null, null, null, null]])
    assert.include(outcomes(dry), "Lamp.Put.v1 2 would be registered null")
    const first = await lamps.run(register)
    assert.deepStrictEqual(outcomes(first), [
      "Lamp.Lit.v1 1 registered 1",
      "Lamp.Lit.v2 1 registered 1",
      "Lamp.Put.v1 1 registered 1",
      "Lamp.Put.v1 2 registered 2",
    ])
    assert.deepStrictEqual([first.json.written, versions()], [["generated/lock.ts", "events.lock"], [1, 1, 1, 2]])
    const again = await lamps.run(register)
    assert.deepStrictEqual([again.code, again.json.written], [0, []])
    assert.match(again.text, /^4 schemas there already\nthe registry has/)
  })

  it("writes the registry alone in production and in CI", async () => {
    for (const env of [{ CI: "true" }, { NEXUS_ENV: "production" }]) {
      const state = Memory.fresh()
      const { code, json } = await lamps.run(
        registerVerb(() => Memory.layerOf(state)),
        {},
        env as Record<string, string>,
      )
      assert.deepStrictEqual([code, json.written, state.revisions.size], [0, [], 3])
    }
    assert.deepStrictEqual(versions(), [null, null, null])
  })

  it("registers nothing where anything breaks with what is there, and says what", async () => {
    const state = Memory.fresh()
    const other = fixture()
    other.edit("Lamp.contract.ts", "{ room: Schema.String }", "{ room: Schema.Int }")
    await other.run(generate)
    await other.run(registerVerb(() => Memory.layerOf(state)))
    other.remove()
    state.revisions.delete("Lamp.Lit.v1")
    const { code, json, text } = await lamps.run(registerVerb(() => Memory.layerOf(state)))
    assert.deepStrictEqual([code, json.ok, json.written], [1, false, []])
    assert.isFalse(state.revisions.has("Lamp.Lit.v1"))
    assert.match(text, /^Lamp.Put.v1 revision 1: incompatible\n {4}\/room/m)
  })

  it("asks no registry before the lock covers the application, and says when none answers", async () => {
    const away = () => Effect.fail(new RegistryUnavailable({ retryAfterSeconds: 1, reason: "timeout" }))
    const register = registerVerb(() => Layer.mock(SchemaRegistry, { check: away }))
    const { code, text } = await lamps.run(register)
    assert.deepStrictEqual([code, text], [1, "the schema registry does not answer: timeout; try again later"])
    lamps.edit("light.ts", "Math.max", "Math.min")
    const behind = await lamps.run(register)
    assert.strictEqual(behind.code, 1)
    assert.match(behind.text, /nothing is registered: the lock does not cover the application$/)
  })
})

describe("nexus schemas check --store", () => {
  const event = (version: number, type: string, schemaVersion: number, payload: unknown, aggregate = "Lamp") =>
    ({ tenant: "t", aggregate, id: "l-1", version, type, schemaVersion, payload: JSON.stringify(payload) }) as never
  const storeOf = (events: ReadonlyArray<never>) => {
    const asked: Array<unknown> = []
    const feed = (cursor: string | undefined, limit: number) => {
      const from = Number(cursor ?? 0)
      return Effect.succeed({ items: events.slice(from, from + limit), cursor: `${from + limit}` } as never)
    }
    return {
      asked,
      verb: check((
        where,
      ) => (asked.push(where), Layer.mock(EventStore, { kind: "fake", appendMax: { appends: 1, bytes: 1 }, feed }))),
    }
  }

  it("decodes through upcasters, counts by subject and names bad places without their values", async () => {
    const { asked, verb } = storeOf([
      event(1, "Lit", 1, { watts: 40 }),
      event(2, "Lit", 2, { watts: "geheim", color: "red" }),
      event(3, "Put", 1, { room: "hall", more: true }),
      event(4, "Gone", 1, {}),
      event(5, "Lit", 3, { watts: 1 }),
      event(1, "Put", 1, { room: "hall" }, "Lamb"),
      event(6, tombstone.type, 1, {}),
    ])
    const { code, json, text } = await lamps.run(verb, { store: "some.db" })
    assert.deepStrictEqual([code, json.ok, json["events"], json["bad"]], [1, false, 6, 4])
    assert.deepStrictEqual(asked, [{ file: "some.db" }])
    const bad = (json["subjects"] as ReadonlyArray<
      { subject: string; places: ReadonlyArray<{ problem: string; stream: string; version: number }> }
    >)
      .flatMap(({ places, subject }) =>
        places.map(({ problem, stream, version }) => `${subject} ${stream} ${version} ${problem}`)
      )
    assert.match(bad[0]!, /^Lamb.Put.v1 t\/Lamb\/l-1 1 the application has no aggregate Lamb$/)
    assert.match(bad[1]!, /^Lamp.Gone.v1 t\/Lamp\/l-1 4 the application does not know it$/)
    assert.match(bad[2]!, /^Lamp.Lit.v2 t\/Lamp\/l-1 2 it does not fit: \/watts /)
    assert.match(bad[3]!, /^Lamp.Lit.v3 .* does not know it$/)
    assert.match(text, /^bad: 6 of 6 events decoded, 4 of them bad$/m)
    assert.notMatch(text, /geheim/)
  })

  it("says what it was asked wrongly", async () => {
    const { verb } = storeOf([])
    const both = await lamps.run(verb, { store: "some.db", data: "data" })
    const none = await lamps.run(verb, { all: "true" })
    assert.deepStrictEqual([both.code, none.code], [2, 2])
    assert.match(`${both.text}\n${none.text}`, /give one\n--all is of a store/)
  })

  it("finds an upcaster that fails, and one that gives what does not fit", async () => {
    const { verb } = storeOf([event(1, "Lit", 1, { watts: 40 })])
    lamps.edit("Lamp.contract.ts", `({ ...old, color: "white" })`, `({ ...old, color: null as never })`)
    assert.match((await lamps.run(verb, { data: "data" })).text, /upcast to v2 it does not fit: \/color/)
    lamps.edit("Lamp.contract.ts", `({ ...old, color: null as never })`, `JSON.parse("no")`)
    assert.match((await lamps.run(verb, { data: "data" })).text, /its upcaster fails/)
  })

  it("decodes the first hundred of a subject and every hundredth, or all", async () => {
    const many = Array.from(
      { length: 1_200 },
      (_, index) => event(index + 1, "Put", 1, { room: index === 150 ? 1 : "hall" }),
    )
    const { asked, verb } = storeOf(many)
    const sample = await lamps.run(verb, { data: "data" })
    assert.deepStrictEqual([sample.code, sample.json["events"], sample.json["decoded"]], [0, 1_200, 111])
    const all = await lamps.run(verb, { data: "data", all: "true" })
    assert.deepStrictEqual([all.code, all.json["decoded"], all.json["bad"]], [1, 1_200, 1])
    assert.match(all.text, /t\/Lamp\/l-1 version 151: it does not fit/)
    assert.deepStrictEqual(asked, [{ folder: "data" }, { folder: "data" }])
  })
})
